//! The cache of compiled code: what was compiled once is loaded by later processes. Beside it lies what each `skill.yaml`
//! was read as, under the same rules.
//!
//! An entry is loaded only if it lies in a folder of this user's that nobody else can write to, is one of this user's
//! regular files, and carries a tag that was made with this user's key for exactly this name. Anything else is a miss:
//! never an error, never another module's code. Nothing is mapped from a file: it could change afterwards.

use std::io;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::thread;
use std::time::{Duration, Instant};

use super::entry::{Key, Kind, open, seal};
use super::folder::{Claim, Folder, Listed};
use super::{Code, EntryName};
use crate::CacheConfig;

/// How many entries there may be: all of them are looked at when one is written.
const MAX_ENTRIES: usize = 4096;

/// How long who waits for another process rests between two looks. The system has no lock to wait for with an end.
const LONGEST_PAUSE: Duration = Duration::from_millis(16);

/// Why the cache is not used.
#[derive(Debug, thiserror::Error)]
pub enum CacheError {
    /// Its place depends on the folder that the program was started in, which may be a stranger's.
    #[error("`{}` is not an absolute path", .0.display())]
    Relative(PathBuf),
    /// Somebody else may have put something there.
    #[error("`{}` {what}", path.display())]
    Unsafe {
        /// A folder or file.
        path: PathBuf,
        /// What is wrong with it.
        what: &'static str,
    },
    /// Something can't be read or made.
    #[error("`{}` can't be used", path.display())]
    Io {
        /// What.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
}

impl CacheError {
    /// Whether somebody should look at it: it is more than a place that is missing or can't be written.
    #[must_use]
    pub const fn is_suspicious(&self) -> bool {
        matches!(self, Self::Unsafe { .. })
    }
}

/// How much the cache holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CacheSize {
    /// The number of entries.
    pub entries: usize,
    /// Their sizes together, in bytes.
    pub bytes: u64,
    /// What that may be at most.
    pub max_bytes: u64,
}

/// An open cache.
#[derive(Debug)]
pub(crate) struct Cache {
    folder: Folder,
    key: Key,
    max_bytes: u64,
}

impl Cache {
    /// Opens the cache; folder and key are made if they are not there.
    pub(crate) fn open(config: &CacheConfig) -> Result<Self, CacheError> {
        let CacheConfig { folder, key, max_bytes } = config;
        if key.starts_with(folder) {
            return Err(CacheError::Unsafe { path: key.clone(), what: "is a key that lies among what it is for" });
        }
        Ok(Self { folder: Folder::open(folder)?, key: read_or_make(key)?, max_bytes: *max_bytes })
    }

    /// The code of that name, if it is there and as this user's processes have written it.
    pub(crate) fn load(&self, name: &EntryName) -> Option<Code> {
        let (bytes, code) = self.read(Kind::Code, name)?;
        Some(Code { bytes, code })
    }

    /// What the text of that name was read as, if this user's processes have noted it.
    pub(crate) fn recall(&self, name: &EntryName) -> Option<Vec<u8>> {
        let (bytes, value) = self.read(Kind::Text, name)?;
        bytes.get(value).map(<[u8]>::to_vec)
    }

    fn read(&self, kind: Kind, name: &EntryName) -> Option<(Vec<u8>, Range<usize>)> {
        self.folder.check().ok()?;
        let bytes = self.folder.read(&name.file(), kind.max_bytes().min(self.max_bytes)).ok()?;
        let contents = open(&self.key, kind, name, &bytes)?;
        Some((bytes, contents))
    }

    /// Claims the work of compiling what `name` is to name, for this process alone; waits for another one that is at it,
    /// for as long as `patience` at most. Without a claim (a process that takes long, or a folder that takes no file) the
    /// work is done all the same: then it is done twice.
    pub(crate) fn claim(&self, name: &EntryName, patience: Duration) -> Option<Claim<'_>> {
        self.folder.check().ok()?;
        let until = Instant::now() + patience;
        let mut pause = Duration::from_millis(1);
        loop {
            match self.folder.claim(&name.file()) {
                Ok(None) if Instant::now() < until => thread::sleep(pause),
                claimed => return claimed.ok().flatten(),
            }
            pause = (pause * 2).min(LONGEST_PAUSE);
        }
    }

    /// Keeps code for later. Where that fails, later processes compile again.
    pub(crate) fn store(&self, name: &EntryName, code: &Code) {
        self.write(Kind::Code, name, code.bytes());
    }

    /// Keeps what a text was read as. Where that fails, later processes read it again.
    pub(crate) fn note(&self, name: &EntryName, value: &[u8]) {
        self.write(Kind::Text, name, value);
    }

    fn write(&self, kind: Kind, name: &EntryName, contents: &[u8]) {
        let (header, tag) = seal(&self.key, kind, name, contents);
        let parts = [&header[..], contents, &tag];
        let bytes: usize = parts.iter().map(|part| part.len()).sum();
        if bytes as u64 > kind.max_bytes().min(self.max_bytes) || self.folder.check().is_err() {
            return;
        }
        if self.folder.replace(&name.file(), &parts).is_ok() {
            // What can't be listed can't be made smaller either; the next process tries again.
            let _ = self.shrink();
        }
    }

    /// Removes what was not used for longest, until what is left is within bounds.
    fn shrink(&self) -> io::Result<()> {
        let mut entries = self.entries()?;
        entries.sort_by_key(|entry| std::cmp::Reverse(entry.used));
        let mut sum = 0;
        for (i, entry) in entries.iter().enumerate() {
            sum += entry.bytes;
            if sum > self.max_bytes || i >= MAX_ENTRIES {
                self.folder.remove(&entry.name);
            }
        }
        Ok(())
    }

    fn entries(&self) -> io::Result<Vec<Listed>> {
        let is_entry = |name: &str| name.len() == 64 && name.bytes().all(|byte| byte.is_ascii_hexdigit());
        Ok(self.folder.list()?.into_iter().filter(|file| is_entry(&file.name)).collect())
    }

    /// How much there is.
    pub(crate) fn size(&self) -> io::Result<CacheSize> {
        let entries = self.entries()?;
        let bytes = entries.iter().map(|entry| entry.bytes).sum();
        Ok(CacheSize { entries: entries.len(), bytes, max_bytes: self.max_bytes })
    }
}

/// The key in a file of this user's alone; a new one if there is none.
fn read_or_make(path: &Path) -> Result<Key, CacheError> {
    let failed = |source: io::Error| CacheError::Io { path: path.to_owned(), source };
    let unsafe_key = |what| CacheError::Unsafe { path: path.to_owned(), what };
    let (Some(above), Some(name)) = (path.parent(), path.file_name().and_then(|name| name.to_str())) else {
        return Err(failed(io::ErrorKind::InvalidInput.into()));
    };
    let folder = Folder::open(above)?;
    let bytes = match folder.read_secret(name, 32) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            let mut key = [0; 32];
            getrandom::fill(&mut key).map_err(|error| failed(io::Error::other(error)))?;
            folder.create(name, &[&key]).map_err(failed)?;
            // Another process may have made one at the same time; the file decides.
            folder.read_secret(name, 32)
        }
        read => read,
    };
    let bytes = bytes.map_err(|_| unsafe_key("is no file that this user alone can read; remove it for a new one"))?;
    <[u8; 32]>::try_from(bytes).map(Key).map_err(|_| unsafe_key("is not a key; remove it for a new one"))
}
