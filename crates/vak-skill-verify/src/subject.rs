//! From a path to what is looked at.

use std::path::{Path, PathBuf};

use vak_model::Code;
use vak_package::{
    Bounds, FileError, FolderError, ManifestDocument, ManifestError, PackageError, SkillFolder, Specimen, read_module,
};

use crate::shown::Shown;

/// What lies at a path.
#[derive(Debug)]
pub(crate) struct Subject {
    pub(crate) specimen: Specimen,
    /// The module's file.
    pub(crate) file: PathBuf,
    /// The `skill.yaml` beside it, if a folder was named.
    pub(crate) yaml: Option<ManifestDocument>,
}

/// Why there is nothing that could be looked at.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Unreadable {
    #[error(transparent)]
    Folder(#[from] FolderError),
    #[error(transparent)]
    File(#[from] FileError),
    #[error(transparent)]
    Package(#[from] PackageError),
}

impl Subject {
    /// Reads a folder with a `skill.yaml`, or else a module's file.
    pub(crate) fn read(path: &Path) -> Result<Self, Unreadable> {
        let bounds = Bounds::default();
        if !path.is_dir() {
            let specimen = Specimen::read(read_module(path, &bounds)?, &bounds)?;
            return Ok(Self { specimen, file: path.to_owned(), yaml: None });
        }
        let folder = SkillFolder::read(path)?;
        let module = folder.module()?;
        let yaml = folder.document().clone();
        let specimen = Specimen::pack(read_module(&module.resolved, &bounds)?, &yaml, &bounds)?;
        Ok(Self { specimen, file: module.shown, yaml: Some(yaml) })
    }

    /// The keys that `skill.yaml` says have signed it: for messages alone.
    pub(crate) fn key_hints(&self) -> Vec<String> {
        let block = self.yaml.as_ref().and_then(|yaml| yaml.manifest().signature.as_ref());
        block.map(|block| block.keys.clone()).unwrap_or_default()
    }
}

impl Unreadable {
    pub(crate) const fn code(&self) -> Code {
        match self {
            Self::Folder(error) => error.code(),
            Self::File(FileError::TooLarge { .. }) => Code::ArtefactSize,
            Self::File(FileError::Io { .. } | FileError::NotRegular(_)) => Code::FileRead,
            Self::Package(error) => error.code(),
        }
    }

    /// The same, with its paths as they are shown.
    pub(crate) fn shown(self, shown: &Shown) -> Self {
        let path = |path: &Path| PathBuf::from(shown.path(path));
        let file = |error: FileError| match error {
            FileError::Io { path: at, source } => FileError::Io { path: path(&at), source },
            FileError::NotRegular(at) => FileError::NotRegular(path(&at)),
            FileError::TooLarge { path: at, max } => FileError::TooLarge { path: path(&at), max },
        };
        match self {
            Self::Folder(FolderError::Yaml(error)) => FolderError::Yaml(file(error)).into(),
            Self::Folder(FolderError::NotText(at)) => FolderError::NotText(path(&at)).into(),
            Self::Folder(FolderError::Manifest { path: at, error }) => {
                FolderError::Manifest { path: path(&at), error }.into()
            }
            Self::Folder(FolderError::NotBuilt { folder, missing }) => {
                FolderError::NotBuilt { folder: path(&folder), missing: path(&missing) }.into()
            }
            Self::File(error) => Self::File(file(error)),
            other @ (Self::Folder(FolderError::Outside { .. }) | Self::Package(_)) => other,
        }
    }

    /// The file that it is about, if that is another than the one that was named.
    pub(crate) fn file(&self) -> Option<&Path> {
        match self {
            Self::Folder(FolderError::NotText(path) | FolderError::Manifest { path, .. }) => Some(path),
            _ => None,
        }
    }

    /// What is wrong, with its causes.
    pub(crate) fn message(&self) -> String {
        match self.manifest() {
            Some((place, error)) => {
                let at = error.first().position();
                let at = at.map(|at| format!(" line {}, column {}", at.line, at.column)).unwrap_or_default();
                format!("{place}{at}: {error}")
            }
            None => match std::error::Error::source(self) {
                Some(cause) => format!("{self}: {cause}"),
                None => self.to_string(),
            },
        }
    }

    /// The mistakes of a manifest, and where it is.
    pub(crate) fn manifest(&self) -> Option<(String, &ManifestError)> {
        match self {
            Self::Folder(FolderError::Manifest { path, error }) => Some((format!("`{}`", path.display()), error)),
            Self::Package(PackageError::Manifest(error)) => Some(("the manifest inside the module".to_owned(), error)),
            _ => None,
        }
    }
}
