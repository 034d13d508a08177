//! The command line.

use std::path::PathBuf;
use std::time::SystemTime;

use clap::Parser;
use vak_cli::{Failure, Home, JsonArgs, Tool, TrustArgs, Ui};
use vak_model::{Code, Status};
use vak_trust::{ExpiredRoot, Timestamp, Trust, TrustStore};

use crate::report::{Report, failure, tell};
use crate::{Inspected, inspect};

const EXAMPLES: &str = "\
Examples:
  vak-skill-verify skills/calculator
  vak-skill-verify dist/*.wasm --trust release-root.json
  vak-skill-verify hello.wasm --trust alice.pub --json
  vak-skill-verify hello.wasm --at 2027-11-21T00:00:00Z";

const EXIT: &str = "\
Exit status, the first that applies to any of the paths:
  4 malformed          5 not trusted       9 two things that must be equal differ
  6 not permitted      3 the environment   0 every check holds
  2 a mistyped command line";

/// Tell everything that can be known of artefacts without running them
///
/// Each PATH is a .wasm with its manifest inside, or a skill's folder. The checks: is it well-formed, with a valid manifest
/// (artefact.valid); were its golden cases green when it was built (golden.report); does its manifest declare what it imports
/// (imports.declared) and state its limits (limits.present); is it what skill.yaml says, signature included
/// (manifest.bound); can its schemas be used (schema.valid); is it signed (sig.present), by enough of those who may
/// (sig.threshold). A warning fails nothing.
///
/// No code of the skill is run, and nothing is written. A trust root that has expired lets nothing pass.
#[derive(Debug, Parser)]
#[command(name = "vak-skill-verify", version, after_long_help = format!("{EXAMPLES}\n\n{EXIT}"))]
pub struct Cli {
    /// The artefacts: .wasm files, or skills' folders
    #[arg(value_name = "PATH", required = true)]
    paths: Vec<PathBuf>,
    #[command(flatten)]
    trust: TrustArgs,
    /// Ask who was trusted at this time instead of now, such as 2027-11-21T00:00:00Z
    #[arg(long, value_name = "TIME")]
    at: Option<Timestamp>,
    #[command(flatten)]
    json: JsonArgs,
}

impl Tool for Cli {
    fn run(self, ui: &mut Ui) -> Result<(), Failure> {
        let (artefacts, failure) = match self.inspect() {
            Ok(artefacts) => {
                let failure = failure(&artefacts);
                (artefacts, failure)
            }
            Err(failure) => (Vec::new(), Some(failure)),
        };
        if self.json.json {
            let status = failure.as_ref().map_or(Status::Ok, |failure| failure.code().fault().status());
            let report = Report { status, artefacts: &artefacts, error: failure.as_ref() };
            return ui.report(&report, failure.clone());
        }
        artefacts.iter().try_for_each(|artefact| tell(artefact, ui))?;
        failure.map_or(Ok(()), Err)
    }
}

impl Cli {
    fn inspect(&self) -> Result<Vec<Inspected>, Failure> {
        let (trust, now) = (self.trust()?, self.now()?);
        Ok(self.paths.iter().map(|path| inspect(path, &trust, now)).collect())
    }

    /// Whom the operator names, else the trust root of this machine.
    fn trust(&self) -> Result<Trust, Failure> {
        match &self.trust.trust {
            Some(file) => {
                Trust::read_file(file, ExpiredRoot::Refuse).map_err(|error| Failure::of(error.code(), &error))
            }
            None => {
                let trust = TrustStore::at(Home::from_env().config.join("trust")).trust(ExpiredRoot::Refuse);
                trust.map_err(|error| Failure::of(error.code(), &error))
            }
        }
    }

    fn now(&self) -> Result<Timestamp, Failure> {
        let now = self.at.map_or_else(|| Timestamp::from_system(SystemTime::now()), Ok);
        now.map_err(|error| Failure::new(Code::HostEngine, format!("the clock is wrong: it is {error}")))
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
        assert!(help.contains("Examples:") && help.contains("Exit status"), "{help}");
    }
}
