//! Building the tools.

use crate::error::Error;
use crate::process::Task;
use crate::workspace::Workspace;

/// Build the tools into `target/release`
///
/// The whole workspace is named, so that dependencies get the same features here and in the tests and are compiled
/// once.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {}

pub(crate) fn run(workspace: &Workspace, _: &Args) -> Result<(), Error> {
    build(workspace)
}

/// Builds every binary of the workspace.
pub(crate) fn build(workspace: &Workspace) -> Result<(), Error> {
    Task::cargo(workspace).args(["build", "--release", "--workspace", "--bins"]).run()
}
