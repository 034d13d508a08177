//! Why a log can't be written or read, and where one is not what it was.

use std::fmt;
use std::io;
use std::path::PathBuf;

use vak_model::Code;
use vak_trust::KeyFileError;

use crate::checkpoint::CheckpointError;

/// Why something is not on record. Whoever gets this must not do what was to be recorded.
#[derive(Debug, thiserror::Error)]
pub enum LogError {
    /// Its place depends on the folder that the program was started in, which may be a stranger's.
    #[error("the log's folder `{}` is not an absolute path", .0.display())]
    Relative(PathBuf),
    /// Somebody else may have put something there, or may change what is put there.
    #[error("`{}` {what}", path.display())]
    Unsafe {
        /// A folder or file.
        path: PathBuf,
        /// What is wrong with it.
        what: &'static str,
    },
    /// The key can't be used.
    #[error("the log's key can't be used")]
    Key(#[source] KeyFileError),
    /// The system gives no random numbers.
    #[error("the system gave no random numbers for the log")]
    NoEntropy,
    /// There is a log, and the key that signed it is gone.
    #[error("the log has no key any more: `{}` is gone", .0.display())]
    KeyGone(PathBuf),
    /// A file can't be read or written.
    #[error("failed to {doing} the log's `{path}`")]
    Io {
        /// What was to be done.
        doing: &'static str,
        /// The file, by its path in the log's folder.
        path: String,
        /// Why.
        source: io::Error,
    },
    /// Another process does not let go of it.
    #[error("the log is in use by another process, which does not let go of it")]
    Busy,
    /// What is there is not what was written.
    #[error("the log is not as it was written: {0}")]
    Mismatch(Mismatch),
    /// An earlier write failed in a way after which nobody knows what is on the disk.
    #[error("the log could not be brought to the disk, and is not written any more by this process")]
    Broken,
}

impl From<Mismatch> for LogError {
    fn from(place: Mismatch) -> Self {
        Self::Mismatch(place)
    }
}

impl LogError {
    /// What the error is called: where nothing can be recorded, nothing is run, whatever the reason.
    #[must_use]
    pub const fn code(&self) -> Code {
        Code::AuditUnavailable
    }

    pub(crate) fn io(doing: &'static str, path: impl Into<String>) -> impl FnOnce(io::Error) -> Self {
        move |source| Self::Io { doing, path: path.into(), source }
    }
}

/// Why a log or a proof can't be read.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    /// There is no log.
    #[error("there is no log in `{}`", .0.display())]
    Missing(PathBuf),
    /// A file can't be read.
    #[error("failed to read the log's `{path}`")]
    Io {
        /// The file, by its path in the log's folder.
        path: String,
        /// Why.
        source: io::Error,
    },
    /// There is no entry of that number.
    #[error("there is no entry {index}: the log has {size}")]
    NoEntry {
        /// Which.
        index: u64,
        /// How many there are.
        size: u64,
    },
    /// The log was changed.
    #[error("{0}")]
    Mismatch(#[from] Mismatch),
}

impl ReadError {
    /// What the error is called.
    #[must_use]
    pub const fn code(&self) -> Code {
        match self {
            Self::Missing(_) | Self::Io { .. } => Code::FileRead,
            Self::NoEntry { .. } => Code::UsageArguments,
            Self::Mismatch(_) => Code::AuditMismatch,
        }
    }
}

/// A place at which a log is not what its checkpoint says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mismatch {
    /// The file, by its path in the log's folder.
    pub file: String,
    /// The entry's number in the log, if it is about one.
    pub entry: Option<u64>,
    /// Where in the file the entry or the hash begins, in bytes.
    pub offset: Option<u64>,
    /// What is wrong.
    pub what: Wrong,
}

/// What is wrong at a place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Wrong {
    /// It is not there.
    Missing,
    /// It ends before all is there that the checkpoint covers.
    Short,
    /// An entry is not the one that the log's hashes are made of.
    Entry,
    /// A hash is not the one that the entries make.
    Hash,
    /// Entries and hashes fit each other, and are not those that were signed.
    Root,
    /// The checkpoint does not count.
    Checkpoint(CheckpointError),
    /// The log is smaller than an older checkpoint says, or was made anew since.
    Older(u64),
    /// The log is another one than that of the older checkpoint.
    OtherLog(String),
}

impl Mismatch {
    pub(crate) fn of(file: impl Into<String>, what: Wrong) -> Self {
        Self { file: file.into(), entry: None, offset: None, what }
    }

    pub(crate) const fn entry(mut self, entry: u64) -> Self {
        self.entry = Some(entry);
        self
    }

    pub(crate) const fn at(mut self, offset: u64) -> Self {
        self.offset = Some(offset);
        self
    }
}

impl std::error::Error for Mismatch {}

impl fmt::Display for Mismatch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.what {
            Wrong::Missing => write!(f, "`{}` is missing", self.file)?,
            Wrong::Short => write!(f, "`{}` ends too early", self.file)?,
            Wrong::Entry => write!(f, "an entry in `{}` was changed", self.file)?,
            Wrong::Hash => write!(f, "a hash in `{}` was changed", self.file)?,
            Wrong::Root => write!(f, "the entries are not those that `{}` was signed for", self.file)?,
            Wrong::Checkpoint(error) => write!(f, "`{}` does not count: {error}", self.file)?,
            Wrong::Older(size) => write!(f, "the log does not continue the older checkpoint of {size} entries")?,
            Wrong::OtherLog(origin) => write!(f, "the older checkpoint is that of another log, `{origin}`")?,
        }
        if let Some(entry) = self.entry {
            write!(f, ", entry {entry}")?;
        }
        self.offset.iter().try_for_each(|offset| write!(f, ", byte {offset}"))
    }
}
