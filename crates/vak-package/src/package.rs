//! Artefacts: bytes that have been read, bounded, validated and held against their manifest. Of some, the bodies of functions
//! are still to be read, before they are compiled.

use std::fmt::Debug;
use std::ops::Range;

use serde_json::Value;
use vak_model::{Code, Feature, Manifest, ModuleId};

use crate::bounds::{Bounds, ScanError};
use crate::inspect::{Interface, InterfaceError};
use crate::scan::{Bodies, Scanned, Sections};
use crate::signature_block::{self, SignatureBlockError};
use crate::{ManifestDocument, ManifestError, embed_manifest, module_id};

mod sealed {
    pub trait Sealed {}
}

/// Something that can be signed and admitted. Sealed: only this crate makes artefacts, and only from checked bytes.
pub trait Artefact: sealed::Sealed + Debug + Send + Sync {
    /// The very bytes that were checked, and that are compiled.
    fn bytes(&self) -> &[u8];

    /// The artefact's identity.
    fn id(&self) -> ModuleId;

    /// The bytes that a signature covers: all but the header and the signature section.
    fn covered(&self) -> &[u8];

    /// The signature that somebody has put on it, good or bad: the payload of its section, or the detached form of one.
    fn signature(&self) -> Option<&[u8]>;

    /// The manifest, if the artefact is a skill.
    fn manifest(&self) -> Option<&Manifest>;

    /// Looks at the bodies of functions, if reading has left them out: to be done before anything is compiled.
    ///
    /// # Errors
    /// One of them is malformed, out of bounds, or of a feature that is off.
    fn check_bodies(&self) -> Result<(), ScanError>;
}

/// A skill's artefact: a module with its manifest inside, the two in agreement.
#[derive(Clone, Debug)]
pub struct Package {
    module: Module,
    document: ManifestDocument,
}

/// A module and its manifest, read and bounded, in agreement or not: for those who tell everything that is wrong. It can
/// be judged like an artefact, and can't be compiled.
#[derive(Clone, Debug)]
pub struct Specimen {
    package: Package,
    faults: Vec<PackageError>,
}

/// A module without a manifest, whose functions take and give plain numbers, and which imports nothing.
#[derive(Clone, Debug)]
pub struct RawModule(Module);

/// What every artefact has.
#[derive(Clone, Debug)]
struct Module {
    bytes: Vec<u8>,
    id: ModuleId,
    interface: Interface,
    /// Where the bytes begin that a signature covers.
    covered_from: usize,
    signature: Option<Signature>,
    unread: Option<Unread>,
}

/// The bodies of functions, when nobody has looked at them yet; and by which rules somebody will.
#[derive(Clone, Debug)]
struct Unread {
    bounds: Bounds,
    simd: bool,
}

/// Where a signature lies.
#[derive(Clone, Debug)]
enum Signature {
    /// In the module.
    Section(Range<usize>),
    /// Beside it.
    Detached(Vec<u8>),
}

/// Why bytes are no artefact.
#[derive(Clone, Debug, thiserror::Error)]
pub enum PackageError {
    /// The bytes are no acceptable module.
    #[error(transparent)]
    Module(#[from] ScanError),
    /// There is no manifest.
    #[error("the module holds no manifest")]
    NoManifest,
    /// The manifest is wrong.
    #[error("the manifest is invalid")]
    Manifest(#[source] ManifestError),
    /// Module and manifest disagree.
    #[error(transparent)]
    Interface(#[from] InterfaceError),
    /// What `skill.yaml` says of the signature does not fit the module.
    #[error(transparent)]
    Signature(#[from] SignatureBlockError),
    /// Two manifests disagree.
    #[error("`skill.yaml` and the manifest inside the module differ at {}", .0.join(", "))]
    Drift(Vec<String>),
}

impl PackageError {
    /// What the error is called.
    #[must_use]
    pub const fn code(&self) -> Code {
        match self {
            Self::Module(error) => error.code(),
            Self::NoManifest => Code::ManifestMissing,
            Self::Manifest(error) => error.code(),
            Self::Interface(InterfaceError::Undeclared(_)) => Code::ImportUndeclared,
            Self::Interface(InterfaceError::ImportType(_)) => Code::ImportType,
            Self::Interface(InterfaceError::MissingExport { .. }) => Code::ExportMissing,
            Self::Interface(InterfaceError::ExportType { .. }) => Code::ExportType,
            Self::Signature(error) => error.code(),
            Self::Drift(_) => Code::ManifestDrift,
        }
    }
}

impl Package {
    /// Reads an artefact: a module that holds its manifest.
    ///
    /// # Errors
    /// See [`PackageError`].
    pub fn read(bytes: Vec<u8>, bounds: &Bounds) -> Result<Self, PackageError> {
        Specimen::read_as(bytes, bounds, Bodies::Read, None)?.into_package()
    }

    /// Reads an artefact but for the bodies of its functions: whoever has its code already, from when all of it was read,
    /// need not look at them again. Everybody else calls [`Artefact::check_bodies`].
    ///
    /// # Errors
    /// See [`PackageError`].
    pub fn open(bytes: Vec<u8>, bounds: &Bounds) -> Result<Self, PackageError> {
        Specimen::read_as(bytes, bounds, Bodies::Skip, None)?.into_package()
    }

    /// Reads a module beside its `skill.yaml`: an artefact as it is, if it holds a manifest that equals `document`; else
    /// packed in memory with `document`. A signature that `skill.yaml` is filled with must be this artefact's; it counts
    /// like one inside the module.
    ///
    /// # Errors
    /// See [`PackageError`].
    pub fn pack(module: Vec<u8>, document: &ManifestDocument, bounds: &Bounds) -> Result<Self, PackageError> {
        Specimen::pack_as(module, document, bounds, Bodies::Read)?.into_package()
    }

    /// Reads a module beside its `skill.yaml` as [`Package::pack`] does, but for the bodies of its functions, as
    /// [`Package::open`] does.
    ///
    /// # Errors
    /// See [`PackageError`].
    pub fn open_beside(module: Vec<u8>, document: &ManifestDocument, bounds: &Bounds) -> Result<Self, PackageError> {
        Specimen::pack_as(module, document, bounds, Bodies::Skip)?.into_package()
    }

    /// The manifest with its canonical bytes.
    #[must_use]
    pub const fn document(&self) -> &ManifestDocument {
        &self.document
    }

    /// What the module imports and exports.
    #[must_use]
    pub const fn interface(&self) -> &Interface {
        &self.module.interface
    }
}

impl Specimen {
    /// Reads a module that holds its manifest.
    ///
    /// # Errors
    /// It is no module, or holds no manifest: there is nothing more to be said of it.
    pub fn read(bytes: Vec<u8>, bounds: &Bounds) -> Result<Self, PackageError> {
        Self::read_as(bytes, bounds, Bodies::Read, None)
    }

    /// The manifest inside is most often the one `beside` the module, which has been read already.
    fn read_as(
        bytes: Vec<u8>,
        bounds: &Bounds,
        bodies: Bodies,
        beside: Option<&ManifestDocument>,
    ) -> Result<Self, PackageError> {
        let sections = Sections::of(&bytes, bounds)?;
        let (_, contents) = sections.manifest.clone().ok_or(PackageError::NoManifest)?;
        let contents = &bytes[contents];
        let document = match beside.and_then(|beside| beside.as_embedded(contents)) {
            Some(document) => document,
            None => ManifestDocument::from_canonical(contents).map_err(PackageError::Manifest)?,
        };
        let simd = document.manifest().has_feature(Feature::Simd);
        let module = Module::read(bytes, sections, bounds, simd, bodies)?;
        let faults = module.interface.check(document.manifest()).err().map(PackageError::from).into_iter().collect();
        Ok(Self { package: Package { module, document }, faults })
    }

    /// Reads a module beside its `skill.yaml`, as [`Package::pack`] does.
    ///
    /// # Errors
    /// It is no module, or the manifest inside is none.
    pub fn pack(module: Vec<u8>, document: &ManifestDocument, bounds: &Bounds) -> Result<Self, PackageError> {
        Self::pack_as(module, document, bounds, Bodies::Read)
    }

    fn pack_as(
        module: Vec<u8>,
        document: &ManifestDocument,
        bounds: &Bounds,
        bodies: Bodies,
    ) -> Result<Self, PackageError> {
        let sections = Sections::of(&module, bounds)?;
        let block = document.manifest().signature.as_ref();
        let mut specimen = if sections.manifest.is_some() {
            let mut specimen = Self::read_as(module, bounds, bodies, Some(document))?;
            let drift = differences(specimen.document().canonical(), document.canonical());
            if !drift.is_empty() {
                specimen.faults.push(PackageError::Drift(drift));
            }
            specimen
        } else {
            let mut specimen =
                Self::read_as(embed_manifest(&module, document, bounds)?, bounds, bodies, Some(document))?;
            if sections.signature.is_some() && block.is_none() {
                // It would be lost in packing, and an artefact that was signed pass for one that was not.
                specimen.faults.insert(0, SignatureBlockError::Bare.into());
            }
            specimen
        };
        if let Some(block) = block {
            match signature_block::payload(block, &specimen.package) {
                Ok(payload) => {
                    specimen.package.module.signature.get_or_insert(Signature::Detached(payload));
                }
                Err(error) => specimen.faults.push(error.into()),
            }
        }
        Ok(specimen)
    }

    /// How module, manifest and `skill.yaml` disagree; the first is the one that a [`Package`] would be refused for.
    #[must_use]
    pub fn faults(&self) -> &[PackageError] {
        &self.faults
    }

    /// The manifest with its canonical bytes: the one inside the module, if there is one.
    #[must_use]
    pub const fn document(&self) -> &ManifestDocument {
        self.package.document()
    }

    /// What the module imports and exports.
    #[must_use]
    pub const fn interface(&self) -> &Interface {
        self.package.interface()
    }

    /// The artefact, if nothing disagrees.
    ///
    /// # Errors
    /// The first fault.
    pub fn into_package(self) -> Result<Package, PackageError> {
        self.faults.into_iter().next().map_or(Ok(self.package), Err)
    }
}

impl From<Package> for Specimen {
    fn from(package: Package) -> Self {
        Self { package, faults: Vec::new() }
    }
}

impl RawModule {
    /// Reads a module that imports nothing.
    ///
    /// # Errors
    /// See [`PackageError`].
    pub fn read(bytes: Vec<u8>, bounds: &Bounds) -> Result<Self, PackageError> {
        let sections = Sections::of(&bytes, bounds)?;
        let module = Module::read(bytes, sections, bounds, false, Bodies::Read)?;
        module.interface.refuse_imports()?;
        Ok(Self(module))
    }

    /// What the module exports.
    #[must_use]
    pub const fn interface(&self) -> &Interface {
        &self.0.interface
    }
}

impl Module {
    fn read(
        bytes: Vec<u8>,
        sections: Sections,
        bounds: &Bounds,
        simd: bool,
        bodies: Bodies,
    ) -> Result<Self, ScanError> {
        let covered_from = sections.covered_from();
        let (whole, contents) = sections.signature.clone().unzip();
        let id = module_id(&bytes, whole);
        let interface = Interface::of(Scanned::with_features(&bytes, bounds, simd, bodies, sections)?);
        let unread = (bodies == Bodies::Skip).then(|| Unread { bounds: bounds.clone(), simd });
        Ok(Self { bytes, id, interface, covered_from, signature: contents.map(Signature::Section), unread })
    }

    fn check_bodies(&self) -> Result<(), ScanError> {
        let Some(Unread { bounds, simd }) = &self.unread else { return Ok(()) };
        Scanned::with_features(&self.bytes, bounds, *simd, Bodies::Read, Sections::default()).map(drop)
    }

    fn signature(&self) -> Option<&[u8]> {
        self.signature.as_ref().map(|signature| match signature {
            Signature::Section(contents) => &self.bytes[contents.clone()],
            Signature::Detached(payload) => payload,
        })
    }
}

impl sealed::Sealed for Package {}

impl Artefact for Package {
    fn bytes(&self) -> &[u8] {
        &self.module.bytes
    }

    fn id(&self) -> ModuleId {
        self.module.id
    }

    fn covered(&self) -> &[u8] {
        &self.module.bytes[self.module.covered_from..]
    }

    fn signature(&self) -> Option<&[u8]> {
        self.module.signature()
    }

    fn manifest(&self) -> Option<&Manifest> {
        Some(self.document.manifest())
    }

    fn check_bodies(&self) -> Result<(), ScanError> {
        self.module.check_bodies()
    }
}

impl sealed::Sealed for Specimen {}

impl Artefact for Specimen {
    fn bytes(&self) -> &[u8] {
        self.package.bytes()
    }

    fn id(&self) -> ModuleId {
        self.package.id()
    }

    fn covered(&self) -> &[u8] {
        self.package.covered()
    }

    fn signature(&self) -> Option<&[u8]> {
        self.package.signature()
    }

    fn manifest(&self) -> Option<&Manifest> {
        self.package.manifest()
    }

    fn check_bodies(&self) -> Result<(), ScanError> {
        self.package.check_bodies()
    }
}

impl sealed::Sealed for RawModule {}

impl Artefact for RawModule {
    fn bytes(&self) -> &[u8] {
        &self.0.bytes
    }

    fn id(&self) -> ModuleId {
        self.0.id
    }

    fn covered(&self) -> &[u8] {
        &self.0.bytes[self.0.covered_from..]
    }

    fn signature(&self) -> Option<&[u8]> {
        self.0.signature()
    }

    fn manifest(&self) -> Option<&Manifest> {
        None
    }

    fn check_bodies(&self) -> Result<(), ScanError> {
        self.0.check_bodies()
    }
}

/// How many differences a message names.
const MAX_DIFFERENCES: usize = 10;

/// The JSON Pointers at which two canonical manifests differ; empty if their bytes are equal.
fn differences(embedded: &[u8], beside: &[u8]) -> Vec<String> {
    if embedded == beside {
        return Vec::new();
    }
    let read = |bytes| serde_json::from_slice(bytes).unwrap_or(Value::Null);
    let mut found = Vec::new();
    compare(&read(embedded), &read(beside), String::new(), &mut found);
    found.truncate(MAX_DIFFERENCES);
    if found.is_empty() {
        found.push("`/`".to_owned());
    }
    found
}

fn compare(one: &Value, other: &Value, pointer: String, found: &mut Vec<String>) {
    match (one, other) {
        _ if one == other || found.len() >= MAX_DIFFERENCES => {}
        (Value::Object(one), Value::Object(other)) => {
            let keys: std::collections::BTreeSet<_> = one.keys().chain(other.keys()).collect();
            for key in keys {
                let part = |map: &serde_json::Map<String, Value>| map.get(key).cloned().unwrap_or(Value::Null);
                let present = one.contains_key(key) == other.contains_key(key);
                let below = format!("{pointer}/{}", vak_model::printable(key, 60));
                if present {
                    compare(&part(one), &part(other), below, found);
                } else {
                    found.push(format!("`{below}`"));
                }
            }
        }
        (Value::Array(one), Value::Array(other)) if one.len() == other.len() => {
            for (i, (a, b)) in one.iter().zip(other).enumerate() {
                compare(a, b, format!("{pointer}/{i}"), found);
            }
        }
        _ => found.push(format!("`{}`", if pointer.is_empty() { "/" } else { &pointer })),
    }
}
