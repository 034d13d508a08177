//! What libraries say, as people read it: with the file, and with what to do next.

use std::path::Path;

use vak_cli::{Failure, Place, quote};
use vak_model::{Code, GoldenResult, Manifest};
use vak_package::{FileError, FolderError, ManifestError, PackageError, ScanError};
use vak_runtime::CallError;
use vak_store::{Drift, LockError, StoreError};

use crate::args::RunArgs;

/// A file that can't be read; `too_large` is what a file beyond its bound is called.
pub(crate) fn file(error: &FileError, too_large: Code) -> Failure {
    let code = match error {
        FileError::Io { .. } | FileError::NotRegular(_) => Code::FileRead,
        FileError::TooLarge { .. } => too_large,
    };
    Failure::of(code, error)
}

/// The first mistake of a manifest with its place, and how many more there are.
fn manifest(error: &ManifestError, path: &Path) -> Failure {
    let first = error.first();
    let place = Place::new(path, first.position().map(|at| (at.line, at.column)));
    let failure = Failure::new(first.code(), first.wrong()).at(place);
    let failure = first.right().into_iter().fold(failure, Failure::right);
    let folder = path.parent().unwrap_or(path).to_string_lossy();
    let (failure, purpose) = match error.count() - 1 {
        0 => (failure, "see whether that is all"),
        1 => (failure.fact("more", "1 mistake"), "see both at once"),
        more => (failure.fact("more", format!("{more} mistakes")), "see them all at once"),
    };
    failure.next(format!("vak-skill-build --check {}", quote(&folder)), purpose)
}

/// A folder that gives no manifest, or no module.
pub(crate) fn folder(error: &FolderError) -> Failure {
    match error {
        FolderError::Yaml(cause) => file(cause, error.code()),
        FolderError::NotText(_) => Failure::of(error.code(), error),
        FolderError::Manifest { path, error } => manifest(error, path),
        FolderError::NotBuilt { folder, missing } => Failure::of(error.code(), error)
            .fact("missing", missing.display().to_string())
            .next(format!("vak-skill-build {}", quote(&folder.display().to_string())), "build it"),
        FolderError::Outside { leads_to, .. } => {
            Failure::of(error.code(), error).fact("leads to", leads_to.display().to_string())
        }
    }
}

/// A file that is no artefact.
pub(crate) fn package(error: &PackageError, path: &Path) -> Failure {
    let shown = path.display().to_string();
    let failure = match error {
        PackageError::Manifest(cause) => {
            Failure::new(cause.code(), format!("the manifest inside the module is invalid: {cause}"))
        }
        _ => Failure::of(error.code(), error),
    };
    let failure = failure.fact("file", shown);
    match error {
        PackageError::Drift(_) => failure.next("vak-skill-build", "in the skill's folder, builds it anew"),
        PackageError::Module(ScanError::NotWasm(_)) => {
            failure.next("vak-skill-build", "in a skill's folder, builds its module")
        }
        _ => failure,
    }
}

/// The store, or an artefact in it, is not what it should be.
pub(crate) fn store(error: &StoreError) -> Failure {
    let failure = Failure::of(error.code(), error);
    match error {
        StoreError::Conflict { .. } => {
            failure.next("vak-run store add PATH --replace", "puts the new one in its place")
        }
        StoreError::Index { .. } => {
            failure.next("vak-run store gc --rebuild", "makes the index anew from the artefacts that are there")
        }
        StoreError::Mismatch { .. } | StoreError::Package { .. } | StoreError::NotRegular(_) => {
            failure.next("vak-run store add PATH", "puts a good copy of it in its place")
        }
        StoreError::Full { .. } => failure.next("vak-run store list", "see what could be removed"),
        StoreError::Read { .. } | StoreError::Write { .. } => failure,
    }
}

/// A lock file that can't be used.
pub(crate) fn lock(error: &LockError) -> Failure {
    Failure::of(error.code(), error)
}

/// A skill that is not the one that a lock file pins.
pub(crate) fn drift(drift: &Drift) -> Failure {
    let name = quote(drift.name.as_str());
    Failure::of(Code::LockDrift, drift)
        .next(format!("vak-run store lock {name}"), "pins what there is now, if that is right")
}

/// A call that did not end with an answer.
pub(crate) fn call(error: &CallError, args: &RunArgs, manifest: &Manifest) -> Failure {
    let word = args.skill.as_deref().unwrap_or_default();
    let failure = Failure::of(error.code(), error);
    match error {
        CallError::Input(_) => match example(word, &args.door(), manifest) {
            Some(command) => failure.next(command, "an input that it takes"),
            None => failure.next(format!("vak-run {} --help", quote(word)), "see what it takes"),
        },
        CallError::UnknownExport(_) => {
            let names: Vec<_> = manifest.exports.iter().map(|export| format!("`{}`", export.name)).collect();
            failure.fact("it has", names.join(", "))
        }
        _ => failure,
    }
}

/// A whole command that runs the skill's first golden case; one with an output, if there is any. `door` are the flags that
/// let the skill in.
pub(crate) fn example(word: &str, door: &str, manifest: &Manifest) -> Option<String> {
    let with_output = manifest.tests.iter().find(|case| matches!(case.expected, GoldenResult::Output(_)));
    let case = with_output.or_else(|| manifest.tests.first())?;
    let first = manifest.exports.first().map(|export| &export.name);
    let export = case.export.as_ref().filter(|export| Some(*export) != first);
    let export = export.map(|export| format!(" --export {export}")).unwrap_or_default();
    let input = quote(&vak_model::printable_json(&case.input.to_string()));
    Some(format!("vak-run {}{door}{export} --input {input}", quote(word)))
}
