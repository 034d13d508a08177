//! What was done, for people and for scripts.

use std::path::Path;

use serde::Serialize;
use vak_cli::{Failure, Ui, quote};
use vak_model::ModuleId;
use vak_package::{Artefact as _, Package};
use vak_trust::PublicKey;

use crate::sign::Done;

/// The report of `--json`; null where nothing is known.
#[derive(Debug, Serialize)]
pub(crate) struct Report<'a> {
    skill: Option<Skill<'a>>,
    path: Option<&'a Path>,
    /// The keys that are known to have signed; the one that signed now is among them.
    keys: &'a [PublicKey],
    manifest: Option<&'a Path>,
    /// Whether `skill.yaml` has the signature too.
    manifest_filled: bool,
    warnings: Vec<String>,
    error: Option<&'a Failure>,
}

/// A skill as reports name it.
#[derive(Debug, Serialize)]
pub(crate) struct Skill<'a> {
    name: &'a str,
    version: String,
    digest: ModuleId,
}

impl<'a> Skill<'a> {
    pub(crate) fn of(package: &'a Package) -> Self {
        let manifest = package.document().manifest();
        Self { name: manifest.name.as_str(), version: manifest.version.to_string(), digest: package.id() }
    }
}

impl<'a> Report<'a> {
    pub(crate) fn of(done: Option<&'a Done>, warnings: Vec<String>, error: Option<&'a Failure>) -> Self {
        let yaml = done.and_then(|done| done.yaml.as_ref());
        Self {
            skill: done.map(|done| Skill::of(&done.signed)),
            path: done.map(|done| done.file.as_path()),
            keys: done.map_or(&[], |done| &done.keys),
            manifest: yaml.map(|(path, _)| path.as_path()),
            manifest_filled: yaml.is_some_and(|(_, filled)| *filled),
            warnings,
            error,
        }
    }
}

/// For people, and one line for `$(...)`.
pub(crate) fn tell(done: &Done, ui: &mut Ui) -> Result<(), Failure> {
    let path = done.file.to_string_lossy();
    let manifest = done.signed.document().manifest();
    ui.note(&format!("signed `{}` {}", manifest.name, manifest.version))?;
    ui.note(&format!("  module: {}", done.signed.id()))?;
    done.keys.iter().try_for_each(|key| ui.note(&format!("  key: {key}")))?;
    if let Some((yaml, filled)) = &done.yaml {
        let what = if *filled { "has the signature too" } else { "is left as it is" };
        ui.note(&format!("  manifest: {} {what}", yaml.display()))?;
    }
    ui.note(&format!("  next: vak-run {}", quote(&path)))?;
    ui.line(&path)?;
    Ok(())
}
