//! Reports in their forms, and where they go.

use std::fs::Permissions;
use std::io::{self, Write as _};
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use clap::ValueEnum;
use vak_cli::Failure;
use vak_model::Code;

use crate::report::Report;
use crate::{human, junit, sarif};

/// In what form everything is told.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// A list for people
    #[default]
    Human,
    /// One object, for scripts
    Json,
    /// SARIF 2.1.0, for tools that show findings beside the source
    Sarif,
    /// JUnit's XML, for CI systems that show tests
    Junit,
}

impl Format {
    /// The whole report in this form.
    pub(crate) fn render(self, report: &Report<'_>) -> Result<Vec<u8>, Failure> {
        let rendered = match self {
            Self::Human => Ok(human::list(report.artefacts).into_bytes()),
            Self::Json => serde_json::to_vec(report).map_err(io::Error::other),
            Self::Sarif => serde_json::to_vec(&sarif::log(report)).map_err(io::Error::other),
            Self::Junit => junit::suites(report),
        };
        let mut bytes = rendered.map_err(Failure::from)?;
        if !bytes.is_empty() && !bytes.ends_with(b"\n") {
            bytes.push(b'\n');
        }
        Ok(bytes)
    }
}

/// Puts a report at `path`: whole, or not at all.
pub(crate) fn write(path: &Path, bytes: &[u8]) -> Result<(), Failure> {
    replace(path, bytes).map_err(|error| {
        Failure::new(Code::FileWrite, format!("failed to write `{}`", path.display())).caused_by(&error)
    })
}

fn replace(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let readable = Permissions::from_mode(0o666);
    let mut file = tempfile::Builder::new().prefix(".vak-").permissions(readable).tempfile_in(folder)?;
    file.write_all(bytes)?;
    file.as_file().sync_all()?;
    file.persist(path).map(drop).map_err(|error| error.error)
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn a_report_takes_the_place_of_another_or_leaves_nothing() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("report.json");
        write(&path, b"one").expect("written");
        write(&path, b"two").expect("written");
        assert_eq!(fs::read(&path).expect("there"), b"two");
        assert_ne!(fs::metadata(&path).expect("there").permissions().mode() & 0o044, 0, "others may read it");
        fs::create_dir(folder.path().join("taken")).expect("a folder");
        let error = write(&folder.path().join("taken"), b"x").expect_err("a folder");
        assert_eq!(error.code(), Code::FileWrite);
        assert_eq!(fs::read_dir(folder.path()).expect("readable").count(), 2, "no file is left behind");
        assert!(write(&folder.path().join("nowhere/x"), b"x").is_err());
    }
}
