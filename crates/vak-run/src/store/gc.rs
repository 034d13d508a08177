//! `vak-run store gc`: what nothing names is swept away.

use std::collections::BTreeSet;
use std::path::PathBuf;

use serde::Serialize;
use vak_cli::{Failure, JsonArgs, Ui};
use vak_model::Code;
use vak_store::{LockFile, SkillReference};

use crate::failures;
use crate::locate::Places;

/// Remove the files of the store that neither its index nor a lock file names, and what killed writers have left
#[derive(clap::Args, Debug)]
#[command(
    after_help = "Examples:\n  vak-run store gc\n  vak-run store gc --lock ../other/skills.lock\n  vak-run store gc --rebuild --json"
)]
pub(super) struct Args {
    /// Keep what this lock file names too, beside the nearest one from here upward
    #[arg(long, value_name = "FILE")]
    lock: Vec<PathBuf>,
    /// Make the index anew first, from the artefacts that lie there: for an index that is damaged. What was removed and
    /// not swept away is listed again
    #[arg(long)]
    rebuild: bool,
    #[command(flatten)]
    json: JsonArgs,
}

/// What was done.
#[derive(Debug, Serialize)]
struct Done {
    removed_artefacts: usize,
    removed_unfinished: usize,
    rebuilt: Option<Rebuilt>,
}

#[derive(Debug, Serialize)]
struct Rebuilt {
    entries: usize,
    damaged: usize,
    disputed: Vec<String>,
}

pub(super) fn run(args: &Args, places: &Places, ui: &mut Ui) -> Result<(), Failure> {
    super::end(sweep(args, places), args.json, ui, |done, ui| {
        if let Some(Rebuilt { entries, damaged, disputed }) = &done.rebuilt {
            ui.line(&format!("the index has {entries} entries; {damaged} files are damaged"))?;
            disputed
                .iter()
                .try_for_each(|name| ui.warn(&format!("several artefacts claim to be `{name}`: none is listed")))?;
        }
        let Done { removed_artefacts, removed_unfinished, .. } = done;
        Ok(ui.line(&format!("removed {removed_artefacts} artefacts and {removed_unfinished} unfinished files"))?)
    })
}

fn sweep(args: &Args, places: &Places) -> Result<Done, Failure> {
    let mut locks: Vec<_> = places.lock()?.into_iter().collect();
    for path in &args.lock {
        let lock = LockFile::read(path).map_err(|error| failures::lock(&error))?;
        let missing = || Failure::new(Code::FileRead, format!("`{}` does not exist", path.display()));
        locks.push(lock.ok_or_else(missing)?);
    }
    let keep: BTreeSet<_> = locks.iter().flat_map(LockFile::pins).map(|(_, pin)| pin.digest).collect();
    let rebuilt = args.rebuild.then(|| places.store.rebuild()).transpose().map_err(|error| failures::store(&error))?;
    let swept = places.store.gc(&keep).map_err(|error| failures::store(&error))?;
    Ok(Done {
        removed_artefacts: swept.artefacts,
        removed_unfinished: swept.unfinished,
        rebuilt: rebuilt.map(|rebuilt| Rebuilt {
            entries: rebuilt.entries,
            damaged: rebuilt.damaged,
            disputed: rebuilt.disputed.iter().map(SkillReference::to_string).collect(),
        }),
    })
}
