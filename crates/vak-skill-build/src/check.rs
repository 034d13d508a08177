//! All that can be known without compiling.

use std::path::Path;

use crate::place::Destination;
use crate::{Error, Order, Problems, Project, Source, schemas};

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
/// Everything that is wrong: with the manifest, then with its schemas and golden cases, then with the source code.
pub(crate) fn check(order: &Order, cargo: &Path) -> Result<Checked, Problems> {
    match Source::read(&order.dir) {
        // Where there is no skill, what cargo thinks of the folder is of no use to anybody.
        Err(error @ Error::NoManifest { .. }) => Err(error.into()),
        Err(error) => Err(match Project::find(order, cargo) {
            Ok(_) => error.into(),
            Err(last) => Problems::ending_in(last, vec![error]),
        }),
        Ok(source) => check_with(source, order, cargo),
    }
}

fn check_with(source: Source, order: &Order, cargo: &Path) -> Result<Checked, Problems> {
    let mut errors = schemas::check(&source);
    let destination = match &order.out {
        Some(file) => Ok(Destination::file(file)),
        None => Destination::in_skill(&order.dir, &source.manifest().module),
    };
    match (destination, Project::find(order, cargo)) {
        (Ok(destination), Ok(project)) => match Problems::of(errors) {
            None => Ok(Checked { source, project, destination }),
            Some(problems) => Err(problems),
        },
        (Ok(_), Err(last)) | (Err(last), Ok(_)) => Err(Problems::ending_in(last, errors)),
        (Err(escape), Err(last)) => {
            errors.push(escape);
            Err(Problems::ending_in(last, errors))
        }
    }
}
