//! What can be wrong with a text of policies, and where.

use std::fmt;

use crate::outline::{MAX_BYTES, MAX_POLICIES};

/// A place in a text, counted from 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    /// The line.
    pub line: usize,
    /// The column, in characters.
    pub column: usize,
}

impl Place {
    /// The place of a byte; a place beyond the end is the end.
    pub(crate) fn of(text: &str, offset: usize) -> Self {
        let before = text.get(..offset).unwrap_or(text);
        let line = before.rsplit('\n').next().unwrap_or_default();
        Self { line: before.matches('\n').count() + 1, column: line.chars().count() + 1 }
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}, column {}", self.line, self.column)
    }
}

/// A text that is no set of policies.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PolicyError {
    /// More bytes than a text of policies may have.
    #[error("the policy has {0} bytes: it may have {MAX_BYTES}")]
    Size(usize),
    /// More policies than it may hold.
    #[error("there are more than {MAX_POLICIES} policies")]
    Count,
    /// Something in it.
    #[error("{0}: {1}")]
    Text(Place, Mistake),
}

/// What is wrong at one place.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Mistake {
    /// Not what Cedar's grammar says; what Cedar says about it.
    #[error("{0}")]
    Syntax(String),
    /// A string without its second quote.
    #[error("the string does not end")]
    OpenString,
    /// Too many brackets in each other.
    #[error("brackets lie more than {0} deep")]
    Depth(usize),
    /// Too many operators in one policy.
    #[error("the policy has more than {0} operators: make several of it, or use a set")]
    Operators(usize),
    /// Operators too deep in each other, whatever the brackets.
    #[error("operators lie more than {0} deep: make several policies of it, or use a set")]
    Tree(usize),
    /// A policy with slots, which nothing fills.
    #[error("this is a template: write the policy out")]
    Template,
    /// An id that another policy has.
    #[error("another policy has the id `{0}` too")]
    DoubledId(String),
    /// An id that could not be told from something else.
    #[error("`{0}` is no id: use 1 to 100 characters that can be printed, the first of them not `-`")]
    Id(String),
    /// Not what VAK's schema says; what Cedar says about it.
    #[error("{0}")]
    Schema(String),
    /// A path that no guest can name.
    #[error("no file is ever called `{0}`: {1}")]
    Path(String, vak_model::InvalidPath),
}

/// Something that VAK's schema has against a policy: it could never mean what it seems to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// Where it is.
    pub place: Place,
    /// The policy's id.
    pub policy: String,
    /// What is wrong, in Cedar's words.
    pub message: String,
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.place, self.message)
    }
}
