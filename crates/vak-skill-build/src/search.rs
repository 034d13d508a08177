//! The search for a toolchain, with a sign of life.

use std::path::PathBuf;

use vak_cli::{Home, Ui};
use vak_toolchain::{Configured, Installs, NotFound, Search, StandardLibrary, Step, Toolchain};

/// The search that the environment and `--toolchain` describe. It installs nothing: an author is asked to do that.
pub(crate) fn describe(home: &Home, toolchain: Option<&str>) -> Search {
    let mut search = Search::from_process(cache(home).join("toolchain"), Installs::Forbidden);
    if let Some(name) = toolchain {
        search.configured = Some(Configured::Toolchain(name.to_owned()));
    }
    search
}

/// The folder for what can be made again, absolute: cargo works in other folders than this process.
pub(crate) fn cache(home: &Home) -> PathBuf {
    std::path::absolute(&home.cache).unwrap_or_else(|_| home.cache.clone())
}

/// A toolchain that works. Where nothing moves on the screen, only what takes long is told.
pub(crate) fn find(search: &Search, ui: &mut Ui) -> Result<Toolchain, NotFound> {
    let progress = ui.spinner("looking for a compiler for WebAssembly");
    search.find(&mut |step| match step {
        Step::Building(_, StandardLibrary::FromSource) => progress.long_step(&say(step)),
        _ => progress.step(&say(step)),
    })
}

fn say(step: Step<'_>) -> String {
    match step {
        Step::Trying(way) => format!("looking for a compiler for WebAssembly: {way}"),
        Step::Building(way, StandardLibrary::Precompiled) => format!("trying {way} on a small module"),
        Step::Building(way, StandardLibrary::FromSource) => {
            format!("trying {way}: it builds the standard library from source, about half a minute, this once")
        }
        Step::Remembered(way) => format!("{way} has worked before"),
        Step::Failed(attempt) => format!("looking further; no luck with {}", attempt.way),
    }
}
