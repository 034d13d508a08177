//! Key files. A secret one is its owner's alone: it is made so, and not read otherwise.

use std::fs::File;
use std::io::Read;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use rustix::fs::{Mode, OFlags};
use vak_model::Code;
use zeroize::Zeroizing;

use super::{PublicKey, PublicKeyForm, Role, SecretKey, SecretKeyError};
use crate::files;

/// The largest file that is looked at for a secret key, in bytes.
const MAX_SECRET_BYTES: u64 = 16 * 1024;

/// Why a key file can't be used.
#[derive(Debug, thiserror::Error)]
pub enum KeyFileError {
    /// There is none.
    #[error("there is no key file `{0}`")]
    Missing(PathBuf),
    /// It can't be opened or read.
    #[error("failed to read the key file `{path}`")]
    Read {
        /// Which file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// A folder, a pipe or a device.
    #[error("the key file `{0}` is not a regular file")]
    NotRegular(PathBuf),
    /// Too large for a key.
    #[error("the key file `{0}` is larger than keys are")]
    TooLarge(PathBuf),
    /// Not the user's own.
    #[error("the key file `{0}` belongs to another user")]
    Foreign(PathBuf),
    /// Others may read or write it.
    #[error("the key file `{path}` has mode {mode:04o}: others than its owner may use it")]
    Exposed {
        /// Which file.
        path: PathBuf,
        /// Its permissions.
        mode: u32,
    },
    /// Its contents are no key.
    #[error("the key file `{path}` can't be used: {error}")]
    Contents {
        /// Which file.
        path: PathBuf,
        /// Why.
        error: SecretKeyError,
    },
    /// There is one already.
    #[error("`{0}` is there already, and keys are never overwritten")]
    Exists(PathBuf),
    /// It can't be written.
    #[error("failed to write the key file `{path}`")]
    Write {
        /// Which file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
}

impl KeyFileError {
    /// What the error is called.
    #[must_use]
    pub const fn code(&self) -> Code {
        match self {
            Self::Missing(_) => Code::KeyMissing,
            Self::Read { .. } => Code::FileRead,
            Self::NotRegular(_) | Self::TooLarge(_) => Code::KeyUnusable,
            Self::Foreign(_) | Self::Exposed { .. } => Code::KeyExposed,
            Self::Contents { error, .. } => error.code(),
            Self::Exists(_) => Code::KeyExists,
            Self::Write { .. } => Code::FileWrite,
        }
    }
}

/// Reads a secret key from a file that belongs to this user and that nobody else may read or write.
///
/// What is looked at is the opened file, so that another one can't be put in its place in between.
///
/// # Errors
/// See [`KeyFileError`].
pub fn read_key_file<R: Role>(path: &Path, passphrase: Option<&[u8]>) -> Result<SecretKey<R>, KeyFileError> {
    let contents = read_private(path)?;
    SecretKey::read(&contents, passphrase).map_err(|error| KeyFileError::Contents { path: path.to_owned(), error })
}

fn read_private(path: &Path) -> Result<Zeroizing<Vec<u8>>, KeyFileError> {
    let flags = OFlags::RDONLY | OFlags::NONBLOCK | OFlags::CLOEXEC | OFlags::NOCTTY;
    let read = |source: std::io::Error| KeyFileError::Read { path: path.to_owned(), source };
    let file = rustix::fs::open(path, flags, Mode::empty()).map_err(|errno| match errno {
        rustix::io::Errno::NOENT => KeyFileError::Missing(path.to_owned()),
        _ => read(errno.into()),
    })?;
    let file = File::from(file);
    let metadata = file.metadata().map_err(read)?;
    if !metadata.is_file() {
        return Err(KeyFileError::NotRegular(path.to_owned()));
    }
    if metadata.uid() != rustix::process::geteuid().as_raw() {
        return Err(KeyFileError::Foreign(path.to_owned()));
    }
    if metadata.mode() & 0o077 != 0 {
        return Err(KeyFileError::Exposed { path: path.to_owned(), mode: metadata.mode() & 0o7777 });
    }
    if metadata.len() > MAX_SECRET_BYTES {
        return Err(KeyFileError::TooLarge(path.to_owned()));
    }
    // Room for all of it at once: a vector that grows leaves copies behind that are not overwritten.
    let mut contents = Zeroizing::new(Vec::with_capacity(MAX_SECRET_BYTES as usize + 1));
    let count = file.take(MAX_SECRET_BYTES + 1).read_to_end(&mut contents).map_err(read)?;
    if count as u64 > MAX_SECRET_BYTES {
        return Err(KeyFileError::TooLarge(path.to_owned()));
    }
    Ok(contents)
}

/// Writes a secret key into a new file that only its owner can read.
///
/// The file has its permissions from the moment it is there, and appears under its name whole or not at all.
///
/// # Errors
/// See [`KeyFileError`]; a file that is there already is left as it is.
pub fn create_key_file<R: Role>(
    path: &Path,
    key: &SecretKey<R>,
    passphrase: Option<&[u8]>,
) -> Result<(), KeyFileError> {
    let contents = key.to_pem(passphrase).map_err(|error| KeyFileError::Contents { path: path.to_owned(), error })?;
    create(path, contents.as_bytes(), 0o600)
}

/// Writes a public key into a new file.
///
/// # Errors
/// See [`KeyFileError`]; a file that is there already is left as it is.
pub fn create_public_file(
    path: &Path,
    key: &PublicKey,
    form: PublicKeyForm,
    comment: &str,
) -> Result<(), KeyFileError> {
    create(path, &key.write(form, comment), 0o644)
}

fn create(path: &Path, contents: &[u8], mode: u32) -> Result<(), KeyFileError> {
    let failed = |source: std::io::Error| match source.kind() {
        std::io::ErrorKind::AlreadyExists => KeyFileError::Exists(path.to_owned()),
        _ => KeyFileError::Write { path: path.to_owned(), source },
    };
    files::create(path, contents, mode).map_err(failed)
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::super::PublisherKey;
    use super::*;

    fn key() -> PublisherKey {
        PublisherKey::from_seed(&[7; 32])
    }

    fn read(path: &Path) -> Result<PublicKey, Code> {
        read_key_file::<super::super::Publisher>(path, None).map(|key| key.public()).map_err(|error| error.code())
    }

    #[test]
    fn v7_a_key_file_is_its_owner_s_alone() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("default.pem");
        create_key_file(&path, &key(), None).expect("written");
        let mode = |mode| std::fs::set_permissions(&path, std::fs::Permissions::from_mode(mode)).expect("set");
        assert_eq!(std::fs::metadata(&path).expect("there").mode() & 0o7777, 0o600);
        assert_eq!(read(&path), Ok(key().public()));
        mode(0o400);
        assert_eq!(read(&path), Ok(key().public()));
        for open in [0o640, 0o604, 0o620, 0o602, 0o660, 0o644, 0o601] {
            mode(open);
            assert_eq!(read(&path), Err(Code::KeyExposed), "{open:o}");
        }
    }

    #[test]
    fn v7_a_key_file_of_another_user_is_refused() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("default.pem");
        create_key_file(&path, &key(), None).expect("written");
        if std::os::unix::fs::chown(&path, Some(65_534), None).is_err() {
            // Only root can give a file away; a file of root's is another user's for everybody else.
            assert_eq!(read(Path::new("/etc/shadow")).expect_err("not ours").fault(), vak_model::Fault::Environment);
            return;
        }
        assert_eq!(read(&path), Err(Code::KeyExposed));
    }

    #[test]
    fn a_key_file_is_never_overwritten() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("default.pem");
        create_key_file(&path, &key(), None).expect("written");
        let other = PublisherKey::from_seed(&[8; 32]);
        assert_eq!(create_key_file(&path, &other, None).expect_err("there").code(), Code::KeyExists);
        let dangling = folder.path().join("link");
        std::os::unix::fs::symlink(folder.path().join("nowhere"), &dangling).expect("a link");
        assert_eq!(create_key_file(&dangling, &other, None).expect_err("there").code(), Code::KeyExists);
        assert_eq!(read(&path), Ok(key().public()));
    }

    #[test]
    fn what_is_no_key_file_is_named() {
        let folder = tempfile::tempdir().expect("a folder");
        let place = |name: &str| folder.path().join(name);
        assert_eq!(read(&place("missing")), Err(Code::KeyMissing));
        assert_eq!(read(folder.path()), Err(Code::KeyUnusable));
        assert_eq!(read(Path::new("/dev/null")), Err(Code::KeyUnusable));
        let fifo = place("fifo");
        rustix::fs::mkfifoat(rustix::fs::CWD, &fifo, Mode::RUSR | Mode::WUSR).expect("a pipe");
        assert_eq!(read(&fifo), Err(Code::KeyUnusable));
        create(&place("large"), &[b'x'; 20_000], 0o600).expect("written");
        assert_eq!(read(&place("large")), Err(Code::KeyUnusable));
        create(&place("text"), b"no key", 0o600).expect("written");
        assert_eq!(read(&place("text")), Err(Code::KeyUnusable));
        assert_eq!(create(&place("no/folder"), b"", 0o600).expect_err("nowhere").code(), Code::FileWrite);
        create_public_file(&place("pub"), &key().public(), PublicKeyForm::Spki, "").expect("written");
        assert_eq!(PublicKey::read(&std::fs::read(place("pub")).expect("there")), Ok(key().public()));
    }
}
