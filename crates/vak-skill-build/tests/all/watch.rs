//! `--watch`, as a process that is left running while the source changes under it.

use std::fs;
use std::io::{BufRead, BufReader, Lines};
use std::process::{Child, ChildStdout, Command, Stdio};
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use serde_json::Value;

use crate::five::{LIBRARY, MANIFEST, home, write};

/// Longer than any build takes, with the standard library from its source on a machine that does other things as well.
const PATIENCE: Duration = Duration::from_secs(900);

/// A skill under watch. Killed when dropped, or when it takes too long.
struct Watched {
    folder: tempfile::TempDir,
    tool: Child,
    reports: Lines<BufReader<ChildStdout>>,
    _alive: mpsc::Sender<()>,
}

impl Watched {
    fn start(words: &[&str]) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        write(folder.path());
        let mut tool = Command::new(env!("CARGO_BIN_EXE_vak-skill-build"))
            .args(["--watch", "--json"])
            .args(words)
            .current_dir(folder.path())
            .env("VAK_HOME", home())
            .env_remove("CARGO_TARGET_DIR")
            .stdout(Stdio::piped())
            .spawn()
            .expect("it runs");
        let reports = BufReader::new(tool.stdout.take().expect("a pipe")).lines();
        Self { folder, _alive: kill_in_time(tool.id()), tool, reports }
    }

    /// The next report; waits for it.
    fn report(&mut self) -> Value {
        let line = self.reports.next().expect("it goes on").expect("text");
        serde_json::from_str(&line).expect("JSON")
    }

    /// Saves a file as editors do: beside it, then in its place.
    fn save(&self, name: &str, text: &str) {
        let path = self.folder.path().join(name);
        let beside = self.folder.path().join(format!(".{name}.new"));
        fs::write(&beside, text).expect("written");
        fs::rename(beside, path).expect("renamed");
    }
}

impl Drop for Watched {
    fn drop(&mut self) {
        let _ = self.tool.kill();
        let _ = self.tool.wait();
    }
}

/// Kills the process after a long time, unless what is returned is dropped before.
fn kill_in_time(id: u32) -> mpsc::Sender<()> {
    let (alive, gone) = mpsc::channel();
    thread::spawn(move || {
        if gone.recv_timeout(PATIENCE) == Err(mpsc::RecvTimeoutError::Timeout) {
            let _ = Command::new("kill").args(["-9", &id.to_string()]).status();
        }
    });
    alive
}

fn results(report: &Value) -> Vec<(&str, bool)> {
    let cases = report["cases"].as_array().expect("cases");
    cases.iter().map(|case| (case["name"].as_str().expect("a name"), case["passed"] == true)).collect()
}

#[expect(clippy::print_stderr, reason = "a test that is skipped says why")]
#[test]
fn a_watched_skill_is_built_again_after_each_change_and_a_red_case_ends_nothing() {
    let mut watched = Watched::start(&[]);
    let first = watched.report();
    if first["error"]["code"] == "toolchain.missing" {
        eprintln!("skipped: there is no compiler for WebAssembly here: {}", first["error"]["message"]);
        return;
    }
    assert_eq!((&first["round"], &first["changed"]), (&1.into(), &Value::Array(Vec::new())));
    assert_eq!(results(&first), [("says five", true)], "{first}");

    watched.save("skill.yaml", &MANIFEST.replace("output: 5", "output: 6"));
    let red = watched.report();
    assert_eq!((&red["round"], &red["changed"][0]), (&2.into(), &"skill.yaml".into()));
    assert_eq!(red["error"]["code"], "golden.failed", "{red}");
    assert_eq!(results(&red), [("says five", false)]);
    assert_eq!(red["cases"][0]["fuel"], red["cases"][0]["fuel_before"]);

    watched.save("skill.yaml", MANIFEST);
    assert!(watched.report()["error"].is_null());

    watched.save("lib.rs", "pub fn broken(");
    assert_eq!(watched.report()["error"]["code"], "build.failed");

    watched.save("lib.rs", &LIBRARY.replace("*b\"5\"", "*b\"7\""));
    let other = watched.report();
    assert_eq!((&other["round"], &other["changed"][0]), (&5.into(), &"lib.rs".into()));
    assert_eq!(results(&other), [("says five", false)], "{other}");
}

#[test]
fn a_watched_check_checks_again_and_builds_nothing() {
    let mut watched = Watched::start(&["--check"]);
    assert!(watched.report()["error"].is_null());
    watched.save("skill.yaml", &MANIFEST.replace("0.1.0", "one"));
    assert_eq!(watched.report()["error"]["code"], "manifest.invalid");
    watched.save("skill.yaml", MANIFEST);
    assert!(watched.report()["error"].is_null());
    assert!(!watched.folder.path().join("target").exists());
}
