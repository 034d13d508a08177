//! URLs as guests and servers write them: read once, by one parser, into what is judged and dialled.

use url::{Host, Url};
use vak_model::{HostName, HttpHost, HttpScheme, HttpUrl, InvalidUrl};

/// A URL that a guest wrote.
pub(crate) fn parse(text: &str) -> Result<HttpUrl, InvalidUrl> {
    check(text)?;
    if !["http://", "https://"].iter().any(|scheme| begins(text, scheme)) {
        return Err(if text.contains("://") { InvalidUrl::Scheme } else { InvalidUrl::Syntax });
    }
    normal(&Url::parse(text).map_err(|error| reason(&error))?)
}

/// Where a server sends a request on to, seen from where it was.
pub(super) fn join(base: &HttpUrl, location: &str) -> Result<HttpUrl, InvalidUrl> {
    check(location)?;
    let base = Url::parse(&base.to_string()).map_err(|error| reason(&error))?;
    normal(&base.join(location).map_err(|error| reason(&error))?)
}

/// Refuses what parsers read in two ways, before one of them reads it.
fn check(text: &str) -> Result<(), InvalidUrl> {
    if text.len() > HttpUrl::MAX_BYTES {
        return Err(InvalidUrl::Length);
    }
    let ambiguous = |c: char| c.is_control() || c.is_whitespace() || c == '\\';
    if text.chars().any(ambiguous) || vak_model::printable(text, usize::MAX) != text {
        return Err(InvalidUrl::Ambiguous);
    }
    // `http:///host` is `http://host` for browsers and no host for others, and `http:path` is a relative path for some.
    let scheme = ["http:", "https:"].into_iter().find(|scheme| begins(text, scheme));
    let rest = &text[scheme.map_or(0, str::len)..];
    if rest.starts_with("///") {
        return Err(InvalidUrl::Host);
    }
    if scheme.is_some() && !rest.starts_with("//") {
        return Err(InvalidUrl::Syntax);
    }
    // Where one parser sees a user before `@`, another sees a host: what comes before the path has neither.
    let authority = text.find("//").map_or("", |at| &text[at + 2..]);
    let authority = authority.split(['/', '?', '#']).next().unwrap_or_default();
    if authority.contains('@') { Err(InvalidUrl::User) } else { Ok(()) }
}

fn begins(text: &str, prefix: &str) -> bool {
    text.get(..prefix.len()).is_some_and(|start| start.eq_ignore_ascii_case(prefix))
}

fn reason(error: &url::ParseError) -> InvalidUrl {
    match error {
        url::ParseError::InvalidPort => InvalidUrl::Port,
        url::ParseError::EmptyHost
        | url::ParseError::IdnaError
        | url::ParseError::InvalidIpv4Address
        | url::ParseError::InvalidIpv6Address
        | url::ParseError::InvalidDomainCharacter => InvalidUrl::Host,
        _ => InvalidUrl::Syntax,
    }
}

/// The parts that matter, in their one spelling.
fn normal(url: &Url) -> Result<HttpUrl, InvalidUrl> {
    let scheme = HttpScheme::named(url.scheme()).ok_or(InvalidUrl::Scheme)?;
    if !url.username().is_empty() || url.password().is_some() {
        return Err(InvalidUrl::User);
    }
    let host = match url.host().ok_or(InvalidUrl::Host)? {
        Host::Ipv4(address) => address.into(),
        Host::Ipv6(address) => address.into(),
        Host::Domain(name) => HttpHost::Name(HostName::try_from(name.strip_suffix('.').unwrap_or(name))?),
    };
    let port = url.port().unwrap_or(scheme.default_port());
    let query = url.query().map(|query| format!("?{query}")).unwrap_or_default();
    HttpUrl::new(scheme, host, port, &format!("{}{query}", url.path()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<String, InvalidUrl> {
        parse(text).map(|url| url.to_string())
    }

    #[test]
    fn g1_every_spelling_of_an_ipv4_address_is_that_address() {
        for text in [
            "127.1",
            "0x7f.1",
            "0177.0.0.1",
            "2130706433",
            "0x7f000001",
            "017700000001",
            "127.0.1",
            "0x7F.0.0.0x1",
            "127.0.0.1.",
            "127.%30.0.1",
            "①②⑦.⓪.⓪.①",
            "１２７.0.0.1",
            "127。0。0。1",
        ] {
            let url = parse(&format!("http://{text}/")).unwrap_or_else(|error| panic!("{text}: {error}"));
            assert_eq!(url.host(), &HttpHost::Address("127.0.0.1".parse().expect("an address")), "{text}");
        }
        assert_eq!(read("http://0/").as_deref(), Ok("http://0.0.0.0/"));
        for text in ["256.256.256.256", "4294967296", "1.2.3.4.5", "0x100000000", "127.0.0.1..", "09.0.0.1"] {
            assert_eq!(read(&format!("http://{text}/")), Err(InvalidUrl::Host), "{text}");
        }
    }

    #[test]
    fn g2_an_ipv6_address_keeps_what_it_hides_and_has_no_zone() {
        for (text, address) in [
            ("[::1]", "::1"),
            ("[0:0:0:0:0:0:0:1]", "::1"),
            ("[::ffff:127.0.0.1]", "::ffff:127.0.0.1"),
            ("[::FFFF:7f00:1]", "::ffff:127.0.0.1"),
            ("[64:ff9b::a00:1]", "64:ff9b::10.0.0.1"),
        ] {
            let url = parse(&format!("http://{text}/")).unwrap_or_else(|error| panic!("{text}: {error}"));
            assert_eq!(url.host(), &HttpHost::Address(address.parse().expect("an address")), "{text}");
        }
        for text in ["[fe80::1%25eth0]", "[fe80::1%eth0]", "[::1", "[::1]x", "[1::2::3]", "[::ffff:0177.0.0.1]"] {
            assert!(read(&format!("http://{text}/")).is_err(), "{text}");
        }
    }

    #[test]
    fn g8_a_url_that_parsers_read_in_two_ways_is_refused() {
        for (text, error) in [
            ("http://user:pass@example.com/", InvalidUrl::User),
            ("http://user@example.com/", InvalidUrl::User),
            ("http://@example.com/", InvalidUrl::User),
            ("http://example.com@evil.test/", InvalidUrl::User),
            ("http://example.com\\@evil.test/", InvalidUrl::Ambiguous),
            ("http:\\\\example.com/", InvalidUrl::Ambiguous),
            ("http:///example.com/", InvalidUrl::Host),
            ("http:example.com/", InvalidUrl::Syntax),
            ("http:/example.com/", InvalidUrl::Syntax),
            ("http://", InvalidUrl::Host),
            ("http://?a", InvalidUrl::Host),
            ("http://exam\tple.com/", InvalidUrl::Ambiguous),
            ("http://example.com/\r\nx: y", InvalidUrl::Ambiguous),
            ("http://example.com/\0", InvalidUrl::Ambiguous),
            (" http://example.com/", InvalidUrl::Ambiguous),
            ("http://example.com/a b", InvalidUrl::Ambiguous),
            ("http://example.com/\u{3000}", InvalidUrl::Ambiguous),
            ("http://exam\u{202e}ple.com/", InvalidUrl::Ambiguous),
            ("http://example.com:0/", InvalidUrl::Port),
            ("http://example.com:65536/", InvalidUrl::Port),
            ("http://exa mple.com/", InvalidUrl::Ambiguous),
            ("http://example%2ecom%2fevil/", InvalidUrl::Host),
            ("http://example.com%00.evil/", InvalidUrl::Host),
            ("http://a..b/", InvalidUrl::Host),
            ("http://exa\u{ad}mple.com@x/", InvalidUrl::User),
            ("file:///etc/passwd", InvalidUrl::Scheme),
            ("gopher://example.com/", InvalidUrl::Scheme),
            ("example.com", InvalidUrl::Syntax),
            ("//example.com/", InvalidUrl::Syntax),
            ("", InvalidUrl::Syntax),
        ] {
            assert_eq!(read(text), Err(error), "{text:?}");
        }
        assert_eq!(read(&format!("http://example.com/{}", "a".repeat(8192))), Err(InvalidUrl::Length));
    }

    #[test]
    fn g8_what_is_judged_is_the_normal_form_that_is_dialled() {
        for (text, normal) in [
            ("HTTP://Example.COM", "http://example.com/"),
            ("https://example.com.:443/a", "https://example.com/a"),
            ("http://example.com:443", "http://example.com:443/"),
            ("http://example.com#@evil.test/", "http://example.com/"),
            ("http://example.com?@evil.test/", "http://example.com/?@evil.test/"),
            ("http://example.com/@evil.test", "http://example.com/@evil.test"),
            ("http://example.com/a/../b/./c", "http://example.com/b/c"),
            ("http://example.com/a/%2e%2e/b", "http://example.com/b"),
            ("http://bücher.example/ä?ö", "http://xn--bcher-kva.example/%C3%A4?%C3%B6"),
            ("http://ex%61mple.com/", "http://example.com/"),
        ] {
            assert_eq!(read(text).as_deref(), Ok(normal), "{text}");
            assert_eq!(read(normal).as_deref(), Ok(normal), "a normal form is its own");
        }
    }

    #[test]
    fn g7_a_location_is_read_from_where_it_was_and_as_strictly() {
        let base = parse("https://example.com/a/b?c").expect("a URL");
        for (location, joined) in [
            ("d", "https://example.com/a/d"),
            ("/d?e", "https://example.com/d?e"),
            ("?e", "https://example.com/a/b?e"),
            ("//other.test/x", "https://other.test/x"),
            ("http://2130706433/", "http://127.0.0.1/"),
        ] {
            assert_eq!(join(&base, location).map(|url| url.to_string()).as_deref(), Ok(joined), "{location}");
        }
        for (location, error) in [
            ("file:///etc/passwd", InvalidUrl::Scheme),
            ("gopher://x/", InvalidUrl::Scheme),
            ("javascript:alert(1)", InvalidUrl::Scheme),
            ("//user@other.test/", InvalidUrl::User),
            ("https:user@other.test", InvalidUrl::Syntax),
            ("http:other.test", InvalidUrl::Syntax),
            ("https:///other.test", InvalidUrl::Host),
            ("///other.test", InvalidUrl::Host),
            ("/\\other.test", InvalidUrl::Ambiguous),
            ("/a\tb", InvalidUrl::Ambiguous),
        ] {
            assert_eq!(join(&base, location), Err(error), "{location}");
        }
    }
}
