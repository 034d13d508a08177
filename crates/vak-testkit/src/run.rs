//! Running cases.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::case::{Case, Expected, Step};
use crate::compare::{bless, matches};
use crate::skills::mirror;

/// The cases of one folder, and the tools that they run.
#[derive(Clone, Debug)]
pub struct Suite {
    /// Where the `*.case` files lie.
    pub folder: PathBuf,
    /// Where the tools lie: `VAK_BIN_DIR`, or the folder of a tool of the test's own package.
    pub bin_dir: PathBuf,
    /// The repository's `skills` folder. Cases find the skills, signed by nobody, as `skills` in theirs; where cargo has to
    /// see the whole repository around them, `$SKILLS` is the folder itself.
    pub skills: PathBuf,
}

impl Suite {
    /// The suite of a package: its `tests/cli`, and the tools beside `own_tool`.
    #[must_use]
    pub fn of_package(manifest_dir: &str, own_tool: &str) -> Self {
        let beside = || Path::new(own_tool).parent().map(Path::to_owned).unwrap_or_default();
        Self {
            folder: Path::new(manifest_dir).join("tests/cli"),
            bin_dir: std::env::var_os("VAK_BIN_DIR").map_or_else(beside, PathBuf::from),
            skills: Path::new(manifest_dir).join("../../skills"),
        }
    }

    /// Runs every case.
    ///
    /// # Panics
    /// There is no case, or one does not do what it says; the message lists all that differ.
    pub fn run(&self) {
        let cases = case_files(&self.folder);
        assert!(!cases.is_empty(), "no case in {}", self.folder.display());
        let failures: Vec<_> = cases.iter().filter_map(|path| self.run_case(path)).collect();
        assert!(failures.is_empty(), "{} of {} cases differ\n{}", failures.len(), cases.len(), failures.join("\n"));
    }

    fn run_case(&self, path: &Path) -> Option<String> {
        let text = fs::read_to_string(path).expect("a readable case");
        let mut case = Case::parse(&text);
        let folder = tempfile::tempdir().expect("a folder");
        let dir = folder.path().canonicalize().expect("a path");
        self.prepare(&case, &dir);
        if let Some(needs) = case.needs.as_deref().filter(|needs| !self.succeeds(needs, &dir)) {
            skip(path, needs);
            return None;
        }
        let mut differences = String::new();
        for step in &mut case.steps {
            let actual = self.run_step(step, &dir);
            if !holds(&step.expected, &actual) {
                differences += &describe(path, step, &actual);
            }
            step.expected = blessed(&step.expected, &actual);
        }
        if differences.is_empty() {
            return None;
        }
        if std::env::var_os("BLESS").is_some() {
            fs::write(path, case.format()).expect("a writable case");
            return None;
        }
        Some(differences)
    }

    fn prepare(&self, case: &Case, dir: &Path) {
        mirror(&self.checkout_skills(), &dir.join("skills"));
        for (name, contents) in &case.files {
            let path = dir.join(name);
            fs::create_dir_all(path.parent().expect("a parent")).expect("a folder");
            fs::write(&path, contents).expect("a file");
            if name.ends_with(".wat") {
                let module = wat::parse_str(contents).unwrap_or_else(|error| panic!("{name}: {error}"));
                fs::write(path.with_extension("wasm"), module).expect("a file");
            }
        }
    }

    fn checkout_skills(&self) -> PathBuf {
        self.skills.canonicalize().expect("the skills folder")
    }

    fn succeeds(&self, command: &str, dir: &Path) -> bool {
        let step = Step { command: command.to_owned(), expected: Expected::default() };
        self.run_step(&step, dir).exit == 0
    }

    /// Runs one command in an environment of its own.
    fn run_step(&self, step: &Step, dir: &Path) -> Expected {
        let output = self.shell(&step.command, dir, dir).output().expect("a shell");
        let shown = |bytes: &[u8]| String::from_utf8_lossy(bytes).replace(&*dir.to_string_lossy(), "[DIR]");
        Expected {
            exit: output.status.code().unwrap_or(-1),
            stdout: shown(&output.stdout),
            stderr: shown(&output.stderr),
        }
    }

    /// A shell with nothing of the caller's environment but where Rust lies.
    fn shell(&self, script: &str, dir: &Path, homes: &Path) -> Command {
        let path = format!("{}:/usr/bin:/bin", self.bin_dir.display());
        let mut shell = Command::new("sh");
        shell
            .args(["-c", script])
            .current_dir(dir)
            .env_clear()
            .env("PATH", path)
            .env("HOME", homes.join("home"))
            .env("VAK_HOME", homes.join("vak"))
            .env("SKILLS", self.checkout_skills())
            .env("LC_ALL", "C.UTF-8")
            .envs(rust_homes())
            .stdin(Stdio::null());
        shell
    }

    /// An empty folder below `scratch` to work in, with a home beside it that has a copy of the caches of `VAK_TEST_CACHE`:
    /// what takes a minute to build is then built once for all tests.
    #[must_use]
    pub fn empty_place(&self, scratch: &Path) -> Place<'_> {
        let homes = scratch.canonicalize().expect("a path");
        for folder in ["work", "home", "vak"] {
            fs::create_dir_all(homes.join(folder)).expect("a folder");
        }
        if let Some(cache) = std::env::var_os("VAK_TEST_CACHE").map(PathBuf::from).filter(|cache| cache.is_dir()) {
            let copied = Command::new("cp").arg("-a").args([cache, homes.join("vak/cache")]).status();
            assert!(copied.expect("cp").success(), "the caches can't be copied");
        }
        Place { suite: self, cwd: homes.join("work"), homes }
    }
}

/// A folder in which scripts run one after the other, as in one terminal.
#[derive(Debug)]
pub struct Place<'a> {
    suite: &'a Suite,
    homes: PathBuf,
    cwd: PathBuf,
}

impl Place<'_> {
    /// Runs a script where the one before it left, with cargo on the `PATH`; gives its exit code and what a terminal
    /// shows.
    ///
    /// # Panics
    /// There is no shell.
    pub fn run(&mut self, script: &str) -> (i32, String) {
        let left = self.homes.join("left-in");
        let script = format!(
            "PATH='{}':$CARGO_HOME/bin:$PATH\nexec 2>&1\n{{ {script}\n}}\nstatus=$?\npwd > '{}'\nexit $status\n",
            self.suite.bin_dir.display(),
            left.display()
        );
        let mut shell = self.suite.shell(&script, &self.cwd, &self.homes);
        // The one that runs the tests, if it says so: for another one the proof of the toolchain would be made anew.
        shell.envs(std::env::var_os("CARGO").map(|cargo| ("CARGO", cargo)));
        let output = shell.output().expect("a shell");
        if let Ok(cwd) = fs::read_to_string(&left) {
            self.cwd = cwd.trim_end().into();
        }
        let shown =
            String::from_utf8_lossy(&output.stdout).replace(&*self.homes.join("work").to_string_lossy(), "[DIR]");
        (output.status.code().unwrap_or(-1), shown)
    }

    /// Writes a file, by its path from where the last script left.
    ///
    /// # Panics
    /// It can't be written.
    pub fn write(&mut self, path: &str, contents: &str) {
        let path = self.cwd.join(path);
        fs::create_dir_all(path.parent().expect("a parent")).expect("a folder");
        fs::write(&path, contents).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    }
}

#[expect(clippy::print_stderr, reason = "a case that is skipped says so where its test is read")]
fn skip(path: &Path, needs: &str) {
    eprintln!("skipped: {}: this machine has not what it needs: {needs}", path.display());
}

/// Where cargo and rustup keep their files, which follow `HOME` otherwise. A case that needs cargo asks for it:
/// `PATH=$CARGO_HOME/bin:$PATH`.
fn rust_homes() -> [(&'static str, PathBuf); 2] {
    let user = std::env::var_os("HOME").map(PathBuf::from).unwrap_or_default();
    [("CARGO_HOME", ".cargo"), ("RUSTUP_HOME", ".rustup")]
        .map(|(name, folder)| (name, std::env::var_os(name).map_or_else(|| user.join(folder), PathBuf::from)))
}

/// The flags that no case in `folder` uses; each is written with its dashes.
///
/// # Panics
/// The folder can't be read.
#[must_use]
pub fn unused_flags(folder: &Path, flags: &[String]) -> Vec<String> {
    let mut words = Vec::new();
    for path in case_files(folder) {
        let case = Case::parse(&fs::read_to_string(path).expect("a readable case"));
        let commands = case.steps.iter().flat_map(|step| step.command.split([' ', '=']));
        words.extend(commands.map(str::to_owned));
    }
    flags.iter().filter(|flag| !words.contains(flag)).cloned().collect()
}

fn case_files(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).expect("a folder of cases");
    let mut files: Vec<_> = entries.map(|entry| entry.expect("readable").path()).collect();
    files.retain(|path| path.extension().is_some_and(|extension| extension == "case"));
    files.sort();
    files
}

fn holds(expected: &Expected, actual: &Expected) -> bool {
    expected.exit == actual.exit
        && matches(&expected.stdout, &actual.stdout)
        && matches(&expected.stderr, &actual.stderr)
}

fn blessed(expected: &Expected, actual: &Expected) -> Expected {
    Expected {
        exit: actual.exit,
        stdout: bless(&expected.stdout, &actual.stdout),
        stderr: bless(&expected.stderr, &actual.stderr),
    }
}

fn describe(path: &Path, step: &Step, actual: &Expected) -> String {
    let Step { command, expected } = step;
    format!(
        "\n{}\n$ {command}\n--- expected: exit {}\n{}{}--- got: exit {}\n{}{}",
        path.display(),
        expected.exit,
        expected.stdout,
        expected.stderr,
        actual.exit,
        actual.stdout,
        actual.stderr,
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Runs a case whose only command fails, where `needs` is needed.
    fn run_failing_case(needs: &str) {
        let folder = tempfile::tempdir().expect("a folder");
        let case = format!("It fails.\n\n== needs {needs}\n== run false\n");
        fs::write(folder.path().join("x.case"), case).expect("written");
        let dir = folder.path().to_owned();
        Suite { folder: dir.clone(), bin_dir: dir.clone(), skills: dir }.run();
    }

    #[test]
    fn a_case_is_skipped_where_what_it_needs_is_missing() {
        run_failing_case("test -e file-of-that-name");
    }

    #[test]
    #[should_panic(expected = "1 of 1 cases differ")]
    fn a_case_that_has_what_it_needs_is_run() {
        run_failing_case("true");
    }
}
