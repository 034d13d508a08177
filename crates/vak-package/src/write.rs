//! Writing artefacts: sections are added and taken away, never re-encoded.

use wasm_encoder::{CustomSection, Section};

use crate::bounds::ScanError;
use crate::scan::{HEADER_BYTES, Scanned};
use crate::{Artefact, Bounds, ManifestDocument};

/// `module` with `manifest` as its first section, in the place of any manifest and signature that it had.
///
/// All other sections keep their bytes. The same module and manifest always give the same bytes.
///
/// # Errors
/// The module is malformed or exceeds `bounds`.
pub fn embed_manifest(module: &[u8], manifest: &ManifestDocument, bounds: &Bounds) -> Result<Vec<u8>, ScanError> {
    let scanned = Scanned::of(module, bounds)?;
    let section = CustomSection { name: vak_abi::SECTION_MANIFEST.into(), data: manifest.canonical().into() };
    let mut out = Vec::with_capacity(module.len() + manifest.canonical().len() + 32);
    out.extend_from_slice(&module[..HEADER_BYTES]);
    section.append_to(&mut out);
    let mut from = HEADER_BYTES;
    for cut in scanned.vak_sections() {
        out.extend_from_slice(&module[from..cut.start]);
        from = cut.end;
    }
    out.extend_from_slice(&module[from..]);
    Ok(out)
}

/// `artefact` with a `signature` section of that payload, in the place of any that it had. All other bytes are kept.
#[must_use]
pub fn embed_signature<A: Artefact>(artefact: &A, payload: &[u8]) -> Vec<u8> {
    let covered = artefact.covered();
    let section = CustomSection { name: vak_abi::SECTION_SIGNATURE.into(), data: payload.into() };
    let mut out = Vec::with_capacity(covered.len() + payload.len() + 32);
    out.extend_from_slice(&artefact.bytes()[..HEADER_BYTES]);
    section.append_to(&mut out);
    out.extend_from_slice(covered);
    out
}
