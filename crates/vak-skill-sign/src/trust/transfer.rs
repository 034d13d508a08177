//! Handing trust roots on: taking over somebody's, signing what is proposed, telling other tools.

use std::path::{Path, PathBuf};

use clap::Args;
use serde::Serialize;
use vak_cli::{Failure, JsonArgs, Ui, quote};
use vak_model::{Code, Digest};
use vak_package::read_file;
use vak_trust::{PublicKey, PublicKeyForm, RootProposal, SignedRoot, Timestamp};

use super::show::MAX_ROOT_BYTES;
use super::{ClockArgs, end, local};
use crate::failures;
use crate::keys::{KeySource, PassphraseArgs, key_source};
use crate::place;

/// Take over a trust root, or the versions that follow the one here
///
/// The first one needs --fingerprint: ask whoever keeps it, by another way than the one that the file came by. Later
/// versions are signed by the root keys of the version before, and need nothing else; none may be left out.
#[derive(Args, Debug)]
#[command(after_help = "\
Examples:
  vak-skill-sign trust import root.json --fingerprint sha256:1f0c...
  vak-skill-sign trust import 2.root.json 3.root.json")]
pub(super) struct ImportArgs {
    /// The trust root, or several versions in their order
    #[arg(value_name = "FILE", required = true)]
    files: Vec<PathBuf>,
    /// The fingerprint that the last of them must have
    #[arg(long, value_name = "sha256:HEX")]
    fingerprint: Option<Digest>,
    #[command(flatten)]
    json: JsonArgs,
}

/// Add your signature to a version of the trust root that was proposed
#[derive(Args, Debug)]
pub(super) struct SignProposalArgs {
    /// The proposal; it is replaced by itself with the signature
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// A root key to sign with; give it again for more of them [default: keys/root.pem in the folder of settings]
    #[arg(long, value_name = "FILE|-|env:NAME", value_parser = key_source)]
    root_key: Vec<KeySource>,
    #[command(flatten)]
    passphrase: PassphraseArgs,
    #[command(flatten)]
    json: JsonArgs,
}

/// Print the trust root, or write it for other tools
///
/// Without a form it is printed as it is, for others to import. Other tools know no thresholds: they see keys, without those
/// that count no more.
#[derive(Args, Debug)]
#[command(after_help = "\
Examples:
  vak-skill-sign trust export > root.json
  vak-skill-sign trust export --allowed-signers > allowed_signers
  vak-skill-sign trust export --wasmsign2 keys")]
pub(super) struct ExportArgs {
    #[command(flatten)]
    form: FormArgs,
    #[command(flatten)]
    clock: ClockArgs,
    #[command(flatten)]
    json: JsonArgs,
}

#[derive(Args, Debug)]
#[group(multiple = false)]
struct FormArgs {
    /// Print the publishers' keys as OpenSSH's allowed_signers
    #[arg(long)]
    allowed_signers: bool,
    /// Print the keys of logs, as signed notes write them
    #[arg(long)]
    vkeys: bool,
    /// Write each publisher's key into this folder, in PEM
    #[arg(long, value_name = "DIR")]
    spki: Option<PathBuf>,
    /// Write each publisher's key into this folder, as wasmsign2 reads it
    #[arg(long, value_name = "DIR")]
    wasmsign2: Option<PathBuf>,
}

#[derive(Debug, Serialize)]
struct Imported {
    version: u64,
    expires: Timestamp,
    fingerprint: Digest,
}

#[derive(Debug, Serialize)]
struct Signatures {
    version: u64,
    file: PathBuf,
    signers: Vec<PublicKey>,
    /// Whether that is enough, here.
    enough: bool,
}

#[derive(Debug, Serialize)]
struct Exported {
    /// What is printed.
    text: Option<String>,
    /// The files that were written.
    files: Vec<PathBuf>,
}

fn read(path: &Path) -> Result<Vec<u8>, Failure> {
    read_file(path, MAX_ROOT_BYTES).map_err(|error| failures::file(&error))
}

fn proposal(json: &[u8], path: &Path) -> Result<RootProposal, Failure> {
    RootProposal::read(json).map_err(|error| failures::root(&error).fact("file", path.display().to_string()))
}

impl ImportArgs {
    pub(super) fn run(self, ui: &mut Ui) -> Result<(), Failure> {
        end(self.imported(), self.json, ui, |root, ui| {
            ui.note(&format!("trust root version {}, good until {}", root.version, root.expires))?;
            Ok(ui.line(&root.fingerprint.to_string())?)
        })
    }

    fn imported(&self) -> Result<Imported, Failure> {
        let contents = self.files.iter().map(|path| read(path)).collect::<Result<Vec<_>, _>>()?;
        if let (Some(fingerprint), Some(last)) = (self.fingerprint, contents.last()) {
            SignedRoot::pinned(last, fingerprint).map_err(|error| failures::root(&error))?;
        }
        let store = local::store();
        let root = match store.load().map_err(|error| failures::store(&error))? {
            Some(_) => {
                let chain = contents.iter().zip(&self.files).map(|(json, path)| proposal(json, path));
                store.update(chain.collect::<Result<Vec<_>, _>>()?)
            }
            None => {
                let root = self.first(&contents)?;
                store.install(&root).map(|()| root)
            }
        };
        let root = root.map_err(|error| failures::store(&error))?;
        let fingerprint = root.fingerprint();
        Ok(Imported { version: root.root().version(), expires: root.root().expires(), fingerprint })
    }

    /// The first root here is the one that somebody vouches for. The versions before it prove nothing more.
    fn first(&self, contents: &[Vec<u8>]) -> Result<SignedRoot, Failure> {
        let (Some(fingerprint), [json]) = (self.fingerprint, contents) else {
            let message = "there is no trust root here yet, and nothing says that this one is the right one";
            return Err(Failure::new(Code::UsageArguments, message)
                .right("give one file, and --fingerprint as whoever keeps it told you"));
        };
        SignedRoot::pinned(json, fingerprint).map_err(|error| failures::root(&error))
    }
}

impl SignProposalArgs {
    pub(super) fn run(self, ui: &mut Ui) -> Result<(), Failure> {
        end(self.signed(), self.json, ui, |signatures, ui| {
            let Signatures { version, file, signers, enough } = signatures;
            let shown = quote(&file.display().to_string());
            ui.note(&format!("proposed trust root version {version}, signed by {} root keys", signers.len()))?;
            let next = if *enough { "import" } else { "sign" };
            ui.note(&format!("  next: vak-skill-sign trust {next} {shown}"))?;
            Ok(ui.line(&file.display().to_string())?)
        })
    }

    fn signed(&self) -> Result<Signatures, Failure> {
        let keys = local::root_keys(&self.root_key, &self.passphrase)?;
        let proposal = local::signed(proposal(&read(&self.file)?, &self.file)?, &keys);
        let current = local::store().load().map_err(|error| failures::store(&error))?;
        let signers = proposal.signers(current.as_ref());
        if let Some(key) = keys.iter().map(vak_trust::SecretKey::public).find(|key| !signers.contains(key)) {
            let message = format!("{key} is no root key, neither of this version nor of the one before");
            return Err(Failure::new(Code::TrustMalformed, message));
        }
        place::replace(&self.file, &proposal.to_json())?;
        let version = proposal.root().version();
        let enough = match &current {
            Some(current) => current.successor(proposal).is_ok(),
            None => proposal.complete().is_ok(),
        };
        Ok(Signatures { version, file: self.file.clone(), signers: signers.into_iter().collect(), enough })
    }
}

impl ExportArgs {
    pub(super) fn run(self, ui: &mut Ui) -> Result<(), Failure> {
        end(self.exported(), self.json, ui, |exported, ui| {
            exported.text.iter().try_for_each(|text| ui.answer(text.as_bytes()))?;
            exported.files.iter().try_for_each(|file| ui.line(&file.display().to_string()))?;
            Ok(())
        })
    }

    fn exported(&self) -> Result<Exported, Failure> {
        let signed = local::store().require().map_err(|error| failures::store(&error))?;
        let (root, now) = (signed.root(), self.clock.now()?);
        let FormArgs { allowed_signers, vkeys, spki, wasmsign2 } = &self.form;
        let text = match (allowed_signers, vkeys) {
            (true, _) => root.to_allowed_signers(now),
            (_, true) => root.to_verifier_keys(),
            _ if spki.is_some() || wasmsign2.is_some() => String::new(),
            _ => String::from_utf8_lossy(&signed.to_json()).into_owned(),
        };
        let folders = [(spki, PublicKeyForm::Spki, "pub"), (wasmsign2, PublicKeyForm::Raw, "key")];
        let mut files = Vec::new();
        for (folder, form, extension) in folders {
            let Some(folder) = folder else { continue };
            for (key, contents) in root.publisher_keys(form, now) {
                let id = key.tuf_key_id().to_string();
                let path = folder.join(format!("{}.{extension}", &id[..16]));
                place::replace(&path, &contents)?;
                files.push(path);
            }
        }
        Ok(Exported { text: Some(text).filter(|text| !text.is_empty()), files })
    }
}
