//! The skills that can be named here.

use serde::Serialize;
use vak_cli::{Failure, JsonArgs, Table, Ui};
use vak_model::Manifest;

use crate::load::read_folder;
use crate::locate::{names_in, nearest_skills};
use crate::run::here;

/// List the skills in the nearest folder `skills`
#[derive(clap::Args, Debug)]
#[command(after_long_help = "Examples:\n  vak-run list\n  vak-run list --json")]
pub(crate) struct Args {
    #[command(flatten)]
    json: JsonArgs,
    /// Print help
    #[arg(long, short, action = clap::ArgAction::HelpLong)]
    help: Option<bool>,
}

/// One line of the list.
#[derive(Debug, Serialize)]
struct Entry {
    name: String,
    version: Option<String>,
    description: Option<String>,
    folder: String,
    built: bool,
    /// Why the skill's manifest can't be read.
    error: Option<Failure>,
}

pub(crate) fn run(args: &Args, ui: &mut Ui) -> Result<(), Failure> {
    let here = here()?;
    let Some(skills) = nearest_skills(&here) else {
        if args.json.json {
            return Ok(ui.json(&Vec::<Entry>::new())?);
        }
        return Ok(ui.note("there is no folder `skills` from here upward")?);
    };
    let entries: Vec<_> = names_in(&skills).into_iter().map(|name| entry(&skills.join(&name), name)).collect();
    if args.json.json {
        return Ok(ui.json(&entries)?);
    }
    let mut table = Table::new(&["NAME", "VERSION", "BUILT", "DESCRIPTION"]);
    for entry in entries {
        let unread = entry.error.map(|error| error.one_line());
        let text = entry.description.or(unread).unwrap_or_default();
        let built = if entry.built { "yes" } else { "no" };
        table.row([entry.name, entry.version.unwrap_or_else(|| "?".to_owned()), built.to_owned(), text]);
    }
    ui.table(&table)?;
    Ok(ui.note(&format!("in {}", skills.display()))?)
}

fn entry(folder: &std::path::Path, name: String) -> Entry {
    let shown = folder.display().to_string();
    match read_folder(folder, None) {
        Ok(read) => {
            let Manifest { name, version, description, module, .. } = read.document().manifest();
            Entry {
                name: name.to_string(),
                version: Some(version.to_string()),
                description: Some(description.to_string()),
                built: folder.join(module.as_str()).is_file(),
                folder: shown,
                error: None,
            }
        }
        Err(error) => Entry { name, version: None, description: None, folder: shown, built: false, error: Some(error) },
    }
}
