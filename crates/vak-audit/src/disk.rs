//! The log's folder: this user's own, opened once, with files that are opened relative to it and never through a link.
//!
//! All that a writer asks of the system goes through [`Disk`], so that tests can have any of it fail.

use std::fmt;
use std::fs::{DirBuilder, File};
use std::io::{self, Read, Write};
use std::os::fd::OwnedFd;
use std::os::unix::fs::{DirBuilderExt, MetadataExt};
use std::path::{Path, PathBuf};

use rustix::fs::{
    AtFlags, FlockOperation, Mode, OFlags, RenameFlags, flock, fstat, ftruncate, linkat, mkdirat, openat, renameat,
    renameat_with, statat, unlinkat,
};
use rustix::io::Errno;
use rustix::process::geteuid;

use crate::error::LogError;

/// Write access of group and others.
const WRITE_OF_OTHERS: u32 = 0o022;
/// Write access of others, and the bit that lets nobody rename the files of somebody else.
const WRITE_OF_ALL: u32 = 0o002;
const STICKY: u32 = 0o1000;

const FOR_ME: Mode = Mode::from_raw_mode(0o600);
const FOLDER_FOR_ME: Mode = Mode::from_raw_mode(0o700);

/// What a writer does to files; paths are relative to the log's folder.
pub(crate) trait Disk: fmt::Debug + Send {
    /// Opens a file of this user's alone, to read it and to write at its end.
    fn open(&self, path: &str) -> io::Result<File>;
    /// The same; it is made if it is not there.
    fn open_or_make(&self, path: &str) -> io::Result<File>;
    /// Makes a file, in the place of any file of that name.
    fn make(&self, path: &str) -> io::Result<File>;
    /// Reads from the file's beginning, `max` bytes at most.
    fn read(&self, file: &File, max: u64) -> io::Result<Vec<u8>>;
    /// Writes some of the bytes at the file's end, and says how many.
    fn write(&self, file: &File, bytes: &[u8]) -> io::Result<usize>;
    /// How long the file is.
    fn len(&self, file: &File) -> io::Result<u64>;
    /// Cuts the file.
    fn truncate(&self, file: &File, len: u64) -> io::Result<()>;
    /// Waits until the file is on the disk.
    fn sync(&self, file: &File) -> io::Result<()>;
    /// Waits until the names in the folder of `path` are on the disk.
    fn sync_folder_of(&self, path: &str) -> io::Result<()>;
    /// Moves a file over any of the new name.
    fn rename(&self, from: &str, to: &str) -> io::Result<()>;
    /// Gives a file a second name, in the place of any file of that name.
    fn link(&self, from: &str, to: &str) -> io::Result<()>;
    /// Takes a name away.
    fn remove(&self, path: &str) -> io::Result<()>;
    /// Removes a folder with the files in it.
    fn remove_folder(&self, path: &str) -> io::Result<()>;
    /// Locks a file if nobody else has; the system lets go of it when the file is closed, however its holder ends.
    fn try_lock(&self, file: &File) -> io::Result<bool>;
    /// Lets go of it.
    fn unlock(&self, file: &File) -> io::Result<()>;
    /// Whether there is anything of that name.
    fn exists(&self, path: &str) -> io::Result<bool>;
}

/// The folder itself.
#[derive(Debug)]
pub(crate) struct Folder {
    fd: OwnedFd,
}

impl Folder {
    /// Opens the folder, and makes it if it is not there.
    pub(crate) fn open(path: &Path) -> Result<Self, LogError> {
        if !path.is_absolute() {
            return Err(LogError::Relative(path.to_owned()));
        }
        let failed = |source| LogError::Io { doing: "open", path: path.display().to_string(), source };
        let not = |what| LogError::Unsafe { path: path.to_owned(), what };
        DirBuilder::new().recursive(true).mode(0o700).create(path).map_err(|error| match error.kind() {
            io::ErrorKind::AlreadyExists | io::ErrorKind::NotADirectory => not("is not a folder"),
            _ => failed(error),
        })?;
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let fd = rustix::fs::open(path, flags, Mode::empty()).map_err(|errno| match errno {
            // A link answers as what is no folder does.
            Errno::LOOP | Errno::NOTDIR => not("is a link, or not a folder"),
            errno => failed(errno.into()),
        })?;
        let stat = fstat(&fd).map_err(|errno| failed(errno.into()))?;
        if stat.st_uid != geteuid().as_raw() {
            return Err(not("belongs to somebody else"));
        }
        if stat.st_mode & WRITE_OF_OTHERS != 0 {
            return Err(not("can be written by others"));
        }
        check_above(path)?;
        Ok(Self { fd })
    }

    fn open_file(&self, path: &str, flags: OFlags) -> io::Result<File> {
        let flags = flags | OFlags::RDWR | OFlags::APPEND | OFlags::NOFOLLOW;
        let flags = flags | OFlags::NONBLOCK | OFlags::CLOEXEC | OFlags::NOCTTY;
        let file = File::from(openat(&self.fd, path, flags, FOR_ME)?);
        let metadata = file.metadata()?;
        let wrong = if !metadata.is_file() {
            "is not a regular file"
        } else if metadata.uid() != geteuid().as_raw() {
            "belongs to somebody else"
        } else if metadata.mode() & WRITE_OF_OTHERS != 0 {
            "can be written by others"
        } else {
            return Ok(file);
        };
        Err(io::Error::new(io::ErrorKind::PermissionDenied, wrong))
    }

    /// Does it, and if a folder is missing for it, once more when it is there.
    fn with_folders<T>(&self, path: &str, act: impl Fn() -> io::Result<T>) -> io::Result<T> {
        match act() {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                self.make_folders_for(path)?;
                act()
            }
            result => result,
        }
    }

    fn make_folders_for(&self, path: &str) -> io::Result<()> {
        for (at, _) in path.match_indices('/') {
            match mkdirat(&self.fd, &path[..at], FOLDER_FOR_ME) {
                Ok(()) | Err(Errno::EXIST) => {}
                Err(errno) => return Err(errno.into()),
            }
        }
        Ok(())
    }

    fn open_folder(&self, path: &str) -> io::Result<OwnedFd> {
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        Ok(openat(&self.fd, path, flags, Mode::empty())?)
    }
}

impl Disk for Folder {
    fn open(&self, path: &str) -> io::Result<File> {
        self.open_file(path, OFlags::empty())
    }

    fn open_or_make(&self, path: &str) -> io::Result<File> {
        self.with_folders(path, || self.open_file(path, OFlags::CREATE))
    }

    /// A file that is made anew has nothing to be cut: some file systems bring a file to the disk when it is closed after
    /// it was cut to nothing, which takes a hundred times as long as all the rest.
    fn make(&self, path: &str) -> io::Result<File> {
        self.with_folders(path, || match self.open_file(path, OFlags::CREATE | OFlags::EXCL) {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
                self.remove(path)?;
                self.open_file(path, OFlags::CREATE | OFlags::EXCL)
            }
            made => made,
        })
    }

    fn read(&self, file: &File, max: u64) -> io::Result<Vec<u8>> {
        read_bounded(file, max)
    }

    fn write(&self, mut file: &File, bytes: &[u8]) -> io::Result<usize> {
        file.write(bytes)
    }

    fn len(&self, file: &File) -> io::Result<u64> {
        Ok(file.metadata()?.len())
    }

    fn truncate(&self, file: &File, len: u64) -> io::Result<()> {
        Ok(ftruncate(file, len)?)
    }

    fn sync(&self, file: &File) -> io::Result<()> {
        file.sync_data()
    }

    fn sync_folder_of(&self, path: &str) -> io::Result<()> {
        let folder = path.rsplit_once('/').map_or(".", |(folder, _)| folder);
        File::from(self.open_folder(folder)?).sync_all()
    }

    /// Two files change places, and the old one is removed: as with [`Disk::make`], a plain rename over a file would wait
    /// for the disk.
    fn rename(&self, from: &str, to: &str) -> io::Result<()> {
        let rename = |flags| renameat_with(&self.fd, from, &self.fd, to, flags);
        self.with_folders(to, || match rename(RenameFlags::NOREPLACE) {
            Err(Errno::EXIST) => match rename(RenameFlags::EXCHANGE) {
                // What stays behind is in nobody's way, and is removed by whoever makes the next file.
                Ok(()) => self.remove(from).or(Ok(())),
                Err(_) => Ok(renameat(&self.fd, from, &self.fd, to)?),
            },
            Err(Errno::INVAL | Errno::NOSYS) => Ok(renameat(&self.fd, from, &self.fd, to)?),
            renamed => Ok(renamed?),
        })
    }

    fn link(&self, from: &str, to: &str) -> io::Result<()> {
        match linkat(&self.fd, from, &self.fd, to, AtFlags::empty()) {
            // What a writer has left that has come to no end.
            Err(Errno::EXIST) => {
                unlinkat(&self.fd, to, AtFlags::empty())?;
                Ok(linkat(&self.fd, from, &self.fd, to, AtFlags::empty())?)
            }
            result => Ok(result?),
        }
    }

    fn remove(&self, path: &str) -> io::Result<()> {
        Ok(unlinkat(&self.fd, path, AtFlags::empty())?)
    }

    fn remove_folder(&self, path: &str) -> io::Result<()> {
        let folder = self.open_folder(path)?;
        for entry in rustix::fs::Dir::read_from(&folder)? {
            let entry = entry?;
            if !matches!(entry.file_name().to_bytes(), b"." | b"..") {
                unlinkat(&folder, entry.file_name(), AtFlags::empty())?;
            }
        }
        Ok(unlinkat(&self.fd, path, AtFlags::REMOVEDIR)?)
    }

    fn try_lock(&self, file: &File) -> io::Result<bool> {
        match flock(file, FlockOperation::NonBlockingLockExclusive) {
            Ok(()) => Ok(true),
            Err(Errno::WOULDBLOCK) => Ok(false),
            Err(errno) => Err(errno.into()),
        }
    }

    fn unlock(&self, file: &File) -> io::Result<()> {
        Ok(flock(file, FlockOperation::Unlock)?)
    }

    fn exists(&self, path: &str) -> io::Result<bool> {
        match statat(&self.fd, path, AtFlags::SYMLINK_NOFOLLOW) {
            Ok(_) => Ok(true),
            Err(Errno::NOENT) => Ok(false),
            Err(errno) => Err(errno.into()),
        }
    }
}

/// The size is looked at before anything is allocated, and is no more than a hint after.
pub(crate) fn read_bounded(file: &File, max: u64) -> io::Result<Vec<u8>> {
    let too_large = || io::Error::other("it is larger than such a file can be");
    let size = file.metadata()?.len();
    if size > max {
        return Err(too_large());
    }
    let mut bytes = Vec::with_capacity(usize::try_from(size).map_err(io::Error::other)?);
    let read = file.take(max.saturating_add(1)).read_to_end(&mut bytes)?;
    if read as u64 > max { Err(too_large()) } else { Ok(bytes) }
}

/// Whoever can write to a folder above can put another one in its place.
fn check_above(path: &Path) -> Result<(), LogError> {
    let failed = |source| LogError::Io { doing: "look above", path: path.display().to_string(), source };
    let resolved = path.canonicalize().map_err(failed)?;
    for above in resolved.ancestors().skip(1) {
        let mode = above.metadata().map_err(failed)?.mode();
        if mode & WRITE_OF_ALL != 0 && mode & STICKY == 0 {
            return Err(LogError::Unsafe { path: PathBuf::from(above), what: "can be written by everybody" });
        }
    }
    Ok(())
}

#[cfg(test)]
pub(crate) mod faults;
