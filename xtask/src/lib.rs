//! The project's own tasks: what CI runs is a verb of `cargo xtask`, and a developer types the same one.
//!
//! One verb is one file with its `Args` and `run`. The crate knows the workspace from `cargo metadata` and the files
//! from `git ls-files`; it needs no network but through cargo and, in `setup`, through apt.
#![expect(clippy::print_stdout, clippy::print_stderr, reason = "besides vak-cli this is the one crate that prints")]

mod bench;
mod ci;
mod cli;
mod docs;
mod env;
mod error;
mod fuzz_seeds;
mod install;
mod mutants;
mod process;
mod quickstart;
mod setup;
mod shell;
mod sign;
mod skills;
mod steps;
mod test;
mod threats;
mod tidy;
mod tools;
mod tree;
mod workspace;

pub use cli::main;
