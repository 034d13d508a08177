//! What `skill.yaml` says about a skill's signature: its detached form, and which bytes it is for.
//!
//! This is about the block being the artefact's own. Whether the signature is good, and whose it is, is for `vak-trust`.

use base64ct::{Base64, Encoding as _};
use vak_model::{Code, Digest, SignatureBlock};

use crate::{Artefact as _, Package, sha256};

/// The only format of the block that there is.
const FORMAT: &str = "wasm-signatures/v1";

/// Why the block in `skill.yaml` is not this artefact's signature.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SignatureBlockError {
    /// A module without a manifest carries a signature, and `skill.yaml` none.
    #[error("the module is signed without its manifest, so its signature says nothing about the skill")]
    Bare,
    /// A format that is not known here.
    #[error("`signature` in `skill.yaml` is not of the format `wasm-signatures/v1`")]
    Format,
    /// The value can't be decoded.
    #[error("`signature.value` in `skill.yaml` is not base64")]
    Encoding,
    /// Made for another module.
    #[error("the signature in `skill.yaml` is for another build of the module")]
    OtherModule,
    /// Made for another manifest.
    #[error("the signature in `skill.yaml` is for another manifest")]
    OtherManifest,
    /// The module holds another one.
    #[error("the signature in `skill.yaml` is not the one inside the module")]
    OtherSignature,
}

impl SignatureBlockError {
    /// What the error is called.
    #[must_use]
    pub const fn code(&self) -> Code {
        match self {
            Self::Bare | Self::Format => Code::SignatureUnsupported,
            Self::Encoding => Code::SignatureMalformed,
            Self::OtherModule | Self::OtherManifest | Self::OtherSignature => Code::SignatureDrift,
        }
    }
}

/// The signature that `block` holds, if it is `package`'s.
pub(crate) fn payload(block: &SignatureBlock, package: &Package) -> Result<Vec<u8>, SignatureBlockError> {
    if block.format != FORMAT {
        return Err(SignatureBlockError::Format);
    }
    if block.manifest_sha256 != hex(sha256(package.document().canonical())) {
        return Err(SignatureBlockError::OtherManifest);
    }
    if block.module_sha256 != hex(package.id().0) {
        return Err(SignatureBlockError::OtherModule);
    }
    let payload = Base64::decode_vec(&block.value).map_err(|_| SignatureBlockError::Encoding)?;
    match package.signature() {
        Some(embedded) if embedded != payload => Err(SignatureBlockError::OtherSignature),
        _ => Ok(payload),
    }
}

/// The block that says of `package` that it carries the signature `payload`, made with `keys`.
#[must_use]
pub fn signature_block(package: &Package, payload: &[u8], keys: Vec<String>) -> SignatureBlock {
    SignatureBlock {
        format: FORMAT.to_owned(),
        manifest_sha256: hex(sha256(package.document().canonical())),
        module_sha256: hex(package.id().0),
        keys,
        value: Base64::encode_string(payload),
    }
}

fn hex(digest: Digest) -> String {
    digest.to_string().trim_start_matches("sha256:").to_owned()
}
