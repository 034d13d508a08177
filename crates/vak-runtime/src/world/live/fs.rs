//! Files: folders that are opened once, and nothing that leads out of them.

mod links;
mod write;

use std::collections::BTreeSet;
use std::io::{self, Read as _, Seek as _, SeekFrom};
use std::path::Path;

use cap_std::ambient_authority;
use cap_std::fs::{Dir, File, FileType, MetadataExt as _, OpenOptions, OpenOptionsExt as _};
use rustix::fs::OFlags;
use serde::Serialize;
use vak_model::GuestPath;

pub(super) use self::links::Last;
use super::quota::{Budget, FS_MADE, FS_WRITTEN_BYTES};
use super::{FsRead, Response, WorldError};
use crate::failure::Failure;

/// The most entries that are listed, so that a folder of millions costs no more memory than one of these.
const MAX_ENTRIES: usize = 10_000;

/// The operator's folders by the names that guests know them by.
pub(super) struct Folders {
    folders: Vec<(GuestPath, Dir)>,
    written: Budget,
    made: Budget,
}

impl Default for Folders {
    fn default() -> Self {
        Self { folders: Vec::new(), written: Budget::of(FS_WRITTEN_BYTES), made: Budget::of(FS_MADE) }
    }
}

/// Where a guest's path leads.
enum Place<'a> {
    /// Into a folder: the folder, and the path below it.
    In(&'a Dir, GuestPath),
    /// Above the folders: what lies there are parts of their names.
    Above,
}

#[derive(Serialize)]
struct Listing {
    entries: Vec<Listed>,
}

#[derive(Serialize, PartialEq, Eq, PartialOrd, Ord)]
struct Listed {
    name: String,
    kind: &'static str,
}

#[derive(Serialize)]
struct Stat {
    kind: &'static str,
    size: u64,
    links: u64,
}

impl Folders {
    pub(super) fn add(&mut self, name: GuestPath, path: &Path) -> Result<(), WorldError> {
        let opened = Dir::open_ambient_dir(path, ambient_authority());
        let dir = opened.map_err(|source| WorldError::Folder { path: path.display().to_string(), source })?;
        self.folders.push((name, dir));
        Ok(())
    }

    /// The folder with the longest name that the path begins with.
    fn find(&self, path: &GuestPath) -> Result<Place<'_>, WorldError> {
        let mut found: Option<(&GuestPath, &Dir, GuestPath)> = None;
        for (name, dir) in &self.folders {
            let Some(rest) = path.below(name) else { continue };
            let longer =
                found.as_ref().is_none_or(|(other, ..)| other.is_top() || name.as_str().len() > other.as_str().len());
            if longer {
                found = Some((name, dir, rest));
            }
        }
        match found {
            Some((_, dir, rest)) => Ok(Place::In(dir, rest)),
            None if self.folders.iter().any(|(name, _)| name.below(path).is_some()) => Ok(Place::Above),
            None => Err(Failure::NotFound.into()),
        }
    }

    pub(super) fn read(&self, request: &FsRead) -> Result<Response, WorldError> {
        let Place::In(dir, rest) = self.find(&request.path)? else { return Err(Failure::NotRegular.into()) };
        let file = open(dir, &rest, OpenOptions::new().read(true))?;
        let mut file = file.into_std();
        match file.seek(SeekFrom::Start(request.offset)) {
            Ok(_) => {}
            // Beyond what any file can have.
            Err(error) if error.kind() == io::ErrorKind::InvalidInput => return Ok(Response::bytes(Vec::new())),
            Err(error) => return Err(refused(error)),
        }
        // What the file says of its size decides about nothing but how soon the memory is there.
        let said = file.metadata().map_err(refused)?.len().saturating_sub(request.offset);
        let expected = usize::try_from(said).unwrap_or(usize::MAX).min(request.length);
        let mut bytes = Vec::with_capacity(expected);
        file.take(request.length as u64).read_to_end(&mut bytes).map_err(refused)?;
        Ok(Response::bytes(bytes))
    }

    pub(super) fn list(&self, path: &GuestPath) -> Result<Response, WorldError> {
        let mut entries = match self.find(path)? {
            Place::In(dir, rest) => entries(dir, &rest)?,
            Place::Above => self.names_below(path),
        };
        entries.sort();
        Ok(Response::json(&Listing { entries }))
    }

    /// The next parts of the names of all folders below a path.
    fn names_below(&self, path: &GuestPath) -> Vec<Listed> {
        let rests = self.folders.iter().filter_map(|(name, _)| name.below(path));
        let parts: BTreeSet<String> =
            rests.filter_map(|rest| rest.as_str().split('/').next().map(str::to_owned)).collect();
        parts.into_iter().map(|name| Listed { name, kind: "folder" }).collect()
    }

    pub(super) fn stat(&self, path: &GuestPath) -> Result<Response, WorldError> {
        let Place::In(dir, rest) = self.find(path)? else {
            return Ok(Response::json(&Stat { kind: "folder", size: 0, links: 1 }));
        };
        let metadata = dir.metadata(rest.as_str()).map_err(refused)?;
        Ok(Response::json(&Stat { kind: kind(metadata.file_type()), size: metadata.len(), links: metadata.nlink() }))
    }
}

/// Opens a regular file, and nothing else: without waiting for the other end of a pipe, and without making a terminal
/// this process's own.
fn open(dir: &Dir, path: &GuestPath, options: &mut OpenOptions) -> Result<File, WorldError> {
    let flags = (OFlags::NONBLOCK | OFlags::NOCTTY).bits().cast_signed();
    let file = dir.open_with(path.as_str(), options.custom_flags(flags)).map_err(refused)?;
    if file.metadata().map_err(refused)?.is_file() { Ok(file) } else { Err(Failure::NotRegular.into()) }
}

fn entries(dir: &Dir, path: &GuestPath) -> Result<Vec<Listed>, WorldError> {
    let mut listed = Vec::new();
    for entry in dir.read_dir(path.as_str()).map_err(refused)? {
        let entry = entry.map_err(refused)?;
        // A name that no path can have can't be asked for either.
        let Ok(name) = entry.file_name().into_string() else { continue };
        if GuestPath::try_from(name.as_str()).is_err() {
            continue;
        }
        if listed.len() == MAX_ENTRIES {
            return Err(Failure::TooMany(MAX_ENTRIES).into());
        }
        listed.push(Listed { name, kind: kind(entry.file_type().map_err(refused)?) });
    }
    Ok(listed)
}

fn kind(of: FileType) -> &'static str {
    if of.is_file() {
        "file"
    } else if of.is_dir() {
        "folder"
    } else if of.is_symlink() {
        "link"
    } else {
        "other"
    }
}

/// What an error of the file system's means to a guest. Of the system's own words nothing is passed on.
fn refused(error: io::Error) -> WorldError {
    use io::ErrorKind as Kind;
    let failure = match error.kind() {
        // The sandbox has no error of its own for a path that leads out, but the system's has a number.
        Kind::PermissionDenied if error.raw_os_error().is_none() => return WorldError::Escapes,
        Kind::NotFound => Failure::NotFound,
        Kind::AlreadyExists => Failure::Exists,
        Kind::NotADirectory => Failure::NotFolder,
        Kind::IsADirectory => Failure::NotRegular,
        Kind::DirectoryNotEmpty => Failure::NotEmpty,
        Kind::StorageFull | Kind::QuotaExceeded | Kind::FileTooLarge => Failure::NoSpace,
        _ if error.raw_os_error() == Some(rustix::io::Errno::NXIO.raw_os_error()) => Failure::NotRegular,
        kind => Failure::FsIo(kind),
    };
    failure.into()
}
