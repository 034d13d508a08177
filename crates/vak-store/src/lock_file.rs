//! `skills.lock`: which artefact each name stands for in a project, whatever else there is on a machine.
//!
//! It lies beside the folder `skills`. A name that it lists means that version and those bytes, and nothing else. What it
//! pins is the artefact, and not who signed it: another signature is no drift.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use vak_model::{Code, ModuleId, SkillName, SkillVersion};
use vak_package::{Artefact, Package, parse_json};

use crate::{SkillReference, StoreError, files};

/// The file's name.
pub const LOCK_FILE: &str = "skills.lock";

const FORMAT: &str = "vak-skills-lock/v1";

/// The largest lock file that is read, in bytes.
const MAX_BYTES: u64 = 4 << 20;

/// What the eight bytes of a module's header and all that a signature covers make of an artefact.
const HEADER_BYTES: usize = 8;

/// The skills of a project, each pinned to one artefact.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LockFile {
    path: PathBuf,
    pins: BTreeMap<SkillName, Pin>,
}

/// The artefact that a name stands for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pin {
    /// The version.
    pub version: SkillVersion,
    /// The artefact's identity.
    pub digest: ModuleId,
    /// The length of the bytes that the digest is of: the artefact without its signature.
    pub size: u64,
}

/// What a lock file says, and what there is instead.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{name}` is not what `{path}` says: it pins {pinned}, and this is {found}")]
pub struct Drift {
    /// Which skill.
    pub name: SkillName,
    /// The lock file.
    pub path: PathBuf,
    /// What it pins, in the part that differs.
    pub pinned: String,
    /// What there is.
    pub found: String,
}

/// Why a lock file can't be used.
#[derive(Debug, thiserror::Error)]
pub enum LockError {
    /// It is none.
    #[error("`{path}` is no lock file: {what}")]
    Malformed {
        /// Which file.
        path: PathBuf,
        /// What is wrong with it.
        what: String,
    },
    /// It can't be read or written.
    #[error(transparent)]
    File(#[from] StoreError),
}

impl LockError {
    /// What the error is called.
    #[must_use]
    pub const fn code(&self) -> Code {
        match self {
            Self::Malformed { .. } => Code::LockMalformed,
            Self::File(error) => error.code(),
        }
    }
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Wire {
    format: String,
    skills: Vec<WirePin>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct WirePin {
    name: SkillName,
    version: SkillVersion,
    digest: ModuleId,
    size: u64,
}

impl Pin {
    /// What pins this artefact.
    #[must_use]
    pub fn of(package: &Package) -> Self {
        Self {
            version: package.document().manifest().version.clone(),
            digest: package.id(),
            size: (HEADER_BYTES + package.covered().len()) as u64,
        }
    }
}

impl LockFile {
    /// One that pins nothing yet, to be written to `path`.
    #[must_use]
    pub const fn empty(path: PathBuf) -> Self {
        Self { path, pins: BTreeMap::new() }
    }

    /// Reads the lock file at `path`; none if there is none.
    ///
    /// # Errors
    /// It is no lock file, or can't be read.
    pub fn read(path: &Path) -> Result<Option<Self>, LockError> {
        let Some(json) = files::read(path, MAX_BYTES)? else { return Ok(None) };
        let malformed = |what: String| LockError::Malformed { path: path.to_owned(), what };
        let text = |error: &dyn std::error::Error| malformed(vak_model::printable(&error.to_string(), 200));
        let value = parse_json(&json).map_err(|error| text(&error))?;
        if value["format"] != FORMAT {
            return Err(malformed(format!("it is not of the format {FORMAT}")));
        }
        let wire: Wire = serde_json::from_value(value).map_err(|error| text(&error))?;
        let mut pins = BTreeMap::new();
        for WirePin { name, version, digest, size } in wire.skills {
            if pins.insert(name.clone(), Pin { version, digest, size }).is_some() {
                return Err(malformed(format!("it lists `{name}` twice")));
            }
        }
        Ok(Some(Self { path: path.to_owned(), pins }))
    }

    /// Writes it, whole or not at all: one skill after the other, sorted, so that a change is a few lines.
    ///
    /// # Errors
    /// It can't be written.
    pub fn write(&self) -> Result<(), LockError> {
        let pins = self.pins.iter().map(|(name, pin)| WirePin {
            name: name.clone(),
            version: pin.version.clone(),
            digest: pin.digest,
            size: pin.size,
        });
        let wire = Wire { format: FORMAT.to_owned(), skills: pins.collect() };
        // Names, digests and numbers: there is nothing in it that JSON has no form for.
        let mut json = serde_json::to_vec_pretty(&wire).unwrap_or_default();
        json.push(b'\n');
        let folder = self.path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
        Ok(files::replace(folder, LOCK_FILE, &json)?)
    }

    /// Where it lies.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// What a name is pinned to.
    #[must_use]
    pub fn pin(&self, name: &SkillName) -> Option<&Pin> {
        self.pins.get(name)
    }

    /// Every name with its pin.
    pub fn pins(&self) -> impl Iterator<Item = (&SkillName, &Pin)> {
        self.pins.iter()
    }

    /// Pins a name to an artefact, whatever it was pinned to.
    pub fn put(&mut self, name: SkillName, pin: Pin) {
        self.pins.insert(name, pin);
    }

    /// The reference that a name means here: the pinned version, if none is asked for.
    ///
    /// # Errors
    /// Another version is pinned than the one that is asked for.
    pub fn resolve(&self, reference: &SkillReference) -> Result<SkillReference, Drift> {
        let SkillReference { name, version } = reference;
        match (self.pin(name), version) {
            (None, _) => Ok(reference.clone()),
            (Some(pin), None) => Ok(SkillReference { name: name.clone(), version: Some(pin.version.clone()) }),
            (Some(pin), Some(version)) if pin.version == *version => Ok(reference.clone()),
            (Some(pin), Some(version)) => Err(self.drift(name, &pin.version, version)),
        }
    }

    /// Whether an artefact is the one that its name is pinned to. What is not listed is free.
    ///
    /// # Errors
    /// It is another one.
    pub fn check(&self, package: &Package) -> Result<(), Drift> {
        let name = &package.document().manifest().name;
        let Some(pin) = self.pin(name) else { return Ok(()) };
        let found = Pin::of(package);
        if pin.version != found.version {
            return Err(self.drift(name, &pin.version, &found.version));
        }
        if pin.digest != found.digest {
            return Err(self.drift(name, &pin.digest, &found.digest));
        }
        if pin.size != found.size {
            return Err(self.drift(name, &format!("{} bytes", pin.size), &format!("of {} bytes", found.size)));
        }
        Ok(())
    }

    fn drift(&self, name: &SkillName, pinned: &dyn ToString, found: &dyn ToString) -> Drift {
        let [pinned, found] = [pinned, found].map(ToString::to_string);
        Drift { name: name.clone(), path: self.path.clone(), pinned, found }
    }
}
