//! The command line.

use std::path::PathBuf;
use std::time::SystemTime;

use clap::{Args, Parser, Subcommand};
use vak_cli::{Failure, Home, JsonArgs, Tool, TrustArgs, Ui};
use vak_model::{Code, Status};
use vak_store::Store;
use vak_trust::{ExpiredRoot, Timestamp, Trust, TrustStore};

use crate::baseline::Baseline;
use crate::check::CheckId;
use crate::discover::discover;
use crate::export::ExportArgs;
use crate::gate::{Allowance, Gate, GateError};
use crate::output::{self, Format};
use crate::provenance::Attestations;
use crate::report::{Report, failure};
use crate::shown::Shown;
use crate::{Inspected, Inspector, policy};

const EXAMPLES: &str = "\
Examples:
  vak-skill-verify skills/calculator
  vak-skill-verify dist/*.wasm --trust release-root.json
  vak-skill-verify skills --gate gate.yaml --format sarif --output findings.sarif
  vak-skill-verify hello.wasm --require sig.threshold,golden.report
  vak-skill-verify hello.wasm --against released/hello.wasm --allow upgrade.limits
  vak-skill-verify hello.wasm --against hello@1.0.0
  vak-skill-verify hello.wasm --provenance hello.intoto.jsonl --require provenance.valid,provenance.builder
  vak-skill-verify hello.wasm --policy policy.cedar
  vak-skill-verify hello.wasm --trust alice.pub --json
  vak-skill-verify hello.wasm --at 2027-11-21T00:00:00Z
  vak-skill-verify export hello.wasm --skill-md agent/skills";

const EXIT: &str = "\
Exit status, the first that applies to any of the paths:
  4 malformed          5 not trusted       9 two things that must be equal differ
  6 not permitted      3 the environment   0 every check holds
  2 a mistyped command line";

/// Tell everything that can be known of artefacts without running them
///
/// Each PATH is a .wasm with its manifest inside, a skill's folder, or a folder that has skills below it. The checks: is it
/// well-formed, with a valid manifest (artefact.valid); were its golden cases green when it was built (golden.report); does
/// its manifest declare what it imports (imports.declared) and state its limits (limits.present); is it what skill.yaml
/// says, signature included (manifest.bound); can its schemas be used (schema.valid); is it signed (sig.present), by enough
/// of those who may (sig.threshold). A warning fails nothing, unless the check is required.
///
/// With --against, what has changed since an older version: does it ask for more capabilities (upgrade.capability), raise
/// limits (upgrade.limits), refuse inputs that were taken or give outputs that never were given (upgrade.schema), come by
/// other signers (upgrade.signer), and does its version's number say as much (upgrade.semver)?
///
/// Where builders attest something: is it signed by a builder that is trusted, and about these bytes (provenance.valid), by
/// one that may build (provenance.builder), and does somebody attest to have built the same again (reproduced)? What the
/// artefact says that it is made of is listed (sbom.present).
///
/// With --policy, what the operator's policy would grant of what it asks for, and by which of its rules (policy.grant).
///
/// No code of the skill is run, and nothing is written but the report. A trust root that has expired lets nothing pass.
#[derive(Debug, Parser)]
#[command(
    name = "vak-skill-verify",
    version,
    args_conflicts_with_subcommands = true,
    subcommand_negates_reqs = true,
    after_long_help = format!("{EXAMPLES}\n\n{EXIT}")
)]
pub struct Cli {
    #[command(flatten)]
    verify: VerifyArgs,
    #[command(subcommand)]
    verb: Option<Verb>,
}

#[derive(Debug, Subcommand)]
enum Verb {
    Export(ExportArgs),
}

#[derive(Args, Debug)]
struct VerifyArgs {
    /// The artefacts: .wasm files, skills' folders, or folders that have skills below them
    #[arg(value_name = "PATH", required = true)]
    paths: Vec<PathBuf>,
    #[command(flatten)]
    trust: TrustArgs,
    /// Ask who was trusted at this time instead of now, such as 2027-11-21T00:00:00Z
    #[arg(long, value_name = "TIME")]
    at: Option<Timestamp>,
    /// Fail unless these checks were made and hold whole; one that could not be made has failed
    #[arg(long, value_name = "CHECK", value_delimiter = ',')]
    require: Vec<CheckId>,
    /// Let these pass all the same: upgrade.capability, upgrade.limits, upgrade.signer, schema.undecided
    #[arg(long, value_name = "CODE", value_delimiter = ',')]
    allow: Vec<Allowance>,
    /// Hold each artefact against the older version of it: a .wasm, a skill's folder, a folder that has older versions below
    /// it, or NAME or NAME@VERSION in the store
    #[arg(long, value_name = "OLD")]
    against: Option<PathBuf>,
    /// Read what builders attest from this file too: signed statements, one a line; beside each artefact, its own is found
    /// as <artefact>.intoto.jsonl
    #[arg(long, value_name = "FILE")]
    provenance: Vec<PathBuf>,
    /// Hold everything against this gate: a YAML file that says which checks are required
    #[arg(long, value_name = "FILE")]
    gate: Option<PathBuf>,
    /// Say what this policy would grant, and fail if that is not what an artefact needs (policy.grant)
    #[arg(long, value_name = "FILE")]
    policy: Option<PathBuf>,
    /// The form of the report
    #[arg(long, value_enum, default_value_t, conflicts_with = "json")]
    format: Format,
    /// Put the report into this file, in one step, instead of on stdout
    #[arg(long, value_name = "FILE")]
    output: Option<PathBuf>,
    #[command(flatten)]
    json: JsonArgs,
}

impl Tool for Cli {
    fn run(self, ui: &mut Ui) -> Result<(), Failure> {
        match self.verb {
            Some(Verb::Export(args)) => args.run(ui),
            None => self.verify.run(ui),
        }
    }
}

impl VerifyArgs {
    fn run(self, ui: &mut Ui) -> Result<(), Failure> {
        let format = if self.json.json { Format::Json } else { self.format };
        let (artefacts, failure) = match self.inspect(format) {
            Ok(artefacts) => {
                let failure = failure(&artefacts);
                (artefacts, failure)
            }
            Err(failure) => (Vec::new(), Some(failure)),
        };
        let status = failure.as_ref().map_or(Status::Ok, |failure| failure.code().fault().status());
        let report = format.render(&Report { status, artefacts: &artefacts, error: failure.as_ref() })?;
        self.deliver(&report, format, ui).or_else(|error| match &failure {
            // What was found counts for more than that it could not be told in full.
            Some(_) if self.output.is_some() => Ok(ui.failure(&error)?),
            _ => Err(error),
        })?;
        match failure {
            Some(failure) if format == Format::Json && self.output.is_none() => Err(failure.silent()),
            Some(failure) => Err(failure),
            None => Ok(()),
        }
    }

    fn inspect(&self, format: Format) -> Result<Vec<Inspected>, Failure> {
        let shown = match format {
            Format::Human => Shown::as_typed(),
            Format::Json | Format::Sarif | Format::Junit => Shown::from_around(&self.paths),
        };
        let baseline =
            self.against.as_deref().map(|old| Baseline::read(old, &Store::at(Home::from_env().store))).transpose()?;
        let attestations = Attestations::read(&self.provenance)?;
        let inspector = Inspector {
            shown,
            gate: self.gate()?,
            baseline,
            attestations,
            operator: self.policy.as_deref().map(policy::read).transpose()?,
            ..Inspector::new(trust(&self.trust)?, time(self.at)?)
        };
        let looked = discover(&self.paths).into_iter().map(|target| match target.problem {
            Some((code, message)) => inspector.refuse(&target.path, code, &message),
            None => inspector.inspect(&target.path),
        });
        Ok(looked.collect())
    }

    fn deliver(&self, report: &[u8], format: Format, ui: &mut Ui) -> Result<(), Failure> {
        match &self.output {
            Some(path) => output::write(path, report),
            None if format == Format::Human => Ok(ui.line(&String::from_utf8_lossy(report))?),
            None => Ok(ui.answer(report)?),
        }
    }

    /// What the file says must hold, and what the command line adds.
    fn gate(&self) -> Result<Gate, Failure> {
        let read = |path: &PathBuf| Gate::read_file(path).map_err(|error| gate_failure(&error));
        let mut gate = self.gate.as_ref().map_or_else(|| Ok(Gate::default()), read)?;
        gate.require(self.require.iter().copied());
        gate.allow(self.allow.iter().copied());
        Ok(gate)
    }
}

/// Whom the operator names, else the trust root of this machine.
pub(crate) fn trust(args: &TrustArgs) -> Result<Trust, Failure> {
    match &args.trust {
        Some(file) => Trust::read_file(file, ExpiredRoot::Refuse).map_err(|error| Failure::of(error.code(), &error)),
        None => {
            let trust = TrustStore::at(Home::from_env().config.join("trust")).trust(ExpiredRoot::Refuse);
            trust.map_err(|error| Failure::of(error.code(), &error))
        }
    }
}

/// The time that is asked about: now, unless another is named.
pub(crate) fn time(at: Option<Timestamp>) -> Result<Timestamp, Failure> {
    let now = at.map_or_else(|| Timestamp::from_system(SystemTime::now()), Ok);
    now.map_err(|error| Failure::new(Code::HostEngine, format!("the clock is wrong: it is {error}")))
}

fn gate_failure(error: &GateError) -> Failure {
    let failure = Failure::of(error.code(), error);
    match error.place() {
        Some((path, position)) => {
            failure.at(vak_cli::Place::new(path, position.map(|position| (position.line, position.column))))
        }
        None => failure,
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
        let export = command.find_subcommand("export").expect("a verb");
        assert!(export.get_about().is_some() && export.get_arguments().all(|argument| argument.get_help().is_some()));
        let help = command.render_long_help().to_string();
        assert!(help.contains("Examples:") && help.contains("Exit status"), "{help}");
    }
}
