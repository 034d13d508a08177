//! Strings, borrowed from the input where that is possible.

use std::str::FromStr;

use serde::de::{IntoDeserializer, Visitor};

use super::Read;
use crate::json::Failure;

/// A string: part of the input if it has no escape.
pub(super) enum Text<'de> {
    Borrowed(&'de str),
    Owned(String),
}

impl<'de> Text<'de> {
    pub(super) fn visit<V: Visitor<'de>>(self, visitor: V) -> Read<V::Value> {
        match self {
            Self::Borrowed(text) => visitor.visit_borrowed_str(text),
            Self::Owned(text) => visitor.visit_string(text),
        }
    }

    /// The string as the name of a variant without content.
    pub(super) fn visit_enum<V: Visitor<'de>>(self, visitor: V) -> Read<V::Value> {
        match self {
            Self::Borrowed(text) => visitor.visit_enum(text.into_deserializer()),
            Self::Owned(text) => visitor.visit_enum(text.into_deserializer()),
        }
    }

    pub(super) fn parse<T: FromStr>(&self) -> Read<T> {
        let text = match self {
            Self::Borrowed(text) => text,
            Self::Owned(text) => text.as_str(),
        };
        text.parse().map_err(|_| Failure::new("invalid key"))
    }
}
