//! Reading and writing files so that they are there whole or not at all, after a crash too. Links are never followed at
//! their last step, and the process's own mask decides who may read what is written.

use std::fs::{self, File, Permissions};
use std::io::{self, Read, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use rustix::fs::{FlockOperation, Mode, OFlags};
use rustix::io::Errno;
use tempfile::Builder;

use crate::StoreError;

/// What the names of files begin with that are being written.
const UNFINISHED: &str = ".new-";

/// Before the process's mask takes its bits away.
const MODE: u32 = 0o644;

/// What a file holds, of at most `max` bytes; none if there is none.
pub(crate) fn read(path: &Path, max: u64) -> Result<Option<Vec<u8>>, StoreError> {
    let failed = |source: io::Error| StoreError::read(path, source);
    let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC | OFlags::NOCTTY;
    let file = match rustix::fs::open(path, flags, Mode::empty()) {
        Ok(file) => File::from(file),
        Err(Errno::NOENT) => return Ok(None),
        Err(Errno::LOOP | Errno::NXIO) => return Err(StoreError::NotRegular(path.to_owned())),
        Err(errno) => return Err(failed(errno.into())),
    };
    let metadata = file.metadata().map_err(failed)?;
    if !metadata.is_file() {
        return Err(StoreError::NotRegular(path.to_owned()));
    }
    let too_large = || failed(io::Error::new(io::ErrorKind::FileTooLarge, format!("it has more than {max} bytes")));
    if metadata.len() > max {
        return Err(too_large());
    }
    let mut bytes = Vec::with_capacity(usize::try_from(metadata.len()).unwrap_or(0));
    let count = file.take(max.saturating_add(1)).read_to_end(&mut bytes).map_err(failed)?;
    if count as u64 > max { Err(too_large()) } else { Ok(Some(bytes)) }
}

/// Puts a file into `folder`, in the place of one of that name: at every moment there is the old one or the new one.
pub(crate) fn replace(folder: &Path, name: &str, contents: &[u8]) -> Result<(), StoreError> {
    let path = folder.join(name);
    let failed = |source: io::Error| StoreError::write(&path, source);
    let mut file = Builder::new()
        .prefix(UNFINISHED)
        .permissions(Permissions::from_mode(MODE))
        .tempfile_in(folder)
        .map_err(failed)?;
    file.write_all(contents).map_err(failed)?;
    file.as_file().sync_all().map_err(failed)?;
    file.persist(&path).map_err(|error| failed(error.error))?;
    sync(folder)
}

/// A new name, or one that is gone, is so on the disk when its folder is.
pub(crate) fn sync(folder: &Path) -> Result<(), StoreError> {
    File::open(folder).and_then(|folder| folder.sync_all()).map_err(|error| StoreError::write(folder, error))
}

/// Removes what writers have left that died. The caller holds the lock, so that none of them is alive.
pub(crate) fn remove_unfinished(folder: &Path) -> Result<usize, StoreError> {
    let unfinished = names(folder)?.into_iter().filter(|name| name.starts_with(UNFINISHED));
    let mut removed = 0;
    for name in unfinished {
        remove(&folder.join(name))?;
        removed += 1;
    }
    Ok(removed)
}

/// Removes a file, if it is there.
pub(crate) fn remove(path: &Path) -> Result<(), StoreError> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(StoreError::write(path, error)),
        _ => Ok(()),
    }
}

/// The names in a folder, sorted; none if it is not there. What is not text is nothing that the store has written.
pub(crate) fn names(folder: &Path) -> Result<Vec<String>, StoreError> {
    let entries = match fs::read_dir(folder) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        entries => entries.map_err(|error| StoreError::read(folder, error))?,
    };
    let mut names = Vec::new();
    for entry in entries {
        let entry = entry.map_err(|error| StoreError::read(folder, error))?;
        names.extend(entry.file_name().into_string());
    }
    names.sort();
    Ok(names)
}

/// Waits for the lock, which is held until dropped; the system lets go of it when its holder dies.
pub(crate) fn lock(path: &Path) -> Result<File, StoreError> {
    let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
    let file =
        rustix::fs::open(path, flags, Mode::from_raw_mode(MODE)).map_err(|error| StoreError::write(path, error))?;
    loop {
        match rustix::fs::flock(&file, FlockOperation::LockExclusive) {
            Ok(()) => return Ok(file.into()),
            Err(Errno::INTR) => {}
            Err(error) => return Err(StoreError::write(path, error)),
        }
    }
}
