//! From a fresh checkout to the first result.

use crate::error::Error;
use crate::process::Task;
use crate::steps::Steps;
use crate::workspace::Workspace;
use crate::{setup, sign, skills, tools};

/// Set everything up and run a first skill: the place to start
///
/// Finds or installs a wasm toolchain, builds the tools, builds the calculator from source, signs it with a key for
/// development, and adds 2 and 3 with it.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {}

const FIRST_RUN: &[&str] = &["calculator", "--stats", "--input", r#"{"operation":"add","a":2,"b":3}"#];

const NEXT_STEPS: &str = r#"
eval "$(cargo xtask env)"     puts the tools on the PATH of this shell
vak-run calculator --help     shows what the calculator can do
"#;

pub(crate) fn run(workspace: &Workspace, _: &Args) -> Result<(), Error> {
    let mut steps = Steps::new(6, |_| "cargo xtask quickstart".to_owned());
    steps.step("find a wasm toolchain", || setup::ensure(workspace))?;
    steps.step("build the tools", || tools::build(workspace))?;
    let calculator = steps.step("build the calculator", || skills::build_one(workspace, "calculator"))?;
    steps.step("make a key for development", || sign::ensure_key(workspace))?;
    steps.step("sign the calculator", || sign::sign(workspace, &calculator))?;
    steps.step("run it", || Task::own_tool(workspace, "vak-run").args(FIRST_RUN).run())?;
    print!("{NEXT_STEPS}");
    Ok(())
}
