//! `skill.yaml`: a strict subset of YAML 1.2, read into the text's own value tree.
//!
//! Refused with line and column: duplicate keys, anchors and aliases, merge keys, tags, several documents, keys that are
//! not strings, numbers that are not finite, more than 256 KiB, more than 32 levels. `yes`, `no`, `on` and `off` are text.

use std::collections::BTreeMap;

use serde_json::Value;
use serde_yaml::granit_parser::{Event, Parser, ScalarStyle, ScanError, Span};
use serde_yaml::options::{DuplicateKeyPolicy, MergeKeyPolicy, NonFiniteFloatPolicy};

use crate::json::Strict;
use crate::mistakes::{Found, ManifestError, Mistake};

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

/// The most parts that a text may have: mappings, sequences, scalars.
const MAX_NODES: usize = 50_000;

/// Where the parts of a text are. Kept as a tree, so that it is never larger than the text: pointers repeat what stands
/// above them. Parts are numbered in the order of the text; its root is part 0.
#[derive(Clone, Debug, Default)]
pub(crate) struct Positions(Vec<Part>);

#[derive(Clone, Debug)]
struct Part {
    position: Position,
    /// The parts of a mapping by their keys, or of a sequence by their numbers.
    children: BTreeMap<String, usize>,
}

impl Positions {
    /// The whole text's part, unless there is no text.
    pub(crate) const fn root(&self) -> Option<usize> {
        if self.0.is_empty() { None } else { Some(0) }
    }

    /// The part of `part` with this key.
    pub(crate) fn child(&self, part: usize, key: &str) -> Option<usize> {
        self.0.get(part)?.children.get(key).copied()
    }

    /// The part that this JSON Pointer (RFC 6901) leads to from `part`, or the nearest one around it.
    pub(crate) fn nearest(&self, part: usize, pointer: &str) -> usize {
        let mut keys = pointer.split('/').skip(1).map(|key| key.replace("~1", "/").replace("~0", "~"));
        let reached = keys.try_fold(part, |part, key| self.child(part, &key).ok_or(part));
        reached.unwrap_or_else(|nearest| nearest)
    }

    /// Where the part stands.
    pub(crate) fn position(&self, part: usize) -> Option<Position> {
        self.0.get(part).map(|part| part.position)
    }

    /// Notes a part, or refuses one too many. Of two with one key, the first is found again.
    fn note(&mut self, parent: Option<usize>, key: String, position: Position) -> Result<usize, Stop> {
        let next = self.0.len();
        if next == MAX_NODES {
            return Err(Stop("more than 50000 parts"));
        }
        self.0.push(Part { position, children: BTreeMap::new() });
        if let Some(parent) = parent {
            self.0[parent].children.entry(key).or_insert(next);
        }
        Ok(next)
    }
}

/// What is beyond a bound, or leaves it open what follows: nothing after it is looked at.
struct Stop(&'static str);

/// The text's value tree, the places of its parts, and the mistakes in the text that left a tree to be read.
pub(crate) fn read_yaml(text: &str) -> Result<(Value, Positions, Found), ManifestError> {
    if text.len() > MAX_TEXT_BYTES {
        let wrong = format!("the text has {} bytes, more than {MAX_TEXT_BYTES}", text.len());
        return Err(Mistake::syntax(&wrong).into());
    }
    let Walk { positions, found, stopped, .. } = Walk::over(text);
    if stopped {
        return Err(found.into_error_or(|| Mistake::syntax("no YAML")));
    }
    // After mistakes that the walk knows, what is read serves to find more of them, and nothing else.
    let duplicates = if found.is_empty() { DuplicateKeyPolicy::Error } else { DuplicateKeyPolicy::FirstWins };
    match serde_yaml::from_str_with_options(text, options(duplicates)) {
        Ok(Strict(value)) => Ok((value, positions, found)),
        Err(error) => Err(found.into_error_or(|| of_parser(&error))),
    }
}

fn options(duplicate_keys: DuplicateKeyPolicy) -> serde_yaml::Options {
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
        duplicate_keys: duplicate_keys,
        merge_keys: MergeKeyPolicy::Error,
        strict_booleans: true,
        reject_unsupported_tags: true,
        non_finite_float_policy: NonFiniteFloatPolicy::Reject,
        with_snippet: false,
    }
}

/// The parser's message without its own mention of the place, and without its advice to programmers.
fn of_parser(error: &serde_yaml::Error) -> Mistake {
    let position = error.location().map(|at| Position { line: at.line(), column: at.column() });
    let full = error.to_string();
    let message = full.rsplit_once(" at line ").map_or(full.as_str(), |(message, _)| message);
    let message = message.strip_suffix(", set DuplicateKeyPolicy in Options if acceptable").unwrap_or(message);
    Mistake::syntax(message).at(position)
}

fn of_scanner(error: &ScanError) -> Mistake {
    let at = error.marker();
    let position = Position { line: at.line() as u64, column: at.col() as u64 + 1 };
    Mistake::syntax(&error.info()).at(Some(position))
}

/// A walk over the parser's events, before anything is built from them.
#[derive(Default)]
struct Walk {
    positions: Positions,
    found: Found,
    open: Vec<Open>,
    documents: usize,
    /// Whether there is more that was not looked at.
    stopped: bool,
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

/// What a text can hold that a manifest can't: what is wrong, and what would be right.
type Refused = (&'static str, &'static str);

const ANCHOR: Refused = ("anchors are not allowed", "write the value out wherever it is meant");
const ALIAS: Refused = ("aliases are not allowed", "write the value out");
const TAG: Refused = ("tags are not allowed", "leave it out");
const NUMBER: Refused = ("readers disagree about this number", "write it as JSON does, or in quotes");
const KEY: Refused = ("a list or mapping is the key here", "a key must be text");
const DOCUMENT: &str = "a second document begins here";

impl Walk {
    fn over(text: &str) -> Self {
        let mut walk = Self::default();
        for event in Parser::new_from_str(text) {
            let step = event.map_err(|error| of_scanner(&error)).and_then(|(event, span)| {
                walk.event(event, span).map_err(|Stop(wrong)| Mistake::syntax(wrong).at(Some(place(span))))
            });
            if let Err(mistake) = step {
                walk.found.add(None, || mistake);
                walk.stopped = true;
                break;
            }
        }
        walk
    }

    fn event(&mut self, event: Event<'_>, span: Span) -> Result<(), Stop> {
        match event {
            Event::DocumentStart(..) => {
                self.documents += 1;
                if self.documents > 1 { Err(Stop(DOCUMENT)) } else { Ok(()) }
            }
            Event::Alias(..) | Event::UnresolvedAlias(..) => {
                let part = self.node(None, span)?;
                self.refuse(true, part, span, ALIAS);
                Ok(())
            }
            Event::Anchor(..) => Err(Stop(ANCHOR.0)),
            Event::Scalar(text, style, anchor, tag) => {
                let part = self.node(Some(&text), span)?;
                self.plain(part, span, anchor, tag.is_some());
                let ambiguous = style == ScalarStyle::Plain && is_ambiguous_number(&text);
                self.refuse(ambiguous, part, span, NUMBER);
                Ok(())
            }
            Event::SequenceStart(_, anchor, tag) => {
                let part = self.node(None, span)?;
                self.plain(part, span, anchor, tag.is_some());
                self.open(Open::Sequence { part, next: 0 })
            }
            Event::MappingStart(_, anchor, tag) => {
                let part = self.node(None, span)?;
                self.plain(part, span, anchor, tag.is_some());
                self.open(Open::Mapping { part, key: None })
            }
            Event::SequenceEnd | Event::MappingEnd => {
                self.open.pop();
                Ok(())
            }
            _ => Ok(()),
        }
    }

    fn open(&mut self, collection: Open) -> Result<(), Stop> {
        self.open.push(collection);
        if self.open.len() > MAX_DEPTH { Err(Stop("more than 32 levels")) } else { Ok(()) }
    }

    /// Notes a node's place and answers its part. Only scalars have a text.
    fn node(&mut self, scalar: Option<&str>, span: Span) -> Result<usize, Stop> {
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
                    let text = scalar.unwrap_or_default();
                    let first = scalar.and_then(|text| self.positions.child(*part, text));
                    let entry = self.positions.note(Some(*part), text.to_owned(), place)?;
                    *key = Some(entry);
                    self.key(entry, scalar, first, span);
                    Ok(entry)
                }
            },
        }
    }

    /// Refuses keys that are no text, and those that are there already.
    fn key(&mut self, entry: usize, text: Option<&str>, first: Option<usize>, span: Span) {
        self.refuse(text.is_none(), entry, span, KEY);
        if let (Some(text), Some(first)) = (text, first.and_then(|first| self.positions.position(first))) {
            let wrong = format!("duplicate mapping key: {}", vak_model::printable(text, 80));
            let right = format!("state it once; it is in line {} already", first.line);
            self.found.add(Some(entry), || Mistake::syntax(&wrong).with_right(&right).at(Some(place(span))));
        }
    }

    fn plain(&mut self, part: usize, span: Span, anchor: usize, tagged: bool) {
        self.refuse(anchor != 0, part, span, ANCHOR);
        self.refuse(tagged, part, span, TAG);
    }

    fn refuse(&mut self, is_wrong: bool, part: usize, span: Span, (wrong, right): Refused) {
        if is_wrong {
            self.found.add(Some(part), || Mistake::syntax(wrong).with_right(right).at(Some(place(span))));
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

fn place(span: Span) -> Position {
    Position { line: span.start.line() as u64, column: span.start.col() as u64 + 1 }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// What is wrong with a text.
    fn refused(text: &str) -> Option<ManifestError> {
        match read_yaml(text) {
            Ok((_, _, found)) => found.finish(Ok(())).err(),
            Err(error) => Some(error),
        }
    }

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
            let error = refused(text).expect(text);
            assert!(error.first().wrong().contains(reason), "{text:?}: {error}");
            let position = error.position().expect("a place");
            assert_eq!(position.line, line, "{text:?}");
            assert!(reason.is_empty() || position.column.abs_diff(column) <= 10, "{text:?}: {position:?}");
        }
    }

    #[test]
    fn what_is_wrong_with_a_text_is_told_at_once() {
        let text = "a: 1_000\na: !mine 2\nb: [&x 010, {c: 1, c: 2}]\n? [d]\n: 1\ne: [";
        let error = refused(text).expect("mistakes");
        let told: Vec<_> = error.mistakes().map(|mistake| (mistake.wrong(), mistake.position())).collect();
        let at = |line, column| Some(Position { line, column });
        assert_eq!(
            told[..5],
            [
                ("readers disagree about this number", at(1, 4)),
                ("duplicate mapping key: a", at(2, 1)),
                ("anchors are not allowed", at(3, 8)),
                ("duplicate mapping key: c", at(3, 20)),
                ("a list or mapping is the key here", at(4, 3)),
            ],
            "{told:?}"
        );
        assert_eq!(told.len(), 6, "and the parser's own: {told:?}");
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
        let (_, positions, _) = read_yaml(&text).expect("valid");
        let keys: usize = positions.0.iter().flat_map(|part| part.children.keys()).map(String::len).sum();
        assert!(keys <= text.len() * 4, "{keys}");
    }

    #[test]
    fn yaml_1_1_words_are_text() {
        let (value, _, _) =
            read_yaml("a: no\nb: off\nc: true\nd: 2001-01-01\ne: ~\nf: 1.0.0\ng: '010'\nh: -1.5e3").expect("valid");
        let expected = serde_json::json!({"a": "no", "b": "off", "c": true, "d": "2001-01-01", "e": null, "f": "1.0.0",
            "g": "010", "h": -1500.0});
        assert_eq!(value, expected);
    }

    #[test]
    fn every_part_can_be_found_again() {
        let (_, positions, _) = read_yaml("a:\n  - b: 1\n    c/d: 2\ne: {f: 3}").expect("valid");
        let at = |pointer| positions.position(positions.nearest(0, pointer)).map(|p| (p.line, p.column));
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
