//! From a folder with a `skill.yaml` to one WebAssembly module with its manifest inside.
//!
//! Everything that can be known without compiling is checked first, and all of it is reported at once. Then the
//! source becomes a module whose bytes depend on the source and the compiler alone, the manifest is put inside, the whole
//! is read back as the runtime will read it, and only then does it take the place of the artefact before it.
//!
//! This crate runs no skill, signs nothing and installs nothing. It never writes outside of the skill's folder, cargo's
//! target folder and VAK's cache, unless `--out` names another file.

mod build;
mod c;
mod cargo;
mod check;
mod cli;
mod crates;
mod difference;
mod end;
mod error;
mod flags;
mod golden;
mod lock;
mod place;
mod project;
mod provenance;
mod record;
mod report;
mod reproduce;
mod rust;
mod sbom;
mod search;
mod seed;
mod snapshot;
mod source;
mod sysroot;
mod trial;
mod wat;
mod watch;
mod wrapper;

pub use build::{Built, Order, Variation, build};
pub use c::CProject;
pub use check::Checked;
pub use cli::Cli;
pub use error::{Error, Problems};
pub use place::Placed;
pub use project::Project;
pub use rust::RustProject;
pub use source::Source;
pub use trial::{CaseResult, Trial};
pub use wat::WatProject;
