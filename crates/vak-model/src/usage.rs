//! What a run used.

use std::fmt;

use serde::Serialize;

/// What one call used, in the units that limits are stated in. A part that is not known is `None`.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Usage {
    /// Fuel used, counted from after instantiation. Known only if the call ended with an answer or out of fuel: the
    /// engine's counter is stale after any other trap.
    pub fuel: Option<u64>,
    /// A lower bound on the fuel used, where `fuel` is not known.
    pub fuel_at_least: Option<u64>,
    /// Wall-clock time from the start of the call to its end, in milliseconds.
    pub wall_ms: Option<f64>,
    /// Processor time of the guest and of host functions, in milliseconds. Of a call's first slice, and most calls have no
    /// other, it is the wall-clock time, which is no less.
    pub cpu_ms: Option<f64>,
    /// Time spent on compiling, or on loading compiled code, in milliseconds.
    pub compile_ms: Option<f64>,
    /// Whether the compiled code came from the cache.
    pub cache: Option<CacheUse>,
    /// The largest sum of all memories and tables, in bytes.
    pub peak_memory_bytes: Option<u64>,
    /// Host calls made.
    pub host_calls: Option<u64>,
}

/// What the cache of compiled code had.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum CacheUse {
    /// The code.
    Hit,
    /// Not this code, or none that could be trusted: it was compiled, and is there now.
    Miss,
    /// Nothing: there is no cache, or it is not used.
    Off,
}

impl fmt::Display for CacheUse {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Hit => "hit",
            Self::Miss => "miss",
            Self::Off => "off",
        })
    }
}
