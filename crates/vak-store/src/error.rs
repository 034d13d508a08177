//! Why the store does not do what it was asked for.

use std::io;
use std::path::{Path, PathBuf};

use vak_model::{Code, ModuleId};
use vak_package::PackageError;

/// Why something can't be put into the store, found in it, or taken out.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// Another artefact has that name and version.
    #[error("the store holds another `{name}`: {there}")]
    Conflict {
        /// Name and version.
        name: String,
        /// What is there.
        there: ModuleId,
    },
    /// There is no room.
    #[error("the store holds no more than {max} {what}")]
    Full {
        /// The bound.
        max: u64,
        /// What it is a bound of.
        what: &'static str,
    },
    /// The index says something that it can't say.
    #[error("the index `{path}` is damaged: {what}")]
    Index {
        /// Which file.
        path: PathBuf,
        /// What is wrong with it.
        what: String,
    },
    /// A file is not what the index says.
    #[error("`{path}` is not what the index says: {what}")]
    Mismatch {
        /// Which file.
        path: PathBuf,
        /// In what it differs.
        what: &'static str,
    },
    /// The file is what the index says, and is no artefact that this version of VAK takes.
    #[error("`{path}` is no artefact")]
    Package {
        /// Which file.
        path: PathBuf,
        /// Why.
        #[source]
        error: PackageError,
    },
    /// Something lies where a file of the store should: a link, a folder, a pipe.
    #[error("`{0}` is not a regular file")]
    NotRegular(PathBuf),
    /// A file can't be read.
    #[error("failed to read `{path}`")]
    Read {
        /// Which file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// A file can't be written.
    #[error("failed to write `{path}`")]
    Write {
        /// Which file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
}

impl StoreError {
    /// What the error is called.
    #[must_use]
    pub const fn code(&self) -> Code {
        match self {
            Self::Conflict { .. } => Code::StoreConflict,
            Self::Full { .. } => Code::StoreFull,
            Self::Index { .. } => Code::StoreIndex,
            Self::Mismatch { .. } => Code::StoreMismatch,
            Self::Package { error, .. } => error.code(),
            Self::NotRegular(_) | Self::Read { .. } => Code::FileRead,
            Self::Write { .. } => Code::FileWrite,
        }
    }

    pub(crate) fn read(path: &Path, source: impl Into<io::Error>) -> Self {
        Self::Read { path: path.to_owned(), source: source.into() }
    }

    pub(crate) fn write(path: &Path, source: impl Into<io::Error>) -> Self {
        Self::Write { path: path.to_owned(), source: source.into() }
    }
}
