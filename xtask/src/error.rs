//! The ways in which a task fails, sorted by whose fault it is. Each says what to do next.

use std::error::Error as _;
use std::io;
use std::iter;
use std::path::PathBuf;
use std::process::ExitStatus;

use vak_toolchain::NotFound;

/// Why a verb did not do what was asked.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    /// A rule of the repository does not hold.
    #[error("{count} violation(s) of the project's rules, listed above")]
    Violations { count: usize, next: String },
    /// What was asked for does not exist.
    #[error("{0}")]
    Unknown(String, String),
    /// A command ran and failed; it has said why itself.
    #[error("`{shown}` failed ({status})")]
    Failed { shown: String, status: ExitStatus, next: String },
    /// A named step of a longer task failed.
    #[error("the step `{step}` failed")]
    Step { step: &'static str, source: Box<Self>, next: String },
    /// No toolchain can build for wasm; the message lists what was tried and what would help.
    #[error(transparent)]
    NoToolchain(#[from] NotFound),
    /// A program could not be started.
    #[error("`{program}` could not be started")]
    Start { program: String, source: io::Error },
    /// A file could not be read or written.
    #[error("{doing} `{}` failed", path.display())]
    File { doing: &'static str, path: PathBuf, source: io::Error },
    /// Cargo does not understand the workspace, or can't fetch what it needs.
    #[error("`cargo metadata` failed")]
    Metadata(#[source] Box<cargo_metadata::Error>),
}

impl Error {
    /// The whole message for a person: what, the causes, and what to do next.
    pub(crate) fn report(&self) -> String {
        let causes = iter::successors(self.source(), |&cause: &&dyn std::error::Error| cause.source());
        let causes: String = causes.map(|cause| format!("  cause: {cause}\n")).collect();
        format!("error: {self}\n{causes}  next: {}\n", self.next())
    }

    /// 3 for the environment, 1 for everything else.
    pub(crate) fn exit_code(&self) -> u8 {
        match self {
            Self::Step { source, .. } => source.exit_code(),
            Self::NoToolchain(_) | Self::Start { .. } | Self::File { .. } | Self::Metadata(_) => 3,
            Self::Violations { .. } | Self::Unknown(..) | Self::Failed { .. } => 1,
        }
    }

    fn next(&self) -> String {
        match self {
            Self::Violations { next, .. } | Self::Failed { next, .. } | Self::Unknown(_, next) => next.clone(),
            Self::Step { source, next, .. } => format!("{}; then `{next}`", source.next()),
            Self::NoToolchain(_) => "run `cargo xtask setup` again after that".to_owned(),
            Self::Start { program, .. } => format!("install `{program}`, or put it on the PATH"),
            Self::File { path, .. } => {
                format!("look at `{}`: does it exist, and may you read and write it?", path.display())
            }
            Self::Metadata(_) => "run `cargo metadata` in the repository and mend what it says".to_owned(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn missing_program() -> Error {
        Error::Start { program: "git".to_owned(), source: io::Error::from(io::ErrorKind::NotFound) }
    }

    #[test]
    fn a_report_says_what_failed_why_and_what_to_do_next() {
        let report = missing_program().report();
        assert!(report.starts_with("error: `git` could not be started\n"), "{report}");
        assert!(report.contains("  cause: entity not found\n"), "{report}");
        assert!(report.contains("  next: install `git`"), "{report}");
    }

    #[test]
    fn a_step_fails_with_the_exit_code_of_its_cause() {
        let step = |source| Error::Step { step: "tidy", source: Box::new(source), next: String::new() };
        assert_eq!(step(missing_program()).exit_code(), 3);
        assert_eq!(step(Error::Violations { count: 1, next: String::new() }).exit_code(), 1);
    }
}
