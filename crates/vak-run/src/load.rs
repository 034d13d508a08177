//! From the place where a skill lies to a package.

use std::path::{Path, PathBuf};

use vak_cli::{Failure, quote};
use vak_model::Code;
use vak_package::{Bounds, ManifestDocument, Package, PackageError, SkillFolder};

use crate::failures;
use crate::locate::{Location, Wanted};

/// A package, and the file that its module came from.
#[derive(Debug)]
pub(crate) struct Loaded {
    /// The package.
    pub(crate) package: Package,
    /// The file.
    pub(crate) file: PathBuf,
    /// The keys that `skill.yaml` says have signed it: for messages alone.
    pub(crate) key_hints: Vec<String>,
}

/// Reads the skill at `location`, all of it.
pub(crate) fn load(location: &Location) -> Result<Loaded, Failure> {
    load_with(location, Package::read, Package::pack)
}

/// Reads the skill at `location`, but for the bodies of its functions: they need no second look where its code is cached.
pub(crate) fn open(location: &Location) -> Result<Loaded, Failure> {
    load_with(location, Package::open, Package::open_beside)
}

fn load_with(
    location: &Location,
    read: impl FnOnce(Vec<u8>, &Bounds) -> Result<Package, PackageError>,
    pack: impl FnOnce(Vec<u8>, &ManifestDocument, &Bounds) -> Result<Package, PackageError>,
) -> Result<Loaded, Failure> {
    match location {
        Location::File(file) => {
            let package = read(read_module(file)?, &Bounds::default());
            let package = package.map_err(|error| without_manifest(&error, file))?;
            Ok(Loaded { package, file: file.clone(), key_hints: Vec::new() })
        }
        Location::Folder { folder, named } => {
            let skill = read_folder(folder, named.as_ref())?;
            let module = skill.module().map_err(|error| failures::folder(&error))?;
            let document = skill.document();
            let package = pack(read_module(&module.resolved)?, document, &Bounds::default());
            let package = package.map_err(|error| failures::package(&error, &module.shown))?;
            let key_hints = document.manifest().signature.iter().flat_map(|block| block.keys.clone()).collect();
            Ok(Loaded { package, file: module.shown, key_hints })
        }
    }
}

/// Reads the manifest of the skill at `location`, built or not.
pub(crate) fn load_manifest(location: &Location) -> Result<ManifestDocument, Failure> {
    match location {
        Location::File(_) => Ok(load(location)?.package.document().clone()),
        Location::Folder { folder, named } => Ok(read_folder(folder, named.as_ref())?.document().clone()),
    }
}

/// Reads a module's bytes, bounded.
pub(crate) fn read_module(file: &Path) -> Result<Vec<u8>, Failure> {
    let read = vak_package::read_module(file, &Bounds::default());
    read.map_err(|error| failures::file(&error, Code::ArtefactSize))
}

/// Reads a folder's `skill.yaml`, and holds it against the name that it was found by.
pub(crate) fn read_folder(folder: &Path, wanted: Option<&Wanted>) -> Result<SkillFolder, Failure> {
    let read = SkillFolder::read(folder).map_err(|error| failures::folder(&error))?;
    wanted.map_or(Ok(()), |wanted| check_name(read.document(), wanted, folder))?;
    Ok(read)
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
