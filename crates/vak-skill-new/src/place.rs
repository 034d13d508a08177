//! The folder of a project: free before, whole after.

use std::fs::{self, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use vak_model::SkillName;

use crate::create::File;
use crate::error::Error;
use crate::name::Name;

/// A folder that is not there yet, or empty.
#[derive(Debug)]
pub(crate) struct Place {
    name: SkillName,
    shown: PathBuf,
    parent: PathBuf,
    absolute: PathBuf,
}

impl Place {
    /// The folder of the skill `name` in `dir`, if nothing is in its way.
    pub(crate) fn find(dir: &Path, name: &Name) -> Result<Self, Error> {
        let parent = dir.canonicalize().map_err(|source| Error::NoFolder { path: dir.to_owned(), source })?;
        if !parent.is_dir() {
            let source = io::Error::from(io::ErrorKind::NotADirectory);
            return Err(Error::NoFolder { path: dir.to_owned(), source });
        }
        let shown = if dir == Path::new(".") { name.folder().into() } else { dir.join(name.folder()) };
        let absolute = parent.join(name.folder());
        let name = name.skill().clone();
        if let Some(folder) = doubled(&parent, name.base()) {
            return Err(Error::Doubled { name, folder });
        }
        if is_free(&absolute) {
            Ok(Self { name, shown, parent, absolute })
        } else {
            Err(Error::InUse { folder: shown, name })
        }
    }

    /// The folder, as the caller would write it.
    pub(crate) fn shown(&self) -> &Path {
        &self.shown
    }

    /// The folder from the root on, through no link.
    pub(crate) fn absolute(&self) -> &Path {
        &self.absolute
    }

    /// Writes the files into a folder beside, which then takes the place at once.
    pub(crate) fn fill(&self, files: &[File]) -> Result<(), Error> {
        self.write(files).map_err(|source| match source.kind() {
            // Somebody else was faster; a folder takes the place of an empty one only.
            io::ErrorKind::DirectoryNotEmpty | io::ErrorKind::AlreadyExists | io::ErrorKind::NotADirectory => {
                Error::InUse { folder: self.shown.clone(), name: self.name.clone() }
            }
            _ => Error::Write { path: self.shown.clone(), source },
        })
    }

    fn write(&self, files: &[File]) -> io::Result<()> {
        // The folder of the crate tempfile is for nobody else; the one inside of it is as any other folder.
        let work = tempfile::Builder::new().prefix(".vak-skill-new-").tempdir_in(&self.parent)?;
        let project = work.path().join("project");
        for file in files {
            let path = project.join(&file.path);
            fs::create_dir_all(path.parent().unwrap_or(&project))?;
            let mode = if file.executable { 0o777 } else { 0o666 };
            let mut written = OpenOptions::new().write(true).create_new(true).mode(mode).open(path)?;
            written.write_all(file.text.as_bytes())?;
        }
        fs::rename(&project, &self.absolute)
    }
}

/// Whether nothing is there, or an empty folder; not what a link leads to.
fn is_free(path: &Path) -> bool {
    match path.symlink_metadata() {
        Err(error) => error.kind() == io::ErrorKind::NotFound,
        Ok(meta) => meta.is_dir() && path.read_dir().is_ok_and(|mut entries| entries.next().is_none()),
    }
}

/// The skill that is found by this name from `parent` on: the one in the nearest folder `skills` upward.
fn doubled(parent: &Path, name: &str) -> Option<PathBuf> {
    let skills = parent.ancestors().map(|folder| folder.join("skills")).find(|folder| folder.is_dir())?;
    let folder = skills.join(name);
    folder.join("skill.yaml").is_file().then_some(folder)
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::{PermissionsExt, symlink};

    use super::*;

    fn find(dir: &Path) -> Result<Place, Error> {
        Place::find(dir, &Name::parse("hello").expect("a name"))
    }

    fn entries(dir: &Path) -> usize {
        dir.read_dir().expect("readable").count()
    }

    #[test]
    fn files_appear_whole_with_their_modes_and_nothing_is_left_beside() {
        let dir = tempfile::tempdir().expect("a folder");
        fs::create_dir(dir.path().join("hello")).expect("an empty folder");
        let files = [File::new("a/b", "text"), File::new("run", "").executable()];
        find(dir.path()).expect("free").fill(&files).expect("written");
        let mode = |path: &str| dir.path().join(path).metadata().expect("there").permissions().mode();
        assert_eq!(fs::read(dir.path().join("hello/a/b")).expect("readable"), b"text");
        assert_eq!([mode("hello/a/b") & 0o100, mode("hello/run") & 0o100], [0, 0o100]);
        let plain = dir.path().join("plain");
        fs::create_dir(&plain).expect("a folder");
        assert_eq!(mode("hello"), mode("plain"));
        assert_eq!(entries(dir.path()), 2);
    }

    #[test]
    fn what_is_there_stays_as_it_is() {
        let ways: [fn(&Path) -> io::Result<()>; 4] = [
            |at| fs::write(at, "precious"),
            |at| fs::create_dir(at).and_then(|()| fs::write(at.join("x"), "precious")),
            |at| symlink("nowhere", at),
            |at| fs::create_dir(at.with_extension("real")).and_then(|()| symlink(at.with_extension("real"), at)),
        ];
        for occupy in ways {
            let dir = tempfile::tempdir().expect("a folder");
            let before = find(dir.path()).expect("free");
            occupy(&dir.path().join("hello")).expect("occupied");
            let count = entries(dir.path());
            assert!(matches!(find(dir.path()), Err(Error::InUse { .. })));
            // Also if it came after the look, and before the writing.
            assert!(matches!(before.fill(&[File::new("a", "")]), Err(Error::InUse { .. })));
            assert_eq!(entries(dir.path()), count);
            assert!(!dir.path().join("hello/a").exists());
        }
    }

    #[test]
    fn a_write_that_fails_leaves_nothing() {
        let dir = tempfile::tempdir().expect("a folder");
        let place = find(dir.path()).expect("free");
        let files = [File::new("a", ""), File::new("a/b", "")];
        place.fill(&files).expect_err("a file is no folder");
        assert_eq!(entries(dir.path()), 0);
    }

    #[test]
    fn a_name_that_finds_another_skill_is_doubled() {
        let dir = tempfile::tempdir().expect("a folder");
        let deep = dir.path().join("deep/down");
        fs::create_dir_all(&deep).expect("a folder");
        fs::create_dir_all(dir.path().join("skills/hello")).expect("a folder");
        assert!(find(&deep).is_ok(), "a folder without a manifest is no skill");
        fs::write(dir.path().join("skills/hello/skill.yaml"), "").expect("written");
        for place in [deep, dir.path().join("skills"), dir.path().to_owned()] {
            assert!(matches!(find(&place), Err(Error::Doubled { .. })), "{}", place.display());
        }
    }
}
