//! Writing skills as a layout.

use std::collections::BTreeMap;
use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use serde::Serialize;
use vak_model::Digest;
use vak_package::{Artefact as _, Package, embed_signature, sha256};

use super::wire::{Config, Descriptor, Index, Layout, Manifest};
use super::{
    BLOBS, CONFIG_TYPE, INDEX, INDEX_TYPE, LAYER_TYPE, LAYOUT, LAYOUT_VERSION, LayoutError, MANIFEST_TYPE, MODULE_ID,
    REF_NAME,
};
use crate::{StoreError, files};

/// When everything was created: a layout says nothing of when or where it was written.
const CREATED: &str = "1970-01-01T00:00:00Z";

/// Writes `skills` as one layout, which appears at `folder` whole or not at all. The same skills give the same bytes,
/// whatever their order.
///
/// # Errors
/// There is something at `folder`, or it can't be written.
pub fn export(skills: &[Package], folder: &Path) -> Result<(), LayoutError> {
    if folder.symlink_metadata().is_ok() {
        return Err(LayoutError::Exists(folder.to_owned()));
    }
    let failed = |error| StoreError::write(folder, error);
    let parent = folder.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
    fs::create_dir_all(parent).map_err(failed)?;
    let unfinished =
        tempfile::Builder::new().prefix(".new-").permissions(Permissions::from_mode(0o755)).tempdir_in(parent);
    let unfinished = unfinished.map_err(failed)?;
    write(skills, unfinished.path())?;
    fs::rename(unfinished.path(), folder).map_err(failed)?;
    // It lies elsewhere now: there is nothing left to be removed.
    let _ = unfinished.keep();
    Ok(files::sync(parent)?)
}

fn write(skills: &[Package], folder: &Path) -> Result<(), LayoutError> {
    let blobs = folder.join(BLOBS);
    fs::create_dir_all(&blobs).map_err(|error| StoreError::write(&blobs, error))?;
    let mut manifests = skills.iter().map(|skill| put_skill(&blobs, skill)).collect::<Result<Vec<_>, _>>()?;
    manifests.sort_by(|one, other| one.annotations.cmp(&other.annotations).then(one.digest.cmp(&other.digest)));
    files::replace(folder, LAYOUT, &json(&Layout { version: LAYOUT_VERSION.to_owned() }))?;
    let index = Index { schema: 2, media_type: Some(INDEX_TYPE.to_owned()), manifests };
    Ok(files::replace(folder, INDEX, &json(&index))?)
}

/// Writes a skill's layer, configuration and manifest; gives the descriptor of the last.
fn put_skill(blobs: &Path, skill: &Package) -> Result<Descriptor, LayoutError> {
    let bytes = skill.signature().map_or_else(|| skill.bytes().to_vec(), |own| embed_signature(skill, own));
    let layer = put(blobs, LAYER_TYPE, &bytes)?;
    let described = skill.document().manifest();
    let config = Config {
        created: CREATED.to_owned(),
        author: Some(described.author.to_string()).filter(|author| !author.is_empty()),
        architecture: "wasm".to_owned(),
        os: "wasip1".to_owned(),
        layer_digests: vec![layer.digest],
        component: None,
    };
    let config = put(blobs, CONFIG_TYPE, &json(&config))?;
    let manifest = Manifest {
        schema: 2,
        media_type: Some(MANIFEST_TYPE.to_owned()),
        config,
        layers: vec![layer],
        annotations: annotations(skill),
    };
    let descriptor = put(blobs, MANIFEST_TYPE, &json(&manifest))?;
    let called = format!("{}:{}", described.name, described.version);
    Ok(Descriptor { annotations: BTreeMap::from([(REF_NAME.to_owned(), called)]), ..descriptor })
}

fn annotations(skill: &Package) -> BTreeMap<String, String> {
    let manifest = skill.document().manifest();
    let pairs = [
        ("org.opencontainers.image.title", format!("{}.wasm", manifest.name.base())),
        ("org.opencontainers.image.version", manifest.version.to_string()),
        ("org.opencontainers.image.description", manifest.description.to_string()),
        ("org.opencontainers.image.licenses", manifest.license.to_string()),
        (MODULE_ID, skill.id().to_string()),
    ];
    pairs.into_iter().filter(|(_, text)| !text.is_empty()).map(|(name, text)| (name.to_owned(), text)).collect()
}

fn put(blobs: &Path, media_type: &str, bytes: &[u8]) -> Result<Descriptor, StoreError> {
    let digest = sha256(bytes);
    files::replace(blobs, &hex(digest), bytes)?;
    Ok(Descriptor {
        media_type: media_type.to_owned(),
        digest,
        size: bytes.len() as u64,
        artifact_type: None,
        annotations: BTreeMap::new(),
    })
}

pub(super) fn hex(digest: Digest) -> String {
    digest.to_string().trim_start_matches("sha256:").to_owned()
}

/// Texts, digests and small numbers: there is nothing in it that has no canonical form.
fn json(value: &impl Serialize) -> Vec<u8> {
    serde_json_canonicalizer::to_vec(value).unwrap_or_default()
}
