//! Numbers, as whatever a visitor takes them for.

use std::str::FromStr;

use serde::de::Visitor;

use super::{Read, float};
use crate::json::{Failure, exact_integer};

/// A number as it is written, of valid form.
pub(super) struct Number<'de> {
    text: &'de str,
    is_integer: bool,
}

impl<'de> Number<'de> {
    pub(super) const fn new(text: &'de str, is_integer: bool) -> Self {
        Self { text, is_integer }
    }

    pub(super) fn visit<'v, V: Visitor<'v>>(&self, visitor: V) -> Read<V::Value> {
        if self.is_integer && self.text != "-0" {
            if let Ok(value) = self.text.parse() {
                return visitor.visit_u64(value);
            }
            if let Ok(value) = self.text.parse() {
                return visitor.visit_i64(value);
            }
        }
        visitor.visit_f64(self.float()?)
    }

    /// For a visitor that wants an integer.
    pub(super) fn visit_integer<'v, V: Visitor<'v>>(&self, visitor: V) -> Read<V::Value> {
        if (!self.is_integer || self.text == "-0")
            && let Some(value) = exact_integer(self.float()?)
        {
            return match u64::try_from(value) {
                Ok(value) => visitor.visit_u64(value),
                Err(_) => visitor.visit_i64(value),
            };
        }
        self.visit(visitor)
    }

    pub(super) fn float(&self) -> Read<f64> {
        in_range(float::nearest_f64(self.text), f64::is_finite)
    }

    pub(super) fn short_float(&self) -> Read<f32> {
        in_range(float::nearest_f32(self.text), f32::is_finite)
    }

    /// For integers that are larger than those that values are made of.
    pub(super) fn parse<T: FromStr>(&self) -> Read<T> {
        self.text.parse().map_err(|_| out_of_range())
    }
}

fn in_range<T: Copy>(value: T, is_finite: impl Fn(T) -> bool) -> Read<T> {
    if is_finite(value) { Ok(value) } else { Err(out_of_range()) }
}

#[cold]
fn out_of_range() -> Failure {
    Failure::new("number out of range")
}
