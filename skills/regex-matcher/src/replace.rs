//! Matches replaced.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};
use vak_guest::Error;

use crate::pattern::compile;

/// What is to be put in the place of matches: `{"pattern":"a","text":"banana","replacement":"o"}`.
#[derive(Deserialize)]
pub(crate) struct Input<'a> {
    #[serde(borrow)]
    pattern: Cow<'a, str>,
    #[serde(borrow)]
    text: Cow<'a, str>,
    /// Text in which `$1`, `$name` and `${name}` stand for groups, and `$$` for a dollar sign.
    #[serde(borrow)]
    replacement: Cow<'a, str>,
    /// Every match, or the first alone; all if nobody says.
    all: Option<bool>,
}

/// The new text: `{"text":"bonono","count":3}`.
#[derive(Serialize)]
pub(crate) struct Output {
    text: String,
    count: usize,
}

/// The longest text that comes out. Few bytes ask for many: a text of matches, each replaced by a long text.
const MAX_TEXT_BYTES: usize = 1 << 20;

pub(crate) fn replace(Input { pattern, text, replacement, all }: Input<'_>) -> Result<Output, Error> {
    let regex = compile(&pattern)?;
    let most = if all.unwrap_or(true) { usize::MAX } else { 1 };
    let mut output = Output { text: String::with_capacity(text.len()), count: 0 };
    let mut done = 0;
    for found in regex.captures_iter(&text).take(most) {
        let whole = found.get_match();
        output.push(text.get(done..whole.start()).unwrap_or_default())?;
        found.expand(&replacement, &mut output.text);
        output.count += 1;
        done = whole.end();
    }
    output.push(text.get(done..).unwrap_or_default())?;
    Ok(output)
}

impl Output {
    fn push(&mut self, text: &str) -> Result<(), Error> {
        self.text.push_str(text);
        if self.text.len() > MAX_TEXT_BYTES {
            return Err(format_args!("the text would have more than {MAX_TEXT_BYTES} bytes").into());
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn replaced(pattern: &str, text: &str, replacement: &str, all: Option<bool>) -> (String, usize) {
        let input = Input { pattern: pattern.into(), text: text.into(), replacement: replacement.into(), all };
        let Output { text, count } = replace(input).expect("a text");
        (text, count)
    }

    #[test]
    fn every_match_is_replaced_or_the_first_alone() {
        assert_eq!(replaced("a", "banana", "ü", None), ("bününü".to_owned(), 3));
        assert_eq!(replaced("a", "banana", "ü", Some(true)), ("bününü".to_owned(), 3));
        assert_eq!(replaced("a", "banana", "ü", Some(false)), ("bünana".to_owned(), 1));
        assert_eq!(replaced("x", "banana", "ü", None), ("banana".to_owned(), 0));
    }

    #[test]
    fn a_dollar_sign_stands_for_a_group() {
        assert_eq!(replaced("(?<y>[0-9]+)-([0-9]+)", "2024-05", "$2/${y} $0", None), ("05/2024 2024-05".to_owned(), 1));
        assert_eq!(replaced("(a)(b)?", "a", "<$1|$2|$9>", None), ("<a||>".to_owned(), 1));
        assert_eq!(replaced("a", "a", "$$1", None), ("$1".to_owned(), 1));
        assert_eq!(replaced("(a)", "a", "$1b ${1}b", None), (" ab".to_owned(), 1), "`$1b` is a group named `1b`");
    }

    #[test]
    fn empty_matches_are_replaced_too() {
        assert_eq!(replaced("", "äb", "-", None), ("-ä-b-".to_owned(), 3));
    }

    #[test]
    fn a_text_that_would_grow_too_long_is_an_error() {
        let (text, replacement) = ("a".repeat(1200), "b".repeat(1000));
        let input = Input { pattern: "a".into(), text: text.into(), replacement: replacement.into(), all: None };
        let error = replace(input).map(|output| output.count).expect_err("refused");
        assert_eq!(error.message(), "the text would have more than 1048576 bytes");
    }
}
