//! The files of artefacts: each is named by the digest of the artefact and by that of the file, its signature included.
//!
//! Nothing in a name comes from a manifest, so there is no name that leads elsewhere. A file that is there never changes:
//! an artefact with other signatures is another file.

use std::path::{Path, PathBuf};

use vak_model::{Digest, ModuleId};
use vak_package::{Artefact, Bounds, Package, sha256};

use crate::{Entry, StoreError, files};

const SUFFIX: &str = ".wasm";

/// The folder of the files.
#[derive(Clone, Debug)]
pub(crate) struct Blobs(PathBuf);

/// A file that is there, by its name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct BlobName {
    pub(crate) module: ModuleId,
    pub(crate) file: Digest,
}

impl BlobName {
    pub(crate) fn of(entry: &Entry) -> Self {
        Self { module: entry.digest, file: entry.file_digest }
    }

    fn text(self) -> String {
        format!("{}-{}{SUFFIX}", hex(self.module.0), hex(self.file))
    }

    fn read(text: &str) -> Option<Self> {
        let (module, file) = text.strip_suffix(SUFFIX)?.split_once('-')?;
        let digest = |hex: &str| format!("sha256:{hex}").parse().ok();
        Some(Self { module: ModuleId(digest(module)?), file: digest(file)? })
    }
}

fn hex(digest: Digest) -> String {
    digest.to_string().trim_start_matches("sha256:").to_owned()
}

impl Blobs {
    pub(crate) const fn at(folder: PathBuf) -> Self {
        Self(folder)
    }

    pub(crate) fn folder(&self) -> &Path {
        &self.0
    }

    pub(crate) fn path(&self, name: BlobName) -> PathBuf {
        self.0.join(name.text())
    }

    /// The artefact, if its file holds the very bytes that `name` and `size` say. None if there is no file.
    pub(crate) fn load(&self, name: BlobName, size: Option<u64>) -> Result<Option<Package>, StoreError> {
        let (path, bounds) = (self.path(name), Bounds::default());
        let mismatch = |what| StoreError::Mismatch { path: path.clone(), what };
        // One byte more than it may have, to tell a file that has grown from one that can't be read.
        let max = size.map_or(bounds.file_bytes as u64, |size| size.saturating_add(1));
        let bytes = match files::read(&path, max) {
            Err(StoreError::Read { source, .. }) if source.kind() == std::io::ErrorKind::FileTooLarge => {
                return Err(mismatch("it is longer"));
            }
            read => read?,
        };
        let Some(bytes) = bytes else { return Ok(None) };
        if size.is_some_and(|size| size != bytes.len() as u64) {
            return Err(mismatch("it has another length"));
        }
        if sha256(&bytes) != name.file {
            return Err(mismatch("it has another digest"));
        }
        let package =
            Package::read(bytes, &bounds).map_err(|error| StoreError::Package { path: path.clone(), error })?;
        if package.id() == name.module { Ok(Some(package)) } else { Err(mismatch("it is another artefact")) }
    }

    pub(crate) fn write(&self, name: BlobName, bytes: &[u8]) -> Result<(), StoreError> {
        files::replace(&self.0, &name.text(), bytes)
    }

    /// All that there are. Files with other names are nobody's here, and left alone.
    pub(crate) fn list(&self) -> Result<Vec<BlobName>, StoreError> {
        Ok(files::names(&self.0)?.iter().filter_map(|name| BlobName::read(name)).collect())
    }

    pub(crate) fn remove(&self, name: BlobName) -> Result<(), StoreError> {
        files::remove(&self.path(name))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_reads_back_and_others_are_none_of_ours() {
        let name = BlobName { module: ModuleId(sha256(b"a")), file: sha256(b"b") };
        let text = name.text();
        assert_eq!((BlobName::read(&text), text.len()), (Some(name), 134));
        for other in ["", ".wasm", "-.wasm", "x-y.wasm", &text[1..], &text.to_uppercase(), &text.replace('-', "/")] {
            assert_eq!(BlobName::read(other), None, "{other}");
        }
    }
}
