//! Finds a Rust toolchain that can build skills for `wasm32-unknown-unknown`, or a clang that can, and proves it by building
//! one.
//!
//! Many machines have no precompiled standard library for that target and some can't download one, so there are
//! several ways to get there and looking does not tell which of them works. [`Search::find`] tries them in order;
//! the [`Toolchain`] it returns has built a small module, and [`NotFound`] says what was tried, why each try failed
//! and which command would help. [`ClangSearch::find`] does the same for C.
//!
//! This crate prints nothing, and reads the process's environment in [`Search::from_process`] and [`ClangSearch::from_process`]
//! only. It installs
//! nothing, with one exception that the caller must permit by [`Installs::Allowed`]: `rustup target add`. Packages
//! of a distribution are never installed from here; [`InstallPlan`] only says which they would be.

mod candidate;
mod clang;
mod compiler;
mod debian;
mod memory;
mod places;
mod process;
mod proof;
mod recipe;
mod release;
mod report;
mod search;
mod text;
mod toolchain;

pub use clang::{CLANG_VARIABLE, Clang, ClangSearch};
pub use debian::{InstallPlan, NoPlan};
pub use process::ProcessError;
pub use recipe::{encode_flags, profile, standard_flags};
pub use report::{Attempt, Failure, NotFound, Step, Wanted, Way};
pub use search::{Configured, Installs, LINKER_VARIABLE, Patience, RUSTC_VARIABLE, Search};
pub use toolchain::{StandardLibrary, Toolchain};

/// The target that skills are built for.
pub const TARGET: &str = "wasm32-unknown-unknown";
