//! `vak-skill-verify`: what can be known of an artefact without running it, as a list of checks.
//!
//! It reads an artefact as whoever runs it does, asks the same trust, and tells everything instead of the first thing. It
//! runs no code of the skill, links no engine and writes nothing but the report
//! and what is exported. What it says depends on the files, on whom they are held
//! against and on the time that is named, and on nothing else: not on the order of the system's folders, nor on who asks.

mod baseline;
mod check;
mod cli;
mod discover;
mod export;
mod gate;
mod golden;
mod human;
mod inspect;
mod junit;
mod output;
mod owasp;
mod policy;
mod provenance;
mod report;
mod sarif;
mod sbom;
mod shown;
mod signature;
mod skill_md;
mod subject;
mod upgrade;

pub use baseline::Baseline;
pub use check::{Check, CheckId, Place, UnknownCheck, Verdict};
pub use cli::Cli;
pub use gate::{Allowance, Gate, GateError, NotAllowable, ProvenanceRule};
pub use inspect::{Inspected, Inspector};
pub use output::Format;
pub use policy::GrantReport;
pub use provenance::Attestations;
pub use report::{SignerReport, SkillReport};
pub use shown::Shown;
