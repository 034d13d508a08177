//! Which known keys have signed an artefact: the arithmetic, before anybody asks what those keys may do.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use sha2::{Digest as _, Sha256};
use vak_package::Artefact;

use crate::admit::AdmitError;
use crate::key::{PublicKey, WasmKeyId};
use crate::section::{Entry, SignatureSet, message};

/// The keys among `known` that have signed `artefact`, each once; empty if only others have.
///
/// # Errors
/// The signature is missing, not of the form, for other bytes, or broken: an entry names a known key that did not make it.
pub(crate) fn signers<A: Artefact>(
    artefact: &A,
    known: impl Iterator<Item = PublicKey>,
) -> Result<BTreeSet<PublicKey>, AdmitError> {
    let set = SignatureSet::read(artefact.signature().ok_or(AdmitError::Unsigned)?)?;
    if hash(artefact) != set.hash {
        return Err(AdmitError::OtherBytes);
    }
    let known: BTreeMap<_, _> = known.map(|key| (*key.wasm_key_id().as_bytes(), key)).collect();
    let message = message(&set.hash);
    let checked = set.entries.iter().map(|entry| signer(entry, &message, &known));
    checked.filter_map(Result::transpose).collect()
}

/// Whose an entry of a signature says that it is. Anybody can write that: it is for messages, and a reason for nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ClaimedSigner {
    /// The key with the id that the entry states.
    Key(PublicKey),
    /// A key that only its id is known of.
    Id(WasmKeyId),
}

impl fmt::Display for ClaimedSigner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Key(key) => key.fmt(f),
            Self::Id(id) => write!(f, "the key with the id {id}"),
        }
    }
}

/// Who claims to have signed `artefact`; nobody, if its signature can't be read. `hints` are keys that may be among them,
/// as `skill.yaml` names them.
#[must_use]
pub fn claimed_signers<A: Artefact>(artefact: &A, hints: &[String]) -> Vec<ClaimedSigner> {
    let hints: Vec<PublicKey> = hints.iter().filter_map(|hint| hint.parse().ok()).collect();
    let hinted = |id: WasmKeyId| hints.iter().find(|key| key.wasm_key_id() == id);
    let claimed = |id| hinted(id).map_or(ClaimedSigner::Id(id), |key| ClaimedSigner::Key(*key));
    let set = artefact.signature().and_then(|payload| SignatureSet::read(payload).ok());
    let entries = set.iter().flat_map(|set| &set.entries);
    entries.filter_map(|entry| WasmKeyId::read(entry.key_id)).map(claimed).collect()
}

/// The hash that a signature of `artefact` is over: one pass over the bytes where they lie.
pub(crate) fn hash<A: Artefact>(artefact: &A) -> [u8; 32] {
    Sha256::digest(artefact.covered()).into()
}

/// The known key that made an entry, if there is one. What an unknown key, or an unknown algorithm, would make of it is not
/// for us to say.
fn signer(
    entry: &Entry<'_>,
    message: &[u8],
    known: &BTreeMap<[u8; WasmKeyId::BYTES], PublicKey>,
) -> Result<Option<PublicKey>, AdmitError> {
    if entry.key_id.is_empty() {
        let Some(signature) = entry.signature else { return Ok(None) };
        return Ok(known.values().find(|key| key.verifies(message, signature)).copied());
    }
    let Some(key) = known.get(entry.key_id) else { return Ok(None) };
    match entry.signature {
        Some(signature) if key.verifies(message, signature) => Ok(Some(*key)),
        _ => Err(AdmitError::Broken(*key)),
    }
}
