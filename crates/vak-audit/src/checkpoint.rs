//! What a log states of itself: whose it is, how many entries it has, and the root over them, signed.

use std::fmt;
use std::str::FromStr;

use vak_trust::{LogKey, NoteError, PublicKey, SignedNote, VerifierKey};

use crate::tree::Hash;

/// The statement of a log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Checkpoint {
    /// Which log it is: a name that no other log has.
    pub origin: String,
    /// How many entries it has.
    pub size: u64,
    /// The root of the tree over them.
    pub root: Hash,
}

/// Why a checkpoint can't be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CheckpointError {
    /// Not of the form, or not signed by the key.
    #[error(transparent)]
    Note(#[from] NoteError),
    /// A note, but no checkpoint.
    #[error("the note is no checkpoint: it must have an origin, a size and a root")]
    Form,
    /// That of another log.
    #[error("the checkpoint is that of the log `{0}`")]
    Origin(String),
}

/// Whose signature counts on a checkpoint.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LogIdentity {
    /// That of this log, with its key.
    Named(VerifierKey),
    /// That of this key, whatever its log is called: the key of a machine that has one log.
    Key(PublicKey),
}

impl Checkpoint {
    /// The checkpoint as a file: the statement and its signature.
    ///
    /// # Errors
    /// The origin is no name that a log can have.
    pub fn sign(&self, key: &LogKey) -> Result<String, vak_trust::InvalidVerifierKey> {
        SignedNote::sign(self.to_string(), &self.origin, key).map(|note| note.to_string())
    }

    /// Reads a checkpoint that the log has signed. Cosignatures of witnesses are passed over.
    ///
    /// # Errors
    /// See [`CheckpointError`].
    pub fn open(file: &[u8], log: &LogIdentity) -> Result<Self, CheckpointError> {
        let note = SignedNote::read(file)?;
        let stated: Self = note.unverified().parse()?;
        let verifier = match log {
            LogIdentity::Named(named) if *named.name() != stated.origin => {
                return Err(CheckpointError::Origin(vak_model::printable(&stated.origin, 200)));
            }
            LogIdentity::Named(named) => named.clone(),
            LogIdentity::Key(key) => VerifierKey::new(&stated.origin, *key).map_err(|_| CheckpointError::Form)?,
        };
        note.open(&verifier)?;
        Ok(stated)
    }
}

impl FromStr for Checkpoint {
    type Err = CheckpointError;

    /// Lines after the third are for others, and are covered by the signature as well.
    fn from_str(text: &str) -> Result<Self, CheckpointError> {
        let mut lines = text.split('\n');
        let (Some(origin), Some(size), Some(root)) = (lines.next(), lines.next(), lines.next()) else {
            return Err(CheckpointError::Form);
        };
        let number = || size.parse().ok().filter(|number: &u64| number.to_string() == size);
        let read = || Some(Self { origin: origin.to_owned(), size: number()?, root: Hash::from_base64(root)? });
        read().filter(|read| !read.origin.is_empty()).ok_or(CheckpointError::Form)
    }
}

impl fmt::Display for Checkpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}\n{}\n{}\n", self.origin, self.size, self.root)
    }
}
