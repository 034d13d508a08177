//! The plain error of a skill.

use std::fmt::Display;

use serde::Serialize;

/// A skill's own error that is only a message: `{"error":"message"}`.
///
/// Anything that can be displayed becomes one, so `?` works on every error type, and so does `"message".into()`. For that
/// it does not implement [`Display`] itself.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Error {
    error: String,
}

impl Error {
    /// The message.
    #[must_use]
    pub fn message(&self) -> &str {
        &self.error
    }
}

impl<T: Display> From<T> for Error {
    fn from(message: T) -> Self {
        Self { error: message.to_string() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_is_made_of_anything_that_displays() {
        fn parse(text: &str) -> Result<u8, Error> {
            Ok(text.parse::<u8>()?)
        }
        assert_eq!(parse("7"), Ok(7));
        assert_eq!(parse("x").expect_err("no number").message(), "invalid digit found in string");
        assert_eq!(Error::from("division by zero"), Error::from(String::from("division by zero")));
    }

    #[test]
    fn an_error_is_an_object_with_its_message() {
        let json = crate::json::write(&Error::from("a \"quoted\" line\n")).expect("JSON");
        assert_eq!(json, br#"{"error":"a \"quoted\" line\n"}"#);
    }
}
