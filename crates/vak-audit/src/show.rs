//! Entries as readers show them, and which intents have no outcome.

use std::collections::{HashMap, HashSet};

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::error::ReadError;
use crate::reader::LogReader;
use crate::record::Kind;

/// An entry of a log. Kinds that this version does not know are read like others.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
pub struct Entry {
    /// The version of its form.
    pub v: u64,
    /// When it was made, by a clock that nobody vouches for.
    pub t: String,
    /// What it is about.
    pub kind: String,
    /// The run that it belongs to.
    pub run: String,
    /// Its number within that run.
    pub seq: u64,
    /// The skill's module.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub module: Option<String>,
    /// The skill's manifest.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub manifest: Option<String>,
    /// The operator's policy.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub policy: Option<String>,
    /// What the kind calls for.
    pub data: Map<String, Value>,
    /// Keeps the entry from being guessed from its hash.
    pub salt: String,
}

impl Entry {
    /// Reads an entry; none if it is of another form.
    #[must_use]
    pub fn read(bytes: &[u8]) -> Option<Self> {
        serde_json::from_slice(bytes).ok()
    }

    /// A member of its data that is a text, whole or what is left of it.
    #[must_use]
    pub fn text(&self, key: &str) -> Option<&str> {
        let value = self.data.get(key)?;
        value.as_str().or_else(|| value.get("text")?.as_str())
    }
}

/// The intents of a log that have no outcome, by their numbers: what they announced may have happened or not.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Open(HashSet<u64>);

impl Open {
    /// Whether nothing is known of how that entry came out.
    #[must_use]
    pub fn contains(&self, number: u64) -> bool {
        self.0.contains(&number)
    }

    /// How many there are.
    #[must_use]
    pub fn count(&self) -> usize {
        self.0.len()
    }
}

impl LogReader {
    /// Finds the intents without an outcome.
    ///
    /// # Errors
    /// An entry can't be read.
    pub fn open_intents(&self) -> Result<Open, ReadError> {
        let mut open = HashMap::new();
        self.each(0, |number, bytes| {
            let Some(entry) = Entry::read(bytes) else { return Ok::<_, ReadError>(()) };
            let Ok(kind) = entry.kind.parse::<Kind>() else { return Ok(()) };
            match kind.outcome() {
                Some(outcome) => {
                    let of = if kind == Kind::HostCall { entry.seq } else { 0 };
                    open.insert((entry.run, outcome, of), number);
                }
                None => {
                    let of = entry.data.get("of").and_then(Value::as_u64).unwrap_or(0);
                    open.remove(&(entry.run, kind, of));
                }
            }
            Ok(())
        })?;
        Ok(Open(open.into_values().collect()))
    }
}
