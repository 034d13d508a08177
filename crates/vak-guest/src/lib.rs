//! The kit for writing skills: a typed function and one line make a WebAssembly module that VAK runs.
//!
//! ```
//! use serde::{Deserialize, Serialize};
//!
//! #[derive(Deserialize)]
//! struct Input {
//!     numbers: Vec<f64>,
//! }
//!
//! #[derive(Serialize)]
//! struct Output {
//!     mean: f64,
//! }
//!
//! fn execute(input: Input) -> Result<Output, vak_guest::Error> {
//!     if input.numbers.is_empty() {
//!         return Err("no numbers".into());
//!     }
//!     Ok(Output { mean: input.numbers.iter().sum::<f64>() / input.numbers.len() as f64 })
//! }
//!
//! vak_guest::export!(execute);
//!
//! // What a caller of the skill sees:
//! assert_eq!(vak_guest::answer(br#"{"numbers":[1,2,6]}"#, execute), Ok(br#"{"mean":3}"#.to_vec()));
//! assert_eq!(vak_guest::answer(br#"{"numbers":[]}"#, execute), Err(br#"{"error":"no numbers"}"#.to_vec()));
//! ```
//!
//! The crate of a skill is a `cdylib` alone: with `rlib` beside it, link-time optimisation is silently off. It is built for
//! `wasm32-unknown-unknown`; on any other target [`export!`] only checks the types, so that unit tests run natively.
//!
//! # Input and output
//! Input is any type that deserializes, output and error any types that serialize. The host has checked the input against
//! the manifest's schema; what still does not fit the type is the skill's own error, `{"error":"input: ..."}`. Numbers are
//! written as ECMAScript writes them (RFC 8785): `5`, not `5.0`. A number that is not finite has no JSON: the call is then
//! the skill's own error, `{"error":"output: ..."}`, not a `null` that nobody asked for.
//!
//! # Errors
//! `Err` is the skill's own error, and its JSON reaches the caller. [`Error`] is `{"error":"message"}`, made by `?` or
//! `.into()` of anything that can be displayed; a skill that has more to say serializes a type of its own.
//!
//! # Panics
//! A panic ends the call, and becomes the skill's own error with its message and place:
//! `{"error":"panic: index out of bounds: ...","at":"src/lib.rs:12:5"}`. At most 1 KiB of the message is kept. A panic while
//! a panic is described, or for want of memory, leaves nothing: the host reports `trap.unreachable` then, or the limit. A
//! panic hook of the skill's own takes the place of the kit's, and its panics are traps. A panic says nothing that a caller
//! can act on, so return an error for whatever an input can cause.
//!
//! # The host
//! What a skill can't compute it asks its host for: [`fs`], [`http`], [`kv`], [`log`], [`clock`], [`random`], [`plan`] and
//! [`reason`], each with the capability that `skill.yaml` has to declare. What goes wrong is a [`HostError`], and `?` makes it the skill's own
//! error. A module imports only what its code can reach, so a skill that calls nothing of it is none the larger. Natively
//! the calls go to a [`mock`], so that unit tests need no host.
//!
//! # Memory
//! An instance serves one call, so nothing is ever freed: all memory goes at once when the call ends. What a
//! skill allocates in total, not at any one time, must fit `max_memory_pages`. A growing `Vec` or `String` that was the last
//! thing allocated grows in place.

#[cfg(any(target_arch = "wasm32", test))]
mod alloc;
mod answer;
#[cfg(any(target_arch = "wasm32", test))]
mod border;
mod error;
mod export;
mod host;
mod imports;
mod json;
#[cfg(any(target_arch = "wasm32", test))]
mod panic;

pub use answer::answer;
pub use error::Error;
#[cfg(not(target_arch = "wasm32"))]
pub use host::mock;
pub use host::{HostError, clock, fs, http, kv, log, plan, random, reason};

/// What the expansion of [`export!`] calls; not for anyone else.
#[cfg(target_arch = "wasm32")]
#[doc(hidden)]
pub mod __export {
    pub use crate::border::serve;
}
