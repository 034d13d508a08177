//! The index: which artefact a name and a version stand for.
//!
//! It carries the digest of what it says, is written in one spelling, and is read in that one alone: an index that was cut,
//! flipped or edited is refused whole, and never half believed.

use serde::{Deserialize, Serialize};
use vak_model::{Digest, ModuleId, SkillName, SkillVersion};
use vak_package::{parse_json, sha256};

use crate::SkillReference;

const FORMAT: &str = "vak-store-index/v1";

/// The largest index that is read, in bytes.
pub(crate) const MAX_INDEX_BYTES: u64 = 16 << 20;

/// An artefact of the store, and what it is called.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Entry {
    /// The name in its manifest.
    pub name: SkillName,
    /// The version in its manifest.
    pub version: SkillVersion,
    /// The artefact's identity, whoever has signed it.
    pub digest: ModuleId,
    /// The SHA-256 of the file, its signature included.
    pub file_digest: Digest,
    /// The file's length in bytes.
    pub size: u64,
    /// The keys that vouched for it when it was added; they decide nothing.
    pub signers: Vec<String>,
}

impl Entry {
    /// Name and version.
    #[must_use]
    pub fn reference(&self) -> SkillReference {
        SkillReference { name: self.name.clone(), version: Some(self.version.clone()) }
    }

    fn key(&self) -> (&SkillName, &SkillVersion) {
        (&self.name, &self.version)
    }
}

/// Entries, sorted by name and version, each of which is there once.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Index {
    entries: Vec<Entry>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Wire {
    entries: Vec<Entry>,
    /// Of the entries as canonical JSON.
    entries_digest: Digest,
    format: String,
}

impl Index {
    /// Reads an index.
    ///
    /// # Errors
    /// What is wrong with it.
    pub(crate) fn read(json: &[u8]) -> Result<Self, String> {
        let value = parse_json(json).map_err(|error| vak_model::printable(&error.to_string(), 200))?;
        if value["format"] != FORMAT {
            return Err(format!("it is not of the format {FORMAT}"));
        }
        let wire: Wire =
            serde_json::from_value(value).map_err(|error| vak_model::printable(&error.to_string(), 200))?;
        if digest(&wire.entries) != wire.entries_digest {
            return Err("its entries are not those that it was written with".to_owned());
        }
        if !wire.entries.is_sorted_by(|one, next| one.key() < next.key()) {
            return Err("its entries are not in their order".to_owned());
        }
        let index = Self { entries: wire.entries };
        if index.to_json() == json { Ok(index) } else { Err("it is not in its canonical form".to_owned()) }
    }

    pub(crate) fn to_json(&self) -> Vec<u8> {
        let wire =
            Wire { entries: self.entries.clone(), entries_digest: digest(&self.entries), format: FORMAT.to_owned() };
        canonical(&wire)
    }

    pub(crate) fn entries(&self) -> &[Entry] {
        &self.entries
    }

    pub(crate) fn into_entries(self) -> Vec<Entry> {
        self.entries
    }

    /// What a reference stands for. Without a version that is the newest; a pre-release is found if it is named, and
    /// never else.
    pub(crate) fn find(&self, reference: &SkillReference) -> Option<&Entry> {
        let mut of_that_name = self.entries.iter().filter(|entry| entry.name == reference.name);
        match &reference.version {
            Some(version) => of_that_name.find(|entry| entry.version == *version),
            None => of_that_name.filter(|entry| !entry.version.is_prerelease()).max_by_key(|entry| &entry.version),
        }
    }

    /// Puts an entry in its place; gives the one of that name and version that it had.
    pub(crate) fn put(&mut self, entry: Entry) -> Option<Entry> {
        match self.entries.binary_search_by(|there| there.key().cmp(&entry.key())) {
            Ok(at) => Some(std::mem::replace(&mut self.entries[at], entry)),
            Err(at) => {
                self.entries.insert(at, entry);
                None
            }
        }
    }

    pub(crate) fn remove(&mut self, name: &SkillName, version: &SkillVersion) -> Option<Entry> {
        let at = self.entries.binary_search_by(|there| there.key().cmp(&(name, version))).ok()?;
        Some(self.entries.remove(at))
    }
}

fn digest(entries: &[Entry]) -> Digest {
    sha256(&canonical(&entries))
}

/// Names, digests and a number below 2^53: there is nothing in it that has no canonical form.
fn canonical(value: &impl Serialize) -> Vec<u8> {
    serde_json_canonicalizer::to_vec(value).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(reference: &str) -> Entry {
        let SkillReference { name, version } = reference.parse().expect(reference);
        let digest = sha256(reference.as_bytes());
        let version = version.expect("a version");
        Entry { name, version, digest: ModuleId(digest), file_digest: digest, size: 7, signers: vec!["k".to_owned()] }
    }

    fn index(references: &[&str]) -> Index {
        let mut index = Index::default();
        references.iter().for_each(|reference| drop(index.put(entry(reference))));
        index
    }

    fn found(index: &Index, reference: &str) -> Option<String> {
        index.find(&reference.parse().expect(reference)).map(|entry| entry.reference().to_string())
    }

    #[test]
    fn without_a_version_the_newest_is_found_and_a_pre_release_only_by_its_name() {
        let index = index(&["x@1.9.0", "x@1.10.0", "x@2.0.0-rc.1", "acme/x@9.0.0", "y@1.0.0-a"]);
        for (reference, expected) in [
            ("x", Some("x@1.10.0")),
            ("x@1.9.0", Some("x@1.9.0")),
            ("x@2.0.0-rc.1", Some("x@2.0.0-rc.1")),
            ("acme/x", Some("acme/x@9.0.0")),
            ("x@1.0.0", None),
            ("y", None),
            ("z", None),
        ] {
            assert_eq!(found(&index, reference).as_deref(), expected, "{reference}");
        }
    }

    #[test]
    fn an_index_reads_back_whatever_the_order_in_which_it_was_filled() {
        let one = index(&["b@1.0.0", "a@1.0.0", "a@1.0.0-x"]);
        assert_eq!(Index::read(&one.to_json()), Ok(one.clone()));
        assert_eq!(index(&["a@1.0.0-x", "b@1.0.0", "a@1.0.0"]).to_json(), one.to_json());
        assert_eq!(Index::read(&Index::default().to_json()), Ok(Index::default()));
    }

    #[test]
    fn n12_an_index_that_was_cut_or_flipped_anywhere_is_refused() {
        let whole = index(&["a@1.0.0", "b@2.0.0"]).to_json();
        for len in 0..whole.len() {
            assert!(Index::read(&whole[..len]).is_err(), "{len}");
        }
        for bit in 0..whole.len() * 8 {
            let mut flipped = whole.clone();
            flipped[bit / 8] ^= 1 << (bit % 8);
            assert!(Index::read(&flipped).is_err(), "{bit}");
        }
    }

    /// An index with a right digest of wrong entries, as somebody would make it by hand.
    fn forged(entries: &[Entry]) -> Result<Index, String> {
        let wire = Wire { entries: entries.to_vec(), entries_digest: digest(entries), format: FORMAT.to_owned() };
        Index::read(&canonical(&wire))
    }

    #[test]
    fn v35_an_index_with_doubled_unsorted_or_dubious_names_is_refused() {
        let (a, b) = (entry("a@1.0.0"), entry("b@1.0.0"));
        assert!(forged(&[a.clone(), b.clone()]).is_ok());
        assert!(forged(&[a.clone(), a.clone()]).is_err());
        assert!(forged(&[b, a]).is_err());
        let json = String::from_utf8(index(&["name-of-it@1.0.0"]).to_json()).expect("text");
        for name in ["../../x", "%2e%2e", "🦀", "a/b/c", "Con", &"x".repeat(300)] {
            let named = json.replace("name-of-it", name);
            assert!(Index::read(named.as_bytes()).expect_err(name).contains("is not a skill name"), "{name}");
        }
    }

    #[test]
    fn another_format_is_refused_and_never_guessed() {
        let json = String::from_utf8(Index::default().to_json()).expect("text");
        assert!(Index::read(json.replace("index/v1", "index/v2").as_bytes()).expect_err("v2").contains("format"));
        assert!(Index::read(json.replace("{", "{\"more\":1,").as_bytes()).is_err());
        assert!(Index::read(format!("{json}\n").as_bytes()).is_err());
    }
}
