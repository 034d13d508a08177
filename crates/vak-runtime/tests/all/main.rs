//! What the runtime promises, shown on small guests.

mod asking;
mod bodies;
mod border;
mod cache;
mod contract;
mod engines;
mod fuzz;
mod gate;
mod golden;
mod grants;
mod host_border;
mod host_calls;
mod host_fs;
mod host_http;
mod host_kv;
mod host_reason;
mod hostile;
mod instances;
mod interruption;
mod invoke;
mod kit;
mod last_words;
mod memory;
mod process;
mod profiles;
mod recorded;
mod rules;
mod sampling;
mod stacks;
mod suspended;
mod values;

pub(crate) use kit::*;
use vak_runtime::RuntimeConfig;

/// In pages, of the memory that a module can begin with and still be loaded.
pub(crate) const LARGEST_MEMORY: u32 = 65_536;

pub(crate) fn config() -> RuntimeConfig {
    RuntimeConfig::default()
}
