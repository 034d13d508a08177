//! Reading files that strangers may have put there.

use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

use rustix::fs::{Mode, OFlags};

/// A file could not be read as a bounded, regular file.
#[derive(Debug, thiserror::Error)]
pub enum FileError {
    /// The file could not be opened or read.
    #[error("failed to read `{path}`")]
    Io {
        /// Which file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// A folder, pipe, socket or device.
    #[error("`{0}` is not a regular file")]
    NotRegular(PathBuf),
    /// More bytes than allowed.
    #[error("`{path}` has more than {max} bytes")]
    TooLarge {
        /// Which file.
        path: PathBuf,
        /// The bound, in bytes.
        max: u64,
    },
}

/// Reads a regular file of at most `max` bytes.
///
/// A pipe or a device is refused at once: the file is opened without blocking, and looked at before it is read. The
/// length that the file system states is a hint only.
///
/// # Errors
/// See [`FileError`].
pub fn read_file(path: &Path, max: u64) -> Result<Vec<u8>, FileError> {
    let io = |source: std::io::Error| FileError::Io { path: path.to_owned(), source };
    let flags = OFlags::RDONLY | OFlags::NONBLOCK | OFlags::CLOEXEC | OFlags::NOCTTY;
    let file = File::from(rustix::fs::open(path, flags, Mode::empty()).map_err(|errno| io(errno.into()))?);
    let metadata = file.metadata().map_err(io)?;
    if !metadata.is_file() {
        return Err(FileError::NotRegular(path.to_owned()));
    }
    if metadata.len() > max {
        return Err(FileError::TooLarge { path: path.to_owned(), max });
    }
    let mut bytes = Vec::with_capacity(usize::try_from(metadata.len()).unwrap_or(0));
    let read = file.take(max.saturating_add(1)).read_to_end(&mut bytes).map_err(io)?;
    if read as u64 > max {
        return Err(FileError::TooLarge { path: path.to_owned(), max });
    }
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_beyond_the_bound_are_refused_before_they_are_read() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("x");
        std::fs::write(&path, [7; 10]).expect("written");
        assert_eq!(read_file(&path, 10).expect("fits"), [7; 10]);
        assert!(matches!(read_file(&path, 9), Err(FileError::TooLarge { .. })));
        let sparse = File::create(folder.path().join("sparse")).expect("created");
        sparse.set_len(1 << 40).expect("sized");
        assert!(matches!(read_file(&folder.path().join("sparse"), 1 << 20), Err(FileError::TooLarge { .. })));
    }

    #[test]
    fn files_that_lie_about_their_length_are_still_bounded() {
        assert!(matches!(read_file(Path::new("/proc/self/maps"), 16), Err(FileError::TooLarge { .. })));
    }

    #[test]
    fn folders_pipes_and_devices_are_refused_at_once() {
        let folder = tempfile::tempdir().expect("a folder");
        let pipe = folder.path().join("pipe");
        rustix::fs::mkfifoat(rustix::fs::CWD, &pipe, Mode::RUSR | Mode::WUSR).expect("a pipe");
        for path in [folder.path(), &pipe, Path::new("/dev/zero")] {
            assert!(matches!(read_file(path, 100), Err(FileError::NotRegular(_))), "{path:?}");
        }
        assert!(matches!(read_file(Path::new("missing"), 100), Err(FileError::Io { .. })));
    }
}
