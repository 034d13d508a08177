//! From a name to a project: a folder with a skill that builds, tests and runs before anything in it is changed.
//!
//! Everything that a project needs but a compiler travels inside this tool: the templates, the guest kit's sources, and
//! the versions of what they depend on. They are this repository's own files, so that nothing is said twice.
//!
//! This crate runs nothing, asks no network and never touches what is there: a project appears whole or not at all.

mod c;
mod cli;
mod create;
mod error;
mod inherit;
mod language;
mod lock;
mod name;
mod place;
mod report;
mod rust;
mod sdk;
mod template;
mod wat;

pub use cli::Cli;
pub use create::{Made, Order, create};
pub use error::Error;
pub use language::Language;
pub use sdk::Sdk;
