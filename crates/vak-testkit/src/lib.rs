//! Helpers for the tests of all crates: command-line cases as files.
//!
//! A case is a file `*.case`: a sentence, files to write, commands to run, and what each must print and exit with.
//!
//! ```text
//! A loop ends with its fuel.
//!
//! == file loop.wat
//! (module (func (export "spin") (loop (br 0))))
//! == run vak-run loop.wasm --allow-unsigned --invoke spin
//! == exit 7
//! == stderr
//! error: the fuel is used up (`max_fuel` is 10000000 fuel)
//! ```
//!
//! A case with `== needs COMMAND` before its files is skipped, and says so, where that command fails: it may need a compiler
//! that not every machine has. A file `*.wat` is also written as the `.wasm` that it describes. A section that is not there must be empty. `[..]` in an expected line stands for
//! anything, `[DIR]` for the case's own folder. With `BLESS=1` in the environment the files are rewritten to what was
//! printed. This crate is for tests only: it panics where they should.

mod case;
mod compare;
mod guide;
mod run;
mod skills;

pub use case::{Case, Expected, Step};
pub use run::{Place, Suite, unused_flags};
