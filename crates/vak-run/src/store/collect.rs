//! Putting packages into the store, each through the door.

use std::path::PathBuf;

use vak_cli::{Failure, TrustArgs, Ui, UnsignedArgs};
use vak_store::{Added, OnConflict};

use super::{Change, Shown, Skills};
use crate::failures;
use crate::load::Loaded;
use crate::locate::Places;
use crate::trust::{Door, Subject, admit};

/// Who is let in, and what happens to what is there.
#[derive(clap::Args, Debug)]
pub(super) struct EntryArgs {
    /// Put it in the place of another artefact of the same name and version
    #[arg(long)]
    replace: bool,
    #[command(flatten)]
    trust: TrustArgs,
    #[command(flatten)]
    unsigned: UnsignedArgs,
}

impl EntryArgs {
    /// Admits every one of `loaded`, and then adds them: if one is refused, none has been added.
    pub(super) fn add_all(
        &self,
        loaded: Vec<Loaded>,
        again: &str,
        places: &Places,
        ui: &mut Ui,
    ) -> Result<Skills, Failure> {
        let open = format!("{again} --allow-unsigned");
        let purpose = "keep it unsigned, for development";
        let door = Door { trust: &self.trust, unsigned: self.unsigned, open, purpose };
        let mut admitted = Vec::new();
        for Loaded { package, file, key_hints } in loaded {
            let title = title(&package);
            admitted.push(admit(package, &Subject { title, file, key_hints }, &door, ui)?);
        }
        let conflict = if self.replace { OnConflict::Replace } else { OnConflict::Refuse };
        let added = admitted.iter().map(|package| places.store.add(package, conflict));
        let added = added.collect::<Result<Vec<_>, _>>().map_err(|error| failures::store(&error))?;
        Ok(Skills { skills: added.iter().map(shown).collect() })
    }
}

fn title(package: &vak_package::Package) -> String {
    let manifest = package.document().manifest();
    format!("`{}` {}", manifest.name, manifest.version)
}

fn shown(added: &Added) -> Shown {
    let change = match added {
        Added::New(_) => Change::Added,
        Added::Renewed(_) => Change::Renewed,
        Added::Unchanged(_) => Change::Unchanged,
        Added::Replaced(..) => Change::Replaced,
    };
    Shown::of(added.entry(), change)
}

/// The words of a command as they were typed.
pub(super) fn typed(verb: &str, paths: &[PathBuf]) -> String {
    let quoted = paths.iter().map(|path| format!(" {}", vak_cli::quote(&path.to_string_lossy())));
    format!("vak-run store {verb}{}", quoted.collect::<String>())
}
