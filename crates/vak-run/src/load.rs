//! From the place where a skill lies to a package.

use std::path::{Path, PathBuf};

use vak_cli::{Failure, quote};
use vak_model::Code;
use vak_package::{Bounds, FolderError, ManifestDocument, Package, PackageError, SkillFolder, TextMemory};
use vak_store::SkillReference;

use crate::failures;
use crate::locate::{Location, Pinned};

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
    load_with(location, SkillFolder::read, Package::read, Package::pack)
}

/// Reads the skill at `location`, but for what needs no second look: the bodies of its functions where its code is cached,
/// and a `skill.yaml` that `memory` knows.
pub(crate) fn open(location: &Location, memory: &dyn TextMemory) -> Result<Loaded, Failure> {
    load_with(location, |folder| SkillFolder::recall(folder, memory), Package::open, Package::open_beside)
}

fn load_with(
    location: &Location,
    read_folder: impl FnOnce(&Path) -> Result<SkillFolder, FolderError>,
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
            let skill = read_folder(folder).map_err(|error| failures::folder(&error))?;
            named.as_ref().map_or(Ok(()), |named| check_name(skill.document(), &named.reference, folder))?;
            let module = skill.module().map_err(|error| failures::folder(&error))?;
            let document = skill.document();
            let package = pack(read_module(&module.resolved)?, document, &Bounds::default());
            let package = package.map_err(|error| failures::package(&error, &module.shown))?;
            named.as_ref().map_or(Ok(()), |named| check_lock(&package, named, &module.shown))?;
            let key_hints = document.manifest().signature.iter().flat_map(|block| block.keys.clone()).collect();
            Ok(Loaded { package, file: module.shown, key_hints })
        }
        Location::Stored { store, entry, named } => {
            let file = store.path(entry);
            let package = store.load(entry).map_err(|error| failures::store(&error))?;
            let package = package.ok_or_else(|| removed(&named.reference))?;
            check_lock(&package, named, &file)?;
            Ok(Loaded { package, file, key_hints: Vec::new() })
        }
    }
}

/// Somebody has removed it after it was found.
fn removed(reference: &SkillReference) -> Failure {
    Failure::new(Code::SkillUnknown, format!("`{reference}` is no longer in the store"))
        .next("vak-run list", "see the skills that there are")
}

/// What was found by name must be what the lock file says of that name.
fn check_lock(package: &Package, named: &Pinned, file: &Path) -> Result<(), Failure> {
    let Some(lock) = &named.lock else { return Ok(()) };
    lock.check(package).map_err(|drift| failures::drift(&drift).fact("file", file.display().to_string()))
}

/// Reads the manifest of the skill at `location`, built or not.
pub(crate) fn load_manifest(location: &Location) -> Result<ManifestDocument, Failure> {
    match location {
        Location::File(_) | Location::Stored { .. } => Ok(load(location)?.package.document().clone()),
        Location::Folder { folder, named } => {
            let named = named.as_ref().map(|named| &named.reference);
            Ok(read_folder(folder, named)?.document().clone())
        }
    }
}

/// Reads a module's bytes, bounded.
pub(crate) fn read_module(file: &Path) -> Result<Vec<u8>, Failure> {
    let read = vak_package::read_module(file, &Bounds::default());
    read.map_err(|error| failures::file(&error, Code::ArtefactSize))
}

/// Reads a folder's `skill.yaml`, and holds it against the name that it was found by.
pub(crate) fn read_folder(folder: &Path, wanted: Option<&SkillReference>) -> Result<SkillFolder, Failure> {
    let read = SkillFolder::read(folder).map_err(|error| failures::folder(&error))?;
    wanted.map_or(Ok(()), |wanted| check_name(read.document(), wanted, folder))?;
    Ok(read)
}

/// Whether a manifest is that of the skill that was asked for.
pub(crate) fn fits(document: &ManifestDocument, wanted: &SkillReference) -> bool {
    let manifest = document.manifest();
    manifest.name == wanted.name && wanted.version.as_ref().is_none_or(|version| *version == manifest.version)
}

fn check_name(document: &ManifestDocument, wanted: &SkillReference, folder: &Path) -> Result<(), Failure> {
    let manifest = document.manifest();
    if fits(document, wanted) {
        return Ok(());
    }
    let found = format!("{}@{}", manifest.name, manifest.version);
    Err(Failure::new(Code::SkillUnknown, format!("no skill `{wanted}` was found"))
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
