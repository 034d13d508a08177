//! Random numbers: the system's, or a stream that can be had again.

use crate::world::WorldError;

/// Where random bytes come from.
#[derive(Default)]
pub(super) enum Random {
    /// The system's generator.
    #[default]
    System,
    /// A stream of BLAKE3's output, which a seed begins.
    Stream(Box<blake3::OutputReader>),
}

/// What the stream is for, so that no other use of the seed gives the same bytes.
const CONTEXT: &str = "vak 2026 random stream of a run";

impl Random {
    pub(super) fn seeded(seed: u64) -> Self {
        let reader = blake3::Hasher::new_derive_key(CONTEXT).update(&seed.to_le_bytes()).finalize_xof();
        Self::Stream(Box::new(reader))
    }

    pub(super) fn draw(&mut self, bytes: usize) -> Result<Vec<u8>, WorldError> {
        let mut drawn = vec![0; bytes];
        match self {
            Self::System => getrandom::fill(&mut drawn)
                .map_err(|_| WorldError::Broken("the system gave no random numbers".to_owned()))?,
            Self::Stream(reader) => reader.fill(&mut drawn),
        }
        Ok(drawn)
    }
}
