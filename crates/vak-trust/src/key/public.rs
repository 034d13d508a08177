//! Public keys and what is derived from them.

use std::fmt;
use std::str::FromStr;

use base64ct::{Base64, Encoding as _};
use ed25519_dalek::{Signature, VerifyingKey};
use hmac::{Hmac, KeyInit as _, Mac as _};
use serde::{Deserialize, Serialize, Serializer};
use sha2::{Digest as _, Sha256};

/// An Ed25519 public key that can be trusted: a canonical encoding of a point that is not of small order.
///
/// Under a key of small order one signature is good for many messages, so such keys are no keys here.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PublicKey([u8; 32]);

/// Bytes that are no public key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidKey {
    /// Of another length.
    #[error("an Ed25519 public key has 32 bytes")]
    Length,
    /// Not on the curve.
    #[error("the bytes are no point of the curve")]
    NoPoint,
    /// The point has another, canonical encoding.
    #[error("the bytes are not the canonical encoding of their point")]
    NotCanonical,
    /// Anybody can make signatures that fit it.
    #[error("the key is of small order: anybody can sign for it")]
    Weak,
    /// A secret key, where a public one belongs.
    #[error("this is a secret key: give its public half")]
    Secret,
    /// Text of none of the known forms.
    #[error("neither a PEM, an OpenSSH, a raw nor a hexadecimal Ed25519 public key")]
    Form,
}

/// The key id in a WebAssembly `signature` section: the first 12 bytes of HMAC-SHA256 over `key_id`, keyed by the key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct WasmKeyId([u8; Self::BYTES]);

/// The key id of TUF and of DSSE envelopes: SHA-256 of the key's canonical JSON.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct TufKeyId([u8; 32]);

/// The order of the field, 2^255 - 19, least significant byte first.
const FIELD_ORDER: [u8; 32] = {
    let mut order = [0xff; 32];
    order[0] = 0xed;
    order[31] = 0x7f;
    order
};

impl PublicKey {
    /// The key with these bytes.
    ///
    /// # Errors
    /// The bytes are no key that could be trusted.
    pub fn from_bytes(bytes: &[u8; 32]) -> Result<Self, InvalidKey> {
        if !is_canonical(bytes) {
            return Err(InvalidKey::NotCanonical);
        }
        let key = VerifyingKey::from_bytes(bytes).map_err(|_| InvalidKey::NoPoint)?;
        if key.is_weak() {
            return Err(InvalidKey::Weak);
        }
        Ok(Self(*bytes))
    }

    /// The key that a secret key has; such a key is never weak.
    pub(super) fn of_secret(key: VerifyingKey) -> Self {
        Self(key.to_bytes())
    }

    /// The key's bytes: its identity.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// Whether `signature` is one that this key made over `message`, by the strict rules: the scalar is reduced, and
    /// neither the key nor the commitment is of small order.
    #[must_use]
    pub fn verifies(&self, message: &[u8], signature: &[u8; 64]) -> bool {
        let signature = Signature::from_bytes(signature);
        VerifyingKey::from_bytes(&self.0).is_ok_and(|key| key.verify_strict(message, &signature).is_ok())
    }

    /// The id by which signature sections name the key.
    #[must_use]
    pub fn wasm_key_id(&self) -> WasmKeyId {
        let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(self.as_bytes()) else {
            unreachable!("HMAC takes keys of every length")
        };
        mac.update(b"key_id");
        let full: [u8; 32] = mac.finalize().into_bytes().into();
        WasmKeyId(std::array::from_fn(|i| full[i]))
    }

    /// The id by which trust roots and DSSE envelopes name the key.
    #[must_use]
    pub fn tuf_key_id(&self) -> TufKeyId {
        let hex = self.to_hex();
        let json = format!(r#"{{"keytype":"ed25519","keyval":{{"public":"{hex}"}},"scheme":"ed25519"}}"#);
        TufKeyId(Sha256::digest(json.as_bytes()).into())
    }

    /// The id by which a signed note names the key, as the log `name` uses it.
    #[must_use]
    pub fn note_key_id(&self, name: &str) -> [u8; 4] {
        self.named_key_id(name, 0x01)
    }

    /// The id by which a witness's cosignature names the key, as the witness `name` uses it.
    #[must_use]
    pub fn cosignature_key_id(&self, name: &str) -> [u8; 4] {
        self.named_key_id(name, 0x04)
    }

    fn named_key_id(&self, name: &str, algorithm: u8) -> [u8; 4] {
        let mut hash = Sha256::new();
        hash.update(name.as_bytes());
        hash.update([b'\n', algorithm]);
        hash.update(self.as_bytes());
        let full: [u8; 32] = hash.finalize().into();
        std::array::from_fn(|i| full[i])
    }

    /// The key as 64 lower-case hexadecimal digits.
    #[must_use]
    pub fn to_hex(&self) -> String {
        base16ct::lower::encode_string(self.as_bytes())
    }
}

/// Whether the encoded coordinate is below the order of the field. What is not decodes all the same, as another number.
fn is_canonical(bytes: &[u8; 32]) -> bool {
    let mut y = *bytes;
    y[31] &= 0x7f;
    y.iter().rev().lt(FIELD_ORDER.iter().rev())
}

impl WasmKeyId {
    /// How long the id is.
    pub const BYTES: usize = 12;

    /// What a signature says of its key, if it is of the right length.
    pub(crate) fn read(bytes: &[u8]) -> Option<Self> {
        bytes.try_into().ok().map(Self)
    }

    /// The id's bytes.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; Self::BYTES] {
        &self.0
    }
}

/// In hex.
impl fmt::Display for WasmKeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

/// `ed25519:` and the key in base64, as `skill.yaml` and reports name it.
impl fmt::Display for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ed25519:{}", Base64::encode_string(self.as_bytes()))
    }
}

impl fmt::Debug for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for PublicKey {
    type Err = InvalidKey;

    fn from_str(text: &str) -> Result<Self, InvalidKey> {
        let base64 = text.strip_prefix("ed25519:").ok_or(InvalidKey::Form)?;
        let bytes = Base64::decode_vec(base64).map_err(|_| InvalidKey::Form)?;
        Self::try_from(bytes.as_slice())
    }
}

impl TryFrom<&[u8]> for PublicKey {
    type Error = InvalidKey;

    fn try_from(bytes: &[u8]) -> Result<Self, InvalidKey> {
        Self::from_bytes(bytes.try_into().map_err(|_| InvalidKey::Length)?)
    }
}

impl Serialize for PublicKey {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl fmt::Display for TufKeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&base16ct::lower::encode_string(&self.0))
    }
}

impl fmt::Debug for TufKeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl From<TufKeyId> for String {
    fn from(id: TufKeyId) -> Self {
        id.to_string()
    }
}

impl TryFrom<String> for TufKeyId {
    type Error = InvalidKeyId;

    fn try_from(text: String) -> Result<Self, InvalidKeyId> {
        let mut id = [0; 32];
        match base16ct::lower::decode(&text, &mut id).map(<[u8]>::len) {
            Ok(32) => Ok(Self(id)),
            _ => Err(InvalidKeyId),
        }
    }
}

/// The text is no key id of a trust root.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a key id has 64 lower-case hexadecimal digits")]
pub struct InvalidKeyId;

#[cfg(test)]
mod tests {
    use super::super::RuntimeKey;
    use super::*;

    /// The key whose seed is 32 bytes of 0x07, and the ids that other implementations derive from it.
    fn golden() -> PublicKey {
        RuntimeKey::from_seed(&[7; 32]).public()
    }

    #[test]
    fn ids_are_derived_as_other_implementations_derive_them() {
        let key = golden();
        assert_eq!(key.to_hex(), "ea4a6c63e29c520abef5507b132ec5f9954776aebebe7b92421eea691446d22c");
        assert_eq!(key.to_string(), "ed25519:6kpsY+KcUgq+9VB7Ey7F+ZVHdq6+vnuSQh7qaRRG0iw=");
        assert_eq!(base16ct::lower::encode_string(key.wasm_key_id().as_bytes()), "221c8d1f818a2a696a8b0fe7");
        assert_eq!(key.tuf_key_id().to_string(), "bfe1a83869e5bf574e3ff3acbb83f840de84a990d10059f3096f0bf4f2b90c10");
        assert_eq!(key.note_key_id("vak.local/audit/test"), [0x59, 0xa0, 0x60, 0x7c]);
        assert_ne!(key.cosignature_key_id("vak.local/audit/test"), key.note_key_id("vak.local/audit/test"));
        assert_eq!(key.to_string().parse(), Ok(key));
    }

    #[test]
    fn v4_no_encoding_of_a_point_of_small_order_is_a_key() {
        // The eight points of small order, and the encodings of them that are not canonical: y of 0 and 1 with p added,
        // and the sign bit where x is 0.
        let points = [
            "0100000000000000000000000000000000000000000000000000000000000000",
            "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
            "0000000000000000000000000000000000000000000000000000000000000000",
            "0000000000000000000000000000000000000000000000000000000000000080",
            "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
            "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc85",
            "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
            "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac03fa",
            "0100000000000000000000000000000000000000000000000000000000000080",
            "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
            "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
            "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
            "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
            "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
        ];
        for point in points {
            let bytes = base16ct::lower::decode_vec(point).expect("hex");
            // The arithmetic alone would take all of them for points.
            let array: [u8; 32] = bytes.clone().try_into().expect("32 bytes");
            assert!(VerifyingKey::from_bytes(&array).expect("a point").is_weak(), "{point}");
            let error = PublicKey::try_from(bytes.as_slice()).expect_err(point);
            assert!(matches!(error, InvalidKey::Weak | InvalidKey::NotCanonical), "{point}: {error}");
        }
    }

    #[test]
    fn encodings_above_the_field_are_no_keys_even_where_they_are_points() {
        let mut points = 0;
        for low in 0xed..=0xffu8 {
            for high in [0x7f, 0xff] {
                let mut bytes = [0xff; 32];
                bytes[0] = low;
                bytes[31] = high;
                points += usize::from(VerifyingKey::from_bytes(&bytes).is_ok());
                assert_eq!(PublicKey::from_bytes(&bytes), Err(InvalidKey::NotCanonical));
            }
        }
        assert!(points > 4, "some of them are points to the library: {points}");
    }

    #[test]
    fn other_bytes_are_no_keys() {
        assert_eq!(PublicKey::try_from(&[7u8; 31][..]), Err(InvalidKey::Length));
        let no_point = (0..=255).map(|b| [b; 32]).filter(|b| VerifyingKey::from_bytes(b).is_err()).count();
        assert!(no_point > 50);
        for bad in ["", "ed25519:", "ed25519:AAAA", "rsa:6kpsY+KcUgq+9VB7Ey7F+ZVHdq6+vnuSQh7qaRRG0iw="] {
            assert!(bad.parse::<PublicKey>().is_err(), "{bad}");
        }
    }
}
