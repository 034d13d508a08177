//! What is wrong with a manifest: all of it, in the order of the text, so that an author mends it in one go.
//!
//! A hostile manifest may have a mistake in each of its parts, so only the first are kept, and the rest are counted.

use std::fmt;

use vak_model::Code;

use crate::manifest_text::Position;

/// The most mistakes of one manifest that are kept.
pub(crate) const MAX_MISTAKES: usize = 20;

/// The longest half of a message, in characters.
const MAX_TEXT: usize = 400;

/// One thing that is wrong with a manifest. Its `Display` says what is wrong, and then what would be right.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mistake {
    code: Code,
    wrong: String,
    right: Option<String>,
    pointer: String,
    position: Option<Position>,
}

impl Mistake {
    pub(crate) fn new(code: Code, wrong: &str) -> Self {
        let wrong = vak_model::printable(wrong, MAX_TEXT);
        Self { code, wrong, right: None, pointer: String::new(), position: None }
    }

    /// A text that is no manifest's, whatever it says.
    pub(crate) fn syntax(wrong: &str) -> Self {
        Self::new(Code::ManifestSyntax, wrong)
    }

    pub(crate) fn with_right(mut self, right: &str) -> Self {
        self.right = Some(vak_model::printable(right, MAX_TEXT));
        self
    }

    pub(crate) fn at(mut self, position: Option<Position>) -> Self {
        self.position = position;
        self
    }

    pub(crate) fn in_part(mut self, pointer: String) -> Self {
        self.pointer = pointer;
        self
    }

    /// What the error is called.
    #[must_use]
    pub const fn code(&self) -> Code {
        self.code
    }

    /// What is wrong.
    #[must_use]
    pub fn wrong(&self) -> &str {
        &self.wrong
    }

    /// What would be right, if that can be said.
    #[must_use]
    pub fn right(&self) -> Option<&str> {
        self.right.as_deref()
    }

    /// Which part of the manifest it is about, as a JSON Pointer; empty for the whole. Long keys are cut.
    #[must_use]
    pub fn pointer(&self) -> &str {
        &self.pointer
    }

    /// Where in `skill.yaml`, if it came from there.
    #[must_use]
    pub const fn position(&self) -> Option<Position> {
        self.position
    }
}

impl fmt::Display for Mistake {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.wrong)?;
        self.right.iter().try_for_each(|right| write!(f, ": {right}"))
    }
}

/// What is wrong with a manifest: one mistake or more, in the order of the text. Its `Display` says the first, and how
/// many more there are.
#[derive(Clone, Debug, thiserror::Error)]
#[error("{first}{}", and_more(self.count() - 1))]
pub struct ManifestError {
    first: Box<Mistake>,
    others: Vec<Mistake>,
    left_out: usize,
}

fn and_more(count: usize) -> String {
    match count {
        0 => String::new(),
        1 => " (and 1 more mistake)".to_owned(),
        _ => format!(" (and {count} more mistakes)"),
    }
}

impl ManifestError {
    /// The first mistake.
    #[must_use]
    pub const fn first(&self) -> &Mistake {
        &self.first
    }

    /// The first mistakes, at most 20.
    pub fn mistakes(&self) -> impl Iterator<Item = &Mistake> {
        std::iter::once(&*self.first).chain(&self.others)
    }

    /// How many mistakes there are besides those in [`Self::mistakes`].
    #[must_use]
    pub const fn left_out(&self) -> usize {
        self.left_out
    }

    /// How many mistakes there are.
    #[must_use]
    pub fn count(&self) -> usize {
        1 + self.others.len() + self.left_out
    }

    /// What the first mistake is called.
    #[must_use]
    pub const fn code(&self) -> Code {
        self.first.code
    }

    /// Where in `skill.yaml` the first mistake is, if it came from there.
    #[must_use]
    pub const fn position(&self) -> Option<Position> {
        self.first.position
    }
}

impl From<Mistake> for ManifestError {
    fn from(mistake: Mistake) -> Self {
        Self { first: Box::new(mistake), others: Vec::new(), left_out: 0 }
    }
}

/// The proof that a mistake was noted: what is made of nothing else can't be refused without a reason.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Noted(());

/// What was made of a part of a manifest.
pub(crate) type Read<T> = Result<T, Noted>;

/// The mistakes found so far.
#[derive(Debug, Default)]
pub(crate) struct Found {
    /// The first ones in the order of the text, each with the number of its part.
    kept: Vec<(usize, Mistake)>,
    count: usize,
}

impl Found {
    /// Notes a mistake in the text's part of that number; parts without one come last.
    ///
    /// A part that is no proper text has no other mistakes: they would be about something that nobody wrote.
    pub(crate) fn add(&mut self, part: Option<usize>, mistake: impl FnOnce() -> Mistake) -> Noted {
        let order = part.unwrap_or(usize::MAX);
        let at = self.kept.partition_point(|(kept, _)| *kept <= order);
        let mut same = self.kept[..at].iter().rev().take_while(|(kept, _)| part == Some(*kept));
        if same.any(|(_, kept)| kept.code == Code::ManifestSyntax) {
            return Noted(());
        }
        self.count += 1;
        if at < MAX_MISTAKES {
            self.kept.insert(at, (order, mistake()));
            self.kept.truncate(MAX_MISTAKES);
        }
        Noted(())
    }

    pub(crate) const fn is_empty(&self) -> bool {
        self.count == 0
    }

    /// What was read, unless there was a mistake anywhere.
    pub(crate) fn finish<T>(self, read: Read<T>) -> Result<T, ManifestError> {
        match read {
            Ok(value) if self.is_empty() => Ok(value),
            // Whoever has a `Noted` has noted a mistake; and if not here, then this is still no manifest.
            _ => Err(self.into_error_or(|| Mistake::syntax("the manifest is invalid"))),
        }
    }

    /// What was found, or else this one mistake.
    pub(crate) fn into_error_or(self, other: impl FnOnce() -> Mistake) -> ManifestError {
        let left_out = self.count - self.kept.len();
        let mut kept = self.kept.into_iter().map(|(_, mistake)| mistake);
        let first = Box::new(kept.next().unwrap_or_else(other));
        ManifestError { first, others: kept.collect(), left_out }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mistake(code: Code, word: &str) -> impl FnOnce() -> Mistake {
        move || Mistake::new(code, word)
    }

    fn words(found: Found) -> Vec<String> {
        let error = found.finish(Ok(())).expect_err("mistakes");
        error.mistakes().map(|mistake| mistake.wrong().to_owned()).collect()
    }

    #[test]
    fn mistakes_come_in_the_order_of_the_text() {
        let mut found = Found::default();
        for (part, word) in [(Some(7), "d"), (None, "e"), (Some(2), "a"), (Some(5), "b"), (Some(5), "c"), (None, "f")] {
            found.add(part, mistake(Code::ManifestInvalid, word));
        }
        assert_eq!(words(found), ["a", "b", "c", "d", "e", "f"]);
    }

    #[test]
    fn the_first_mistakes_are_kept_and_the_rest_are_counted() {
        let mut found = Found::default();
        for part in (0..1000).rev() {
            found.add(Some(part), mistake(Code::ManifestInvalid, &part.to_string()));
        }
        let error = found.finish(Ok(())).expect_err("mistakes");
        assert_eq!((error.mistakes().count(), error.left_out(), error.count()), (20, 980, 1000));
        assert_eq!(error.to_string(), "0 (and 999 more mistakes)");
        assert!(error.mistakes().map(Mistake::wrong).eq((0..20).map(|n| n.to_string())));
    }

    #[test]
    fn a_part_that_is_no_text_has_no_other_mistakes() {
        let mut found = Found::default();
        found.add(Some(3), mistake(Code::ManifestSyntax, "no text"));
        found.add(Some(3), mistake(Code::ManifestInvalid, "no name"));
        found.add(Some(4), mistake(Code::ManifestInvalid, "another part"));
        assert_eq!(words(found), ["no text", "another part"]);
    }

    #[test]
    fn nothing_is_refused_without_a_reason_or_taken_with_a_mistake() {
        assert!(Found::default().finish(Ok(())).is_ok());
        let mut found = Found::default();
        let noted = found.add(None, mistake(Code::ManifestLimit, "zero"));
        assert_eq!(found.finish::<()>(Err(noted)).expect_err("noted").to_string(), "zero");
        assert!(Found::default().finish::<()>(Err(noted)).is_err());
    }
}
