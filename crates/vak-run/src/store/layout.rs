//! `vak-run store import` and `vak-run store export`: folders of skills, and OCI image layouts.

use std::path::{Path, PathBuf};

use vak_cli::{Failure, JsonArgs, Ui, quote};
use vak_model::Code;
use vak_package::SkillFolder;
use vak_store::{LayoutError, SkillReference, export_layout, import_layout, is_layout};

use super::add::skill_at;
use super::collect::{EntryArgs, typed};
use super::list::{find, missing};
use super::{Change, Shown, Skills, end, next, tell};
use crate::failures;
use crate::load::Loaded;
use crate::locate::{Places, names_in};

/// Put the skills of a folder into the store, or those of an OCI image layout
///
/// PATH is an OCI image layout, a folder of skills such as `skills`, a skill's own folder, or a .wasm file. In a layout
/// everything is found by digest and length; links in it are refused. All skills are looked at, and must be signed as for
/// `add`, before the first one is stored.
#[derive(clap::Args, Debug)]
#[command(after_help = "\
Examples:
  vak-run store import calculator.oci
  vak-run store import skills --allow-unsigned
  vak-run store import skills.oci --only calculator --only acme/square@1.0.0")]
pub(super) struct ImportArgs {
    /// An OCI image layout, a folder of skills, a skill's folder, or a .wasm file
    #[arg(value_name = "PATH")]
    path: PathBuf,
    /// Of a layout, take this skill and nothing else; can be said several times
    #[arg(long, value_name = "NAME[@VERSION]")]
    only: Vec<SkillReference>,
    #[command(flatten)]
    entry: EntryArgs,
    #[command(flatten)]
    json: JsonArgs,
}

/// Write skills of the store as one OCI image layout; the same skills give the same bytes
#[derive(clap::Args, Debug)]
#[command(after_help = "\
Examples:
  vak-run store export calculator --out calculator.oci
  vak-run store export acme/square@1.0.0 acme/cube --out shapes.oci --json")]
pub(super) struct ExportArgs {
    /// The skills; the newest version that is no pre-release, if none is named
    #[arg(value_name = "NAME[@VERSION]", required = true)]
    references: Vec<SkillReference>,
    /// The folder to write, which must not be there yet
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
    #[command(flatten)]
    json: JsonArgs,
}

pub(super) fn import(args: &ImportArgs, places: &Places, ui: &mut Ui) -> Result<(), Failure> {
    let again = typed("import", std::slice::from_ref(&args.path));
    let result = sources(args).and_then(|loaded| args.entry.add_all(loaded, &again, places, ui));
    end(result, args.json, ui, |skills, ui| {
        tell(skills, ui)?;
        next(skills, ui)
    })
}

fn sources(args: &ImportArgs) -> Result<Vec<Loaded>, Failure> {
    let path = &args.path;
    if is_layout(path) {
        let packages = import_layout(path, &args.only).map_err(|error| layout(&error))?;
        let loaded = |package| Loaded { package, file: path.clone(), key_hints: Vec::new() };
        return Ok(packages.into_iter().map(loaded).collect());
    }
    if !args.only.is_empty() {
        let message = format!("`{}` is no OCI image layout, and --only chooses from one", path.display());
        return Err(Failure::new(Code::UsageArguments, message));
    }
    if path.is_dir() && !SkillFolder::is_at(path) { folder(path) } else { Ok(vec![skill_at(path)?]) }
}

/// The skills in the sub-folders of a folder.
fn folder(path: &Path) -> Result<Vec<Loaded>, Failure> {
    let names = names_in(path);
    if names.is_empty() {
        let message = format!("`{}` holds no skill, and is no OCI image layout", path.display());
        return Err(Failure::new(Code::SkillUnknown, message));
    }
    names.iter().map(|name| skill_at(&path.join(name))).collect()
}

fn layout(error: &LayoutError) -> Failure {
    Failure::of(error.code(), error)
}

pub(super) fn export(args: &ExportArgs, places: &Places, ui: &mut Ui) -> Result<(), Failure> {
    end(write(args, places), args.json, ui, |skills, ui| {
        tell(skills, ui)?;
        let out = quote(&args.out.to_string_lossy());
        Ok(ui.note(&format!("  next: vak-run store import {out}    on another machine"))?)
    })
}

fn write(args: &ExportArgs, places: &Places) -> Result<Skills, Failure> {
    let (mut packages, mut skills) = (Vec::new(), Vec::new());
    for reference in &args.references {
        let entry = find(reference, places)?;
        let package = places.store.load(&entry).map_err(|error| failures::store(&error))?;
        packages.push(package.ok_or_else(|| missing(reference, places))?);
        skills.push(Shown::of(&entry, Change::Exported));
    }
    export_layout(&packages, &args.out).map_err(|error| layout(&error))?;
    Ok(Skills { skills })
}
