//! A folder that is this user's own: its files are read and replaced by no one else.
//!
//! The folder is opened once and looked at again before each use; files are opened relative to it, never through a link,
//! and never in a way that could block.

use std::ffi::CStr;
use std::fs::{DirBuilder, File};
use std::io::{self, Read, Write};
use std::os::fd::OwnedFd;
use std::os::unix::fs::{DirBuilderExt, MetadataExt};
use std::path::{Path, PathBuf};

use rustix::fs::{
    AtFlags, Dir, FileType, FlockOperation, Mode, OFlags, Stat, Timespec, Timestamps, UTIME_NOW, flock, fstat,
    futimens, openat, renameat, statat, unlinkat,
};
use rustix::process::geteuid;

use super::CacheError;
use super::identity::base16;

/// What the names of files begin with that are being written.
const UNFINISHED: &str = ".new-";
/// What the names of files begin with that hold nothing, and say by their lock that somebody is at work.
const CLAIM: &str = ".claim-";

/// Write access of group and others.
const WRITE_OF_OTHERS: u32 = 0o022;
/// Write access of others, and the bit that lets nobody rename the files of somebody else.
const WRITE_OF_ALL: u32 = 0o002;
const STICKY: u32 = 0o1000;
/// All access of group and others.
const ANY_OF_OTHERS: u32 = 0o077;

/// An open folder of this user's.
#[derive(Debug)]
pub(super) struct Folder {
    fd: OwnedFd,
}

/// A file of a folder, as it stands in the list.
#[derive(Debug)]
pub(super) struct Listed {
    pub(super) name: String,
    pub(super) bytes: u64,
    /// When it was written or used last, in seconds and nanoseconds.
    pub(super) used: (i64, i64),
}

impl Folder {
    /// Opens the folder, and makes it if it is not there.
    pub(super) fn open(path: &Path) -> Result<Self, CacheError> {
        if !path.is_absolute() {
            return Err(CacheError::Relative(path.to_owned()));
        }
        let failed = |source: io::Error| CacheError::Io { path: path.to_owned(), source };
        DirBuilder::new().recursive(true).mode(0o700).create(path).map_err(failed)?;
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let fd = match rustix::fs::open(path, flags, Mode::empty()) {
            Ok(fd) => fd,
            // A link answers as what is no folder does.
            Err(rustix::io::Errno::LOOP | rustix::io::Errno::NOTDIR) => {
                return Err(CacheError::Unsafe { path: path.to_owned(), what: "is a link" });
            }
            Err(errno) => return Err(failed(errno.into())),
        };
        let folder = Self { fd };
        folder.check().map_err(|what| CacheError::Unsafe { path: path.to_owned(), what })?;
        check_above(path)?;
        Ok(folder)
    }

    /// Whether the folder is still nobody else's.
    pub(super) fn check(&self) -> Result<(), &'static str> {
        let stat = fstat(&self.fd).map_err(|_| "can't be looked at")?;
        if stat.st_uid != geteuid().as_raw() {
            return Err("belongs to somebody else");
        }
        if stat.st_mode & WRITE_OF_OTHERS != 0 {
            return Err("can be written by others");
        }
        Ok(())
    }

    /// Reads a regular file of this user's, of at most `max` bytes, and notes that it was used.
    pub(super) fn read(&self, name: &str, max: u64) -> io::Result<Vec<u8>> {
        let (file, stat) = self.open_own(name)?;
        let bytes = read_bounded(&file, &stat, max)?;
        let now = Timespec { tv_sec: 0, tv_nsec: UTIME_NOW };
        // On a file system that is read-only there is nothing to note, and nothing is lost by it.
        let _ = futimens(&file, &Timestamps { last_access: now, last_modification: now });
        Ok(bytes)
    }

    /// Reads a regular file that nobody else can read or write.
    pub(super) fn read_secret(&self, name: &str, max: u64) -> io::Result<Vec<u8>> {
        let (file, stat) = self.open_own(name)?;
        if stat.st_mode & ANY_OF_OTHERS != 0 {
            return Err(io::Error::new(io::ErrorKind::PermissionDenied, "others can read or write it"));
        }
        read_bounded(&file, &stat, max)
    }

    fn open_own(&self, name: &str) -> io::Result<(File, Stat)> {
        let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC | OFlags::NOCTTY;
        let file = File::from(openat(&self.fd, name, flags, Mode::empty())?);
        let stat = fstat(&file)?;
        let is_own =
            FileType::from_raw_mode(stat.st_mode) == FileType::RegularFile && stat.st_uid == geteuid().as_raw();
        if is_own { Ok((file, stat)) } else { Err(io::Error::other("not a regular file of this user's")) }
    }

    /// Puts a file in the place of one of that name, or of none: at every moment there is the old file or the new one.
    pub(super) fn replace(&self, name: &str, parts: &[&[u8]]) -> io::Result<()> {
        let unfinished = self.write(parts)?;
        renameat(&self.fd, unfinished.name.as_str(), &self.fd, name)?;
        unfinished.finished();
        Ok(())
    }

    /// Puts a file where there is none; if there is one, it stays as it is.
    pub(super) fn create(&self, name: &str, parts: &[&[u8]]) -> io::Result<()> {
        let unfinished = self.write(parts)?;
        match rustix::fs::linkat(&self.fd, unfinished.name.as_str(), &self.fd, name, AtFlags::empty()) {
            Ok(()) | Err(rustix::io::Errno::EXIST) => Ok(()),
            Err(errno) => Err(errno.into()),
        }
    }

    /// Writes a whole file under a name that nobody reads. It is locked as long as its writer lives.
    fn write(&self, parts: &[&[u8]]) -> io::Result<Unfinished<'_>> {
        let mut random = [0; 8];
        getrandom::fill(&mut random).map_err(io::Error::other)?;
        let name = format!("{UNFINISHED}{}", base16(&random));
        let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let file = File::from(openat(&self.fd, name.as_str(), flags, Mode::RUSR | Mode::WUSR)?);
        let mut unfinished = Unfinished { folder: self, name, file, keep: false };
        flock(&unfinished.file, FlockOperation::NonBlockingLockExclusive)?;
        for part in parts {
            unfinished.file.write_all(part)?;
        }
        unfinished.file.sync_data()?;
        Ok(unfinished)
    }

    /// Claims the work on `name`, unless somebody else has: then there is nothing. The claim ends with its holder.
    pub(super) fn claim(&self, name: &str) -> io::Result<Option<Claim<'_>>> {
        let name = format!("{CLAIM}{name}");
        let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
        let file = File::from(openat(&self.fd, name.as_str(), flags, Mode::RUSR | Mode::WUSR)?);
        match flock(&file, FlockOperation::NonBlockingLockExclusive) {
            Ok(()) => {}
            Err(rustix::io::Errno::WOULDBLOCK) => return Ok(None),
            Err(errno) => return Err(errno.into()),
        }
        let stat = fstat(&file)?;
        if FileType::from_raw_mode(stat.st_mode) != FileType::RegularFile || stat.st_uid != geteuid().as_raw() {
            return Err(io::Error::other("not a regular file of this user's"));
        }
        // The holder before has removed it meanwhile: the next one who comes makes another.
        Ok((stat.st_nlink > 0).then_some(Claim { folder: self, name, _file: file }))
    }

    /// The regular files, without those that are being written and claims. What one who is dead has left of these is
    /// removed.
    pub(super) fn list(&self) -> io::Result<Vec<Listed>> {
        let mut files = Vec::new();
        for entry in Dir::read_from(&self.fd)? {
            let entry = entry?;
            let begins_with = |prefix: &str| entry.file_name().to_bytes().starts_with(prefix.as_bytes());
            if begins_with(UNFINISHED) || begins_with(CLAIM) {
                self.remove_if_left(entry.file_name());
            } else if let (Ok(name), Ok(stat)) =
                (entry.file_name().to_str(), statat(&self.fd, entry.file_name(), AtFlags::SYMLINK_NOFOLLOW))
                && FileType::from_raw_mode(stat.st_mode) == FileType::RegularFile
            {
                let used = (stat.st_mtime, stat.st_mtime_nsec as i64);
                files.push(Listed { name: name.to_owned(), bytes: stat.st_size.unsigned_abs(), used });
            }
        }
        Ok(files)
    }

    /// The system lets go of a lock when its holder ends, however it ends.
    fn remove_if_left(&self, name: &CStr) {
        let Ok((file, _)) = name.to_str().map_err(io::Error::other).and_then(|name| self.open_own(name)) else {
            return;
        };
        let is_dead = flock(&file, FlockOperation::NonBlockingLockExclusive).is_ok();
        // What somebody else has removed in between is not of this name any more.
        if is_dead && fstat(&file).is_ok_and(|stat| stat.st_nlink > 0) {
            // Who is between making and locking its file loses it: a writer will not find it and write nothing, and
            // who wants to claim something tries again.
            let _ = unlinkat(&self.fd, name, AtFlags::empty());
        }
    }

    /// Removes a file, if it is there.
    pub(super) fn remove(&self, name: &str) {
        let _ = unlinkat(&self.fd, name, AtFlags::empty());
    }
}

/// A file that is removed again unless it was finished.
struct Unfinished<'a> {
    folder: &'a Folder,
    name: String,
    file: File,
    keep: bool,
}

impl Unfinished<'_> {
    fn finished(mut self) {
        self.keep = true;
    }
}

impl Drop for Unfinished<'_> {
    fn drop(&mut self) {
        if !self.keep {
            self.folder.remove(&self.name);
        }
    }
}

/// Work that nobody else does as long as this is there.
pub(crate) struct Claim<'a> {
    folder: &'a Folder,
    name: String,
    /// Its lock is the claim.
    _file: File,
}

impl Drop for Claim<'_> {
    fn drop(&mut self) {
        // While the lock is held: nobody can have claimed the same name in another file yet.
        self.folder.remove(&self.name);
    }
}

/// The size is looked at before anything is allocated, and is no more than a hint after.
fn read_bounded(file: &File, stat: &Stat, max: u64) -> io::Result<Vec<u8>> {
    let too_large = || io::Error::other("larger than such a file can be");
    let size = stat.st_size.unsigned_abs();
    if size > max {
        return Err(too_large());
    }
    let mut bytes = Vec::with_capacity(usize::try_from(size).map_err(io::Error::other)?);
    let read = file.take(max.saturating_add(1)).read_to_end(&mut bytes)?;
    if read as u64 > max { Err(too_large()) } else { Ok(bytes) }
}

/// Whoever can write to a folder above can put another one in its place.
fn check_above(path: &Path) -> Result<(), CacheError> {
    let failed = |source: io::Error| CacheError::Io { path: path.to_owned(), source };
    let resolved = path.canonicalize().map_err(failed)?;
    for above in resolved.ancestors().skip(1) {
        let mode = above.metadata().map_err(failed)?.mode();
        if mode & WRITE_OF_ALL != 0 && mode & STICKY == 0 {
            return Err(CacheError::Unsafe { path: PathBuf::from(above), what: "can be written by everybody" });
        }
    }
    Ok(())
}
