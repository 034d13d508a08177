//! Signed notes: a few lines of text and the signatures of those who vouch for them, as logs publish their checkpoints.
//!
//! What is signed is the text alone, without a prefix that says what it is. So a key that signs notes signs nothing else,
//! and a note counts for nothing before [`SignedNote::open`] has held it against a key that the reader knows.

use std::fmt;

use base64ct::{Base64, Encoding as _};

use crate::key::LogKey;
use crate::note::{InvalidVerifierKey, VerifierKey};

/// The largest note that is looked at, in bytes.
const MAX_NOTE_BYTES: usize = 64 * 1024;

/// The most signatures of one note.
const MAX_SIGNATURES: usize = 100;

/// The longest signature that is kept, in bytes: those of other algorithms are longer than ours.
const MAX_SIGNATURE_BYTES: usize = 8 * 1024;

/// What a line with a signature begins with: an em dash.
const DASH: &str = "\u{2014} ";

/// A text with signatures that nobody has checked yet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SignedNote {
    text: String,
    signatures: Vec<NoteSignature>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct NoteSignature {
    name: String,
    key_id: [u8; 4],
    signature: Vec<u8>,
}

/// Why a note can't be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NoteError {
    /// It is not of the form.
    #[error("not a signed note: {0}")]
    Malformed(&'static str),
    /// None of its signatures is of the key that counts.
    #[error("the note is not signed by the key that is asked for")]
    Unsigned,
    /// It has a signature that says to be of that key, and is not.
    #[error("the signature of the note is broken")]
    Broken,
}

impl SignedNote {
    /// A text, signed by a log under its name.
    ///
    /// # Errors
    /// The name is none that a log can have.
    pub fn sign(text: String, name: &str, key: &LogKey) -> Result<Self, InvalidVerifierKey> {
        let verifier = VerifierKey::new(name, key.public())?;
        let signature = NoteSignature {
            name: name.to_owned(),
            key_id: verifier.key().note_key_id(name),
            signature: key.sign(text.as_bytes()).to_vec(),
        };
        Ok(Self { text, signatures: vec![signature] })
    }

    /// Reads a note.
    ///
    /// # Errors
    /// It is too large, no text, or not of the form.
    pub fn read(bytes: &[u8]) -> Result<Self, NoteError> {
        if bytes.len() > MAX_NOTE_BYTES {
            return Err(NoteError::Malformed("it is larger than 64 KiB"));
        }
        let whole = std::str::from_utf8(bytes).map_err(|_| NoteError::Malformed("it is not UTF-8"))?;
        if whole.bytes().any(|byte| byte < b' ' && byte != b'\n') {
            return Err(NoteError::Malformed("it has control characters"));
        }
        let split = whole.rfind("\n\n").ok_or(NoteError::Malformed("no empty line ends its text"))?;
        let (text, signatures) = (&whole[..=split], &whole[split + 2..]);
        let lines = signatures.strip_suffix('\n').ok_or(NoteError::Malformed("its last line has no end"))?;
        let signatures: Option<Vec<_>> = lines.split('\n').take(MAX_SIGNATURES + 1).map(read_signature).collect();
        let signatures = signatures.ok_or(NoteError::Malformed("a line below its text is no signature"))?;
        if signatures.len() > MAX_SIGNATURES {
            return Err(NoteError::Malformed("it has more than 100 signatures"));
        }
        Ok(Self { text: text.to_owned(), signatures })
    }

    /// The text, if the key has signed it. Signatures of others are passed over.
    ///
    /// # Errors
    /// The key has not signed it, or a signature under its name and id is not its own.
    pub fn open(&self, key: &VerifierKey) -> Result<&str, NoteError> {
        let id = key.key().note_key_id(key.name());
        let own = |one: &&NoteSignature| one.name == key.name() && one.key_id == id;
        let mut signed = Err(NoteError::Unsigned);
        for one in self.signatures.iter().filter(own) {
            let signature = one.signature.as_slice().try_into().map_err(|_| NoteError::Broken)?;
            if !key.key().verifies(self.text.as_bytes(), signature) {
                return Err(NoteError::Broken);
            }
            signed = Ok(self.text.as_str());
        }
        signed
    }

    /// The text, whoever has signed it.
    #[must_use]
    pub fn unverified(&self) -> &str {
        &self.text
    }
}

fn read_signature(line: &str) -> Option<NoteSignature> {
    let (name, base64) = line.strip_prefix(DASH)?.split_once(' ')?;
    if name.is_empty() || name.contains(|c: char| c.is_whitespace() || c == '+') {
        return None;
    }
    if base64.len() > MAX_SIGNATURE_BYTES {
        return None;
    }
    let bytes = Base64::decode_vec(base64).ok()?;
    let (key_id, signature) = bytes.split_first_chunk::<4>()?;
    Some(NoteSignature { name: name.to_owned(), key_id: *key_id, signature: signature.to_vec() })
}

/// The note as files hold it.
impl fmt::Display for SignedNote {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}", self.text)?;
        for NoteSignature { name, key_id, signature } in &self.signatures {
            let bytes = [key_id.as_slice(), signature].concat();
            writeln!(f, "{DASH}{name} {}", Base64::encode_string(&bytes))?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The example of the specification of signed notes (C2SP, signed-note.md).
    const EXAMPLE_KEY: &str = "example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k";
    const EXAMPLE: &str = "This is an example message.\n\n\u{2014} example.com/foo Uw2QOkn8srV1yJGh2VYRlL1Tnagv1YEq6TfXppzi2ONncAlTgK7Ztg1ERYNZXsYjOBH3mFXmRKuwHjG1Yu72IneyaQM=\n";

    /// A checkpoint of the seed of 32 bytes 0x07, with the cosignature of a witness of 32 bytes 0x09, made by an
    /// independent implementation.
    const CHECKPOINT: &str = "vak.local/audit/test\n5\nGqaNMHSQWlgfhMu9D3U3lJBP2ARRvEwT5p2aU7xZUCw=\n\n\u{2014} vak.local/audit/test WaBgfCIi1MX3r6HxY8yPjJmB+LL9dukwSdN4LsCHCbw4uDMIKP8rG208js0jIt+DvVJay8YI1TGfJlyUpJ9geY4+ww0=\n\u{2014} vak.local/witness/a blZGPwAAAABlU/EAQXN68tsAI6vqn8WeiRWjG0a8eImP8dW+0zTbt71WH94LNJAZmQUVLT+lwav4esnGYEO8AQ7qz4Sv3s6KzOStDg==\n";
    const WITNESS_KEY: &str = "BP0XJDhaoMdbZPt4zWAvodmR/ev3axPFjtcC6sg16fYY";

    fn read(text: &str) -> Result<SignedNote, NoteError> {
        SignedNote::read(text.as_bytes())
    }

    fn log() -> (LogKey, VerifierKey) {
        let key = LogKey::from_seed(&[7; 32]);
        let verifier = VerifierKey::new("vak.local/audit/test", key.public()).expect("a name");
        (key, verifier)
    }

    #[test]
    fn the_example_of_the_specification_opens_with_its_key() {
        let note = read(EXAMPLE).expect("a note");
        let key: VerifierKey = EXAMPLE_KEY.parse().expect("a key");
        assert_eq!(note.open(&key), Ok("This is an example message.\n"));
        assert_eq!(note.open(&log().1), Err(NoteError::Unsigned));
        assert_eq!(note.to_string(), EXAMPLE);
    }

    #[test]
    fn a_checkpoint_is_signed_byte_for_byte_as_others_sign_it() {
        let (key, verifier) = log();
        let note = read(CHECKPOINT).expect("a note");
        let text = note.open(&verifier).expect("signed by the log, whatever the witness says");
        let own = SignedNote::sign(text.to_owned(), "vak.local/audit/test", &key).expect("a name").to_string();
        assert_eq!(Some(own.as_str()), CHECKPOINT.split_inclusive('\n').take(5).collect::<String>().as_str().into());
    }

    #[test]
    fn the_witness_of_the_vector_is_one_by_its_key_id_and_its_signature() {
        use crate::key::{PublicKey, WitnessKey};
        let note = read(CHECKPOINT).expect("a note");
        let seen = &note.signatures[1];
        let bytes = Base64::decode_vec(WITNESS_KEY).expect("base64");
        let (kind, bytes) = bytes.split_first().expect("a type");
        assert_eq!(*kind, 0x04, "a cosignature");
        let key = PublicKey::try_from(bytes).expect("a key");
        assert_eq!(key, WitnessKey::from_seed(&[9; 32]).public());
        assert_eq!(seen.key_id, key.cosignature_key_id(&seen.name));
        let (time, signature) = seen.signature.split_first_chunk::<8>().expect("a time");
        let message = format!("cosignature/v1\ntime {}\n{}", u64::from_be_bytes(*time), note.text);
        assert!(key.verifies(message.as_bytes(), signature.try_into().expect("64 bytes")));
    }

    #[test]
    fn every_changed_byte_of_text_or_own_signature_is_found() {
        let (key, verifier) = log();
        let note = SignedNote::sign("a\n5\nb\n".to_owned(), "vak.local/audit/test", &key).expect("a name").to_string();
        for at in 0..note.len() {
            for flip in [0x01, 0x80] {
                let mut bytes = note.clone().into_bytes();
                bytes[at] ^= flip;
                let opened = SignedNote::read(&bytes).and_then(|note| note.open(&verifier).map(str::to_owned));
                assert!(opened.is_err(), "byte {at}: {opened:?}");
            }
        }
    }

    #[test]
    fn a_broken_signature_of_the_log_is_not_outweighed_by_a_good_one() {
        let good = read(CHECKPOINT).expect("a note").to_string();
        let line = good.lines().nth(4).expect("a signature");
        let broken = line.replace("WaBgfCIi", "WaBgfCIj");
        assert_eq!(read(&format!("{good}{broken}\n")).expect("a note").open(&log().1), Err(NoteError::Broken));
        assert!(read(&format!("{good}{line}\n")).expect("a note").open(&log().1).is_ok());
    }

    #[test]
    fn what_is_not_of_the_form_is_refused_and_sixteen_signatures_are_not_too_many() {
        let line = EXAMPLE.lines().nth(2).expect("a signature");
        let many = |count: usize| format!("text\n\n{}", format!("{line}\n").repeat(count));
        assert!(read(&many(16)).is_ok());
        for bad in [
            "",
            "text\n",
            "text\n\n",
            "text\n\nno signature\n",
            &many(101),
            EXAMPLE.trim_end(),
            &EXAMPLE.replace("message", "mess\tage"),
            &EXAMPLE.replace("example.com/foo", "example.com/f+o"),
            &EXAMPLE.replace("Uw2Q", "Uw2!"),
            &EXAMPLE.replace('\u{2014}', "-"),
        ] {
            assert!(matches!(read(bad), Err(NoteError::Malformed(_))), "{bad:?}");
        }
        assert!(SignedNote::read(b"\xff\n\n").is_err());
    }
}
