//! `vak-run audit`: reading the log of this machine, or of another.

use std::path::PathBuf;

use clap::Subcommand;
use vak_audit::{LogIdentity, LogReader, Mismatch, ReadError};
use vak_cli::{Failure, Ui};
use vak_model::Code;
use vak_trust::{Log, PublicKey, VerifierKey, read_key_file};

use crate::audit::config;
use crate::{audit_prove, audit_show, audit_verify};

/// Read the log of what was run, verify it, and prove what is in it
#[derive(clap::Args, Debug)]
#[command(after_long_help = "\
Each run leaves two entries, unless it was started with --audit off: that it began, and how it ended.

Examples:
  vak-run audit show --last 10
  vak-run audit verify
  vak-run audit prove 3 > 3.tlog-proof")]
pub(crate) struct Args {
    #[command(subcommand)]
    verb: Verb,
    /// Print help
    #[arg(long, short, action = clap::ArgAction::HelpLong)]
    help: Option<bool>,
}

#[derive(Debug, Subcommand)]
enum Verb {
    Show(audit_show::Args),
    Verify(audit_verify::Args),
    Prove(audit_prove::Args),
}

pub(crate) fn run(args: &Args, ui: &mut Ui) -> Result<(), Failure> {
    match &args.verb {
        Verb::Show(args) => audit_show::run(args, ui),
        Verb::Verify(args) => audit_verify::run(args, ui),
        Verb::Prove(args) => audit_prove::run(args, ui),
    }
}

/// Which log is meant, and whose signature counts for it.
#[derive(clap::Args, Clone, Debug)]
pub(crate) struct LogArgs {
    /// The folder of the log; that of this machine by default
    #[arg(long, value_name = "DIR")]
    pub(crate) log: Option<PathBuf>,
    /// The log's verifier key, NAME+ID+KEY, as `audit verify` prints it; this machine's own key by default
    #[arg(long, value_name = "KEY")]
    pub(crate) key: Option<VerifierKey>,
}

impl LogArgs {
    /// Opens the log.
    pub(crate) fn open(&self) -> Result<LogReader, Failure> {
        let folder = self.log.clone().unwrap_or_else(|| config().log_folder().to_owned());
        LogReader::open(&folder, &self.identity()?).map_err(|error| unreadable(&error))
    }

    /// Whose signature counts.
    pub(crate) fn identity(&self) -> Result<LogIdentity, Failure> {
        match &self.key {
            Some(key) => Ok(LogIdentity::Named(key.clone())),
            None => Ok(LogIdentity::Key(own_key()?)),
        }
    }
}

fn own_key() -> Result<PublicKey, Failure> {
    let file = config().key_file().to_owned();
    let key = read_key_file::<Log>(&file, None);
    key.map(|key| key.public()).map_err(|error| {
        let failure = Failure::of(error.code(), &error);
        if error.code() == Code::KeyMissing {
            return failure
                .fact("means", "nothing was recorded on this machine yet")
                .next("vak-run audit verify --log DIR --key KEY", "verifies the log of another machine");
        }
        failure
    })
}

/// A log that can't be read, or is not what it was.
pub(crate) fn unreadable(error: &ReadError) -> Failure {
    let failure = Failure::of(error.code(), error);
    match error {
        ReadError::Mismatch(place) => placed(failure, place),
        ReadError::Missing(_) => failure.next("vak-run SKILL", "runs a skill, and records it"),
        ReadError::Io { .. } | ReadError::NoEntry { .. } => failure,
    }
}

fn placed(failure: Failure, Mismatch { file, entry, offset, .. }: &Mismatch) -> Failure {
    let failure = failure.fact("file", file);
    let failure = entry.iter().fold(failure, |failure, entry| failure.fact("entry", entry.to_string()));
    offset.iter().fold(failure, |failure, offset| failure.fact("byte", offset.to_string()))
}
