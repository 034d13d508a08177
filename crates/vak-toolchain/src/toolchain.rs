//! A toolchain that is known to work.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::Way;
use crate::candidate::Candidate;

/// A toolchain that has built a WebAssembly module on this machine.
///
/// There is no way to have one but [`Search::find`](crate::Search::find).
#[derive(Clone, Debug)]
pub struct Toolchain {
    candidate: Candidate,
}

/// Where the standard library of the target comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum StandardLibrary {
    /// It was installed, compiled.
    Precompiled,
    /// Cargo compiles it from its source, once per target folder; this takes about half a minute.
    FromSource,
}

impl Toolchain {
    /// Called by the proof alone.
    pub(crate) fn proven(candidate: Candidate) -> Self {
        Self { candidate }
    }

    /// The way that led to it.
    #[must_use]
    pub fn way(&self) -> &Way {
        &self.candidate.way
    }

    /// The compiler.
    #[must_use]
    pub fn rustc(&self) -> &Path {
        &self.candidate.compiler.path
    }

    /// The linker that the compiler must be told of; none if it brings its own.
    #[must_use]
    pub fn linker(&self) -> Option<&Path> {
        self.candidate.linker.as_deref()
    }

    /// Where the standard library comes from.
    #[must_use]
    pub fn standard_library(&self) -> StandardLibrary {
        self.candidate.standard_library
    }

    /// The line of `rustc --version`: another compiler makes other bytes, so provenance states it.
    #[must_use]
    pub fn version(&self) -> &str {
        &self.candidate.compiler.version
    }

    /// The folder that holds `library/`, the standard library's source, if that is installed. Reproducible builds
    /// remap it.
    #[must_use]
    pub fn sysroot_source(&self) -> Option<PathBuf> {
        self.candidate.compiler.has_source().then(|| self.candidate.compiler.source())
    }

    /// Makes a `cargo build` use this toolchain for the target.
    ///
    /// Call it after the subcommand and before any `--`: it appends arguments. It also takes flags, wrappers, profile
    /// settings and other targets out of the environment that the command would inherit; a caller who wants
    /// `RUSTFLAGS` sets them afterwards.
    pub fn configure(&self, cargo: &mut Command) {
        self.candidate.configure(cargo);
    }
}
