//! Bundles of entries: each entry after its length in two bytes, the more significant one first.

/// An entry, and where it ends in its bundle.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Framed<'a> {
    pub(crate) entry: &'a [u8],
    pub(crate) end: usize,
}

/// The entry that begins at `from`, if all of it is there.
pub(crate) fn entry_at(bundle: &[u8], from: usize) -> Option<Framed<'_>> {
    let (length, rest) = bundle.get(from..)?.split_first_chunk::<2>()?;
    let length = usize::from(u16::from_be_bytes(*length));
    Some(Framed { entry: rest.get(..length)?, end: from + 2 + length })
}

/// What lies behind the last entry that a checkpoint covers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Rest {
    /// Entries that are there whole.
    pub complete: u64,
    /// All bytes, those of complete entries included.
    pub bytes: u64,
}

/// What lies in a bundle from `from` on.
pub(crate) fn rest(bundle: &[u8], from: usize) -> Rest {
    let (mut at, mut complete) = (from, 0);
    while let Some(framed) = entry_at(bundle, at).filter(|framed| is_object(framed.entry)) {
        complete += 1;
        at = framed.end;
    }
    Rest { complete, bytes: bundle.len().saturating_sub(from) as u64 }
}

/// Two NULs are the length of an entry too; and what lay on the disk before may look like one.
fn is_object(entry: &[u8]) -> bool {
    entry.first() == Some(&b'{') && serde_json::from_slice::<serde::de::IgnoredAny>(entry).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entries_are_read_as_far_as_they_are_complete() {
        let bundle = b"\x00\x02{}\x00\x07{\"a\":1}";
        let first = entry_at(bundle, 0).expect("an entry");
        assert_eq!((first.entry, first.end), (&b"{}"[..], 4));
        assert_eq!(entry_at(bundle, 4).map(|framed| framed.end), Some(13));
        for cut in 0..13 {
            assert_eq!(entry_at(&bundle[..cut], 0).is_some(), cut >= 4, "{cut}");
            assert_eq!(entry_at(&bundle[..cut], 4), None, "{cut}");
        }
        assert_eq!(entry_at(bundle, 14), None);
    }

    #[test]
    fn l3_nuls_and_old_data_are_no_entries() {
        let rest_of = |tail: &[u8]| rest(&[b"\x00\x02{}", tail].concat(), 4);
        assert_eq!(rest_of(b""), Rest::default());
        assert_eq!(rest_of(&[0; 4096]), Rest { complete: 0, bytes: 4096 });
        assert_eq!(rest_of(b"\x00\x02{}\x00\x05{\"a\":"), Rest { complete: 1, bytes: 11 });
        assert_eq!(rest_of(b"\x00\x04old!"), Rest { complete: 0, bytes: 6 });
    }
}
