//! Making signatures: pure functions from an artefact to bytes. The same key and artefact always give the same bytes.

use base64ct::{Base64, Encoding as _};
use vak_model::{Code, SignatureBlock};
use vak_package::{Artefact, Package, embed_signature, signature_block};

use crate::admit::AdmitError;
use crate::key::{PublicKey, PublisherKey};
use crate::section::{self, SectionError, SignatureSet};
use crate::verify;

/// What happens to the signatures that an artefact has already.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Earlier {
    /// They are dropped.
    Replace,
    /// They are kept, and the new one is put behind them.
    Keep,
}

/// Why an artefact can't be signed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SignError {
    /// The signature that is there can't be kept: it is broken, or of a form that is not taken.
    #[error("the signature that is there can't be kept: the module is {0}")]
    Earlier(AdmitError),
    /// The signature that was made elsewhere is not this key's, or not for this artefact.
    #[error("the signature is not one of {0} for this module")]
    NotMade(PublicKey),
    /// The signatures together exceed what is read.
    #[error("the signatures together would not be read: {0}")]
    Full(&'static str),
}

impl SignError {
    /// What the error is called.
    #[must_use]
    pub const fn code(&self) -> Code {
        match self {
            Self::Earlier(error) => error.code(),
            Self::NotMade(_) => Code::SignatureInvalid,
            Self::Full(_) => Code::SignatureMalformed,
        }
    }
}

/// The 42 bytes that a key signs to vouch for `artefact`, for signing elsewhere: on another machine, or by a token.
#[must_use]
pub fn signing_message<A: Artefact>(artefact: &A) -> [u8; 42] {
    section::message(&verify::hash(artefact))
}

/// `artefact` with a signature of `key` inside.
///
/// # Errors
/// The signatures that are there can't be kept.
pub fn sign<A: Artefact>(artefact: &A, key: &PublisherKey, earlier: Earlier) -> Result<Vec<u8>, SignError> {
    let hash = verify::hash(artefact);
    insert(artefact, &hash, &key.public(), &key.sign(&section::message(&hash)), earlier)
}

/// `artefact` with a signature inside that was made elsewhere, over [`signing_message`].
///
/// # Errors
/// The signature is not `key`'s for this artefact, or those that are there can't be kept.
pub fn attach<A: Artefact>(
    artefact: &A,
    key: &PublicKey,
    signature: &[u8; 64],
    earlier: Earlier,
) -> Result<Vec<u8>, SignError> {
    let hash = verify::hash(artefact);
    if !key.verifies(&section::message(&hash), signature) {
        return Err(SignError::NotMade(*key));
    }
    insert(artefact, &hash, key, signature, earlier)
}

/// The signature of `artefact` in its detached form: what wasmsign2 writes into a file of its own, and `skill.yaml` holds
/// in base64.
#[must_use]
pub fn detached<A: Artefact>(artefact: &A) -> Option<&[u8]> {
    artefact.signature()
}

/// [`detached`], in base64.
#[must_use]
pub fn detached_base64<A: Artefact>(artefact: &A) -> Option<String> {
    detached(artefact).map(Base64::encode_string)
}

/// What `skill.yaml` says of a signed package. `keys` are a hint for people: those who signed, as far as is known.
#[must_use]
pub fn describe(package: &Package, keys: &[PublicKey]) -> Option<SignatureBlock> {
    let keys = keys.iter().map(ToString::to_string).collect();
    detached(package).map(|payload| signature_block(package, payload, keys))
}

fn insert<A: Artefact>(
    artefact: &A,
    hash: &[u8; 32],
    key: &PublicKey,
    signature: &[u8; 64],
    earlier: Earlier,
) -> Result<Vec<u8>, SignError> {
    let kept = match (earlier, artefact.signature()) {
        (Earlier::Keep, Some(payload)) => Some(kept(payload, hash)?),
        (Earlier::Keep, None) | (Earlier::Replace, _) => None,
    };
    let same = |set: &SignatureSet<'_>| set.entries.iter().any(|entry| entry.is(key.wasm_key_id(), signature));
    if let (Some(set), Some(payload)) = (&kept, artefact.signature())
        && same(set)
    {
        return Ok(embed_signature(artefact, payload));
    }
    let entries = kept.iter().flat_map(|set| &set.entries).copied().filter(|entry| !entry.names(key.wasm_key_id()));
    let payload = section::write(hash, &entries.collect::<Vec<_>>(), key, signature).map_err(|error| match error {
        SectionError::Malformed(what) | SectionError::Unsupported(what) => SignError::Full(what),
    })?;
    Ok(embed_signature(artefact, &payload))
}

/// The signatures that are there, if they are for the same bytes.
fn kept<'a>(payload: &'a [u8], hash: &[u8; 32]) -> Result<SignatureSet<'a>, SignError> {
    let set = SignatureSet::read(payload).map_err(|error| SignError::Earlier(error.into()))?;
    if set.hash == *hash { Ok(set) } else { Err(SignError::Earlier(AdmitError::OtherBytes)) }
}
