//! All tests, with everything that they need.

use crate::error::Error;
use crate::process::Task;
use crate::workspace::Workspace;
use crate::{skills, tools};

/// Build tools and skills, then run the tests of the whole workspace
///
/// Uses cargo-nextest where it is installed and `cargo test` elsewhere; then runs the tests in the documentation. The
/// tests find the tools through the variable `VAK_BIN_DIR`, and what is dear to build through `VAK_TEST_CACHE`.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  cargo xtask test                      all tests
  cargo xtask test sandbox              tests with `sandbox` in their name
  cargo xtask test -- -p vak-model      tests of one crate")]
pub(crate) struct Args {
    /// Arguments for the test runner; with any, the tests in the documentation are left out
    #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
    args: Vec<String>,
}

pub(crate) fn run(workspace: &Workspace, args: &Args) -> Result<(), Error> {
    tools::build(workspace)?;
    skills::build(workspace, &[])?;
    let nextest = Task::cargo(workspace).args(["nextest", "--version"]).succeeds();
    test(workspace, runner(nextest), &args.args)?;
    if args.args.is_empty() { test(workspace, &["test", "--doc"], &[]) } else { Ok(()) }
}

/// Runs every test there is.
pub(crate) fn all(workspace: &Workspace) -> Result<(), Error> {
    run(workspace, &Args { args: Vec::new() })
}

/// Shows every failure, not only the first.
fn runner(nextest: bool) -> &'static [&'static str] {
    if nextest { &["nextest", "run", "--no-fail-fast"] } else { &["test", "--tests", "--no-fail-fast"] }
}

fn test(workspace: &Workspace, runner: &[&str], args: &[String]) -> Result<(), Error> {
    let selection: &[&str] = if args.iter().any(|arg| arg.starts_with("-p") || arg.starts_with("--package")) {
        &[]
    } else {
        &["--workspace"]
    };
    Task::cargo(workspace)
        .args(runner)
        .args(["--release"])
        .args(selection)
        .args(args)
        .env("VAK_BIN_DIR", workspace.bin_dir.as_str())
        .env("VAK_TEST_CACHE", &workspace.vak_home().join("cache").to_string_lossy())
        .next("mend the tests that failed above, then `cargo xtask test`")
        .run()
}
