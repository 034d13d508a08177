//! From the place where a skill lies to a package.

use std::path::{Path, PathBuf};

use vak_cli::{Failure, quote};
use vak_model::{Code, ModulePath};
use vak_package::{Bounds, ManifestDocument, Package, PackageError, read_file};

use crate::failures;
use crate::locate::{Location, SKILL_YAML, Wanted};

/// The largest `skill.yaml` that is read, in bytes.
const MAX_YAML_BYTES: u64 = 256 * 1024;

/// A package, and the file that its module came from.
#[derive(Debug)]
pub(crate) struct Loaded {
    /// The package.
    pub(crate) package: Package,
    /// The file.
    pub(crate) file: PathBuf,
}

/// Reads the skill at `location`.
pub(crate) fn load(location: &Location) -> Result<Loaded, Failure> {
    match location {
        Location::File(file) => {
            let package = Package::read(read_module(file)?, &Bounds::default());
            let package = package.map_err(|error| without_manifest(&error, file))?;
            Ok(Loaded { package, file: file.clone() })
        }
        Location::Folder { folder, named } => {
            let document = read_yaml(folder, named.as_ref())?;
            let (file, resolved) = module_file(folder, &document.manifest().module)?;
            let package = Package::pack(read_module(&resolved)?, &document, &Bounds::default());
            let package = package.map_err(|error| failures::package(&error, &file))?;
            Ok(Loaded { package, file })
        }
    }
}

/// Reads the manifest of the skill at `location`, built or not.
pub(crate) fn load_manifest(location: &Location) -> Result<ManifestDocument, Failure> {
    match location {
        Location::File(_) => Ok(load(location)?.package.document().clone()),
        Location::Folder { folder, named } => read_yaml(folder, named.as_ref()),
    }
}

/// Reads a module's bytes, bounded.
pub(crate) fn read_module(file: &Path) -> Result<Vec<u8>, Failure> {
    read_file(file, Bounds::default().file_bytes as u64).map_err(|error| failures::file(&error, Code::ArtefactSize))
}

/// Reads a folder's `skill.yaml`, and holds it against the name that it was found by.
pub(crate) fn read_yaml(folder: &Path, wanted: Option<&Wanted>) -> Result<ManifestDocument, Failure> {
    let path = folder.join(SKILL_YAML);
    let bytes = read_file(&path, MAX_YAML_BYTES).map_err(|error| failures::file(&error, Code::ManifestSyntax))?;
    let text = String::from_utf8(bytes)
        .map_err(|_| Failure::new(Code::ManifestSyntax, format!("`{}` is not UTF-8", path.display())))?;
    let document = ManifestDocument::from_yaml(&text).map_err(|error| failures::manifest(&error, &path))?;
    wanted.map_or(Ok(()), |wanted| check_name(&document, wanted, folder))?;
    Ok(document)
}

fn check_name(document: &ManifestDocument, wanted: &Wanted, folder: &Path) -> Result<(), Failure> {
    let manifest = document.manifest();
    let name_fits = manifest.name == wanted.name;
    let version_fits = wanted.version.as_ref().is_none_or(|version| *version == manifest.version);
    if name_fits && version_fits {
        return Ok(());
    }
    let version = wanted.version.as_ref().map(|version| format!("@{version}")).unwrap_or_default();
    let found = format!("{}@{}", manifest.name, manifest.version);
    Err(Failure::new(Code::SkillUnknown, format!("no skill `{}{version}` was found", wanted.name))
        .fact("found", format!("`{found}` in {}", folder.display()))
        .next(format!("vak-run {}", quote(&found)), "run that one"))
}

/// The folder's module, as it is shown and as it is read. Its path can't leave the folder, neither by its text nor
/// through a link; what was followed once is not followed again.
fn module_file(folder: &Path, module: &ModulePath) -> Result<(PathBuf, PathBuf), Failure> {
    let file = folder.join(module.as_str());
    let Ok(resolved) = file.canonicalize() else {
        let shown = folder.display().to_string();
        return Err(Failure::new(Code::SkillNotBuilt, format!("`{shown}` is not built"))
            .fact("missing", file.display().to_string())
            .next(format!("vak-skill-build {}", quote(&shown)), "build it"));
    };
    let inside = folder.canonicalize().is_ok_and(|root| resolved.starts_with(root));
    if inside {
        return Ok((file, resolved));
    }
    Err(Failure::new(
        Code::ManifestInvalid,
        format!("`module` is `{}`, which leads out of the folder", module.as_str()),
    )
    .fact("leads to", resolved.display().to_string()))
}

fn without_manifest(error: &PackageError, file: &Path) -> Failure {
    let failure = failures::package(error, file);
    if !matches!(error, PackageError::NoManifest) {
        return failure;
    }
    let shown = quote(&file.display().to_string());
    failure
        .next(format!("vak-run {shown} --allow-unsigned --invoke NAME"), "call a plain function of it")
        .next("vak-skill-build", "in a skill's folder, makes a module with its manifest inside")
}
