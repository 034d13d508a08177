//! What the operator says of a model: where it is, what it is called, and what it may cost.

use std::fmt;
use std::str::FromStr;

use vak_model::{HttpHost, HttpScheme, HttpUrl, InvalidUrl};
use zeroize::Zeroizing;

use super::budget::Tokens;
use crate::host::parse_url;
use crate::world::live::http::{HttpConfig, Secret};

/// What the key is called where it was taken out of an answer.
const KEY_NAME: &str = "REASON_KEY";

/// How long a key is at least, in bytes: what is shorter is found everywhere.
const MIN_KEY_BYTES: usize = 8;

/// How long it is at most, in bytes.
const MAX_KEY_BYTES: usize = 8000;

/// The longest name of a model, in bytes.
const MAX_MODEL_BYTES: usize = 200;

/// How many millionths make one.
const MILLION: u64 = 1_000_000;

/// Which model answers, and how much it may be asked.
pub struct ReasonConfig {
    pub(super) url: HttpUrl,
    pub(super) model: String,
    pub(super) key: Option<Secret>,
    pub(super) max_tokens: u32,
    pub(super) total_tokens: u64,
    pub(super) bill: Option<Bill>,
    pub(super) http: HttpConfig,
}

impl fmt::Debug for ReasonConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ReasonConfig").field("model", &self.model).finish_non_exhaustive()
    }
}

/// No model can be asked like that.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidReason {
    /// The URL is none.
    #[error("the URL can't be used: {0}")]
    Url(#[from] InvalidUrl),
    /// The URL has a query, behind which no path can be put.
    #[error("the URL has a query: it is the part before `/chat/completions`")]
    Query,
    /// The model has no name, or one that can't be printed.
    #[error("a model's name has 1 to {MAX_MODEL_BYTES} bytes, all printable")]
    Model,
    /// The key would be sent in the open.
    #[error("a key is sent by `https` alone, or to an address of this machine")]
    Open,
    /// The key is too short, too long, or holds what no header has.
    #[error("a key has {MIN_KEY_BYTES} to {MAX_KEY_BYTES} printable characters of ASCII, and no spaces")]
    Key,
    /// There are no calls without tokens.
    #[error("a bound on tokens is 1 at least")]
    Tokens,
    /// The price is not two numbers.
    #[error("a price is written as IN:OUT, both a number for a million tokens, such as 0.15:0.6")]
    Price,
    /// The amount is no number.
    #[error("an amount is a number such as 0.05, with six digits behind the point at most")]
    Amount,
}

impl ReasonConfig {
    /// How long a completion is at most unless the operator says otherwise, in tokens.
    pub const MAX_TOKENS: u32 = 1024;

    /// What all calls together may use unless the operator says otherwise, in tokens.
    pub const TOTAL_TOKENS: u64 = 100_000;

    /// The model of that name behind an endpoint, such as `https://api.example.com/v1`, which is asked without a key.
    ///
    /// # Errors
    /// A URL with a query, or none; a name that can't be printed.
    pub fn new(base: &str, model: &str) -> Result<Self, InvalidReason> {
        let base = parse_url(base)?;
        if base.target().contains('?') {
            return Err(InvalidReason::Query);
        }
        let target = format!("{}/chat/completions", base.target().trim_end_matches('/'));
        let url = HttpUrl::new(base.scheme(), base.host().clone(), base.port(), &target)?;
        if !(1..=MAX_MODEL_BYTES).contains(&model.len()) || vak_model::printable(model, usize::MAX) != model {
            return Err(InvalidReason::Model);
        }
        let (model, max_tokens, total_tokens) = (model.to_owned(), Self::MAX_TOKENS, Self::TOTAL_TOKENS);
        Ok(Self { url, model, key: None, max_tokens, total_tokens, bill: None, http: HttpConfig::default() })
    }

    /// With a key, which the endpoint gets as a bearer's and no skill gets: it is taken out of answers.
    ///
    /// # Errors
    /// A key that no header has, or that would be sent in the open.
    pub fn key(mut self, key: &str) -> Result<Self, InvalidReason> {
        let here = matches!(self.url.host(), HttpHost::Address(address) if address.is_loopback());
        if self.url.scheme() != HttpScheme::Https && !here {
            return Err(InvalidReason::Open);
        }
        // A key is one word: a secret's words are looked for in answers one by one, if they are long enough.
        if !(MIN_KEY_BYTES..=MAX_KEY_BYTES).contains(&key.len()) || key.contains(|c: char| c.is_whitespace()) {
            return Err(InvalidReason::Key);
        }
        let server = format!("{}:{}", self.url.host(), self.url.port());
        let value = Zeroizing::new(format!("Bearer {key}"));
        let secret = Secret::new(KEY_NAME, &server, "authorization", &value);
        self.key = Some(secret.map_err(|_| InvalidReason::Key)?);
        Ok(self)
    }

    /// With another bound on each completion, in tokens. Default: 1,024.
    ///
    /// # Errors
    /// It is 0.
    pub fn max_tokens(mut self, tokens: u32) -> Result<Self, InvalidReason> {
        self.max_tokens = tokens;
        if tokens == 0 { Err(InvalidReason::Tokens) } else { Ok(self) }
    }

    /// With another bound on all calls together, in tokens sent and received. Default: 100,000.
    ///
    /// # Errors
    /// It is 0.
    pub fn total_tokens(mut self, tokens: u64) -> Result<Self, InvalidReason> {
        self.total_tokens = tokens;
        if tokens == 0 { Err(InvalidReason::Tokens) } else { Ok(self) }
    }

    /// With a bound on what all calls together cost, written as `0.05`, in the currency of the price. Default: none.
    ///
    /// # Errors
    /// It is no amount.
    pub fn max_cost(mut self, price: Price, max: &str) -> Result<Self, InvalidReason> {
        self.bill = Some(Bill::new(price, micros(max).ok_or(InvalidReason::Amount)?));
        Ok(self)
    }

    /// With another way to make requests: names, certificates, and where this process listens. Its secrets are left out.
    #[must_use]
    pub fn http(mut self, http: HttpConfig) -> Self {
        self.http = http;
        self
    }
}

/// What a million tokens cost: `0.15:0.6`, sent and received, in some currency.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Price {
    /// In millionths.
    input: u64,
    /// In millionths.
    output: u64,
}

impl FromStr for Price {
    type Err = InvalidReason;

    fn from_str(text: &str) -> Result<Self, InvalidReason> {
        let both = text.split_once(':').and_then(|(input, output)| Some((micros(input)?, micros(output)?)));
        both.map(|(input, output)| Self { input, output }).ok_or(InvalidReason::Price)
    }
}

/// An amount, in millionths: digits, and six of them behind a point at most.
fn micros(text: &str) -> Option<u64> {
    let (whole, part) = text.split_once('.').unwrap_or((text, "0"));
    let digits = |text: &str, most| (1..=most).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit());
    if !digits(whole, 9) || !digits(part, 6) {
        return None;
    }
    let (whole, part): (u64, u64) = (whole.parse().ok()?, format!("{part:0<6}").parse().ok()?);
    Some(whole * MILLION + part)
}

/// A price, and what may be paid.
#[derive(Clone, Copy, Debug)]
pub(super) struct Bill {
    price: Price,
    /// In millionths.
    max: u64,
}

impl Bill {
    pub(super) const fn new(price: Price, max: u64) -> Self {
        Self { price, max }
    }

    /// What may be paid, in millionths of a millionth: nothing is rounded.
    pub(super) fn max(self) -> u128 {
        u128::from(self.max) * u128::from(MILLION)
    }

    /// What tokens cost, in the same.
    pub(super) fn of(self, tokens: Tokens) -> u128 {
        let cost = |tokens: u64, price: u64| u128::from(tokens) * u128::from(price);
        cost(tokens.input, self.price.input).saturating_add(cost(tokens.output, self.price.output))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn url(base: &str) -> Result<String, InvalidReason> {
        ReasonConfig::new(base, "m").map(|config| config.url.to_string())
    }

    #[test]
    fn an_endpoint_is_a_url_that_a_path_can_be_put_behind() {
        for (base, whole) in [
            ("https://api.example.com/v1", "https://api.example.com/v1/chat/completions"),
            ("https://API.example.com:443/v1/", "https://api.example.com/v1/chat/completions"),
            ("http://127.0.0.1:8080", "http://127.0.0.1:8080/chat/completions"),
        ] {
            assert_eq!(url(base).as_deref(), Ok(whole));
        }
        for base in ["", "api.example.com", "file:///a", "https://user@api.example.com/", "https://a.test/v1?a=b"] {
            assert!(url(base).is_err(), "{base}");
        }
        for model in ["", "a\nb", "\u{202e}m", &"m".repeat(201)] {
            assert_eq!(ReasonConfig::new("https://a.test", model).err(), Some(InvalidReason::Model), "{model:?}");
        }
    }

    #[test]
    fn a_key_is_never_sent_in_the_open_and_never_shown() {
        let key = |base: &str, key: &str| ReasonConfig::new(base, "m").expect(base).key(key);
        for base in ["https://a.test/v1", "https://10.0.0.1/", "http://127.0.0.1:8080/v1", "http://[::1]:8080/"] {
            let config = key(base, "sk-s3cret").unwrap_or_else(|error| panic!("{base}: {error}"));
            assert!(!format!("{config:?}").contains("s3cret"));
        }
        for base in ["http://a.test/v1", "http://10.0.0.1/", "http://localhost:8080/"] {
            assert_eq!(key(base, "sk-s3cret").err(), Some(InvalidReason::Open), "{base}");
        }
        for wrong in ["", "short", "two words-and-more", "sk-s3cret\r\nx: y", "sk-s3crét", &"k".repeat(8001)] {
            assert_eq!(key("https://a.test", wrong).err(), Some(InvalidReason::Key), "{wrong:.20}");
        }
    }

    #[test]
    fn an_amount_is_written_in_one_way() {
        for (text, amount) in
            [("0", 0), ("1", 1_000_000), ("0.05", 50_000), ("0.000001", 1), ("999999999.999999", 999_999_999_999_999)]
        {
            assert_eq!(micros(text), Some(amount), "{text}");
        }
        for text in ["", ".5", "1.", "-1", "+1", "1e3", "0.0000001", "1000000000", "1,5", " 1", "NaN", "٣"] {
            assert_eq!(micros(text), None, "{text}");
        }
        assert_eq!("0.15:0.6".parse(), Ok(Price { input: 150_000, output: 600_000 }));
        for text in ["0.15", "0.15:", ":1", "1:2:3", "a:b"] {
            assert_eq!(text.parse::<Price>(), Err(InvalidReason::Price), "{text}");
        }
    }
}
