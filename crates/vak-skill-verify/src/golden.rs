//! What the record of the build says about the golden cases, as a check.
//!
//! The record is a note that nobody has signed. So a red one is believed, and a green one is worth what the folder is worth
//! in which it lies.

use std::path::Path;

use vak_model::Code;
use vak_package::{Artefact as _, GoldenRecord, Specimen, build_record};

use crate::check::{Check, CheckId, Verdict};
use crate::shown::Shown;

/// How many red cases a message names.
const MAX_LISTED: usize = 5;

/// Holds the record beside `file` against the artefact.
pub(crate) fn check(file: &Path, specimen: &Specimen, shown: &Shown) -> Check {
    let check = |verdict, message: String| Check::new(CheckId::GoldenReport, verdict, message);
    let manifest = specimen.document().manifest();
    let unknown = |what: &str| {
        let path = shown.path(&build_record(file));
        let warning = check(Verdict::Warning, format!("`{path}` {what}: nothing says whether golden cases are green"));
        warning.next("vak-skill-build", "in the skill's folder, builds it and runs them")
    };
    match GoldenRecord::read(file, specimen.id(), manifest) {
        GoldenRecord::Green if manifest.tests.len() == 1 => {
            check(Verdict::Ok, "1 golden case was green when these bytes were built".to_owned())
        }
        GoldenRecord::Green => {
            let count = manifest.tests.len();
            check(Verdict::Ok, format!("{count} golden cases were green when these bytes were built"))
        }
        GoldenRecord::Red(red) => {
            let message = format!("these golden cases are red: {}", list(&red));
            check(Verdict::Failed(Code::GoldenNotGreen), message)
                .next("vak-skill-build", "in the skill's folder, builds it and runs them")
        }
        GoldenRecord::Missing if !manifest.tests.is_empty() => unknown("is not there"),
        GoldenRecord::Without | GoldenRecord::Missing => {
            check(Verdict::Warning, "the manifest has no golden cases".to_owned())
        }
        GoldenRecord::Unreadable(_) => unknown("can't be read"),
        GoldenRecord::Malformed => unknown("is no record of a build"),
        GoldenRecord::OtherBuild => unknown("is the record of another build"),
        GoldenRecord::Incomplete => unknown("lacks some of the golden cases"),
    }
}

fn list(names: &[String]) -> String {
    let listed: Vec<_> =
        names.iter().take(MAX_LISTED).map(|name| format!("`{}`", vak_model::printable(name, 80))).collect();
    match names.len().saturating_sub(MAX_LISTED) {
        0 => listed.join(", "),
        more => format!("{} and {more} more", listed.join(", ")),
    }
}
