//! One build at a time in one folder.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::path::Path;

use vak_cli::Ui;

use crate::{Error, Problems};

/// Held as long as it lives, and no longer than the process.
#[derive(Debug)]
pub(crate) struct Lock(#[expect(dead_code, reason = "the open file is the lock")] File);

impl Lock {
    /// Waits for the lock that `file` stands for, and says so if it has to. The file's folder is created.
    pub(crate) fn take(file: &Path, ui: &mut Ui) -> Result<Self, Problems> {
        let failed = |source| Error::Write { path: file.to_owned(), source };
        fs::create_dir_all(file.parent().unwrap_or(file)).map_err(failed)?;
        let open = OpenOptions::new().create(true).truncate(false).write(true).open(file).map_err(failed)?;
        match open.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                ui.note("waiting for another build to end")?;
                open.lock().map_err(failed)?;
            }
            Err(TryLockError::Error(source)) => return Err(failed(source).into()),
        }
        Ok(Self(open))
    }
}
