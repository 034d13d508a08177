//! How the keys of logs are written: the verifier keys of signed notes, `name+id+key`.

use std::fmt;
use std::str::FromStr;

use base64ct::{Base64, Encoding as _};
use serde::{Deserialize, Serialize};

use crate::key::PublicKey;

/// Ed25519, as signed notes number it.
const ED25519: u8 = 0x01;

/// The longest name of a log, in bytes.
const MAX_NAME_BYTES: usize = 200;

/// A log's name and key.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct VerifierKey {
    name: String,
    key: PublicKey,
}

/// The text or the name is no verifier key's.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a verifier key: write NAME+ID+KEY, as logs publish it")]
pub struct InvalidVerifierKey;

impl VerifierKey {
    /// The verifier key of the log `name`.
    ///
    /// # Errors
    /// The name is empty or too long, or has white space or a plus sign in it.
    pub fn new(name: &str, key: PublicKey) -> Result<Self, InvalidVerifierKey> {
        let printable = vak_model::printable(name, MAX_NAME_BYTES) == name;
        if name.is_empty() || !printable || name.contains(|c: char| c.is_whitespace() || c == '+') {
            return Err(InvalidVerifierKey);
        }
        Ok(Self { name: name.to_owned(), key })
    }

    /// The log's name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The log's key.
    #[must_use]
    pub const fn key(&self) -> &PublicKey {
        &self.key
    }
}

impl FromStr for VerifierKey {
    type Err = InvalidVerifierKey;

    fn from_str(text: &str) -> Result<Self, InvalidVerifierKey> {
        let mut parts = text.splitn(3, '+');
        let (Some(name), Some(_), Some(base64)) = (parts.next(), parts.next(), parts.next()) else {
            return Err(InvalidVerifierKey);
        };
        let bytes = Base64::decode_vec(base64).map_err(|_| InvalidVerifierKey)?;
        let [ED25519, key @ ..] = bytes.as_slice() else { return Err(InvalidVerifierKey) };
        let read = Self::new(name, PublicKey::try_from(key).map_err(|_| InvalidVerifierKey)?)?;
        // The id must be the key's own: what was read is what would be written.
        if read.to_string() == text { Ok(read) } else { Err(InvalidVerifierKey) }
    }
}

impl fmt::Display for VerifierKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let id = u32::from_be_bytes(self.key.note_key_id(&self.name));
        let key = [&[ED25519], self.key.as_bytes().as_slice()].concat();
        write!(f, "{}+{id:08x}+{}", self.name, Base64::encode_string(&key))
    }
}

impl TryFrom<String> for VerifierKey {
    type Error = InvalidVerifierKey;

    fn try_from(text: String) -> Result<Self, InvalidVerifierKey> {
        text.parse()
    }
}

impl From<VerifierKey> for String {
    fn from(key: VerifierKey) -> Self {
        key.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::key::LogKey;

    /// The example of the Go package `note`: the log of the Go checksum database.
    const GO: &str = "sum.golang.org+033de0ae+Ac4zctda0e5eza+HJyk9SxEdh+s3Ux18htTTAD8OuAn8";

    #[test]
    fn verifier_keys_are_those_of_signed_notes() {
        let go: VerifierKey = GO.parse().expect("the key of the Go checksum database");
        assert_eq!(go.name(), "sum.golang.org");
        assert_eq!(go.to_string(), GO);
        let mine = VerifierKey::new("vak.local/audit/test", LogKey::from_seed(&[7; 32]).public()).expect("a name");
        assert!(mine.to_string().starts_with("vak.local/audit/test+59a0607c+Aep"), "{mine}");
    }

    #[test]
    fn other_texts_are_refused() {
        let long = "x".repeat(201);
        for bad in ["", "a+b", &GO.replace("033d", "033e"), &GO.replace("+Ac4", "+Bc4"), &GO.replace("sum.", "sum ")] {
            assert_eq!(bad.parse::<VerifierKey>(), Err(InvalidVerifierKey), "{bad}");
        }
        let key = *GO.parse::<VerifierKey>().expect("a key").key();
        for bad in ["", "a b", "a+b", "a\n", &long] {
            assert!(VerifierKey::new(bad, key).is_err(), "{bad}");
        }
    }
}
