//! The bytes of a cache entry: contents that say what they are, and that only the holder of the key can make.
//!
//! | part | bytes |
//! |---|---|
//! | magic: whether it is machine code, or what a text was read as | 16 |
//! | the entry's name | 32 |
//! | length of the contents, little-endian | 8 |
//! | the contents | as stated |
//! | BLAKE3 of all of the above, keyed | 32 |

use std::fmt;
use std::ops::Range;

use super::{EntryName, MAX_CODE_BYTES};

const MAGIC: usize = 16;
const HEADER: usize = MAGIC + 32 + 8;
const TAG: usize = 32;

/// What an entry holds. One kind never passes for the other, whatever its name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// Machine code.
    Code,
    /// The value that a `skill.yaml` was read as.
    Text,
}

impl Kind {
    const fn magic(self) -> &'static [u8; MAGIC] {
        match self {
            Self::Code => b"vak-code-cache1\n",
            Self::Text => b"vak-text-cache1\n",
        }
    }

    /// The largest entry of this kind, in bytes.
    pub(super) const fn max_bytes(self) -> u64 {
        let contents = match self {
            Self::Code => MAX_CODE_BYTES,
            // A text has at most 256 KiB, and each of its characters becomes at most six in JSON.
            Self::Text => 2 << 20,
        };
        contents + (HEADER + TAG) as u64
    }
}

/// The key that entries are authenticated with: made on this machine, read by this user alone.
pub(super) struct Key(pub(super) [u8; 32]);

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Key")
    }
}

impl Key {
    fn tag(&self, parts: &[&[u8]]) -> blake3::Hash {
        let mut hasher = blake3::Hasher::new_keyed(&self.0);
        parts.iter().for_each(|part| {
            hasher.update(part);
        });
        hasher.finalize()
    }
}

/// What stands before and after the contents in an entry.
pub(super) fn seal(key: &Key, kind: Kind, name: &EntryName, contents: &[u8]) -> ([u8; HEADER], [u8; TAG]) {
    let mut header = [0; HEADER];
    let len = (contents.len() as u64).to_le_bytes();
    for (byte, value) in header.iter_mut().zip(kind.magic().iter().chain(name.bytes()).chain(&len)) {
        *byte = *value;
    }
    (header, *key.tag(&[&header, contents]).as_bytes())
}

/// Where the contents of an entry lie in it, if it is the one of that kind and name, and whole.
pub(super) fn open(key: &Key, kind: Kind, name: &EntryName, bytes: &[u8]) -> Option<Range<usize>> {
    let end = bytes.len().checked_sub(TAG).filter(|end| *end >= HEADER)?;
    let (sealed, tag) = bytes.split_at(end);
    let (header, contents) = sealed.split_at(HEADER);
    // Compared in a time that tells nothing about where they differ.
    let is_ours = key.tag(&[sealed]) == blake3::Hash::from_slice(tag).ok()?;
    let expected: Vec<u8> = [&kind.magic()[..], name.bytes(), &(contents.len() as u64).to_le_bytes()].concat();
    (is_ours && header == expected).then_some(HEADER..end)
}

#[cfg(test)]
mod tests {
    use vak_model::{Digest, ModuleId};

    use super::*;
    use crate::code::Identity;

    fn name(module: u8) -> EntryName {
        let digest = |byte| Digest::from_bytes([byte; 32]);
        Identity::of_digest(digest(9)).entry(ModuleId(digest(module)))
    }

    fn sealed(key: &Key, name: &EntryName, code: &[u8]) -> Vec<u8> {
        let (header, tag) = seal(key, Kind::Code, name, code);
        [&header[..], code, &tag].concat()
    }

    fn open(key: &Key, name: &EntryName, bytes: &[u8]) -> Option<Range<usize>> {
        super::open(key, Kind::Code, name, bytes)
    }

    const KEY: Key = Key([7; 32]);

    #[test]
    fn an_entry_opens_to_the_code_that_was_sealed() {
        for code in [&b""[..], b"x", &[5; 5000]] {
            let sealed = sealed(&KEY, &name(1), code);
            let opened = open(&KEY, &name(1), &sealed).expect("whole");
            assert_eq!(&sealed[opened], code);
        }
    }

    #[test]
    fn n1_an_entry_that_was_cut_anywhere_is_none() {
        let whole = sealed(&KEY, &name(1), &[5; 300]);
        for len in 0..whole.len() {
            assert!(open(&KEY, &name(1), &whole[..len]).is_none(), "{len}");
        }
        assert!(open(&KEY, &name(1), &[&whole[..], b"x"].concat()).is_none());
        assert!(open(&KEY, &name(1), &vec![0; whole.len()]).is_none());
    }

    #[test]
    fn n1_an_entry_with_any_bit_flipped_is_none() {
        let whole = sealed(&KEY, &name(1), &[5; 300]);
        for bit in 0..whole.len() * 8 {
            let mut flipped = whole.clone();
            flipped[bit / 8] ^= 1 << (bit % 8);
            assert!(open(&KEY, &name(1), &flipped).is_none(), "{bit}");
        }
    }

    #[test]
    fn n2_an_entry_under_another_name_or_of_another_key_is_none() {
        let whole = sealed(&KEY, &name(1), &[5; 300]);
        assert!(open(&KEY, &name(2), &whole).is_none());
        assert!(open(&Key([8; 32]), &name(1), &whole).is_none());
    }

    #[test]
    fn n2_what_a_text_was_read_as_never_passes_for_code() {
        let (header, tag) = seal(&KEY, Kind::Text, &name(1), b"{}");
        let whole = [&header[..], b"{}", &tag].concat();
        assert!(super::open(&KEY, Kind::Text, &name(1), &whole).is_some());
        assert!(open(&KEY, &name(1), &whole).is_none());
        assert!(super::open(&KEY, Kind::Text, &name(1), &sealed(&KEY, &name(1), b"{}")).is_none());
    }
}
