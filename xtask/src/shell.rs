//! Words as a POSIX shell reads them.

/// `word` in single quotes: the shell takes every byte of it as it is.
pub(crate) fn quote(word: &str) -> String {
    format!("'{}'", word.replace('\'', r"'\''"))
}

/// `word` as a person would type it: in quotes only if the shell would otherwise change it.
pub(crate) fn word(word: &str) -> String {
    let plain = |b: u8| b.is_ascii_alphanumeric() || b"-_./:=,@%+".contains(&b);
    if !word.is_empty() && word.bytes().all(plain) { word.to_owned() } else { quote(word) }
}

#[cfg(test)]
mod tests {
    use std::process::Command;

    use super::*;

    const AWKWARD: &[&str] = &["", "plain", "two words", "it's", "''", "$HOME `id` \"x\" \\", "a\nb", "*;&|<>(){}~#!"];

    #[test]
    fn a_shell_gives_back_every_quoted_word_unchanged() {
        for original in AWKWARD {
            for quoted in [quote(original), word(original)] {
                let script = format!("printf %s {quoted}");
                let output = Command::new("sh").args(["-c", &script]).output().expect("sh runs");
                assert_eq!(String::from_utf8_lossy(&output.stdout), *original, "from {quoted}");
            }
        }
    }

    #[test]
    fn a_plain_word_is_shown_without_quotes() {
        assert_eq!(word("--target=wasm32-unknown-unknown"), "--target=wasm32-unknown-unknown");
        assert_eq!(word("{}"), "'{}'");
    }
}
