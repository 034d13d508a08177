//! Making keys.

use std::fs::DirBuilder;
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};

use clap::Args;
use serde::Serialize;
use vak_cli::{Failure, JsonArgs, Ui, quote};
use vak_model::Code;
use vak_trust::{
    KeyFileError, PublicKey, PublicKeyForm, Publisher, Role, SecretKey, create_key_file, create_public_file,
};

use crate::failures;
use crate::keys::{PassphraseArgs, key_folder};
use crate::trust::{ClockArgs, Local};

/// Make a key to sign with
///
/// Writes the secret key, which only you can read, and the public one beside it, and prints the public one: it is what
/// others have to trust. Nothing is ever written over.
#[derive(Args, Debug)]
#[command(after_help = "\
Examples:
  vak-skill-sign keygen --trust-self
  vak-skill-sign keygen --out release.pem
  vak-skill-sign keygen --passphrase env:PASSPHRASE")]
pub(crate) struct KeygenArgs {
    /// The file of the secret key; the public one goes into the same with .pub at its end [default: keys/default.pem in
    /// the folder of settings]
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    /// Trust the key on this machine, for skills of every name; without a trust root, one is made
    #[arg(long)]
    trust_self: bool,
    #[command(flatten)]
    passphrase: PassphraseArgs,
    #[command(flatten)]
    clock: ClockArgs,
    #[command(flatten)]
    json: JsonArgs,
}

/// A key that was made.
#[derive(Debug, Serialize)]
struct Made {
    /// What others have to trust.
    key: PublicKey,
    /// How trust roots call it.
    id: String,
    secret: PathBuf,
    public: PathBuf,
    /// The version of the trust root that has it.
    trusted_by: Option<u64>,
}

#[derive(Debug, Serialize)]
struct Report<'a> {
    key: Option<&'a Made>,
    error: Option<&'a Failure>,
}

impl KeygenArgs {
    pub(crate) fn run(self, ui: &mut Ui) -> Result<(), Failure> {
        let made = self.made();
        if self.json.json {
            let report = Report { key: made.as_ref().ok(), error: made.as_ref().err() };
            return ui.report(&report, made.as_ref().err().cloned());
        }
        let made = made?;
        ui.note(&format!("wrote {} and {}", made.secret.display(), made.public.display()))?;
        ui.note(&format!("  id: {}", made.id))?;
        match made.trusted_by {
            Some(version) => ui.note(&format!("  trusted by: version {version} of this machine's trust root"))?,
            None => {
                let public = quote(&made.public.display().to_string());
                ui.note(&format!("  next: vak-skill-sign trust add {public} --role 'publisher:*'"))?;
            }
        }
        Ok(ui.line(&made.key.to_string())?)
    }

    fn made(&self) -> Result<Made, Failure> {
        // What can't be changed is told before there is a key.
        let local = if self.trust_self { Some(Local::open_or_make(self.clock.now()?)?) } else { None };
        let path = self.out.clone().unwrap_or_else(|| key_folder().join("default.pem"));
        if self.out.is_none() {
            make_folder(&key_folder())?;
        }
        let passphrase = self.passphrase.value()?;
        let (key, public) = make_key::<Publisher>(&path, passphrase.as_deref().map(Vec::as_slice))?;
        let key = key.public();
        let trusted_by = local.map(|local| local.trust(key)).transpose()?;
        Ok(Made { key, id: key.tuf_key_id().to_string(), secret: path, public, trusted_by })
    }
}

/// Makes a key in a file, and its public half in another. Neither may be there.
pub(crate) fn make_key<R: Role>(path: &Path, passphrase: Option<&[u8]>) -> Result<(SecretKey<R>, PathBuf), Failure> {
    let failed = |error: KeyFileError| failures::key(&error, ("vak-skill-sign keygen", "makes one"));
    let public = path.with_extension("pub");
    if public == path {
        let message = format!("`{}` is where the public key goes", path.display());
        return Err(Failure::new(Code::UsageArguments, message).right("name the secret key's file, such as key.pem"));
    }
    if let Some(there) = [path, &public].into_iter().find(|path| path.symlink_metadata().is_ok()) {
        return Err(failed(KeyFileError::Exists(there.to_owned())));
    }
    let key = SecretKey::<R>::generate().map_err(|error| Failure::of(Code::HostEngine, &error))?;
    create_key_file(path, &key, passphrase).map_err(failed)?;
    create_public_file(&public, &key.public(), PublicKeyForm::Spki, "").map_err(failed)?;
    Ok((key, public))
}

/// Makes the folder of keys, which nobody else can look into.
pub(crate) fn make_folder(folder: &Path) -> Result<(), Failure> {
    DirBuilder::new().recursive(true).mode(0o700).create(folder).map_err(|error| {
        Failure::new(Code::FileWrite, format!("failed to make the folder `{}`", folder.display())).caused_by(&error)
    })
}
