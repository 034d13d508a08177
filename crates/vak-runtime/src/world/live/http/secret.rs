//! What the operator has a server know of and no skill: it is added behind the gate, and taken out of the answer.

use std::fmt;

use memchr::memmem;
use reqwest::header::{HeaderMap, HeaderName, HeaderValue};
use vak_model::{HttpHost, HttpScheme, HttpUrl};
use vak_policy::UrlPattern;
use zeroize::Zeroizing;

use crate::host::check_header;
use crate::world::HttpFetch;

/// How long a secret is at least, in bytes: what is shorter is found everywhere, and soon guessed.
const MIN_BYTES: usize = 8;

/// How long it is at most, in bytes.
const MAX_BYTES: usize = 8192;

/// Headers of a request by which an answer could hold the secret in another form, or in parts.
const DISGUISES: [&str; 3] = ["accept-encoding", "if-range", "range"];

/// A secret, bound to the one host and the one header that it is for.
pub struct Secret {
    name: String,
    place: UrlPattern,
    header: HeaderName,
    value: HeaderValue,
    /// In what forms an answer may hold it, the longest first.
    forms: Vec<Zeroizing<Vec<u8>>>,
}

/// It never shows its value.
impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Secret").field("name", &self.name).finish_non_exhaustive()
    }
}

/// There is no such secret.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidSecret {
    /// Its name has 1 to 64 letters, digits, `-` and `_`, and this has not.
    #[error("its name is not one of 1 to 64 letters, digits, `-` and `_`")]
    Name,
    /// A secret is for one host, perhaps with a port.
    #[error("its host is not one host, such as `api.example.com` or `127.0.0.1:8080`")]
    Host,
    /// The header is none that can be set.
    #[error("its header is none that can be set")]
    Header,
    /// The value has too few or too many bytes, or some that no header has.
    #[error("its value is not one of {} to {} printable characters of ASCII", MIN_BYTES, MAX_BYTES)]
    Value,
}

impl Secret {
    /// A secret with a name that may be shown, for `host`, perhaps with a port, and for `header`.
    ///
    /// # Errors
    /// A part that can't be used.
    pub fn new(name: &str, host: &str, header: &str, value: &str) -> Result<Self, InvalidSecret> {
        let word = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
        if !(1..=64).contains(&name.len()) || !name.bytes().all(word) {
            return Err(InvalidSecret::Name);
        }
        let place = UrlPattern::of_host(host).ok().filter(UrlPattern::is_one_host).ok_or(InvalidSecret::Host)?;
        let (header, _) = check_header(header, String::new()).map_err(|_| InvalidSecret::Header)?;
        let header = HeaderName::from_bytes(header.as_bytes()).map_err(|_| InvalidSecret::Header)?;
        if !(MIN_BYTES..=MAX_BYTES).contains(&value.len()) || check_header("x", value.to_owned()).is_err() {
            return Err(InvalidSecret::Value);
        }
        let forms = forms(value);
        let mut value = HeaderValue::from_str(value).map_err(|_| InvalidSecret::Value)?;
        value.set_sensitive(true);
        Ok(Self { name: name.to_owned(), place, header, value, forms })
    }

    /// Whether it is for a request to that place. In the open it goes nowhere but to this machine.
    fn is_for(&self, url: &HttpUrl) -> bool {
        let here = matches!(url.host(), HttpHost::Address(address) if address.is_loopback());
        self.place.matches(url) && (url.scheme() == HttpScheme::Https || here)
    }

    pub(super) fn redact(&self, bytes: &mut Vec<u8>) {
        for form in &self.forms {
            replace(bytes, form, format!("[secret {}]", self.name).as_bytes());
        }
    }
}

/// The secrets that one request carries.
pub(super) struct Carried<'a>(Vec<&'a Secret>);

impl<'a> Carried<'a> {
    /// Those of `secrets` that are for a request, which loses what could hide them in its answer.
    pub(super) fn of(secrets: &'a [Secret], fetch: &mut HttpFetch) -> Self {
        let carried: Vec<&Secret> = secrets.iter().filter(|secret| secret.is_for(&fetch.url)).collect();
        if !carried.is_empty() {
            fetch.headers.retain(|(name, _)| !DISGUISES.contains(&name.as_str()));
        }
        Self(carried)
    }

    /// Adds them, in the place of what the skill has there.
    pub(super) fn add(&self, headers: &mut HeaderMap) {
        for secret in &self.0 {
            headers.insert(secret.header.clone(), secret.value.clone());
        }
    }

    /// Whether an answer with these headers can be looked through.
    pub(super) fn can_look_through(&self, headers: &HeaderMap) -> bool {
        let plain = |value: &HeaderValue| value.as_bytes().eq_ignore_ascii_case(b"identity");
        self.0.is_empty() || headers.get_all("content-encoding").iter().all(plain)
    }

    /// Takes them out of what a server said.
    pub(super) fn redact(&self, bytes: &mut Vec<u8>) {
        self.0.iter().for_each(|secret| secret.redact(bytes));
    }
}

/// The value, its words, as in `Bearer abc`, and all of these with escapes.
fn forms(value: &str) -> Vec<Zeroizing<Vec<u8>>> {
    let words = value.split_ascii_whitespace().filter(|word| word.len() >= MIN_BYTES);
    let plain: Vec<&str> = std::iter::once(value).chain(words).collect();
    let mut forms: Vec<Zeroizing<Vec<u8>>> =
        plain.iter().map(|text| Zeroizing::new(text.as_bytes().to_vec())).collect();
    for text in plain {
        let kept = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte);
        for (digits, space) in
            [(*b"0123456789ABCDEF", "%20"), (*b"0123456789abcdef", "%20"), (*b"0123456789ABCDEF", "+")]
        {
            let mut escaped = Zeroizing::new(Vec::with_capacity(3 * text.len()));
            for byte in text.bytes() {
                match byte {
                    b' ' => escaped.extend_from_slice(space.as_bytes()),
                    byte if kept(byte) => escaped.push(byte),
                    byte => {
                        let [high, low] = [byte >> 4, byte & 15].map(|digit| digits[usize::from(digit)]);
                        escaped.extend_from_slice(&[b'%', high, low]);
                    }
                }
            }
            forms.push(escaped);
        }
        // As a string of JSON: a quote and a backslash are escaped, and a slash by some.
        let json = text.replace('\\', "\\\\").replace('"', "\\\"");
        forms.push(Zeroizing::new(json.replace('/', "\\/").into_bytes()));
        forms.push(Zeroizing::new(json.into_bytes()));
    }
    forms.sort_by_key(|form| std::cmp::Reverse(form.len()));
    forms.dedup();
    forms
}

/// Puts `by` in the place of every `what`.
fn replace(bytes: &mut Vec<u8>, what: &[u8], by: &[u8]) {
    let finder = memmem::Finder::new(what);
    let Some(mut next) = finder.find(bytes) else { return };
    let (mut made, mut at) = (Vec::with_capacity(bytes.len()), 0);
    loop {
        made.extend_from_slice(&bytes[at..at + next]);
        made.extend_from_slice(by);
        at += next + what.len();
        match finder.find(&bytes[at..]) {
            Some(found) => next = found,
            None => break,
        }
    }
    made.extend_from_slice(&bytes[at..]);
    *bytes = made;
}

#[cfg(test)]
mod tests {
    use super::*;

    fn secret(value: &str) -> Secret {
        Secret::new("KEY", "api.example.com", "Authorization", value).expect("a secret")
    }

    fn redacted(value: &str, text: &str) -> String {
        let mut bytes = text.as_bytes().to_vec();
        Carried(vec![&secret(value)]).redact(&mut bytes);
        String::from_utf8(bytes).expect("text")
    }

    #[test]
    fn a_secret_is_for_its_own_host_alone_and_never_in_the_open() {
        let of = |host: &str, url: &str| {
            let secret = Secret::new("KEY", host, "authorization", "12345678").expect("a secret");
            secret.is_for(&crate::host::parse_url(url).expect(url))
        };
        for (host, url, is_for) in [
            ("api.example.com", "https://api.example.com/a", true),
            ("api.example.com", "https://API.example.com./a", true),
            ("api.example.com", "http://api.example.com/a", false),
            ("api.example.com", "https://api.example.com:444/a", false),
            ("api.example.com", "https://a.api.example.com/", false),
            ("api.example.com", "https://api.example.com.evil.test/", false),
            ("api.example.com:444", "https://api.example.com:444/a", true),
            ("127.0.0.1:8080", "http://127.0.0.1:8080/a", true),
            ("127.0.0.1:8080", "http://127.0.0.1:8081/a", false),
            ("10.0.0.1:8080", "http://10.0.0.1:8080/a", false),
        ] {
            assert_eq!(of(host, url), is_for, "{host} {url}");
        }
    }

    #[test]
    fn what_echoes_a_secret_does_not_show_it() {
        for (value, text, shown) in [
            ("s3cret-key", "a s3cret-key b s3cret-keys3cret-key", "a [secret KEY] b [secret KEY][secret KEY]"),
            ("Bearer s3cret+key", "{\"a\":\"Bearer s3cret+key\"}", "{\"a\":\"[secret KEY]\"}"),
            ("Bearer s3cret+key", "token=s3cret+key", "token=[secret KEY]"),
            ("Bearer s3cret+key", "s3cret%2Bkey s3cret%2bkey", "[secret KEY] [secret KEY]"),
            ("Bearer s3cret+key", "Bearer%20s3cret%2Bkey Bearer+s3cret%2Bkey", "[secret KEY] [secret KEY]"),
            ("a\"b/c\\d-efgh", "\"a\\\"b\\/c\\\\d-efgh\" \"a\\\"b/c\\\\d-efgh\"", "\"[secret KEY]\" \"[secret KEY]\""),
            ("s3cret-key", "s3cret-ke", "s3cret-ke"),
        ] {
            assert_eq!(redacted(value, text), shown, "{value}");
        }
    }

    #[test]
    fn a_secret_that_could_not_be_kept_is_none() {
        for (name, host, header, value, error) in [
            ("", "a.test", "x", "12345678", InvalidSecret::Name),
            ("a b", "a.test", "x", "12345678", InvalidSecret::Name),
            ("a", "*.a.test", "x", "12345678", InvalidSecret::Host),
            ("a", "https://a.test/", "x", "12345678", InvalidSecret::Host),
            ("a", "a.test", "host", "12345678", InvalidSecret::Header),
            ("a", "a.test", "x y", "12345678", InvalidSecret::Header),
            ("a", "a.test", "x", "1234567", InvalidSecret::Value),
            ("a", "a.test", "x", "12345678\r\ny: z", InvalidSecret::Value),
            ("a", "a.test", "x", "12345678\n", InvalidSecret::Value),
        ] {
            assert_eq!(Secret::new(name, host, header, value).map(|_| ()), Err(error), "{name} {host} {header}");
        }
        assert_eq!(format!("{:?}", secret("s3cret-key")), "Secret { name: \"KEY\", .. }");
        assert!(!format!("{:?}", secret("s3cret-key").value).contains("s3cret"));
    }
}
