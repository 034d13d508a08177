//! The skills that can be named here: those of the nearest folder `skills`, and those of the store.

use serde::Serialize;
use vak_cli::{Failure, JsonArgs, Table, Ui};
use vak_model::{Manifest, ModuleId};
use vak_store::Store;

use crate::failures;
use crate::load::read_folder;
use crate::locate::{Places, names_in, nearest_skills};

/// List the skills in the nearest folder `skills`, and those in the store
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
    /// Where it lies; null for one of the store.
    folder: Option<String>,
    built: bool,
    /// Which artefact it is, for one of the store, of which nothing else is read.
    digest: Option<ModuleId>,
    /// Why the skill's manifest can't be read.
    error: Option<Failure>,
}

pub(crate) fn run(args: &Args, ui: &mut Ui) -> Result<(), Failure> {
    let places = Places::from_process()?;
    let skills = nearest_skills(&places.here);
    let names = skills.as_deref().map(names_in).unwrap_or_default();
    let folders = skills.iter().flat_map(|skills| names.iter().map(|name| entry(&skills.join(name), name.clone())));
    let stored = stored(&places.store)?;
    let store_is_used = !stored.is_empty();
    let entries: Vec<_> = folders.chain(stored).collect();
    if args.json.json {
        return Ok(ui.json(&entries)?);
    }
    if skills.is_some() || store_is_used {
        ui.table(&table(entries))?;
    }
    match &skills {
        Some(skills) => ui.note(&format!("in {}", skills.display()))?,
        None => ui.note("there is no folder `skills` from here upward")?,
    }
    if store_is_used {
        ui.note(&format!("stored in {}", places.store.folder().display()))?;
    }
    Ok(())
}

fn table(entries: Vec<Entry>) -> Table {
    let mut table = Table::new(&["NAME", "VERSION", "BUILT", "DESCRIPTION"]);
    for entry in entries {
        let unread = entry.error.map(|error| error.one_line());
        let text = entry.description.or(unread).or(entry.digest.map(|digest| digest.to_string())).unwrap_or_default();
        let built = match (entry.folder, entry.built) {
            (None, _) => "stored",
            (Some(_), true) => "yes",
            (Some(_), false) => "no",
        };
        table.row([entry.name, entry.version.unwrap_or_else(|| "?".to_owned()), built.to_owned(), text]);
    }
    table
}

fn stored(store: &Store) -> Result<Vec<Entry>, Failure> {
    let entries = store.entries().map_err(|error| failures::store(&error))?;
    let stored = entries.into_iter().map(|entry| Entry {
        name: entry.name.to_string(),
        version: Some(entry.version.to_string()),
        description: None,
        folder: None,
        built: true,
        digest: Some(entry.digest),
        error: None,
    });
    Ok(stored.collect())
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
                folder: Some(shown),
                digest: None,
                error: None,
            }
        }
        Err(error) => Entry {
            name,
            version: None,
            description: None,
            folder: Some(shown),
            built: false,
            digest: None,
            error: Some(error),
        },
    }
}
