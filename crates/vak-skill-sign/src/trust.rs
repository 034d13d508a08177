//! The trust root of this machine: making it, changing it, handing it on.
//!
//! Every change is a new version, signed by the root keys; what says whether it may follow is vak-trust.

mod change;
mod local;
mod show;
mod transfer;

use std::time::SystemTime;

use clap::{Args, Subcommand};
use serde::Serialize;
use vak_cli::{Failure, JsonArgs, Ui};
use vak_model::Code;
use vak_trust::Timestamp;

use change::{AddArgs, DenyArgs, InitArgs, LogArgs, RemoveArgs, RenewArgs, RevokeArgs, RotateArgs};
use show::ShowArgs;
use transfer::{ExportArgs, ImportArgs, SignProposalArgs};

pub(crate) use local::Local;

/// Say whose signatures count on this machine
///
/// The trust root lists keys, for which skills each may vouch and until when, and what is denied. It lies in the folder
/// `trust` of the settings. Each change makes the next version, which the root keys sign.
#[derive(Args, Debug)]
#[command(after_help = "\
Examples:
  vak-skill-sign trust init
  vak-skill-sign trust add alice.pub --role 'publisher:acme/*' --label 'Alice'
  vak-skill-sign trust show
  vak-skill-sign trust revoke alice.pub --reason compromised")]
pub(crate) struct TrustArgs {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Debug, Subcommand)]
enum Verb {
    Init(InitArgs),
    Add(AddArgs),
    Remove(RemoveArgs),
    Revoke(RevokeArgs),
    Rotate(RotateArgs),
    Deny(DenyArgs),
    Log(LogArgs),
    Renew(RenewArgs),
    Show(ShowArgs),
    Sign(SignProposalArgs),
    Import(ImportArgs),
    Export(ExportArgs),
}

/// The time to go by.
#[derive(Args, Clone, Copy, Debug)]
pub(crate) struct ClockArgs {
    /// Go by this time instead of the clock's, such as 2027-11-21T00:00:00Z
    #[arg(long, value_name = "TIME")]
    at: Option<Timestamp>,
}

impl TrustArgs {
    pub(crate) fn run(self, ui: &mut Ui) -> Result<(), Failure> {
        match self.verb {
            Verb::Init(args) => args.run(ui),
            Verb::Add(args) => args.run(ui),
            Verb::Remove(args) => args.run(ui),
            Verb::Revoke(args) => args.run(ui),
            Verb::Rotate(args) => args.run(ui),
            Verb::Deny(args) => args.run(ui),
            Verb::Log(args) => args.run(ui),
            Verb::Renew(args) => args.run(ui),
            Verb::Show(args) => args.run(ui),
            Verb::Sign(args) => args.run(ui),
            Verb::Import(args) => args.run(ui),
            Verb::Export(args) => args.run(ui),
        }
    }
}

impl ClockArgs {
    pub(crate) fn now(self) -> Result<Timestamp, Failure> {
        let now = self.at.map_or_else(|| Timestamp::from_system(SystemTime::now()), Ok);
        now.map_err(|error| Failure::new(Code::HostEngine, format!("the clock is wrong: it is {error}")))
    }
}

/// The report of `--json`.
#[derive(Debug, Serialize)]
struct Report<'a, T> {
    root: Option<&'a T>,
    error: Option<&'a Failure>,
}

/// Says what came of a verb: as a report, or by `tell`.
fn end<T: Serialize>(
    result: Result<T, Failure>,
    json: JsonArgs,
    ui: &mut Ui,
    tell: impl FnOnce(&T, &mut Ui) -> Result<(), Failure>,
) -> Result<(), Failure> {
    if json.json {
        let report = Report { root: result.as_ref().ok(), error: result.as_ref().err() };
        return ui.report(&report, result.as_ref().err().cloned());
    }
    tell(&result?, ui)
}
