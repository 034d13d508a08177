//! Strict JSON: what one reader takes from a text, every other reader takes too.
//!
//! Duplicate keys are refused, since parsers disagree about which one counts. Depth is bounded by `serde_json`'s recursion limit of 128, and the memory
//! that structure costs by a budget.

use std::cell::Cell;
use std::fmt;

use serde::de::{self, Deserialize, DeserializeSeed, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_json::map::Entry;
use serde_json::{Map, Number, Value};

/// The bytes are not one strict JSON value.
#[derive(Debug, thiserror::Error)]
pub enum JsonError {
    /// Not UTF-8, or with a byte order mark in front.
    #[error("not UTF-8 without a byte order mark")]
    Encoding,
    /// Not JSON, or JSON that readers disagree about.
    #[error("{0}")]
    Syntax(#[from] serde_json::Error),
}

/// Reads one strict JSON value from all of `bytes`.
///
/// # Errors
/// See [`JsonError`].
pub fn parse_json(bytes: &[u8]) -> Result<Value, JsonError> {
    let text = std::str::from_utf8(bytes).map_err(|_| JsonError::Encoding)?;
    if text.starts_with('\u{feff}') {
        return Err(JsonError::Encoding);
    }
    Ok(serde_json::from_str::<Strict>(text)?.0)
}

/// What the structure of a value may cost in memory, in bytes, beside its strings: a few megabytes of `{"":0}` would
/// become gigabytes otherwise.
const MAX_STRUCTURE_BYTES: usize = 32 << 20;

/// What an item of an array costs at most, when the array has just doubled.
const ITEM_BYTES: usize = 2 * size_of::<Value>();

/// What an object costs at most for its first entry, and once more for every [`NODE_ENTRIES`] that follow, when it has just
/// doubled: each entry has a key, a value and a hash, and a place in the table that finds it.
const NODE_BYTES: usize = 768;

/// How many entries [`NODE_BYTES`] pay for.
const NODE_ENTRIES: usize = 3;

/// A value tree read strictly, whatever the format it comes from.
pub(crate) struct Strict(pub(crate) Value);

impl<'de> Deserialize<'de> for Strict {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Part(&Cell::new(MAX_STRUCTURE_BYTES)).deserialize(deserializer).map(Self)
    }
}

/// A part of a value, and what the whole may still cost.
#[derive(Clone, Copy)]
struct Part<'a>(&'a Cell<usize>);

impl Part<'_> {
    fn pay<E: de::Error>(self, bytes: usize) -> Result<(), E> {
        let left = self.0.get().checked_sub(bytes);
        self.0.set(left.ok_or_else(|| E::custom("the value has too many parts"))?);
        Ok(())
    }
}

impl<'de> DeserializeSeed<'de> for Part<'_> {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Part<'_> {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_unit<E: de::Error>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_none<E: de::Error>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        deserializer.deserialize_any(self)
    }

    fn visit_bool<E: de::Error>(self, value: bool) -> Result<Value, E> {
        Ok(Value::Bool(value))
    }

    fn visit_i64<E: de::Error>(self, value: i64) -> Result<Value, E> {
        Ok(Value::Number(value.into()))
    }

    fn visit_u64<E: de::Error>(self, value: u64) -> Result<Value, E> {
        Ok(Value::Number(value.into()))
    }

    fn visit_f64<E: de::Error>(self, value: f64) -> Result<Value, E> {
        Number::from_f64(value).map(Value::Number).ok_or_else(|| E::custom("a number must be finite"))
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<Value, E> {
        Ok(Value::String(text.to_owned()))
    }

    fn visit_string<E: de::Error>(self, text: String) -> Result<Value, E> {
        Ok(Value::String(text))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Value, A::Error> {
        let mut items = Vec::new();
        while let Some(item) = seq.next_element_seed(self)? {
            self.pay(ITEM_BYTES)?;
            items.push(item);
        }
        Ok(Value::Array(items))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Value, A::Error> {
        let mut object = Map::new();
        while let Some(StrictKey(key)) = map.next_key()? {
            if object.len().is_multiple_of(NODE_ENTRIES) {
                self.pay(NODE_BYTES)?;
            }
            let value = map.next_value_seed(self)?;
            match object.entry(key) {
                Entry::Vacant(place) => place.insert(value),
                Entry::Occupied(first) => {
                    let shown = vak_model::printable(first.key(), 80);
                    return Err(de::Error::custom(format_args!("the key `{shown}` occurs twice")));
                }
            };
        }
        Ok(Value::Object(object))
    }
}

/// A key that is a string in its own format: YAML's `1:` and `true:` are not.
struct StrictKey(String);

impl<'de> Deserialize<'de> for StrictKey {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        match Strict::deserialize(deserializer)?.0 {
            Value::String(key) => Ok(Self(key)),
            other => Err(de::Error::custom(format_args!("the key `{other}` is not a string"))),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_that_readers_disagree_about_are_refused() {
        for bad in [
            r#"{"ok":true,"ok":false}"#,
            r#"{"a":{"b":1,"b":1}}"#,
            "{} {}",
            "{}x",
            "NaN",
            "1e999",
            r#""\ud800""#,
            "\"\u{0}\"",
            "",
            "'a'",
            "[1,]",
        ] {
            assert!(matches!(parse_json(bad.as_bytes()), Err(JsonError::Syntax(_))), "{bad:?}");
        }
        for bad in [&b"\xff"[..], b"\"\xc0\x80\"", b"\xef\xbb\xbf{}", b"\xfe\xff\0{\0}"] {
            assert!(matches!(parse_json(bad), Err(JsonError::Encoding)), "{bad:?}");
        }
    }

    #[test]
    fn depth_is_bounded_without_a_stack_overflow() {
        assert!(parse_json("[".repeat(100_000).as_bytes()).is_err());
        assert!(parse_json(format!("{}1{}", "[".repeat(100), "]".repeat(100)).as_bytes()).is_ok());
    }

    #[test]
    fn structure_is_bounded_whatever_its_text_costs() {
        let many = |part: &str, count: usize| format!("[{}0]", format!("{part},").repeat(count));
        for (part, most) in [(r#"{"":0}"#, 45_000), ("0", 300_000), (r#"{"a":{"b":{"c":0}}}"#, 15_000)] {
            assert!(parse_json(many(part, most / 2).as_bytes()).is_ok(), "{part}");
            assert!(matches!(parse_json(many(part, most).as_bytes()), Err(JsonError::Syntax(_))), "{part}");
        }
        assert!(parse_json(format!("\"{}\"", "x".repeat(40 << 20)).as_bytes()).is_ok(), "text is not structure");
    }

    #[test]
    fn ordinary_values_come_through_unchanged() {
        let text = r#"{"a":[1,-2,2.5,"é",null,true],"b":{}}"#;
        assert_eq!(parse_json(text.as_bytes()).expect("valid"), serde_json::from_str::<Value>(text).expect("valid"));
    }
}
