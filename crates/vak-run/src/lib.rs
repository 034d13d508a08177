//! `vak-run`: finds a skill, runs it under its limits, and prints what it answers.
//!
//! This crate turns words into requests and library errors into messages. What may run is decided by `vak-trust` and
//! the grant, what happens by `vak-runtime`; nothing here has a way around them.

mod args;
mod audit;
mod audit_prove;
mod audit_show;
mod audit_verbs;
mod audit_verify;
mod doctor;
mod explain;
mod failures;
mod golden;
mod grants;
mod host;
mod invoke;
mod learn;
mod list;
mod listen;
mod load;
mod locate;
mod profile;
pub mod prove;
mod reason;
mod record_host;
mod report;
mod run;
mod runtime;
mod secrets;
mod skill_help;
mod store;
mod trust;

pub use args::Cli;
