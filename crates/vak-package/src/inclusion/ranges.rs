//! Kinds of values, ranges of numbers, and lengths.

use std::fmt;

use serde_json::{Map, Value};

/// Kinds of values. Whole numbers and fractions are told apart, since `integer` is a part of `number`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Kinds(u8);

impl Kinds {
    pub(super) const NULL: Self = Self(1);
    pub(super) const BOOLEAN: Self = Self(2);
    pub(super) const STRING: Self = Self(4);
    pub(super) const ARRAY: Self = Self(8);
    pub(super) const OBJECT: Self = Self(16);
    const INTEGER: Self = Self(32);
    const FRACTIONS: Self = Self(64);
    pub(super) const NUMBERS: Self = Self(32 | 64);
    const ALL: Self = Self(127);

    /// How a message names numbers that are not whole.
    pub(super) const FRACTION: &'static str = "a number with a fraction";

    /// What the `type` of a schema allows.
    pub(super) fn of(schema: &Map<String, Value>) -> Self {
        match schema.get("type") {
            Some(Value::String(name)) => Self::named(name),
            Some(Value::Array(names)) => {
                Self(names.iter().filter_map(Value::as_str).fold(0, |all, name| all | Self::named(name).0))
            }
            _ => Self::ALL,
        }
    }

    fn named(name: &str) -> Self {
        match name {
            "null" => Self::NULL,
            "boolean" => Self::BOOLEAN,
            "string" => Self::STRING,
            "array" => Self::ARRAY,
            "object" => Self::OBJECT,
            "integer" => Self::INTEGER,
            "number" => Self::NUMBERS,
            _ => Self(0),
        }
    }

    pub(super) const fn common(self, other: Self) -> Self {
        Self(self.0 & other.0)
    }

    pub(super) const fn without(self, other: Self) -> Self {
        Self(self.0 & !other.0)
    }

    pub(super) const fn contains(self, other: Self) -> bool {
        self.0 & other.0 == other.0
    }

    pub(super) const fn is_empty(self) -> bool {
        self.0 == 0
    }

    pub(super) const fn has_numbers(self) -> bool {
        self.0 & Self::NUMBERS.0 != 0
    }

    /// How messages name each of them.
    pub(super) fn names(self) -> impl Iterator<Item = &'static str> {
        let all = [
            (Self::NULL, "null"),
            (Self::BOOLEAN, "a boolean"),
            (Self::STRING, "text"),
            (Self::ARRAY, "a list"),
            (Self::OBJECT, "an object"),
            (Self::INTEGER, "a whole number"),
            (Self::FRACTIONS, Self::FRACTION),
        ];
        all.into_iter().filter(move |(kind, _)| self.contains(*kind)).map(|(_, name)| name)
    }
}

/// The end of a range.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Bound {
    value: f64,
    /// Whether the value itself lies outside.
    exclusive: bool,
}

impl fmt::Display for Bound {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}", self.value, if self.exclusive { " or equal to it" } else { "" })
    }
}

/// The numbers that a schema allows.
#[derive(Clone, Copy, Debug)]
pub(super) struct Range {
    low: Option<Bound>,
    high: Option<Bound>,
}

impl Range {
    /// Among whole numbers alone, a bound is the last one that is allowed.
    pub(super) fn of(schema: &Map<String, Value>, kinds: Kinds) -> Self {
        let bound = |keyword: &str, exclusive| {
            let value = schema.get(keyword).and_then(Value::as_f64)?;
            Some(Bound { value, exclusive })
        };
        let tighter = |one: Option<Bound>, other: Option<Bound>, is_low: bool| match (one, other) {
            (Some(one), Some(other)) if one.value == other.value => Some(other),
            (Some(one), Some(other)) => Some(if (one.value > other.value) == is_low { one } else { other }),
            (one, other) => one.or(other),
        };
        let low = tighter(bound("minimum", false), bound("exclusiveMinimum", true), true);
        let high = tighter(bound("maximum", false), bound("exclusiveMaximum", true), false);
        if kinds.contains(Kinds::FRACTIONS) {
            return Self { low, high };
        }
        let inclusive = |value| Bound { value, exclusive: false };
        Self {
            low: low.map(|low| inclusive(if low.exclusive { low.value.floor() + 1.0 } else { low.value.ceil() })),
            high: high.map(|high| inclusive(if high.exclusive { high.value.ceil() - 1.0 } else { high.value.floor() })),
        }
    }

    /// Whether there is no more than one number in it.
    pub(super) fn is_point(&self) -> bool {
        matches!((self.low, self.high), (Some(low), Some(high)) if low.value >= high.value)
    }

    /// The lower end of `other`, if this range begins before it.
    pub(super) fn below(&self, other: &Self) -> Option<Bound> {
        let theirs = other.low?;
        let inside = self.low.is_some_and(|ours| {
            ours.value > theirs.value || ours.value == theirs.value && (ours.exclusive || !theirs.exclusive)
        });
        (!inside).then_some(theirs)
    }

    /// The upper end of `other`, if this range ends after it.
    pub(super) fn above(&self, other: &Self) -> Option<Bound> {
        let theirs = other.high?;
        let inside = self.high.is_some_and(|ours| {
            ours.value < theirs.value || ours.value == theirs.value && (ours.exclusive || !theirs.exclusive)
        });
        (!inside).then_some(theirs)
    }
}

/// What is counted in values of one kind.
#[derive(Clone, Copy, Debug)]
pub(super) struct Lengths {
    pub(super) min: &'static str,
    pub(super) max: &'static str,
    /// What is counted in, and what is counted, in the plural.
    pub(super) whole: &'static str,
    pub(super) parts: &'static str,
}

impl Lengths {
    pub(super) const TEXT: Self = Self { min: "minLength", max: "maxLength", whole: "texts", parts: "characters" };
    pub(super) const LIST: Self = Self { min: "minItems", max: "maxItems", whole: "lists", parts: "items" };
    pub(super) const OBJECT: Self =
        Self { min: "minProperties", max: "maxProperties", whole: "objects", parts: "properties" };

    /// The least and the most that a schema allows. A length may be written as `2.0`.
    pub(super) fn limits(&self, schema: &Map<String, Value>) -> (u64, u64) {
        // Lengths are small and not negative, or the schema would not be one; beyond 2^53 all are the same.
        let length = |keyword: &str| schema.get(keyword).and_then(Value::as_f64).map(|length| length as u64);
        (length(self.min).unwrap_or(0), length(self.max).unwrap_or(u64::MAX))
    }
}
