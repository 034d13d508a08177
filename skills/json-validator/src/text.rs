//! Is a text JSON?

use std::borrow::Cow;

use serde::{Deserialize, Serialize};

use crate::mistake::{Located, Mistake, Refusal};
use crate::parse::parse;
use crate::scan::Scanner;

/// What to check: `{"json":"[1,2]"}`.
#[derive(Deserialize)]
pub(crate) struct Input<'a> {
    #[serde(borrow)]
    json: Cow<'a, str>,
    /// Whether to refuse also what readers disagree about; not, if nobody says.
    strict: Option<bool>,
}

/// `{"valid":true}`, or `{"valid":false,"error":{"message":"expected a value","line":1,"column":1}}`.
#[derive(Serialize)]
pub(crate) struct Output {
    valid: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<Located>,
}

pub(crate) fn validate(Input { json, strict }: Input<'_>) -> Result<Output, Refusal> {
    let checked = if strict.unwrap_or(false) { parse(&json).map(drop) } else { check(&json) };
    let error = checked.err().map(|mistake| mistake.locate(&json));
    Ok(Output { valid: error.is_none(), error })
}

/// Holds a text against the grammar.
fn check(text: &str) -> Result<(), Mistake> {
    let mut scanner = Scanner::new(text);
    while scanner.event()?.is_some() {}
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn verdict(json: &str, strict: bool) -> Option<(&'static str, usize, usize)> {
        let output = validate(Input { json: json.into(), strict: Some(strict) }).expect("a verdict");
        output.error.map(|Located { message, line, column }| (message, line, column))
    }

    #[test]
    fn what_the_grammar_allows_is_valid() {
        for text in [
            "null",
            " true\t",
            "\r\nfalse\n",
            "0",
            "-0",
            "-1.5e+10",
            "1E400",
            "\"\"",
            r#""\"\\\/\b\f\n\r\t\u00e9\ud800""#,
            "\"\u{7f}\u{2028}ü世🙂\"",
            "[]",
            "[ ]",
            "{}",
            "{ }",
            r#"[1,[2,{"a":[],"a":{}}],"x"]"#,
            r#" { "" : { "b" : null } , "c" : 0 } "#,
        ] {
            assert_eq!(verdict(text, false), None, "{text}");
        }
    }

    #[test]
    fn a_mistake_is_named_with_its_line_and_column() {
        for (text, mistake) in [
            ("", ("unexpected end of the text", 1, 1)),
            (" \n ", ("unexpected end of the text", 2, 2)),
            ("[1,", ("unexpected end of the text", 1, 4)),
            ("{\"a\"", ("unexpected end of the text", 1, 5)),
            ("-", ("unexpected end of the text", 1, 2)),
            ("\"ä", ("unfinished string", 1, 3)),
            ("\"\\", ("unexpected end of the text", 1, 3)),
            ("nul", ("expected a value", 1, 1)),
            ("[1,]", ("expected a value", 1, 4)),
            ("[,1]", ("expected a value", 1, 2)),
            ("\u{feff}1", ("expected a value", 1, 1)),
            ("'a'", ("expected a value", 1, 1)),
            ("[1 2]", ("expected `,` or `]`", 1, 4)),
            ("[\"ü\"\n  1]", ("expected `,` or `]`", 2, 3)),
            ("[1}", ("expected `,` or `]`", 1, 3)),
            ("{\"a\":1]", ("expected `,` or `}`", 1, 7)),
            ("{\"a\":1,}", ("expected a key", 1, 8)),
            ("{a:1}", ("expected a key or `}`", 1, 2)),
            ("{\"a\" 1}", ("expected `:`", 1, 6)),
            ("1 2", ("expected the end of the text", 1, 3)),
            ("nulll", ("expected the end of the text", 1, 5)),
            ("01", ("a number has a leading zero", 1, 2)),
            ("1.x", ("expected a digit", 1, 3)),
            ("[1e+]", ("expected a digit", 1, 5)),
            ("+1", ("expected a value", 1, 1)),
            (".5", ("expected a value", 1, 1)),
            ("\"a\nb\"", ("control character in a string", 1, 3)),
            (r#""\x""#, ("unknown escape", 1, 3)),
            (r#""\u12g4""#, ("expected four hexadecimal digits", 1, 6)),
        ] {
            assert_eq!(verdict(text, false), Some(mistake), "{text}");
        }
    }

    #[test]
    fn strict_refuses_what_readers_disagree_about() {
        for (text, mistake) in [
            ("{\"a\":1,\n\"a\":2}", ("a key that is there already", 2, 1)),
            (r#"["\ud800"]"#, ("a lone surrogate in a string", 1, 2)),
            ("[0, -1e400]", ("a number that no double holds", 1, 5)),
        ] {
            assert_eq!(verdict(text, false), None, "{text}");
            assert_eq!(verdict(text, true), Some(mistake), "{text}");
        }
        assert_eq!(verdict(r#"{"a":[1e308,"\ud83d\ude42"]}"#, true), None);
    }

    #[test]
    fn nesting_is_bounded() {
        let nested = |levels| "[".repeat(levels) + &"]".repeat(levels);
        assert_eq!(verdict(&nested(128), true), None);
        assert_eq!(verdict(&nested(129), false), Some(("nested deeper than 128 levels", 1, 129)));
        assert_eq!(verdict(&nested(100_000), true), Some(("nested deeper than 128 levels", 1, 129)));
    }
}
