//! From a path to what is signed: the module, and the manifest that belongs to it.

use std::path::{Path, PathBuf};

use vak_cli::Failure;
use vak_model::Code;
use vak_package::{Artefact as _, Bounds, ManifestDocument, Package, PackageError, embed_manifest, read_file};
use vak_trust::Earlier;

use crate::failures;
use crate::place::shown;

/// The largest `skill.yaml` that is read, in bytes.
const MAX_YAML_BYTES: u64 = 256 * 1024;

const SKILL_YAML: &str = "skill.yaml";

/// A module with its manifest inside, ready to be signed.
#[derive(Debug)]
pub(crate) struct Artefact {
    /// The file, with nothing symbolic in its path.
    pub(crate) file: PathBuf,
    /// What is signed. Nothing of it is written yet.
    pub(crate) package: Package,
    /// The `skill.yaml` that it belongs to, if there is one.
    pub(crate) yaml: Option<Yaml>,
}

/// A `skill.yaml`.
#[derive(Debug)]
pub(crate) struct Yaml {
    pub(crate) path: PathBuf,
    pub(crate) text: String,
    pub(crate) document: ManifestDocument,
}

impl Artefact {
    /// Reads the module at `path` with `manifest`, or else with the manifest that is found for it.
    pub(crate) fn read(path: &Path, manifest: Option<&Path>, earlier: Earlier) -> Result<Self, Failure> {
        let bytes = read_file(path, Bounds::default().file_bytes as u64).map_err(|error| failures::file(&error))?;
        let file = path.canonicalize().map_err(|source| {
            Failure::new(Code::FileRead, format!("failed to read `{}`", path.display())).caused_by(&source)
        })?;
        let mut looked = Vec::new();
        let yaml = match manifest {
            Some(path) => Some(Yaml::read(path)?),
            None => nearest(&file, &mut looked)?,
        };
        let package = package(bytes, yaml.as_ref(), earlier).map_err(|error| match error {
            PackageError::NoManifest => not_found(path, &looked),
            error => failures::package(&error, path, yaml.as_ref().map(|yaml| yaml.path.as_path())),
        })?;
        Ok(Self { file, package, yaml })
    }
}

impl Yaml {
    fn read(path: &Path) -> Result<Self, Failure> {
        let bytes = read_file(path, MAX_YAML_BYTES).map_err(|error| failures::file(&error))?;
        let text = String::from_utf8(bytes)
            .map_err(|_| Failure::new(Code::ManifestSyntax, format!("`{}` is not UTF-8", path.display())))?;
        let document = ManifestDocument::check_yaml(&text).map_err(|error| failures::manifest(&error, path))?;
        Ok(Self { path: path.to_owned(), text, document })
    }

    /// Whether this is the manifest of the module in `file`.
    fn is_of(&self, file: &Path) -> bool {
        let folder = self.path.parent().unwrap_or(Path::new(""));
        folder.join(self.document.manifest().module.as_str()).canonicalize().is_ok_and(|module| module == file)
    }
}

/// The nearest `skill.yaml` above `file` whose module it is, up to the root of the repository or of the file system.
/// `looked` gets every place that was looked at.
fn nearest(file: &Path, looked: &mut Vec<String>) -> Result<Option<Yaml>, Failure> {
    for folder in file.ancestors().skip(1) {
        let path = shown(&folder.join(SKILL_YAML));
        if path.symlink_metadata().is_ok() {
            let yaml = Yaml::read(&path)?;
            if yaml.is_of(file) {
                return Ok(Some(yaml));
            }
            let module = yaml.document.manifest().module.as_str();
            looked.push(format!("{}, whose module is `{module}`", path.display()));
        } else {
            looked.push(path.display().to_string());
        }
        if folder.join(".git").symlink_metadata().is_ok() {
            break;
        }
    }
    Ok(None)
}

/// The module with its manifest inside. If earlier signatures are kept, one that stands in `skill.yaml` alone is one.
fn package(bytes: Vec<u8>, yaml: Option<&Yaml>, earlier: Earlier) -> Result<Package, PackageError> {
    let bounds = Bounds::default();
    let Some(Yaml { document, .. }) = yaml else { return Package::read(bytes, &bounds) };
    match Package::read(bytes.clone(), &bounds) {
        Ok(package) if package.document().canonical() == document.canonical() => match (earlier, package.signature()) {
            (Earlier::Keep, None) => Package::pack(bytes, document, &bounds),
            (Earlier::Keep, Some(_)) | (Earlier::Replace, _) => Ok(package),
        },
        // They differ, which this says in full.
        Ok(_) => Package::pack(bytes, document, &bounds),
        Err(PackageError::NoManifest) => match earlier {
            Earlier::Keep => Package::pack(bytes, document, &bounds),
            Earlier::Replace => Package::read(embed_manifest(&bytes, document, &bounds)?, &bounds),
        },
        Err(error) => Err(error),
    }
}

fn not_found(path: &Path, looked: &[String]) -> Failure {
    let message =
        format!("no manifest was found for `{}`: it holds none, and no skill.yaml is its own", path.display());
    let failure = Failure::new(Code::ManifestNotFound, message);
    looked
        .iter()
        .fold(failure, |failure, place| failure.fact("looked at", place))
        .next("vak-skill-build", "in the skill's folder, builds the module with its manifest inside")
        .next("--manifest FILE", "names the manifest")
}
