//! Which addresses a skill may never be connected to, whatever its host is called: a name says nothing about where it leads.
//!
//! Only addresses of the public internet pass. Ranges are those of the IANA special-purpose address registries (IPv4:
//! RFC 6890 and its updates, IPv6: RFC 4291, 4193, 6052, 6890, 8215), and every form of an IPv6 address that hides an IPv4
//! address is judged by what it hides.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// Why an address is not one of the public internet.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Reserved {
    /// `0.0.0.0/8`, `::`: this host, or none.
    Unspecified,
    /// `127.0.0.0/8`, `::1`: this machine.
    Loopback,
    /// `10/8`, `172.16/12`, `192.168/16`, `fc00::/7`, `fec0::/10`: a private network.
    Private,
    /// `100.64/10`: a provider's network.
    Shared,
    /// `169.254/16`, `fe80::/10`: this link; the metadata services of clouds are here.
    LinkLocal,
    /// `224/4`, `ff00::/8`: many hosts at once.
    Multicast,
    /// `192.0.0/24`, `198.18/15`, `192.88.99/24`, `240/4`, `100::/64`, documentation ranges and others: for nobody's use.
    Special,
    /// A form that hides an address which can't be judged: Teredo, and translation prefixes of a network's own.
    Hidden,
}

impl Reserved {
    /// The reason, as a fragment: `an address of ...`.
    #[must_use]
    pub const fn reason(self) -> &'static str {
        match self {
            Self::Unspecified => "no address of a host",
            Self::Loopback => "an address of this machine",
            Self::Private => "an address of a private network",
            Self::Shared => "an address of a provider's own network",
            Self::LinkLocal => "an address of this link, where metadata services are",
            Self::Multicast => "an address of many hosts",
            Self::Special => "an address that is reserved",
            Self::Hidden => "an address that hides another",
        }
    }
}

/// Why a connection to `address` is refused; nothing if it is one of the public internet.
#[must_use]
pub fn reserved(address: IpAddr) -> Option<Reserved> {
    match address {
        IpAddr::V4(address) => reserved_v4(address),
        IpAddr::V6(address) => reserved_v6(address),
    }
}

fn reserved_v4(address: Ipv4Addr) -> Option<Reserved> {
    Some(match address.octets() {
        [0, ..] => Reserved::Unspecified,
        [127, ..] => Reserved::Loopback,
        [10, ..] | [172, 16..=31, ..] | [192, 168, ..] => Reserved::Private,
        [100, 64..=127, ..] => Reserved::Shared,
        [169, 254, ..] => Reserved::LinkLocal,
        [224..=239, ..] => Reserved::Multicast,
        // IETF protocol assignments, the 6to4 relay, AS112, benchmarks, documentation, and all that is left over.
        [192, 0, 0 | 2, _] | [192, 88, 99, _] | [192, 31, 196, _] | [192, 52, 193, _] | [192, 175, 48, _] => {
            Reserved::Special
        }
        [198, 18 | 19, ..] | [198, 51, 100, _] | [203, 0, 113, _] | [240..=255, ..] => Reserved::Special,
        _ => return None,
    })
}

fn reserved_v6(address: Ipv6Addr) -> Option<Reserved> {
    let embedded = |high: u16, low: u16| {
        let [[a, b], [c, d]] = [high.to_be_bytes(), low.to_be_bytes()];
        reserved_v4(Ipv4Addr::new(a, b, c, d))
    };
    match address.segments() {
        [0, 0, 0, 0, 0, 0, 0, 0] => Some(Reserved::Unspecified),
        [0, 0, 0, 0, 0, 0, 0, 1] => Some(Reserved::Loopback),
        // IPv4-mapped and IPv4-compatible; NAT64; 6to4.
        [0, 0, 0, 0, 0, 0xffff | 0, high, low] | [0x64, 0xff9b, 0, 0, 0, 0, high, low] => embedded(high, low),
        [0x2002, high, low, ..] => embedded(high, low),
        // Local NAT64 prefixes, IPv4-translated, Teredo, ISATAP: what they lead to is a network's own affair.
        [0x64, 0xff9b, ..] | [0, 0, 0, 0, 0xffff, 0, ..] | [0x2001, 0, ..] => Some(Reserved::Hidden),
        [_, _, _, _, 0 | 0x200, 0x5efe, ..] => Some(Reserved::Hidden),
        [0xfc00..=0xfdff, ..] | [0xfec0..=0xfeff, ..] => Some(Reserved::Private),
        [0xfe80..=0xfebf, ..] => Some(Reserved::LinkLocal),
        [0xff00..=0xffff, ..] => Some(Reserved::Multicast),
        // Protocol assignments, ORCHID, benchmarks and documentation.
        [0x2001, 0x1..=0x1ff, ..] | [0x2001, 0xdb8, ..] | [0x3fff, 0..=0xfff, ..] => Some(Reserved::Special),
        // Of all others, only 2000::/3 was ever given out.
        [0x2000..=0x3fff, ..] => None,
        _ => Some(Reserved::Special),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn judged(text: &str) -> Option<Reserved> {
        reserved(text.parse().unwrap_or_else(|error| panic!("{text}: {error}")))
    }

    #[test]
    fn g3_no_private_or_reserved_ipv4_range_passes() {
        for (first, last, why) in [
            ("0.0.0.0", "0.255.255.255", Reserved::Unspecified),
            ("10.0.0.0", "10.255.255.255", Reserved::Private),
            ("100.64.0.0", "100.127.255.255", Reserved::Shared),
            ("127.0.0.0", "127.255.255.255", Reserved::Loopback),
            ("169.254.0.0", "169.254.255.255", Reserved::LinkLocal),
            ("172.16.0.0", "172.31.255.255", Reserved::Private),
            ("192.0.0.0", "192.0.0.255", Reserved::Special),
            ("192.0.2.0", "192.0.2.255", Reserved::Special),
            ("192.88.99.0", "192.88.99.255", Reserved::Special),
            ("192.168.0.0", "192.168.255.255", Reserved::Private),
            ("198.18.0.0", "198.19.255.255", Reserved::Special),
            ("198.51.100.0", "198.51.100.255", Reserved::Special),
            ("203.0.113.0", "203.0.113.255", Reserved::Special),
            ("224.0.0.0", "239.255.255.255", Reserved::Multicast),
            ("240.0.0.0", "255.255.255.255", Reserved::Special),
        ] {
            assert_eq!((judged(first), judged(last)), (Some(why), Some(why)), "{first}");
        }
        // The neighbours of these ranges are the internet's.
        for public in [
            "1.1.1.1",
            "9.255.255.255",
            "11.0.0.0",
            "100.63.255.255",
            "100.128.0.0",
            "126.255.255.255",
            "128.0.0.0",
            "169.253.255.255",
            "169.255.0.0",
            "172.15.255.255",
            "172.32.0.0",
            "192.0.1.0",
            "192.167.255.255",
            "192.169.0.0",
            "198.17.255.255",
            "198.20.0.0",
            "203.0.112.255",
            "223.255.255.255",
        ] {
            assert_eq!(judged(public), None, "{public}");
        }
    }

    #[test]
    fn g2_no_form_of_ipv6_hides_an_address_that_would_not_pass() {
        for (text, why) in [
            ("::", Reserved::Unspecified),
            ("::1", Reserved::Loopback),
            ("::ffff:127.0.0.1", Reserved::Loopback),
            ("::127.0.0.1", Reserved::Loopback),
            ("::ffff:169.254.169.254", Reserved::LinkLocal),
            ("64:ff9b::10.0.0.1", Reserved::Private),
            ("64:ff9b:1::8.8.8.8", Reserved::Hidden),
            ("::ffff:0:8.8.8.8", Reserved::Hidden),
            ("2002:7f00:1::", Reserved::Loopback),
            ("2002:a00:1::1", Reserved::Private),
            ("2001::1", Reserved::Hidden),
            ("2001:4860::5efe:7f00:1", Reserved::Hidden),
            ("fe80::1", Reserved::LinkLocal),
            ("febf::1", Reserved::LinkLocal),
            ("fec0::1", Reserved::Private),
            ("fc00::1", Reserved::Private),
            ("fdff::1", Reserved::Private),
            ("ff02::1", Reserved::Multicast),
            ("2001:db8::1", Reserved::Special),
            ("3fff::1", Reserved::Special),
            ("100::1", Reserved::Special),
            ("4000::1", Reserved::Special),
        ] {
            assert_eq!(judged(text), Some(why), "{text}");
        }
        for public in
            ["2606:4700::1111", "2001:4860:4860::8888", "::ffff:8.8.8.8", "64:ff9b::8.8.8.8", "2002:808:808::"]
        {
            assert_eq!(judged(public), None, "{public}");
        }
    }

    #[test]
    fn g4_no_metadata_service_is_an_address_of_the_internet() {
        for text in ["169.254.169.254", "fd00:ec2::254", "100.100.100.200", "192.0.0.192", "::ffff:a9fe:a9fe"] {
            assert!(judged(text).is_some(), "{text}");
        }
    }
}
