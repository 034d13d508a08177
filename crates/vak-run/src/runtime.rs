//! The runtime of this tool: it compiles in a process of its own, and keeps what it has compiled.

use vak_cli::{Failure, Home, Ui};
use vak_runtime::{CacheConfig, CompileWith, Runtime, RuntimeConfig};

use crate::args::CacheArgs;

/// Sets the runtime up, and says what there is to say of it.
pub(crate) fn runtime(cache: CacheArgs, ui: &mut Ui) -> Result<Runtime, Failure> {
    let runtime = quiet(cache)?;
    warn(&runtime, ui)?;
    Ok(runtime)
}

/// Sets the runtime up, for what is done before anything is said.
pub(crate) fn quiet(cache: CacheArgs) -> Result<Runtime, Failure> {
    let config = RuntimeConfig::default().compile_with(CompileWith::this_program());
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
