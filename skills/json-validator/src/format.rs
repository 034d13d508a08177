//! Another layout for a text. Keys keep their order, numbers and strings the characters that they are written with.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};

use crate::mistake::Refusal;
use crate::scan::{Container, Event, Scanner};

/// What to lay out with line breaks: `{"json":"[1,2]","indent":2}`.
#[derive(Deserialize)]
pub(crate) struct PrettyInput<'a> {
    #[serde(borrow)]
    json: Cow<'a, str>,
    /// How many spaces per level; 2 if nobody says.
    indent: Option<usize>,
}

/// What to lay out without white space: `{"json":"[1, 2]"}`.
#[derive(Deserialize)]
pub(crate) struct MinifyInput<'a> {
    #[serde(borrow)]
    json: Cow<'a, str>,
}

/// The text in its new layout: `{"json":"[1,2]"}`.
#[derive(Serialize)]
pub(crate) struct Output {
    json: String,
}

/// The longest text that comes out. A short text can ask for a long one: each bracket of many levels gets a line.
const MAX_BYTES: usize = 1 << 20;

/// As many spaces as a level may have.
const WIDEST_INDENT: &str = "        ";

/// How many spaces per level if nobody says.
const DEFAULT_INDENT: usize = 2;

pub(crate) fn pretty(PrettyInput { json, indent }: PrettyInput<'_>) -> Result<Output, Refusal> {
    lay_out(&json, Some(indent.unwrap_or(DEFAULT_INDENT)))
}

pub(crate) fn minify(MinifyInput { json }: MinifyInput<'_>) -> Result<Output, Refusal> {
    lay_out(&json, None)
}

/// Lays a text out, with line breaks if there is an indent.
fn lay_out(text: &str, indent: Option<usize>) -> Result<Output, Refusal> {
    let mut scanner = Scanner::new(text);
    // What is allocated last grows in place.
    let mut layout = Layout { out: String::with_capacity(text.len()), indent, depth: 0, last: Last::Start };
    while let Some(event) = scanner.event().map_err(|mistake| mistake.refuse(text))? {
        layout.add(event);
        if layout.out.len() > MAX_BYTES {
            return Err(Refusal::plain(format!("the formatted text would have more than {MAX_BYTES} bytes")));
        }
    }
    Ok(Output { json: layout.out })
}

/// What stands at the end of the text so far.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Last {
    Start,
    Open,
    Key,
    Value,
}

struct Layout {
    out: String,
    indent: Option<usize>,
    depth: usize,
    last: Last,
}

impl Layout {
    fn add(&mut self, event: Event<'_>) {
        match event {
            Event::Begin(container) => {
                self.separate();
                self.out.push(if container == Container::Array { '[' } else { '{' });
                self.depth += 1;
                self.last = Last::Open;
            }
            Event::End(container) => {
                self.depth -= 1;
                if self.last != Last::Open {
                    self.break_line();
                }
                self.out.push(if container == Container::Array { ']' } else { '}' });
                self.last = Last::Value;
            }
            Event::Key(key) => {
                self.separate();
                self.out.push_str(key);
                self.out.push_str(if self.indent.is_some() { ": " } else { ":" });
                self.last = Last::Key;
            }
            Event::Scalar(scalar) => {
                self.separate();
                self.out.push_str(scalar);
                self.last = Last::Value;
            }
        }
    }

    /// Writes what stands between the last thing and the next one.
    fn separate(&mut self) {
        match self.last {
            Last::Start | Last::Key => {}
            Last::Open => self.break_line(),
            Last::Value => {
                self.out.push(',');
                self.break_line();
            }
        }
    }

    fn break_line(&mut self) {
        if let Some(indent) = self.indent {
            self.out.push('\n');
            let spaces = WIDEST_INDENT.get(..indent).unwrap_or(WIDEST_INDENT);
            self.out.extend(std::iter::repeat_n(spaces, self.depth));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn formatted(json: &str, indent: Option<usize>) -> String {
        lay_out(json, indent).expect("JSON").json
    }

    #[test]
    fn each_item_and_member_gets_a_line_and_empty_containers_none() {
        let text = r#"{"b":[1,{"c":null}],"a":[],"d":{ }}"#;
        let lines = "{\n  \"b\": [\n    1,\n    {\n      \"c\": null\n    }\n  ],\n  \"a\": [],\n  \"d\": {}\n}";
        assert_eq!(formatted(text, Some(2)), lines);
        assert_eq!(formatted(text, Some(0)), lines.replace("  ", ""));
        assert_eq!(formatted(" 1 ", Some(4)), "1");
    }

    #[test]
    fn order_numbers_and_escapes_stay_as_they_are_written() {
        let text = r#"{"z":1.0,"a":-0,"z":1E+2,"\u00fc":"\/\ud800ü","n":12345678901234567890123}"#;
        assert_eq!(formatted(text, None), text);
        assert_eq!(formatted(&formatted(text, Some(3)), None), text);
    }

    #[test]
    fn white_space_between_goes_and_white_space_within_strings_stays() {
        assert_eq!(
            formatted("\r\n[ 1\t,\n\" a\u{a0} b \" , { \"k\" : true } ] ", None),
            "[1,\" a\u{a0} b \",{\"k\":true}]"
        );
    }

    #[test]
    fn a_text_that_is_not_json_is_an_error_with_its_place() {
        let json = vak_guest::answer(br#"{"json":"[1,\n x]"}"#, pretty).expect_err("refused");
        assert_eq!(json, br#"{"error":"json: expected a value","line":2,"column":2}"#);
    }

    #[test]
    fn a_text_that_would_grow_too_long_is_an_error() {
        let text = "[".repeat(100) + &"1,".repeat(2000) + "1" + &"]".repeat(100);
        assert!(lay_out(&text, Some(2)).is_ok());
        let refused = Refusal::plain("the formatted text would have more than 1048576 bytes");
        assert_eq!(lay_out(&text, Some(8)).map(|output| output.json), Err(refused));
    }
}
