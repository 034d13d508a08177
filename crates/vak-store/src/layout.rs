//! Skills as OCI image layouts: folders that registries' tools read and write.
//!
//! A layout is a stranger's. Everything in it is found by digest, read up to the length that its descriptor states, and
//! must be that; names and titles in it are for people, and never become paths. Writing the same skills always gives the
//! same bytes.

mod read;
mod wire;
mod write;

use std::path::{Path, PathBuf};

use vak_model::Code;
use vak_package::PackageError;

use crate::StoreError;

pub use read::{import, is_layout};
pub use write::export;

/// The version of layouts.
const LAYOUT_VERSION: &str = "1.0.0";

const LAYOUT: &str = "oci-layout";
const INDEX: &str = "index.json";
const BLOBS: &str = "blobs/sha256";

const INDEX_TYPE: &str = "application/vnd.oci.image.index.v1+json";
const MANIFEST_TYPE: &str = "application/vnd.oci.image.manifest.v1+json";
const CONFIG_TYPE: &str = "application/vnd.wasm.config.v0+json";
const LAYER_TYPE: &str = "application/wasm";

const REF_NAME: &str = "org.opencontainers.image.ref.name";
const MODULE_ID: &str = "dev.vak.module-id";

/// Why a layout can't be read or written.
#[derive(Debug, thiserror::Error)]
pub enum LayoutError {
    /// It says something that it can't say.
    #[error("`{path}`: {what}")]
    Malformed {
        /// Which file.
        path: PathBuf,
        /// What is wrong with it.
        what: String,
    },
    /// A file is not what its descriptor says.
    #[error("`{path}` is not what its descriptor says: {what}")]
    Mismatch {
        /// Which file.
        path: PathBuf,
        /// In what it differs.
        what: &'static str,
    },
    /// A layer is no artefact.
    #[error("`{path}` is no artefact")]
    Package {
        /// Which file.
        path: PathBuf,
        /// Why.
        #[source]
        error: PackageError,
    },
    /// There is something where the layout should go.
    #[error("`{0}` is there already")]
    Exists(PathBuf),
    /// A file can't be read or written.
    #[error(transparent)]
    File(#[from] StoreError),
}

impl LayoutError {
    /// What the error is called.
    #[must_use]
    pub const fn code(&self) -> Code {
        match self {
            Self::Malformed { .. } => Code::LayoutMalformed,
            Self::Mismatch { .. } => Code::LayoutMismatch,
            Self::Package { error, .. } => error.code(),
            Self::Exists(_) => Code::FileWrite,
            Self::File(error) => error.code(),
        }
    }

    fn malformed(path: &Path, what: impl Into<String>) -> Self {
        Self::Malformed { path: path.to_owned(), what: what.into() }
    }
}
