//! The folder in which a user's trust root lives: `root.json`, every version as `N.root.json`, and `state.json` with the
//! highest version seen.
//!
//! Versions only go up. Every file is written whole, beside its place, and moved there; a crash leaves the old root or the
//! new one.

use std::fs::{DirBuilder, File};
use std::io;
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};

use rustix::fs::FlockOperation;
use serde::{Deserialize, Serialize};
use vak_model::{Code, Digest};
use vak_package::{FileError, read_file};

use crate::dsse::MAX_ENVELOPE_BYTES;
use crate::files;
use crate::root::{RootError, RootProposal, SignedRoot};
use crate::trust::{ExpiredRoot, Trust};

const ROOT: &str = "root.json";
const STATE: &str = "state.json";
const LOCK: &str = "lock";

/// The largest state file that is looked at, in bytes.
const MAX_STATE_BYTES: u64 = 4 * 1024;

/// A folder with a trust root, or without one yet.
#[derive(Clone, Debug)]
pub struct TrustStore {
    folder: PathBuf,
}

/// The highest version that was ever seen here.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct State {
    version: u64,
    fingerprint: Digest,
}

/// Why the folder's trust root can't be used or replaced.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// There is none.
    #[error("there is no trust root in `{0}`")]
    Missing(PathBuf),
    /// There was one.
    #[error(
        "the trust root in `{folder}` is gone, and version {version} was seen: put `{version}.root.json` in its place"
    )]
    Gone {
        /// The folder.
        folder: PathBuf,
        /// The highest version seen.
        version: u64,
    },
    /// There is one already.
    #[error("there is a trust root in `{0}` already")]
    Exists(PathBuf),
    /// A file can't be read.
    #[error(transparent)]
    Read(#[from] FileError),
    /// A file can't be written.
    #[error("failed to write `{path}`")]
    Write {
        /// Which file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The state file is not one.
    #[error("`{0}` is damaged: it does not say which version was seen")]
    State(PathBuf),
    /// The root is not one, or does not follow.
    #[error("`{path}`: {error}")]
    Root {
        /// Which file.
        path: PathBuf,
        /// Why.
        error: RootError,
    },
    /// The root that is offered is not one, or does not follow.
    #[error(transparent)]
    Offered(#[from] RootError),
}

impl StoreError {
    /// What the error is called.
    #[must_use]
    pub const fn code(&self) -> Code {
        match self {
            Self::Missing(_) | Self::Gone { .. } => Code::TrustMissing,
            Self::Exists(_) | Self::State(_) => Code::TrustMalformed,
            Self::Read(_) => Code::FileRead,
            Self::Write { .. } => Code::FileWrite,
            Self::Root { error, .. } | Self::Offered(error) => error.code(),
        }
    }
}

impl TrustStore {
    /// The store in `folder`, which need not be there yet.
    #[must_use]
    pub const fn at(folder: PathBuf) -> Self {
        Self { folder }
    }

    /// Where the root lies.
    #[must_use]
    pub fn path(&self) -> PathBuf {
        self.folder.join(ROOT)
    }

    /// The root, if there is one: signed by enough of its own keys, and not older than one that was seen before.
    ///
    /// # Errors
    /// The files are damaged, or the root is older.
    pub fn load(&self) -> Result<Option<SignedRoot>, StoreError> {
        let state = self.state()?;
        let path = self.path();
        let Some(json) = read_if_there(&path, MAX_ENVELOPE_BYTES as u64)? else {
            // A root that was seen and is gone is not the same as no root: it would turn trust off, or over.
            let gone = |state: State| StoreError::Gone { folder: self.folder.clone(), version: state.version };
            return state.map_or(Ok(None), |state| Err(gone(state)));
        };
        let at = |error| StoreError::Root { path: path.clone(), error };
        let root = SignedRoot::read(&json).map_err(at)?;
        not_behind(&root, state).map_err(at)?;
        Ok(Some(root))
    }

    /// The root.
    ///
    /// # Errors
    /// There is none, or as for [`TrustStore::load`].
    pub fn require(&self) -> Result<SignedRoot, StoreError> {
        self.load()?.ok_or_else(|| StoreError::Missing(self.folder.clone()))
    }

    /// Whom this root says to trust; nobody, if there is none.
    ///
    /// # Errors
    /// As for [`TrustStore::load`].
    pub fn trust(&self, expired: ExpiredRoot) -> Result<Trust, StoreError> {
        Ok(self.load()?.map_or_else(Trust::nobody, |root| Trust::root(root, expired)))
    }

    /// Puts the first root in its place: one that was made here, or that somebody vouches for ([`SignedRoot::pinned`]).
    ///
    /// # Errors
    /// There is one already, or was.
    pub fn install(&self, root: &SignedRoot) -> Result<(), StoreError> {
        let _lock = self.lock()?;
        if self.load()?.is_some() {
            return Err(StoreError::Exists(self.folder.clone()));
        }
        self.put(root)
    }

    /// Puts the next versions in the place of the root, each of which must follow the one before. All are checked before
    /// any is written.
    ///
    /// # Errors
    /// There is no root, or one of them does not follow.
    pub fn update(&self, next: impl IntoIterator<Item = RootProposal>) -> Result<SignedRoot, StoreError> {
        let _lock = self.lock()?;
        let current = self.require()?;
        let mut chain = Vec::new();
        for proposal in next {
            chain.push(chain.last().unwrap_or(&current).successor(proposal)?);
        }
        chain.iter().try_for_each(|root| self.put(root))?;
        Ok(chain.pop().unwrap_or(current))
    }

    /// The history first, what is trusted next, and last that it was seen: whatever of it a crash leaves out is made good
    /// by the next update, and no version is lost that was trusted.
    fn put(&self, root: &SignedRoot) -> Result<(), StoreError> {
        let version = root.root().version();
        let json = root.to_json();
        self.write(&format!("{version}.root.json"), &json)?;
        self.write(ROOT, &json)?;
        let state = State { version, fingerprint: root.fingerprint() };
        let state = serde_json_canonicalizer::to_vec(&state);
        self.write(STATE, &state.map_err(|_| StoreError::State(self.folder.join(STATE)))?)
    }

    fn write(&self, name: &str, contents: &[u8]) -> Result<(), StoreError> {
        let path = self.folder.join(name);
        files::replace(&path, contents, 0o644).map_err(|source| StoreError::Write { path, source })
    }

    fn state(&self) -> Result<Option<State>, StoreError> {
        let path = self.folder.join(STATE);
        let Some(json) = read_if_there(&path, MAX_STATE_BYTES)? else { return Ok(None) };
        let state = vak_package::parse_json(&json).ok().and_then(|value| serde_json::from_value(value).ok());
        state.map(Some).ok_or(StoreError::State(path))
    }

    /// Held until dropped; two writers come one after the other.
    fn lock(&self) -> Result<File, StoreError> {
        let write = |path: &Path, source: io::Error| StoreError::Write { path: path.to_owned(), source };
        let made = DirBuilder::new().recursive(true).mode(0o700).create(&self.folder);
        made.map_err(|error| write(&self.folder, error))?;
        let path = self.folder.join(LOCK);
        let file = File::options().create(true).truncate(false).write(true).open(&path);
        let file = file.map_err(|error| write(&path, error))?;
        rustix::fs::flock(&file, FlockOperation::LockExclusive).map_err(|error| write(&path, error.into()))?;
        Ok(file)
    }
}

/// Neither older than what was seen, nor another of the same version.
fn not_behind(root: &SignedRoot, state: Option<State>) -> Result<(), RootError> {
    let found = root.root().version();
    match state {
        Some(State { version: seen, .. }) if found < seen => Err(RootError::Rollback { seen, found }),
        Some(State { version, fingerprint }) if found == version && root.fingerprint() != fingerprint => {
            Err(RootError::Forked(version))
        }
        _ => Ok(()),
    }
}

fn read_if_there(path: &Path, max: u64) -> Result<Option<Vec<u8>>, FileError> {
    match read_file(path, max) {
        Ok(contents) => Ok(Some(contents)),
        Err(FileError::Io { source, .. }) if source.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}
