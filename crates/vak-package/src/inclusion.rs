//! Whether whatever one schema allows another one allows too: decided where that can be, and never guessed.
//!
//! A newer version may take more and give less: so the older input schema must be included in the newer one, and the
//! newer output schema in the older one. Types, `enum`, `const`, `required`, properties, items, ranges and lengths are
//! decided; a keyword beside these is only where both schemas say the same. Whatever else there is leaves the question
//! open, and an open question is never an answer of yes.

mod keywords;
mod plain;
mod ranges;

use serde_json::{Map, Value};

use crate::schema::Schema;
use keywords::{DECIDED, self_contained};
use plain::plain;
use ranges::{Kinds, Lengths, Range};

/// The most pairs of subschemas that are looked at: two schemas of strangers can make many.
const MAX_STEPS: usize = 50_000;

/// The most differences that are kept.
const MAX_FOUND: usize = 20;

/// The most of a name or value that a message quotes, in characters.
const MAX_SHOWN: usize = 60;

/// What one schema allows and the other does not, or may not.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Difference {
    /// The part of the schemas, as a JSON Pointer.
    pub pointer: String,
    /// What is allowed there by the one and not by the other; or what keeps that from being told.
    pub what: String,
}

/// What came of comparing two schemas.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Inclusion {
    /// What the first allows and the second does not.
    pub breaks: Vec<Difference>,
    /// What could not be decided.
    pub undecided: Vec<Difference>,
}

impl Inclusion {
    /// Whether the second allows all that the first allows.
    #[must_use]
    pub const fn holds(&self) -> bool {
        self.breaks.is_empty() && self.undecided.is_empty()
    }

    /// Whether every value that `narrow` allows is allowed by `wide`. No schema allows every value.
    #[must_use]
    pub fn of(narrow: Option<&Value>, wide: Option<&Value>) -> Self {
        let mut comparison = Comparison { found: Self::default(), steps: 0 };
        match (usable(narrow), usable(wide)) {
            (Some(narrow), Some(wide)) => comparison.visit(&narrow, &wide, &Place::root()),
            _ => comparison.open(&Place::root(), "one of the schemas can't be used"),
        }
        comparison.found
    }
}

/// The schema with its references followed and without what decides nothing, if it is one within bounds.
fn usable(schema: Option<&Value>) -> Option<Value> {
    let Some(schema) = schema else { return Some(Value::Bool(true)) };
    Schema::compile(schema).ok().map(|_| plain(schema, schema))
}

/// A part of both schemas.
#[derive(Clone)]
struct Place {
    pointer: String,
    /// Whether all that the first one says around this part is understood: else what looks allowed may not be.
    exact: bool,
}

impl Place {
    const fn root() -> Self {
        Self { pointer: String::new(), exact: true }
    }

    fn below(&self, key: &str) -> Self {
        let key = vak_model::printable(key, MAX_SHOWN).replace('~', "~0").replace('/', "~1");
        Self { pointer: format!("{}/{key}", self.pointer), ..self.clone() }
    }
}

struct Comparison {
    found: Inclusion,
    steps: usize,
}

impl Comparison {
    /// The first schema allows this, and the second does not.
    fn differs(&mut self, place: &Place, what: impl Into<String>) {
        let list = if place.exact { &mut self.found.breaks } else { &mut self.found.undecided };
        note(list, place, what.into());
    }

    /// Whether there is a difference can't be told.
    fn open(&mut self, place: &Place, what: impl Into<String>) {
        note(&mut self.found.undecided, place, what.into());
    }

    fn visit(&mut self, narrow: &Value, wide: &Value, place: &Place) {
        self.steps += 1;
        if self.steps > MAX_STEPS {
            return self.open(place, "the schemas are too large to be compared");
        }
        let empty = Map::new();
        match (narrow, wide) {
            _ if narrow == wide => {}
            (_, Value::Bool(true)) | (Value::Bool(false), _) => {}
            (_, Value::Bool(false)) => self.differs(place, "any value"),
            (Value::Bool(true), Value::Object(wide)) => self.maps(&empty, wide, place),
            (Value::Object(narrow), Value::Object(wide)) => self.maps(narrow, wide, place),
            _ => self.open(place, "what is no schema"),
        }
    }

    fn maps(&mut self, narrow: &Map<String, Value>, wide: &Map<String, Value>, place: &Place) {
        if let Some(values) = listed(narrow) {
            return self.values(&values, narrow, wide, place);
        }
        let exact = place.exact && narrow.keys().all(|key| DECIDED.contains(&key.as_str()));
        let place = &Place { exact, ..place.clone() };
        if wide.contains_key("enum") || wide.contains_key("const") {
            return match narrow.keys().all(|key| key == "type") {
                true => self.differs(place, "values that are not listed"),
                false => self.open(place, "a list of values beside a schema that lists none"),
            };
        }
        let kinds = self.kinds(narrow, wide, place);
        self.keywords(narrow, wide, place);
        if kinds.has_numbers() {
            self.range(narrow, wide, kinds, place);
        }
        if kinds.contains(Kinds::STRING) {
            self.lengths(narrow, wide, &Lengths::TEXT, 0, place);
        }
        if kinds.contains(Kinds::ARRAY) {
            self.lengths(narrow, wide, &Lengths::LIST, 0, place);
            self.items(narrow, wide, place);
        }
        if kinds.contains(Kinds::OBJECT) {
            self.objects(narrow, wide, place);
        }
    }

    /// Each value that the first schema lists is asked about: nothing is left open.
    fn values(&mut self, values: &[Value], narrow: &Map<String, Value>, wide: &Map<String, Value>, place: &Place) {
        let compile = |map: &Map<String, Value>| Schema::compile(&Value::Object(map.clone()));
        let (Ok(narrow), Ok(wide)) = (compile(narrow), compile(wide)) else {
            return self.open(place, "one of the schemas can't be used");
        };
        for value in values.iter().filter(|value| narrow.check(value).is_ok() && wide.check(value).is_err()) {
            self.differs(place, format!("the value {}", vak_model::printable(&value.to_string(), MAX_SHOWN)));
        }
    }

    /// The kinds of values that both allow.
    fn kinds(&mut self, narrow: &Map<String, Value>, wide: &Map<String, Value>, place: &Place) -> Kinds {
        let (ours, theirs) = (Kinds::of(narrow), Kinds::of(wide));
        for name in ours.without(theirs).names() {
            let place = place.below("type");
            let one_number = name == Kinds::FRACTION && Range::of(narrow, ours).is_point();
            if one_number { self.open(&place, name) } else { self.differs(&place, name) }
        }
        ours.common(theirs)
    }

    /// Whatever the second demands by a keyword that is not decided, the first must demand in the same words.
    fn keywords(&mut self, narrow: &Map<String, Value>, wide: &Map<String, Value>, place: &Place) {
        for keyword in wide.keys().filter(|key| !DECIDED.contains(&key.as_str())) {
            let parts = self_contained(keyword);
            if parts.is_empty() || parts.iter().any(|part| narrow.get(*part) != wide.get(*part)) {
                let shown = vak_model::printable(keyword, MAX_SHOWN);
                self.open(&place.below(keyword), format!("`{shown}` can't be compared"));
            }
        }
    }

    fn range(&mut self, narrow: &Map<String, Value>, wide: &Map<String, Value>, kinds: Kinds, place: &Place) {
        let (ours, theirs) = (Range::of(narrow, kinds), Range::of(wide, Kinds::NUMBERS));
        if let Some(bound) = ours.below(&theirs) {
            self.differs(&place.below("minimum"), format!("numbers below {bound}"));
        }
        if let Some(bound) = ours.above(&theirs) {
            self.differs(&place.below("maximum"), format!("numbers above {bound}"));
        }
    }

    /// `least` is how long the first schema makes values by other means.
    fn lengths(
        &mut self,
        narrow: &Map<String, Value>,
        wide: &Map<String, Value>,
        of: &Lengths,
        least: u64,
        place: &Place,
    ) {
        let (ours, theirs) = (of.limits(narrow), of.limits(wide));
        if ours.0.max(least) < theirs.0 {
            self.differs(&place.below(of.min), format!("{} with less than {} {}", of.whole, theirs.0, of.parts));
        }
        if ours.1 > theirs.1 {
            self.differs(&place.below(of.max), format!("{} with more than {} {}", of.whole, theirs.1, of.parts));
        }
    }

    fn items(&mut self, narrow: &Map<String, Value>, wide: &Map<String, Value>, place: &Place) {
        let (ours, theirs) = (part(narrow, "items"), part(wide, "items"));
        let place = place.below("items");
        let without_items = Lengths::LIST.limits(narrow).1 == 0;
        if without_items || is_anything(theirs) {
            return;
        }
        // Items of a prefix are not items here: what the first schema says of the rest does not hold for them.
        if narrow.get("prefixItems") == wide.get("prefixItems") {
            self.visit(ours, theirs, &place);
        } else {
            self.open(&place, "`items` beside another `prefixItems`");
        }
    }

    fn objects(&mut self, narrow: &Map<String, Value>, wide: &Map<String, Value>, place: &Place) {
        let (ours, theirs) = (required(narrow), required(wide));
        for name in theirs.iter().filter(|name| !ours.contains(*name)) {
            let shown = vak_model::printable(name, MAX_SHOWN);
            self.differs(&place.below("required"), format!("objects without `{shown}`"));
        }
        self.lengths(narrow, wide, &Lengths::OBJECT, ours.len() as u64, place);
        if Lengths::OBJECT.limits(narrow).1 > 0 {
            self.properties(narrow, wide, place);
        }
    }

    fn properties(&mut self, narrow: &Map<String, Value>, wide: &Map<String, Value>, place: &Place) {
        let (ours, theirs) = (named(narrow), named(wide));
        // A name that fits a pattern is not an additional one: only where the second schema has the same patterns does
        // that make no difference.
        let patterns = narrow.get("patternProperties");
        let (others, other_names) = (part(narrow, "additionalProperties"), part(wide, "additionalProperties"));
        let named_others = if patterns.is_some() { &Value::Bool(true) } else { others };
        let names: std::collections::BTreeSet<_> = ours.keys().chain(theirs.keys()).copied().collect();
        for name in names {
            let one = ours.get(name).copied().unwrap_or(named_others);
            let other = theirs.get(name).copied().unwrap_or(other_names);
            self.visit(one, other, &place.below("properties").below(name));
        }
        let others = if patterns == wide.get("patternProperties") { others } else { named_others };
        self.visit(others, other_names, &place.below("additionalProperties"));
    }
}

fn note(list: &mut Vec<Difference>, place: &Place, what: String) {
    if list.len() < MAX_FOUND {
        list.push(Difference { pointer: place.pointer.clone(), what });
    }
}

/// All values that a schema allows at most, if it lists them.
fn listed(schema: &Map<String, Value>) -> Option<Vec<Value>> {
    if let Some(value) = schema.get("const") {
        return Some(vec![value.clone()]);
    }
    if let Some(Value::Array(values)) = schema.get("enum") {
        return Some(values.clone());
    }
    let values = [(Kinds::NULL, vec![Value::Null]), (Kinds::BOOLEAN, vec![false.into(), true.into()])];
    let kinds = Kinds::of(schema);
    let few = kinds.without(Kinds::NULL).without(Kinds::BOOLEAN).is_empty();
    few.then(|| values.into_iter().filter(|(kind, _)| kinds.contains(*kind)).flat_map(|(_, values)| values).collect())
}

fn part<'a>(schema: &'a Map<String, Value>, keyword: &str) -> &'a Value {
    schema.get(keyword).unwrap_or(&Value::Bool(true))
}

fn is_anything(schema: &Value) -> bool {
    match schema {
        Value::Bool(anything) => *anything,
        Value::Object(map) => map.is_empty(),
        _ => false,
    }
}

fn required(schema: &Map<String, Value>) -> std::collections::BTreeSet<&str> {
    let names = schema.get("required").and_then(Value::as_array);
    names.into_iter().flatten().filter_map(Value::as_str).collect()
}

fn named(schema: &Map<String, Value>) -> std::collections::BTreeMap<&str, &Value> {
    let named = schema.get("properties").and_then(Value::as_object);
    named.into_iter().flatten().map(|(name, schema)| (name.as_str(), schema)).collect()
}

#[cfg(test)]
mod tests;
