//! Projects, held against cargo. Cargo is asked to download nothing: what this repository is built from must do.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use vak_skill_new::{Language, Made, Order, Sdk, create};

/// A project in a folder of its own.
struct Project {
    dir: tempfile::TempDir,
    made: Made,
}

impl Project {
    fn new(name: &str, sdk: Sdk) -> Self {
        let dir = tempfile::tempdir().expect("a folder");
        let order = Order { name: name.to_owned(), language: Language::Rust, dir: dir.path().to_owned(), sdk };
        let made = create(&order).expect("a project");
        Self { dir, made }
    }

    fn folder(&self) -> PathBuf {
        self.dir.path().join(self.made.name.base())
    }

    /// Runs cargo in the project; its stdout.
    fn cargo(&self, words: &[&str]) -> String {
        let output = Command::new(env!("CARGO"))
            .args(words)
            .arg("--offline")
            .current_dir(self.folder())
            .env("CARGO_TARGET_DIR", Path::new(env!("CARGO_TARGET_TMPDIR")).join("project"))
            .env_remove("RUSTFLAGS")
            .env_remove("CARGO_ENCODED_RUSTFLAGS")
            .output()
            .expect("cargo");
        assert!(output.status.success(), "cargo {words:?}: {}", String::from_utf8_lossy(&output.stderr));
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(!said.contains("warning:"), "cargo {words:?}: {said}");
        String::from_utf8_lossy(&output.stdout).into_owned()
    }
}

fn kit() -> Sdk {
    Sdk::Path(Path::new(env!("CARGO_MANIFEST_DIR")).join("../vak-guest"))
}

#[test]
fn the_unit_tests_pass_without_a_warning_and_the_lock_holds() {
    let project = Project::new("hello", Sdk::Vendored);
    let said = project.cargo(&["test", "--locked"]);
    assert!(said.contains("3 passed; 0 failed"), "{said}");
}

#[test]
fn cargo_takes_every_kind_of_name_with_its_lock_as_it_is() {
    for (name, package) in
        [("acme/word-count", "word-count"), ("3d", "skill-3d"), ("match", "skill-match"), ("zoo", "zoo")]
    {
        let project = Project::new(name, Sdk::Vendored);
        let lock = project.folder().join("Cargo.lock");
        let before = fs::read_to_string(&lock).expect("a lock");
        let metadata = project.cargo(&["metadata", "--format-version=1", "--locked"]);
        assert!(metadata.contains(&format!("\"name\":\"{package}\"")), "{name}");
        // Cargo would drop what nobody needs, and write it as it likes.
        fs::write(&lock, format!("{before}\n[[package]]\nname = \"unneeded\"\nversion = \"1.0.0\"\n"))
            .expect("written");
        project.cargo(&["metadata", "--format-version=1"]);
        assert_eq!(fs::read_to_string(&lock).expect("a lock"), before, "{name}");
    }
}

#[test]
fn a_kit_elsewhere_is_used_where_it_is() {
    let project = Project::new("hello", kit());
    assert!(!project.folder().join("sdk").exists());
    let metadata = project.cargo(&["metadata", "--format-version=1", "--no-deps"]);
    let kit = Path::new(env!("CARGO_MANIFEST_DIR")).join("../vak-guest").canonicalize().expect("a folder");
    assert!(metadata.contains(&format!("\"path\":\"{}\"", kit.display())), "{metadata}");
}

#[test]
fn nothing_in_a_project_knows_where_it_was_made() {
    let project = Project::new("hello", Sdk::Vendored);
    let repository = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").canonicalize().expect("a folder");
    for path in &project.made.files {
        let text = fs::read_to_string(project.folder().join(path)).expect(path);
        for place in [repository.as_path(), project.dir.path()] {
            assert!(!text.contains(&*place.to_string_lossy()), "{path} names {}", place.display());
        }
    }
}

#[test]
fn the_files_are_those_that_were_named() {
    let project = Project::new("hello", Sdk::Vendored);
    let mut there = Vec::new();
    collect(&project.folder(), &mut there);
    there.sort();
    let named: Vec<_> = project.made.files.iter().map(|path| project.folder().join(path)).collect();
    let mut sorted = named.clone();
    sorted.sort();
    assert_eq!(there, sorted);
}

fn collect(folder: &Path, files: &mut Vec<PathBuf>) {
    for entry in folder.read_dir().expect("a folder") {
        let path = entry.expect("readable").path();
        if path.is_dir() { collect(&path, files) } else { files.push(path) }
    }
}
