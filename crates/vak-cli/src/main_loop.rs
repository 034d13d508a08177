//! From a process's start to its exit code, the same for every tool.

use std::io;
use std::mem::ManuallyDrop;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::process::ExitCode;
use std::sync::{Mutex, PoisonError};

use clap::Parser;
use vak_model::{Code, Fault};

use crate::generate::{Generate, generate};
use crate::{Failure, Ui};

/// The exit statuses that every tool's help ends with.
pub const EXIT_STATUS: &str = "\
Exit status:
  0 done                                 5 not trusted
  1 the skill reported a failure         6 not permitted
  2 usage or invalid input               7 a limit was reached
  3 environment: file, tool, network     8 the skill trapped or broke its contract
  4 malformed artefact                   9 mismatch          70 a bug in VAK";

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
    // The process is about to end, and the system takes everything back at once: this is never dropped.
    let mut command = ManuallyDrop::new(T::command().arg(generate_argument()));
    let matches = match command.try_get_matches_from_mut(std::env::args_os()) {
        Ok(matches) => matches,
        Err(error) => return usage(&error),
    };
    if let Some(what) = matches.get_one::<Generate>("generate") {
        // What was parsed with knows more than was said of it: what is printed is of one that was not.
        return end(generate(*what, T::command().arg(generate_argument())).map_err(Failure::from));
    }
    let tool = match T::from_arg_matches(&matches) {
        Ok(tool) => tool,
        Err(error) => return usage(&error.format(&mut T::command())),
    };
    end(guarded(|| tool.run(&mut Ui::default())))
}

/// Runs `work`; a panic in it is a failure like any other, with the place of the bug.
fn guarded(work: impl FnOnce() -> Result<(), Failure>) -> Result<(), Failure> {
    static PLACE: Mutex<String> = Mutex::new(String::new());
    std::panic::set_hook(Box::new(|info| {
        *PLACE.lock().unwrap_or_else(PoisonError::into_inner) = info.to_string();
    }));
    // What the work has touched is not looked at after a panic: the process ends.
    catch_unwind(AssertUnwindSafe(work)).unwrap_or_else(|_| {
        let place = PLACE.lock().unwrap_or_else(PoisonError::into_inner).replace('\n', " ");
        Err(Failure::new(Code::InternalBug, "this is a bug in VAK: please report it").fact("where", place))
    })
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
    if !error.use_stderr() {
        return end(error.print().map_err(Failure::from));
    }
    // What was typed may be a stranger's text; so it goes through the same escape as all messages.
    for line in error.render().to_string().lines() {
        let _ = Ui::default().note(line);
    }
    ExitCode::from(Fault::Usage.exit_code())
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_is_an_internal_bug_with_its_place() {
        let failure = guarded(|| panic!("a test of panics")).expect_err("a failure");
        assert_eq!((failure.code(), failure.code().exit_code()), (Code::InternalBug, 70));
        assert!(failure.lines().iter().any(|(_, text)| text.contains("main_loop.rs")), "{failure:?}");
    }

    #[test]
    fn a_reader_that_has_gone_is_no_news() {
        assert!(Failure::from(io::Error::from(io::ErrorKind::BrokenPipe)).is_silent());
        assert!(!Failure::from(io::Error::other("disk full")).is_silent());
    }
}
