//! Signing an artefact, whoever makes the signature.

use std::path::{Path, PathBuf};
use std::time::Duration;

use clap::Args;
use vak_cli::{Failure, JsonArgs, Ui};
use vak_model::{Code, SignatureBlock};
use vak_package::{Artefact as _, Bounds, Package};
use vak_trust::{
    Earlier, PublicKey, Publisher, SignError, Timestamp, Trust, admit, attach, describe, sign, signing_message,
};

use crate::artefact::{Artefact, Yaml};
use crate::keys::{KeySource, PassphraseArgs, key_folder, key_source, public_key};
use crate::report::{self, Report};
use crate::{place, record, signer, yaml};

/// The most keys of an earlier signature that `skill.yaml` goes on naming.
const MAX_HINTS: usize = 16;

/// What helps those who have no key.
const MAKE: (&str, &str) = ("vak-skill-sign keygen", "makes one");

/// What is signed with which key.
#[derive(Args, Debug)]
pub(crate) struct SignArgs {
    /// The artefact: a .wasm with its manifest inside, or beside its skill.yaml
    #[arg(value_name = "PATH.wasm", required = true)]
    path: Option<PathBuf>,
    /// The secret key: a file that only you can read, - for standard input, or env:NAME [default: keys/default.pem in
    /// the folder of settings]
    #[arg(long, value_name = "FILE|-|env:NAME", value_parser = key_source, conflicts_with = "signer")]
    key: Option<KeySource>,
    #[command(flatten)]
    passphrase: PassphraseArgs,
    /// Have this command line sign: it gets the 42 bytes of the message on standard input, answers with the 64 bytes of
    /// the signature on standard output, and can't ask at the terminal
    #[arg(long, value_name = "CMD", requires = "public_key")]
    signer: Option<String>,
    /// The public key that the command signs with: a file, or ed25519:...
    #[arg(long, value_name = "KEY", requires = "signer")]
    public_key: Option<String>,
    /// How long the command may take
    #[arg(long, value_name = "TIME", default_value = "60s", value_parser = timeout, requires = "signer")]
    signer_timeout: Duration,
    #[command(flatten)]
    how: HowArgs,
    #[command(flatten)]
    json: JsonArgs,
}

/// What becomes of the artefact and of its `skill.yaml`.
#[derive(Args, Debug)]
pub(crate) struct HowArgs {
    /// The manifest [default: the nearest skill.yaml above whose module it is, else the one inside the module]
    #[arg(long, value_name = "FILE")]
    manifest: Option<PathBuf>,
    /// Keep the signatures that are there, and put this one behind them
    #[arg(long)]
    add: bool,
    /// Leave skill.yaml as it is
    #[arg(long)]
    keep_yaml: bool,
    /// Refuse unless the record of the build says that all golden cases were green for these very bytes
    #[arg(long)]
    require_golden: bool,
}

/// What is to be done, whoever signs.
#[derive(Debug)]
pub(crate) struct Order {
    pub(crate) path: PathBuf,
    pub(crate) how: HowArgs,
    pub(crate) json: JsonArgs,
}

/// The key that signed, and the signed artefact.
pub(crate) type Made = (PublicKey, Vec<u8>);

/// What was done.
#[derive(Debug)]
pub(crate) struct Done {
    pub(crate) signed: Package,
    pub(crate) file: PathBuf,
    /// The keys that are known to have signed it: those named before, and the one that signed now.
    pub(crate) keys: Vec<PublicKey>,
    /// The `skill.yaml`, and whether it says so now.
    pub(crate) yaml: Option<(PathBuf, bool)>,
}

fn timeout(text: &str) -> Result<Duration, String> {
    match vak_model::parse_duration_ms(text) {
        Ok(0) => Err("no time at all".to_owned()),
        Ok(ms) => Ok(Duration::from_millis(ms)),
        Err(error) => Err(error.to_string()),
    }
}

impl SignArgs {
    /// Whether there is something to sign.
    #[cfg(test)]
    pub(crate) const fn is_asked_for(&self) -> bool {
        self.path.is_some()
    }

    pub(crate) fn run(self, ui: &mut Ui) -> Result<(), Failure> {
        let Self { path, key, passphrase, signer, public_key: public, signer_timeout, how, json } = self;
        // Without a verb, clap asks for it.
        let order = Order { path: path.unwrap_or_default(), how, json };
        order.run(ui, |package, earlier| match (signer, public) {
            (Some(command), Some(public)) => {
                let public = public_key(&public)?;
                let signature = signer::sign(&command, &signing_message(package), signer_timeout)?;
                attached(package, public, &signature, earlier)
            }
            _ => {
                let key = key.unwrap_or_else(|| KeySource::File(key_folder().join("default.pem")));
                let key = key.read::<Publisher>(&passphrase, MAKE)?;
                Ok((key.public(), sign(package, &key, earlier).map_err(|error| not_signed(&error))?))
            }
        })
    }
}

/// The artefact with a signature that was made elsewhere, if it is the key's.
pub(crate) fn attached(
    package: &Package,
    key: PublicKey,
    signature: &[u8; 64],
    earlier: Earlier,
) -> Result<Made, Failure> {
    Ok((key, attach(package, &key, signature, earlier).map_err(|error| not_signed(&error))?))
}

fn not_signed(error: &SignError) -> Failure {
    let failure = Failure::of(error.code(), error);
    match error {
        SignError::Earlier(_) => failure.fact("or", "leave out --add, to replace what is there"),
        SignError::NotMade(_) => failure.fact("message", "what `vak-skill-sign digest` prints is what is signed"),
        SignError::Full(_) => failure,
    }
}

impl HowArgs {
    pub(crate) const fn earlier(&self) -> Earlier {
        if self.add { Earlier::Keep } else { Earlier::Replace }
    }
}

impl Order {
    /// Signs, and says what was done.
    pub(crate) fn run(
        self,
        ui: &mut Ui,
        make: impl FnOnce(&Package, Earlier) -> Result<Made, Failure>,
    ) -> Result<(), Failure> {
        let mut warnings = Vec::new();
        let done = self.done(&mut warnings, make);
        if self.json.json {
            let report = Report::of(done.as_ref().ok(), warnings, done.as_ref().err());
            return ui.report(&report, done.as_ref().err().cloned());
        }
        warnings.iter().try_for_each(|warning| ui.warn(warning))?;
        report::tell(&done?, ui)
    }

    /// Everything that can fail comes before anything is written. The artefact is written first: without the block in
    /// `skill.yaml` it is whole, and signing again fills the block.
    fn done(
        &self,
        warnings: &mut Vec<String>,
        make: impl FnOnce(&Package, Earlier) -> Result<Made, Failure>,
    ) -> Result<Done, Failure> {
        let how = &self.how;
        let artefact = Artefact::read(&self.path, how.manifest.as_deref(), how.earlier())?;
        warnings.extend(record::check(&artefact.file, &artefact.package, how.require_golden)?);
        let (key, bytes) = make(&artefact.package, how.earlier())?;
        let (signed, keys) = checked(bytes, key, artefact.yaml.as_ref())?;
        let block = describe(&signed, &keys);
        let text = match (&artefact.yaml, &block) {
            (Some(yaml), Some(block)) if !how.keep_yaml => Some((&yaml.path, filled(yaml, block)?)),
            _ => None,
        };
        place::replace(&artefact.file, signed.bytes())?;
        if let Some((path, text)) = &text {
            let path = path.canonicalize().unwrap_or_else(|_| path.to_path_buf());
            place::replace(&path, text.as_bytes())?;
        }
        let filled = text.is_some();
        Ok(Done {
            signed,
            file: place::shown(&artefact.file),
            keys,
            yaml: artefact.yaml.map(|yaml| (yaml.path, filled)),
        })
    }
}

/// The signed artefact as everybody else will read it, and the keys whose signatures it carries as far as they are known:
/// the ones that `skill.yaml` named, and `key`.
fn checked(bytes: Vec<u8>, key: PublicKey, yaml: Option<&Yaml>) -> Result<(Package, Vec<PublicKey>), Failure> {
    let signed = Package::read(bytes, &Bounds::default()).map_err(|error| Failure::of(error.code(), &error))?;
    // A key by itself has no time that it holds for.
    let signed_by = |key: &PublicKey| admit(signed.clone(), &Trust::key(*key), Timestamp::EPOCH);
    signed_by(&key).map_err(|error| {
        Failure::new(Code::InternalBug, format!("this is a bug in VAK: the artefact came out {error}"))
    })?;
    let block = yaml.and_then(|yaml| yaml.document.manifest().signature.as_ref());
    let named = block.iter().flat_map(|block| &block.keys).take(MAX_HINTS).filter_map(|key| key.parse().ok());
    let mut keys: Vec<PublicKey> = Vec::new();
    for candidate in named.chain([key]) {
        if !keys.contains(&candidate) && signed_by(&candidate).is_ok() {
            keys.push(candidate);
        }
    }
    Ok((signed, keys))
}

fn filled(yaml: &Yaml, block: &SignatureBlock) -> Result<String, Failure> {
    yaml::filled(&yaml.text, &yaml.document, block).map_err(|error| not_filled(&error, &yaml.path))
}

fn not_filled(error: &yaml::NotEditable, path: &Path) -> Failure {
    Failure::of(Code::ManifestNotEditable, error)
        .fact("file", path.display().to_string())
        .right("write `signature: null` on a line of its own in it")
        .fact("or", "give --keep-yaml: the signature inside the module is all that is needed")
}
