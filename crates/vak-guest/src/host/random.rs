//! Random bytes: the capability `random`. They come from the system, or from the stream that `vak-run --seed` begins.

use serde::Serialize;

use super::{HostError, Reply, encode, exchange};

/// The most bytes of one call.
const MOST: usize = 65_536;

#[derive(Serialize)]
struct Draw {
    length: usize,
}

/// So many random bytes; each 64 KiB of them are a call.
///
/// # Errors
/// Denied, if the skill may not.
pub fn bytes(count: usize) -> Result<Vec<u8>, HostError> {
    let mut bytes = vec![0; count];
    fill(&mut bytes).map(|()| bytes)
}

/// Fills a buffer with random bytes; each 64 KiB of it are a call.
///
/// # Errors
/// Denied, if the skill may not. The buffer's bytes are no random ones then.
pub fn fill(buffer: &mut [u8]) -> Result<(), HostError> {
    for part in buffer.chunks_mut(MOST) {
        let length = part.len();
        match exchange(crate::imports::random, &encode(&Draw { length }, &[])?, part)? {
            Reply::Here(len) if len == length => {}
            // A byte that was not drawn is a 0 that anyone can guess.
            _ => return Err(HostError::broken("another number of random bytes")),
        }
    }
    Ok(())
}
