//! `vak-skill-verify`: what can be known of an artefact without running it, as a list of checks.
//!
//! It reads an artefact as whoever runs it does, asks the same trust, and tells everything instead of the first thing. It
//! runs no code of the skill, links no engine and writes nothing. What it says depends on the files, on whom they are held
//! against and on the time that is named, and on nothing else: not on the order of the system's folders, nor on who asks.

mod check;
mod cli;
mod golden;
mod inspect;
mod report;
mod signature;
mod subject;

pub use check::{Check, CheckId, Verdict};
pub use cli::Cli;
pub use inspect::{Inspected, inspect};
pub use report::{SignerReport, SkillReport};
