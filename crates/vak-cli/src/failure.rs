//! Errors as tools show them: what, where, and what to do next.

use std::error::Error;
use std::fmt;
use std::path::{Path, PathBuf};

use serde::Serialize;
use serde::ser::SerializeStruct;
use vak_model::Code;

/// The end of a tool's work that is not success.
#[derive(Clone, Debug)]
pub struct Failure {
    code: Code,
    message: Box<str>,
    place: Option<Box<Place>>,
    right: Option<Box<str>>,
    causes: Vec<String>,
    facts: Vec<(&'static str, String)>,
    next: Vec<Next>,
    silent: bool,
}

/// Where in a file something is wrong.
#[derive(Clone, Debug)]
pub struct Place {
    file: PathBuf,
    /// Line and column, both counted from 1.
    position: Option<(u64, u64)>,
}

impl Place {
    /// The file, or the line and the column in it, both counted from 1.
    #[must_use]
    pub fn new(file: impl Into<PathBuf>, position: Option<(u64, u64)>) -> Self {
        Self { file: file.into(), position }
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{}`", self.file.display())?;
        self.position.iter().try_for_each(|(line, column)| write!(f, " line {line}, column {column}"))
    }
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
        Self {
            code,
            message: message.into().into_boxed_str(),
            place: None,
            right: None,
            causes: Vec::new(),
            facts: Vec::new(),
            next: Vec::new(),
            silent: false,
        }
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
            if self.causes.last() != Some(&text) && *self.message != *text {
                self.causes.push(text);
            }
            source = error.source();
        }
        self
    }

    /// Says where it is.
    #[must_use]
    pub fn at(mut self, place: Place) -> Self {
        self.place = Some(Box::new(place));
        self
    }

    /// Says what would be right.
    #[must_use]
    pub fn right(mut self, right: impl Into<String>) -> Self {
        self.right = Some(right.into().into_boxed_str());
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

    /// The message with its place and its causes, in one line.
    #[must_use]
    pub fn one_line(&self) -> String {
        let mut whole = self.place.as_ref().map(|place| format!("{place}: ")).unwrap_or_default();
        whole.push_str(&self.message);
        for cause in &self.causes {
            whole.push_str(": ");
            whole.push_str(cause);
        }
        whole
    }

    /// As lists of errors have it: beside what it is, `file`, `line` and `column`, null where they are not known.
    #[must_use]
    pub fn placed(&self) -> PlacedFailure<'_> {
        let position = self.place.as_ref().and_then(|place| place.position);
        PlacedFailure {
            failure: self,
            file: self.place.as_ref().map(|place| place.file.as_path()),
            line: position.map(|(line, _)| line),
            column: position.map(|(_, column)| column),
        }
    }

    pub(crate) const fn is_silent(&self) -> bool {
        self.silent
    }

    /// The lines below the message: label and text, commands aligned with their purposes.
    pub(crate) fn lines(&self) -> Vec<(&'static str, String)> {
        let place = self.place.iter().map(|place| ("where", place.to_string()));
        let right = self.right.iter().map(|right| ("right", right.to_string()));
        let causes = self.causes.iter().map(|cause| ("cause", cause.clone()));
        let width = self.next.iter().map(|next| next.command.chars().count()).max().unwrap_or(0);
        let next = self.next.iter().map(|Next { command, purpose }| {
            let gap = " ".repeat(width - command.chars().count() + 4);
            ("next", if purpose.is_empty() { command.clone() } else { format!("{command}{gap}{purpose}") })
        });
        place.chain(right).chain(causes).chain(self.facts.iter().cloned()).chain(next).collect()
    }
}

/// A failure as lists of errors have it: see [`Failure::placed`].
#[derive(Debug, Serialize)]
pub struct PlacedFailure<'a> {
    #[serde(flatten)]
    failure: &'a Failure,
    file: Option<&'a Path>,
    line: Option<u64>,
    column: Option<u64>,
}

/// `{"code", "message", "hint"}`: the message with its place and its causes; the first command that helps, or else what
/// would be right, or null.
impl Serialize for Failure {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut object = serializer.serialize_struct("error", 3)?;
        object.serialize_field("code", &self.code)?;
        object.serialize_field("message", &self.one_line())?;
        object.serialize_field("hint", &self.next.first().map(|next| &*next.command).or(self.right.as_deref()))?;
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

    #[test]
    fn a_place_is_part_of_the_message_in_json_and_can_be_had_in_parts() {
        let failure = Failure::new(Code::ManifestInvalid, "`x` is no name").right("use letters");
        let placed = failure.clone().at(Place::new("a/skill.yaml", Some((2, 7))));
        let json = |failure: &Failure| serde_json::to_value(failure.placed()).expect("serialisable");
        assert_eq!(
            json(&placed),
            serde_json::json!({
                "code": "manifest.invalid", "message": "`a/skill.yaml` line 2, column 7: `x` is no name",
                "hint": "use letters", "file": "a/skill.yaml", "line": 2, "column": 7,
            })
        );
        assert_eq!(json(&failure)["line"], serde_json::Value::Null);
        assert_eq!(placed.lines()[0], ("where", "`a/skill.yaml` line 2, column 7".to_owned()));
        assert_eq!(placed.lines()[1], ("right", "use letters".to_owned()));
    }
}
