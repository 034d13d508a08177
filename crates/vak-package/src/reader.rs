//! Reading a value tree part by part, with every mistake noted at its place.
//!
//! What can't be read is replaced by the proof that its mistake was noted, and the reading goes on beside it. Nothing is
//! copied for a place: the path is kept while descending, and is written out only for mistakes that are kept.

use serde_json::{Map, Value};
use vak_model::{Advice, Code};

use crate::manifest_text::Positions;
use crate::mistakes::{Found, ManifestError, Mistake, Noted, Read};

/// The most of a key that a message or pointer quotes, in characters.
const MAX_KEY: usize = 60;

/// The longest word that is held against the known ones to see what was meant, in bytes.
const MAX_SLIP: usize = 64;

/// What leads from a collection to a part of it.
#[derive(Clone, Copy, Debug)]
enum Segment<'v> {
    Key(&'v str),
    Index(usize),
}

/// A reading, at one part of the tree.
#[derive(Debug)]
pub(crate) struct Reader<'v> {
    positions: &'v Positions,
    found: Found,
    /// What leads to the part, each with the number that the part has in the text, if it stands there.
    path: Vec<(Segment<'v>, Option<usize>)>,
}

impl<'v> Reader<'v> {
    /// A reading of a whole tree, after what was `found` already.
    pub(crate) const fn new(positions: &'v Positions, found: Found) -> Self {
        Self { positions, found, path: Vec::new() }
    }

    /// What was read, unless there was a mistake anywhere.
    pub(crate) fn finish<T>(self, read: Read<T>) -> Result<T, ManifestError> {
        self.found.finish(read)
    }

    /// How many collections lie around this part.
    pub(crate) const fn depth(&self) -> usize {
        self.path.len()
    }

    /// Does something at the part below this one with that key.
    pub(crate) fn below<T>(&mut self, key: &'v str, read: impl FnOnce(&mut Self) -> T) -> T {
        let part = self.parent().and_then(|parent| self.positions.child(parent, key));
        self.within(Segment::Key(key), part, read)
    }

    /// Does something at each entry of a list.
    pub(crate) fn each<T>(&mut self, items: &'v [Value], mut read: impl FnMut(&mut Self, &'v Value) -> T) -> Vec<T> {
        let mut all = Vec::with_capacity(items.len());
        for (index, item) in items.iter().enumerate() {
            let part = self.parent().and_then(|parent| self.positions.child(parent, &index.to_string()));
            all.push(self.within(Segment::Index(index), part, |reader| read(reader, item)));
        }
        all
    }

    fn within<T>(&mut self, segment: Segment<'v>, part: Option<usize>, read: impl FnOnce(&mut Self) -> T) -> T {
        self.path.push((segment, part));
        let result = read(self);
        self.path.pop();
        result
    }

    fn parent(&self) -> Option<usize> {
        self.path.last().map_or_else(|| self.positions.root(), |(_, part)| *part)
    }

    /// Notes a mistake at this part.
    pub(crate) fn refuse(&mut self, wrong: &str, right: &str) -> Noted {
        let in_limits = matches!(self.path.first(), Some((Segment::Key("limits"), _)));
        let code = if in_limits { Code::ManifestLimit } else { Code::ManifestInvalid };
        self.refuse_as(code, "", wrong, right)
    }

    /// Notes what a type says of its own form.
    pub(crate) fn refuse_for(&mut self, error: &impl Advice) -> Noted {
        self.refuse(&error.wrong(), &error.right())
    }

    /// Notes a mistake at the part that `pointer` leads to from here, or at the nearest one around it.
    pub(crate) fn refuse_as(&mut self, code: Code, pointer: &str, wrong: &str, right: &str) -> Noted {
        let nearest = self.path.iter().rev().find_map(|(_, part)| *part).or_else(|| self.positions.root());
        // Only from this part itself can anything be found by its name.
        let part = match self.parent() {
            Some(here) => Some(self.positions.nearest(here, pointer)),
            None => nearest,
        };
        let position = part.and_then(|part| self.positions.position(part));
        let path = &self.path;
        self.found
            .add(part, || Mistake::new(code, wrong).with_right(right).at(position).in_part(written(path) + pointer))
    }

    /// Notes that this part is of another kind than it must be.
    pub(crate) fn refuse_kind(&mut self, value: &Value, right: &str) -> Noted {
        let what = match self.path.last() {
            None => "the manifest".to_owned(),
            Some((Segment::Key(key), _)) => format!("`{}`", vak_model::printable(key, MAX_KEY)),
            Some((Segment::Index(_), _)) => "this entry".to_owned(),
        };
        self.refuse(&format!("{what} is {}", kind(value)), right)
    }

    /// The text of a type that checks its own form.
    pub(crate) fn text<T>(&mut self, value: &Value) -> Read<T>
    where
        T: TryFrom<String>,
        T::Error: Advice,
    {
        T::try_from(self.string(value)?).map_err(|error| self.refuse_for(&error))
    }

    /// Any text.
    pub(crate) fn string(&mut self, value: &Value) -> Read<String> {
        match value {
            Value::String(text) => Ok(text.clone()),
            Value::Bool(_) | Value::Number(_) => Err(self.refuse_kind(value, "it must be text: put it in quotes")),
            _ => Err(self.refuse_kind(value, "it must be text")),
        }
    }

    /// A list, entry by entry.
    pub(crate) fn list<T>(
        &mut self,
        value: &'v Value,
        read: impl FnMut(&mut Self, &'v Value) -> Read<T>,
    ) -> Read<Vec<T>> {
        match value {
            Value::Array(items) => self.each(items, read).into_iter().collect(),
            other => Err(self.refuse_kind(other, "it must be a list")),
        }
    }

    /// A mapping of `what`, which has no other keys than `known`.
    pub(crate) fn mapping(
        &mut self,
        value: &'v Value,
        what: &'static str,
        known: &[&'static str],
    ) -> Read<Mapping<'v>> {
        let Value::Object(map) = value else {
            return Err(self.refuse_kind(value, &format!("{what} is a mapping with {}", listed(known))));
        };
        let mut slips = Vec::new();
        let absent: Vec<_> = known.iter().copied().filter(|key| !map.contains_key(*key)).collect();
        for key in map.keys().filter(|key| !known.contains(&key.as_str())) {
            let meant = nearest(key, &absent);
            let right = meant.map_or_else(|| format!("{what} has {}", listed(known)), did_you_mean);
            let wrong = format!("`{}` is not a key of {what}", vak_model::printable(key, MAX_KEY));
            let noted = self.below(key, |reader| reader.refuse(&wrong, &right));
            slips.extend(meant.map(|meant| (meant, noted)));
        }
        Ok(Mapping { map, what, slips })
    }
}

/// A mapping whose unknown keys are noted.
#[derive(Debug)]
pub(crate) struct Mapping<'v> {
    map: &'v Map<String, Value>,
    what: &'static str,
    /// Known keys that unknown ones seem to stand for.
    slips: Vec<(&'static str, Noted)>,
}

impl<'v> Mapping<'v> {
    /// What must be there, for example as `example` has it.
    pub(crate) fn required<T>(
        &self,
        reader: &mut Reader<'v>,
        key: &'static str,
        example: &str,
        read: impl FnOnce(&mut Reader<'v>, &'v Value) -> Read<T>,
    ) -> Read<T> {
        match self.map.get(key) {
            Some(value) => reader.below(key, |reader| read(reader, value)),
            None => Err(self.missing(reader, key, example)),
        }
    }

    /// What has a default.
    pub(crate) fn optional<T: Default>(
        &self,
        reader: &mut Reader<'v>,
        key: &'static str,
        read: impl FnOnce(&mut Reader<'v>, &'v Value) -> Read<T>,
    ) -> Read<T> {
        self.map.get(key).map_or_else(|| Ok(T::default()), |value| reader.below(key, |reader| read(reader, value)))
    }

    /// What may be null, or not there at all.
    pub(crate) fn nullable<T>(
        &self,
        reader: &mut Reader<'v>,
        key: &'static str,
        read: impl FnOnce(&mut Reader<'v>, &'v Value) -> Read<T>,
    ) -> Read<Option<T>> {
        match self.map.get(key) {
            None | Some(Value::Null) => Ok(None),
            Some(value) => reader.below(key, |reader| read(reader, value)).map(Some),
        }
    }

    /// Any value, if the key is there.
    pub(crate) fn value(&self, key: &str) -> Option<&'v Value> {
        self.map.get(key)
    }

    /// The proof that an unknown key, which seems to stand for this one, was noted.
    pub(crate) fn misspelt(&self, key: &str) -> Option<Noted> {
        self.slips.iter().find(|(meant, _)| *meant == key).map(|(_, noted)| *noted)
    }

    /// A key that is there under another name has been noted under that.
    fn missing(&self, reader: &mut Reader<'_>, key: &str, example: &str) -> Noted {
        self.misspelt(key).unwrap_or_else(|| {
            reader.refuse(&format!("{} has no `{key}`", self.what), &format!("add `{key}: {example}`"))
        })
    }
}

const fn kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "a boolean",
        Value::Number(_) => "a number",
        Value::String(_) => "text",
        Value::Array(_) => "a list",
        Value::Object(_) => "a mapping",
    }
}

/// The one of `known` that `word` could be a slip of the fingers for.
pub(crate) fn nearest(word: &str, known: &[&'static str]) -> Option<&'static str> {
    if word.len() > MAX_SLIP {
        return None;
    }
    let likeness = |name: &str| strsim::damerau_levenshtein(word, name);
    let best = known.iter().copied().min_by_key(|name| likeness(name))?;
    (likeness(best) <= 1 + word.len() / 4).then_some(best)
}

pub(crate) fn did_you_mean(word: &str) -> String {
    format!("did you mean `{word}`?")
}

pub(crate) fn listed(words: &[&str]) -> String {
    words.iter().map(|word| format!("`{word}`")).collect::<Vec<_>>().join(", ")
}

/// The path as a JSON Pointer (RFC 6901).
fn written(path: &[(Segment<'_>, Option<usize>)]) -> String {
    let part = |(segment, _): &(Segment<'_>, _)| match segment {
        Segment::Key(key) => format!("/{}", vak_model::printable(key, MAX_KEY).replace('~', "~0").replace('/', "~1")),
        Segment::Index(index) => format!("/{index}"),
    };
    path.iter().map(part).collect()
}
