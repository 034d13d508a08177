//! `skill.yaml`: a strict subset of YAML 1.2, read into the text's own value tree.
//!
//! Refused with line and column: duplicate keys, anchors and aliases, merge keys, tags, several documents, keys that are
//! not strings, numbers that are not finite, more than 256 KiB, more than 32 levels. `yes`, `no`, `on` and `off` are text.

use std::collections::BTreeMap;

use serde_json::Value;
use serde_yaml::granit_parser::{Event, Parser, ScalarStyle, ScanError, Span};
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

/// The most parts that a text may have: mappings, sequences, scalars.
const MAX_NODES: usize = 50_000;

/// Where the parts of a text are. Kept as a tree, so that it is never larger than the text: pointers repeat what stands
/// above them.
#[derive(Clone, Debug, Default)]
pub(crate) struct Positions {
    /// The children of each part by their keys; the text's root is part 0.
    children: BTreeMap<(usize, String), usize>,
    places: Vec<Position>,
}

impl Positions {
    /// The place of the part with this JSON Pointer (RFC 6901), or of the nearest part around it.
    pub(crate) fn nearest(&self, pointer: &str) -> Option<Position> {
        let mut part = 0;
        for key in pointer.split('/').skip(1) {
            let key = key.replace("~1", "/").replace("~0", "~");
            match self.children.get(&(part, key)) {
                Some(child) => part = *child,
                None => break,
            }
        }
        self.places.get(part).copied()
    }

    /// Notes a part, or finds it again if its key already was.
    fn note(&mut self, parent: Option<usize>, key: String, place: Position) -> Result<usize, String> {
        let next = self.places.len();
        refuse(next == MAX_NODES, "more than 50000 parts")?;
        self.places.push(place);
        if let Some(parent) = parent {
            self.children.insert((parent, key), next);
        }
        Ok(next)
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
            max_nodes: MAX_NODES,
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
#[derive(Default)]
struct Walk {
    positions: Positions,
    open: Vec<Open>,
    documents: usize,
}

/// A collection that has begun.
enum Open {
    Sequence {
        part: usize,
        next: usize,
    },
    /// Keys and values alternate; a key's part stands for its value.
    Mapping {
        part: usize,
        key: Option<usize>,
    },
}

impl Walk {
    fn over(text: &str) -> Result<Positions, TextError> {
        let mut walk = Self::default();
        for event in Parser::new_from_str(text) {
            let (event, span) = event.map_err(|error| scan_error(&error))?;
            walk.event(event, span).map_err(|message| TextError { message, position: Some(place(span)) })?;
        }
        Ok(walk.positions)
    }

    fn event(&mut self, event: Event<'_>, span: Span) -> Result<(), String> {
        match event {
            Event::DocumentStart(..) => {
                self.documents += 1;
                refuse(self.documents > 1, "a second document begins here; a manifest is one document")
            }
            Event::Alias(..) | Event::UnresolvedAlias(..) => refuse(true, "aliases are not allowed"),
            Event::Anchor(..) => refuse(true, "anchors are not allowed"),
            Event::Scalar(text, style, anchor, tag) => {
                plain_node(anchor, tag.is_some())?;
                let ambiguous = style == ScalarStyle::Plain && is_ambiguous_number(&text);
                refuse(ambiguous, "readers disagree about this number: write it as JSON does, or in quotes")?;
                self.node(&text, span).map(drop)
            }
            Event::SequenceStart(_, anchor, tag) => {
                plain_node(anchor, tag.is_some())?;
                let part = self.node("", span)?;
                self.open(Open::Sequence { part, next: 0 })
            }
            Event::MappingStart(_, anchor, tag) => {
                plain_node(anchor, tag.is_some())?;
                let part = self.node("", span)?;
                self.open(Open::Mapping { part, key: None })
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

    /// Notes a node's place and answers its part.
    fn node(&mut self, scalar: &str, span: Span) -> Result<usize, String> {
        let place = place(span);
        match self.open.last_mut() {
            None => self.positions.note(None, String::new(), place),
            Some(Open::Sequence { part, next }) => {
                *next += 1;
                self.positions.note(Some(*part), (*next - 1).to_string(), place)
            }
            Some(Open::Mapping { part, key }) => match key.take() {
                Some(part) => Ok(part),
                None => {
                    let entry = self.positions.note(Some(*part), scalar.to_owned(), place)?;
                    *key = Some(entry);
                    Ok(entry)
                }
            },
        }
    }
}

/// Whether a plain scalar is a number in some versions of YAML and text, or another number, in others: `010`, `0x1f`,
/// `1_000`, `1:30`, `+1`, `.5`, `5.`. Versions and dates, such as `1.0.0`, are text in all that matter.
fn is_ambiguous_number(text: &str) -> bool {
    let unsigned = text.strip_prefix(['+', '-']).unwrap_or(text);
    let numeric = |b: u8| b.is_ascii_digit() || matches!(b, b'_' | b'.' | b':');
    let prefixed = ["0x", "0o", "0b", "0X", "0O", "0B"].iter().any(|prefix| unsigned.starts_with(prefix));
    let mantissa = unsigned.split(['e', 'E']).next().unwrap_or_default();
    let like_a_number = mantissa.bytes().any(|b| b.is_ascii_digit())
        && mantissa.bytes().all(numeric)
        && mantissa.bytes().filter(|b| *b == b'.').count() < 2;
    (prefixed || like_a_number) && serde_json::from_str::<serde_json::Number>(text).is_err()
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
            ("a: 010", "disagree", 1, 4),
            ("a: 0x1F", "disagree", 1, 4),
            ("a: 0b11", "disagree", 1, 4),
            ("a: 1_000", "disagree", 1, 4),
            ("a: 1:30", "disagree", 1, 4),
            ("a: +1", "disagree", 1, 4),
            ("a: .5", "disagree", 1, 4),
            ("010: a", "disagree", 1, 1),
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
        assert!(read_yaml(&format!("[{}]", "0,".repeat(MAX_NODES))).is_err());
    }

    #[test]
    fn the_places_of_many_parts_below_a_long_key_stay_as_small_as_the_text() {
        let text = format!("? {}\n: [{}]", "k".repeat(100_000), "0,".repeat(40_000));
        let (_, positions) = read_yaml(&text).expect("valid");
        let keys: usize = positions.children.keys().map(|(_, key)| key.len()).sum();
        assert!(keys <= text.len() * 4, "{keys}");
    }

    #[test]
    fn yaml_1_1_words_are_text() {
        let (value, _) =
            read_yaml("a: no\nb: off\nc: true\nd: 2001-01-01\ne: ~\nf: 1.0.0\ng: '010'\nh: -1.5e3").expect("valid");
        let expected = serde_json::json!({"a": "no", "b": "off", "c": true, "d": "2001-01-01", "e": null, "f": "1.0.0",
            "g": "010", "h": -1500.0});
        assert_eq!(value, expected);
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
