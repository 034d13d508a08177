//! The runtime of this tool: it compiles in a process of its own, and keeps what it has compiled.

use std::num::NonZeroUsize;

use vak_cli::{Failure, Home, Ui};
use vak_runtime::{CacheConfig, CompileWith, Runtime, RuntimeConfig};

use crate::args::CacheArgs;

/// How many functions of a stack a profile shows, the innermost ones.
const PROFILED_FRAMES: NonZeroUsize = NonZeroUsize::new(256).expect("not zero");

/// What a runtime is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Purpose {
    /// Calls.
    Calls,
    /// Calls that are looked into.
    Profile,
}

/// Sets the runtime up, and says what there is to say of it.
pub(crate) fn runtime(purpose: Purpose, cache: CacheArgs, ui: &mut Ui) -> Result<Runtime, Failure> {
    let runtime = quiet(purpose, cache)?;
    warn(&runtime, ui)?;
    Ok(runtime)
}

/// Sets the runtime up, for what is done before anything is said.
pub(crate) fn quiet(purpose: Purpose, cache: CacheArgs) -> Result<Runtime, Failure> {
    let config = RuntimeConfig::default().compile_with(CompileWith::this_program());
    let config = match purpose {
        Purpose::Calls => config,
        Purpose::Profile => config.stack_frames(PROFILED_FRAMES),
    };
    let home = Home::from_env();
    let config = if cache.no_cache { config } else { config.cache(CacheConfig::below(&home.cache, &home.state)) };
    Runtime::new(config).map_err(|error| Failure::of(error.code(), &error))
}

/// A cache that somebody may have tampered with is said to be left alone.
pub(crate) fn warn(runtime: &Runtime, ui: &mut Ui) -> Result<(), Failure> {
    if let Some(error) = runtime.cache_error().filter(|error| error.is_suspicious()) {
        ui.warn(&format!("the cache of compiled code is not used: {error}"))?;
    }
    Ok(())
}
