//! `vak-run store`: what is installed on this machine.
//!
//! What comes in is admitted first, by the same doors as what runs; it is admitted again whenever it runs.

mod add;
mod collect;
mod gc;
mod layout;
mod list;
mod lock;
mod remove;

use clap::Subcommand;
use serde::Serialize;
use vak_cli::{Failure, JsonArgs, Table, Ui, bytes, quote};
use vak_model::ModuleId;
use vak_store::Entry;

use crate::locate::Places;

/// Install skills: keep them in the store, and pin what a project means
///
/// The store holds signed artefacts by their digest. What is in it is found by name from every folder:
/// `vak-run calculator`, `vak-run calculator@1.0.0`.
#[derive(clap::Args, Debug)]
#[command(after_long_help = "\
Examples:
  vak-run store add skills/calculator
  vak-run store list
  vak-run store show calculator@1.0.0
  vak-run store export calculator --out calculator.oci
  vak-run store lock calculator
  vak-run store remove calculator@1.0.0 && vak-run store gc")]
pub(crate) struct Args {
    #[command(subcommand)]
    verb: Verb,
    /// Print help
    #[arg(long, short, action = clap::ArgAction::HelpLong)]
    help: Option<bool>,
}

#[derive(Debug, Subcommand)]
enum Verb {
    Add(add::Args),
    List(list::ListArgs),
    Show(list::ShowArgs),
    Remove(remove::Args),
    Gc(gc::Args),
    Import(layout::ImportArgs),
    Export(layout::ExportArgs),
    Lock(lock::Args),
}

/// What became of one skill.
#[derive(Clone, Copy, Debug, Serialize)]
#[serde(rename_all = "lowercase")]
enum Change {
    Added,
    Renewed,
    Unchanged,
    Replaced,
    Removed,
    Stored,
    Exported,
    Pinned,
}

/// One skill, as reports have it.
#[derive(Debug, Serialize)]
struct Shown {
    name: String,
    version: String,
    digest: ModuleId,
    size: u64,
    signers: Vec<String>,
    change: Change,
}

/// The report of `--json`.
#[derive(Debug, Serialize)]
struct Report<'a, T> {
    #[serde(flatten)]
    done: Option<&'a T>,
    error: Option<&'a Failure>,
}

/// Skills in a report.
#[derive(Debug, Serialize)]
struct Skills {
    skills: Vec<Shown>,
}

pub(crate) fn run(args: &Args, ui: &mut Ui) -> Result<(), Failure> {
    let places = Places::from_process()?;
    match &args.verb {
        Verb::Add(args) => add::run(args, &places, ui),
        Verb::List(args) => list::list(*args, &places, ui),
        Verb::Show(args) => list::show(args, &places, ui),
        Verb::Remove(args) => remove::run(args, &places, ui),
        Verb::Gc(args) => gc::run(args, &places, ui),
        Verb::Import(args) => layout::import(args, &places, ui),
        Verb::Export(args) => layout::export(args, &places, ui),
        Verb::Lock(args) => lock::run(args, &places, ui),
    }
}

impl Shown {
    fn of(entry: &Entry, change: Change) -> Self {
        Self {
            name: entry.name.to_string(),
            version: entry.version.to_string(),
            digest: entry.digest,
            size: entry.size,
            signers: entry.signers.clone(),
            change,
        }
    }
}

impl Change {
    const fn word(self) -> &'static str {
        match self {
            Self::Added => "added",
            Self::Renewed => "renewed",
            Self::Unchanged => "unchanged",
            Self::Replaced => "replaced",
            Self::Removed => "removed",
            Self::Stored => "stored",
            Self::Exported => "exported",
            Self::Pinned => "pinned",
        }
    }
}

/// Says what came of a verb: as a report, or by `tell`.
fn end<T: Serialize>(
    result: Result<T, Failure>,
    json: JsonArgs,
    ui: &mut Ui,
    tell: impl FnOnce(&T, &mut Ui) -> Result<(), Failure>,
) -> Result<(), Failure> {
    if json.json {
        let report = Report { done: result.as_ref().ok(), error: result.as_ref().err() };
        return ui.report(&report, result.as_ref().err().cloned());
    }
    tell(&result?, ui)
}

/// A line for each skill, and what can be done with the first of them.
fn tell(skills: &Skills, ui: &mut Ui) -> Result<(), Failure> {
    for shown in &skills.skills {
        ui.line(&format!("{} {}@{} ({})", shown.change.word(), shown.name, shown.version, shown.digest))?;
    }
    Ok(())
}

fn table(skills: &Skills) -> Table {
    let mut table = Table::new(&["NAME", "VERSION", "SIZE", "SIGNED BY", "DIGEST"]);
    for shown in &skills.skills {
        let signers = if shown.signers.is_empty() { "nobody".to_owned() } else { shown.signers.join(", ") };
        table.row([shown.name.clone(), shown.version.clone(), bytes(shown.size), signers, shown.digest.to_string()]);
    }
    table
}

/// The next command after skills have come in.
fn next(skills: &Skills, ui: &mut Ui) -> Result<(), Failure> {
    match skills.skills.first() {
        Some(first) => Ok(ui.note(&format!("  next: vak-run {} --help", quote(&first.name)))?),
        None => Ok(()),
    }
}
