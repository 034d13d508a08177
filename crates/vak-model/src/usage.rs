//! What a run used.

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
    /// Processor time of the guest and of host functions, in milliseconds.
    pub cpu_ms: Option<f64>,
    /// Time spent on compiling, in milliseconds.
    pub compile_ms: Option<f64>,
    /// Where the compiled code came from.
    pub cache: Option<&'static str>,
    /// The largest sum of all memories and tables, in bytes.
    pub peak_memory_bytes: Option<u64>,
    /// Host calls made.
    pub host_calls: Option<u64>,
}
