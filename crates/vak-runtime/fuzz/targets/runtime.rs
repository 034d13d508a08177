//! Modules through reading, compiling and running with small limits. The first byte says whether the rest is a module, or the
//! choices of which wasm-smith makes a valid one. What has to hold is what the tests of the workspace hold it to.
#![no_main]

#[path = "../../tests/all/fuzz.rs"]
#[allow(dead_code, reason = "the tests roll their own dice; here the fuzzer does")]
mod fuzz;
#[path = "../../tests/all/kit.rs"]
#[allow(dead_code, reason = "one half of it is for tests of whole skills")]
mod kit;

use arbitrary::Unstructured;
use kit::{runtime, unsigned};
use libfuzzer_sys::fuzz_target;
use vak_runtime::RuntimeConfig;

fn config() -> RuntimeConfig {
    RuntimeConfig::default()
}

fuzz_target!(|data: &[u8]| {
    let Some((first, rest)) = data.split_first() else { return };
    let module = match first % 2 {
        0 => wasm_smith::Module::new(fuzz::shape(false), &mut Unstructured::new(rest))
            .map(|module| module.to_bytes())
            .ok(),
        _ => Some(rest.to_vec()),
    };
    if let Some(module) = module.filter(|module| fuzz::compare(module)) {
        fuzz::run(module);
    }
});
