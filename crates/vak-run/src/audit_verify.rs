//! `vak-run audit verify`: whether a log, or a proof from one, is as it was written.

use std::path::{Path, PathBuf};

use serde::Serialize;
use serde_json::value::RawValue;
use vak_audit::{Checkpoint, LogIdentity, LogProof, LogReader, ProofError, ReadError, Verified};
use vak_cli::{Failure, JsonArgs, Ui};
use vak_model::Code;
use vak_package::read_file;
use vak_trust::VerifierKey;

use crate::audit_verbs::{LogArgs, unreadable};
use crate::failures;

/// The largest checkpoint or proof that is read, in bytes.
const MAX_BYTES: u64 = 256 * 1024;

/// Verify the log: that nothing in it was changed, left out or added
#[derive(clap::Args, Debug)]
#[command(after_long_help = "\
Every entry is hashed and held against the checkpoint that the log's key has signed. Keep a checkpoint, the file of that name
in the log's folder, where the log's owner can't change it: with --since it shows that the log was continued and not written
anew. With --proof no log is read: the proof has the entry and the checkpoint in it.

Examples:
  vak-run audit verify
  vak-run audit verify --since yesterday.checkpoint
  vak-run audit verify --proof 3.tlog-proof --key 'vak.local/audit/...+59a0607c+Aep...'

Exit status:
  0 as it was written · 3 there is no log · 9 something was changed, and where")]
pub(crate) struct Args {
    /// An older checkpoint of the log, which must be continued by it
    #[arg(long, value_name = "FILE")]
    since: Option<PathBuf>,
    /// A proof from `audit prove`, to be checked without the log
    #[arg(long, value_name = "FILE", conflicts_with_all = ["since", "log"])]
    proof: Option<PathBuf>,
    #[command(flatten)]
    log: LogArgs,
    #[command(flatten)]
    json: JsonArgs,
    /// Print help
    #[arg(long, short, action = clap::ArgAction::HelpLong)]
    help: Option<bool>,
}

/// What scripts get.
#[derive(Debug, Default, Serialize)]
struct Report {
    ok: bool,
    origin: Option<String>,
    size: Option<u64>,
    root: Option<String>,
    /// The log's verifier key: what others need to check its proofs.
    key: Option<String>,
    /// Whole entries behind those that the checkpoint covers.
    uncovered: Option<u64>,
    /// All bytes behind them.
    uncovered_bytes: Option<u64>,
    /// Intents without an outcome.
    unknown: Option<usize>,
    /// The entry that a proof is about.
    entry: Option<Box<RawValue>>,
    /// The number of that entry, or of the one that was changed.
    number: Option<u64>,
    /// The file that was changed, and where in it.
    file: Option<String>,
    offset: Option<u64>,
    error: Option<Failure>,
}

pub(crate) fn run(args: &Args, ui: &mut Ui) -> Result<(), Failure> {
    let mut report = Report::default();
    let result = match &args.proof {
        Some(file) => proof(file, args, &mut report),
        None => log(args, &mut report),
    };
    report.ok = result.is_ok();
    if args.json.json {
        report.error = result.as_ref().err().cloned();
        return ui.report(&report, result.err());
    }
    result?;
    say(&report, ui)
}

fn log(args: &Args, report: &mut Report) -> Result<(), Failure> {
    let identity = args.log.identity()?;
    let since = args.since.as_deref().map(|file| older(file, &identity)).transpose()?;
    let reader = args.log.open()?;
    state(reader.checkpoint(), &identity, report);
    let Verified { rest, .. } = verified(&reader, since.as_ref(), report)?;
    (report.uncovered, report.uncovered_bytes) = (Some(rest.complete), Some(rest.bytes));
    report.unknown = Some(reader.open_intents().map_err(|error| unreadable(&error))?.count());
    Ok(())
}

fn verified(reader: &LogReader, since: Option<&Checkpoint>, report: &mut Report) -> Result<Verified, Failure> {
    reader.check(since).map_err(|error| {
        if let ReadError::Mismatch(place) = &error {
            (report.file, report.offset) = (Some(place.file.clone()), place.offset);
            report.number = place.entry;
        }
        unreadable(&error)
    })
}

fn older(file: &Path, identity: &LogIdentity) -> Result<Checkpoint, Failure> {
    let bytes = read_file(file, MAX_BYTES).map_err(|error| failures::file(&error, Code::FileRead))?;
    Checkpoint::open(&bytes, identity)
        .map_err(|error| Failure::of(Code::AuditMismatch, &error).fact("file", file.display().to_string()))
}

fn proof(file: &Path, args: &Args, report: &mut Report) -> Result<(), Failure> {
    let refused = |error: &ProofError| Failure::of(Code::AuditMismatch, error).fact("file", file.display().to_string());
    let bytes = read_file(file, MAX_BYTES).map_err(|error| failures::file(&error, Code::AuditMismatch))?;
    let proof = LogProof::read(&bytes).map_err(|error| refused(&error))?;
    let without = ProofError::Malformed("it comes without the entry that it is about");
    let entry = proof.extra.as_ref().ok_or_else(|| refused(&without))?;
    let identity = args.log.identity()?;
    let checkpoint = proof.check(entry, &identity).map_err(|error| refused(&error))?;
    state(&checkpoint, &identity, report);
    report.number = Some(proof.index);
    let json = serde_json::from_slice(entry).map_err(|error| Failure::of(Code::AuditMismatch, &error))?;
    report.entry = Some(json);
    Ok(())
}

fn state(checkpoint: &Checkpoint, identity: &LogIdentity, report: &mut Report) {
    let key = match identity {
        LogIdentity::Named(key) => Some(key.clone()),
        LogIdentity::Key(key) => VerifierKey::new(&checkpoint.origin, *key).ok(),
    };
    report.origin = Some(checkpoint.origin.clone());
    report.size = Some(checkpoint.size);
    report.root = Some(checkpoint.root.to_string());
    report.key = key.map(|key| key.to_string());
}

fn say(report: &Report, ui: &mut Ui) -> Result<(), Failure> {
    let known = |text: &Option<String>| text.clone().unwrap_or_default();
    let size = report.size.unwrap_or_default();
    if let (Some(number), Some(entry)) = (report.number, &report.entry) {
        ui.line(&format!("entry {number} is in the log, as one of {size}"))?;
        ui.answer(entry.get().as_bytes())?;
    } else {
        ui.line(&format!("the log is as it was written: {size} entries"))?;
    }
    ui.line(&format!("log:  {}", known(&report.origin)))?;
    ui.line(&format!("root: {}", known(&report.root)))?;
    ui.line(&format!("key:  {}", known(&report.key)))?;
    if let Some(unknown) = report.unknown.filter(|unknown| *unknown > 0) {
        ui.note(&format!("note: of {unknown} no end is on record: `vak-run audit show` says of which"))?;
    }
    match (report.uncovered, report.uncovered_bytes) {
        (Some(complete), Some(bytes)) if bytes > 0 => Ok(ui.note(&format!(
            "note: {bytes} bytes lie behind the checkpoint, with {complete} whole entries: a run is being recorded, or was killed"
        ))?),
        _ => Ok(()),
    }
}
