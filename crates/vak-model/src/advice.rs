//! Errors that say what would be right.

use std::error::Error;
use std::fmt;

/// An error in two halves. Its `Display` says both, with a colon between them.
pub trait Advice: Error {
    /// What is wrong: a fragment that names the thing.
    fn wrong(&self) -> String;

    /// What would be right.
    fn right(&self) -> String;
}

/// The `Display` of errors in two halves.
pub(crate) fn display(error: &impl Advice, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    write!(f, "{}: {}", error.wrong(), error.right())
}
