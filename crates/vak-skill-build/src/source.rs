//! A skill's manifest, as its author wrote it.

use std::path::{Path, PathBuf};

use vak_cli::Place;
use vak_model::Manifest;
use vak_package::{ManifestDocument, ManifestError, Position, read_file};

use crate::Error;

/// The largest `skill.yaml` that is read, in bytes: the manifest's own bound.
const MAX_MANIFEST_BYTES: u64 = 256 * 1024;

/// How many folders near by an error names.
const MAX_NEAR: usize = 3;

/// A skill's folder and the manifest in it.
#[derive(Debug)]
pub struct Source {
    dir: PathBuf,
    file: PathBuf,
    document: ManifestDocument,
}

impl Source {
    /// Reads `skill.yaml` in `dir`, with its schemas and the golden cases that are held against them.
    ///
    /// # Errors
    /// There is none, or there are mistakes in it.
    pub fn check(dir: &Path) -> Result<Self, Error> {
        Self::read_with(dir, ManifestDocument::check_yaml)
    }

    /// Reads `skill.yaml` in `dir`, but for what schemas mean.
    ///
    /// # Errors
    /// There is none, or there are mistakes in it.
    pub fn read(dir: &Path) -> Result<Self, Error> {
        Self::read_with(dir, ManifestDocument::from_yaml)
    }

    fn read_with(dir: &Path, read: fn(&str) -> Result<ManifestDocument, ManifestError>) -> Result<Self, Error> {
        let file = below(dir, "skill.yaml");
        let bytes = read_file(&file, MAX_MANIFEST_BYTES)
            .map_err(|source| Error::NoManifest { source, near: skills_near(dir) })?;
        let text = String::from_utf8(bytes).map_err(|_| Error::NotText(file.clone()))?;
        let document = read(&text).map_err(|mistakes| Error::Manifest { file: file.clone(), mistakes })?;
        Ok(Self { dir: dir.to_owned(), file, document })
    }

    /// The skill's folder, as the caller named it.
    #[must_use]
    pub fn dir(&self) -> &Path {
        &self.dir
    }

    /// The manifest with its canonical bytes.
    #[must_use]
    pub const fn document(&self) -> &ManifestDocument {
        &self.document
    }

    /// The manifest.
    #[must_use]
    pub const fn manifest(&self) -> &Manifest {
        self.document.manifest()
    }

    /// File, line and column of the manifest's part with this JSON Pointer.
    #[must_use]
    pub fn place(&self, pointer: &str) -> String {
        place(&self.file, self.document.position(pointer)).to_string()
    }
}

/// `name` in `dir`, without a `./` before it.
pub(crate) fn below(dir: &Path, name: &str) -> PathBuf {
    if dir == Path::new(".") { name.into() } else { dir.join(name) }
}

pub(crate) fn place(file: &Path, position: Option<Position>) -> Place {
    Place::new(file, position.map(|at| (at.line, at.column)))
}

/// The folders around and below `dir` that hold a `skill.yaml`, the nearest first.
fn skills_near(dir: &Path) -> Vec<PathBuf> {
    let is_skill = |dir: &PathBuf| dir.join("skill.yaml").is_file();
    let above = dir.ancestors().skip(1).filter(|dir| !dir.as_os_str().is_empty()).map(Path::to_owned).find(is_skill);
    let mut below: Vec<PathBuf> = [dir.to_owned(), below(dir, "skills")]
        .iter()
        .filter_map(|dir| dir.read_dir().ok())
        .flat_map(|entries| entries.flatten().map(|entry| entry.path()))
        .map(|path| path.strip_prefix("./").map(Path::to_owned).unwrap_or(path))
        .filter(is_skill)
        .collect();
    below.sort();
    above.into_iter().chain(below).take(MAX_NEAR).collect()
}
