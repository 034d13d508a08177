//! Roots that enough root keys have signed, and those that are on the way to it.

use std::collections::BTreeSet;

use vak_model::{Code, Digest};
use vak_package::sha256;

use super::{KeyRole, TrustRoot};
use crate::dsse::{Envelope, EnvelopeError};
use crate::key::{PublicKey, RootKey};

/// What the envelope of a trust root says that it holds.
pub(crate) const PAYLOAD_TYPE: &str = "application/vnd.vak.trust-root.v1+json";

/// A trust root that enough of its own root keys have signed.
///
/// That it is *the* root is another matter: it either follows one that is trusted, by [`SignedRoot::successor`], or
/// somebody vouches for its fingerprint.
#[derive(Clone, Debug)]
pub struct SignedRoot {
    root: TrustRoot,
    envelope: Envelope,
    fingerprint: Digest,
}

/// A trust root with any number of signatures, also none: what goes round between those who hold root keys.
#[derive(Clone, Debug)]
pub struct RootProposal {
    root: TrustRoot,
    envelope: Envelope,
}

/// Why a trust root is none, or does not follow another.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RootError {
    /// It is not of the form.
    #[error("the trust root is malformed: {0}")]
    Malformed(String),
    /// The envelope is not of the form, or holds something else.
    #[error("the trust root can't be read: {0}")]
    Envelope(EnvelopeError),
    /// Too few root keys have signed it.
    #[error("version {version} of the trust root is signed by {signed} of the {needed} root keys of version {of}")]
    Unsigned {
        /// Which version.
        version: u64,
        /// How many have signed.
        signed: usize,
        /// How many must.
        needed: usize,
        /// Whose keys these are.
        of: u64,
    },
    /// It does not come next.
    #[error("version {found} of the trust root does not follow version {current}: {} comes next", .current + 1)]
    NotNext {
        /// The version that is trusted.
        current: u64,
        /// The other one.
        found: u64,
    },
    /// It is older than one that was trusted before.
    #[error("the trust root has version {found}, and version {seen} was seen before")]
    Rollback {
        /// The highest version seen.
        seen: u64,
        /// The one here.
        found: u64,
    },
    /// Of one version there are two.
    #[error("version {0} of the trust root is not the one that was seen before")]
    Forked(u64),
    /// It is not the one that was asked for.
    #[error("the trust root has the fingerprint {found}, not {expected}")]
    Fingerprint {
        /// What was asked for.
        expected: Digest,
        /// What it has.
        found: Digest,
    },
    /// The change can't be made.
    #[error("{0}")]
    Change(String),
}

impl RootError {
    /// What the error is called.
    #[must_use]
    pub const fn code(&self) -> Code {
        match self {
            Self::Malformed(_) | Self::Envelope(_) | Self::Change(_) => Code::TrustMalformed,
            Self::Unsigned { .. } => Code::TrustUnsigned,
            Self::NotNext { .. } | Self::Rollback { .. } | Self::Forked(_) => Code::TrustRollback,
            Self::Fingerprint { .. } => Code::TrustFingerprint,
        }
    }
}

impl SignedRoot {
    /// Reads a root, and checks that enough of its own root keys have signed it.
    ///
    /// # Errors
    /// See [`RootError`].
    pub fn read(json: &[u8]) -> Result<Self, RootError> {
        RootProposal::read(json)?.complete()
    }

    /// Reads the root that somebody vouches for by its fingerprint.
    ///
    /// # Errors
    /// It has another fingerprint, or is no signed root at all.
    pub fn pinned(json: &[u8], fingerprint: Digest) -> Result<Self, RootError> {
        let root = Self::read(json)?;
        if root.fingerprint == fingerprint {
            return Ok(root);
        }
        Err(RootError::Fingerprint { expected: fingerprint, found: root.fingerprint })
    }

    /// The root that follows this one: of the next version, signed by enough root keys of both.
    ///
    /// # Errors
    /// It is another version, or too few have signed it.
    pub fn successor(&self, next: RootProposal) -> Result<Self, RootError> {
        if next.root.version.checked_sub(1) != Some(self.root.version) {
            return Err(RootError::NotNext { current: self.root.version, found: next.root.version });
        }
        next.signed_by_enough_of(&self.root)?;
        next.complete()
    }

    /// What it says.
    #[must_use]
    pub const fn root(&self) -> &TrustRoot {
        &self.root
    }

    /// SHA-256 of the bytes that are signed. It stays when signatures are added.
    #[must_use]
    pub const fn fingerprint(&self) -> Digest {
        self.fingerprint
    }

    /// The root with its signatures, as files hold it.
    #[must_use]
    pub fn to_json(&self) -> Vec<u8> {
        self.envelope.to_json()
    }
}

impl RootProposal {
    /// A proposal that nobody has signed yet.
    pub(super) fn new(root: &TrustRoot) -> Result<Self, RootError> {
        let payload = root.to_json()?;
        // What is proposed is what others will read.
        let root = TrustRoot::from_json(&payload)?;
        Ok(Self { root, envelope: Envelope::new(PAYLOAD_TYPE, payload) })
    }

    /// Reads a proposal, whoever has signed it.
    ///
    /// # Errors
    /// It is not of the form, or two of its signatures name the same key.
    pub fn read(json: &[u8]) -> Result<Self, RootError> {
        let envelope = Envelope::read(json).map_err(RootError::Envelope)?;
        if envelope.has_doubled_key_ids() {
            return Err(RootError::Malformed("two of its signatures name the same key".to_owned()));
        }
        let root = TrustRoot::from_json(envelope.unverified(PAYLOAD_TYPE).map_err(RootError::Envelope)?)?;
        Ok(Self { root, envelope })
    }

    /// Adds a signature.
    #[must_use]
    pub fn sign(mut self, key: &RootKey) -> Self {
        self.envelope.sign(key);
        self
    }

    /// What it would say.
    #[must_use]
    pub const fn root(&self) -> &TrustRoot {
        &self.root
    }

    /// The root keys that have signed it, of its own and of `current`.
    #[must_use]
    pub fn signers(&self, current: Option<&SignedRoot>) -> BTreeSet<PublicKey> {
        let roots = [Some(&self.root), current.map(SignedRoot::root)];
        let keys = roots.into_iter().flatten().flat_map(|root| root.signers(&KeyRole::Root).0).collect();
        self.envelope.open(PAYLOAD_TYPE, &keys, 1).map(|verified| verified.signers).unwrap_or_default()
    }

    /// The proposal with the signatures that it has.
    #[must_use]
    pub fn to_json(&self) -> Vec<u8> {
        self.envelope.to_json()
    }

    /// The root, if enough of its own root keys have signed it.
    ///
    /// # Errors
    /// Too few have.
    pub fn complete(self) -> Result<SignedRoot, RootError> {
        let fingerprint = sha256(self.signed_by_enough_of(&self.root)?);
        Ok(SignedRoot { root: self.root, envelope: self.envelope, fingerprint })
    }

    fn signed_by_enough_of(&self, root: &TrustRoot) -> Result<&[u8], RootError> {
        let (keys, threshold) = root.signers(&KeyRole::Root);
        match self.envelope.open(PAYLOAD_TYPE, &keys, threshold) {
            Ok(verified) => Ok(verified.payload),
            Err(EnvelopeError::Threshold { signed, needed }) => {
                Err(RootError::Unsigned { version: self.root.version, signed, needed, of: root.version })
            }
            Err(error) => Err(RootError::Envelope(error)),
        }
    }
}
