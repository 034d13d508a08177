//! Installing the tools for everyday use.

use crate::error::Error;
use crate::process::Task;
use crate::workspace::Workspace;

/// Install the tools with `cargo install`, optimised as they are shipped
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Install into DIR/bin; cargo's own folder, if not given
    #[arg(long, value_name = "DIR")]
    root: Option<String>,
}

pub(crate) fn run(workspace: &Workspace, args: &Args) -> Result<(), Error> {
    let root = args.root.iter().flat_map(|dir| ["--root", dir]).collect::<Vec<_>>();
    workspace.tools.iter().try_for_each(|tool| {
        let path = format!("crates/{tool}");
        Task::cargo(workspace).args(["install", "--profile", "dist", "--locked", "--path", &path]).args(&root).run()
    })
}
