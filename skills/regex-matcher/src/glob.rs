//! Globs, as regular expressions.

use serde::{Deserialize, Serialize};
use vak_guest::Error;

use crate::pattern::compile;

/// Which of these paths fit: `{"glob":"src/**/*.rs","paths":["src/lib.rs"]}`.
#[derive(Deserialize)]
pub(crate) struct Input {
    glob: String,
    paths: Vec<String>,
}

/// The paths that fit, in their order: `{"matches":["src/lib.rs"]}`.
#[derive(Serialize)]
pub(crate) struct Output {
    matches: Vec<String>,
}

pub(crate) fn glob(Input { glob, mut paths }: Input) -> Result<Output, Error> {
    let pattern = translate(&glob).map_err(|reason| Error::from(format_args!("glob: {reason}")))?;
    let regex = compile(&pattern)?;
    paths.retain(|path| regex.is_match(path));
    Ok(Output { matches: paths })
}

/// The regular expression that matches the paths of a glob, or what is wrong with the glob.
fn translate(glob: &str) -> Result<String, &'static str> {
    let mut pattern = String::from("(?s)^");
    let mut rest = glob;
    let mut at_start_of_part = true;
    while let Some(next) = rest.chars().next() {
        if at_start_of_part && let Some(after) = rest.strip_prefix("**/") {
            pattern.push_str("(?:.*/)?");
            rest = after;
            continue;
        }
        if at_start_of_part && rest == "**" {
            pattern.push_str(".+");
            break;
        }
        at_start_of_part = next == '/';
        rest = rest.get(next.len_utf8()..).unwrap_or_default();
        rest = match next {
            '*' => {
                pattern.push_str("[^/]*");
                rest.trim_start_matches('*')
            }
            '?' => {
                pattern.push_str("[^/]");
                rest
            }
            '[' => class(rest, &mut pattern)?,
            '\\' => {
                let mut quoted = rest.chars();
                push(&mut pattern, quoted.next().ok_or("nothing after `\\`")?);
                quoted.as_str()
            }
            _ => {
                push(&mut pattern, next);
                rest
            }
        };
    }
    pattern.push('$');
    Ok(pattern)
}

/// Translates what follows a `[`, and gives what follows its `]`.
fn class<'a>(glob: &'a str, pattern: &mut String) -> Result<&'a str, &'static str> {
    let mut chars = glob.chars();
    let negated = glob.starts_with(['!', '^']);
    if negated {
        chars.next();
    }
    // A part of a path has no `/`, so no class matches one.
    pattern.push_str(if negated { "[^/" } else { "[[^/]&&[" });
    let mut first = true;
    loop {
        let low = match chars.next().ok_or(UNCLOSED)? {
            ']' if !first => break,
            '[' if chars.as_str().starts_with([':', '.', '=']) => {
                return Err("classes like `[:alpha:]` are not supported");
            }
            '\\' => chars.next().ok_or(UNCLOSED)?,
            plain => plain,
        };
        first = false;
        push(pattern, low);
        if let Some(after) = chars.as_str().strip_prefix('-')
            && !after.starts_with(']')
        {
            chars = after.chars();
            let high = match chars.next().ok_or(UNCLOSED)? {
                '\\' => chars.next().ok_or(UNCLOSED)?,
                plain => plain,
            };
            if high < low {
                return Err("a range runs backwards");
            }
            pattern.push('-');
            push(pattern, high);
        }
    }
    pattern.push_str(if negated { "]" } else { "]]" });
    Ok(chars.as_str())
}

const UNCLOSED: &str = "a `[` is not closed";

/// Appends a character that stands for itself.
fn push(pattern: &mut String, plain: char) {
    // `\<` and `\>` would be the edges of words.
    if plain.is_ascii_punctuation() && plain != '<' && plain != '>' {
        pattern.push('\\');
    }
    pattern.push(plain);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fits(pattern: &str, path: &str) -> bool {
        let output = glob(Input { glob: pattern.to_owned(), paths: vec![path.to_owned()] }).expect("a verdict");
        output.matches == [path]
    }

    #[track_caller]
    fn check(pattern: &str, fitting: &[&str], others: &[&str]) {
        for path in fitting {
            assert!(fits(pattern, path), "`{pattern}` must match `{path}`");
        }
        for path in others {
            assert!(!fits(pattern, path), "`{pattern}` must not match `{path}`");
        }
    }

    #[test]
    fn a_star_and_a_question_mark_stay_within_a_part_of_the_path() {
        check("*.rs", &["a.rs", ".rs", "世界.rs", "a\nb.rs"], &["a/b.rs", "a.rss", "A.RS", "ars"]);
        check("a?c", &["abc", "aüc", "a?c"], &["ac", "a/c", "abbc"]);
        check("src/*/x", &["src/a/x", "src//x"], &["src/x", "src/a/b/x"]);
        check("a**b", &["ab", "axxb"], &["a/b"]);
        check("", &[""], &["a"]);
    }

    #[test]
    fn two_stars_between_slashes_are_any_number_of_parts() {
        check("**/x", &["x", "a/x", "a/b/x"], &["ax", "x/a", "a/xx"]);
        check("a/**/x", &["a/x", "a/b/x", "a/b/c/x"], &["ax", "b/x", "a/bx"]);
        check("a/**", &["a/b", "a/b/c"], &["a", "b/a", "a/"]);
        check("**", &["a", "a/b"], &[""]);
        check("**/*.rs", &["a.rs", "a/b.rs"], &["a.rs/b"]);
    }

    #[test]
    fn a_class_is_one_of_its_characters_and_never_a_slash() {
        check("[abü]x", &["ax", "bx", "üx"], &["cx", "x", "abx"]);
        check("[a-c0-9]", &["a", "b", "c", "5"], &["d", "-"]);
        check("[!a-c]", &["d", "ü", "-"], &["a", "/", ""]);
        check("[^a]", &["b"], &["a", "^a"]);
        check("[]a]", &["]", "a"], &["b"]);
        check("[!]a]", &["b"], &["]", "a"]);
        check("[a-]", &["a", "-"], &["b"]);
        check("[.-0]", &[".", "0"], &["/"]);
        check("[/]", &[], &["/", "a"]);
        check(r"[\]\\^&~-]", &["]", "\\", "^", "&", "~", "-"], &["a"]);
        check("[a&&b]", &["a", "&", "b"], &["c"]);
        check("[<>]", &["<", ">"], &["a"]);
    }

    #[test]
    fn all_other_characters_stand_for_themselves() {
        for plain in "{a,b}.+()|^$#&-~ <>'\"!@%=:;,é世\n".chars() {
            let text = plain.to_string();
            check(&text, &[&text], &["x", ""]);
        }
        check(r"\*\?\[\\", &[r"*?[\"], &["ab[\\"]);
    }

    #[test]
    fn a_glob_of_another_form_is_an_error() {
        for (pattern, message) in [
            ("[a", "glob: a `[` is not closed"),
            ("[", "glob: a `[` is not closed"),
            ("[]", "glob: a `[` is not closed"),
            (r"[\", "glob: a `[` is not closed"),
            ("[a-", "glob: a `[` is not closed"),
            ("[b-a]", "glob: a range runs backwards"),
            ("[[:alpha:]]", "glob: classes like `[:alpha:]` are not supported"),
            (r"a\", r"glob: nothing after `\`"),
        ] {
            let error = glob(Input { glob: pattern.to_owned(), paths: Vec::new() }).map(|_| ()).expect_err("refused");
            assert_eq!(error.message(), message, "{pattern}");
        }
    }

    #[test]
    fn paths_keep_their_order() {
        let paths = ["b.rs", "c.md", "a.rs"].map(str::to_owned).to_vec();
        assert_eq!(glob(Input { glob: "*.rs".to_owned(), paths }).expect("paths").matches, ["b.rs", "a.rs"]);
    }
}
