//! `vak-run store remove`.

use vak_cli::{Failure, JsonArgs, Ui};
use vak_model::Code;
use vak_store::SkillReference;

use super::list::missing;
use super::{Change, Shown, Skills, end, tell};
use crate::failures;
use crate::locate::Places;

/// Take skills out of the store; their files stay until `vak-run store gc`
#[derive(clap::Args, Debug)]
#[command(
    after_help = "Examples:\n  vak-run store remove calculator@1.0.0\n  vak-run store remove acme/square@1.0.0 acme/square@1.0.1 --json"
)]
pub(super) struct Args {
    /// The skill, with its version
    #[arg(value_name = "NAME@VERSION", required = true)]
    references: Vec<SkillReference>,
    #[command(flatten)]
    json: JsonArgs,
}

pub(super) fn run(args: &Args, places: &Places, ui: &mut Ui) -> Result<(), Failure> {
    let removed = args.references.iter().map(|reference| remove(reference, places)).collect::<Result<_, _>>();
    end(removed.map(|skills| Skills { skills }), args.json, ui, tell)
}

fn remove(reference: &SkillReference, places: &Places) -> Result<Shown, Failure> {
    let Some(version) = &reference.version else {
        let message = format!("`{reference}` names no version, and removing needs one");
        return Err(Failure::new(Code::UsageArguments, message).next("vak-run store list", "see which there are"));
    };
    let removed = places.store.remove(&reference.name, version).map_err(|error| failures::store(&error))?;
    removed.map(|entry| Shown::of(&entry, Change::Removed)).ok_or_else(|| missing(reference, places))
}
