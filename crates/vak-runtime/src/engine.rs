//! Engines: one for each profile and stack class, made when first needed, each with its ticker.

use std::io;
use std::num::NonZeroUsize;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::Duration;

use vak_model::StackClass;
use vak_package::TextMemory;
use wasmtime::{Enabled, Engine, PoolingAllocationConfig};

use crate::alarm::Alarms;
use crate::code::{Cache, CacheError, CacheSize, EntryName, Identity};
use crate::config::{Allocation, Pool};
use crate::error::EngineError;
use crate::ticker::Ticker;
use crate::workers::Workers;
use crate::{Profile, RuntimeConfig};

/// Compiles and runs skills. One runtime serves a whole process.
#[derive(Debug)]
pub struct Runtime {
    pub(crate) config: RuntimeConfig,
    /// The cache, if one is wanted; or why it is not used.
    pub(crate) cache: Result<Option<Cache>, CacheError>,
    workers: Arc<Workers>,
    engines: Mutex<[[Option<Arc<TickingEngine>>; StackClass::ALL.len()]; Profile::ALL.len()]>,
}

/// An engine whose epoch moves as soon as a call takes long enough to need it.
#[derive(Debug)]
pub(crate) struct TickingEngine {
    pub(crate) engine: Engine,
    pub(crate) profile: Profile,
    pub(crate) identity: Identity,
    /// What wakes calls that wait, and the threads that do what they wait for.
    pub(crate) alarms: Arc<Alarms>,
    pub(crate) workers: Arc<Workers>,
    interval: Duration,
    ticker: OnceLock<Ticker>,
}

impl TickingEngine {
    /// Sees to it that the epoch moves from now on. Most calls end before their first slice of fuel does, and a thread
    /// beside them would be a good part of their process.
    ///
    /// # Errors
    /// The system has no thread to give.
    pub(crate) fn tick(&self) -> io::Result<()> {
        if self.ticker.get().is_none() {
            // Of two that are started at once, one stops again.
            let _ = self.ticker.set(Ticker::start(&self.engine, Arc::clone(&self.alarms), self.interval)?);
        }
        Ok(())
    }
}

impl Runtime {
    /// A runtime with the engine for the default profile and stack class.
    ///
    /// A cache that can't be used is no error; see [`Runtime::cache_error`].
    ///
    /// # Errors
    /// The engine does not work on this machine.
    pub fn new(config: RuntimeConfig) -> Result<Self, EngineError> {
        let cache = config.cache.as_ref().map(Cache::open).transpose();
        let runtime = Self { config, cache, workers: Arc::default(), engines: Mutex::default() };
        runtime.engine(Profile::default(), StackClass::Standard)?;
        Ok(runtime)
    }

    /// Why the cache that was asked for is not used.
    #[must_use]
    pub fn cache_error(&self) -> Option<&CacheError> {
        self.cache.as_ref().err()
    }

    /// How much the cache holds, if there is one that can be read.
    #[must_use]
    pub fn cache_size(&self) -> Option<CacheSize> {
        self.cache()?.size().ok()
    }

    fn cache(&self) -> Option<&Cache> {
        self.cache.as_ref().ok()?.as_ref()
    }

    /// The engine for a profile and a stack class.
    pub(crate) fn engine(&self, profile: Profile, class: StackClass) -> Result<Arc<TickingEngine>, EngineError> {
        // A thread that panicked here left either no engine or a whole one.
        let mut engines = self.engines.lock().unwrap_or_else(PoisonError::into_inner);
        let slot = &mut engines[profile as usize][class as usize];
        if let Some(engine) = slot {
            return Ok(Arc::clone(engine));
        }
        let frames = self.config.stack_frames;
        let engine = new_engine(profile, class, self.config.allocation, frames).map_err(EngineError::new)?;
        let (alarms, workers) = (Arc::new(Alarms::default()), Arc::clone(&self.workers));
        let identity = Identity::of(&engine, profile);
        let (interval, ticker) = (self.config.tick, OnceLock::new());
        let made = Arc::new(TickingEngine { engine, profile, identity, alarms, workers, interval, ticker });
        *slot = Some(Arc::clone(&made));
        Ok(made)
    }
}

/// What `skill.yaml`s were read as lies in the cache, if there is one.
impl TextMemory for Runtime {
    fn recall(&self, text: &str) -> Option<Vec<u8>> {
        self.cache()?.recall(&EntryName::of_text(text))
    }

    fn note(&self, text: &str, value: &[u8]) {
        if let Some(cache) = self.cache() {
            cache.note(&EntryName::of_text(text), value);
        }
    }
}

/// Room on a fiber beyond the guest's own stack, for the host functions that it calls.
const HOST_STACK_BYTES: usize = 1 << 20;

/// An engine: nothing is left to the engine's defaults that a guest can observe or abuse.
/// `stack_frames` changes no code: it is how much of a stack is seen when it is looked at.
pub(crate) fn new_engine(
    profile: Profile,
    class: StackClass,
    allocation: Allocation,
    stack_frames: Option<NonZeroUsize>,
) -> wasmtime::Result<Engine> {
    let stack = class.kib() as usize * 1024;
    let mut config = profile.config();
    config.max_wasm_stack(stack).async_stack_size(stack + HOST_STACK_BYTES).wasm_backtrace_max_frames(stack_frames);
    match allocation {
        Allocation::OnDemand => {}
        Allocation::Pooling(pool) => {
            config.allocation_strategy(pooling(pool));
        }
    }
    Engine::new(&config)
}

/// How much of a memory or table keeps its pages between two calls; they are zeroed instead of given back.
const KEEP_RESIDENT_BYTES: usize = 2 << 20;

/// Tables of one module: compilers make one or two.
const TABLES_PER_MODULE: u32 = 4;

/// A pool whose slots hold whatever a skill's own limits can allow, but for the memory, which has its own ceiling.
fn pooling(pool: Pool) -> PoolingAllocationConfig {
    let mut config = PoolingAllocationConfig::new();
    config
        .total_core_instances(pool.instances)
        .total_memories(pool.instances)
        .total_tables(pool.instances.saturating_mul(TABLES_PER_MODULE))
        .total_stacks(pool.instances)
        .max_memories_per_module(1)
        .max_tables_per_module(TABLES_PER_MODULE)
        .table_elements(vak_model::LimitKind::Table.ceiling() as usize)
        .max_memory_size(pool.max_memory_bytes as usize)
        .linear_memory_keep_resident(KEEP_RESIDENT_BYTES)
        .table_keep_resident(KEEP_RESIDENT_BYTES)
        .pagemap_scan(Enabled::Auto);
    config
}

#[cfg(test)]
mod tests {
    use std::future::poll_fn;
    use std::pin::pin;
    use std::task::Poll;

    use vak_model::{LimitRequest, Limits};

    use super::*;
    use crate::watch::Watch;

    #[test]
    fn every_profile_and_stack_class_has_an_engine_and_only_one() {
        let runtime = Runtime::new(RuntimeConfig::default()).expect("an engine");
        for (profile, class) in Profile::ALL.into_iter().flat_map(|p| StackClass::ALL.map(|class| (p, class))) {
            let first = runtime.engine(profile, class).expect("an engine");
            assert!(Arc::ptr_eq(&first, &runtime.engine(profile, class).expect("an engine")));
        }
    }

    #[test]
    fn an_engine_ticks_from_the_first_call_on_that_yields() {
        let runtime = Runtime::new(RuntimeConfig::default()).expect("an engine");
        let engine = runtime.engine(Profile::default(), StackClass::Standard).expect("an engine");
        let mut watch = Watch::start(&Limits::of_manifest(&LimitRequest::none()));
        let short = pollster::block_on(watch.over(&engine, pin!(async { 1 })));
        assert_eq!(short.expect("in time"), 1);
        assert!(engine.ticker.get().is_none(), "no thread for what ends at once");
        let mut yields = [Poll::Pending, Poll::Ready(2)].into_iter();
        let long = poll_fn(|context| {
            context.waker().wake_by_ref();
            yields.next().expect("polled no more than twice")
        });
        assert_eq!(pollster::block_on(watch.over(&engine, pin!(long))).expect("in time"), 2);
        assert!(engine.ticker.get().is_some());
    }

    #[test]
    fn the_stated_version_of_the_engine_is_the_locked_one() {
        let lock = include_str!("../../../Cargo.lock");
        let entry = format!("name = \"wasmtime\"\nversion = \"{}\"", crate::ENGINE_VERSION);
        assert!(lock.contains(&entry));
    }

    #[test]
    fn the_engine_refuses_what_the_reader_refuses() {
        let runtime = Runtime::new(RuntimeConfig::default()).expect("an engine");
        let engine = &runtime.engine(Profile::default(), StackClass::Standard).expect("an engine").engine;
        for text in [
            "(module (memory 1 1 shared))",
            "(module (memory i64 1))",
            "(module (memory 1) (memory 1))",
            "(module (func (return_call 0)))",
            "(module (type (struct)))",
            "(module (func (param externref)))",
        ] {
            let bytes = wat::parse_str(text).expect("valid text");
            assert!(wasmtime::Module::from_binary(engine, &bytes).is_err(), "{text}");
        }
        assert!(wasmtime::Module::new(engine, "(module)").is_err(), "text is no module");
    }
}
