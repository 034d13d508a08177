//! A toolchain that should work, before it is proven.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::compiler::Compiler;
use crate::memory::stamp;
use crate::places::wasm_linker;
use crate::{Failure, StandardLibrary, TARGET, Way};

/// What cargo and rustc would obey without being asked to: flags, wrappers, other targets, other profiles.
///
/// `CARGO_TARGET_DIR` is not among them: where the output goes is the caller's business.
const FOREIGN_SETTINGS: &[&str] = &[
    "RUSTFLAGS",
    "RUSTDOCFLAGS",
    "RUSTC_BOOTSTRAP",
    "RUSTC_LOG",
    "RUSTC_WRAPPER",
    "RUSTC_WORKSPACE_WRAPPER",
    "CARGO_ENCODED_RUSTFLAGS",
    "CARGO_ENCODED_RUSTDOCFLAGS",
    "CARGO_INCREMENTAL",
    "CARGO_BUILD_INCREMENTAL",
    "CARGO_BUILD_RUSTC",
    "CARGO_BUILD_RUSTC_WRAPPER",
    "CARGO_BUILD_RUSTC_WORKSPACE_WRAPPER",
    "CARGO_BUILD_RUSTFLAGS",
    "CARGO_BUILD_TARGET",
    "CARGO_PROFILE_RELEASE_BUILD_OVERRIDE_OPT_LEVEL",
    "CARGO_PROFILE_RELEASE_CODEGEN_UNITS",
    "CARGO_PROFILE_RELEASE_DEBUG",
    "CARGO_PROFILE_RELEASE_DEBUG_ASSERTIONS",
    "CARGO_PROFILE_RELEASE_INCREMENTAL",
    "CARGO_PROFILE_RELEASE_LTO",
    "CARGO_PROFILE_RELEASE_OPT_LEVEL",
    "CARGO_PROFILE_RELEASE_OVERFLOW_CHECKS",
    "CARGO_PROFILE_RELEASE_PANIC",
    "CARGO_PROFILE_RELEASE_RPATH",
    "CARGO_PROFILE_RELEASE_SPLIT_DEBUGINFO",
    "CARGO_PROFILE_RELEASE_STRIP",
    "CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_RUNNER",
    "CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_RUSTFLAGS",
    "CARGO_UNSTABLE_BUILD_STD",
    "CARGO_UNSTABLE_BUILD_STD_FEATURES",
    LINKER_SETTING,
];

const LINKER_SETTING: &str = "CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_LINKER";

/// A compiler, the linker it shall call, and where its standard library comes from.
#[derive(Clone, Debug)]
pub(crate) struct Candidate {
    pub(crate) way: Way,
    pub(crate) compiler: Compiler,
    pub(crate) linker: Option<PathBuf>,
    pub(crate) standard_library: StandardLibrary,
}

impl Candidate {
    /// Makes `cargo build` use this candidate and nothing that the environment suggests.
    pub(crate) fn configure(&self, cargo: &mut Command) {
        for setting in FOREIGN_SETTINGS {
            cargo.env_remove(setting);
        }
        cargo.env("RUSTC", &self.compiler.path).args(["--target", TARGET]);
        if let Some(linker) = &self.linker {
            cargo.env(LINKER_SETTING, linker);
        }
        if self.standard_library == StandardLibrary::FromSource {
            cargo.env("RUSTC_BOOTSTRAP", "1").arg("-Zbuild-std=std,panic_abort");
        }
    }

    /// Everything that a proof depends on, as text: if any of it changes, the proof is worth nothing.
    pub(crate) fn key(&self, cargo: &Path) -> String {
        let Compiler { path, details, target_libdir, .. } = &self.compiler;
        let library = match self.standard_library {
            StandardLibrary::Precompiled => stamp(target_libdir),
            StandardLibrary::FromSource => stamp(&self.compiler.source().join("library")),
        };
        let linker = self.linker.as_deref().map_or_else(|| "its own".to_owned(), stamp);
        format!(
            "vak-toolchain proof 2\ncargo: {}\nrustc: {}\nlinker: {linker}\n{:?}: {library}\n{details}\n",
            stamp(cargo),
            stamp(path),
            self.standard_library,
        )
    }
}

/// The linker for `compiler`: the configured one, else none if it brings its own, else one in `dirs`.
pub(crate) fn linker_for(
    compiler: &Compiler,
    configured: Option<&Path>,
    dirs: &[PathBuf],
) -> Result<Option<PathBuf>, Failure> {
    match configured {
        Some(linker) if linker.is_file() => Ok(Some(linker.to_owned())),
        Some(linker) => Err(Failure::NoConfiguredLinker { linker: linker.to_owned() }),
        None if compiler.has_linker() => Ok(None),
        None => wasm_linker(dirs).map(Some).ok_or(Failure::NoLinker),
    }
}
