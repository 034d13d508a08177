//! The older versions that artefacts are held against.

use std::path::{Path, PathBuf};

use vak_cli::Failure;
use vak_model::{Code, SkillName};
use vak_package::Specimen;
use vak_store::{SkillReference, Store, StoreError};

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
    /// Reads what a reference leads to: a path, if such a path exists, else a name in `store`.
    ///
    /// # Errors
    /// It leads nowhere, or to something that can't be read.
    pub fn read(reference: &Path, store: &Store) -> Result<Self, Failure> {
        if reference.symlink_metadata().is_err() {
            return Ok(Self { whose: Whose::Anyone, older: vec![stored(reference, store)?] });
        }
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

/// The artefact of that name in the store; without a version, the newest. What is read is what its index says.
fn stored(reference: &Path, store: &Store) -> Result<Specimen, Failure> {
    let word = reference.to_str().unwrap_or_default();
    let wanted = word.strip_prefix("name:").unwrap_or(word).parse::<SkillReference>();
    let unknown = || {
        let shown = vak_model::printable(&reference.to_string_lossy(), 200);
        Failure::new(Code::SkillUnknown, format!("`{shown}` is neither a file, nor a folder, nor in the store"))
            .fact("looked in", store.folder().display().to_string())
            .next("vak-run store list", "see what is in the store")
    };
    let failed = |error: StoreError| Failure::of(error.code(), &error);
    let entry = store.find(&wanted.map_err(|_| unknown())?).map_err(failed)?.ok_or_else(unknown)?;
    store.load(&entry).map_err(failed)?.map(Specimen::from).ok_or_else(unknown)
}

/// The artefacts that a path leads to.
fn resolve(reference: &Path) -> Result<(Whose, Vec<PathBuf>), Failure> {
    let shown = reference.display();
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
