//! Changing files: what is replaced is the old whole or the new whole, and what is made is counted.

use std::io::{self, Write as _};
use std::path::PathBuf;

use cap_std::fs::{Dir, File, OpenOptions, OpenOptionsExt as _, Permissions, PermissionsExt as _};
use vak_model::GuestPath;

use super::{Folders, Place, open, refused};
use crate::failure::Failure;
use crate::world::live::quota::UsedUp;
use crate::world::{FsWrite, Response, WorldError, WriteMode};

/// What a file is called while it is written, before a random part: no two writers take the same.
const TEMPORARY: &str = ".vak-write-";

/// Only for whoever runs the host, until it gets what its predecessor had.
const PRIVATE: u32 = 0o600;

impl Folders {
    pub(in super::super) fn write(&self, request: &FsWrite) -> Result<Response, WorldError> {
        let (dir, rest) = self.inside(&request.path)?;
        let contents = request.contents.as_slice();
        self.written.take(contents.len() as u64)?;
        match request.mode {
            WriteMode::Create => self.create(dir, &rest, contents)?,
            WriteMode::Replace => self.replace(dir, &rest, contents)?,
            WriteMode::Append => self.append(dir, &rest, contents)?,
        }
        Ok(Response::done())
    }

    pub(in super::super) fn remove(&self, path: &GuestPath) -> Result<Response, WorldError> {
        let (dir, rest) = self.inside(path)?;
        let kind = dir.symlink_metadata(rest.as_str()).map_err(refused)?.file_type();
        if kind.is_dir() {
            dir.remove_dir(rest.as_str()).map_err(refused)?;
        } else if kind.is_file() || kind.is_symlink() {
            dir.remove_file(rest.as_str()).map_err(refused)?;
        } else {
            return Err(Failure::NotRegular.into());
        }
        Ok(Response::done())
    }

    pub(in super::super) fn rename(&self, from: &GuestPath, to: &GuestPath) -> Result<Response, WorldError> {
        let ((dir, from), (other, to)) = (self.inside(from)?, self.inside(to)?);
        if !std::ptr::eq(dir, other) {
            return Err(Failure::OtherFolder.into());
        }
        dir.rename(from.as_str(), other, to.as_str()).map_err(refused)?;
        Ok(Response::done())
    }

    /// The folder of something that can be changed: neither that folder itself, nor what lies above the folders.
    fn inside(&self, path: &GuestPath) -> Result<(&Dir, GuestPath), WorldError> {
        match self.find(path)? {
            Place::In(dir, rest) if !rest.is_top() => Ok((dir, rest)),
            Place::In(..) | Place::Above => Err(Failure::PathFixed.into()),
        }
    }

    fn create(&self, dir: &Dir, path: &GuestPath, contents: &[u8]) -> Result<(), WorldError> {
        let mut file = self.make(dir, path)?;
        file.write_all(contents).map_err(|error| {
            // The half of a file is worth nothing; if it can't be removed, there is no more to be done.
            let _ = dir.remove_file(path.as_str());
            refused(error)
        })
    }

    fn append(&self, dir: &Dir, path: &GuestPath, contents: &[u8]) -> Result<(), WorldError> {
        let mut file = match open(dir, path, OpenOptions::new().append(true)) {
            Err(WorldError::Failed(Failure::NotFound)) => self.make(dir, path)?,
            opened => opened?,
        };
        file.write_all(contents).map_err(refused)
    }

    /// Makes a file that is not there, and the folders on the way.
    fn make(&self, dir: &Dir, path: &GuestPath) -> Result<File, WorldError> {
        if dir.symlink_metadata(path.as_str()).is_ok() {
            return Err(Failure::Exists.into());
        }
        self.make_way(dir, path)?;
        self.made.take(1)?;
        open(dir, path, OpenOptions::new().write(true).create_new(true))
    }

    /// Makes the folders that lead to a path, if they are not there.
    fn make_way(&self, dir: &Dir, path: &GuestPath) -> Result<(), WorldError> {
        let Some((way, _)) = path.as_str().rsplit_once('/') else { return Ok(()) };
        match dir.metadata(way) {
            Ok(metadata) if metadata.is_dir() => return Ok(()),
            Ok(_) => return Err(Failure::NotFolder.into()),
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => return Err(refused(error)),
        }
        let ends = way.match_indices('/').map(|(end, _)| end).chain([way.len()]);
        for folder in ends.map(|end| &way[..end]) {
            if dir.symlink_metadata(folder).is_err() {
                self.made.take(1)?;
                dir.create_dir(folder).or_else(exists_already).map_err(refused)?;
            }
        }
        Ok(())
    }

    fn replace(&self, dir: &Dir, path: &GuestPath, contents: &[u8]) -> Result<(), WorldError> {
        let (target, mode) = match dir.metadata(path.as_str()) {
            Ok(metadata) if !metadata.is_file() => return Err(Failure::NotRegular.into()),
            Ok(metadata) => (behind(dir, path)?, Some(metadata.permissions().mode())),
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                if dir.symlink_metadata(path.as_str()).is_ok() {
                    // A link to nothing: what it would make lies where nobody has looked.
                    return Err(Failure::NotFound.into());
                }
                self.make_way(dir, path)?;
                self.made.take(1)?;
                (path.as_str().into(), None)
            }
            Err(error) => return Err(refused(error)),
        };
        let name = target.file_name().ok_or(Failure::NotRegular)?;
        // Held open: both names of the file are those of this very folder, whatever its own name means by then.
        let folder = match target.parent().filter(|parent| !parent.as_os_str().is_empty()) {
            Some(parent) => dir.open_dir(parent).map_err(refused)?,
            None => dir.try_clone().map_err(refused)?,
        };
        let temporary = temporary_name()?;
        fill(&folder, &temporary, contents, mode).and_then(|()| folder.rename(&temporary, &folder, name)).map_err(
            |error| {
                let _ = folder.remove_file(&temporary);
                refused(error)
            },
        )
    }
}

/// Where a file lies that may be reached by a link. Only links are followed here: on a system without `openat2` it opens
/// what it finds, and would wait for the other end of a pipe.
fn behind(dir: &Dir, path: &GuestPath) -> Result<PathBuf, WorldError> {
    if dir.symlink_metadata(path.as_str()).map_err(refused)?.is_symlink() {
        return dir.canonicalize(path.as_str()).map_err(refused);
    }
    Ok(path.as_str().into())
}

/// Makes the file that takes another's place, with what its predecessor let others do.
fn fill(folder: &Dir, name: &str, contents: &[u8], mode: Option<u32>) -> io::Result<()> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    if mode.is_some() {
        options.mode(PRIVATE);
    }
    let mut file = folder.open_with(name, &options)?;
    file.write_all(contents)?;
    mode.map_or(Ok(()), |mode| file.set_permissions(Permissions::from_mode(mode & 0o777)))
}

fn temporary_name() -> Result<String, WorldError> {
    let random = getrandom::u64().map_err(|_| WorldError::Broken("the system gave no random numbers".to_owned()))?;
    Ok(format!("{TEMPORARY}{random:016x}"))
}

impl From<UsedUp> for WorldError {
    fn from(_: UsedUp) -> Self {
        Failure::FsQuota.into()
    }
}

fn exists_already(error: io::Error) -> io::Result<()> {
    if error.kind() == io::ErrorKind::AlreadyExists { Ok(()) } else { Err(error) }
}
