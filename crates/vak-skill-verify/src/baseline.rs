//! The older versions that artefacts are held against.

use std::path::{Path, PathBuf};

use vak_cli::Failure;
use vak_model::{Code, SkillName};
use vak_package::Specimen;

use crate::discover::discover;
use crate::subject::Subject;

/// One older version, which is what everything is held against; or many, each for the skill of its name.
#[derive(Clone, Debug)]
pub struct Baseline {
    whose: Whose,
    older: Vec<Specimen>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Whose {
    /// A single artefact was named: it is meant for whatever is looked at.
    Anyone,
    /// A folder was named: its artefacts are meant for the skills of their names.
    Namesake,
}

impl Baseline {
    /// Reads what a reference leads to.
    ///
    /// # Errors
    /// It leads nowhere, or to something that can't be read.
    pub fn read(reference: &Path) -> Result<Self, Failure> {
        let (whose, paths) = resolve(reference)?;
        let older = paths.iter().map(|path| read(path)).collect::<Result<_, _>>()?;
        Ok(Self { whose, older })
    }

    /// The older version of the skill of that name: the newest of them, if there are several.
    pub(crate) fn of(&self, name: &SkillName) -> Option<&Specimen> {
        let meant =
            self.older.iter().filter(|older| self.whose == Whose::Anyone || older.document().manifest().name == *name);
        meant.max_by(|one, other| {
            let [one, other] = [one, other].map(|older| &older.document().manifest().version);
            one.precedence(other)
        })
    }
}

/// The artefacts that a reference means. Today it is a path; `name@version` in a store is for this function to resolve.
fn resolve(reference: &Path) -> Result<(Whose, Vec<PathBuf>), Failure> {
    let shown = reference.display();
    if reference.symlink_metadata().is_err() {
        return Err(Failure::new(Code::SkillUnknown, format!("`{shown}` is neither a file nor a folder")));
    }
    let targets = discover(&[reference.to_owned()]);
    let problem = targets.iter().find_map(|target| target.problem.as_ref());
    if let Some((code, message)) = problem {
        return Err(Failure::new(*code, format!("`{shown}`: {message}")));
    }
    let paths: Vec<_> = targets.into_iter().map(|target| target.path).collect();
    let whose = if paths == [reference] { Whose::Anyone } else { Whose::Namesake };
    Ok((whose, paths))
}

fn read(path: &Path) -> Result<Specimen, Failure> {
    let subject = Subject::read(path).map_err(|error| {
        Failure::new(error.code(), format!("the older version can't be read: {}", error.message()))
            .fact("file", path.display().to_string())
    })?;
    match subject.specimen.faults().first() {
        Some(fault) => Err(Failure::of(fault.code(), fault).fact("file", path.display().to_string())),
        None => Ok(subject.specimen),
    }
}
