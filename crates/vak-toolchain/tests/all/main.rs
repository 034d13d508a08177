//! The search and the install plan, on machines made of shell scripts.
#![cfg(unix)]

mod clang;
mod debian;
mod machine;
mod search;
mod toolchain;
