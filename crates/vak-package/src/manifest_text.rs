//! `skill.yaml`: a strict subset of YAML 1.2, read into the text's own value tree.
//!
//! Refused with line and column: duplicate keys, anchors and aliases, merge keys, tags, several documents, keys that are
//! not strings, numbers that are not finite, more than 256 KiB, more than 32 levels. `yes`, `no`, `on` and `off` are text.

use std::collections::BTreeMap;

use serde_json::Value;
use serde_yaml::granit_parser::{Event, Parser, ScanError, Span};
use serde_yaml::options::{DuplicateKeyPolicy, MergeKeyPolicy, NonFiniteFloatPolicy};

use crate::json::Strict;

/// A place in a text, both counted from 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Position {
    /// The line.
    pub line: u64,
    /// The column, in characters.
    pub column: u64,
}

/// The largest `skill.yaml`, in bytes: many times what a large skill needs, small enough to parse at once.
pub(crate) const MAX_TEXT_BYTES: usize = 256 * 1024;

/// The deepest nesting, far beyond any readable schema.
pub(crate) const MAX_DEPTH: usize = 32;

/// What is wrong with a text, and where.
#[derive(Debug)]
pub(crate) struct TextError {
    pub(crate) message: String,
    pub(crate) position: Option<Position>,
}

/// Where the parts of a text are, by JSON Pointer (RFC 6901).
#[derive(Clone, Debug, Default)]
pub(crate) struct Positions(BTreeMap<String, Position>);

impl Positions {
    /// The place of the part, or of the nearest part around it.
    pub(crate) fn nearest(&self, pointer: &str) -> Option<Position> {
        let mut pointer = pointer;
        loop {
            if let Some(position) = self.0.get(pointer) {
                return Some(*position);
            }
            pointer = &pointer[..pointer.rfind('/')?];
        }
    }
}

/// The text's value tree and the places of its parts.
pub(crate) fn read_yaml(text: &str) -> Result<(Value, Positions), TextError> {
    if text.len() > MAX_TEXT_BYTES {
        let message = format!("the text has {} bytes, more than {MAX_TEXT_BYTES}", text.len());
        return Err(TextError { message, position: None });
    }
    let positions = Walk::over(text)?;
    let Strict(value) = serde_yaml::from_str_with_options(text, options()).map_err(|error| text_error(&error))?;
    Ok((value, positions))
}

fn options() -> serde_yaml::Options {
    serde_yaml::options! {
        budget: serde_yaml::budget! {
            max_reader_input_bytes: Some(MAX_TEXT_BYTES),
            max_depth: MAX_DEPTH,
            flow_nesting_limit: MAX_DEPTH,
            max_documents: 1,
            max_anchors: 0,
            max_aliases: 0,
            max_nodes: 50_000,
        },
        duplicate_keys: DuplicateKeyPolicy::Error,
        merge_keys: MergeKeyPolicy::Error,
        strict_booleans: true,
        reject_unsupported_tags: true,
        non_finite_float_policy: NonFiniteFloatPolicy::Reject,
        with_snippet: false,
    }
}

/// The parser's message without its own mention of the place, and without its advice to programmers.
fn text_error(error: &serde_yaml::Error) -> TextError {
    let position = error.location().map(|at| Position { line: at.line(), column: at.column() });
    let full = error.to_string();
    let message = full.rsplit_once(" at line ").map_or(full.as_str(), |(message, _)| message);
    let message = message.strip_suffix(", set DuplicateKeyPolicy in Options if acceptable").unwrap_or(message);
    TextError { message: vak_model::printable(message, 400), position }
}

/// A walk over the parser's events, before anything is built from them.
struct Walk {
    positions: BTreeMap<String, Position>,
    open: Vec<Open>,
    documents: usize,
}

/// A collection that has begun.
enum Open {
    Sequence { pointer: String, next: usize },
    Mapping { pointer: String, key: Option<String> },
}

impl Walk {
    fn over(text: &str) -> Result<Positions, TextError> {
        let mut walk = Self { positions: BTreeMap::new(), open: Vec::new(), documents: 0 };
        for event in Parser::new_from_str(text) {
            let (event, span) = event.map_err(|error| scan_error(&error))?;
            walk.event(event, span).map_err(|message| TextError { message, position: Some(place(span)) })?;
        }
        Ok(Positions(walk.positions))
    }

    fn event(&mut self, event: Event<'_>, span: Span) -> Result<(), String> {
        match event {
            Event::DocumentStart(..) => {
                self.documents += 1;
                refuse(self.documents > 1, "a second document begins here; a manifest is one document")
            }
            Event::Alias(..) | Event::UnresolvedAlias(..) => refuse(true, "aliases are not allowed"),
            Event::Anchor(..) => refuse(true, "anchors are not allowed"),
            Event::Scalar(text, _, anchor, tag) => {
                plain_node(anchor, tag.is_some())?;
                self.node(Some(&text), span);
                Ok(())
            }
            Event::SequenceStart(_, anchor, tag) => {
                plain_node(anchor, tag.is_some())?;
                let pointer = self.node(None, span);
                self.open(Open::Sequence { pointer, next: 0 })
            }
            Event::MappingStart(_, anchor, tag) => {
                plain_node(anchor, tag.is_some())?;
                let pointer = self.node(None, span);
                self.open(Open::Mapping { pointer, key: None })
            }
            Event::SequenceEnd | Event::MappingEnd => {
                self.open.pop();
                Ok(())
            }
            _ => Ok(()),
        }
    }

    fn open(&mut self, collection: Open) -> Result<(), String> {
        self.open.push(collection);
        refuse(self.open.len() > MAX_DEPTH, "more than 32 levels")
    }

    /// Notes a node's place and returns its pointer. In a mapping, keys and values alternate; a key stands for its value.
    fn node(&mut self, scalar: Option<&str>, span: Span) -> String {
        let (pointer, note) = match self.open.last_mut() {
            None => (String::new(), true),
            Some(Open::Sequence { pointer, next }) => {
                *next += 1;
                (format!("{pointer}/{}", *next - 1), true)
            }
            Some(Open::Mapping { pointer, key }) => match key.take() {
                Some(key) => (format!("{pointer}/{key}"), false),
                None => {
                    let name = scalar.unwrap_or_default().replace('~', "~0").replace('/', "~1");
                    let entry = format!("{pointer}/{name}");
                    *key = Some(name);
                    (entry, true)
                }
            },
        };
        if note {
            self.positions.insert(pointer.clone(), place(span));
        }
        pointer
    }
}

fn plain_node(anchor: usize, tagged: bool) -> Result<(), String> {
    refuse(anchor != 0, "anchors are not allowed")?;
    refuse(tagged, "tags are not allowed")
}

fn refuse(wrong: bool, message: &str) -> Result<(), String> {
    if wrong { Err(message.to_owned()) } else { Ok(()) }
}

fn place(span: Span) -> Position {
    Position { line: span.start.line() as u64, column: span.start.col() as u64 + 1 }
}

fn scan_error(error: &ScanError) -> TextError {
    let at = error.marker();
    let position = Position { line: at.line() as u64, column: at.col() as u64 + 1 };
    TextError { message: vak_model::printable(&error.info(), 400), position: Some(position) }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn what_makes_yaml_ambiguous_is_refused_at_its_place() {
        for (text, reason, line, column) in [
            ("a: 1\na: 2", "duplicate mapping key", 2, 1),
            ("a:\n  - b: 1\n    b: 2", "duplicate mapping key", 3, 5),
            ("a: &x 1", "anchors", 1, 4),
            ("a: &x 1\nb: *x", "anchors", 1, 4),
            ("a: *x", "unknown anchor", 1, 4),
            ("<<: {a: 1}", "merge keys", 1, 1),
            ("a: !!str 1", "tags", 1, 4),
            ("a: !!binary aGk=", "tags", 1, 4),
            ("a: !mine 1", "tags", 1, 4),
            ("a: 1\n---\nb: 2", "second document", 2, 1),
            ("a: .inf", "non-finite", 1, 4),
            ("1: a", "not a string", 1, 1),
            ("true: a", "not a string", 1, 1),
            ("a: [", "", 1, 4),
        ] {
            let error = read_yaml(text).map(|(value, _)| value).expect_err(text);
            assert!(error.message.contains(reason), "{text:?}: {}", error.message);
            let position = error.position.expect("a place");
            assert_eq!(position.line, line, "{text:?}");
            assert!(reason.is_empty() || position.column.abs_diff(column) <= 10, "{text:?}: {position:?}");
        }
    }

    #[test]
    fn bombs_are_refused_before_they_grow() {
        let laughs: String = (1..9).map(|i| format!("a{i}: &a{i} [*a{0}, *a{0}]\n", i - 1)).collect();
        assert!(read_yaml(&format!("a0: &a0 [x]\n{laughs}")).is_err());
        assert!(read_yaml(&"[".repeat(100_000)).is_err());
        assert!(read_yaml(&format!("{}1{}", "[".repeat(33), "]".repeat(33))).is_err());
        assert!(read_yaml(&"x".repeat(MAX_TEXT_BYTES + 1)).is_err());
    }

    #[test]
    fn yaml_1_1_words_are_text() {
        let (value, _) = read_yaml("a: no\nb: off\nc: true\nd: 2001-01-01\ne: ~").expect("valid");
        assert_eq!(value, serde_json::json!({"a": "no", "b": "off", "c": true, "d": "2001-01-01", "e": null}));
    }

    #[test]
    fn every_part_can_be_found_again() {
        let (_, positions) = read_yaml("a:\n  - b: 1\n    c/d: 2\ne: {f: 3}").expect("valid");
        let at = |pointer| positions.nearest(pointer).map(|p| (p.line, p.column));
        assert_eq!(at("/a"), Some((1, 1)));
        assert_eq!(at("/a/0/b"), Some((2, 5)));
        assert_eq!(at("/a/0/c~1d"), Some((3, 5)));
        assert_eq!(at("/e/f"), Some((4, 5)));
        assert_eq!(at("/e/missing"), Some((4, 1)));
    }

    proptest! {
        #[test]
        fn no_text_makes_the_reader_panic(text in "[a-c:\\-\\[\\]{}&*!|>#'\",\n ~0-9.%?]{0,80}") {
            let _ = read_yaml(&text);
        }
    }
}
