//! The languages that a skill can be written in.

use clap::ValueEnum;

use crate::create::File;
use crate::name::Name;
use crate::rust;

/// A language, and with it a template.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum Language {
    /// Rust, with the guest kit
    #[default]
    Rust,
}

/// What a template is filled with.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Plan<'a> {
    /// The skill's name.
    pub(crate) name: &'a Name,
    /// What the project's `Cargo.toml` says of the kit, as TOML.
    pub(crate) kit: &'a str,
    /// Whether the kit lies in the project.
    pub(crate) vendored: bool,
}

impl Language {
    /// What people call it.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Rust => "Rust",
        }
    }

    /// The project's files, without the kit's.
    pub(crate) fn files(self, plan: &Plan<'_>) -> Vec<File> {
        match self {
            Self::Rust => rust::files(plan),
        }
    }
}
