//! What an operator can set about a runtime.

use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};
use std::time::Duration;

use vak_model::LimitRequest;

use crate::CompileWith;

/// A stack of these is a page of pointers, and the engine makes room for all of them at each sample.
const MAX_STACK_FRAMES: NonZeroUsize = NonZeroUsize::new(4096).expect("not zero");

/// How a [`crate::Runtime`] is set up.
#[derive(Clone, Debug)]
pub struct RuntimeConfig {
    pub(crate) tick: Duration,
    pub(crate) operator_limits: LimitRequest,
    pub(crate) compile_with: CompileWith,
    pub(crate) compile_bounds: CompileBounds,
    pub(crate) cache: Option<CacheConfig>,
    pub(crate) allocation: Allocation,
    pub(crate) stack_frames: Option<NonZeroUsize>,
}

/// How much one compilation may use, if it runs in a process of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CompileBounds {
    /// Wall-clock time, after which the process is killed. Default: 30 s.
    pub time: Duration,
    /// Address space, which also holds the compiler itself: about 300 MiB with its threads. Default: 1 GiB.
    pub memory_bytes: u64,
}

impl Default for CompileBounds {
    fn default() -> Self {
        Self { time: Duration::from_secs(30), memory_bytes: 1 << 30 }
    }
}

/// Where compiled code is kept from one process to the next.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CacheConfig {
    /// The folder of the entries; made if it is not there, refused if others can write to it.
    pub folder: PathBuf,
    /// The file of the key that entries are authenticated with; made if it is not there, refused if others can read it.
    /// Outside of `folder`: whoever may write entries must not be able to sign them.
    pub key: PathBuf,
    /// The sum of all entries' sizes, in bytes; what was not used for longest goes first.
    pub max_bytes: u64,
}

impl CacheConfig {
    /// A cache of at most 256 MiB below a user's folder for what can be made again, with its key below the one for what
    /// must not get lost.
    #[must_use]
    pub fn below(cache: &Path, state: &Path) -> Self {
        Self { folder: cache.join("compiled"), key: state.join("compiled.key"), max_bytes: 256 << 20 }
    }
}

/// Where instances get their memory, tables and stacks from.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Allocation {
    /// From the system, call by call: for a process that makes one call or a few.
    #[default]
    OnDemand,
    /// From slots that are laid out once and used again: for a process that makes many.
    Pooling(Pool),
}

/// The size of a pool, of which there is one for each engine that is in use.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pool {
    /// How many calls can run at once; one more is told that the host is busy. Default: 64.
    pub instances: u32,
    /// The largest memory of an instance, in bytes: the operator's ceiling for all skills. It reserves address space and
    /// costs nothing until it is used. Default: 512 MiB.
    pub max_memory_bytes: u32,
}

impl Default for Pool {
    fn default() -> Self {
        Self { instances: 64, max_memory_bytes: 512 << 20 }
    }
}

impl Default for RuntimeConfig {
    fn default() -> Self {
        Self {
            tick: Duration::from_millis(10),
            operator_limits: LimitRequest::none(),
            compile_with: CompileWith::InProcess,
            compile_bounds: CompileBounds::default(),
            cache: None,
            allocation: Allocation::OnDemand,
            stack_frames: None,
        }
    }
}

impl RuntimeConfig {
    /// How often running guests are interrupted to look at the clock; at least 1 ms. Default: 10 ms.
    #[must_use]
    pub fn tick(mut self, tick: Duration) -> Self {
        self.tick = tick.max(Duration::from_millis(1));
        self
    }

    /// Limits that hold for every skill, whatever its manifest says. Default: none beyond the ceilings.
    #[must_use]
    pub fn operator_limits(mut self, limits: LimitRequest) -> Self {
        self.operator_limits = limits;
        self
    }

    /// Which process compiles. Default: this one, in which a compilation can't be stopped.
    #[must_use]
    pub fn compile_with(mut self, compile_with: CompileWith) -> Self {
        self.compile_with = compile_with;
        self
    }

    /// How much a helper may use for one compilation. In this process nothing bounds it. Default: [`CompileBounds`]'s.
    #[must_use]
    pub const fn compile_bounds(mut self, bounds: CompileBounds) -> Self {
        self.compile_bounds = bounds;
        self
    }

    /// Where compiled code is kept. Default: nowhere.
    #[must_use]
    pub fn cache(mut self, cache: CacheConfig) -> Self {
        self.cache = Some(cache);
        self
    }

    /// Where instances get their memory from. Default: from the system, call by call.
    #[must_use]
    pub const fn allocation(mut self, allocation: Allocation) -> Self {
        self.allocation = allocation;
        self
    }

    /// How many functions of a stack [`crate::PreparedSkill::call_sampled`] sees, the innermost ones, and at most 4,096. It
    /// makes every trap dearer. Default: 20, and nothing dearer.
    #[must_use]
    pub fn stack_frames(mut self, frames: NonZeroUsize) -> Self {
        self.stack_frames = Some(frames.min(MAX_STACK_FRAMES));
        self
    }
}
