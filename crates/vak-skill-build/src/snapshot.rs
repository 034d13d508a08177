//! The files that a skill is made from, as they were at one moment, and what changed between two.
//!
//! Nobody is asked to tell of changes: two moments are compared. So a change can't be lost, whether it comes while a
//! build runs, while a folder is replaced, or in a folder that was not there before; and a file that is written anew with
//! the same contents has not changed.

use std::collections::BTreeMap;
use std::fs::{self, Metadata};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use vak_package::sha256;

/// The most files that are looked at. A skill with more is watched as far as that goes.
const MAX_FILES: usize = 10_000;

/// How deep folders are looked into.
const MAX_DEPTH: usize = 32;

/// Larger files are told apart by size and time alone.
const MAX_READ: u64 = 4 << 20;

/// For this long after it was written a file can be written again without another time.
const GRAIN: Duration = Duration::from_millis(100);

/// Where a skill's files lie.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Places {
    /// Folders, with all in them that people write.
    pub(crate) folders: Vec<PathBuf>,
    /// Files elsewhere.
    pub(crate) files: Vec<PathBuf>,
    /// Files that the build itself writes.
    pub(crate) made: Vec<PathBuf>,
}

/// The files at one moment.
#[derive(Clone, Debug)]
pub(crate) struct Snapshot {
    files: BTreeMap<PathBuf, Seen>,
    taken: SystemTime,
}

/// What is known of a file.
#[derive(Clone, Debug)]
struct Seen {
    stamp: Stamp,
    /// The SHA-256 of its contents; none if it is too large, or could not be read.
    contents: Option<[u8; 32]>,
}

/// What changes whenever a file is written, or another takes its place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Stamp {
    size: u64,
    written: (i64, i64),
    changed: (i64, i64),
    inode: u64,
}

impl Snapshot {
    /// The files as they are now. Those with the stamp that they had in `before` are not read again.
    pub(crate) fn take(places: &Places, before: Option<&Self>) -> Self {
        let taken = SystemTime::now();
        let mut paths = places.files.clone();
        places.folders.iter().for_each(|folder| walk(folder, 0, &mut paths));
        paths.retain(|path| !places.made.contains(path));
        let files = paths.into_iter().filter_map(|path| Some((path.clone(), see(&path, before)?))).collect();
        Self { files, taken }
    }

    /// The files that are in one and not in the other, or with other contents; sorted.
    pub(crate) fn changes(&self, later: &Self) -> Vec<PathBuf> {
        let gone = self.files.keys().filter(|path| !later.files.contains_key(*path));
        let written = later.files.iter().filter(|(path, seen)| self.files.get(*path).is_none_or(|old| !old.is(seen)));
        let mut changes: Vec<_> = gone.chain(written.map(|(path, _)| path)).cloned().collect();
        changes.sort();
        changes
    }

    /// Takes `path` as it is in `later`, if there is no such file here.
    pub(crate) fn adopt_new(&mut self, path: &Path, later: &Self) {
        if let Some(seen) = later.files.get(path) {
            self.files.entry(path.to_owned()).or_insert_with(|| seen.clone());
        }
    }

    /// What is known of an unchanged file. One that was written just before it was looked at may have changed since.
    fn still_holds(&self, path: &Path, stamp: Stamp) -> Option<&Seen> {
        let settled = |stamp: Stamp| {
            let written =
                Duration::new(stamp.changed.0.try_into().unwrap_or(0), stamp.changed.1.try_into().unwrap_or(0));
            SystemTime::UNIX_EPOCH + written + GRAIN < self.taken
        };
        self.files.get(path).filter(|seen| seen.stamp == stamp && settled(stamp))
    }
}

impl Seen {
    fn is(&self, other: &Self) -> bool {
        match (self.contents, other.contents) {
            (Some(one), Some(other)) => one == other,
            _ => self.stamp == other.stamp,
        }
    }
}

/// None if there is no such file, or it is none that can be read.
fn see(path: &Path, before: Option<&Snapshot>) -> Option<Seen> {
    let meta = path.metadata().ok().filter(Metadata::is_file)?;
    let stamp = Stamp {
        size: meta.size(),
        written: (meta.mtime(), meta.mtime_nsec()),
        changed: (meta.ctime(), meta.ctime_nsec()),
        inode: meta.ino(),
    };
    if let Some(seen) = before.and_then(|before| before.still_holds(path, stamp)) {
        return Some(seen.clone());
    }
    let bytes = (stamp.size <= MAX_READ).then(|| fs::read(path).ok()).flatten();
    Some(Seen { stamp, contents: bytes.map(|bytes| *sha256(&bytes).as_bytes()) })
}

/// Links to folders are not followed: they could lead round in circles.
fn walk(folder: &Path, depth: usize, files: &mut Vec<PathBuf>) {
    for entry in folder.read_dir().into_iter().flatten().flatten() {
        let is_folder = entry.file_type().is_ok_and(|kind| kind.is_dir());
        if files.len() >= MAX_FILES
            || !entry.file_name().to_str().is_none_or(|name| is_written_by_people(name, is_folder))
        {
            continue;
        }
        if !is_folder {
            files.push(entry.path());
        } else if depth < MAX_DEPTH {
            walk(&entry.path(), depth + 1, files);
        }
    }
}

/// Whether a file or folder of this name may be part of a skill's source: not what tools build, what version control
/// keeps, or what editors leave beside a file while it is open.
fn is_written_by_people(name: &str, is_folder: bool) -> bool {
    if name.starts_with('.') || (is_folder && name == "target") {
        return false;
    }
    let of_editor = name.ends_with('~') || name.starts_with('#') || name == "4913";
    let of_build = name.ends_with(".build.json");
    is_folder || !(of_editor || of_build)
}

#[cfg(test)]
mod tests {
    use std::fs::File;
    use std::os::unix::fs::symlink;

    use super::*;

    /// A skill's folder.
    struct Skill(tempfile::TempDir, Places);

    impl Skill {
        fn new(files: &[&str]) -> Self {
            let folder = tempfile::tempdir().expect("a folder");
            let made = vec![folder.path().join("hello.wasm")];
            let places = Places { folders: vec![folder.path().to_owned()], files: Vec::new(), made };
            let skill = Self(folder, places);
            files.iter().for_each(|file| skill.write(file, "old"));
            skill
        }

        fn path(&self, name: &str) -> PathBuf {
            self.0.path().join(name)
        }

        fn write(&self, name: &str, text: &str) {
            fs::create_dir_all(self.path(name).parent().expect("a folder")).expect("a folder");
            fs::write(self.path(name), text).expect("written");
        }

        /// What changes when `act` is done.
        fn changes(&self, act: impl FnOnce(&Self)) -> Vec<String> {
            let before = Snapshot::take(&self.1, None);
            act(self);
            let name = |path: PathBuf| path.strip_prefix(self.0.path()).expect("inside").to_string_lossy().into_owned();
            before.changes(&Snapshot::take(&self.1, Some(&before))).into_iter().map(name).collect()
        }
    }

    #[test]
    fn sources_are_told_from_what_tools_and_editors_leave() {
        for (name, is_folder, expected) in [
            ("skill.yaml", false, true),
            ("Cargo.lock", false, true),
            ("lib.rs", false, true),
            ("data.json", false, true),
            ("target", true, false),
            ("target", false, true),
            (".git", true, false),
            (".lib.rs.swp", false, false),
            ("lib.rs~", false, false),
            ("#lib.rs#", false, false),
            ("4913", false, false),
            ("hello.wasm.build.json", false, false),
            ("sdk", true, true),
        ] {
            assert_eq!(is_written_by_people(name, is_folder), expected, "{name}");
        }
    }

    #[test]
    fn written_added_removed_and_renamed_files_are_changes() {
        type Act = fn(&Skill);
        let cases: [(Act, &[&str]); 6] = [
            (|skill| skill.write("src/lib.rs", "new"), &["src/lib.rs"]),
            (|skill| skill.write("src/deep/er/x.rs", "new"), &["src/deep/er/x.rs"]),
            (|skill| fs::remove_file(skill.path("skill.yaml")).expect("removed"), &["skill.yaml"]),
            (|skill| fs::rename(skill.path("src"), skill.path("lib")).expect("renamed"), &["lib/lib.rs", "src/lib.rs"]),
            (
                // As editors save: beside the file, then over it.
                |skill| {
                    skill.write("src/.lib.rs.new", "new");
                    fs::rename(skill.path("src/.lib.rs.new"), skill.path("src/lib.rs")).expect("renamed");
                },
                &["src/lib.rs"],
            ),
            (|skill| skill.write("src/lib.rs", "odl"), &["src/lib.rs"]),
        ];
        for (i, (act, expected)) in cases.into_iter().enumerate() {
            assert_eq!(Skill::new(&["skill.yaml", "src/lib.rs"]).changes(act), expected, "{i}");
        }
    }

    #[test]
    fn what_the_build_writes_and_what_stays_the_same_are_no_changes() {
        let skill = Skill::new(&["skill.yaml", "src/lib.rs"]);
        let changes = skill.changes(|skill| {
            skill.write("target/vak/x", "new");
            skill.write("hello.wasm", "new");
            skill.write("hello.wasm.build.json", "new");
            skill.write("src/lib.rs", "old");
            File::open(skill.path("skill.yaml")).and_then(|file| file.set_modified(SystemTime::now())).expect("a time");
        });
        assert_eq!(changes, [""; 0]);
    }

    #[test]
    fn a_file_of_the_same_size_and_time_is_read_again_while_it_is_fresh() {
        let skill = Skill::new(&["skill.yaml"]);
        let before = Snapshot::take(&skill.1, None);
        let (path, seen) = before.files.first_key_value().expect("a file");
        assert!(before.still_holds(path, seen.stamp).is_none(), "it was written just now");
        let later = Snapshot { taken: before.taken + Duration::from_secs(1), ..before.clone() };
        assert!(later.still_holds(path, seen.stamp).is_some());
        assert!(later.still_holds(path, Stamp { inode: 0, ..seen.stamp }).is_none());
    }

    #[test]
    fn links_to_folders_are_not_followed_and_links_to_files_are() {
        let skill = Skill::new(&["src/lib.rs"]);
        symlink(skill.path("."), skill.path("src/round")).expect("a link");
        symlink("lib.rs", skill.path("src/other.rs")).expect("a link");
        assert_eq!(skill.changes(|skill| skill.write("src/lib.rs", "new")), ["src/lib.rs", "src/other.rs"]);
    }

    #[test]
    fn a_lock_that_cargo_made_is_no_change_of_the_author() {
        let skill = Skill::new(&["skill.yaml"]);
        let mut before = Snapshot::take(&skill.1, None);
        skill.write("Cargo.lock", "new");
        let built = Snapshot::take(&skill.1, Some(&before));
        before.adopt_new(&skill.path("Cargo.lock"), &built);
        assert!(before.changes(&built).is_empty());
        skill.write("Cargo.lock", "newer");
        let edited = Snapshot::take(&skill.1, Some(&built));
        before.adopt_new(&skill.path("Cargo.lock"), &edited);
        assert_eq!(before.changes(&edited), [skill.path("Cargo.lock")], "one that was there is not adopted");
    }
}
