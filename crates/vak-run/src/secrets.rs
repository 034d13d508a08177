//! Secrets of the operator's: where they lie, and which host they are for.

use std::path::Path;

use vak_cli::Failure;
use vak_model::Code;
use vak_package::read_file;
use vak_runtime::{InvalidSecret, Secret};
use zeroize::Zeroizing;

/// The largest file with a secret, in bytes: that of the secret, and the end of its line.
const MAX_FILE_BYTES: u64 = 8194;

/// How the word of `--secret` is written.
const FORM: &str = "--secret 'KEY=env:API_KEY@api.example.com:authorization'";

/// The secret that the word of a flag names: `NAME=env:VAR@HOST:HEADER` or `NAME=file:PATH@HOST:HEADER`.
///
/// No error shows anything but the word: the value may be what is wrong.
pub(crate) fn secret(word: &str) -> Result<Secret, Failure> {
    let shown = vak_model::printable(word, 200);
    let wrong = |what: &str| {
        Failure::new(Code::UsageArguments, format!("--secret `{shown}` {what}"))
            .next(FORM, "sends the value of a variable to one host, in one header")
    };
    let form = || wrong("is not written as NAME=env:VAR@HOST:HEADER or NAME=file:PATH@HOST:HEADER");
    let (name, rest) = word.split_once('=').ok_or_else(form)?;
    let (source, place) = rest.rsplit_once('@').ok_or_else(form)?;
    let (host, header) = place.rsplit_once(':').ok_or_else(form)?;
    if !is_source(source) {
        return Err(form());
    }
    let value = value("secret", source)?;
    Secret::new(name, host, header, &value).map_err(|error: InvalidSecret| wrong(&format!("can't be used: {error}")))
}

/// The value that a word of the flag `--flag` names, `env:VAR` or `file:PATH`, without the end of its line.
///
/// No error shows anything but the word.
pub(crate) fn value(flag: &str, source: &str) -> Result<Zeroizing<String>, Failure> {
    let wrong = |what: String| Failure::new(Code::UsageArguments, format!("--{flag} {what}"));
    let value = Zeroizing::new(match source.split_once(':') {
        Some(("env", variable)) => std::env::var(variable).map_err(|_| {
            wrong(format!("names the variable `{}`, which is not set", vak_model::printable(variable, 200)))
        })?,
        Some(("file", path)) => of_file(Path::new(path))?,
        _ => {
            // What is written in its place may be the value itself.
            return Err(wrong("is not written as env:VAR or file:PATH".to_owned())
                .next(format!("--{flag} env:API_KEY"), "takes the value of a variable"));
        }
    });
    Ok(Zeroizing::new(value.trim_end_matches(['\r', '\n']).to_owned()))
}

fn is_source(word: &str) -> bool {
    matches!(word.split_once(':'), Some(("env" | "file", _)))
}

fn of_file(path: &Path) -> Result<String, Failure> {
    let bytes = read_file(path, MAX_FILE_BYTES).map_err(|error| {
        let message = format!("the secret in `{}` can't be read", path.display());
        Failure::new(Code::FileRead, message).caused_by(&error)
    })?;
    String::from_utf8(bytes)
        .map_err(|_| Failure::new(Code::UsageArguments, format!("the secret in `{}` is not text", path.display())))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_word_that_is_no_secret_is_refused_and_never_shows_a_value() {
        let folder = tempfile::tempdir().expect("a folder");
        let (good, bad) = (folder.path().join("good"), folder.path().join("bad"));
        std::fs::write(&good, "s3cret-value\n").expect("written");
        std::fs::write(&bad, "s3cret\nvalue-2\n").expect("written");
        let word = |file: &Path, place: &str| format!("KEY=file:{}@{place}", file.display());
        let shown = format!("{:?}", secret(&word(&good, "api.example.com:x-key")).expect("a secret"));
        assert!(shown.contains("KEY") && !shown.contains("s3cret"), "{shown}");
        for word in [
            word(&bad, "api.example.com:x-key"),
            word(&good, "*.example.com:x-key"),
            word(&good, "api.example.com:host"),
            word(&folder.path().join("none"), "api.example.com:x-key"),
            "KEY=env:VAK_NO_SUCH_VARIABLE@api.example.com:x-key".to_owned(),
            "KEY=s3cret-value@api.example.com:x-key".to_owned(),
            "KEY".to_owned(),
        ] {
            let failure = format!("{:?}", secret(&word).expect_err(&word));
            assert!(!failure.contains("value-2"), "{failure}");
        }
    }
}
