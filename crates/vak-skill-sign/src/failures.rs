//! What libraries say, as people read it: with the file, and with what to do next.

use std::path::Path;

use vak_cli::{Failure, Place, quote};
use vak_model::Code;
use vak_package::{FileError, ManifestError, PackageError, ScanError};
use vak_trust::{KeyFileError, RootError, StoreError};

/// A file that can't be read.
pub(crate) fn file(error: &FileError) -> Failure {
    Failure::of(Code::FileRead, error)
}

/// The first mistake of a `skill.yaml` with its place, and how many more there are.
pub(crate) fn manifest(error: &ManifestError, path: &Path) -> Failure {
    let first = error.first();
    let failure = Failure::new(first.code(), first.wrong());
    let failure = failure.at(Place::new(path, first.position().map(|at| (at.line, at.column))));
    let failure = first.right().into_iter().fold(failure, Failure::right);
    let failure = match error.count() - 1 {
        0 => failure,
        1 => failure.fact("more", "1 mistake"),
        more => failure.fact("more", format!("{more} mistakes")),
    };
    failure.next(format!("vak-skill-build --check {}", folder(path)), "see everything that is wrong")
}

/// A file that is no artefact, or not that of the `skill.yaml`.
pub(crate) fn package(error: &PackageError, path: &Path, yaml: Option<&Path>) -> Failure {
    let failure = match error {
        PackageError::Manifest(cause) => {
            Failure::new(cause.code(), format!("the manifest inside the module is invalid: {cause}"))
        }
        _ => Failure::of(error.code(), error),
    };
    let failure = failure.fact("file", path.display().to_string());
    let failure = yaml.into_iter().fold(failure, |failure, yaml| failure.fact("manifest", yaml.display().to_string()));
    match (error, yaml) {
        (PackageError::Drift(_), Some(yaml)) => {
            failure.next(format!("vak-skill-build {}", folder(yaml)), "builds it anew with that manifest")
        }
        (PackageError::Signature(_), Some(_)) => failure.fact("or", "leave out --add, to replace the signature"),
        (PackageError::Module(ScanError::NotWasm(_)), _) => {
            failure.next("vak-skill-build", "in a skill's folder, builds its module")
        }
        _ => failure,
    }
}

/// A secret key that can't be used; `missing` is a command that helps if there is none, and what it does.
pub(crate) fn key(error: &KeyFileError, missing: (&str, &str)) -> Failure {
    let failure = Failure::of(error.code(), error);
    match error {
        KeyFileError::Missing(_) => failure.next(missing.0, missing.1),
        KeyFileError::Exposed { path, .. } => {
            let path = quote(&path.display().to_string());
            failure.next(format!("chmod 600 {path}"), "if nobody else has read it")
        }
        _ if error.code() == Code::KeyLocked => failure.next("--passphrase env:NAME", "says where the passphrase is"),
        _ => failure,
    }
}

/// A trust root that can't be used or changed.
pub(crate) fn store(error: &StoreError) -> Failure {
    let failure = Failure::of(error.code(), error);
    match error {
        StoreError::Missing(_) => failure.next("vak-skill-sign trust init", "makes one, with a root key of its own"),
        StoreError::Offered(error) => root(error),
        _ => failure,
    }
}

/// A trust root that says what it can't, or does not follow.
pub(crate) fn root(error: &RootError) -> Failure {
    let failure = Failure::of(error.code(), error);
    match error {
        RootError::Unsigned { .. } => failure
            .fact("either", "give --root-key once for each root key")
            .fact("or", "give --propose FILE, have others sign that, and import it"),
        _ => failure,
    }
}

/// The folder that holds `path`, for a command line.
fn folder(path: &Path) -> String {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    quote(&folder.display().to_string())
}
