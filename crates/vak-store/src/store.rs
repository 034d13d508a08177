//! The store: what is in it, what comes in, what goes out.

use std::collections::BTreeSet;
use std::fs::{DirBuilder, File};
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};

use vak_model::{ModuleId, SkillName, SkillVersion};
use vak_package::{Artefact, Package, embed_signature, sha256};
use vak_trust::Admitted;

use crate::blobs::{BlobName, Blobs};
use crate::index::{Index, MAX_INDEX_BYTES};
use crate::{Entry, SkillReference, StoreError, files};

const INDEX: &str = "index.json";
const LOCK: &str = "lock";
const BLOBS: &str = "blobs";

/// A folder with installed skills, or one that is not there yet.
#[derive(Clone, Debug)]
pub struct Store {
    folder: PathBuf,
    blobs: Blobs,
    bounds: StoreBounds,
}

/// How much a store holds: whoever adds a skill after the other should not fill the disk unseen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StoreBounds {
    /// Artefacts. Default 10,000.
    pub entries: u64,
    /// Bytes of all artefacts together. Default 4 GiB.
    pub bytes: u64,
}

impl Default for StoreBounds {
    fn default() -> Self {
        Self { entries: 10_000, bytes: 4 << 30 }
    }
}

/// What happens if another artefact has that name and version already.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OnConflict {
    /// It stays, and the new one is refused.
    Refuse,
    /// The new one takes its place.
    Replace,
}

/// What adding an artefact changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Added {
    /// It is there now.
    New(Entry),
    /// It was there, with other signatures or not whole.
    Renewed(Entry),
    /// It was there, and nothing was written.
    Unchanged(Entry),
    /// It has taken the place of this other one.
    Replaced(Entry, Box<Entry>),
}

/// What was swept away.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Swept {
    /// Artefacts that nothing names.
    pub artefacts: usize,
    /// Files that writers have begun and not ended.
    pub unfinished: usize,
}

/// What an index was made of that was made anew.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Rebuilt {
    /// How many entries it has.
    pub entries: usize,
    /// Names and versions that several artefacts claim: none of them is listed.
    pub disputed: Vec<SkillReference>,
    /// How many files are no artefacts, or not those that they are named after.
    pub damaged: usize,
}

impl Added {
    /// The entry as it is now.
    #[must_use]
    pub const fn entry(&self) -> &Entry {
        match self {
            Self::New(entry) | Self::Renewed(entry) | Self::Unchanged(entry) | Self::Replaced(entry, _) => entry,
        }
    }
}

impl Store {
    /// The store in `folder`, which need not be there yet.
    #[must_use]
    pub fn at(folder: PathBuf) -> Self {
        Self { blobs: Blobs::at(folder.join(BLOBS)), folder, bounds: StoreBounds::default() }
    }

    /// With other bounds.
    #[must_use]
    pub const fn bounds(mut self, bounds: StoreBounds) -> Self {
        self.bounds = bounds;
        self
    }

    /// Its folder.
    #[must_use]
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Everything that is in it, sorted by name and version. No artefact is read.
    ///
    /// # Errors
    /// The index is damaged.
    pub fn entries(&self) -> Result<Vec<Entry>, StoreError> {
        Ok(self.index()?.into_entries())
    }

    /// What `reference` stands for; without a version, the newest that is no pre-release. No artefact is read.
    ///
    /// # Errors
    /// The index is damaged.
    pub fn find(&self, reference: &SkillReference) -> Result<Option<Entry>, StoreError> {
        Ok(self.index()?.find(reference).cloned())
    }

    /// The artefact of an entry: the very bytes that the index names, by digest and length. None if it was removed since
    /// the entry was found.
    ///
    /// # Errors
    /// The file holds other bytes, or no artefact.
    pub fn load(&self, entry: &Entry) -> Result<Option<Package>, StoreError> {
        let name = BlobName::of(entry);
        let Some(package) = self.blobs.load(name, Some(entry.size))? else { return Ok(None) };
        let manifest = package.document().manifest();
        if (&manifest.name, &manifest.version) == (&entry.name, &entry.version) {
            return Ok(Some(package));
        }
        Err(StoreError::Mismatch { path: self.blobs.path(name), what: "it has another name or version" })
    }

    /// Where an entry's artefact lies.
    #[must_use]
    pub fn path(&self, entry: &Entry) -> PathBuf {
        self.blobs.path(BlobName::of(entry))
    }

    /// Puts an artefact into the store, under the name and version of its manifest.
    ///
    /// The file is on the disk before the index names it: whenever this is killed, the store holds what it held, or the
    /// artefact too.
    ///
    /// # Errors
    /// Another artefact has that name and version, there is no room, or something can't be read or written.
    pub fn add(&self, admitted: &Admitted<Package>, conflict: OnConflict) -> Result<Added, StoreError> {
        let _lock = self.lock()?;
        let package = admitted.artefact();
        let bytes = package.signature().map_or_else(|| package.bytes().to_vec(), |own| embed_signature(package, own));
        let entry = entry(admitted, &bytes);
        let mut index = self.index()?;
        let there = index.find(&entry.reference()).cloned();
        if let Some(there) = there.as_ref().filter(|there| there.digest != entry.digest)
            && conflict == OnConflict::Refuse
        {
            return Err(StoreError::Conflict { name: entry.reference().to_string(), there: there.digest });
        }
        let name = BlobName::of(&entry);
        let is_whole = matches!(self.blobs.load(name, Some(entry.size)), Ok(Some(_)));
        if is_whole && there.as_ref() == Some(&entry) {
            return Ok(Added::Unchanged(entry));
        }
        self.check_room(&index, &entry)?;
        if !is_whole {
            self.blobs.write(name, &bytes)?;
        }
        index.put(entry.clone());
        self.write(&index)?;
        Ok(match there {
            None => Added::New(entry),
            Some(there) if there.digest == entry.digest => Added::Renewed(entry),
            Some(there) => Added::Replaced(entry, Box::new(there)),
        })
    }

    /// Takes an entry out of the index; gives it, if it was there. Its file stays until [`Store::gc`].
    ///
    /// # Errors
    /// The index is damaged, or can't be written.
    pub fn remove(&self, name: &SkillName, version: &SkillVersion) -> Result<Option<Entry>, StoreError> {
        if !self.folder.is_dir() {
            return Ok(None);
        }
        let _lock = self.lock()?;
        let mut index = self.index()?;
        let removed = index.remove(name, version);
        if removed.is_some() {
            self.write(&index)?;
        }
        Ok(removed)
    }

    /// Removes the files that neither the index nor `keep` names, and what killed writers have left.
    ///
    /// # Errors
    /// The index is damaged: nothing is removed then.
    pub fn gc(&self, keep: &BTreeSet<ModuleId>) -> Result<Swept, StoreError> {
        if !self.folder.is_dir() {
            return Ok(Swept::default());
        }
        let _lock = self.lock()?;
        let index = self.index()?;
        let is_named = |blob: &BlobName| {
            keep.contains(&blob.module) || index.entries().iter().any(|entry| BlobName::of(entry) == *blob)
        };
        let mut swept = Swept::default();
        for blob in self.blobs.list()?.into_iter().filter(|blob| !is_named(blob)) {
            self.blobs.remove(blob)?;
            swept.artefacts += 1;
        }
        for folder in [&self.folder, self.blobs.folder()] {
            swept.unfinished += files::remove_unfinished(folder)?;
            files::sync(folder)?;
        }
        Ok(swept)
    }

    /// Makes the index anew from the artefacts that lie here, whatever it was before. An artefact that was removed and not
    /// swept away yet is listed again. Nothing is known any more of who vouched for them when they were added.
    ///
    /// # Errors
    /// Something can't be read or written.
    pub fn rebuild(&self) -> Result<Rebuilt, StoreError> {
        let _lock = self.lock()?;
        let (mut index, mut rebuilt, mut disputed) = (Index::default(), Rebuilt::default(), BTreeSet::new());
        for blob in self.blobs.list()? {
            let Ok(Some(package)) = self.blobs.load(blob, None) else {
                rebuilt.damaged += 1;
                continue;
            };
            let entry = entry_of(&package, blob, package.bytes().len() as u64, Vec::new());
            let key = (entry.name.clone(), entry.version.clone());
            let digest = entry.digest;
            if index.put(entry).is_some_and(|other| other.digest != digest) {
                disputed.insert(key);
            }
        }
        for (name, version) in disputed {
            index.remove(&name, &version);
            rebuilt.disputed.push(SkillReference { name, version: Some(version) });
        }
        rebuilt.entries = index.entries().len();
        self.write(&index)?;
        Ok(rebuilt)
    }

    /// A store without an index is an empty one.
    fn index(&self) -> Result<Index, StoreError> {
        let path = self.folder.join(INDEX);
        match files::read(&path, MAX_INDEX_BYTES)? {
            None => Ok(Index::default()),
            Some(json) => Index::read(&json).map_err(|what| StoreError::Index { path, what }),
        }
    }

    fn write(&self, index: &Index) -> Result<(), StoreError> {
        files::replace(&self.folder, INDEX, &index.to_json())
    }

    fn check_room(&self, index: &Index, entry: &Entry) -> Result<(), StoreError> {
        let StoreBounds { entries, bytes } = self.bounds;
        let others = index.entries().iter().filter(|there| there.reference() != entry.reference());
        let (count, sum) = others.fold((1, entry.size), |(count, sum), there| (count + 1, sum + there.size));
        if count > entries {
            return Err(StoreError::Full { max: entries, what: "artefacts" });
        }
        if sum > bytes {
            return Err(StoreError::Full { max: bytes, what: "bytes" });
        }
        Ok(())
    }

    /// Makes the folders and waits for whoever writes now.
    fn lock(&self) -> Result<File, StoreError> {
        let blobs = self.blobs.folder();
        let made = DirBuilder::new().recursive(true).mode(0o755).create(blobs);
        made.map_err(|error| StoreError::write(blobs, error))?;
        files::lock(&self.folder.join(LOCK))
    }
}

fn entry(admitted: &Admitted<Package>, bytes: &[u8]) -> Entry {
    let package = admitted.artefact();
    let signers = admitted.signers().iter().map(|signer| signer.key.to_string()).collect();
    entry_of(package, BlobName { module: package.id(), file: sha256(bytes) }, bytes.len() as u64, signers)
}

fn entry_of(package: &Package, blob: BlobName, size: u64, signers: Vec<String>) -> Entry {
    let manifest = package.document().manifest();
    Entry {
        name: manifest.name.clone(),
        version: manifest.version.clone(),
        digest: blob.module,
        file_digest: blob.file,
        size,
        signers,
    }
}
