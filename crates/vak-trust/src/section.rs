//! The payload of a `signature` section, as the WebAssembly tool-conventions define it and wasmsign2 writes it.
//!
//! Whoever changes a file can write any payload into it, so reading fails closed: what is not exactly of the one form that
//! VAK takes is refused, and nothing is allocated by a number that the payload states.

use crate::key::{PublicKey, WasmKeyId};

/// The largest payload that is looked at, in bytes: 256 entries of our own form take 21 KiB.
const MAX_PAYLOAD_BYTES: usize = 64 * 1024;

/// The most entries; wasmsign2 has the same bound.
const MAX_ENTRIES: u32 = 256;

/// The most entries without a key id: each of them is tried with every key that is known.
const MAX_UNNAMED: usize = 16;

/// Version of the specification, content type module, hash function SHA-256.
const HEAD: [u8; 3] = [1, 1, 1];

/// The algorithm Ed25519.
const ED25519: u8 = 1;

/// Signatures over one hash, that of everything in the module after its `signature` section.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct SignatureSet<'a> {
    /// The hash that was signed, as the payload states it.
    pub(crate) hash: [u8; 32],
    /// The entries, in order.
    pub(crate) entries: Vec<Entry<'a>>,
}

/// One signature.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Entry<'a> {
    /// Which key is said to have made it; empty if nothing is said.
    pub(crate) key_id: &'a [u8],
    /// The signature; none if its algorithm is unknown here.
    pub(crate) signature: Option<&'a [u8; 64]>,
    /// The entry as it is written.
    raw: &'a [u8],
}

/// Why a payload is no signature that can be checked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SectionError {
    /// It is not of the form.
    #[error("{0}")]
    Malformed(&'static str),
    /// It is of a form that other tools may take.
    #[error("{0}")]
    Unsupported(&'static str),
}

impl<'a> SignatureSet<'a> {
    /// Reads a payload, to its end.
    pub(crate) fn read(payload: &'a [u8]) -> Result<Self, SectionError> {
        if payload.len() > MAX_PAYLOAD_BYTES {
            return Err(SectionError::Malformed("it is larger than 64 KiB"));
        }
        let mut reader = Reader(payload);
        if [reader.byte()?, reader.byte()?, reader.byte()?] != HEAD {
            return Err(SectionError::Unsupported("its version, content type or hash function is not 1"));
        }
        if reader.number()? != 1 {
            return Err(SectionError::Unsupported("it does not hold exactly one set of hashes"));
        }
        let mut set = Reader(reader.block()?);
        reader.end()?;
        if set.number()? != 1 {
            return Err(SectionError::Unsupported("it signs the parts of the module one by one"));
        }
        let hash = *set.array()?;
        let entries = set.entries()?;
        set.end()?;
        Ok(Self { hash, entries })
    }
}

impl<'a> Reader<'a> {
    fn entries(&mut self) -> Result<Vec<Entry<'a>>, SectionError> {
        let count = self.number()?;
        if count == 0 || count > MAX_ENTRIES {
            return Err(SectionError::Malformed("it holds no signature, or more than 256"));
        }
        let entries = (0..count).map(|_| self.entry()).collect::<Result<Vec<_>, _>>()?;
        if entries.iter().filter(|entry| entry.key_id.is_empty()).count() > MAX_UNNAMED {
            return Err(SectionError::Malformed("more than 16 of its signatures name no key"));
        }
        Ok(entries)
    }

    fn entry(&mut self) -> Result<Entry<'a>, SectionError> {
        let raw = self.block()?;
        let mut entry = Reader(raw);
        let key_id = entry.block()?;
        let algorithm = entry.byte()?;
        let signature = entry.block()?;
        entry.end()?;
        if algorithm != ED25519 {
            return Ok(Entry { key_id, signature: None, raw });
        }
        let signature = signature.try_into();
        let signature = signature.map_err(|_| SectionError::Malformed("an Ed25519 signature has not 64 bytes"))?;
        Ok(Entry { key_id, signature: Some(signature), raw })
    }
}

impl Entry<'_> {
    /// Whether the entry says that the key of that id made it.
    pub(crate) fn names(&self, id: WasmKeyId) -> bool {
        self.key_id == id.as_bytes()
    }

    /// Whether the entry is this very signature, and says that the key of that id made it.
    pub(crate) fn is(&self, id: WasmKeyId, signature: &[u8; 64]) -> bool {
        self.names(id) && self.signature == Some(signature)
    }
}

/// The message that a key signs to vouch for all that has this hash.
pub(crate) fn message(hash: &[u8; 32]) -> [u8; 42] {
    let mut message = [0; 42];
    message[..7].copy_from_slice(b"wasmsig");
    message[7..10].copy_from_slice(&HEAD);
    message[10..].copy_from_slice(hash);
    message
}

/// The payload with the entries of `earlier`, in their own bytes, and one more by `key`.
pub(crate) fn write(
    hash: &[u8; 32],
    earlier: &[Entry<'_>],
    key: &PublicKey,
    signature: &[u8; 64],
) -> Result<Vec<u8>, SectionError> {
    let id = key.wasm_key_id();
    let entry = [&[WasmKeyId::BYTES as u8], &id.as_bytes()[..], &[ED25519, 64], signature].concat();
    let mut set = [&[1], &hash[..]].concat();
    put_number(&mut set, earlier.len() + 1);
    for raw in earlier.iter().map(|entry| entry.raw).chain([&entry[..]]) {
        put_number(&mut set, raw.len());
        set.extend_from_slice(raw);
    }
    let mut payload = HEAD.to_vec();
    payload.push(1);
    put_number(&mut payload, set.len());
    payload.extend_from_slice(&set);
    // What could not be read back is not written: the bounds are in one place.
    SignatureSet::read(&payload)?;
    Ok(payload)
}

/// Unsigned LEB128, in its shortest form.
fn put_number(out: &mut Vec<u8>, mut number: usize) {
    while number >= 0x80 {
        out.push(number as u8 | 0x80);
        number >>= 7;
    }
    out.push(number as u8);
}

/// Takes a payload apart from its front. Nothing is copied.
struct Reader<'a>(&'a [u8]);

const CUT: SectionError = SectionError::Malformed("it ends too early");

impl<'a> Reader<'a> {
    fn byte(&mut self) -> Result<u8, SectionError> {
        let (byte, rest) = self.0.split_first().ok_or(CUT)?;
        self.0 = rest;
        Ok(*byte)
    }

    fn array<const N: usize>(&mut self) -> Result<&'a [u8; N], SectionError> {
        let (array, rest) = self.0.split_first_chunk().ok_or(CUT)?;
        self.0 = rest;
        Ok(array)
    }

    /// An unsigned LEB128 of 32 bits; there is one way to write a number.
    fn number(&mut self) -> Result<u32, SectionError> {
        let mut number = 0;
        for shift in (0..35).step_by(7) {
            let byte = self.byte()?;
            let bits = u64::from(byte & 0x7f) << shift;
            number |= bits;
            if byte < 0x80 {
                let shortest = byte != 0 || shift == 0;
                return match u32::try_from(number) {
                    Ok(number) if shortest => Ok(number),
                    _ => Err(SectionError::Malformed("a number in it is not written in the shortest form")),
                };
            }
        }
        Err(SectionError::Malformed("a number in it is too large"))
    }

    fn block(&mut self) -> Result<&'a [u8], SectionError> {
        let length = self.number()? as usize;
        let (block, rest) = self.0.split_at_checked(length).ok_or(CUT)?;
        self.0 = rest;
        Ok(block)
    }

    fn end(&self) -> Result<(), SectionError> {
        if self.0.is_empty() { Ok(()) } else { Err(SectionError::Malformed("there are bytes after its end")) }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::key::PublisherKey;

    fn signed(seeds: &[u8]) -> Vec<u8> {
        seeds.iter().fold(Vec::new(), |payload, seed| {
            let key = PublisherKey::from_seed(&[*seed; 32]);
            let earlier =
                if payload.is_empty() { Vec::new() } else { SignatureSet::read(&payload).expect("ours").entries };
            write(&[5; 32], &earlier, &key.public(), &key.sign(&message(&[5; 32]))).expect("written")
        })
    }

    #[test]
    fn what_is_written_reads_back() {
        let payload = signed(&[7, 8]);
        let set = SignatureSet::read(&payload).expect("ours");
        assert_eq!(set.hash, [5; 32]);
        for (entry, seed) in set.entries.iter().zip([7, 8]) {
            let key = PublisherKey::from_seed(&[seed; 32]).public();
            assert!(entry.names(key.wasm_key_id()));
            assert!(key.verifies(&message(&set.hash), entry.signature.expect("Ed25519")));
        }
    }

    /// `payload` with the bytes at `at` replaced.
    fn with(payload: &[u8], at: usize, bytes: &[u8]) -> Vec<u8> {
        [&payload[..at], bytes, &payload[at + 1..]].concat()
    }

    #[test]
    fn v36_other_forms_and_other_algorithms_are_refused() {
        let good = signed(&[7]);
        let unsupported =
            |bytes: Vec<u8>| assert!(matches!(SignatureSet::read(&bytes), Err(SectionError::Unsupported(_))));
        for at in 0..3 {
            unsupported(with(&good, at, &[2]));
        }
        for count in [0, 2] {
            unsupported(with(&good, 3, &[count]));
        }
        unsupported(with(&good, 5, &[0]));
        unsupported(with(&good, 5, &[2]));
        let other = with(&good, 53, &[0]);
        assert_eq!(good[53], ED25519);
        assert_eq!(SignatureSet::read(&other).expect("skipped").entries[0].signature, None);
    }

    #[test]
    fn v1_signatures_of_another_length_are_errors() {
        for length in [0, 32, 62, 63, 65, 66, 96] {
            let entry = [&[0, ED25519, length][..], &vec![1; length.into()]].concat();
            let set = [&[1][..], &[5; 32], &[1, entry.len() as u8], &entry].concat();
            let mut payload = [&HEAD[..], &[1]].concat();
            put_number(&mut payload, set.len());
            let error = SignatureSet::read(&[payload, set].concat()).expect_err("the length");
            assert!(error.to_string().contains("64 bytes"), "{length}: {error}");
        }
    }

    #[test]
    fn v38_numbers_are_bounded_before_anything_is_done_with_them() {
        let good = signed(&[7]);
        for (at, what) in [(4, "the set"), (38, "the count"), (39, "an entry"), (40, "a key id"), (54, "a signature")] {
            for number in [&[0xff, 0xff, 0xff, 0xff, 0x0f][..], &[0xff, 0xff, 0xff, 0xff, 0x7f], &[0xff; 11]] {
                assert!(
                    matches!(SignatureSet::read(&with(&good, at, number)), Err(SectionError::Malformed(_))),
                    "{what}"
                );
            }
            let padded = [good[at] | 0x80, 0];
            assert!(SignatureSet::read(&with(&good, at, &padded)).is_err(), "{what} padded");
        }
        let entries: Vec<u8> = (0..=255).collect();
        assert_eq!(SignatureSet::read(&signed(&entries)).expect("as many as allowed").entries.len(), 256);
        assert!(SignatureSet::read(&vec![1; MAX_PAYLOAD_BYTES + 1]).is_err());
    }

    #[test]
    fn entries_that_name_no_key_are_few() {
        let payload = |count: usize| {
            let entry = [&[67, 0, ED25519, 64][..], &[1; 64]].concat();
            let mut set = [&[1][..], &[5; 32]].concat();
            put_number(&mut set, count);
            set.extend(entry.repeat(count));
            let mut payload = [&HEAD[..], &[1]].concat();
            put_number(&mut payload, set.len());
            [payload, set].concat()
        };
        for (count, fits) in [(0, false), (1, true), (MAX_UNNAMED, true), (MAX_UNNAMED + 1, false)] {
            assert_eq!(SignatureSet::read(&payload(count)).is_ok(), fits, "{count}");
        }
    }

    #[test]
    fn every_truncation_and_every_byte_more_is_refused() {
        let good = signed(&[7, 8]);
        for length in 0..good.len() {
            assert!(SignatureSet::read(&good[..length]).is_err(), "{length}");
        }
        assert!(SignatureSet::read(&[&good[..], &[0]].concat()).is_err());
    }

    proptest! {
        #[test]
        fn no_bytes_make_the_reader_of_signatures_panic(bytes: Vec<u8>, at in 0..119usize, with: u8) {
            let _ = SignatureSet::read(&bytes);
            let _ = SignatureSet::read(&[&HEAD[..], &bytes].concat());
            let mut changed = signed(&[7]);
            changed[at] = with;
            let _ = SignatureSet::read(&changed);
        }
    }
}
