//! What the record of the build says about the golden cases. No code is run for it.
//!
//! `vak-skill-build` leaves the record beside the artefact. It is a note and no proof: it keeps an author from signing what
//! is known to be red, and nobody else from anything.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde::Deserialize;
use vak_cli::{Failure, quote};
use vak_model::Code;
use vak_package::{Artefact as _, FileError, Package, read_file};

use crate::place::shown;

/// The largest record that is read, in bytes.
const MAX_BYTES: u64 = 1 << 20;

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

/// What is known of the golden cases of these very bytes.
#[derive(Debug, PartialEq, Eq)]
enum Golden {
    Green,
    /// There are none.
    Without,
    Red(Vec<String>),
    Unknown(String),
}

/// Whether what the record of `file` says stands in the way of signing. Answers what there is to warn of.
pub(crate) fn check(file: &Path, package: &Package, is_required: bool) -> Result<Option<String>, Failure> {
    let missing = |why: &str| {
        Err(Failure::new(Code::GoldenNotGreen, format!("green golden cases are required, and {why}"))
            .fact("file", shown(file).display().to_string())
            .next("vak-skill-build", "in the skill's folder, builds it and runs them"))
    };
    match golden(file, package) {
        Golden::Green => Ok(None),
        Golden::Red(red) => {
            Err(Failure::new(Code::GoldenNotGreen, format!("golden cases of this build are red: {}", red.join(", ")))
                .fact("record", shown(&record_of(file)).display().to_string())
                .next("vak-skill-build", "in the skill's folder, builds it and runs them"))
        }
        Golden::Without if is_required => missing("the skill has none"),
        Golden::Without => Ok(None),
        Golden::Unknown(why) if is_required => missing(&why),
        Golden::Unknown(why) => Ok(Some(format!("{why}, so nobody knows whether its golden cases are green"))),
    }
}

fn record_of(file: &Path) -> PathBuf {
    let mut name = file.as_os_str().to_owned();
    name.push(".build.json");
    name.into()
}

fn golden(file: &Path, package: &Package) -> Golden {
    let path = record_of(file);
    let name = quote(&shown(&path).display().to_string());
    let bytes = match read_file(&path, MAX_BYTES) {
        Ok(bytes) => bytes,
        Err(FileError::Io { source, .. }) if source.kind() == std::io::ErrorKind::NotFound => {
            return Golden::Unknown(format!("there is no record of a build in `{name}`"));
        }
        Err(error) => return Golden::Unknown(error.to_string()),
    };
    match serde_json::from_slice(&bytes) {
        Ok(record) => judged(&record, package, &name),
        Err(_) => Golden::Unknown(format!("`{name}` is not the record of a build")),
    }
}

fn judged(record: &Record, package: &Package, name: &str) -> Golden {
    if record.module != package.id().to_string() {
        return Golden::Unknown(format!("`{name}` is the record of another build"));
    }
    let red = record.cases.iter().filter(|case| !case.passed);
    let red: Vec<_> = red.map(|case| format!("`{}`", vak_model::printable(&case.name, 80))).collect();
    if !red.is_empty() {
        return Golden::Red(red);
    }
    let ran: BTreeMap<_, _> = record.cases.iter().map(|case| (case.name.as_str(), case.passed)).collect();
    let tests = &package.document().manifest().tests;
    if tests.iter().any(|test| !ran.contains_key(test.name.as_str())) {
        return Golden::Unknown(format!("`{name}` lacks some of the skill's golden cases"));
    }
    if tests.is_empty() { Golden::Without } else { Golden::Green }
}
