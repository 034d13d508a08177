//! The verbs, and what happens when one fails.

use std::process::ExitCode;

use clap::{Parser, Subcommand};

use crate::error::Error;
use crate::workspace::Workspace;
use crate::{
    bench, ci, docs, env, fuzz_seeds, install, mutants, quickstart, setup, sign, skills, test, threats, tidy, tools,
};

/// The project's own tasks.
///
/// New here? `cargo xtask quickstart` sets everything up and runs a first skill; `cargo xtask test` runs all tests;
/// `cargo xtask ci` does exactly what CI does.
#[derive(Debug, Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask", after_help = AFTER_HELP)]
struct Cli {
    #[command(subcommand)]
    verb: Verb,
}

const AFTER_HELP: &str = "\
Examples:
  cargo xtask quickstart
  cargo xtask test sandbox
  cargo xtask tidy && cargo xtask docs --check
  eval \"$(cargo xtask env)\"

Exit status:
  0  done
  1  a check failed, or a command that was run
  2  the command line was mistyped
  3  the environment: no wasm toolchain, a program or file that is missing";

#[derive(Debug, Subcommand)]
enum Verb {
    Setup(setup::Args),
    Quickstart(quickstart::Args),
    Env(env::Args),
    Tools(tools::Args),
    Skills(skills::Args),
    Sign(sign::Args),
    Test(test::Args),
    Mutants(mutants::Args),
    Bench(bench::Args),
    FuzzSeeds(fuzz_seeds::Args),
    Tidy(tidy::Args),
    Threats(threats::Args),
    Docs(docs::Args),
    Ci(ci::Args),
    Install(install::Args),
}

/// Runs the verb that was typed; a failure is printed with what to do next.
#[must_use]
pub fn main() -> ExitCode {
    let Cli { verb } = Cli::parse();
    match Workspace::load().and_then(|workspace| run(&verb, &workspace)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprint!("{}", error.report());
            ExitCode::from(error.exit_code())
        }
    }
}

fn run(verb: &Verb, workspace: &Workspace) -> Result<(), Error> {
    match verb {
        Verb::Setup(args) => setup::run(workspace, args),
        Verb::Quickstart(args) => quickstart::run(workspace, args),
        Verb::Env(args) => env::run(workspace, args),
        Verb::Tools(args) => tools::run(workspace, args),
        Verb::Skills(args) => skills::run(workspace, args),
        Verb::Sign(args) => sign::run(workspace, args),
        Verb::Test(args) => test::run(workspace, args),
        Verb::Mutants(args) => mutants::run(workspace, args),
        Verb::Bench(args) => bench::run(workspace, args),
        Verb::FuzzSeeds(args) => fuzz_seeds::run(workspace, args),
        Verb::Tidy(args) => tidy::run(workspace, args),
        Verb::Threats(args) => threats::run(workspace, args),
        Verb::Docs(args) => docs::run(workspace, args),
        Verb::Ci(args) => ci::run(workspace, args),
        Verb::Install(args) => install::run(workspace, args),
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn the_command_line_is_well_formed() {
        Cli::command().debug_assert();
    }

    #[test]
    fn every_verb_and_every_flag_has_a_help_text() {
        for verb in Cli::command().get_subcommands() {
            assert!(verb.get_about().is_some(), "`{}` has no help", verb.get_name());
            for argument in verb.get_arguments() {
                assert!(argument.get_help().is_some(), "`{} {}` has no help", verb.get_name(), argument.get_id());
            }
        }
    }
}
