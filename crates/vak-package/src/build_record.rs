//! What the record of a build, `<artefact>.build.json`, says of the golden cases of an artefact.
//!
//! `vak-skill-build` leaves it beside the artefact, and nobody has signed it: it keeps an author from signing or releasing
//! what is known to be red, and nobody else from anything. No code is run for it.

use std::collections::BTreeSet;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use serde::Deserialize;
use vak_model::{Manifest, ModuleId};

use crate::file::{FileError, read_file};

/// The largest record that is read, in bytes.
const MAX_BYTES: u64 = 1 << 20;

/// The part of the record that matters here.
#[derive(Debug, Deserialize)]
struct Record {
    module: String,
    cases: Vec<Case>,
}

#[derive(Debug, Deserialize)]
struct Case {
    name: String,
    passed: bool,
}

/// What is known of the golden cases of an artefact.
#[derive(Debug)]
pub enum GoldenRecord {
    /// All have passed with these very bytes.
    Green,
    /// The manifest has none.
    Without,
    /// The ones with these names have not passed.
    Red(Vec<String>),
    /// There is no record.
    Missing,
    /// The record can't be read.
    Unreadable(FileError),
    /// The file is no record.
    Malformed,
    /// The record is of another module.
    OtherBuild,
    /// The record lacks some of the manifest's cases.
    Incomplete,
}

/// The record of the build of an artefact.
#[must_use]
pub fn build_record(artefact: &Path) -> PathBuf {
    let mut name = artefact.as_os_str().to_owned();
    name.push(".build.json");
    name.into()
}

impl GoldenRecord {
    /// What the record beside `artefact` says of the module `id` with that manifest.
    #[must_use]
    pub fn read(artefact: &Path, id: ModuleId, manifest: &Manifest) -> Self {
        match read_file(&build_record(artefact), MAX_BYTES) {
            Ok(bytes) => serde_json::from_slice(&bytes).map_or(Self::Malformed, |record| judge(&record, id, manifest)),
            Err(FileError::Io { source, .. }) if source.kind() == ErrorKind::NotFound => Self::Missing,
            Err(error) => Self::Unreadable(error),
        }
    }
}

fn judge(record: &Record, id: ModuleId, manifest: &Manifest) -> GoldenRecord {
    if record.module != id.to_string() {
        return GoldenRecord::OtherBuild;
    }
    let red: Vec<_> = record.cases.iter().filter(|case| !case.passed).map(|case| case.name.clone()).collect();
    if !red.is_empty() {
        return GoldenRecord::Red(red);
    }
    let ran: BTreeSet<_> = record.cases.iter().map(|case| case.name.as_str()).collect();
    if manifest.tests.iter().any(|test| !ran.contains(test.name.as_str())) {
        return GoldenRecord::Incomplete;
    }
    if manifest.tests.is_empty() { GoldenRecord::Without } else { GoldenRecord::Green }
}
