//! Where an HTTP request goes, in one spelling: what is judged, recorded and dialled.

use std::fmt;
use std::net::IpAddr;

use crate::advice::{self, Advice};

/// How a server is spoken to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum HttpScheme {
    /// In the open.
    Http,
    /// Over TLS.
    Https,
}

impl HttpScheme {
    /// The word for it.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Http => "http",
            Self::Https => "https",
        }
    }

    /// The scheme of that name, in lower case.
    #[must_use]
    pub fn named(word: &str) -> Option<Self> {
        [Self::Http, Self::Https].into_iter().find(|scheme| scheme.word() == word)
    }

    /// The port that a server has if nothing else is said.
    #[must_use]
    pub const fn default_port(self) -> u16 {
        match self {
            Self::Http => 80,
            Self::Https => 443,
        }
    }
}

/// What a request asks a server to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum HttpMethod {
    /// `GET`
    Get,
    /// `HEAD`
    Head,
    /// `POST`
    Post,
    /// `PUT`
    Put,
    /// `PATCH`
    Patch,
    /// `DELETE`
    Delete,
    /// `OPTIONS`
    Options,
}

impl HttpMethod {
    /// Every method. `CONNECT` and `TRACE` are about connections, and not among them.
    pub const ALL: [Self; 7] = [Self::Get, Self::Head, Self::Post, Self::Put, Self::Patch, Self::Delete, Self::Options];

    /// The word for it.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Get => "GET",
            Self::Head => "HEAD",
            Self::Post => "POST",
            Self::Put => "PUT",
            Self::Patch => "PATCH",
            Self::Delete => "DELETE",
            Self::Options => "OPTIONS",
        }
    }

    /// The method of that name, in upper case.
    #[must_use]
    pub fn named(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|method| method.word() == word)
    }
}

impl fmt::Display for HttpMethod {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}

/// The name of a host: labels in lower case with dots between them, and none behind the last.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct HostName(String);

impl HostName {
    /// The longest name, in bytes.
    pub const MAX_BYTES: usize = 253;

    /// The name's own text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether this name is `domain` with one label or more before it.
    #[must_use]
    pub fn is_below(&self, domain: &Self) -> bool {
        self.0.strip_suffix(domain.as_str()).is_some_and(|labels| labels.len() > 1 && labels.ends_with('.'))
    }
}

impl TryFrom<&str> for HostName {
    type Error = InvalidUrl;

    fn try_from(text: &str) -> Result<Self, InvalidUrl> {
        let fits = |label: &str| {
            (1..=63).contains(&label.len())
                && label.bytes().all(|byte| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_'))
        };
        // Some resolvers take a name whose last label is a number for an address.
        let last = text.rsplit('.').next().unwrap_or_default();
        let number = last.bytes().all(|byte| byte.is_ascii_digit()) || last.starts_with("0x");
        if text.len() > Self::MAX_BYTES || !text.split('.').all(fits) || number {
            return Err(InvalidUrl::Host);
        }
        Ok(Self(text.to_owned()))
    }
}

/// Whom a request is sent to.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum HttpHost {
    /// A name, which is resolved.
    Name(HostName),
    /// An address, which is not.
    Address(IpAddr),
}

impl<A: Into<IpAddr>> From<A> for HttpHost {
    fn from(address: A) -> Self {
        Self::Address(address.into())
    }
}

impl fmt::Display for HttpHost {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Name(name) => f.write_str(name.as_str()),
            Self::Address(IpAddr::V4(address)) => write!(f, "{address}"),
            Self::Address(IpAddr::V6(address)) => write!(f, "[{address}]"),
        }
    }
}

/// A URL, in parts that were taken apart once. Nothing in it needs to be parsed again to know where it leads: there are no
/// names of users, no fragment, and one spelling of each host.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct HttpUrl {
    scheme: HttpScheme,
    host: HttpHost,
    port: u16,
    target: String,
}

/// The parts are not those of a URL that a guest may ask for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidUrl {
    /// The scheme is neither `http` nor `https`.
    Scheme,
    /// The host is no name and no address.
    Host,
    /// The port is 0, or none.
    Port,
    /// The path does not begin with `/`, or has what must be escaped.
    Target,
    /// More than [`HttpUrl::MAX_BYTES`] bytes.
    Length,
    /// The text has white space, a control character or `\`, which parsers read in different ways.
    Ambiguous,
    /// The text has a user's name or a password.
    User,
    /// The text is no URL.
    Syntax,
}

impl Advice for InvalidUrl {
    fn wrong(&self) -> String {
        match self {
            Self::Scheme => "the scheme of the URL is not `http` or `https`",
            Self::Host => "the URL has no host that there could be",
            Self::Port => "the port of the URL is not one from 1 to 65535",
            Self::Target => "the path of the URL has what must be escaped",
            Self::Length => "the URL is too long",
            Self::Ambiguous => "the URL has white space, a control character or a backslash",
            Self::User => "the URL names a user",
            Self::Syntax => "the text is no URL",
        }
        .to_owned()
    }

    fn right(&self) -> String {
        match self {
            Self::Scheme | Self::Host | Self::Port | Self::Syntax => {
                "write it in full, such as `https://api.example.com/v1`".to_owned()
            }
            Self::Target | Self::Ambiguous => "write such characters as `%20`".to_owned(),
            Self::Length => format!("use at most {} bytes", HttpUrl::MAX_BYTES),
            Self::User => "send a header `authorization`".to_owned(),
        }
    }
}

impl fmt::Display for InvalidUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        advice::display(self, f)
    }
}

impl HttpUrl {
    /// The longest URL, in bytes.
    pub const MAX_BYTES: usize = 8192;

    /// A URL of these parts. `target` is the path, and the query if there is one, as they are sent.
    ///
    /// # Errors
    /// A port 0; a target that does not begin with `/`, or holds anything but printable ASCII without `#`; too many bytes.
    pub fn new(scheme: HttpScheme, host: HttpHost, port: u16, target: &str) -> Result<Self, InvalidUrl> {
        if port == 0 {
            return Err(InvalidUrl::Port);
        }
        if !target.starts_with('/') || !target.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'#') {
            return Err(InvalidUrl::Target);
        }
        let url = Self { scheme, host, port, target: target.to_owned() };
        if url.to_string().len() > Self::MAX_BYTES { Err(InvalidUrl::Length) } else { Ok(url) }
    }

    /// How the server is spoken to.
    #[must_use]
    pub const fn scheme(&self) -> HttpScheme {
        self.scheme
    }

    /// The server.
    #[must_use]
    pub const fn host(&self) -> &HttpHost {
        &self.host
    }

    /// Its port.
    #[must_use]
    pub const fn port(&self) -> u16 {
        self.port
    }

    /// The path, and the query if there is one.
    #[must_use]
    pub fn target(&self) -> &str {
        &self.target
    }

    /// Whether both lead to one server, in one way.
    #[must_use]
    pub fn same_origin(&self, other: &Self) -> bool {
        (self.scheme, &self.host, self.port) == (other.scheme, &other.host, other.port)
    }
}

/// The URL as it is sent: without the port that the scheme has anyway.
impl fmt::Display for HttpUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}://{}", self.scheme.word(), self.host)?;
        if self.port != self.scheme.default_port() {
            write!(f, ":{}", self.port)?;
        }
        f.write_str(&self.target)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn name(text: &str) -> HostName {
        HostName::try_from(text).expect(text)
    }

    fn url(scheme: HttpScheme, host: HttpHost, port: u16, target: &str) -> Result<String, InvalidUrl> {
        HttpUrl::new(scheme, host, port, target).map(|url| url.to_string())
    }

    #[test]
    fn a_host_s_name_has_one_spelling_and_is_no_number() {
        let (long, label) = (format!("{}.com", "a.".repeat(125) + "a"), format!("{}.com", "a".repeat(64)));
        for text in [
            "",
            ".",
            "example.com.",
            ".com",
            "a..b",
            "Example.com",
            "a b",
            "a/b",
            "a:1",
            "a@b",
            "ä.com",
            "127.0.0.1",
            "1",
            "a.0x7f",
            "a.1",
            "*.com",
            "a\0b",
            &long,
            &label,
        ] {
            assert_eq!(HostName::try_from(text), Err(InvalidUrl::Host), "{text:?}");
        }
        for text in ["localhost", "api.example.com", "xn--bcher-kva.example", "1.example", "_dmarc.a-b.c3"] {
            assert_eq!(name(text).as_str(), text);
        }
    }

    #[test]
    fn g16_what_ends_alike_is_not_below() {
        for (text, below) in [
            ("a.example.com", true),
            ("a.b.example.com", true),
            ("example.com", false),
            ("evil-example.com", false),
            ("example.com.evil.test", false),
        ] {
            assert_eq!(name(text).is_below(&name("example.com")), below, "{text}");
        }
    }

    #[test]
    fn a_url_reads_as_it_is_sent_and_names_no_fragment() {
        let host = || HttpHost::Name(name("example.com"));
        let (http, https) = (HttpScheme::Http, HttpScheme::Https);
        assert_eq!(url(https, host(), 443, "/a?b=c").as_deref(), Ok("https://example.com/a?b=c"));
        assert_eq!(url(http, host(), 443, "/").as_deref(), Ok("http://example.com:443/"));
        let address = |text: &str| HttpHost::Address(text.parse().expect("an address"));
        assert_eq!(url(http, address("::1"), 80, "/").as_deref(), Ok("http://[::1]/"));
        assert_eq!(url(http, address("127.0.0.1"), 8080, "/").as_deref(), Ok("http://127.0.0.1:8080/"));
        for target in ["", "a", "?a", "/a b", "/a\r\nb", "/ä", "/a#b", "/\0"] {
            assert_eq!(url(https, host(), 443, target), Err(InvalidUrl::Target), "{target:?}");
        }
        assert_eq!(url(https, host(), 0, "/"), Err(InvalidUrl::Port));
        assert_eq!(url(https, host(), 443, &format!("/{}", "a".repeat(8192))), Err(InvalidUrl::Length));
    }
}
