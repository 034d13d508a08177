//! The engine of the floor process, and the loading of its code. The bench makes the code, the process loads it.

use wasmtime::{Config, Engine, Module};

/// As a host sets up an engine for strangers' code and a single call.
pub(crate) fn engine() -> Engine {
    let mut config = Config::new();
    config.consume_fuel(true).epoch_interruption(true);
    Engine::new(&config).expect("an engine")
}

/// Loads code without a question.
#[expect(unsafe_code, reason = "a floor loads what this bench has just compiled and written to a file of its own")]
pub(crate) fn load(engine: &Engine, code: &[u8]) -> Module {
    // SAFETY: the bytes are what `Engine::precompile_module` gave for the same settings, in a folder that was made for
    // this bench a moment ago.
    unsafe { Module::deserialize(engine, code) }.expect("loaded")
}
