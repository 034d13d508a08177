//! Host calls as golden cases state them: what a skill asks for, and what it is answered.

use std::fmt;

use serde_json::{Map, Value};

use crate::{HostCall, Text, printable};

/// How much of a body a message shows, in characters.
const MAX_SHOWN: usize = 200;

/// One host call that a golden case states, and its answer.
#[derive(Clone, Debug, PartialEq)]
pub struct HostLine {
    /// The function that is called.
    pub call: HostCall,
    /// What of the request must be as it stands here; fields that are not named may be anything.
    pub request: Map<String, Value>,
    /// The body of the request; absent, it may be anything.
    pub body: Option<Contents>,
    /// What the skill is answered.
    pub answer: HostAnswer,
}

/// Bytes, as a golden case states them.
#[derive(Clone, Debug, PartialEq)]
pub enum Contents {
    /// These very bytes.
    Bytes(Vec<u8>),
    /// A JSON value: as an answer, its shortest text; in a request, any text that means it.
    Json(Value),
}

/// What a host call is answered.
#[derive(Clone, Debug, PartialEq)]
pub enum HostAnswer {
    /// It was done; the bytes are the response.
    Done(Vec<u8>),
    /// It could not be done.
    Failed(HostErrorLine),
    /// It is not allowed.
    Denied(HostErrorLine),
}

/// An error that a host call is answered with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HostErrorLine {
    /// Its stable word, such as `fs.not_found`.
    pub code: String,
    /// What people are told.
    pub message: Text,
}

impl HostErrorLine {
    /// The longest code, in bytes.
    pub const MAX_CODE_BYTES: usize = 64;

    /// Whether a text has the form of a code: words of `a` to `z` and `_` with dots between them, two at least.
    #[must_use]
    pub fn is_code(text: &str) -> bool {
        let word = |word: &str| !word.is_empty() && word.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_');
        text.len() <= Self::MAX_CODE_BYTES && text.contains('.') && text.split('.').all(word)
    }
}

/// What is asked for, as a person reads it: `fs_read {"path":"a.txt"}`.
impl fmt::Display for HostLine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let request = Value::Object(self.request.clone());
        write!(f, "{} {}", self.call, printable(&request.to_string(), MAX_SHOWN))?;
        self.body.as_ref().map_or(Ok(()), |body| write!(f, " with the body {body}"))
    }
}

/// The beginning, as JSON or as a text in quotes; bytes that are no text by their number.
impl fmt::Display for Contents {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Json(value) => f.write_str(&printable(&value.to_string(), MAX_SHOWN)),
            Self::Bytes(bytes) => match std::str::from_utf8(bytes) {
                Ok(text) => write!(f, "\"{}\"", printable(text, MAX_SHOWN)),
                Err(_) => write!(f, "of {} bytes", bytes.len()),
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_is_words_with_dots() {
        for (text, is) in [
            ("fs.not_found", true),
            ("policy.ungranted", true),
            ("a.b.c", true),
            ("fs", false),
            ("fs.", false),
            (".fs", false),
            ("fs.NotFound", false),
            ("fs.not found", false),
            ("", false),
        ] {
            assert_eq!(HostErrorLine::is_code(text), is, "{text}");
        }
        assert!(!HostErrorLine::is_code(&format!("a.{}", "b".repeat(63))));
    }
}
