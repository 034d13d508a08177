//! The documents of a layout. Members that are not listed here are other people's, and are ignored.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use vak_model::Digest;

/// `oci-layout`.
#[derive(Serialize, Deserialize)]
pub(super) struct Layout {
    #[serde(rename = "imageLayoutVersion")]
    pub(super) version: String,
}

/// `index.json`.
#[derive(Serialize, Deserialize)]
pub(super) struct Index {
    #[serde(rename = "schemaVersion")]
    pub(super) schema: u64,
    #[serde(rename = "mediaType", default, skip_serializing_if = "Option::is_none")]
    pub(super) media_type: Option<String>,
    pub(super) manifests: Vec<Descriptor>,
}

/// What a file is, how long, and under which digest it lies.
#[derive(Clone, Serialize, Deserialize)]
pub(super) struct Descriptor {
    #[serde(rename = "mediaType")]
    pub(super) media_type: String,
    pub(super) digest: Digest,
    pub(super) size: u64,
    /// What it is, if it is no image: an attestation, for instance.
    #[serde(rename = "artifactType", default, skip_serializing_if = "Option::is_none")]
    pub(super) artifact_type: Option<String>,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub(super) annotations: BTreeMap<String, String>,
}

/// A manifest of an image.
#[derive(Serialize, Deserialize)]
pub(super) struct Manifest {
    #[serde(rename = "schemaVersion")]
    pub(super) schema: u64,
    #[serde(rename = "mediaType", default, skip_serializing_if = "Option::is_none")]
    pub(super) media_type: Option<String>,
    pub(super) config: Descriptor,
    pub(super) layers: Vec<Descriptor>,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub(super) annotations: BTreeMap<String, String>,
}

/// The configuration of an image of WebAssembly.
#[derive(Serialize, Deserialize)]
pub(super) struct Config {
    pub(super) created: String,
    pub(super) author: Option<String>,
    pub(super) architecture: String,
    pub(super) os: String,
    #[serde(rename = "layerDigests")]
    pub(super) layer_digests: Vec<Digest>,
    /// Always null: a skill is a plain module.
    pub(super) component: Option<()>,
}
