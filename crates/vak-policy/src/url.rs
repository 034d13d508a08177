//! Patterns over URLs, as manifests and operators write them.

use std::fmt;
use std::net::{IpAddr, Ipv6Addr};
use std::str::FromStr;

use vak_model::{HostName, HttpHost, HttpScheme, HttpUrl};

/// Where HTTP requests may go: `https://api.example.com/v1/*`.
///
/// The scheme is exact. The host is exact, or `*.` and a domain: then every name with a label more, and not the domain
/// itself; or `*` for every name and address. The port is exact; without one it is that of the scheme, or any, where the host
/// is any. In the path, to which the query belongs, `*` stands for
/// any text, also one with `/` and `?` in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UrlPattern {
    /// None for both.
    scheme: Option<HttpScheme>,
    host: Hosts,
    /// None for that of the scheme.
    port: Option<u16>,
    target: String,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Hosts {
    One(HttpHost),
    Below(HostName),
    Any,
}

/// The text is no pattern of URLs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidPattern {
    /// It does not begin with `http://` or `https://`.
    #[error("it begins with neither `http://` nor `https://`")]
    Scheme,
    /// The host is no name and no address, or has `*` where none may be.
    #[error("the host is neither a name in lower case, nor `*.` and such a name, nor an address, nor `*`")]
    Host,
    /// The port is none.
    #[error("the port is not one from 1 to 65535")]
    Port,
    /// There is no path.
    #[error("there is no path: write `/*` for all")]
    NoPath,
    /// The path has what no path has.
    #[error("the path has what must be escaped")]
    Path,
}

impl UrlPattern {
    /// The pattern of a whole URL, as in a manifest: `https://*.example.com/v1/*`.
    ///
    /// # Errors
    /// The text is no such pattern.
    pub fn of_url(text: &str) -> Result<Self, InvalidPattern> {
        let (scheme, rest) = text.split_once("://").ok_or(InvalidPattern::Scheme)?;
        let scheme = HttpScheme::named(scheme).ok_or(InvalidPattern::Scheme)?;
        let path = rest.find('/').ok_or(InvalidPattern::NoPath)?;
        let (authority, target) = rest.split_at(path);
        if !target.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'#' && byte != b'\\') {
            return Err(InvalidPattern::Path);
        }
        let (host, port) = authority_of(authority)?;
        let port = port.or_else(|| (host != Hosts::Any).then(|| scheme.default_port()));
        Ok(Self { scheme: Some(scheme), host, port, target: target.to_owned() })
    }

    /// The pattern of all that a host has, as on a command line: `api.example.com`, `127.0.0.1:8080`. Without a port it is
    /// that of each scheme.
    ///
    /// # Errors
    /// The text is no such pattern.
    pub fn of_host(text: &str) -> Result<Self, InvalidPattern> {
        let (host, port) = authority_of(text)?;
        Ok(Self { scheme: None, host, port, target: "/*".to_owned() })
    }

    /// The pattern of all that a server has which a URL leads to.
    pub(crate) fn of_origin(url: &HttpUrl) -> Self {
        let host = Hosts::One(url.host().clone());
        Self { scheme: Some(url.scheme()), host, port: Some(url.port()), target: "/*".to_owned() }
    }

    /// The same as conditions of a policy about a resource that is a `Url`.
    #[must_use]
    pub fn conditions(&self) -> String {
        let scheme = self.scheme.map(|scheme| format!("resource.scheme == \"{}\"", scheme.word()));
        let host = match &self.host {
            Hosts::One(host) => format!("resource.host == \"{host}\""),
            Hosts::Below(domain) => format!("resource.host like \"*.{}\"", domain.as_str()),
            Hosts::Any => "resource.host like \"*\"".to_owned(),
        };
        let port = match self.port {
            Some(port) => Some(format!("resource.port == {port}")),
            None if self.host == Hosts::Any => None,
            None => {
                Some("(if resource.scheme == \"https\" then resource.port == 443 else resource.port == 80)".to_owned())
            }
        };
        let path = format!("resource.path like \"{}\"", self.target.replace('"', "\\\""));
        let path = Some(path).filter(|_| self.target != "/*");
        let all: Vec<String> = scheme.into_iter().chain([host]).chain(port).chain(path).collect();
        all.join(" && ")
    }

    /// Whether the pattern matches a URL.
    #[must_use]
    pub fn matches(&self, url: &HttpUrl) -> bool {
        self.scheme.is_none_or(|scheme| scheme == url.scheme())
            && (self.port.is_none() && self.host == Hosts::Any
                || self.port.unwrap_or(url.scheme().default_port()) == url.port())
            && self.host.matches(url.host())
            && matches(&self.target, url.target())
    }

    /// Whether it is about one host, and all that this host has.
    #[must_use]
    pub fn is_one_host(&self) -> bool {
        self.scheme.is_none() && matches!(self.host, Hosts::One(_))
    }

    /// Whether the pattern names the very address that a URL names, and matches it.
    pub(crate) fn names_address(&self, url: &HttpUrl) -> bool {
        matches!(self.host, Hosts::One(HttpHost::Address(_))) && self.matches(url)
    }
}

/// As [`UrlPattern::of_url`] if there is a scheme, else as [`UrlPattern::of_host`].
impl FromStr for UrlPattern {
    type Err = InvalidPattern;

    fn from_str(text: &str) -> Result<Self, InvalidPattern> {
        if text.contains("://") { Self::of_url(text) } else { Self::of_host(text) }
    }
}

impl fmt::Display for UrlPattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(scheme) = self.scheme {
            write!(f, "{}://", scheme.word())?;
        }
        match &self.host {
            Hosts::One(host) => write!(f, "{host}")?,
            Hosts::Below(domain) => write!(f, "*.{}", domain.as_str())?,
            Hosts::Any => f.write_str("*")?,
        }
        let usual = self.scheme.map(HttpScheme::default_port);
        if let Some(port) = self.port.filter(|port| Some(*port) != usual) {
            write!(f, ":{port}")?;
        }
        if self.scheme.is_some() { f.write_str(&self.target) } else { Ok(()) }
    }
}

impl Hosts {
    fn matches(&self, host: &HttpHost) -> bool {
        match (self, host) {
            (Self::Any, _) => true,
            (Self::One(one), host) => one == host,
            (Self::Below(domain), HttpHost::Name(name)) => name.is_below(domain),
            (Self::Below(_), HttpHost::Address(_)) => false,
        }
    }
}

/// `HOST` or `HOST:PORT`; an IPv6 address is in brackets.
fn authority_of(text: &str) -> Result<(Hosts, Option<u16>), InvalidPattern> {
    let (host, port) = match text.rfind([':', ']']) {
        Some(at) if text[at..].starts_with(':') => (&text[..at], Some(&text[at + 1..])),
        _ => (text, None),
    };
    let number = |text: &str| text.parse().ok().filter(|port| *port > 0 && text.bytes().all(|b| b.is_ascii_digit()));
    let port = port.map(|text| number(text).ok_or(InvalidPattern::Port)).transpose()?;
    let name = |text: &str| HostName::try_from(text).map_err(|_| InvalidPattern::Host);
    let bracketed = host.strip_prefix('[').and_then(|host| host.strip_suffix(']'));
    let host = if let Some(address) = bracketed {
        let address: Ipv6Addr = address.parse().map_err(|_| InvalidPattern::Host)?;
        Hosts::One(HttpHost::Address(IpAddr::V6(address)))
    } else if let Ok(address) = host.parse() {
        Hosts::One(HttpHost::Address(IpAddr::V4(address)))
    } else if host == "*" {
        Hosts::Any
    } else if let Some(domain) = host.strip_prefix("*.") {
        Hosts::Below(name(domain)?)
    } else {
        Hosts::One(HttpHost::Name(name(host)?))
    };
    Ok((host, port))
}

/// Whether a text matches a pattern in which `*` stands for any text. Both are hostile: it takes time in proportion to their
/// lengths.
fn matches(pattern: &str, text: &str) -> bool {
    let Some((first, rest)) = pattern.split_once('*') else { return pattern == text };
    let (middle, last) = rest.rsplit_once('*').unwrap_or(("", rest));
    let Some(mut text) = text.strip_prefix(first).and_then(|text| text.strip_suffix(last)) else { return false };
    middle.split('*').all(|part| {
        let found = text.find(part);
        text = found.map_or(text, |at| &text[at + part.len()..]);
        found.is_some()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn url(scheme: HttpScheme, host: &str, port: u16, target: &str) -> HttpUrl {
        let host = match host.parse() {
            Ok(address) => HttpHost::Address(address),
            Err(_) => HttpHost::Name(HostName::try_from(host).expect(host)),
        };
        HttpUrl::new(scheme, host, port, target).expect(target)
    }

    fn pattern(text: &str) -> UrlPattern {
        text.parse().unwrap_or_else(|error| panic!("{text}: {error}"))
    }

    #[test]
    fn g16_hosts_match_label_by_label() {
        let reaches = |text: &str, host: &str| pattern(text).matches(&url(HttpScheme::Https, host, 443, "/v1/x"));
        for (text, host, matched) in [
            ("https://*.example.com/*", "a.example.com", true),
            ("https://*.example.com/*", "a.b.example.com", true),
            ("https://*.example.com/*", "example.com", false),
            ("https://*.example.com/*", "evil-example.com", false),
            ("https://*.example.com/*", "example.com.evil.test", false),
            ("https://example.com/*", "example.com", true),
            ("https://example.com/*", "a.example.com", false),
            ("https://example.com/*", "example.com.evil.test", false),
            ("https://example.com/*", "example.org", false),
            ("https://*.0.0.1/*", "127.0.0.1", false),
            ("https://*/*", "127.0.0.1", true),
            ("https://*/*", "example.com", true),
        ] {
            let reached = text.parse::<UrlPattern>().is_ok() && reaches(text, host);
            assert_eq!(reached, matched, "{text} {host}");
        }
    }

    #[test]
    fn g16_scheme_and_port_are_exact_unless_the_host_is_any() {
        let https = |port, target| url(HttpScheme::Https, "example.com", port, target);
        let http = |port, target| url(HttpScheme::Http, "example.com", port, target);
        for (text, url, matched) in [
            ("https://example.com/*", https(443, "/a/b?c=/d"), true),
            ("https://example.com/*", https(8443, "/"), false),
            ("https://example.com/*", http(80, "/"), false),
            ("https://example.com/*", http(443, "/"), false),
            ("https://example.com:8443/*", https(8443, "/"), true),
            ("https://example.com/v1", https(443, "/v1"), true),
            ("https://example.com/v1", https(443, "/v1?a"), false),
            ("https://example.com/v1/*", https(443, "/v1"), false),
            ("https://example.com/v1/*", https(443, "/v12/a"), false),
            ("https://example.com/*/get?*", https(443, "/a/b/get?c"), true),
            ("https://example.com/*/get?*", https(443, "/a/b/set?c"), false),
            ("https://example.com/a*a*a*b", https(443, "/aaaaaaaaaaaaaaaaaaaaaaaa"), false),
            ("https://example.com/a*a", https(443, "/a"), false),
            ("https://example.com/a*b*c", https(443, "/abc"), true),
            ("https://example.com/a*b*b*c", https(443, "/abc"), false),
            ("example.com", https(443, "/a"), true),
            ("example.com", http(80, "/a"), true),
            ("example.com", http(8080, "/a"), false),
            ("example.com:8080", http(8080, "/a"), true),
            ("example.com:8080", https(443, "/a"), false),
            ("https://*/a*", https(443, "/ab"), true),
            ("https://*/a*", https(8443, "/ab"), true),
            ("https://*/a*", https(443, "/b"), false),
            ("https://*/a*", http(80, "/ab"), false),
            ("https://*:443/a*", https(8443, "/ab"), false),
            ("*", http(8080, "/a"), true),
            ("*:80", http(8080, "/a"), false),
        ] {
            assert_eq!(pattern(text).matches(&url), matched, "{text} {url}");
        }
    }

    #[test]
    fn what_is_no_pattern_is_refused_and_says_why() {
        for (text, error) in [
            ("ftp://example.com/", InvalidPattern::Scheme),
            ("HTTPS://example.com/*", InvalidPattern::Scheme),
            ("https://example.com", InvalidPattern::NoPath),
            ("https:///", InvalidPattern::Host),
            ("https://*.*.com/", InvalidPattern::Host),
            ("https://a*.example.com/", InvalidPattern::Host),
            ("https://user@example.com/", InvalidPattern::Host),
            ("https://Example.com/", InvalidPattern::Host),
            ("https://0177.0.0.1/", InvalidPattern::Host),
            ("https://127.1/", InvalidPattern::Host),
            ("https://[::1/", InvalidPattern::Host),
            ("https://example.com:0/", InvalidPattern::Port),
            ("https://example.com:+80/", InvalidPattern::Port),
            ("https://example.com:65536/", InvalidPattern::Port),
            ("https://example.com:/", InvalidPattern::Port),
            ("https://example.com/ä", InvalidPattern::Path),
            ("https://example.com/#a", InvalidPattern::Path),
            ("", InvalidPattern::Host),
            ("example.com/", InvalidPattern::Host),
        ] {
            assert_eq!(text.parse::<UrlPattern>(), Err(error), "{text}");
        }
        for text in [
            "https://[::1]:8443/*",
            "http://127.0.0.1:8080/a",
            "*.example.com",
            "[::1]:80",
            "https://a.b:80/",
            "https://*/*",
            "*",
        ] {
            assert_eq!(pattern(text).to_string(), text);
        }
    }
}
