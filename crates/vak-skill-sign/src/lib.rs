//! `vak-skill-sign`: puts signatures on artefacts, makes keys, and keeps the trust root of its user.
//!
//! An artefact is read, bounded and validated as by those who will run it, and nothing is signed that they would refuse:
//! whoever signs vouches for all that the manifest says. Everything that can fail comes before anything is written, and what
//! was made is checked before it is written.
//!
//! This crate runs no code of a skill, links no engine and asks no network. A secret key is read where it is needed, goes
//! nowhere, and is overwritten afterwards. It never decides what may run.

mod artefact;
mod cli;
mod elsewhere;
mod failures;
mod keygen;
mod keys;
mod place;
mod record;
mod report;
mod sign;
mod signer;
mod trust;
mod yaml;

pub use cli::Cli;
