//! `vak-run store add`: skills from files and folders.

use std::path::{Path, PathBuf};

use vak_cli::{Failure, JsonArgs, Ui};
use vak_model::Code;
use vak_package::SkillFolder;

use super::collect::{EntryArgs, typed};
use super::{Skills, end, next, tell};
use crate::load::{Loaded, load};
use crate::locate::{Location, Places};

/// Put skills into the store
///
/// Each must be signed by keys that the trust root of this machine, or --trust, entitles to its name. All are looked at
/// before the first one is stored.
#[derive(clap::Args, Debug)]
#[command(after_help = "\
Examples:
  vak-run store add skills/calculator
  vak-run store add calculator.wasm square.wasm --trust alice.pub
  vak-run store add . --allow-unsigned --replace")]
pub(super) struct Args {
    /// A .wasm file, or a folder with a skill.yaml
    #[arg(value_name = "PATH", required = true)]
    paths: Vec<PathBuf>,
    #[command(flatten)]
    entry: EntryArgs,
    #[command(flatten)]
    json: JsonArgs,
}

pub(super) fn run(args: &Args, places: &Places, ui: &mut Ui) -> Result<(), Failure> {
    let result = add(args, places, ui);
    end(result, args.json, ui, |skills, ui| {
        tell(skills, ui)?;
        next(skills, ui)
    })
}

fn add(args: &Args, places: &Places, ui: &mut Ui) -> Result<Skills, Failure> {
    let loaded = args.paths.iter().map(|path| skill_at(path)).collect::<Result<_, _>>()?;
    args.entry.add_all(loaded, &typed("add", &args.paths), places, ui)
}

/// The skill in a file or a folder.
pub(super) fn skill_at(path: &Path) -> Result<Loaded, Failure> {
    if !path.is_dir() {
        return load(&Location::File(path.to_owned()));
    }
    if SkillFolder::is_at(path) {
        return load(&Location::Folder { folder: path.to_owned(), named: None });
    }
    let shown = vak_model::printable(&path.to_string_lossy(), 200);
    Err(Failure::new(Code::SkillUnknown, format!("the folder `{shown}` holds no skill.yaml"))
        .next(typed("import", &[path.to_owned()]), "takes a folder of skills, or an OCI image layout"))
}
