//! Engines: one per stack class, made when first needed, each with its ticker.

use std::sync::{Arc, Mutex, PoisonError};

use vak_model::StackClass;
use wasmtime::{Config, Engine, Strategy, WasmFeatures};

use crate::RuntimeConfig;
use crate::error::EngineError;
use crate::ticker::Ticker;

/// Compiles and runs skills. One runtime serves a whole process.
#[derive(Debug)]
pub struct Runtime {
    pub(crate) config: RuntimeConfig,
    engines: Mutex<[Option<Arc<TickingEngine>>; StackClass::ALL.len()]>,
}

/// An engine whose epoch moves.
#[derive(Debug)]
pub(crate) struct TickingEngine {
    pub(crate) engine: Engine,
    _ticker: Ticker,
}

impl Runtime {
    /// A runtime with the engine for the default stack class.
    ///
    /// # Errors
    /// The engine does not work on this machine.
    pub fn new(config: RuntimeConfig) -> Result<Self, EngineError> {
        let runtime = Self { config, engines: Mutex::default() };
        runtime.engine(StackClass::Standard)?;
        Ok(runtime)
    }

    /// The engine for a stack class.
    pub(crate) fn engine(&self, class: StackClass) -> Result<Arc<TickingEngine>, EngineError> {
        // A thread that panicked here left either no engine or a whole one.
        let mut engines = self.engines.lock().unwrap_or_else(PoisonError::into_inner);
        let slot = &mut engines[class as usize];
        if let Some(engine) = slot {
            return Ok(Arc::clone(engine));
        }
        let engine = Engine::new(&engine_config(class)).map_err(EngineError::new)?;
        let ticker = Ticker::start(&engine, self.config.tick).map_err(|error| EngineError::new(error.into()))?;
        let made = Arc::new(TickingEngine { engine, _ticker: ticker });
        *slot = Some(Arc::clone(&made));
        Ok(made)
    }
}

/// Room on a fiber beyond the guest's own stack, for the host functions that it calls.
const HOST_STACK_BYTES: usize = 1 << 20;

/// The configuration of every engine, profile `vak-det-1`: nothing is left to the engine's defaults that a guest can
/// observe or abuse.
fn engine_config(class: StackClass) -> Config {
    let stack = class.kib() as usize * 1024;
    let mut config = Config::new();
    config
        .strategy(Strategy::Cranelift)
        .wasm_features(WasmFeatures::all(), false)
        .wasm_features(vak_package::features(true), true)
        .consume_fuel(true)
        .epoch_interruption(true)
        .max_wasm_stack(stack)
        .async_stack_size(stack + HOST_STACK_BYTES)
        .wasm_backtrace_max_frames(None)
        .cranelift_nan_canonicalization(false)
        .memory_init_cow(true);
    config
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_stack_class_has_an_engine_and_only_one() {
        let runtime = Runtime::new(RuntimeConfig::default()).expect("an engine");
        for class in StackClass::ALL {
            let first = runtime.engine(class).expect("an engine");
            assert!(Arc::ptr_eq(&first, &runtime.engine(class).expect("an engine")));
        }
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
        let engine = &runtime.engine(StackClass::Standard).expect("an engine").engine;
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
