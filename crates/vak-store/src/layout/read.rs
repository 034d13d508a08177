//! Reading the skills of a layout.

use std::collections::BTreeSet;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use serde::de::DeserializeOwned;
use vak_package::{Artefact as _, Bounds, Package, parse_json, sha256};

use super::wire::{Config, Descriptor, Index, Layout, Manifest};
use super::{
    BLOBS, CONFIG_TYPE, INDEX, INDEX_TYPE, LAYER_TYPE, LAYOUT, LAYOUT_VERSION, LayoutError, MANIFEST_TYPE, MODULE_ID,
    REF_NAME,
};
use crate::{SkillReference, StoreError, files};

/// The largest `oci-layout`, manifest or configuration that is read, in bytes.
const MAX_DOCUMENT_BYTES: u64 = 256 * 1024;

/// The largest `index.json` that is read, in bytes.
const MAX_INDEX_BYTES: u64 = 8 << 20;

/// The most skills that are read from one layout: each is checked, and all are held until the last one is.
const MAX_SKILLS: usize = 1_000;

/// The most bytes that the skills of one layout have together.
const MAX_BYTES: u64 = 256 << 20;

/// Whether `folder` says to be a layout.
#[must_use]
pub fn is_layout(folder: &Path) -> bool {
    folder.join(LAYOUT).symlink_metadata().is_ok()
}

/// The skills in the layout at `folder`: all, or those that one of `wanted` names. Nothing is written.
///
/// # Errors
/// It is no layout, a file is not what its descriptor says, a manifest is none of one skill, two of the manifests match,
/// or none does.
pub fn import(folder: &Path, wanted: &[SkillReference]) -> Result<Vec<Package>, LayoutError> {
    let reader = Reader::open(folder)?;
    let index = reader.index()?;
    let skills: Vec<_> = index.manifests.iter().filter(|manifest| manifest.artifact_type.is_none()).collect();
    if skills.len() > MAX_SKILLS {
        return Err(reader.malformed(INDEX, format!("it lists more than {MAX_SKILLS} manifests")));
    }
    let (mut packages, mut seen, mut left) = (Vec::new(), BTreeSet::new(), MAX_BYTES);
    for descriptor in skills {
        let package = reader.skill(descriptor, &mut left)?;
        let reference = reference_of(&package);
        if !wanted.is_empty() && !wanted.iter().any(|wanted| matches(wanted, &reference)) {
            continue;
        }
        if !seen.insert(reference.to_string()) {
            return Err(reader.malformed(INDEX, format!("two of its manifests are `{reference}`")));
        }
        packages.push(package);
    }
    match wanted.iter().find(|wanted| !packages.iter().any(|package| matches(wanted, &reference_of(package)))) {
        Some(missing) => Err(reader.malformed(INDEX, format!("none of its manifests is `{missing}`"))),
        None => Ok(packages),
    }
}

fn reference_of(package: &Package) -> SkillReference {
    let manifest = package.document().manifest();
    SkillReference { name: manifest.name.clone(), version: Some(manifest.version.clone()) }
}

fn matches(wanted: &SkillReference, found: &SkillReference) -> bool {
    wanted.name == found.name && (wanted.version.is_none() || wanted.version == found.version)
}

/// A folder that says to be a layout.
struct Reader<'a>(&'a Path);

impl<'a> Reader<'a> {
    /// The folder itself may be reached through a link, as the caller named it; nothing in it may.
    fn open(folder: &'a Path) -> Result<Self, LayoutError> {
        let reader = Self(folder);
        for inner in ["blobs", BLOBS] {
            let path = folder.join(inner);
            let metadata = fs::symlink_metadata(&path).map_err(|error| StoreError::read(&path, error))?;
            if !metadata.is_dir() {
                return Err(LayoutError::malformed(&path, "it is not a folder"));
            }
        }
        let layout: Layout = reader.document(LAYOUT, MAX_DOCUMENT_BYTES)?;
        if layout.version == LAYOUT_VERSION {
            return Ok(reader);
        }
        Err(reader.malformed(LAYOUT, format!("it is not of version {LAYOUT_VERSION}")))
    }

    fn index(&self) -> Result<Index, LayoutError> {
        let index: Index = self.document(INDEX, MAX_INDEX_BYTES)?;
        let is_index = index.media_type.as_deref().is_none_or(|kind| kind == INDEX_TYPE);
        if index.schema != 2 || !is_index {
            return Err(self.malformed(INDEX, "it is not an index of images"));
        }
        let mut names = BTreeSet::new();
        for name in index.manifests.iter().filter_map(|manifest| manifest.annotations.get(REF_NAME)) {
            if !names.insert(name) {
                let name = vak_model::printable(name, 80);
                return Err(self.malformed(INDEX, format!("two of its manifests are called `{name}`")));
            }
        }
        Ok(index)
    }

    /// The one skill that a manifest is of.
    fn skill(&self, descriptor: &Descriptor, left: &mut u64) -> Result<Package, LayoutError> {
        let path = self.path(descriptor);
        self.check_type(descriptor, MANIFEST_TYPE)?;
        let manifest: Manifest = parse(&path, &self.blob(descriptor, MAX_DOCUMENT_BYTES)?)?;
        let is_manifest = manifest.media_type.as_deref().is_none_or(|kind| kind == MANIFEST_TYPE);
        if manifest.schema != 2 || !is_manifest {
            return Err(LayoutError::malformed(&path, "it is not a manifest of an image"));
        }
        let [layer] = manifest.layers.as_slice() else {
            return Err(LayoutError::malformed(&path, format!("it has {} layers, and not one", manifest.layers.len())));
        };
        self.check_config(&manifest.config, layer)?;
        let package = self.layer(layer, left)?;
        let id = package.id().to_string();
        match manifest.annotations.get(MODULE_ID) {
            Some(stated) if *stated != id => Err(LayoutError::Mismatch { path, what: "its module id is another one" }),
            _ => Ok(package),
        }
    }

    fn check_config(&self, descriptor: &Descriptor, layer: &Descriptor) -> Result<(), LayoutError> {
        self.check_type(descriptor, CONFIG_TYPE)?;
        let path = self.path(descriptor);
        let config: Config = parse(&path, &self.blob(descriptor, MAX_DOCUMENT_BYTES)?)?;
        if config.layer_digests == [layer.digest] {
            return Ok(());
        }
        Err(LayoutError::Mismatch { path, what: "it is of other layers" })
    }

    fn layer(&self, layer: &Descriptor, left: &mut u64) -> Result<Package, LayoutError> {
        self.check_type(layer, LAYER_TYPE)?;
        let path = self.path(layer);
        let Some(rest) = left.checked_sub(layer.size) else {
            return Err(self.malformed(INDEX, format!("its skills have more than {MAX_BYTES} bytes together")));
        };
        *left = rest;
        let bounds = Bounds::default();
        let bytes = self.blob(layer, bounds.file_bytes as u64)?;
        Package::read(bytes, &bounds).map_err(|error| LayoutError::Package { path, error })
    }

    fn check_type(&self, descriptor: &Descriptor, expected: &str) -> Result<(), LayoutError> {
        if descriptor.media_type == expected {
            return Ok(());
        }
        let found = vak_model::printable(&descriptor.media_type, 80);
        Err(LayoutError::malformed(&self.path(descriptor), format!("it is `{found}`, and not `{expected}`")))
    }

    /// The very bytes that a descriptor names: by digest and by length.
    fn blob(&self, descriptor: &Descriptor, max: u64) -> Result<Vec<u8>, LayoutError> {
        let path = self.path(descriptor);
        let mismatch = |what| LayoutError::Mismatch { path: path.clone(), what };
        if descriptor.size > max {
            return Err(LayoutError::malformed(&path, format!("it has more than {max} bytes")));
        }
        let bytes = match files::read(&path, descriptor.size) {
            Err(StoreError::Read { source, .. }) if source.kind() == io::ErrorKind::FileTooLarge => {
                return Err(mismatch("it is longer"));
            }
            read => read?.ok_or_else(|| mismatch("it is missing"))?,
        };
        if bytes.len() as u64 != descriptor.size {
            return Err(mismatch("it is shorter"));
        }
        if sha256(&bytes) == descriptor.digest { Ok(bytes) } else { Err(mismatch("it has another digest")) }
    }

    /// A digest has one spelling, of 64 hex digits: no path made of it leads elsewhere.
    fn path(&self, descriptor: &Descriptor) -> PathBuf {
        self.0.join(BLOBS).join(super::write::hex(descriptor.digest))
    }

    fn document<T: DeserializeOwned>(&self, name: &str, max: u64) -> Result<T, LayoutError> {
        let path = self.0.join(name);
        let bytes = files::read(&path, max)?.ok_or_else(|| LayoutError::malformed(&path, "it is missing"))?;
        parse(&path, &bytes)
    }

    fn malformed(&self, name: &str, what: impl Into<String>) -> LayoutError {
        LayoutError::malformed(&self.0.join(name), what)
    }
}

fn parse<T: DeserializeOwned>(path: &Path, bytes: &[u8]) -> Result<T, LayoutError> {
    let shown = |error: &dyn std::error::Error| vak_model::printable(&error.to_string(), 200);
    let value = parse_json(bytes).map_err(|error| LayoutError::malformed(path, shown(&error)))?;
    serde_json::from_value(value).map_err(|error| LayoutError::malformed(path, shown(&error)))
}
