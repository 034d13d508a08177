//! The command line.

use std::path::PathBuf;

use clap::Parser;
use vak_cli::{EXIT_STATUS, Failure, Home, JsonArgs, Tool, Ui};

use crate::Order;
use crate::end::End;
use crate::watch::{Mode, watch};

const EXAMPLES: &str = "\
Examples:
  vak-skill-build                              build the skill in this folder
  vak-skill-build skills/calculator            build the one in that folder
  vak-skill-build --check                      say everything that is wrong, and build nothing
  vak-skill-build --watch                      build it again whenever its source changes
  vak-skill-build --out dist/hello.wasm        put the artefact somewhere else
  vak-skill-build --toolchain nightly --json   with that toolchain of rustup's; report as JSON";

/// Build a skill: compile its source, and put its manifest inside the module
///
/// The folder holds a `skill.yaml` and source code in one language: a cargo package whose library is a `cdylib` (Rust),
/// every `src/*.c` (C), or `src/skill.wat` (WAT). The artefact, one .wasm with the manifest inside, is written to where the manifest's `module`
/// says, and its path is printed on stdout.
///
/// The first build in Rust on a machine finds a compiler for WebAssembly and, if need be, builds the standard library from
/// its source: about a minute. C is compiled by clang; WAT needs no compiler. Nothing is installed; if no compiler is
/// found, you see what was tried and what would help.
///
/// The manifest's golden cases are run: one that does not give what it must, or uses over 5 % more fuel than before,
/// fails the build. What was built and how the cases went is kept beside the artefact, in FILE.build.json; the next
/// build shows what has changed since, in percent.
///
/// The same source and the same compiler give the same bytes, in whichever folder.
#[derive(Clone, Debug, Parser)]
#[command(version, after_help = format!("{EXAMPLES}\n\n{EXIT_STATUS}"))]
pub struct Cli {
    /// The skill's folder
    #[arg(value_name = "DIR", default_value = ".")]
    dir: PathBuf,
    /// Write the artefact to this file instead
    #[arg(long, value_name = "FILE", conflicts_with = "check")]
    out: Option<PathBuf>,
    /// Report everything that is wrong, with line and column, without compiling; build and write nothing
    #[arg(long)]
    check: bool,
    /// Stay, and do it again whenever the source changes, until Ctrl-C
    ///
    /// The source is what lies in the skill's folder and in those of packages that it takes from a path, but for hidden
    /// files, what is built, and what editors leave. A red build or case ends nothing. With --json each round is a line.
    #[arg(long, conflicts_with = "accept_fuel")]
    watch: bool,
    /// Use the toolchain for Rust that rustup knows by this name
    #[arg(long, value_name = "NAME")]
    toolchain: Option<String>,
    /// Accept that golden cases use more fuel than before, from now on
    #[arg(long, conflicts_with = "check")]
    accept_fuel: bool,
    #[command(flatten)]
    json: JsonArgs,
}

impl Tool for Cli {
    fn run(self, ui: &mut Ui) -> Result<(), Failure> {
        let (check, json) = (self.check, self.json.json);
        let order = Order {
            dir: self.dir,
            out: self.out,
            toolchain: self.toolchain,
            accept_fuel: self.accept_fuel,
            quiet: false,
            home: Home::from_env(),
        };
        if self.watch {
            return watch(order, Mode { check, json }, ui);
        }
        let end = End::of(&order, check, ui);
        if json {
            ui.json(&end.report())?
        } else {
            end.tell(&order, ui)?
        }
        end.verdict()
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn the_command_line_is_well_formed_and_explained() {
        let mut command = Cli::command();
        command.clone().debug_assert();
        assert!(command.get_arguments().all(|argument| argument.get_help().is_some()));
        let help = command.render_long_help().to_string();
        assert!(help.contains("Examples:") && help.contains("Exit status:"), "{help}");
    }

    #[test]
    fn words_that_contradict_each_other_are_refused() {
        assert!(Cli::try_parse_from(["vak-skill-build", "--check", "--out", "x.wasm"]).is_err());
        assert!(Cli::try_parse_from(["vak-skill-build", "a", "b"]).is_err());
        assert!(Cli::try_parse_from(["vak-skill-build", "--watch", "--accept-fuel"]).is_err());
        assert!(Cli::try_parse_from(["vak-skill-build", "--watch", "--check"]).is_ok());
        assert_eq!(Cli::try_parse_from(["vak-skill-build"]).expect("defaults").dir, PathBuf::from("."));
    }
}
