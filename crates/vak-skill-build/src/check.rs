//! All that can be known without compiling.

use std::path::Path;

use crate::place::Destination;
use crate::{Error, Order, Problems, Project, Source};

/// A skill that is worth compiling.
#[derive(Debug)]
pub struct Checked {
    /// The manifest, whose schemas are usable and whose golden cases match them.
    pub source: Source,
    /// The source code.
    pub project: Project,
    /// Where the artefact may be put.
    pub(crate) destination: Destination,
}

/// Reads the skill, builds nothing, writes nothing.
///
/// # Errors
/// Everything that is wrong: with the manifest, its schemas and golden cases in the order of the text, then with the
/// source code.
pub(crate) fn check(order: &Order, cargo: &Path) -> Result<Checked, Problems> {
    match Source::check(&order.dir) {
        // Where there is no skill, what cargo thinks of the folder is of no use to anybody.
        Err(error @ Error::NoManifest { .. }) => Err(error.into()),
        Err(error) => {
            // A manifest may say where its module lies even if its schemas are wrong.
            let escape = Source::read(&order.dir).ok().and_then(|source| destination(order, &source).err());
            Err(Problems::from(error).and(escape).and(Project::find(order, cargo).err()))
        }
        Ok(source) => check_with(source, order, cargo),
    }
}

fn check_with(source: Source, order: &Order, cargo: &Path) -> Result<Checked, Problems> {
    match (destination(order, &source), Project::find(order, cargo)) {
        (Ok(destination), Ok(project)) => Ok(Checked { source, project, destination }),
        (Err(escape), project) => Err(Problems::from(escape).and(project.err())),
        (Ok(_), Err(error)) => Err(error.into()),
    }
}

fn destination(order: &Order, source: &Source) -> Result<Destination, Error> {
    match &order.out {
        Some(file) => Ok(Destination::file(file)),
        None => Destination::in_skill(&order.dir, &source.manifest().module),
    }
}
