//! Errors as tools show them: what, where, and what to do next.

use std::error::Error;

use serde::Serialize;
use serde::ser::SerializeStruct;
use vak_model::Code;

/// The end of a tool's work that is not success.
#[derive(Clone, Debug)]
pub struct Failure {
    code: Code,
    message: String,
    causes: Vec<String>,
    facts: Vec<(&'static str, String)>,
    next: Vec<Next>,
    silent: bool,
}

/// What the reader can do about it: a command, and what it is good for.
#[derive(Clone, Debug)]
pub struct Next {
    command: String,
    purpose: String,
}

impl Failure {
    /// A failure with its code and a message: a fragment that names the thing in backticks.
    #[must_use]
    pub fn new(code: Code, message: impl Into<String>) -> Self {
        Self { code, message: message.into(), causes: Vec::new(), facts: Vec::new(), next: Vec::new(), silent: false }
    }

    /// A failure that says what `error` says, and then what it was caused by.
    #[must_use]
    pub fn of(code: Code, error: &dyn Error) -> Self {
        Self::new(code, error.to_string()).caused_by_sources(error)
    }

    /// Adds `error` and what it was caused by as causes.
    #[must_use]
    pub fn caused_by(mut self, error: &dyn Error) -> Self {
        self.causes.push(error.to_string());
        self.caused_by_sources(error)
    }

    fn caused_by_sources(mut self, error: &dyn Error) -> Self {
        let mut source = error.source();
        while let Some(error) = source {
            let text = error.to_string();
            if self.causes.last() != Some(&text) && self.message != text {
                self.causes.push(text);
            }
            source = error.source();
        }
        self
    }

    /// Adds a labelled fact, such as the file that it is about.
    #[must_use]
    pub fn fact(mut self, label: &'static str, text: impl Into<String>) -> Self {
        self.facts.push((label, text.into()));
        self
    }

    /// Adds a command that helps, ready to paste, and what it is good for.
    #[must_use]
    pub fn next(mut self, command: impl Into<String>, purpose: impl Into<String>) -> Self {
        self.next.push(Next { command: command.into(), purpose: purpose.into() });
        self
    }

    /// Says nothing on stderr: what there is to say was said already.
    #[must_use]
    pub const fn silent(mut self) -> Self {
        self.silent = true;
        self
    }

    /// What the error is called.
    #[must_use]
    pub const fn code(&self) -> Code {
        self.code
    }

    /// The message.
    #[must_use]
    pub fn message(&self) -> &str {
        &self.message
    }

    pub(crate) const fn is_silent(&self) -> bool {
        self.silent
    }

    /// The lines below the message: label and text, commands aligned with their purposes.
    pub(crate) fn lines(&self) -> Vec<(&'static str, String)> {
        let causes = self.causes.iter().map(|cause| ("cause", cause.clone()));
        let width = self.next.iter().map(|next| next.command.chars().count()).max().unwrap_or(0);
        let next = self.next.iter().map(|Next { command, purpose }| {
            let gap = " ".repeat(width - command.chars().count() + 4);
            ("next", if purpose.is_empty() { command.clone() } else { format!("{command}{gap}{purpose}") })
        });
        causes.chain(self.facts.iter().cloned()).chain(next).collect()
    }
}

/// `{"code", "message", "hint"}`: the message with its causes; the first command that helps, or null.
impl Serialize for Failure {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut whole = self.message.clone();
        for cause in &self.causes {
            whole.push_str(": ");
            whole.push_str(cause);
        }
        let mut object = serializer.serialize_struct("error", 3)?;
        object.serialize_field("code", &self.code)?;
        object.serialize_field("message", &whole)?;
        object.serialize_field("hint", &self.next.first().map(|next| &next.command))?;
        object.end()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn causes_are_chained_in_json_and_listed_for_people() {
        let io = std::io::Error::other("disk on fire");
        let failure = Failure::new(Code::FileRead, "failed to read `x`").caused_by(&io).next("ls x", "look at it");
        assert_eq!(
            serde_json::to_string(&failure).expect("serialisable"),
            r#"{"code":"file.read","message":"failed to read `x`: disk on fire","hint":"ls x"}"#
        );
        let lines = failure.lines();
        assert_eq!(lines[0], ("cause", "disk on fire".to_owned()));
        assert_eq!(lines[1], ("next", "ls x    look at it".to_owned()));
    }
}
