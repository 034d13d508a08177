//! OpenSSH's own forms, as far as an unencrypted Ed25519 key needs them (PROTOCOL.key of OpenSSH).
//!
//! The kept crates for this double the cryptography of the workspace, or are no releases yet.

use base64ct::{Base64, Encoding as _};
use ed25519_dalek::SigningKey;
use zeroize::Zeroizing;

use super::{InvalidKey, PublicKey, SecretKeyError};

/// The name of the key type.
pub(super) const ED25519: &str = "ssh-ed25519";

const MAGIC: &[u8] = b"openssh-key-v1\0";

/// The key of an OpenSSH public key line, whatever its comment.
pub(super) fn public(line: &str) -> Result<PublicKey, InvalidKey> {
    let mut words = line.split_ascii_whitespace();
    let (Some(ED25519), Some(base64), false) = (words.next(), words.next(), line.contains('\n')) else {
        return Err(InvalidKey::Form);
    };
    let blob = Base64::decode_vec(base64).map_err(|_| InvalidKey::Form)?;
    let key = Reader(&blob).whole(Reader::public_blob).ok_or(InvalidKey::Form)?;
    PublicKey::try_from(key)
}

/// What the base64 of a public key line holds.
pub(super) fn public_blob(key: &PublicKey) -> Vec<u8> {
    let string = |bytes: &[u8]| [&(bytes.len() as u32).to_be_bytes(), bytes].concat();
    [string(ED25519.as_bytes()), string(key.as_bytes())].concat()
}

/// The seed of an unencrypted private key, given the bytes between its armour.
pub(super) fn secret(bytes: &[u8]) -> Result<Zeroizing<[u8; 32]>, SecretKeyError> {
    let body = bytes.strip_prefix(MAGIC).ok_or(SecretKeyError::Form)?;
    let Unlocked { public, secret } = Reader(body).whole(Reader::unlocked)?;
    let (seed, derived) = secret.split_at_checked(32).ok_or(SecretKeyError::Form)?;
    let seed = Zeroizing::new(<[u8; 32]>::try_from(seed).map_err(|_| SecretKeyError::Form)?);
    let expected = SigningKey::from_bytes(&seed).verifying_key();
    if public != expected.as_bytes() || derived != expected.as_bytes() {
        return Err(SecretKeyError::Mismatch);
    }
    Ok(seed)
}

struct Unlocked<'a> {
    public: &'a [u8],
    secret: &'a [u8],
}

/// Reads length-prefixed strings. Nothing is allocated, so a length can only be wrong.
#[derive(Clone, Copy)]
struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    /// Reads with `read`, which must leave nothing over.
    fn whole<T, O: Outcome<T>>(mut self, read: impl FnOnce(&mut Self) -> O) -> O {
        let read = read(&mut self);
        if self.0.is_empty() { read } else { read.and_refuse() }
    }

    fn u32(&mut self) -> Option<u32> {
        let (number, rest) = self.0.split_first_chunk()?;
        self.0 = rest;
        Some(u32::from_be_bytes(*number))
    }

    fn string(&mut self) -> Option<&'a [u8]> {
        let length = usize::try_from(self.u32()?).ok()?;
        let (string, rest) = self.0.split_at_checked(length)?;
        self.0 = rest;
        Some(string)
    }

    fn public_blob(&mut self) -> Option<&'a [u8]> {
        (self.string()? == ED25519.as_bytes()).then_some(())?;
        self.string()
    }

    fn unlocked(&mut self) -> Result<Unlocked<'a>, SecretKeyError> {
        let form = SecretKeyError::Form;
        let cipher = self.string().ok_or(form)?;
        let kdf = self.string().ok_or(form)?;
        self.string().ok_or(form)?;
        if cipher != b"none" || kdf != b"none" {
            return Err(SecretKeyError::OpenSshEncrypted);
        }
        if self.u32() != Some(1) {
            return Err(form);
        }
        let public = self.string().ok_or(form)?;
        let section = self.string().ok_or(form)?;
        let unlocked = Reader(section).private_section().ok_or(form)?;
        let stated = Reader(public).whole(Reader::public_blob).ok_or(form)?;
        if stated == unlocked.public { Ok(unlocked) } else { Err(SecretKeyError::Mismatch) }
    }

    fn private_section(mut self) -> Option<Unlocked<'a>> {
        (self.u32()? == self.u32()?).then_some(())?;
        let public = self.public_blob()?;
        let secret = self.string()?;
        let _comment = self.string()?;
        let padded = self.0.iter().zip(1u8..).all(|(byte, expected)| *byte == expected);
        (padded && self.0.len() < 8).then_some(Unlocked { public, secret })
    }
}

/// What a reader gives: something, or that the form is wrong.
trait Outcome<T> {
    fn and_refuse(self) -> Self;
}

impl<T> Outcome<T> for Option<T> {
    fn and_refuse(self) -> Self {
        None
    }
}

impl<T> Outcome<T> for Result<T, SecretKeyError> {
    fn and_refuse(self) -> Self {
        self.and(Err(SecretKeyError::Form))
    }
}
