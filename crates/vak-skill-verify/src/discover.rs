//! From the paths that were typed to the artefacts that they mean.
//!
//! A folder that is no skill means the skills below it. A gate that finds nothing, or can't look everywhere, has failed:
//! so both are artefacts here, which do not pass.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use vak_model::Code;

use crate::shown::absolute;

/// The deepest folder that is looked into, from the one that was named.
const MAX_DEPTH: usize = 16;

/// The most names that are looked at below one folder.
const MAX_ENTRIES: usize = 100_000;

/// Folders that hold what tools have made, and links between it.
const SKIPPED: &[&str] = &["node_modules", "target"];

/// An artefact's path; or a folder below which there is none, or not everything could be looked at, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Target {
    pub(crate) path: PathBuf,
    pub(crate) problem: Option<(Code, String)>,
}

/// What `paths` mean: each artefact once, whatever leads to it.
pub(crate) fn discover(paths: &[PathBuf]) -> Vec<Target> {
    let mut found = BTreeMap::new();
    for path in paths {
        for target in meant(path) {
            found.entry(absolute(&target.path)).or_insert(target);
        }
    }
    found.into_values().collect()
}

/// What one path means.
fn meant(path: &Path) -> Vec<Target> {
    if !path.is_dir() || is_skill(path) {
        return vec![Target { path: path.to_owned(), problem: None }];
    }
    let mut walk = Walk { found: Vec::new(), entries: 0 };
    let problem = match walk.folder(path, 0) {
        Ok(()) if walk.found.is_empty() => {
            Some((Code::SkillUnknown, "there is no skill in or below this folder".to_owned()))
        }
        Ok(()) => None,
        Err(Stop(message)) => Some((Code::FileRead, message)),
    };
    let problem = problem.map(|problem| Target { path: path.to_owned(), problem: Some(problem) });
    walk.found.into_iter().map(|path| Target { path, problem: None }).chain(problem).collect()
}

/// Whatever has that name: what can't be read is refused as the skill that it should be.
fn is_skill(folder: &Path) -> bool {
    folder.join("skill.yaml").symlink_metadata().is_ok()
}

struct Walk {
    found: Vec<PathBuf>,
    entries: usize,
}

/// Why not everything could be looked at.
struct Stop(String);

impl Walk {
    fn folder(&mut self, folder: &Path, depth: usize) -> Result<(), Stop> {
        if depth > MAX_DEPTH {
            return Err(Stop(format!("there are more than {MAX_DEPTH} folders within each other")));
        }
        for name in self.names(folder)? {
            let path = folder.join(&name);
            let is_folder = path.symlink_metadata().is_ok_and(|found| found.is_dir());
            let hidden = name.to_string_lossy().starts_with('.');
            if is_folder && is_skill(&path) {
                self.found.push(path);
            } else if is_folder && !hidden && !SKIPPED.iter().any(|skipped| *skipped == name) {
                self.folder(&path, depth + 1)?;
            } else if !is_folder && path.extension().is_some_and(|extension| extension == "wasm") {
                self.found.push(path);
            }
        }
        Ok(())
    }

    /// The names in a folder, in an order that does not depend on the file system.
    fn names(&mut self, folder: &Path) -> Result<Vec<std::ffi::OsString>, Stop> {
        let unreadable = |error: io::Error| {
            let name = folder.file_name().unwrap_or_default().to_string_lossy();
            Stop(format!("the folder `{}` can't be read: {error}", vak_model::printable(&name, 80)))
        };
        let mut names = Vec::new();
        for entry in fs::read_dir(folder).map_err(unreadable)? {
            names.push(entry.map_err(unreadable)?.file_name());
            self.entries += 1;
            if self.entries > MAX_ENTRIES {
                return Err(Stop(format!("there are more than {MAX_ENTRIES} files and folders")));
            }
        }
        names.sort();
        Ok(names)
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::symlink;

    use super::*;

    struct Place(tempfile::TempDir);

    impl Place {
        fn with(files: &[&str]) -> Self {
            let place = Self(tempfile::tempdir().expect("a folder"));
            for file in files {
                let path = place.at(file);
                fs::create_dir_all(path.parent().expect("a parent")).expect("a folder");
                fs::write(path, "").expect("written");
            }
            place
        }

        fn at(&self, path: &str) -> PathBuf {
            self.0.path().join(path)
        }

        fn found(&self, paths: &[&str]) -> Vec<String> {
            let paths: Vec<_> = paths.iter().map(|path| self.at(path)).collect();
            let shown = |target: Target| {
                let path = target.path.strip_prefix(self.0.path()).expect("inside").display().to_string();
                target.problem.map_or(path.clone(), |(code, _)| format!("{path} {code}"))
            };
            discover(&paths).into_iter().map(shown).collect()
        }
    }

    #[test]
    fn a_folder_means_the_skills_below_it_and_what_tools_have_made_is_none() {
        let place = Place::with(&[
            "x/skill.yaml",
            "x/x.wasm",
            "a/b/skill.yaml",
            "a/c.wasm",
            "a/target/t.wasm",
            "a/.hidden/h.wasm",
            "a/readme",
        ]);
        assert_eq!(place.found(&[""]), ["a/b", "a/c.wasm", "x"]);
        assert_eq!(place.found(&["x"]), ["x"]);
        assert_eq!(place.found(&["x/x.wasm", "nowhere"]), ["nowhere", "x/x.wasm"]);
    }

    #[test]
    fn each_artefact_is_looked_at_once_whatever_leads_to_it() {
        let place = Place::with(&["a/skill.yaml", "b/skill.yaml"]);
        assert_eq!(place.found(&["b", "", "a/../b", "b/"]), ["a", "b"]);
    }

    #[test]
    fn nothing_below_a_folder_is_a_failure_and_links_to_folders_are_not_followed() {
        let place = Place::with(&["empty/readme", "x/skill.yaml"]);
        symlink(place.at("x"), place.at("empty/link")).expect("a link");
        assert_eq!(place.found(&["empty"]), ["empty skill.unknown"]);
        symlink(place.at("empty"), place.at("x/skill.wasm")).expect("a link");
        assert_eq!(place.found(&["empty", "x"]), ["empty skill.unknown", "x"]);
    }

    #[test]
    fn folders_within_each_other_are_bounded() {
        let deep = format!("{}/x.wasm", ["d"; 20].join("/"));
        let place = Place::with(&[&deep, "a.wasm"]);
        assert_eq!(place.found(&[""]), [" file.read", "a.wasm"]);
    }
}
