//! Writing files so that they are there whole or not at all, with the permissions that they had.

use std::fs::{self, File, Permissions};
use std::io::{self, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use tempfile::Builder;
use vak_cli::Failure;
use vak_model::Code;

/// Puts `contents` in the place of what `path` holds; says whether that changed anything.
pub(crate) fn replace(path: &Path, contents: &[u8]) -> Result<bool, Failure> {
    replaced(path, contents).map_err(|error| {
        Failure::new(Code::FileWrite, format!("failed to write `{}`", path.display())).caused_by(&error)
    })
}

fn replaced(path: &Path, contents: &[u8]) -> io::Result<bool> {
    if fs::read(path).is_ok_and(|there| there == contents) {
        return Ok(false);
    }
    let mode = fs::metadata(path).map_or(0o644, |metadata| metadata.permissions().mode() & 0o7777);
    let folder = match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    };
    let mut file = Builder::new().prefix(".vak-").tempfile_in(folder)?;
    file.write_all(contents)?;
    file.as_file().set_permissions(Permissions::from_mode(mode))?;
    file.as_file().sync_all()?;
    file.persist(path)?;
    // A new name is on the disk when its folder is.
    File::open(folder)?.sync_all()?;
    Ok(true)
}

/// `path`, from here if it lies below: as people would write it.
pub(crate) fn shown(path: &Path) -> PathBuf {
    let here = std::env::current_dir().and_then(|here| here.canonicalize()).ok();
    here.and_then(|here| path.strip_prefix(here).ok()).unwrap_or(path).to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn permissions_stay_and_nothing_else_is_left_behind() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("x");
        fs::write(&path, "old").expect("written");
        fs::set_permissions(&path, Permissions::from_mode(0o750)).expect("set");
        assert!(replace(&path, b"new").expect("written"));
        assert!(!replace(&path, b"new").expect("the same"));
        assert_eq!(fs::read(&path).expect("there"), b"new");
        assert_eq!(fs::metadata(&path).expect("there").permissions().mode() & 0o7777, 0o750);
        assert_eq!(folder.path().read_dir().expect("readable").count(), 1);
        assert_eq!(replace(&folder.path().join("no/where"), b"").expect_err("nowhere").code(), Code::FileWrite);
    }
}
