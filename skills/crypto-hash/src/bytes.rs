//! Bytes as an input names them, and as an output writes them.

use base64ct::Encoding as _;
use serde::Deserialize;
use vak_guest::Error;

/// Bytes of any kind: `{"text":"..."}`, `{"hex":"..."}` or `{"base64":"..."}`.
#[derive(Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Data {
    /// The bytes of its UTF-8, as they are: nothing is normalised.
    Text(String),
    Hex(String),
    Base64(String),
}

impl Data {
    /// The bytes. An error names the field, which is `at` and the kind.
    pub(crate) fn bytes(self, at: &str) -> Result<Vec<u8>, Error> {
        match self {
            Self::Text(text) => Ok(text.into_bytes()),
            Self::Hex(hex) => Binary::Hex(hex).bytes(at),
            Self::Base64(base64) => Binary::Base64(base64).bytes(at),
        }
    }
}

/// Bytes that are no text: `{"hex":"..."}` or `{"base64":"..."}`.
///
/// Reading and writing them takes the same steps for every value: a key may be among them.
#[derive(Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Binary {
    Hex(String),
    Base64(String),
}

impl Binary {
    /// The bytes. An error names the field, which is `at` and the kind.
    pub(crate) fn bytes(self, at: &str) -> Result<Vec<u8>, Error> {
        match self {
            Self::Hex(hex) => base16ct::mixed::decode_vec(hex)
                .map_err(|_| format!("{at}hex: not hexadecimal, with two digits for each byte").into()),
            Self::Base64(base64) => base64ct::Base64::decode_vec(&base64)
                .map_err(|_| format!("{at}base64: not standard base64 with padding").into()),
        }
    }
}

/// How to write bytes.
#[derive(Clone, Copy, Default, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Encoding {
    /// Lower-case digits.
    #[default]
    Hex,
    /// The standard alphabet, padded (RFC 4648, section 4).
    Base64,
}

impl Encoding {
    pub(crate) fn encode(self, bytes: &[u8]) -> String {
        match self {
            Self::Hex => base16ct::lower::encode_string(bytes),
            Self::Base64 => base64ct::Base64::encode_string(bytes),
        }
    }
}
