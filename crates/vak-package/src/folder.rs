//! A skill's folder as strangers may have left it: its `skill.yaml`, and the module that this names.

use std::path::{Path, PathBuf};

use vak_model::Code;

use crate::{Bounds, FileError, ManifestDocument, ManifestError, TextMemory, read_file};

/// The name of the manifest's file.
const SKILL_YAML: &str = "skill.yaml";

/// The largest `skill.yaml` that is read, in bytes.
const MAX_YAML_BYTES: u64 = 256 * 1024;

/// A folder whose `skill.yaml` has been read.
#[derive(Clone, Debug)]
pub struct SkillFolder {
    folder: PathBuf,
    document: ManifestDocument,
}

/// A module's file: as it is shown, and as it is read. What was followed once is not followed again.
#[derive(Clone, Debug)]
pub struct ModuleFile {
    /// Its path through the folder's.
    pub shown: PathBuf,
    /// Where it really lies, inside the folder.
    pub resolved: PathBuf,
}

/// Why a folder gives no manifest, or no module.
#[derive(Debug, thiserror::Error)]
pub enum FolderError {
    /// `skill.yaml` can't be read.
    #[error(transparent)]
    Yaml(FileError),
    /// `skill.yaml` is not text.
    #[error("`{0}` is not UTF-8")]
    NotText(PathBuf),
    /// `skill.yaml` is no manifest.
    #[error("`{path}` is no manifest")]
    Manifest {
        /// Which file.
        path: PathBuf,
        /// What is wrong with it.
        #[source]
        error: ManifestError,
    },
    /// There is no module.
    #[error("`{folder}` is not built")]
    NotBuilt {
        /// The folder.
        folder: PathBuf,
        /// Where the module should be.
        missing: PathBuf,
    },
    /// The module lies elsewhere.
    #[error("`module` is `{module}`, which leads out of the folder")]
    Outside {
        /// What the manifest says.
        module: String,
        /// Where that leads to.
        leads_to: PathBuf,
    },
}

impl FolderError {
    /// What the error is called.
    #[must_use]
    pub const fn code(&self) -> Code {
        match self {
            Self::Yaml(FileError::TooLarge { .. }) | Self::NotText(_) => Code::ManifestSyntax,
            Self::Yaml(FileError::Io { .. } | FileError::NotRegular(_)) => Code::FileRead,
            Self::Manifest { error, .. } => error.code(),
            Self::NotBuilt { .. } => Code::SkillNotBuilt,
            Self::Outside { .. } => Code::ManifestInvalid,
        }
    }
}

impl SkillFolder {
    /// Whether the folder holds a `skill.yaml`, readable or not.
    #[must_use]
    pub fn is_at(folder: &Path) -> bool {
        folder.join(SKILL_YAML).is_file()
    }

    /// Reads the folder's `skill.yaml`.
    ///
    /// # Errors
    /// See [`FolderError`].
    pub fn read(folder: &Path) -> Result<Self, FolderError> {
        Self::read_by(folder, ManifestDocument::from_yaml)
    }

    /// Reads the folder's `skill.yaml`, or takes what `memory` knows of its text.
    ///
    /// # Errors
    /// See [`FolderError`].
    pub fn recall(folder: &Path, memory: &dyn TextMemory) -> Result<Self, FolderError> {
        Self::read_by(folder, |text| ManifestDocument::recall_yaml(text, memory))
    }

    fn read_by(
        folder: &Path,
        read: impl FnOnce(&str) -> Result<ManifestDocument, ManifestError>,
    ) -> Result<Self, FolderError> {
        let path = folder.join(SKILL_YAML);
        let bytes = read_file(&path, MAX_YAML_BYTES).map_err(FolderError::Yaml)?;
        let text = String::from_utf8(bytes).map_err(|_| FolderError::NotText(path.clone()))?;
        let document = read(&text).map_err(|error| FolderError::Manifest { path, error })?;
        Ok(Self { folder: folder.to_owned(), document })
    }

    /// What its `skill.yaml` says.
    #[must_use]
    pub const fn document(&self) -> &ManifestDocument {
        &self.document
    }

    /// Its module's file. The path can't leave the folder, neither by its text nor through a link.
    ///
    /// # Errors
    /// There is none, or it lies elsewhere.
    pub fn module(&self) -> Result<ModuleFile, FolderError> {
        let module = self.document.manifest().module.as_str();
        let shown = self.folder.join(module);
        let Ok(resolved) = shown.canonicalize() else {
            return Err(FolderError::NotBuilt { folder: self.folder.clone(), missing: shown });
        };
        let inside = self.folder.canonicalize().is_ok_and(|root| resolved.starts_with(root));
        if inside {
            return Ok(ModuleFile { shown, resolved });
        }
        Err(FolderError::Outside { module: module.to_owned(), leads_to: resolved })
    }
}

/// Reads a module's bytes within `bounds`.
///
/// # Errors
/// See [`FileError`].
pub fn read_module(file: &Path, bounds: &Bounds) -> Result<Vec<u8>, FileError> {
    read_file(file, bounds.file_bytes as u64)
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::symlink;

    use super::*;

    const YAML: &str =
        "name: x\nversion: 1.0.0\ndescription: x\nmodule: x.wasm\nexports: [{ name: execute }]\nsignature: null\n";

    fn folder(yaml: &[u8]) -> tempfile::TempDir {
        let folder = tempfile::tempdir().expect("a folder");
        fs::write(folder.path().join(SKILL_YAML), yaml).expect("written");
        folder
    }

    fn code(yaml: &[u8]) -> Code {
        SkillFolder::read(folder(yaml).path()).expect_err("refused").code()
    }

    #[test]
    fn what_is_no_manifest_is_named_for_what_it_is() {
        assert_eq!(code(b"\xff"), Code::ManifestSyntax);
        assert_eq!(code(&vec![b'#'; 300 * 1024]), Code::ManifestSyntax);
        assert_eq!(code(b"name: x"), Code::ManifestInvalid);
        let empty = tempfile::tempdir().expect("a folder");
        assert!(!SkillFolder::is_at(empty.path()));
        assert_eq!(SkillFolder::read(empty.path()).expect_err("none").code(), Code::FileRead);
    }

    #[test]
    fn v24_the_module_lies_in_the_folder_or_is_refused() {
        let (skill, outside) = (folder(YAML.as_bytes()), tempfile::tempdir().expect("a folder"));
        let read = SkillFolder::read(skill.path()).expect("a manifest");
        assert_eq!(read.module().expect_err("not there").code(), Code::SkillNotBuilt);
        let (module, elsewhere) = (skill.path().join("x.wasm"), outside.path().join("x.wasm"));
        fs::write(&elsewhere, "").expect("written");
        symlink(&elsewhere, &module).expect("a link");
        assert_eq!(read.module().expect_err("elsewhere").code(), Code::ManifestInvalid);
        fs::remove_file(&module).expect("removed");
        fs::write(&module, "").expect("written");
        assert_eq!(read.module().expect("there").shown, module);
    }
}
