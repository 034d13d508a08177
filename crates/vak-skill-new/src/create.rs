//! From an order to a project.

use std::path::PathBuf;

use vak_model::SkillName;

use crate::error::Error;
use crate::language::{Language, Plan};
use crate::name::Name;
use crate::place::Place;
use crate::sdk::Sdk;

/// What to make, and where.
#[derive(Clone, Debug)]
pub struct Order {
    /// The skill's name, as it was typed.
    pub name: String,
    /// What it is written in.
    pub language: Language,
    /// The folder that the project's own folder appears in.
    pub dir: PathBuf,
    /// Where its guest kit is.
    pub sdk: Sdk,
}

/// A project that is there.
#[derive(Clone, Debug)]
pub struct Made {
    /// The skill's name.
    pub name: SkillName,
    /// The project's folder, as the caller would write it.
    pub folder: PathBuf,
    /// The files in it, sorted.
    pub files: Vec<String>,
}

/// A file of a project.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct File {
    /// Where it lies in the project's folder.
    pub(crate) path: String,
    /// What is in it.
    pub(crate) text: String,
    /// Whether it can be run.
    pub(crate) executable: bool,
}

impl File {
    /// A file that is no program.
    pub(crate) fn new(path: impl Into<String>, text: impl Into<String>) -> Self {
        Self { path: path.into(), text: text.into(), executable: false }
    }

    /// The same as a program.
    pub(crate) fn executable(self) -> Self {
        Self { executable: true, ..self }
    }
}

/// Makes the project, or nothing.
///
/// # Errors
/// The name or the folder can't be used, or nothing can be written there.
pub fn create(order: &Order) -> Result<Made, Error> {
    let name = Name::parse(&order.name)?;
    let place = Place::find(&order.dir, &name)?;
    let kit = order.sdk.find(place.absolute())?;
    let mut files = order.language.files(&Plan { name: &name, kit: &kit })?;
    files.sort_by(|a, b| a.path.cmp(&b.path));
    place.fill(&files)?;
    Ok(Made {
        name: name.skill().clone(),
        folder: place.shown().to_owned(),
        files: files.into_iter().map(|file| file.path).collect(),
    })
}
