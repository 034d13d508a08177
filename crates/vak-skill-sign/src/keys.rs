//! Where keys come from: files, standard input, the environment.

use std::io::Read;
use std::path::{Path, PathBuf};

use clap::Args;
use vak_cli::{Failure, Home};
use vak_model::Code;
use vak_package::read_file;
use vak_trust::{PublicKey, Role, SecretKey, read_key_file};
use zeroize::Zeroizing;

use crate::failures;

/// The largest key that is read from anywhere, in bytes.
const MAX_KEY_BYTES: u64 = 16 * 1024;

/// The variable that holds something, as `env:NAME`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Variable(String);

/// Where a secret key is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum KeySource {
    File(PathBuf),
    Stdin,
    Variable(Variable),
}

/// What unlocks an encrypted key.
#[derive(Args, Clone, Debug, Default)]
pub(crate) struct PassphraseArgs {
    /// The variable of the environment that holds the passphrase of the secret key
    #[arg(long, value_name = "env:NAME", value_parser = variable)]
    pub(crate) passphrase: Option<Variable>,
}

/// Where a user's keys lie.
pub(crate) fn key_folder() -> PathBuf {
    Home::from_env().config.join("keys")
}

/// Reads `env:NAME`.
pub(crate) fn variable(text: &str) -> Result<Variable, String> {
    match text.strip_prefix("env:") {
        Some(name) if !name.is_empty() && !name.contains(['=', '\0']) => Ok(Variable(name.to_owned())),
        _ => Err("write env:NAME: secrets on a command line can be seen by others".to_owned()),
    }
}

/// Reads `FILE`, `-` or `env:NAME`.
#[expect(clippy::unnecessary_wraps, reason = "clap asks parsers for a result")]
pub(crate) fn key_source(text: &str) -> Result<KeySource, String> {
    Ok(match text {
        "-" => KeySource::Stdin,
        _ => variable(text).map_or_else(|_| KeySource::File(text.into()), KeySource::Variable),
    })
}

/// Reads a public key: `ed25519:...`, or the name of a file that holds one.
pub(crate) fn public_key(word: &str) -> Result<PublicKey, Failure> {
    if word.starts_with("ed25519:") {
        return word.parse().map_err(|error| unusable(&format!("`{}`", vak_model::printable(word, 80)), &error));
    }
    let contents = read_file(Path::new(word), MAX_KEY_BYTES).map_err(|error| failures::file(&error))?;
    PublicKey::read(&contents).map_err(|error| unusable(&format!("the public key in `{word}`"), &error))
}

fn unusable(what: &str, error: &dyn std::error::Error) -> Failure {
    Failure::new(Code::KeyUnusable, format!("{what} can't be used: {error}"))
}

impl Variable {
    fn value(&self) -> Result<Zeroizing<Vec<u8>>, Failure> {
        use std::os::unix::ffi::OsStringExt;
        let value = std::env::var_os(&self.0).map(|value| Zeroizing::new(value.into_vec()));
        value.ok_or_else(|| Failure::new(Code::KeyMissing, format!("the environment has no variable `{}`", self.0)))
    }
}

impl PassphraseArgs {
    pub(crate) fn value(&self) -> Result<Option<Zeroizing<Vec<u8>>>, Failure> {
        self.passphrase.as_ref().map(Variable::value).transpose()
    }
}

impl KeySource {
    /// Reads the key. `missing` is a command that helps those who have none, and what it does.
    pub(crate) fn read<R: Role>(
        &self,
        passphrase: &PassphraseArgs,
        missing: (&str, &str),
    ) -> Result<SecretKey<R>, Failure> {
        let passphrase = passphrase.value()?;
        let passphrase = passphrase.as_deref().map(Vec::as_slice);
        let (contents, name) = match self {
            Self::File(path) => return read_key_file(path, passphrase).map_err(|error| failures::key(&error, missing)),
            Self::Stdin => (stdin()?, "from standard input".to_owned()),
            Self::Variable(variable) => (variable.value()?, format!("in the variable `{}`", variable.0)),
        };
        SecretKey::read(&contents, passphrase)
            .map_err(|error| Failure::new(error.code(), format!("the key {name} can't be used: {error}")))
    }
}

/// What standard input holds, if it is as short as keys are.
fn stdin() -> Result<Zeroizing<Vec<u8>>, Failure> {
    // Room for all of it at once: a vector that grows leaves copies behind that are not overwritten.
    let mut contents = Zeroizing::new(Vec::with_capacity(MAX_KEY_BYTES as usize + 1));
    std::io::stdin()
        .lock()
        .take(MAX_KEY_BYTES + 1)
        .read_to_end(&mut contents)
        .map_err(|error| Failure::new(Code::FileRead, "failed to read standard input").caused_by(&error))?;
    Ok(contents)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_are_named_and_never_given() {
        assert_eq!(key_source("-"), Ok(KeySource::Stdin));
        assert_eq!(key_source("env:KEY"), Ok(KeySource::Variable(Variable("KEY".to_owned()))));
        assert_eq!(key_source("a.pem"), Ok(KeySource::File("a.pem".into())));
        assert_eq!(key_source("./env:KEY"), Ok(KeySource::File("./env:KEY".into())));
        for bad in ["secret", "env:", "env:a=b", "-"] {
            assert!(variable(bad).is_err(), "{bad}");
        }
    }
}
