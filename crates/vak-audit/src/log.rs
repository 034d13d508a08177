//! Writing the log: records are taken, and are in it when a commit says so.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::thread;
use std::time::{Duration, Instant, SystemTime};

use vak_trust::{KeyFileError, LogKey, PublicKey, create_key_file, read_key_file};

use crate::disk::{Disk, Folder};
use crate::encode::Encoder;
use crate::error::LogError;
use crate::layout::{CHECKPOINT, LOCK};
use crate::record::{Kind, Record, RunId, Trail, Value};
use crate::tail::{Leftover, Pending, Tail, Wait};

/// How long another process may hold the log: it writes a few files, and lets go.
const LOCK_TIMEOUT: Duration = Duration::from_secs(30);

/// The first pause between two looks at the lock, and the longest.
const FIRST_PAUSE: Duration = Duration::from_micros(50);
const LONGEST_PAUSE: Duration = Duration::from_millis(2);

/// How much is kept in memory before it is written without being asked for, in bytes.
const MAX_PENDING_BYTES: usize = 4 << 20;

/// When what is recorded is out of this process's hands.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Durability {
    /// At each commit, with the system: a process that is killed loses what it has not committed, a machine that loses
    /// power may lose what was committed in the last seconds.
    #[default]
    Buffered,
    /// The same, and every intent is committed before what it announces is done.
    Effect,
    /// As with `Effect`, and on the disk: nothing that was committed is lost with the power.
    Sync,
}

/// Where a log lies, and how it is written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogConfig {
    folder: PathBuf,
    key: PathBuf,
    durability: Durability,
}

impl LogConfig {
    /// The log below a user's folder of what must not get lost, buffered.
    #[must_use]
    pub fn below(state: &Path) -> Self {
        let key = state.join("keys").join("log.pem");
        Self { folder: state.join("audit"), key, durability: Durability::default() }
    }

    /// The log elsewhere; the key stays where it is.
    #[must_use]
    pub fn folder(mut self, folder: PathBuf) -> Self {
        self.folder = folder;
        self
    }

    /// When what is recorded is out of this process's hands; `Buffered` by default.
    #[must_use]
    pub const fn durability(mut self, durability: Durability) -> Self {
        self.durability = durability;
        self
    }

    /// The folder of the log.
    #[must_use]
    pub fn log_folder(&self) -> &Path {
        &self.folder
    }

    /// The file of the key that signs its checkpoints.
    #[must_use]
    pub fn key_file(&self) -> &Path {
        &self.key
    }
}

/// A log that is open for writing.
///
/// Records are taken by [`AuditLog::append`] and are in the log when [`AuditLog::commit`] has returned. Other processes
/// write to the same log in between; what is appended between two commits lies together in it.
///
/// Every error means that something is not on record, and that what it announces must not be done.
#[derive(Debug)]
pub struct AuditLog {
    disk: Box<dyn Disk>,
    lock: File,
    key: LogKey,
    durability: Durability,
    encoder: Encoder,
    pending: Pending,
    tail: Option<Tail>,
    broken: bool,
}

impl AuditLog {
    /// Opens the log. Folder and key are made if neither is there yet; the log itself begins with the first commit.
    ///
    /// # Errors
    /// Something of it is not this user's own, is missing, or can't be used.
    pub fn open(config: &LogConfig) -> Result<Self, LogError> {
        let LogConfig { folder, key, durability } = config;
        if key.starts_with(folder) {
            return Err(LogError::Unsafe { path: key.clone(), what: "is a key that lies among what it signs" });
        }
        let disk = Box::new(Folder::open(folder)?);
        let key = read_or_make(key, disk.as_ref())?;
        Self::with(disk, key, *durability)
    }

    pub(crate) fn with(disk: Box<dyn Disk>, key: LogKey, durability: Durability) -> Result<Self, LogError> {
        let lock = disk.open_or_make(LOCK).map_err(LogError::io("open", LOCK))?;
        let encoder = Encoder::new().map_err(|_| LogError::NoEntropy)?;
        let (pending, tail) = (Pending::default(), None);
        Ok(Self { disk, lock, key, durability, encoder, pending, tail, broken: false })
    }

    /// The key that its checkpoints are signed with.
    #[must_use]
    pub fn public_key(&self) -> PublicKey {
        self.key.public()
    }

    /// Takes a record of something that happened at `now`, for the next commit.
    ///
    /// # Errors
    /// So much was taken that it had to be committed, and that failed.
    pub fn append(&mut self, record: &Record, now: SystemTime) -> Result<(), LogError> {
        let Self { pending, encoder, .. } = self;
        pending.push(|out| encoder.encode(record, now, out));
        if self.pending.bytes.len() > MAX_PENDING_BYTES { self.commit(now) } else { Ok(()) }
    }

    /// Takes the record of something that is about to happen. Unless the log is buffered, it is in the log afterwards.
    ///
    /// # Errors
    /// It is not on record, and must not happen.
    pub fn intend(&mut self, record: &Record, now: SystemTime) -> Result<(), LogError> {
        self.append(record, now)?;
        match self.durability {
            Durability::Buffered => Ok(()),
            Durability::Effect | Durability::Sync => self.commit(now),
        }
    }

    /// Writes what was taken, and signs that it is there.
    ///
    /// # Errors
    /// Nothing of it counts as recorded, and nothing of it will be: it is not tried again.
    pub fn commit(&mut self, now: SystemTime) -> Result<(), LogError> {
        if self.pending.is_empty() {
            return Ok(());
        }
        let committed = self.locked(|log| log.write(now));
        self.pending.clear();
        if matches!(committed, Err(LogError::Broken)) {
            self.broken = true;
        }
        committed
    }

    fn write(&mut self, now: SystemTime) -> Result<(), LogError> {
        if self.broken {
            return Err(LogError::Broken);
        }
        let wait = if self.durability == Durability::Sync { Wait::Yes } else { Wait::No };
        // If anything fails below, the next commit looks at the files anew.
        let mut tail = match self.tail.take().filter(|tail| tail.is_current(self.disk.as_ref())) {
            Some(tail) => tail,
            None => self.load(wait, now)?,
        };
        tail.extend(&self.pending, self.disk.as_ref(), &self.key, wait)?;
        self.tail = Some(tail);
        Ok(())
    }

    /// Reads the end of the log; puts on record what was cut off.
    fn load(&mut self, wait: Wait, now: SystemTime) -> Result<Tail, LogError> {
        let (mut tail, leftover) = Tail::load(self.disk.as_ref(), &self.key, wait)?;
        if let Some(leftover) = leftover {
            let record = recovered(&leftover, tail.size())?;
            let mut pending = Pending::default();
            pending.push(|out| self.encoder.encode(&record, now, out));
            tail.extend(&pending, self.disk.as_ref(), &self.key, wait)?;
        }
        Ok(tail)
    }

    /// Does it while no other process writes.
    fn locked<T>(&mut self, act: impl FnOnce(&mut Self) -> Result<T, LogError>) -> Result<T, LogError> {
        let begun = Instant::now();
        let mut pause = FIRST_PAUSE;
        while !self.disk.try_lock(&self.lock).map_err(LogError::io("lock", LOCK))? {
            if begun.elapsed() > LOCK_TIMEOUT {
                return Err(LogError::Busy);
            }
            thread::sleep(pause);
            pause = (pause * 2).min(LONGEST_PAUSE);
        }
        let result = act(self);
        // A lock that is not let go of is let go of when this process ends.
        let _ = self.disk.unlock(&self.lock);
        result
    }
}

/// What a writer says of what it has cut off.
fn recovered(leftover: &Leftover, size: u64) -> Result<Record, LogError> {
    let mut trail = Trail::new(RunId::random().map_err(|_| LogError::NoEntropy)?);
    Ok(trail
        .record(Kind::Recovered)
        .with("after", Value::number(size))
        .with("bytes", Value::number(leftover.rest.bytes))
        .with("complete", Value::number(leftover.rest.complete))
        .with("sha256", Value::digest(&leftover.digest())))
}

/// The key in its file. A new one is made for a new log only: a log that is there has a key.
fn read_or_make(path: &Path, disk: &dyn Disk) -> Result<LogKey, LogError> {
    match read_key_file(path, None) {
        Err(KeyFileError::Missing(_)) => {}
        read => return read.map_err(LogError::Key),
    }
    if disk.exists(CHECKPOINT).map_err(LogError::io("look for", CHECKPOINT))? {
        return Err(LogError::KeyGone(path.to_owned()));
    }
    if let Some(folder) = path.parent() {
        drop(Folder::open(folder)?);
    }
    let key = LogKey::generate().map_err(|_| LogError::NoEntropy)?;
    match create_key_file(path, &key, None) {
        // Another process may have made one at the same time; the file decides.
        Ok(()) | Err(KeyFileError::Exists(_)) => read_key_file(path, None).map_err(LogError::Key),
        Err(error) => Err(LogError::Key(error)),
    }
}

#[cfg(test)]
mod tests;
