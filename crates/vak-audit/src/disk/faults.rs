//! A disk that fails when a test wants it to.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use super::*;

/// What goes wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fault {
    /// The call number N fails, and no other.
    Once(usize, Errno),
    /// The call number N fails, and all after it: what a writer that is killed leaves.
    From(usize, Errno),
    /// Whatever writes, names or makes something fails.
    NoWrites(Errno),
    /// Writes take a few bytes, and every other one is interrupted.
    Trickle,
    /// The first wait for the disk fails.
    FirstSync(Errno),
}

/// A folder whose calls are counted, and fail as told.
#[derive(Debug)]
pub(crate) struct Faulty {
    folder: Folder,
    fault: Fault,
    calls: Arc<AtomicUsize>,
    syncs: AtomicUsize,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Call {
    Look,
    Change,
    Sync,
}

impl Faulty {
    /// The disk, and how many calls it has had.
    pub(crate) fn new(path: &Path, fault: Fault) -> (Self, Arc<AtomicUsize>) {
        let calls = Arc::new(AtomicUsize::new(0));
        let folder = Folder::open(path).expect("a folder");
        (Self { folder, fault, calls: Arc::clone(&calls), syncs: AtomicUsize::new(0) }, calls)
    }

    fn call<T>(&self, kind: Call, act: impl FnOnce() -> io::Result<T>) -> io::Result<T> {
        let number = self.calls.fetch_add(1, Ordering::Relaxed) + 1;
        let sync = if kind == Call::Sync { self.syncs.fetch_add(1, Ordering::Relaxed) + 1 } else { 0 };
        match self.fault {
            Fault::Once(at, errno) if number == at => Err(errno.into()),
            Fault::From(at, errno) if number >= at => Err(errno.into()),
            Fault::NoWrites(errno) if kind != Call::Look => Err(errno.into()),
            Fault::FirstSync(errno) if sync == 1 => Err(errno.into()),
            _ => act(),
        }
    }
}

impl Disk for Faulty {
    fn open(&self, path: &str) -> io::Result<File> {
        self.call(Call::Look, || self.folder.open(path))
    }
    fn open_or_make(&self, path: &str) -> io::Result<File> {
        // The lock is there before anything goes wrong.
        self.call(Call::Look, || self.folder.open_or_make(path))
    }
    fn make(&self, path: &str) -> io::Result<File> {
        self.call(Call::Change, || self.folder.make(path))
    }
    fn read(&self, file: &File, max: u64) -> io::Result<Vec<u8>> {
        self.call(Call::Look, || self.folder.read(file, max))
    }
    fn write(&self, file: &File, bytes: &[u8]) -> io::Result<usize> {
        self.call(Call::Change, || match self.fault {
            Fault::Trickle if self.calls.load(Ordering::Relaxed).is_multiple_of(2) => Err(Errno::INTR.into()),
            Fault::Trickle => self.folder.write(file, &bytes[..bytes.len().min(7)]),
            // Half of it is there when the space is used up.
            Fault::From(..) => self.folder.write(file, &bytes[..bytes.len().div_ceil(2)]),
            _ => self.folder.write(file, bytes),
        })
    }
    fn len(&self, file: &File) -> io::Result<u64> {
        self.call(Call::Look, || self.folder.len(file))
    }
    fn truncate(&self, file: &File, len: u64) -> io::Result<()> {
        self.call(Call::Change, || self.folder.truncate(file, len))
    }
    fn sync(&self, file: &File) -> io::Result<()> {
        self.call(Call::Sync, || self.folder.sync(file))
    }
    fn sync_folder_of(&self, path: &str) -> io::Result<()> {
        self.call(Call::Sync, || self.folder.sync_folder_of(path))
    }
    fn rename(&self, from: &str, to: &str) -> io::Result<()> {
        self.call(Call::Change, || self.folder.rename(from, to))
    }
    fn link(&self, from: &str, to: &str) -> io::Result<()> {
        self.call(Call::Change, || self.folder.link(from, to))
    }
    fn remove(&self, path: &str) -> io::Result<()> {
        self.call(Call::Change, || self.folder.remove(path))
    }
    fn remove_folder(&self, path: &str) -> io::Result<()> {
        self.call(Call::Change, || self.folder.remove_folder(path))
    }
    fn try_lock(&self, file: &File) -> io::Result<bool> {
        self.call(Call::Look, || self.folder.try_lock(file))
    }
    fn unlock(&self, file: &File) -> io::Result<()> {
        self.call(Call::Look, || self.folder.unlock(file))
    }
    fn exists(&self, path: &str) -> io::Result<bool> {
        self.call(Call::Look, || self.folder.exists(path))
    }
}
