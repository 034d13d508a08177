//! `vak-run store list` and `vak-run store show`.

use serde::Serialize;
use vak_cli::{Failure, JsonArgs, Ui, bytes};
use vak_model::Code;
use vak_store::{Entry, SkillReference};

use super::{Change, Shown, Skills, end, table};
use crate::failures;
use crate::locate::Places;

/// List what is in the store; no artefact is read
#[derive(clap::Args, Clone, Copy, Debug)]
#[command(after_help = "Examples:\n  vak-run store list\n  vak-run store list --json")]
pub(super) struct ListArgs {
    #[command(flatten)]
    json: JsonArgs,
}

/// Show one skill of the store, after checking that its file is whole
#[derive(clap::Args, Debug)]
#[command(after_help = "Examples:\n  vak-run store show calculator\n  vak-run store show acme/square@1.0.0 --json")]
pub(super) struct ShowArgs {
    /// The skill; the newest version that is no pre-release, if none is named
    #[arg(value_name = "NAME[@VERSION]")]
    reference: SkillReference,
    #[command(flatten)]
    json: JsonArgs,
}

/// One skill with where it lies and what it is for.
#[derive(Debug, Serialize)]
struct Detail {
    skill: Shown,
    description: String,
    file: String,
    file_digest: String,
}

pub(super) fn list(args: ListArgs, places: &Places, ui: &mut Ui) -> Result<(), Failure> {
    let entries = places.store.entries().map_err(|error| failures::store(&error));
    let shown = |entry: &Entry| Shown::of(entry, Change::Stored);
    let skills = entries.map(|entries| Skills { skills: entries.iter().map(shown).collect() });
    end(skills, args.json, ui, |skills, ui| {
        if skills.skills.is_empty() {
            return Ok(ui.note(&format!("the store in {} is empty", places.store.folder().display()))?);
        }
        Ok(ui.table(&table(skills))?)
    })
}

pub(super) fn show(args: &ShowArgs, places: &Places, ui: &mut Ui) -> Result<(), Failure> {
    let detail = detail(&args.reference, places);
    end(detail, args.json, ui, |detail, ui| {
        let Shown { name, version, digest, size, signers, .. } = &detail.skill;
        ui.line(&format!("{name} {version}: {}", detail.description))?;
        for (label, text) in [
            ("module", digest.to_string()),
            ("file", format!("{}, {}", detail.file_digest, bytes(*size))),
            ("lies in", detail.file.clone()),
        ] {
            ui.line(&format!("  {label}: {text}"))?;
        }
        let nobody = ["nobody".to_owned()];
        let signers = if signers.is_empty() { &nobody } else { signers.as_slice() };
        Ok(signers.iter().try_for_each(|signer| ui.line(&format!("  signed by, when it was added: {signer}")))?)
    })
}

fn detail(reference: &SkillReference, places: &Places) -> Result<Detail, Failure> {
    let entry = find(reference, places)?;
    let package = places.store.load(&entry).map_err(|error| failures::store(&error))?;
    let package = package.ok_or_else(|| missing(reference, places))?;
    Ok(Detail {
        description: package.document().manifest().description.to_string(),
        file: places.store.path(&entry).display().to_string(),
        file_digest: entry.file_digest.to_string(),
        skill: Shown::of(&entry, Change::Stored),
    })
}

/// What a reference stands for in the store.
pub(super) fn find(reference: &SkillReference, places: &Places) -> Result<Entry, Failure> {
    let found = places.store.find(reference).map_err(|error| failures::store(&error))?;
    found.ok_or_else(|| missing(reference, places))
}

pub(super) fn missing(reference: &SkillReference, places: &Places) -> Failure {
    Failure::new(Code::SkillUnknown, format!("no skill `{reference}` is in the store"))
        .fact("store", places.store.folder().display().to_string())
        .next("vak-run store list", "see what is in it")
}
