//! What is remembered of proofs: a file for each, which holds all that the proof depends on.
//!
//! The memory counts only while that is unchanged; losing it costs time and nothing else.

use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::time::UNIX_EPOCH;

/// The folder of proofs.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Memory<'a>(pub(crate) &'a Path);

impl Memory<'_> {
    /// Whether there was a proof of just this.
    pub(crate) fn holds(self, key: &str) -> bool {
        fs::read(self.file(key)).is_ok_and(|remembered| remembered == key.as_bytes())
    }

    /// Keeps a proof. A folder that can't be written makes the next search slow, not this one wrong.
    pub(crate) fn keep(self, key: &str) {
        let _ = self.write(key);
    }

    fn write(self, key: &str) -> io::Result<()> {
        let mut file = tempfile::NamedTempFile::new_in(self.0)?;
        file.write_all(key.as_bytes())?;
        file.persist(self.file(key))?;
        Ok(())
    }

    fn file(self, key: &str) -> PathBuf {
        self.0.join(format!("{:016x}.proof", fnv1a(key.as_bytes())))
    }
}

/// A path, and when and how large it was last written: programs are also replaced under the same version.
pub(crate) fn stamp(path: &Path) -> String {
    let meta = path.metadata().ok();
    let written = meta.as_ref().and_then(|meta| meta.modified().ok()?.duration_since(UNIX_EPOCH).ok());
    format!("{path:?} {} {}", written.unwrap_or_default().as_nanos(), meta.map_or(0, |meta| meta.len()))
}

/// A hash that is the same in every process. It names files; what they hold is compared whole.
fn fnv1a(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_hash_is_the_published_one() {
        for (text, hash) in
            [("", 0xcbf2_9ce4_8422_2325), ("a", 0xaf63_dc4c_8601_ec8c), ("foobar", 0x8594_4171_f739_67e8)]
        {
            assert_eq!(fnv1a(text.as_bytes()), hash, "{text}");
        }
    }
}
