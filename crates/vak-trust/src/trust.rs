//! Whom the operator trusts.

use std::path::{Path, PathBuf};

use vak_model::Code;
use vak_package::{FileError, read_file};

use crate::dsse::MAX_ENVELOPE_BYTES;
use crate::key::{InvalidKey, PublicKey};
use crate::root::{RootError, SignedRoot, TrustRoot};

/// Whose signatures count. Whether signatures count at all is not for it to say.
#[derive(Clone, Debug)]
pub struct Trust(Whom);

#[derive(Clone, Debug)]
enum Whom {
    Nobody,
    Key(PublicKey),
    Root(Box<SignedRoot>, ExpiredRoot),
}

/// What to do with a trust root that should have been replaced.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ExpiredRoot {
    /// Go by it, and say so: for running what is there already.
    Note,
    /// Refuse what it would admit: for taking in something new.
    Refuse,
}

/// A file that says whom to trust can't be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TrustError {
    /// It looks like a trust root.
    #[error(transparent)]
    Root(#[from] RootError),
    /// It looks like anything else.
    #[error("neither a trust root nor a public key: {0}")]
    Key(#[from] InvalidKey),
}

impl TrustError {
    /// What the error is called.
    #[must_use]
    pub const fn code(&self) -> Code {
        match self {
            Self::Root(error) => error.code(),
            Self::Key(_) => Code::KeyUnusable,
        }
    }
}

/// Why a file that the operator names does not say whom to trust.
#[derive(Debug, thiserror::Error)]
pub enum TrustFileError {
    /// It can't be read.
    #[error(transparent)]
    Read(#[from] FileError),
    /// It says something else.
    #[error("`{path}`: {error}")]
    Contents {
        /// Which file.
        path: PathBuf,
        /// What is wrong with it.
        error: TrustError,
    },
}

impl TrustFileError {
    /// What the error is called.
    #[must_use]
    pub const fn code(&self) -> Code {
        match self {
            Self::Read(_) => Code::FileRead,
            Self::Contents { error, .. } => error.code(),
        }
    }
}

impl Trust {
    /// No signature counts: a machine on which nobody has said anything yet.
    #[must_use]
    pub const fn nobody() -> Self {
        Self(Whom::Nobody)
    }

    /// One key, for any skill and alone.
    #[must_use]
    pub const fn key(key: PublicKey) -> Self {
        Self(Whom::Key(key))
    }

    /// The keys of a trust root, each for the skills of its roles.
    #[must_use]
    pub fn root(root: SignedRoot, expired: ExpiredRoot) -> Self {
        Self(Whom::Root(Box::new(root), expired))
    }

    /// Reads the contents of a file that the operator names: a trust root, or one public key in any of its forms.
    ///
    /// # Errors
    /// It is neither.
    pub fn read(contents: &[u8], expired: ExpiredRoot) -> Result<Self, TrustError> {
        if contents.trim_ascii_start().first() == Some(&b'{') {
            return Ok(Self::root(SignedRoot::read(contents)?, expired));
        }
        Ok(Self::key(PublicKey::read(contents)?))
    }

    /// Reads such a file.
    ///
    /// # Errors
    /// It can't be read, or is neither.
    pub fn read_file(path: &Path, expired: ExpiredRoot) -> Result<Self, TrustFileError> {
        let contents = read_file(path, MAX_ENVELOPE_BYTES as u64)?;
        Self::read(&contents, expired).map_err(|error| TrustFileError::Contents { path: path.to_owned(), error })
    }

    /// The trust root, if it is one.
    #[must_use]
    pub fn signed_root(&self) -> Option<&SignedRoot> {
        match &self.0 {
            Whom::Nobody | Whom::Key(_) => None,
            Whom::Root(root, _) => Some(root),
        }
    }

    /// The one key, if it is one.
    #[must_use]
    pub const fn single_key(&self) -> Option<&PublicKey> {
        match &self.0 {
            Whom::Key(key) => Some(key),
            Whom::Nobody | Whom::Root(..) => None,
        }
    }

    /// Every key that something is known of, revoked ones too.
    pub(crate) fn known(&self) -> impl Iterator<Item = PublicKey> {
        let root = self.signed_root().map(SignedRoot::root);
        let keys = root.into_iter().flat_map(TrustRoot::keys).map(|key| key.key);
        self.single_key().copied().into_iter().chain(keys)
    }

    pub(crate) fn refuses_expired(&self) -> bool {
        matches!(self.0, Whom::Root(_, ExpiredRoot::Refuse))
    }
}
