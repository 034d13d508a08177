//! `vak-run store lock`: what the skills of a project are, written down.

use vak_cli::{Failure, JsonArgs, Ui};
use vak_store::{LOCK_FILE, LockFile, Pin, SkillReference};

use super::{Change, Shown, Skills, end, tell};
use crate::failures;
use crate::load::{Loaded, load};
use crate::locate::{Places, by_name, nearest_skills};

/// Pin skills in `skills.lock`: their names then stand for these artefacts and no others
///
/// The file lies beside the nearest folder `skills`, or here. Without a name, every skill that it lists is pinned anew.
/// With --check nothing is written: a skill that is not what the file says is an error, with exit code 9.
#[derive(clap::Args, Debug)]
#[command(after_help = "\
Examples:
  vak-run store lock calculator acme/square@1.0.0
  vak-run store lock
  vak-run store lock --check")]
pub(super) struct Args {
    /// The skills; all that the file lists, if none is named
    #[arg(value_name = "NAME[@VERSION]")]
    references: Vec<SkillReference>,
    /// Write nothing; fail if a skill is not what the file says
    #[arg(long)]
    check: bool,
    #[command(flatten)]
    json: JsonArgs,
}

pub(super) fn run(args: &Args, places: &Places, ui: &mut Ui) -> Result<(), Failure> {
    let result = if args.check { check(args, places) } else { pin(args, places) };
    end(result, args.json, ui, tell)
}

fn check(args: &Args, places: &Places) -> Result<Skills, Failure> {
    let lock = places.lock()?.unwrap_or_else(|| empty(places));
    let checked = references(args, &lock).into_iter().map(|reference| {
        let loaded = load(&by_name(&reference, places)?)?;
        Ok(shown(&loaded, Change::Unchanged))
    });
    Ok(Skills { skills: checked.collect::<Result<_, Failure>>()? })
}

fn pin(args: &Args, places: &Places) -> Result<Skills, Failure> {
    let mut lock = places.lock()?.unwrap_or_else(|| empty(places));
    let references = references(args, &lock);
    let mut skills = Vec::new();
    for reference in references {
        // What it is pinned to now is what shall change: the file is not asked.
        let loaded = load(&crate::locate::unlocked(&reference, places)?)?;
        let pin = Pin::of(&loaded.package);
        let change = if lock.pin(&reference.name) == Some(&pin) { Change::Unchanged } else { Change::Pinned };
        skills.push(shown(&loaded, change));
        lock.put(reference.name, pin);
    }
    lock.write().map_err(|error| failures::lock(&error))?;
    Ok(Skills { skills })
}

/// The skills that are named, or all that the file lists.
fn references(args: &Args, lock: &LockFile) -> Vec<SkillReference> {
    if !args.references.is_empty() {
        return args.references.clone();
    }
    lock.pins().map(|(name, _)| SkillReference { name: name.clone(), version: None }).collect()
}

/// Beside the folder `skills`, or here.
fn empty(places: &Places) -> LockFile {
    let skills = nearest_skills(&places.here);
    let folder = skills.as_deref().and_then(std::path::Path::parent).unwrap_or(&places.here);
    LockFile::empty(folder.join(LOCK_FILE))
}

fn shown(loaded: &Loaded, change: Change) -> Shown {
    let manifest = loaded.package.document().manifest();
    let Pin { version, digest, size } = Pin::of(&loaded.package);
    Shown { name: manifest.name.to_string(), version: version.to_string(), digest, size, signers: Vec::new(), change }
}
