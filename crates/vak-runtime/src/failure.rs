//! Why a host call that may be made could not be: what guests are told, and nothing of the host beyond it.

use std::io;

use vak_model::{InvalidKey, InvalidPath};

/// Why a host call failed. The guest gets the code and the message, so that neither may hold a path of the host's.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Failure {
    /// The request is not one that the function takes.
    #[error("the request is not one that this function takes: {0}")]
    RequestInvalid(String),
    /// The request is larger than requests may be.
    #[error("the request has {bytes} bytes, more than {max}")]
    RequestSize {
        /// Its size.
        bytes: u32,
        /// The bound.
        max: u32,
    },
    /// The text is no path.
    #[error("{0}")]
    PathInvalid(#[from] InvalidPath),
    /// It is the operator's own folder, or lies above it: it stays as it is.
    #[error("the operator's own folders stay as they are")]
    PathFixed,
    /// Nothing has that name.
    #[error("there is nothing of that name")]
    NotFound,
    /// Something has that name.
    #[error("there is something of that name")]
    Exists,
    /// It is no regular file.
    #[error("it is no regular file")]
    NotRegular,
    /// It is no folder.
    #[error("it is no folder")]
    NotFolder,
    /// The folder is not empty.
    #[error("the folder is not empty")]
    NotEmpty,
    /// The folder has more entries than are listed.
    #[error("the folder has more than {0} entries")]
    TooMany(usize),
    /// The two names do not lie in one folder of the operator's.
    #[error("the two names lie in different folders of the operator's")]
    OtherFolder,
    /// The disk is full.
    #[error("there is no space left")]
    NoSpace,
    /// The run has written as much, or made as many files and folders, as it may.
    #[error("the run has written as much as it may")]
    FsQuota,
    /// The system refused for another reason.
    #[error("the file system refused: {0}")]
    FsIo(io::ErrorKind),
    /// The store has no value of that key.
    #[error("there is no value of that key")]
    KeyNotFound,
    /// The text is no key.
    #[error("{0}")]
    KeyInvalid(#[from] InvalidKey),
    /// The value or the store would be larger than it may be.
    #[error("the store holds as much as it may")]
    KvQuota,
    /// The store can't be read or written.
    #[error("the store can't be used")]
    KvIo,
    /// So many random bytes are not given at once.
    #[error("{bytes} random bytes are not given at once: ask for 1 to {max}")]
    RandomLength {
        /// What was asked for.
        bytes: u64,
        /// The most that is given.
        max: u64,
    },
    /// The call may be made, and nothing stands behind it here.
    #[error("nothing stands behind this function here")]
    Unavailable,
}

impl Failure {
    /// The stable word for it.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::RequestInvalid(_) => "request.invalid",
            Self::RequestSize { .. } => "request.size",
            Self::PathInvalid(_) => "path.invalid",
            Self::PathFixed => "path.fixed",
            Self::NotFound => "fs.not_found",
            Self::Exists => "fs.exists",
            Self::NotRegular => "fs.not_regular",
            Self::NotFolder => "fs.not_folder",
            Self::NotEmpty => "fs.not_empty",
            Self::TooMany(_) => "fs.too_many",
            Self::OtherFolder => "fs.other_folder",
            Self::NoSpace => "fs.no_space",
            Self::FsQuota => "fs.quota",
            Self::FsIo(_) => "fs.io",
            Self::KeyNotFound => "kv.not_found",
            Self::KeyInvalid(_) => "kv.key",
            Self::KvQuota => "kv.quota",
            Self::KvIo => "kv.io",
            Self::RandomLength { .. } => "random.length",
            Self::Unavailable => "host.unavailable",
        }
    }
}
