//! The report of `--json`.

use std::path::Path;
use std::time::Duration;

use serde::Serialize;
use vak_cli::{Failure, PlacedFailure};
use vak_model::{Manifest, ModuleId};

use crate::{Built, CaseResult, Trial};

/// What became of it; null where nothing is known.
#[derive(Debug, Serialize)]
pub(crate) struct Report<'a> {
    skill: Option<Skill<'a>>,
    path: Option<&'a Path>,
    digest: Option<ModuleId>,
    size_bytes: Option<u64>,
    toolchain: Option<&'a str>,
    /// The golden cases; empty where none has run.
    cases: &'a [CaseResult],
    elapsed_ms: u128,
    error: Option<&'a Failure>,
    /// The errors, each with its place; `error` is the first of them.
    errors: Vec<PlacedFailure<'a>>,
    /// How many mistakes of the manifest there are besides.
    errors_left_out: usize,
}

#[derive(Debug, Serialize)]
struct Skill<'a> {
    name: &'a str,
    version: String,
}

impl<'a> Report<'a> {
    /// Of a build or a check, after `elapsed`.
    pub(crate) fn of(
        manifest: Option<&'a Manifest>,
        built: Option<&'a Built>,
        trial: Option<&'a Trial>,
        errors: &'a [Failure],
        errors_left_out: usize,
        elapsed: Duration,
    ) -> Self {
        Self {
            skill: manifest
                .map(|manifest| Skill { name: manifest.name.as_str(), version: manifest.version.to_string() }),
            path: built.map(|built| built.path.as_path()),
            digest: built.map(|built| built.id),
            size_bytes: built.map(|built| built.size),
            toolchain: built.map(|built| built.toolchain.as_str()),
            cases: trial.map_or(&[], |trial| &trial.cases),
            elapsed_ms: elapsed.as_millis(),
            error: errors.first(),
            errors: errors.iter().map(Failure::placed).collect(),
            errors_left_out,
        }
    }
}

#[cfg(test)]
mod tests {
    use vak_model::Code;

    use super::*;

    #[test]
    fn what_is_not_known_is_null_and_the_first_error_is_the_error() {
        let errors = [Failure::new(Code::ManifestSchema, "one"), Failure::new(Code::BuildFailed, "two")];
        let report =
            serde_json::to_value(Report::of(None, None, None, &errors, 3, Duration::from_millis(5))).expect("JSON");
        for part in ["skill", "path", "digest", "size_bytes", "toolchain"] {
            assert!(report[part].is_null(), "{part}");
        }
        assert_eq!(report["elapsed_ms"], 5);
        assert_eq!(report["error"]["code"], "manifest.schema");
        assert_eq!(report["errors"][1]["message"], "two");
        assert_eq!(report["errors_left_out"], 3);
        let report = serde_json::to_value(Report::of(None, None, None, &[], 0, Duration::ZERO)).expect("JSON");
        assert!(report["error"].is_null());
    }
}
