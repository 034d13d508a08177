//! `vak-run audit prove`: a proof that an entry is in the log.

use serde::Serialize;
use vak_cli::{Failure, JsonArgs, Ui};

use crate::audit_verbs::{LogArgs, unreadable};

/// Prove that an entry is in the log, to somebody who does not have it
#[derive(clap::Args, Debug)]
#[command(after_long_help = "\
The proof is a file of the form tlog-proof, version 1, with the entry inside. Who has the log's verifier key, as `audit verify`
prints it, checks it without the log and without the other entries.

Examples:
  vak-run audit prove 3 > 3.tlog-proof
  vak-run audit verify --proof 3.tlog-proof --key 'vak.local/audit/...+59a0607c+Aep...'

Exit status:
  0 proved · 2 there is no such entry · 3 there is no log · 9 the log is not as it was written")]
pub(crate) struct Args {
    /// The entry's number, as `audit show` has it
    #[arg(value_name = "N")]
    number: u64,
    #[command(flatten)]
    log: LogArgs,
    #[command(flatten)]
    json: JsonArgs,
    /// Print help
    #[arg(long, short, action = clap::ArgAction::HelpLong)]
    help: Option<bool>,
}

/// What scripts get.
#[derive(Debug, Serialize)]
struct Report {
    number: Option<u64>,
    proof: Option<String>,
    error: Option<Failure>,
}

pub(crate) fn run(args: &Args, ui: &mut Ui) -> Result<(), Failure> {
    let proof = args.log.open().and_then(|log| log.prove(args.number).map_err(|error| unreadable(&error)));
    let proof = proof.map(|proof| proof.to_string());
    if !args.json.json {
        return Ok(ui.answer(proof?.as_bytes())?);
    }
    let (proof, error) = proof.map_or_else(|error| (None, Some(error)), |proof| (Some(proof), None));
    let number = proof.as_ref().map(|_| args.number);
    ui.report(&Report { number, proof, error: error.clone() }, error)
}
