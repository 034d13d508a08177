//! Running commands: shown before they run, with the terminal's input and output, and a hint when they fail.

use std::env;
use std::io::IsTerminal;
use std::path::Path;
use std::process::{Command, Output, Stdio};

use crate::error::Error;
use crate::shell;
use crate::workspace::Workspace;

/// A command that will run in the repository's root.
#[derive(Debug)]
pub(crate) struct Task {
    command: Command,
    shown: String,
    next: String,
}

impl Task {
    /// A program, shown under its own name.
    pub(crate) fn program(workspace: &Workspace, program: &str) -> Self {
        Self::shown_as(workspace, program, program)
    }

    /// The cargo that runs this xtask, else the one on the PATH.
    pub(crate) fn cargo(workspace: &Workspace) -> Self {
        let cargo = env::var("CARGO").unwrap_or_else(|_| "cargo".to_owned());
        Self::shown_as(workspace, &cargo, "cargo")
    }

    /// One of VAK's tools, as it was last built, with the home that `cargo xtask env` would give it.
    pub(crate) fn tool(workspace: &Workspace, name: &str) -> Self {
        let mut task = Self::shown_as(workspace, workspace.tool(name).as_str(), name);
        task.command.env("VAK_HOME", workspace.vak_home());
        task.next("mend what it says above; `cargo xtask tools` builds it anew if it is not there")
    }

    /// One of VAK's tools, with the home of this checkout whatever the caller's is: for keys that are for nothing else, and
    /// for what is signed with them.
    pub(crate) fn own_tool(workspace: &Workspace, name: &str) -> Self {
        let mut task = Self::tool(workspace, name);
        task.command.env("VAK_HOME", workspace.own_home());
        task
    }

    fn shown_as(workspace: &Workspace, program: &str, shown: &str) -> Self {
        let mut command = Command::new(program);
        command.current_dir(&workspace.root);
        for (name, _) in env::vars_os() {
            if name.to_str().is_some_and(is_about_xtask) {
                command.env_remove(name);
            }
        }
        if in_ci() {
            command.env("CARGO_TERM_COLOR", "never").env("NO_COLOR", "1");
        }
        Self { command, shown: shell::word(shown), next: "mend what it says above, then run it again".to_owned() }
    }

    /// Adds arguments.
    pub(crate) fn args<S: AsRef<str>>(mut self, args: impl IntoIterator<Item = S>) -> Self {
        for arg in args {
            self.command.arg(arg.as_ref());
            self.shown = format!("{} {}", self.shown, shell::word(arg.as_ref()));
        }
        self
    }

    /// Sets an environment variable.
    pub(crate) fn env(mut self, name: &str, value: &str) -> Self {
        self.command.env(name, value);
        self.shown = format!("{name}={} {}", shell::word(value), self.shown);
        self
    }

    /// Sets an environment variable, or takes it away if `value` is empty; this is not shown.
    pub(crate) fn in_env(mut self, name: &str, value: &Path) -> Self {
        if value.as_os_str().is_empty() {
            self.command.env_remove(name);
        } else {
            self.command.env(name, value);
        }
        self
    }

    /// Runs it in another folder.
    pub(crate) fn in_folder(mut self, folder: &str) -> Self {
        self.command.current_dir(folder);
        self.shown = format!("cd {} && {}", shell::word(folder), self.shown);
        self
    }

    /// Says what to do when the command fails. Default: mend what it says, run it again.
    pub(crate) fn next(mut self, next: &str) -> Self {
        next.clone_into(&mut self.next);
        self
    }

    /// Sends what the command prints to stderr: stdout is for this task's own answer.
    pub(crate) fn on_stderr(mut self) -> Self {
        self.command.stdout(std::io::stderr());
        self
    }

    /// Shows the command on stderr and runs it.
    pub(crate) fn run(mut self) -> Result<(), Error> {
        eprintln!("{}", bold(&format!("$ {}", self.shown)));
        let status = self.command.status().map_err(|source| Error::Start { program: self.shown.clone(), source })?;
        if status.success() { Ok(()) } else { Err(Error::Failed { shown: self.shown, status, next: self.next }) }
    }

    /// Shows the command on stderr and runs it; returns what it wrote to stdout.
    pub(crate) fn run_for_stdout(mut self) -> Result<String, Error> {
        eprintln!("{}", bold(&format!("$ {}", self.shown)));
        let output = self.command.stderr(Stdio::inherit()).output();
        let output = output.map_err(|source| Error::Start { program: self.shown.clone(), source })?;
        if output.status.success() {
            return Ok(String::from_utf8_lossy(&output.stdout).into_owned());
        }
        Err(Error::Failed { shown: self.shown, status: output.status, next: self.next })
    }

    /// Runs the command silently and returns what it wrote to stdout.
    pub(crate) fn stdout(mut self) -> Result<Vec<u8>, Error> {
        let output = self.output()?;
        if output.status.success() {
            return Ok(output.stdout);
        }
        eprint!("{}", String::from_utf8_lossy(&output.stderr));
        Err(Error::Failed { shown: self.shown, status: output.status, next: self.next })
    }

    /// Runs the command silently and returns what it wrote to stdout, however it ended.
    pub(crate) fn answer(mut self) -> Result<String, Error> {
        Ok(String::from_utf8_lossy(&self.output()?.stdout).into_owned())
    }

    /// Whether the command can be started and succeeds; silent.
    pub(crate) fn succeeds(mut self) -> bool {
        self.output().is_ok_and(|output| output.status.success())
    }

    fn output(&mut self) -> Result<Output, Error> {
        self.command
            .stdin(Stdio::null())
            .output()
            .map_err(|source| Error::Start { program: self.shown.clone(), source })
    }
}

/// `text` in bold, where a person looks at stderr.
pub(crate) fn bold(text: &str) -> String {
    let colour = std::io::stderr().is_terminal() && env::var_os("NO_COLOR").is_none() && !in_ci();
    if colour { format!("\x1b[1m{text}\x1b[0m") } else { text.to_owned() }
}

/// Whether this runs in CI, where nobody looks at colours.
pub(crate) fn in_ci() -> bool {
    env::var("CI").is_ok_and(|value| value == "true")
}

/// What `cargo run` sets to describe xtask itself. It would be false for everything that xtask starts, and build
/// scripts that watch such a variable would run again.
fn is_about_xtask(variable: &str) -> bool {
    matches!(variable, "CARGO_MANIFEST_DIR" | "CARGO_MANIFEST_PATH" | "CARGO_BIN_NAME" | "CARGO_CRATE_NAME")
        || variable.starts_with("CARGO_PKG_")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn workspace() -> Workspace {
        Workspace { root: "/".into(), bin_dir: "/bin".into(), tools: Vec::new() }
    }

    #[test]
    fn a_command_is_shown_as_it_could_be_pasted() {
        let task = Task::program(&workspace(), "sh").args(["-c", "exit 3"]).env("FLAGS", "-D warnings");
        assert_eq!(task.shown, "FLAGS='-D warnings' sh -c 'exit 3'");
    }

    #[test]
    fn a_failing_command_is_an_error_with_its_hint() {
        let failed = Task::program(&workspace(), "sh").args(["-c", "exit 3"]).next("call mother").run();
        assert!(matches!(failed, Err(Error::Failed { next, .. }) if next == "call mother"));
    }

    #[test]
    fn a_missing_program_is_an_error_of_the_environment() {
        let missing = Task::program(&workspace(), "no-such-program-here").run();
        assert_eq!(missing.expect_err("it is not there").exit_code(), 3);
    }

    #[test]
    fn commands_do_not_inherit_what_cargo_says_about_xtask() {
        let shown = Task::program(&workspace(), "sh").args(["-c", "echo ${CARGO_PKG_NAME-unset}"]).stdout();
        assert_eq!(shown.expect("sh runs"), b"unset\n");
    }
}
