//! The same promises for a host that takes its instances from a pool, and what only a pool can get wrong.

#[path = "../all/border.rs"]
mod border;
#[path = "../all/contract.rs"]
mod contract;
#[path = "../all/hostile.rs"]
mod hostile;
#[path = "../all/instances.rs"]
mod instances;
#[path = "../all/interruption.rs"]
mod interruption;
#[path = "../all/kit.rs"]
mod kit;
#[path = "../all/memory.rs"]
mod memory;
#[path = "../all/process.rs"]
mod process;
#[path = "../all/rules.rs"]
mod rules;
mod slots;
#[path = "../all/stacks.rs"]
mod stacks;
#[path = "../all/suspended.rs"]
mod suspended;

pub(crate) use kit::*;
use vak_runtime::{Allocation, Pool, RuntimeConfig};

pub(crate) const POOL: Pool = Pool { instances: 4, max_memory_bytes: 512 << 20 };

/// In pages, of the memory that a module can begin with and still be loaded: a slot's.
pub(crate) const LARGEST_MEMORY: u32 = POOL.max_memory_bytes / 65_536;

pub(crate) fn config() -> RuntimeConfig {
    RuntimeConfig::default().allocation(Allocation::Pooling(POOL))
}
