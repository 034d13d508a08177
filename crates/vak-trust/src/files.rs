//! Writing files so that they are there whole or not at all, after a crash too.

use std::fs::{File, Permissions};
use std::io::{self, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use tempfile::{Builder, NamedTempFile};

/// Writes a new file; fails if there is anything of that name.
pub(crate) fn create(path: &Path, contents: &[u8], mode: u32) -> io::Result<()> {
    let folder = folder_of(path);
    written(&folder, contents, mode)?.persist_noclobber(path).map_err(|error| error.error)?;
    sync(&folder)
}

/// Writes a file in the place of any of that name.
pub(crate) fn replace(path: &Path, contents: &[u8], mode: u32) -> io::Result<()> {
    let folder = folder_of(path);
    written(&folder, contents, mode)?.persist(path).map_err(|error| error.error)?;
    sync(&folder)
}

/// A file under a name of its own, which has its permissions from the moment it is there.
fn written(folder: &Path, contents: &[u8], mode: u32) -> io::Result<NamedTempFile> {
    let mut file = Builder::new().prefix(".vak-").permissions(Permissions::from_mode(mode)).tempfile_in(folder)?;
    file.write_all(contents)?;
    file.as_file().sync_all()?;
    Ok(file)
}

fn folder_of(path: &Path) -> PathBuf {
    match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder.to_owned(),
        _ => PathBuf::from("."),
    }
}

/// A new name is on the disk when its folder is.
fn sync(folder: &Path) -> io::Result<()> {
    File::open(folder)?.sync_all()
}
