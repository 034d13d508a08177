//! The search and the install plan, on machines made of shell scripts.
#![cfg(unix)]

mod debian;
mod machine;
mod search;
mod toolchain;
