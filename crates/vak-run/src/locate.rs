//! From the word that names a skill to the place where it lies.

use std::path::{Path, PathBuf};

use vak_cli::{Failure, quote};
use vak_model::{Code, SkillName, SkillVersion};
use vak_package::SkillFolder;

/// Where a skill lies.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Location {
    /// A `.wasm` file.
    File(PathBuf),
    /// A folder with a `skill.yaml`, and what its manifest must say if it was found by name.
    Folder {
        /// The folder.
        folder: PathBuf,
        /// The name that was asked for.
        named: Option<Wanted>,
    },
}

/// A name, and perhaps a version, that was asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Wanted {
    /// The name.
    pub(crate) name: SkillName,
    /// The version, if one was given.
    pub(crate) version: Option<SkillVersion>,
}

/// Finds what `word` stands for, as seen from the folder `here`.
pub(crate) fn locate(word: &str, here: &Path) -> Result<Location, Failure> {
    if let Some(name) = word.strip_prefix("name:") {
        return by_name(name, here);
    }
    let path = here.join(word);
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
        return by_name(word, here);
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

fn by_name(word: &str, here: &Path) -> Result<Location, Failure> {
    let wanted = parse_name(word)?;
    let skills = nearest_skills(here);
    let folder = skills.as_ref().map(|skills| skills.join(wanted.name.base()));
    match folder.filter(|folder| SkillFolder::is_at(folder)) {
        Some(folder) => Ok(Location::Folder { folder: relative_to(&folder, here), named: Some(wanted) }),
        None => Err(unknown(&wanted, skills.as_deref())),
    }
}

fn parse_name(word: &str) -> Result<Wanted, Failure> {
    let (name, version) = word.split_once('@').map_or((word, None), |(name, version)| (name, Some(version)));
    let usage = |error: &dyn std::error::Error| {
        Failure::of(Code::UsageArguments, error).next("vak-run list", "see the skills here")
    };
    Ok(Wanted {
        name: name.parse().map_err(|error| usage(&error))?,
        version: version.map(str::parse).transpose().map_err(|error| usage(&error))?,
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

fn unknown(wanted: &Wanted, skills: Option<&Path>) -> Failure {
    let failure = Failure::new(Code::SkillUnknown, format!("no skill `{}` was found", wanted.name));
    let Some(skills) = skills else {
        return failure.fact("looked", "for a folder `skills` from here upward: there is none");
    };
    let names = names_in(skills);
    let failure = failure.fact("looked in", skills.display().to_string());
    match near(wanted.name.base(), &names) {
        Some(name) => failure.next(format!("vak-run {}", quote(&name)), "the nearest name"),
        None => failure.next("vak-run list", "see the skills here"),
    }
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

    /// A folder with `skills/calculator` and `deep/down`.
    fn project() -> tempfile::TempDir {
        let folder = tempfile::tempdir().expect("a folder");
        for path in ["skills/calculator", "skills/empty", "deep/down", "calculator"] {
            fs::create_dir_all(folder.path().join(path)).expect("a folder");
        }
        fs::write(folder.path().join("skills/calculator/skill.yaml"), "").expect("a file");
        fs::write(folder.path().join("x.wasm"), "").expect("a file");
        folder
    }

    #[test]
    fn a_path_that_exists_comes_before_a_name() {
        let folder = project();
        let here = folder.path();
        assert_eq!(locate("x.wasm", here).expect("found"), Location::File("x.wasm".into()));
        let by_path = Location::Folder { folder: "skills/calculator".into(), named: None };
        assert_eq!(locate("skills/calculator", here).expect("found"), by_path);
    }

    #[test]
    fn a_name_is_found_from_below_and_with_its_version() {
        let folder = project();
        for word in ["calculator", "calculator@1.0.0", "name:calculator", "acme/calculator"] {
            let found = locate(word, &folder.path().join("deep/down")).expect(word);
            let Location::Folder { folder: at, named: Some(wanted) } = found else { panic!("{word}") };
            assert_eq!(at, folder.path().join("skills/calculator"));
            assert_eq!(wanted.version.is_some(), word.contains('@'));
        }
    }

    #[test]
    fn what_is_not_there_is_named_with_what_is_near() {
        let folder = project();
        let code = |word: &str| locate(word, folder.path()).expect_err(word).code();
        for word in ["calculatr", "empty", "./nowhere", "y.wasm", "deep/", "zzz"] {
            assert_eq!(code(word), Code::SkillUnknown, "{word}");
        }
        for word in ["Calculator", "calculator@one", "name:", "a b"] {
            assert_eq!(code(word), Code::UsageArguments, "{word}");
        }
        assert_eq!(near("calcluator", &["calculator".to_owned()]), Some("calculator".to_owned()));
        assert_eq!(near("zip", &["calculator".to_owned()]), None);
    }
}
