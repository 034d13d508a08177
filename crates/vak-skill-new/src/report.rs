//! The report of `--json`.

use std::path::Path;

use serde::Serialize;
use vak_cli::Failure;
use vak_model::SkillName;

use crate::create::Made;

/// What became of it; null where nothing is known.
#[derive(Debug, Serialize)]
pub(crate) struct Report<'a> {
    skill: Option<Skill<'a>>,
    folder: Option<&'a Path>,
    files: &'a [String],
    error: Option<&'a Failure>,
}

#[derive(Debug, Serialize)]
struct Skill<'a> {
    name: &'a str,
}

impl<'a> Report<'a> {
    /// Of a project that is there.
    pub(crate) fn made(made: &'a Made) -> Self {
        Self { skill: Some(skill(&made.name)), folder: Some(&made.folder), files: &made.files, error: None }
    }

    /// Of one that is not; `name` is what was asked for, if it is a name.
    pub(crate) fn failed(name: Option<&'a SkillName>, failure: &'a Failure) -> Self {
        Self { skill: name.map(skill), folder: None, files: &[], error: Some(failure) }
    }
}

fn skill(name: &SkillName) -> Skill<'_> {
    Skill { name: name.as_str() }
}
