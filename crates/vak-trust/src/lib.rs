//! Who vouches for an artefact, and the only way to an [`Admitted`] one.
//!
//! What runs has to be admitted first, and what is admitted carries how: there is one door, [`admit`], and beside it the
//! loud [`dangerous::admit_unsigned`] for development. Both ask a [`Trust`], which the operator chooses, and look at every
//! signature; nothing else makes an [`Admitted`], so nothing else can be compiled. Around the doors lies what they need:
//! keys and their files, the signature section, signed envelopes, trust roots.
//!
//! Verification is strict and fails closed. Whose a key is, is decided by its 32 bytes; a key id is a hint. Nothing here
//! reads a clock, the environment or a network, prints, or links an engine; files are touched by [`TrustStore`],
//! [`Trust::read_file`] and the functions for key files alone.
//!
//! ```
//! use vak_package::{Bounds, RawModule};
//! use vak_trust::{Earlier, PublisherKey, Timestamp, Trust, admit, sign};
//!
//! let key = PublisherKey::generate()?;
//! let module = RawModule::read(b"\0asm\x01\0\0\0".to_vec(), &Bounds::default())?;
//! let signed = RawModule::read(sign(&module, &key, Earlier::Replace)?, &Bounds::default())?;
//! let now: Timestamp = "2026-11-21T00:00:00Z".parse()?;
//! let admitted = admit(signed, &Trust::key(key.public()), now)?;
//! assert_eq!(admitted.signers()[0].key, key.public());
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! An artefact cannot be admitted by hand:
//!
//! ```compile_fail,E0451
//! fn forge(package: vak_package::Package, standing: vak_trust::Standing) -> vak_trust::Admitted<vak_package::Package> {
//!     vak_trust::Admitted { artefact: package, standing }
//! }
//! ```

mod admit;
mod dsse;
mod export;
mod files;
mod key;
mod note;
mod provenance;
mod root;
mod section;
mod sign;
mod store;
mod time;
mod trust;
mod verify;

pub use admit::{AdmitError, Admitted, RootUsed, Signed, Signer, Standing, admit, dangerous};
pub use dsse::{Envelope, EnvelopeError, Verified, pae};
pub use key::{
    Builder, BuilderKey, InvalidKey, InvalidKeyId, KeyFileError, Log, LogKey, NoEntropy, PublicKey, PublicKeyForm,
    Publisher, PublisherKey, Role, Root, RootKey, Runtime, RuntimeKey, SecretKey, SecretKeyError, TufKeyId, WasmKeyId,
    Witness, WitnessKey, create_key_file, create_public_file, read_key_file,
};
pub use note::{InvalidVerifierKey, VerifierKey};
pub use provenance::{
    Attestation, AttestationError, BUILD_TYPES, BuildDefinition, BuildMetadata, BuilderIdentity, Builders, DigestSet,
    LOCAL_BUILDER, PROVENANCE_TYPE, Provenance, REPRODUCED, Resource, RunDetails, STATEMENT_PAYLOAD, STATEMENT_TYPE,
    Statement, Subject, VERIFICATION_TYPE, VerificationResult, Verifier,
};
pub use root::{
    Denied, DeniedSkill, InvalidDenial, InvalidPattern, InvalidRole, KeyRole, KeyState, Revocation, RevocationReason,
    RoleKeys, RootDraft, RootError, RootProposal, SignedRoot, SkillPattern, TrustRoot, TrustedKey,
};
pub use section::SectionError;
pub use sign::{Earlier, SignError, attach, describe, detached, detached_base64, sign, signing_message};
pub use store::{StoreError, TrustStore};
pub use time::{InvalidTime, Timestamp};
pub use trust::{ExpiredRoot, Trust, TrustError, TrustFileError};
pub use verify::{ClaimedSigner, claimed_signers};
