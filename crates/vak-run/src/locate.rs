//! From the word that names a skill to the place where it lies.

use std::path::{Path, PathBuf};

use vak_cli::{Failure, Home, quote};
use vak_model::{Code, SkillName};
use vak_package::SkillFolder;
use vak_store::{Entry, LOCK_FILE, LockFile, SkillReference, Store};

use crate::failures;
use crate::load::fits;
use crate::run::here;

/// Where a skill lies.
#[derive(Clone, Debug)]
pub(crate) enum Location {
    /// A `.wasm` file.
    File(PathBuf),
    /// A folder with a `skill.yaml`, and what its manifest must say if it was found by name.
    Folder {
        /// The folder.
        folder: PathBuf,
        /// The name that was asked for.
        named: Option<Pinned>,
    },
    /// An artefact of the store.
    Stored {
        /// The store.
        store: Store,
        /// What its index says.
        entry: Entry,
        /// The name that was asked for.
        named: Pinned,
    },
}

/// A name that was asked for, and the lock file that may say what it stands for.
#[derive(Clone, Debug)]
pub(crate) struct Pinned {
    pub(crate) reference: SkillReference,
    pub(crate) lock: Option<LockFile>,
}

/// Where skills are looked for.
#[derive(Clone, Debug)]
pub(crate) struct Places {
    /// The folder that the tool was started in.
    pub(crate) here: PathBuf,
    /// The user's store.
    pub(crate) store: Store,
}

impl Places {
    /// As the process was started.
    pub(crate) fn from_process() -> Result<Self, Failure> {
        Ok(Self { here: here()?, store: Store::at(Home::from_env().store) })
    }

    /// The nearest lock file from here upward.
    pub(crate) fn lock(&self) -> Result<Option<LockFile>, Failure> {
        let mut paths = self.here.ancestors().map(|folder| folder.join(LOCK_FILE));
        match paths.find(|path| path.symlink_metadata().is_ok()) {
            Some(path) => LockFile::read(&path).map_err(|error| failures::lock(&error)),
            None => Ok(None),
        }
    }
}

/// Finds what `word` stands for, as seen from `places`.
pub(crate) fn locate(word: &str, places: &Places) -> Result<Location, Failure> {
    if let Some(name) = word.strip_prefix("name:") {
        return by_name(&parse_name(name)?, places);
    }
    let path = places.here.join(word);
    // Shown as it was typed: relative words stay relative.
    let shown = PathBuf::from(word);
    // What is no regular file either is refused when it is read.
    if path.exists() && !path.is_dir() {
        return Ok(Location::File(shown));
    }
    if SkillFolder::is_at(&path) {
        return Ok(Location::Folder { folder: shown, named: None });
    }
    if !looks_like_a_path(word) {
        return by_name(&parse_name(word)?, places);
    }
    let quoted = vak_model::printable(word, 200);
    Err(if path.is_dir() {
        Failure::new(Code::SkillUnknown, format!("the folder `{quoted}` holds no skill.yaml"))
            .next("vak-run list", "see the skills here")
    } else {
        Failure::new(Code::SkillUnknown, format!("`{quoted}` does not exist"))
            .next("vak-run list", "see the skills here")
    })
}

fn looks_like_a_path(word: &str) -> bool {
    word.starts_with(['.', '/', '~']) || word.ends_with('/') || word.to_ascii_lowercase().ends_with(".wasm")
}

/// The nearest folder `skills` first, then the store; a lock file says which version, and of which bytes.
pub(crate) fn by_name(wanted: &SkillReference, places: &Places) -> Result<Location, Failure> {
    found(wanted, places, places.lock()?)
}

/// The same, whatever a lock file says.
pub(crate) fn unlocked(wanted: &SkillReference, places: &Places) -> Result<Location, Failure> {
    found(wanted, places, None)
}

fn found(wanted: &SkillReference, places: &Places, lock: Option<LockFile>) -> Result<Location, Failure> {
    let resolved = lock.as_ref().map_or_else(|| Ok(wanted.clone()), |lock| lock.resolve(wanted));
    let resolved = resolved.map_err(|drift| failures::drift(&drift))?;
    let skills = nearest_skills(&places.here);
    let folder =
        skills.as_ref().map(|skills| skills.join(wanted.name.base())).filter(|folder| SkillFolder::is_at(folder));
    let is_another = |folder: &PathBuf| SkillFolder::read(folder).is_ok_and(|read| !fits(read.document(), &resolved));
    let in_folder = |folder: &Path| Location::Folder {
        folder: relative_to(folder, &places.here),
        // What differs from what was asked for, or from what is locked, is said when it is read.
        named: Some(Pinned { reference: wanted.clone(), lock: lock.clone() }),
    };
    let stored = places.store.find(&resolved);
    match folder {
        // A folder is read here only if there is something else to choose: reading it is a good part of a short run.
        Some(folder) if matches!(stored, Ok(None)) || !is_another(&folder) => return Ok(in_folder(&folder)),
        _ => {}
    }
    match stored.map_err(|error| failures::store(&error))? {
        Some(entry) => {
            let named = Pinned { reference: resolved, lock };
            Ok(Location::Stored { store: places.store.clone(), entry, named })
        }
        None => Err(unknown(&resolved, skills.as_deref(), &places.store)),
    }
}

pub(crate) fn parse_name(word: &str) -> Result<SkillReference, Failure> {
    word.parse().map_err(|error: vak_model::InvalidName| {
        Failure::of(Code::UsageArguments, &error).next("vak-run list", "see the skills here")
    })
}

/// The nearest folder `skills` from `here` upward.
pub(crate) fn nearest_skills(here: &Path) -> Option<PathBuf> {
    here.ancestors().map(|folder| folder.join("skills")).find(|folder| folder.is_dir())
}

/// The names of the skill folders in `skills`, sorted.
pub(crate) fn names_in(skills: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(skills).into_iter().flatten().flatten();
    let mut names: Vec<_> = entries
        .filter(|entry| SkillFolder::is_at(&entry.path()))
        .filter_map(|entry| entry.file_name().into_string().ok())
        .collect();
    names.sort();
    names
}

fn unknown(wanted: &SkillReference, skills: Option<&Path>, store: &Store) -> Failure {
    let failure = Failure::new(Code::SkillUnknown, format!("no skill `{wanted}` was found"));
    let failure = match skills {
        Some(skills) => failure.fact("looked in", skills.display().to_string()),
        None => failure.fact("looked", "for a folder `skills` from here upward: there is none"),
    };
    let stored = store.entries().unwrap_or_default();
    let failure = if stored.is_empty() {
        failure
    } else {
        failure.fact("looked in", format!("the store, {}", store.folder().display()))
    };
    let versions = stored.iter().filter(|entry| entry.name == wanted.name);
    if let Some(newest) = versions.max_by_key(|entry| &entry.version).map(|entry| entry.reference().to_string()) {
        let failure = failure.fact("found", format!("`{newest}` in the store"));
        return failure.next(format!("vak-run {}", quote(&newest)), "run that one");
    }
    match near_name(&wanted.name, skills, &stored) {
        Some(name) => failure.next(format!("vak-run {}", quote(&name)), "the nearest name"),
        None if skills.is_some() || !stored.is_empty() => failure.next("vak-run list", "see the skills here"),
        None => failure,
    }
}

/// Folders are found by the name without its owner, what is stored by the whole one.
fn near_name(wanted: &SkillName, skills: Option<&Path>, stored: &[Entry]) -> Option<String> {
    let stored: Vec<_> = stored.iter().map(|entry| entry.name.to_string()).collect();
    near(wanted.base(), &skills.map(names_in).unwrap_or_default()).or_else(|| near(wanted.as_str(), &stored))
}

/// The name most like `wanted`, if it could be a slip of the fingers.
fn near(wanted: &str, names: &[String]) -> Option<String> {
    let likeness = |name: &String| strsim::damerau_levenshtein(wanted, name);
    let best = names.iter().min_by_key(|name| likeness(name))?;
    (likeness(best) <= 1 + wanted.len() / 4).then(|| best.clone())
}

/// `path` without the part that it shares with `here`, if it lies below.
fn relative_to(path: &Path, here: &Path) -> PathBuf {
    path.strip_prefix(here).map_or_else(|_| path.to_owned(), Path::to_owned)
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    const YAML: &str = "name: calculator\nversion: 1.0.0\ndescription: x\nmodule: x.wasm\nexports: [{ name: execute }]\nsignature: null\n";

    /// A folder with `skills/calculator` and `deep/down`.
    fn project() -> tempfile::TempDir {
        let folder = tempfile::tempdir().expect("a folder");
        for path in ["skills/calculator", "skills/empty", "deep/down", "calculator"] {
            fs::create_dir_all(folder.path().join(path)).expect("a folder");
        }
        fs::write(folder.path().join("skills/calculator/skill.yaml"), YAML).expect("a file");
        fs::write(folder.path().join("x.wasm"), "").expect("a file");
        folder
    }

    fn find(word: &str, here: &Path) -> Result<Location, Failure> {
        locate(word, &Places { here: here.to_owned(), store: Store::at(here.join("store")) })
    }

    #[test]
    fn a_path_that_exists_comes_before_a_name() {
        let folder = project();
        let here = folder.path();
        assert!(matches!(find("x.wasm", here), Ok(Location::File(path)) if path == Path::new("x.wasm")));
        let Ok(Location::Folder { folder, named: None }) = find("skills/calculator", here) else { panic!("by path") };
        assert_eq!(folder, Path::new("skills/calculator"));
    }

    #[test]
    fn a_name_is_found_from_below_and_with_its_version() {
        let folder = project();
        for word in ["calculator", "calculator@1.0.0", "name:calculator", "acme/calculator"] {
            let found = find(word, &folder.path().join("deep/down")).expect(word);
            let Location::Folder { folder: at, named: Some(named) } = found else { panic!("{word}") };
            assert_eq!(at, folder.path().join("skills/calculator"));
            assert_eq!(named.reference.version.is_some(), word.contains('@'));
        }
    }

    #[test]
    fn what_is_not_there_is_named_with_what_is_near() {
        let folder = project();
        let code = |word: &str| find(word, folder.path()).expect_err(word).code();
        for word in ["calculatr", "empty", "./nowhere", "y.wasm", "deep/", "zzz"] {
            assert_eq!(code(word), Code::SkillUnknown, "{word}");
        }
        for word in ["Calculator", "calculator@one", "name:", "a b", "name:../../x", "%2e%2e"] {
            assert_eq!(code(word), Code::UsageArguments, "{word}");
        }
        assert_eq!(near("calcluator", &["calculator".to_owned()]), Some("calculator".to_owned()));
        assert_eq!(near("zip", &["calculator".to_owned()]), None);
    }
}
