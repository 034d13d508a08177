//! Headers that a guest sends along: names and values that can end no line, and none that are about the connection.

use crate::failure::Failure;

/// How many headers a request has at most: the map that they go into panics beyond 32,768.
const MAX_HEADERS: usize = 64;

/// How long all of them are together at most, in bytes.
const MAX_BYTES: usize = 32 << 10;

/// Headers that say where a request goes or where it ends: the host writes them.
const OF_THE_CONNECTION: [&str; 12] = [
    "alt-used",
    "connection",
    "content-length",
    "expect",
    "host",
    "http2-settings",
    "keep-alive",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
    "via",
];

/// Headers that say nothing of who asks: another server may know them.
const HARMLESS: [&str; 6] =
    ["accept", "accept-encoding", "accept-language", "content-language", "content-type", "user-agent"];

/// Checked headers, with names in lower case.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Headers(Vec<(String, String)>);

impl Headers {
    pub(super) fn read(pairs: Vec<(String, String)>) -> Result<Self, Failure> {
        let bytes: usize = pairs.iter().map(|(name, value)| name.len() + value.len()).sum();
        if pairs.len() > MAX_HEADERS || bytes > MAX_BYTES {
            return Err(Failure::HttpHeader(format!("more than {MAX_HEADERS} headers, or {MAX_BYTES} bytes of them")));
        }
        pairs.into_iter().map(|(name, value)| check(&name, value)).collect::<Result<_, _>>().map(Self)
    }

    pub(super) fn into_pairs(self) -> Vec<(String, String)> {
        self.0
    }

    /// Leaves out what is not meant for another server.
    pub(super) fn keep_harmless(&mut self) {
        self.0.retain(|(name, _)| HARMLESS.contains(&name.as_str()));
    }

    /// Leaves out what is about a body that is not sent.
    pub(super) fn forget_body(&mut self) {
        self.0.retain(|(name, _)| !name.starts_with("content-"));
    }
}

/// A header as it is sent, with its name in lower case.
pub(crate) fn check(name: &str, value: String) -> Result<(String, String), Failure> {
    let wrong = |what: &str| {
        let name = vak_model::printable(name, 40);
        Failure::HttpHeader(format!("`{name}` {what}"))
    };
    let token = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte);
    if name.is_empty() || !name.bytes().all(token) {
        return Err(wrong("is no name of a header"));
    }
    let name = name.to_ascii_lowercase();
    if OF_THE_CONNECTION.contains(&name.as_str()) || name.starts_with("proxy-") {
        return Err(wrong("is not for a skill to set"));
    }
    let fits = |byte: u8| byte == b'\t' || (b' '..=b'~').contains(&byte);
    if !value.bytes().all(fits) || value.trim_matches([' ', '\t']) != value {
        return Err(wrong("has a value that no header has"));
    }
    Ok((name, value))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(name: &str, value: &str) -> Result<Headers, Failure> {
        Headers::read(vec![(name.to_owned(), value.to_owned())])
    }

    #[test]
    fn g9_nothing_in_a_header_ends_its_line() {
        for (name, value) in [
            ("x\r\ny", "z"),
            ("x\n", "z"),
            ("x:", "z"),
            ("x y", "z"),
            ("", "z"),
            ("ä", "z"),
            ("x\0", "z"),
            ("x", "a\r\nhost: evil"),
            ("x", "a\nb"),
            ("x", "a\0b"),
            ("x", "a\u{7f}"),
            ("x", "ä"),
            ("x", " a"),
            ("x", "a\t"),
        ] {
            assert!(matches!(read(name, value), Err(Failure::HttpHeader(_))), "{name:?}: {value:?}");
        }
        assert_eq!(read("X-Y", "a b\tc"), Ok(Headers(vec![("x-y".to_owned(), "a b\tc".to_owned())])));
        assert!(read("x", "").is_ok());
    }

    #[test]
    fn g9_headers_of_the_connection_are_not_the_guest_s() {
        for name in [
            "Host",
            "content-length",
            "Transfer-Encoding",
            "CONNECTION",
            "Keep-Alive",
            "Proxy-Authorization",
            "proxy-connection",
            "TE",
            "Trailer",
            "Upgrade",
            "Expect",
            "HTTP2-Settings",
            "Via",
            "Alt-Used",
        ] {
            assert!(matches!(read(name, "x"), Err(Failure::HttpHeader(_))), "{name}");
        }
        for name in ["authorization", "cookie", "content-type", "range", "x-api-key"] {
            assert!(read(name, "x").is_ok(), "{name}");
        }
    }

    #[test]
    fn g10_headers_are_few_and_short() {
        let many = |count: usize, length: usize| {
            Headers::read(vec![("x".to_owned(), "v".repeat(length)); count]).map(|headers| headers.0.len())
        };
        assert_eq!(many(64, 1), Ok(64));
        assert!(many(65, 1).is_err() && many(40_000, 0).is_err());
        assert_eq!(many(1, MAX_BYTES - 1), Ok(1));
        assert!(many(1, MAX_BYTES).is_err());
    }
}
