//! The bytes of a cache entry: machine code that says which code it is, and that only the holder of the key can make.
//!
//! | part | bytes |
//! |---|---|
//! | magic | 16 |
//! | the entry's name | 32 |
//! | length of the code, little-endian | 8 |
//! | the code | as stated |
//! | BLAKE3 of all of the above, keyed | 32 |

use std::fmt;

use super::{Code, EntryName, MAX_CODE_BYTES};

const MAGIC: &[u8; 16] = b"vak-code-cache1\n";
const HEADER: usize = MAGIC.len() + 32 + 8;
const TAG: usize = 32;

/// The largest entry, in bytes.
pub(super) const MAX_BYTES: u64 = MAX_CODE_BYTES + (HEADER + TAG) as u64;

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

/// What stands before and after the code in an entry.
pub(super) fn seal(key: &Key, name: &EntryName, code: &[u8]) -> ([u8; HEADER], [u8; TAG]) {
    let mut header = [0; HEADER];
    let len = (code.len() as u64).to_le_bytes();
    for (byte, value) in header.iter_mut().zip(MAGIC.iter().chain(name.bytes()).chain(&len)) {
        *byte = *value;
    }
    (header, *key.tag(&[&header, code]).as_bytes())
}

/// The code of an entry, if it is the one of that name and whole.
pub(super) fn open(key: &Key, name: &EntryName, bytes: Vec<u8>) -> Option<Code> {
    let end = bytes.len().checked_sub(TAG).filter(|end| *end >= HEADER)?;
    let (sealed, tag) = bytes.split_at(end);
    let (header, code) = sealed.split_at(HEADER);
    // Compared in a time that tells nothing about where they differ.
    let is_ours = key.tag(&[sealed]) == blake3::Hash::from_slice(tag).ok()?;
    let expected: Vec<u8> = [&MAGIC[..], name.bytes(), &(code.len() as u64).to_le_bytes()].concat();
    (is_ours && header == expected).then_some(Code { code: HEADER..end, bytes })
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
        let (header, tag) = seal(key, name, code);
        [&header[..], code, &tag].concat()
    }

    const KEY: Key = Key([7; 32]);

    #[test]
    fn an_entry_opens_to_the_code_that_was_sealed() {
        for code in [&b""[..], b"x", &[5; 5000]] {
            let opened = open(&KEY, &name(1), sealed(&KEY, &name(1), code)).expect("whole");
            assert_eq!(opened.bytes(), code);
        }
    }

    #[test]
    fn n1_an_entry_that_was_cut_anywhere_is_none() {
        let whole = sealed(&KEY, &name(1), &[5; 300]);
        for len in 0..whole.len() {
            assert!(open(&KEY, &name(1), whole[..len].to_vec()).is_none(), "{len}");
        }
        assert!(open(&KEY, &name(1), [&whole[..], b"x"].concat()).is_none());
        assert!(open(&KEY, &name(1), vec![0; whole.len()]).is_none());
    }

    #[test]
    fn n1_an_entry_with_any_bit_flipped_is_none() {
        let whole = sealed(&KEY, &name(1), &[5; 300]);
        for bit in 0..whole.len() * 8 {
            let mut flipped = whole.clone();
            flipped[bit / 8] ^= 1 << (bit % 8);
            assert!(open(&KEY, &name(1), flipped).is_none(), "{bit}");
        }
    }

    #[test]
    fn n2_an_entry_under_another_name_or_of_another_key_is_none() {
        let whole = sealed(&KEY, &name(1), &[5; 300]);
        assert!(open(&KEY, &name(2), whole.clone()).is_none());
        assert!(open(&Key([8; 32]), &name(1), whole).is_none());
    }
}
