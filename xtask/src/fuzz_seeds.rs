//! The corpora that the fuzz targets begin with. They are made, not kept: the repository holds no binary.

use std::fs;

use crate::error::Error;
use crate::process::Task;
use crate::workspace::Workspace;

/// The package of the fuzz targets, outside the workspace.
const FOLDER: &str = "crates/vak-runtime/fuzz";

/// Make the corpora of the fuzz targets, the same ones every time
///
/// They are written to crates/vak-runtime/fuzz/corpus, where cargo-fuzz looks for them; git ignores them. The targets are
/// built with the versions of the workspace's lock file. docs/fuzzing.md says how they are run.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {}

pub(crate) fn run(workspace: &Workspace, _: &Args) -> Result<(), Error> {
    let folder = workspace.root.join(FOLDER);
    let (from, to) = (workspace.root.join("Cargo.lock"), folder.join("Cargo.lock"));
    fs::copy(&from, &to).map_err(|source| Error::File { doing: "copying", path: from.into(), source })?;
    Task::cargo(workspace)
        .args(["run", "--release", "--manifest-path", &format!("{FOLDER}/Cargo.toml"), "--bin", "seeds", "--"])
        .args([folder.join("corpus").as_str()])
        .env("CARGO_TARGET_DIR", workspace.bin_dir.with_file_name("").as_str())
        .run()
}
