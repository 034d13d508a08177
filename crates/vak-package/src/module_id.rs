//! Digests of bytes.

use sha2::{Digest as _, Sha256};
use vak_model::{Digest, ModuleId};

/// The SHA-256 of `bytes`.
#[must_use]
pub fn sha256(bytes: &[u8]) -> Digest {
    Digest::from_bytes(Sha256::digest(bytes).into())
}

/// The module id of an artefact: SHA-256 over its bytes without those of the `signature` section, if it has one.
#[must_use]
pub fn module_id(bytes: &[u8], signature: Option<std::ops::Range<usize>>) -> ModuleId {
    let mut hash = Sha256::new();
    match signature {
        Some(section) => {
            hash.update(&bytes[..section.start]);
            hash.update(&bytes[section.end..]);
        }
        None => hash.update(bytes),
    }
    ModuleId(Digest::from_bytes(hash.finalize().into()))
}
