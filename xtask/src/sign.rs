//! Signing the skills of this repository with a key for development.

use crate::error::Error;
use crate::process::Task;
use crate::workspace::Workspace;
use crate::{skills, tools};

/// Build the skills in `skills/` and sign them with a key for development, after building the tools
///
/// The key is made when it is first needed, in `.vak/` of this checkout, and the trust root there trusts it: what
/// `cargo xtask env` sets makes the shell see both. Anybody who can read the checkout can sign with it: it is for nothing else.
/// No `skill.yaml` is changed.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// The skills to sign, such as `calculator`; all, if none is named
    #[arg(value_name = "NAME")]
    names: Vec<String>,
}

const SIGNER: &str = "vak-skill-sign";

pub(crate) fn run(workspace: &Workspace, args: &Args) -> Result<(), Error> {
    let names = skills::choose(workspace, &args.names)?;
    tools::build(workspace)?;
    ensure_key(workspace)?;
    names.iter().try_for_each(|name| sign(workspace, &skills::build_one(workspace, name)?))
}

/// Signs an artefact; `skill.yaml` stays as it is, and so does the checkout.
pub(crate) fn sign(workspace: &Workspace, artefact: &str) -> Result<(), Error> {
    Task::own_tool(workspace, SIGNER).args([artefact, "--keep-yaml"]).run()
}

/// Makes the key for development, unless it is there, and has the checkout's trust root trust it.
pub(crate) fn ensure_key(workspace: &Workspace) -> Result<(), Error> {
    let config = workspace.own_home().join("config");
    let tool = |words: &[&str]| Task::own_tool(workspace, SIGNER).args(words).run();
    if !config.join("keys/default.pem").is_file() {
        return tool(&["keygen", "--trust-self"]);
    }
    if config.join("trust/root.json").is_file() {
        return Ok(());
    }
    // Somebody has deleted the root and kept the key.
    tool(&["trust", "init"])?;
    tool(&["trust", "add", config.join("keys/default.pub").as_str(), "--role", "publisher:*"])
}
