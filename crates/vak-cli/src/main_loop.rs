//! From a process's start to its exit code, the same for every tool.

use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::process::ExitCode;

use clap::Parser;
use vak_model::{Code, Fault};

use crate::generate::{Generate, generate};
use crate::{Failure, Ui};

/// The exit statuses that every tool's help ends with.
pub const EXIT_STATUS: &str = "\
Exit status:
  0 done · 1 the skill reported a failure · 2 usage or invalid input · 3 environment (file, tool, network)
  4 malformed artefact · 5 not trusted · 6 not permitted · 7 limit reached · 8 the skill trapped or broke its
  contract · 9 mismatch · 70 a bug in VAK";

/// A command-line tool.
pub trait Tool: Parser {
    /// Does what was asked for.
    ///
    /// # Errors
    /// The failure to show and to exit with. Broken pipes are passed on as [`io::Error`] inside of it.
    fn run(self, ui: &mut Ui) -> Result<(), Failure>;
}

/// Runs a tool as the process's main function.
#[must_use]
pub fn main<T: Tool>() -> ExitCode {
    let command = T::command().arg(generate_argument());
    let matches = match command.clone().try_get_matches() {
        Ok(matches) => matches,
        Err(error) => return usage(&error),
    };
    if let Some(what) = matches.get_one::<Generate>("generate") {
        return end(generate(*what, command).map_err(Failure::from));
    }
    let tool = match T::from_arg_matches(&matches) {
        Ok(tool) => tool,
        Err(error) => return usage(&error.format(&mut T::command())),
    };
    // What the tool has touched is not looked at after a panic: the process ends.
    let ran = catch_unwind(AssertUnwindSafe(|| tool.run(&mut Ui::default())));
    end(ran.unwrap_or_else(|_| Err(Failure::new(Code::InternalBug, "this is a bug in VAK: please report it"))))
}

fn generate_argument() -> clap::Arg {
    clap::Arg::new("generate")
        .long("generate")
        .value_name("WHAT")
        .value_parser(clap::builder::EnumValueParser::<Generate>::new())
        .help("Print shell completions, a man page or the reference")
        .hide(true)
        .exclusive(true)
}

/// Help and version go to stdout and are no error; anything else is a mistyped command line.
fn usage(error: &clap::Error) -> ExitCode {
    let printed = error.print();
    if error.use_stderr() || printed.is_err() { ExitCode::from(Fault::Usage.exit_code()) } else { ExitCode::SUCCESS }
}

fn end(result: Result<(), Failure>) -> ExitCode {
    let Err(failure) = result else { return ExitCode::SUCCESS };
    // If stderr is gone as well, the exit code still speaks.
    let _ = Ui::default().failure(&failure);
    ExitCode::from(failure.code().exit_code())
}

/// Output that can't be written. A reader that has gone is no news to anybody.
impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Self {
        let failure = Self::new(Code::FileWrite, "failed to write the output").caused_by(&error);
        if error.kind() == io::ErrorKind::BrokenPipe { failure.silent() } else { failure }
    }
}
