//! A reader of JSON (RFC 8259), made small: what the target has to carry is a large part of a small skill.
//!
//! It accepts what `serde_json` accepts, and one thing more: where an integer is asked for, `5.0` and `1e3` are integers, as
//! they are to JSON Schema, by which the host has checked the input. Numbers are the nearest to what is written, always.

mod big;
mod float;
mod items;
mod key;
mod number;
mod reader;
#[cfg(test)]
mod tests;
mod text;
mod value;
mod variant;

use serde::de;

use super::Failure;
use reader::Reader;

/// The deepest nesting that is read, the same as the host's: a skill's stack is small.
const MAX_DEPTH: u8 = 128;

type Read<T> = Result<T, Failure>;

/// Reads one JSON text as a value; the error is a message with the place.
pub(crate) fn read<'de, T: de::Deserialize<'de>>(text: &'de [u8]) -> Result<T, String> {
    let mut reader = Reader::new(std::str::from_utf8(text).map_err(|_| "not UTF-8".to_owned())?);
    let value = T::deserialize(&mut reader).and_then(|value| reader.end().map(|()| value));
    value.map_err(|Failure(message)| format!("{message} at byte {}", reader.at()))
}
