//! Secrets of the operator's: where they lie, and which host they are for.

use std::io::Read as _;
use std::path::Path;
use std::process::{Command, Stdio};

use vak_cli::Failure;
use vak_model::Code;
use vak_package::read_file;
use vak_runtime::{InvalidSecret, Secret};
use zeroize::Zeroizing;

/// The largest file with a secret, in bytes: that of the secret, and the end of its line.
const MAX_FILE_BYTES: u64 = 8194;

/// How the word of `--secret` is written.
const FORM: &str = "--secret 'KEY=env:API_KEY@api.example.com:authorization'";

/// The secret that the word of a flag names: `NAME=env:VAR@HOST:HEADER`, with `file:PATH` or `command:LINE` in the place of
/// `env:VAR`.
///
/// No error shows anything but the word: the value may be what is wrong.
pub(crate) fn secret(word: &str) -> Result<Secret, Failure> {
    let shown = vak_model::printable(word, 200);
    let wrong = |what: &str| {
        Failure::new(Code::UsageArguments, format!("--secret `{shown}` {what}"))
            .next(FORM, "sends the value of a variable to one host, in one header")
    };
    let form = || wrong("is not written as NAME=env:VAR@HOST:HEADER, nor with file:PATH or command:LINE for env:VAR");
    let (name, rest) = word.split_once('=').ok_or_else(form)?;
    let (source, place) = rest.rsplit_once('@').ok_or_else(form)?;
    let (host, header) = place.rsplit_once(':').ok_or_else(form)?;
    if !is_source(source) {
        return Err(form());
    }
    let value = value("secret", source)?;
    Secret::new(name, host, header, &value).map_err(|error: InvalidSecret| wrong(&format!("can't be used: {error}")))
}

/// The value that a word of the flag `--flag` names, `env:VAR`, `file:PATH` or `command:LINE`, without the end of its line.
///
/// No error shows anything but the word.
pub(crate) fn value(flag: &str, source: &str) -> Result<Zeroizing<String>, Failure> {
    let wrong = |what: String| Failure::new(Code::UsageArguments, format!("--{flag} {what}"));
    let value = Zeroizing::new(match source.split_once(':') {
        Some(("env", variable)) => std::env::var(variable).map_err(|_| {
            wrong(format!("names the variable `{}`, which is not set", vak_model::printable(variable, 200)))
        })?,
        Some(("file", path)) => of_file(Path::new(path))?,
        Some(("command", line)) => of_command(line)?,
        _ => {
            // What is written in its place may be the value itself.
            return Err(wrong("is not written as env:VAR, file:PATH or command:LINE".to_owned())
                .next(format!("--{flag} env:API_KEY"), "takes the value of a variable"));
        }
    });
    Ok(Zeroizing::new(value.trim_end_matches(['\r', '\n']).to_owned()))
}

fn is_source(word: &str) -> bool {
    matches!(word.split_once(':'), Some(("env" | "file" | "command", _)))
}

fn of_file(path: &Path) -> Result<String, Failure> {
    let bytes = read_file(path, MAX_FILE_BYTES).map_err(|error| {
        let message = format!("the secret in `{}` can't be read", path.display());
        Failure::new(Code::FileRead, message).caused_by(&error)
    })?;
    String::from_utf8(bytes)
        .map_err(|_| Failure::new(Code::UsageArguments, format!("the secret in `{}` is not text", path.display())))
}

/// What a line for the shell prints, such as one that asks a keyring. It may ask a person, on the terminal, so it has the
/// time that it takes.
fn of_command(line: &str) -> Result<String, Failure> {
    let failed = |what: String| {
        let shown = vak_model::printable(line, 200);
        Failure::new(Code::FileRead, format!("the command for a secret {what}")).fact("command", shown)
    };
    let broken = |error: std::io::Error| failed("can't be run".to_owned()).caused_by(&error);
    let mut child =
        Command::new("sh").args(["-c", line]).stdin(Stdio::null()).stdout(Stdio::piped()).spawn().map_err(broken)?;
    let mut bytes = Zeroizing::new(Vec::new());
    // Closed behind this, so that a command which prints without end is ended by it.
    let read = child.stdout.take().map(|stdout| stdout.take(MAX_FILE_BYTES + 1).read_to_end(&mut bytes));
    let status = child.wait().map_err(broken)?;
    read.transpose().map_err(broken)?;
    if bytes.len() as u64 > MAX_FILE_BYTES {
        return Err(failed(format!("prints more than {MAX_FILE_BYTES} bytes")));
    }
    if !status.success() {
        return Err(failed(format!("failed: {status}")));
    }
    std::str::from_utf8(&bytes).map(str::to_owned).map_err(|_| failed("prints what is not text".to_owned()))
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

    #[test]
    fn a_command_gives_one_line_or_an_error_without_it() {
        let given = value("secret", "command:printf 'Bearer %s\\n' s3cret-value").expect("a value");
        assert_eq!(given.as_str(), "Bearer s3cret-value");
        for (line, said) in [
            ("echo s3cret-value; exit 3", "failed: exit status: 3"),
            ("yes s3cret-value", "prints more than 8194 bytes"),
            ("printf 's3cret\\377'", "prints what is not text"),
        ] {
            let failure = value("secret", &format!("command:{line}")).expect_err(line);
            let text = failure.message().to_owned();
            assert!(text.contains(said) && !text.contains("s3cret"), "{line}: {text}");
        }
    }
}
