//! The command line.

use std::path::PathBuf;
use std::time::{Duration, Instant};

use clap::Parser;
use vak_cli::{EXIT_STATUS, Failure, Home, JsonArgs, Tool, Ui, bytes, quote};

use crate::report::Report;
use crate::{Built, Order, Placed, Problems, Source, build};

const EXAMPLES: &str = "\
Examples:
  vak-skill-build                              build the skill in this folder
  vak-skill-build skills/calculator            build the one in that folder
  vak-skill-build --check                      say everything that is wrong, and build nothing
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
/// fails the build. What was built and how the cases went is kept beside the artefact, in FILE.build.json.
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
        let begun = Instant::now();
        let order = Order {
            dir: self.dir,
            out: self.out,
            toolchain: self.toolchain,
            accept_fuel: self.accept_fuel,
            home: Home::from_env(),
        };
        let result = if self.check { order.check().map(|_| None) } else { build(&order, ui).map(Some) };
        let manifest = Source::read(&order.dir).ok();
        let end = End { order: &order, source: manifest.as_ref(), elapsed: begun.elapsed() };
        if self.json.json { end.report(result, ui) } else { end.tell(result, ui) }
    }
}

/// A build, or, where nothing was built, a check.
type Outcome = Result<Option<Built>, Problems>;

/// What is said at the end.
struct End<'a> {
    order: &'a Order,
    source: Option<&'a Source>,
    elapsed: Duration,
}

impl End<'_> {
    /// For scripts.
    fn report(&self, outcome: Outcome, ui: &mut Ui) -> Result<(), Failure> {
        let (built, left_out, errors) = match outcome {
            Ok(built) => (built, 0, Vec::new()),
            Err(problems) => (None, problems.left_out(), problems.into_failures()),
        };
        let skill = self.source.map(Source::manifest);
        let report = Report::of(skill, built.as_ref(), &errors, left_out, self.elapsed);
        ui.report(&report, errors.first().cloned())
    }

    /// For people, and one line for `$(...)`.
    fn tell(&self, outcome: Outcome, ui: &mut Ui) -> Result<(), Failure> {
        match outcome {
            Err(problems) => return fail(problems, ui),
            Ok(None) => ui.line("ok")?,
            Ok(Some(built)) => {
                self.summary(&built).iter().try_for_each(|line| ui.note(line))?;
                ui.line(&built.path.to_string_lossy())?;
            }
        }
        Ok(())
    }

    fn summary(&self, built: &Built) -> Vec<String> {
        let name =
            self.source.map(Source::manifest).map_or_else(String::new, |it| format!("{} {}", it.name, it.version));
        let done = match built.placed {
            Placed::Written => "built",
            Placed::Unchanged => "unchanged:",
        };
        let runs = if self.order.out.is_some() { &built.path } else { &self.order.dir };
        vec![
            format!("{done} {name} in {:.1} s", self.elapsed.as_secs_f64()),
            format!("  module: {}", built.id),
            format!("  size: {}", bytes(built.size)),
            format!("  next: vak-run {} --allow-unsigned", quote(&runs.to_string_lossy())),
        ]
    }
}

/// Shows every failure, and how many there are; the first decides about the exit code.
fn fail(problems: Problems, ui: &mut Ui) -> Result<(), Failure> {
    let left_out = problems.left_out();
    let failures = problems.into_failures();
    let (told, count) = (failures.len(), failures.len() + left_out);
    let end = ui.failures(failures);
    match left_out {
        0 if count == 1 => {}
        0 => ui.note(&format!("{count} mistakes"))?,
        _ => ui.note(&format!("{count} mistakes, of which {told} are shown"))?,
    }
    end
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
        assert_eq!(Cli::try_parse_from(["vak-skill-build"]).expect("defaults").dir, PathBuf::from("."));
    }
}
