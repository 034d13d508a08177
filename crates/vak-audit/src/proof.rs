//! Proofs that an entry is in a log, as files that can be checked without the log: tlog-proof, version 1 (C2SP).

use std::fmt;

use base64ct::{Base64, Encoding as _};

use crate::checkpoint::{Checkpoint, CheckpointError, LogIdentity};
use crate::tree::{Hash, root_of_inclusion};

const FIRST_LINE: &str = "c2sp.org/tlog-proof@v1";

/// The largest proof that is looked at, in bytes: an entry in base64, a checkpoint, 64 hashes.
const MAX_BYTES: usize = 256 * 1024;

/// More hashes than the proof in any tree has.
const MAX_HASHES: usize = 64;

/// A proof that nobody has checked yet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogProof {
    /// What comes with the proof: with those that VAK writes, the entry itself.
    pub extra: Option<Vec<u8>>,
    /// The entry's number in the log.
    pub index: u64,
    /// The hashes on its way to the root.
    pub hashes: Vec<Hash>,
    /// The checkpoint, as the log signed it.
    pub checkpoint: String,
}

/// Why a proof proves nothing.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ProofError {
    /// It is not of the form.
    #[error("not a proof: {0}")]
    Malformed(&'static str),
    /// Its checkpoint does not count.
    #[error(transparent)]
    Checkpoint(#[from] CheckpointError),
    /// It is a proof for something else.
    #[error("the proof does not lead from this entry to the checkpoint's root")]
    Mismatch,
}

impl LogProof {
    /// Reads a proof.
    ///
    /// # Errors
    /// It is not of the form.
    pub fn read(file: &[u8]) -> Result<Self, ProofError> {
        let malformed = ProofError::Malformed;
        if file.len() > MAX_BYTES {
            return Err(malformed("it is larger than 256 KiB"));
        }
        let text = std::str::from_utf8(file).map_err(|_| malformed("it is not UTF-8"))?;
        let (head, checkpoint) = text.split_once("\n\n").ok_or(malformed("no empty line ends its hashes"))?;
        let mut lines = head.split('\n');
        if lines.next() != Some(FIRST_LINE) {
            return Err(malformed("its first line does not say that it is one of version 1"));
        }
        let mut line = lines.next().unwrap_or_default();
        let mut extra = None;
        if let Some(base64) = line.strip_prefix("extra ") {
            extra = Some(Base64::decode_vec(base64).map_err(|_| malformed("`extra` is not base64"))?);
            line = lines.next().unwrap_or_default();
        }
        let index = line.strip_prefix("index ").and_then(|digits| {
            let index = digits.parse().ok()?;
            (u64::to_string(&index) == digits).then_some(index)
        });
        let index = index.ok_or(malformed("it does not say which entry it is about"))?;
        let hashes: Option<Vec<_>> = lines.take(MAX_HASHES + 1).map(Hash::from_base64).collect();
        let hashes = hashes.filter(|hashes| hashes.len() <= MAX_HASHES);
        let hashes = hashes.ok_or(malformed("its hashes are not at most 64 lines of base64"))?;
        Ok(Self { extra, index, hashes, checkpoint: checkpoint.to_owned() })
    }

    /// Checks that `entry` is in the log at the number that the proof names, and gives the log's checkpoint.
    ///
    /// # Errors
    /// The checkpoint is not that of `log`, or does not cover the entry.
    pub fn check(&self, entry: &[u8], log: &LogIdentity) -> Result<Checkpoint, ProofError> {
        let checkpoint = Checkpoint::open(self.checkpoint.as_bytes(), log)?;
        let root = root_of_inclusion(Hash::leaf(entry), self.index, checkpoint.size, &self.hashes);
        if root == Some(checkpoint.root) { Ok(checkpoint) } else { Err(ProofError::Mismatch) }
    }
}

/// The proof as a file.
impl fmt::Display for LogProof {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{FIRST_LINE}")?;
        if let Some(extra) = &self.extra {
            writeln!(f, "extra {}", Base64::encode_string(extra))?;
        }
        writeln!(f, "index {}", self.index)?;
        self.hashes.iter().try_for_each(|hash| writeln!(f, "{hash}"))?;
        write!(f, "\n{}", self.checkpoint)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Made by an independent implementation: five entries, `entry-0` to `entry-4`; the key of the log is that of the
    /// seed of 32 bytes 0x07, the witness's that of 0x09.
    const GOLDEN: &str = "c2sp.org/tlog-proof@v1
index 3
BJ19zbVrz+vTEzBMmDnxlqPUtu873AsIKY+TrIGR8Kg=
LyelCCwdQq+kiKw1Cp/EOQwIT1T3Hs3/hZ6Y24QptHk=
GUu1otW9EOXRqm/V1CmAs1bK8dpiPNmYfEv6L4F3Htc=

vak.local/audit/test
5
GqaNMHSQWlgfhMu9D3U3lJBP2ARRvEwT5p2aU7xZUCw=

\u{2014} vak.local/audit/test WaBgfCIi1MX3r6HxY8yPjJmB+LL9dukwSdN4LsCHCbw4uDMIKP8rG208js0jIt+DvVJay8YI1TGfJlyUpJ9geY4+ww0=
\u{2014} vak.local/witness/a blZGPwAAAABlU/EAQXN68tsAI6vqn8WeiRWjG0a8eImP8dW+0zTbt71WH94LNJAZmQUVLT+lwav4esnGYEO8AQ7qz4Sv3s6KzOStDg==
";
    const GOLDEN_KEY: &str = "vak.local/audit/test+59a0607c+AepKbGPinFIKvvVQexMuxfmVR3auvr57kkIe6mkURtIs";

    fn identity() -> LogIdentity {
        LogIdentity::Named(GOLDEN_KEY.parse().expect("a key"))
    }

    fn read(text: &str) -> Result<LogProof, ProofError> {
        LogProof::read(text.as_bytes())
    }

    #[test]
    fn the_golden_proof_holds_for_its_entry_alone() {
        let proof = read(GOLDEN).expect("a proof");
        let checkpoint = proof.check(b"entry-3", &identity()).expect("in the log");
        assert_eq!((checkpoint.size, checkpoint.origin.as_str()), (5, "vak.local/audit/test"));
        for other in ["entry-2", "entry-4", "entry-", ""] {
            assert_eq!(proof.check(other.as_bytes(), &identity()), Err(ProofError::Mismatch), "{other}");
        }
        assert_eq!(proof.to_string(), GOLDEN);
    }

    #[test]
    fn the_golden_log_is_made_again_byte_for_byte() {
        use crate::tree::Frontier;
        let mut frontier = Frontier::default();
        (0..5).for_each(|i| frontier.push(0, Hash::leaf(format!("entry-{i}").as_bytes()), |_, _| ()));
        let made = Checkpoint { origin: "vak.local/audit/test".to_owned(), size: 5, root: frontier.root() };
        let key = LogKey::from_seed(&[7; 32]);
        let golden = GOLDEN.split_once("\n\n").expect("a checkpoint").1;
        let own: String = golden.split_inclusive('\n').take(5).collect();
        assert_eq!(made.sign(&key).expect("a name"), own);
    }

    #[test]
    fn what_comes_with_a_proof_is_read_and_written() {
        let with = LogProof { extra: Some(b"entry-3".to_vec()), ..read(GOLDEN).expect("a proof") };
        let again = read(&with.to_string()).expect("a proof");
        assert_eq!(again, with);
        assert!(again.check(again.extra.as_deref().expect("the entry"), &identity()).is_ok());
    }

    #[test]
    fn proofs_of_other_logs_and_keys_are_refused() {
        let proof = read(GOLDEN).expect("a proof");
        let other = LogKey::from_seed(&[8; 32]).public();
        let refused = |identity| proof.check(b"entry-3", &identity).expect_err("another log");
        assert_eq!(refused(LogIdentity::Key(other)), ProofError::Checkpoint(NoteError::Unsigned.into()));
        let named = VerifierKey::new("vak.local/audit/other", LogKey::from_seed(&[7; 32]).public()).expect("a name");
        assert!(matches!(refused(LogIdentity::Named(named)), ProofError::Checkpoint(CheckpointError::Origin(_))));
    }

    #[test]
    fn files_that_are_no_proofs_are_refused() {
        let many = format!("{}\n", Hash::empty()).repeat(65);
        for bad in [
            "",
            "c2sp.org/tlog-proof@v1\nindex 3\n",
            &GOLDEN.replace("@v1", "@v2"),
            &GOLDEN.replace("index 3", "index 03"),
            &GOLDEN.replace("index 3", "index -3"),
            &GOLDEN.replace("BJ19", "BJ1"),
            &GOLDEN.replace("index 3\n", "extra !\nindex 3\n"),
            &GOLDEN.replace("index 3\n", &format!("index 3\n{many}")),
            &"x".repeat(300_000),
        ] {
            assert!(matches!(read(bad), Err(ProofError::Malformed(_))), "{bad:.80}");
        }
    }

    #[test]
    fn checkpoints_have_one_spelling() {
        let good = Checkpoint { origin: "a".to_owned(), size: 5, root: Hash::empty() };
        assert_eq!(good.to_string().parse(), Ok(good.clone()));
        for bad in ["", "a\n5\n", "a\n05\nx\n", "\n5\nx\n", &good.to_string().replace('5', "+5")] {
            assert_eq!(bad.parse::<Checkpoint>(), Err(CheckpointError::Form), "{bad:?}");
        }
    }

    use vak_trust::{LogKey, NoteError, VerifierKey};
}
