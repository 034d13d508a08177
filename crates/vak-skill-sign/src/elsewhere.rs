//! Signing on another machine: what is to be signed goes out, the signature comes back.

use std::path::{Path, PathBuf};

use base64ct::{Base64, Encoding as _};
use clap::Args;
use serde::Serialize;
use vak_cli::{Failure, JsonArgs, Ui, quote};
use vak_model::Code;
use vak_package::read_file;
use vak_trust::{Earlier, signing_message};

use crate::artefact::Artefact;
use crate::keys::public_key;
use crate::report::Skill;
use crate::sign::{HowArgs, Order, attached};
use crate::{failures, place};

const SIGNATURE_BYTES: usize = 64;

/// The largest file that is looked at for a signature, in bytes.
const MAX_FILE_BYTES: u64 = 1024;

/// Print what a key signs to vouch for an artefact: 42 bytes, in hexadecimal digits
///
/// Nothing but the file of --out is written. The bytes hold for the module with its manifest inside, and stay the same
/// whoever has signed it already.
#[derive(Args, Debug)]
#[command(after_help = "\
Examples:
  vak-skill-sign digest hello.wasm
  vak-skill-sign digest hello.wasm --out message.bin
  openssl pkeyutl -sign -rawin -inkey key.pem -in message.bin -out signature.bin      on the other machine")]
pub(crate) struct DigestArgs {
    /// The artefact
    #[arg(value_name = "PATH.wasm")]
    path: PathBuf,
    /// The manifest [default: as for signing]
    #[arg(long, value_name = "FILE")]
    manifest: Option<PathBuf>,
    /// Write the 42 bytes to this file as well
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    #[command(flatten)]
    json: JsonArgs,
}

/// Put a signature into an artefact that was made elsewhere, if it is good
#[derive(Args, Debug)]
#[command(after_help = "\
Examples:
  vak-skill-sign attach hello.wasm --signature signature.bin --public-key key.pub
  vak-skill-sign attach hello.wasm --signature signature.bin --public-key key.pub --add")]
pub(crate) struct AttachArgs {
    /// The artefact
    #[arg(value_name = "PATH.wasm")]
    path: PathBuf,
    /// The signature: 64 bytes, or these in base64 or in hexadecimal digits
    #[arg(long, value_name = "FILE")]
    signature: PathBuf,
    /// The public key that made it: a file, or ed25519:...
    #[arg(long, value_name = "KEY")]
    public_key: String,
    #[command(flatten)]
    how: HowArgs,
    #[command(flatten)]
    json: JsonArgs,
}

#[derive(Debug, Serialize)]
struct Report<'a> {
    skill: Option<Skill<'a>>,
    /// What is signed, in hexadecimal digits.
    message: Option<&'a str>,
    error: Option<&'a Failure>,
}

impl DigestArgs {
    pub(crate) fn run(self, ui: &mut Ui) -> Result<(), Failure> {
        let artefact = self.message();
        if self.json.json {
            let (artefact, error) = (artefact.as_ref().ok(), artefact.as_ref().err());
            let report = Report {
                skill: artefact.map(|(artefact, _)| Skill::of(&artefact.package)),
                message: artefact.map(|(_, message)| message.as_str()),
                error,
            };
            return ui.report(&report, error.cloned());
        }
        let (artefact, message) = artefact?;
        let shown = quote(&place::shown(&artefact.file).display().to_string());
        ui.note(&format!("next: vak-skill-sign attach {shown} --signature FILE --public-key FILE"))?;
        Ok(ui.line(&message)?)
    }

    fn message(&self) -> Result<(Artefact, String), Failure> {
        let artefact = Artefact::read(&self.path, self.manifest.as_deref(), Earlier::Replace)?;
        let message = signing_message(&artefact.package);
        if let Some(out) = &self.out {
            place::replace(out, &message)?;
        }
        Ok((artefact, base16ct::lower::encode_string(&message)))
    }
}

impl AttachArgs {
    pub(crate) fn run(self, ui: &mut Ui) -> Result<(), Failure> {
        let Self { path, signature, public_key: public, how, json } = self;
        Order { path, how, json }
            .run(ui, |package, earlier| attached(package, public_key(&public)?, &read_signature(&signature)?, earlier))
    }
}

fn read_signature(path: &Path) -> Result<[u8; SIGNATURE_BYTES], Failure> {
    let contents = read_file(path, MAX_FILE_BYTES).map_err(|error| failures::file(&error))?;
    signature(&contents).ok_or_else(|| {
        let message = format!("`{}` holds no signature", path.display());
        Failure::new(Code::SignatureMalformed, message).right("64 bytes, or these in base64 or in hexadecimal digits")
    })
}

fn signature(contents: &[u8]) -> Option<[u8; SIGNATURE_BYTES]> {
    if let Ok(raw) = contents.try_into() {
        return Some(raw);
    }
    let text = std::str::from_utf8(contents).ok()?.trim();
    let decoded = base16ct::mixed::decode_vec(text).ok().or_else(|| Base64::decode_vec(text).ok());
    decoded?.try_into().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn signatures_are_read_in_three_forms() {
        let raw = std::array::from_fn(|i| i as u8 + 200);
        assert_eq!(signature(&raw), Some(raw));
        assert_eq!(signature(format!("{}\n", Base64::encode_string(&raw)).as_bytes()), Some(raw));
        assert_eq!(signature(base16ct::upper::encode_string(&raw).as_bytes()), Some(raw));
        for bad in [&b""[..], &raw[..63], &[0; 65], b"AAAA", &[b'0'; 126]] {
            assert_eq!(signature(bad), None, "{bad:?}");
        }
    }
}
