//! What the record of the build says about the golden cases. No code is run for it.
//!
//! The record is a note that `vak-skill-build` leaves beside the artefact, and nobody has signed it. So a red one is
//! believed, and a green one is worth what the folder is worth in which it lies.

use std::collections::BTreeSet;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use serde::Deserialize;
use vak_model::Code;
use vak_package::{Artefact as _, FileError, Specimen, read_file};

use crate::check::{Check, CheckId, Verdict};
use crate::shown::Shown;

/// The largest record that is read, in bytes.
const MAX_BYTES: u64 = 1 << 20;

/// How many red cases a message names.
const MAX_LISTED: usize = 5;

/// The part of `<artefact>.build.json` that matters here.
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

/// Holds the record beside `file` against the artefact.
pub(crate) fn check(file: &Path, specimen: &Specimen, shown: &Shown) -> Check {
    let check = |verdict, message: String| Check::new(CheckId::GoldenReport, verdict, message);
    let tests = &specimen.document().manifest().tests;
    let path = record_of(file);
    let unknown = |what: &str| {
        let path = shown.path(&path);
        let warning = check(Verdict::Warning, format!("`{path}` {what}: nothing says whether golden cases are green"));
        warning.next("vak-skill-build", "in the skill's folder, builds it and runs them")
    };
    let record: Record = match read_file(&path, MAX_BYTES) {
        Ok(bytes) => match serde_json::from_slice(&bytes) {
            Ok(record) => record,
            Err(_) => return unknown("is no record of a build"),
        },
        Err(FileError::Io { source, .. }) if source.kind() == ErrorKind::NotFound => {
            return if tests.is_empty() { without() } else { unknown("is not there") };
        }
        Err(_) => return unknown("can't be read"),
    };
    if record.module != specimen.id().to_string() {
        return unknown("is the record of another build");
    }
    let red: Vec<_> = record.cases.iter().filter(|case| !case.passed).map(|case| case.name.as_str()).collect();
    if !red.is_empty() {
        let failed =
            check(Verdict::Failed(Code::GoldenNotGreen), format!("these golden cases are red: {}", list(&red)));
        return failed.next("vak-skill-build", "in the skill's folder, builds it and runs them");
    }
    let ran: BTreeSet<_> = record.cases.iter().map(|case| case.name.as_str()).collect();
    match tests.len() {
        0 => without(),
        _ if tests.iter().any(|test| !ran.contains(test.name.as_str())) => unknown("lacks some of the golden cases"),
        1 => check(Verdict::Ok, "1 golden case was green when these bytes were built".to_owned()),
        count => check(Verdict::Ok, format!("{count} golden cases were green when these bytes were built")),
    }
}

fn without() -> Check {
    Check::new(CheckId::GoldenReport, Verdict::Warning, "the manifest has no golden cases")
}

fn record_of(file: &Path) -> PathBuf {
    let mut name = file.as_os_str().to_owned();
    name.push(".build.json");
    name.into()
}

fn list(names: &[&str]) -> String {
    let listed: Vec<_> =
        names.iter().take(MAX_LISTED).map(|name| format!("`{}`", vak_model::printable(name, 80))).collect();
    match names.len().saturating_sub(MAX_LISTED) {
        0 => listed.join(", "),
        more => format!("{} and {more} more", listed.join(", ")),
    }
}
