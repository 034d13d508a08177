//! What a search tells while it runs, and why it failed.

use std::error::Error;
use std::fmt;
use std::io;
use std::path::PathBuf;

use crate::text::one_line;
use crate::{ProcessError, StandardLibrary, TARGET};

/// A way to a toolchain.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Way {
    /// What the author configured. If there is such a thing, no other way is tried.
    Configured,
    /// The current toolchain has the target.
    InstalledTarget,
    /// `rustup target add` gives the current toolchain the target.
    RustupTarget,
    /// The current toolchain has the standard library's source.
    InstalledSource,
    /// This other compiler, such as a distribution's, has the target or the source. For C it is this compiler.
    OtherCompiler(PathBuf),
}

/// The language that a compiler was looked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wanted {
    /// Rust.
    Rust,
    /// C.
    C,
}

/// What a search is doing. The caller may show it.
#[derive(Clone, Copy, Debug)]
pub enum Step<'a> {
    /// A way is being tried.
    Trying(&'a Way),
    /// The proof is being built; from source this takes about half a minute.
    Building(&'a Way, StandardLibrary),
    /// The same toolchain was proven before.
    Remembered(&'a Way),
    /// A way failed; the next is tried.
    Failed(&'a Attempt),
}

/// Why a way led nowhere.
#[derive(Debug, thiserror::Error)]
pub enum Failure {
    /// The configured linker is no file.
    #[error("the configured linker `{}` does not exist", linker.display())]
    NoConfiguredLinker {
        /// The linker.
        linker: PathBuf,
    },
    /// The current toolchain lacks the target.
    #[error("`{TARGET}` is not installed")]
    NoTarget,
    /// The compiler's toolchain lacks the standard library's source.
    #[error("the standard library's source is not installed: no `{}`", library.display())]
    NoSource {
        /// Where it would be.
        library: PathBuf,
    },
    /// No linker for WebAssembly was found.
    #[error("no linker: neither `rust-lld` in the toolchain nor `wasm-ld` in the search path")]
    NoLinker,
    /// There is no rustup.
    #[error("`rustup` is not in the search path")]
    NoRustup,
    /// The caller did not permit the installation.
    #[error("not tried: run `rustup target add {TARGET}`")]
    NotPermitted,
    /// The compiler can't build VAK's crates.
    #[error("`{version}` is older than {required}")]
    TooOld {
        /// What the compiler says it is.
        version: String,
        /// The oldest release that will do.
        required: String,
    },
    /// The compiler does not describe itself as compilers do.
    #[error("`{}` does not answer like a Rust compiler", rustc.display())]
    UnclearCompiler {
        /// The compiler.
        rustc: PathBuf,
    },
    /// There is no compiler for C.
    #[error("neither `clang` nor `clang-N` is in the search path")]
    NoClang,
    /// No linker for what clang makes was found.
    #[error("no linker: neither `wasm-ld` nor `wasm-ld-N` is in the search path")]
    NoClangLinker,
    /// The compiler does not describe itself as clang does.
    #[error("`{}` does not answer like clang", clang.display())]
    UnclearClang {
        /// The compiler.
        clang: PathBuf,
    },
    /// A program could not be run to a good end, cargo with the proof among them.
    #[error(transparent)]
    Process(#[from] ProcessError),
    /// The folder for the proof can't be written.
    #[error("the folder `{}` can't be written", path.display())]
    Folder {
        /// The folder.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// Cargo was content, but there is no module.
    #[error("the build left no WebAssembly module at `{}`", path.display())]
    NotWasm {
        /// Where it should be.
        path: PathBuf,
    },
}

/// One way that was tried, and why it failed.
#[derive(Debug)]
pub struct Attempt {
    /// The way.
    pub way: Way,
    /// Why it failed.
    pub failure: Failure,
}

/// No way led to a working toolchain.
#[derive(Debug, thiserror::Error)]
pub struct NotFound {
    /// What it would have been for.
    pub wanted: Wanted,
    /// What was tried, in order.
    pub attempts: Vec<Attempt>,
    /// What would help on this system: commands to paste, or a sentence if no command is known.
    pub advice: Vec<String>,
}

impl fmt::Display for Way {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Configured => f.write_str("the configured toolchain"),
            Self::InstalledTarget => f.write_str("the current toolchain's target"),
            Self::RustupTarget => write!(f, "`rustup target add {TARGET}`"),
            Self::InstalledSource => f.write_str("the current toolchain's source"),
            Self::OtherCompiler(compiler) => write!(f, "the compiler `{}`", compiler.display()),
        }
    }
}

impl fmt::Display for Attempt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut text = format!("{}: {}", self.way, self.failure);
        let mut cause = self.failure.source();
        while let Some(source) = cause {
            text = format!("{text}: {source}");
            cause = source.source();
        }
        f.write_str(&one_line(&text))
    }
}

impl fmt::Display for Wanted {
    /// What there is none of.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Rust => write!(f, "no Rust toolchain here can build for `{TARGET}`"),
            Self::C => f.write_str("no clang here can build WebAssembly"),
        }
    }
}

impl fmt::Display for NotFound {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.wanted)?;
        self.attempts.iter().try_for_each(|attempt| write!(f, "\n  tried {attempt}"))?;
        self.advice.iter().try_for_each(|advice| write!(f, "\n  next: {}", one_line(advice)))
    }
}
