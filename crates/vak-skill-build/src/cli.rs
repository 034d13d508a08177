//! The command line.

use std::path::PathBuf;

use clap::Parser;
use serde::Serialize;
use vak_cli::{EXIT_STATUS, Failure, Home, JsonArgs, Tool, Ui};

use crate::end::End;
use crate::provenance::Wish;
use crate::reproduce::{Reproduced, reproduce};
use crate::watch::{Mode, watch};
use crate::{Order, Variation};

const EXAMPLES: &str = "\
Examples:
  vak-skill-build                              build the skill in this folder
  vak-skill-build skills/calculator            build the one in that folder
  vak-skill-build --check                      say everything that is wrong, and build nothing
  vak-skill-build --watch                      build it again whenever its source changes
  vak-skill-build --out dist/hello.wasm        put the artefact somewhere else
  vak-skill-build --provenance hello.intoto.json    say, signed, what it was built from
  vak-skill-build --reproduce                  build it twice, and see whether that makes a difference
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
    /// Write into the module which packages it is made of, for tools that look for known flaws: the section .dep-v0, in the
    /// form of cargo-auditable. The signature covers it; the artefact grows by a few hundred bytes
    #[arg(long, conflicts_with = "check")]
    sbom: bool,
    /// Keep the names of functions in the module, for `vak-run SKILL --profile`. The code is the same; the artefact is larger,
    /// and another one
    #[arg(long, conflicts_with_all = ["check", "provenance", "reproduce"])]
    names: bool,
    /// Write how it was built to this file: a signed statement with the source's commit, every crate by its checksum, and
    /// the compiler
    ///
    /// The statement is SLSA's provenance in an envelope of in-toto, signed with the builder's key. It is about the artefact
    /// as it lies there and about the artefact without its signature, so that it holds after the artefact is signed.
    #[arg(long, value_name = "FILE", conflicts_with_all = ["check", "watch", "reproduce"])]
    provenance: Option<PathBuf>,
    /// The builder's secret key [default: keys/default.pem in the folder of settings]
    #[arg(long, value_name = "FILE", requires = "provenance")]
    provenance_key: Option<PathBuf>,
    /// Build it twice, in two folders, as two users, with and without what earlier builds have left, and fail with exit code
    /// 9 if the two modules differ; say in which section. Nothing is kept
    #[arg(long, conflicts_with_all = ["check", "watch", "out", "accept_fuel"])]
    reproduce: bool,
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
            sbom: self.sbom,
            names: self.names,
            variation: Variation::default(),
        };
        if self.reproduce {
            return twice(&order, json, ui);
        }
        if self.watch {
            return watch(order, Mode { check, json }, ui);
        }
        let wish = self.provenance.map(|file| Wish { file, key: self.provenance_key });
        let end = End::of(&order, check, wish.as_ref(), ui);
        if json {
            ui.json(&end.report())?
        } else {
            end.tell(&order, ui)?
        }
        end.verdict()
    }
}

/// Builds twice, and says whether that made a difference.
fn twice(order: &Order, json: bool, ui: &mut Ui) -> Result<(), Failure> {
    let reproduced = match reproduce(order, ui) {
        Ok(reproduced) => reproduced,
        Err(problems) => return end_of_failures(problems.into_failures(), json, ui),
    };
    if json {
        let verdict = reproduced.verdict();
        let report = Twice { reproduced: Some(&reproduced), error: verdict.as_ref().err() };
        return ui.report(&report, verdict.as_ref().err().cloned());
    }
    reproduced.verdict()?;
    reproduced.tell(ui)
}

fn end_of_failures(failures: Vec<Failure>, json: bool, ui: &mut Ui) -> Result<(), Failure> {
    if json {
        let report = Twice { reproduced: None, error: failures.first() };
        return ui.report(&report, failures.first().cloned());
    }
    ui.failures(failures)
}

/// The report of `--reproduce --json`.
#[derive(Debug, Serialize)]
struct Twice<'a> {
    #[serde(flatten)]
    reproduced: Option<&'a Reproduced>,
    error: Option<&'a Failure>,
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
