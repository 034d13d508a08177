//! `vak.h`, compiled for this machine and held against what Rust makes of the same bytes.

mod host;
mod numbers;
mod probe;
mod texts;
mod writer;
