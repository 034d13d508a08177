//! Building again whenever the source changes.
//!
//! The files are looked at a few times a second; the notices that systems give of changes would need a watch for every
//! folder, and be one more thing to get right. A red build ends nothing; Ctrl-C ends the process.

use std::path::{Path, PathBuf};
use std::thread;
use std::time::Duration;

use serde::Serialize;
use vak_cli::{Failure, Ui};

use crate::end::End;
use crate::report::Report;
use crate::snapshot::{Places, Snapshot};
use crate::{Order, Project, Source, search};

/// Between two looks at the files.
const PAUSE: Duration = Duration::from_millis(200);

/// After so many looks a change is acted upon even if the next one follows already.
const PATIENCE: u32 = 10;

/// How many changed files are named.
const NAMED: usize = 3;

/// How each round is done and shown.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Mode {
    /// Nothing is built.
    pub(crate) check: bool,
    /// A line of JSON for each round.
    pub(crate) json: bool,
}

/// One line of JSON.
#[derive(Debug, Serialize)]
struct Line<'a> {
    round: u64,
    /// What changed since the round before; empty in the first.
    changed: &'a [String],
    #[serde(flatten)]
    report: Report<'a>,
}

/// Builds, and builds again after each change, for ever.
///
/// # Errors
/// The first round shows that no change of the source would help, or nobody reads what is printed.
pub(crate) fn watch(mut order: Order, mode: Mode, ui: &mut Ui) -> Result<(), Failure> {
    let mut places = Places::default();
    let mut changed = Vec::new();
    for round in 1.. {
        places = look_up(&order, places);
        // Before the build, so that what changes while it runs is seen after it.
        let mut before = Snapshot::take(&places, None);
        let end = play(&order, mode, round, &changed, ui)?;
        if round == 1 && end.is_hopeless() {
            return end.verdict();
        }
        if !mode.json {
            ui.note("waiting for changes (Ctrl-C to stop)")?;
        }
        order.quiet = true;
        forgive_locks(&places, &mut before);
        changed = wait(&places, before, &real(&order.dir));
    }
    Ok(())
}

/// One round: builds or checks, and shows how it went.
fn play(order: &Order, mode: Mode, round: u64, changed: &[String], ui: &mut Ui) -> Result<End, Failure> {
    if !mode.json && round > 1 {
        ui.clear()?;
        ui.note(&format!("changed: {}", list(changed)))?;
    }
    let end = End::of(order, mode.check, None, ui);
    if mode.json {
        ui.json(&Line { round, changed, report: end.report() })?;
    } else {
        end.tell(order, ui)?;
    }
    Ok(end)
}

/// Where the skill's files lie. While its package can't be read, where they lay before.
fn look_up(order: &Order, known: Places) -> Places {
    let dir = real(&order.dir);
    let cargo = search::describe(&order.home, order.toolchain.as_deref()).cargo;
    let found = match Project::find(order, &cargo) {
        Ok(project) => Places {
            folders: [dir.clone()].into_iter().chain(outside(&dir, &project)).collect(),
            files: project.files(),
            made: Vec::new(),
        },
        Err(_) if known.folders.is_empty() => Places { folders: vec![dir.clone()], ..Places::default() },
        Err(_) => known,
    };
    let module = Source::read(&order.dir).map(|source| dir.join(source.manifest().module.as_str()));
    Places { made: module.into_iter().chain(order.out.as_deref().map(real)).collect(), ..found }
}

/// A path by its one name, so that a file that is found in two ways is one. The last part need not exist.
fn real(path: &Path) -> PathBuf {
    let path = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
    let in_folder = || Some(path.parent()?.canonicalize().ok()?.join(path.file_name()?));
    path.canonicalize().ok().or_else(in_folder).unwrap_or(path)
}

/// The folders of the packages that it is built from and that do not lie in its own.
fn outside(dir: &Path, project: &Project) -> Vec<PathBuf> {
    project.sources().iter().filter(|folder| !folder.starts_with(dir)).cloned().collect()
}

/// Cargo makes a lock where there is none; that is no change of the author's.
fn forgive_locks(places: &Places, before: &mut Snapshot) {
    let now = Snapshot::take(places, Some(before));
    let locks = places.files.iter().filter(|path| path.file_name().is_some_and(|name| name == "Cargo.lock"));
    locks.for_each(|lock| before.adopt_new(lock, &now));
}

/// Waits until the files differ from those that were built, and rest; what has changed.
fn wait(places: &Places, built: Snapshot, dir: &Path) -> Vec<String> {
    let mut eye = Eye { last: built.clone(), built, restless: 0 };
    loop {
        if let Some(changes) = eye.look(Snapshot::take(places, Some(&eye.last))) {
            return changes.iter().map(|path| shown(path, dir)).collect();
        }
        thread::sleep(PAUSE);
    }
}

/// Decides when a change is complete: editors write several files, one after the other.
struct Eye {
    built: Snapshot,
    last: Snapshot,
    restless: u32,
}

impl Eye {
    /// What has changed since the build, once two looks in a row see the same.
    fn look(&mut self, now: Snapshot) -> Option<Vec<PathBuf>> {
        let changes = self.built.changes(&now);
        let rests = self.last.changes(&now).is_empty();
        self.last = now;
        self.restless = if changes.is_empty() { 0 } else { self.restless + 1 };
        let is_ready = (rests && self.restless > 1) || self.restless >= PATIENCE;
        (is_ready && !changes.is_empty()).then_some(changes)
    }
}

/// A path as the author would write it.
fn shown(path: &Path, dir: &Path) -> String {
    path.strip_prefix(dir).unwrap_or(path).to_string_lossy().into_owned()
}

fn list(changed: &[String]) -> String {
    let named = changed.iter().take(NAMED).cloned().collect::<Vec<_>>().join(", ");
    match changed.len().saturating_sub(NAMED) {
        0 => named,
        more => format!("{named} and {more} more"),
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    /// A folder whose one file holds each of these in turn, as an eye sees it; in which look it decides.
    fn decides(contents: &[&str]) -> Option<usize> {
        let folder = tempfile::tempdir().expect("a folder");
        let places = Places { folders: vec![folder.path().to_owned()], ..Places::default() };
        let take = |text: &str| {
            fs::write(folder.path().join("lib.rs"), text).expect("written");
            Snapshot::take(&places, None)
        };
        let built = take("built");
        let mut eye = Eye { last: built.clone(), built, restless: 0 };
        contents.iter().position(|text| eye.look(take(text)).is_some())
    }

    #[test]
    fn a_change_is_acted_upon_when_it_rests() {
        for (contents, expected) in [
            (&["built", "built", "built"][..], None),
            (&["new", "new"], Some(1)),
            (&["built", "a", "ab", "abc", "abc"], Some(4)),
            // Undone before anybody could build it.
            (&["new", "built", "built"], None),
            (&["new", "built", "new", "new"], Some(3)),
        ] {
            assert_eq!(decides(contents), expected, "{contents:?}");
        }
    }

    #[test]
    fn a_file_that_never_rests_is_built_all_the_same() {
        let contents: Vec<_> = (0..20).map(|i| i.to_string()).collect();
        let contents: Vec<_> = contents.iter().map(String::as_str).collect();
        assert_eq!(decides(&contents), Some(PATIENCE as usize - 1));
    }

    #[test]
    fn changes_are_named_from_the_skill_s_folder_and_not_without_end() {
        assert_eq!(shown(Path::new("skills/a/src/lib.rs"), Path::new("skills/a")), "src/lib.rs");
        assert_eq!(shown(Path::new("/elsewhere/x.rs"), Path::new("skills/a")), "/elsewhere/x.rs");
        let names: Vec<_> = ["a", "b", "c", "d", "e"].map(str::to_owned).into();
        assert_eq!(list(&names[..3]), "a, b, c");
        assert_eq!(list(&names), "a, b, c and 2 more");
    }
}
