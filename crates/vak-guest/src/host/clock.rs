//! The time: the capability `clock`.

use serde::{Deserialize, Serialize};

use super::{HostError, ask};
use crate::imports::clock_now;

#[derive(Serialize)]
struct Now {}

#[derive(Deserialize)]
struct Time {
    unix_ms: u64,
}

/// Milliseconds since the beginning of 1970, without leap seconds.
///
/// # Errors
/// Denied, if the skill may not.
pub fn now_ms() -> Result<u64, HostError> {
    ask(clock_now, &Now {}, &[]).map(|Time { unix_ms }| unix_ms)
}
