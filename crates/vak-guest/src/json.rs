//! JSON in and out, behind two functions, so that what does the work can be exchanged.
//!
//! `serde_json` would do it, but for 50 KB: the guest pays for every byte when it is compiled, hashed and loaded.

mod read;
mod write;

use std::fmt::{self, Display};

use serde::de::{Expected, Unexpected};

pub(crate) use read::read;
pub(crate) use write::write;

/// The integer that a float is, where floats and integers have the same digits: up to 2^53. Minus zero is 0.
fn exact_integer(value: f64) -> Option<i64> {
    let integer = value as i64;
    (integer as f64 == value && integer.unsigned_abs() <= 1 << 53).then_some(integer)
}

/// Why a text is not the value, or a value has no text.
#[derive(Debug)]
struct Failure(String);

impl Failure {
    #[cold]
    fn new(message: &str) -> Self {
        Self(message.to_owned())
    }
}

impl Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Failure {}

impl serde::ser::Error for Failure {
    fn custom<T: Display>(message: T) -> Self {
        Self(message.to_string())
    }
}

impl serde::de::Error for Failure {
    fn custom<T: Display>(message: T) -> Self {
        Self(message.to_string())
    }

    fn invalid_type(found: Unexpected<'_>, expected: &dyn Expected) -> Self {
        Self(format!("invalid type: {}, expected {expected}", name(&found)))
    }

    fn invalid_value(found: Unexpected<'_>, expected: &dyn Expected) -> Self {
        Self(format!("invalid value: {}, expected {expected}", name(&found)))
    }
}

/// The kind of what was found. `Unexpected` can display the value too, for the price of all that formats floats.
fn name(found: &Unexpected<'_>) -> &'static str {
    match found {
        Unexpected::Bool(_) => "a boolean",
        Unexpected::Unsigned(_) | Unexpected::Signed(_) => "an integer",
        Unexpected::Float(_) => "a number",
        Unexpected::Char(_) | Unexpected::Str(_) | Unexpected::Bytes(_) => "a string",
        Unexpected::Unit | Unexpected::Option => "null",
        Unexpected::Seq => "an array",
        Unexpected::Map => "an object",
        _ => "another value",
    }
}

#[cfg(test)]
mod tests {
    /// Bit patterns, the same in every run.
    pub(super) fn random() -> impl Iterator<Item = u64> {
        let mut state = 1_u64;
        std::iter::repeat_with(move || {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            state
        })
    }
}
