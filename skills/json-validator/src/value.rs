//! JSON values that keep the order of their members.

use std::cmp::Ordering;
use std::fmt;

use serde::de::{Deserialize, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use serde::ser::{Serialize, SerializeMap, Serializer};

#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Value {
    Null,
    Bool(bool),
    Number(Number),
    Text(String),
    Array(Vec<Self>),
    Object(Object),
}

/// A number by its value: `1`, `1.0` and `10e-1` are the same one.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Number {
    Whole(u64),
    /// A whole number below zero.
    Negative(i64),
    /// Any other; a float that is one of the above, up to 2^53, is made one.
    Float(f64),
}

/// Members in their order, no key twice.
#[derive(Clone, Debug, Default)]
pub(crate) struct Object {
    members: Vec<(String, Value)>,
    /// The positions of the members in the order of their keys.
    sorted: Vec<usize>,
}

impl Number {
    pub(crate) fn from_float(value: f64) -> Self {
        let whole = value as i64;
        if whole as f64 != value || whole.unsigned_abs() > 1 << 53 {
            Self::Float(value)
        } else {
            Self::from_whole(whole)
        }
    }

    pub(crate) fn from_whole(value: i64) -> Self {
        u64::try_from(value).map_or(Self::Negative(value), Self::Whole)
    }
}

impl Object {
    /// Makes an object; the error is the position of a member whose key an earlier one has.
    pub(crate) fn new(members: Vec<(String, Value)>) -> Result<Self, usize> {
        let key = |position: &usize| members.get(*position).map(|(key, _)| key.as_str());
        let mut sorted: Vec<_> = (0..members.len()).collect();
        sorted.sort_unstable_by(|one, other| key(one).cmp(&key(other)).then(one.cmp(other)));
        let twice =
            sorted.windows(2).filter(|pair| pair.iter().map(key).all(|each| each == pair.first().and_then(key)));
        if let Some(position) = twice.filter_map(|pair| pair.last().copied()).min() {
            return Err(position);
        }
        Ok(Self { members, sorted })
    }

    pub(crate) fn get(&self, key: &str) -> Option<&Value> {
        let compare = |position: &usize| match self.members.get(*position) {
            Some((found, _)) => found.as_str().cmp(key),
            None => Ordering::Less,
        };
        let found = self.sorted.binary_search_by(compare).ok()?;
        self.members.get(*self.sorted.get(found)?).map(|(_, value)| value)
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = (&str, &Value)> {
        self.members.iter().map(|(key, value)| (key.as_str(), value))
    }

    pub(crate) fn into_members(self) -> Vec<(String, Value)> {
        self.members
    }

    fn in_order_of_keys(&self) -> impl Iterator<Item = &(String, Value)> {
        self.sorted.iter().filter_map(|position| self.members.get(*position))
    }
}

/// The order of members has no meaning.
impl PartialEq for Object {
    fn eq(&self, other: &Self) -> bool {
        self.members.len() == other.members.len() && self.in_order_of_keys().eq(other.in_order_of_keys())
    }
}

impl Value {
    /// How many containers are within each other.
    pub(crate) fn depth(&self) -> usize {
        match self {
            Self::Array(items) => 1 + items.iter().map(Self::depth).max().unwrap_or(0),
            Self::Object(object) => 1 + object.iter().map(|(_, value)| value.depth()).max().unwrap_or(0),
            _ => 0,
        }
    }
}

impl Serialize for Value {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Null => serializer.serialize_unit(),
            Self::Bool(value) => serializer.serialize_bool(*value),
            Self::Number(Number::Whole(value)) => serializer.serialize_u64(*value),
            Self::Number(Number::Negative(value)) => serializer.serialize_i64(*value),
            Self::Number(Number::Float(value)) => serializer.serialize_f64(*value),
            Self::Text(text) => serializer.serialize_str(text),
            Self::Array(items) => serializer.collect_seq(items),
            Self::Object(object) => {
                let mut map = serializer.serialize_map(Some(object.members.len()))?;
                object.iter().try_for_each(|(key, value)| map.serialize_entry(key, value))?;
                map.end()
            }
        }
    }
}

impl<'de> Deserialize<'de> for Value {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(AnyValue)
    }
}

struct AnyValue;

impl<'de> Visitor<'de> for AnyValue {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value")
    }

    fn visit_unit<E: Error>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E: Error>(self, value: bool) -> Result<Value, E> {
        Ok(Value::Bool(value))
    }

    fn visit_u64<E: Error>(self, value: u64) -> Result<Value, E> {
        Ok(Value::Number(Number::Whole(value)))
    }

    fn visit_i64<E: Error>(self, value: i64) -> Result<Value, E> {
        Ok(Value::Number(Number::from_whole(value)))
    }

    fn visit_f64<E: Error>(self, value: f64) -> Result<Value, E> {
        Ok(Value::Number(Number::from_float(value)))
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Value, E> {
        Ok(Value::Text(text.to_owned()))
    }

    fn visit_string<E: Error>(self, text: String) -> Result<Value, E> {
        Ok(Value::Text(text))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Value, A::Error> {
        let mut array = Vec::new();
        while let Some(item) = items.next_element()? {
            array.push(item);
        }
        Ok(Value::Array(array))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Value, A::Error> {
        let mut members = Vec::new();
        while let Some(member) = map.next_entry()? {
            members.push(member);
        }
        Object::new(members).map(Value::Object).map_err(|_| Error::custom("a key is there twice"))
    }
}
