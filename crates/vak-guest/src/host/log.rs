//! Lines for whoever runs the skill: the capability `log`.
//!
//! One call is one line; what can't be printed is escaped. All lines of a call together have `max_log_bytes`, and the
//! line that goes beyond ends the call.
//!
//! ```
//! use vak_guest::{Error, log};
//!
//! fn execute(number: i64) -> Result<i64, Error> {
//!     log::info(&format!("got {number}"))?;
//!     Ok(number)
//! }
//!
//! let mut host = vak_guest::mock::Host::new();
//! assert_eq!(host.run(|| execute(5)), Ok(5));
//! assert_eq!(host.lines(), [(log::Level::Info, "got 5".to_owned())]);
//! ```

use serde::{Deserialize, Serialize};

use super::{HostError, Nothing, ask};

/// How much a line matters.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Level {
    /// For whoever looks for a mistake.
    Debug,
    /// What happens.
    Info,
    /// What may be wrong.
    Warn,
    /// What is wrong.
    Error,
}

#[derive(Serialize)]
struct Line {
    level: Level,
}

/// Logs a line of this level.
///
/// # Errors
/// Denied, if the skill may not.
pub fn line(level: Level, text: &str) -> Result<(), HostError> {
    ask(crate::imports::log, &Line { level }, text.as_bytes()).map(|Nothing {}| ())
}

/// Logs a line for whoever looks for a mistake.
///
/// # Errors
/// As [`line()`].
pub fn debug(text: &str) -> Result<(), HostError> {
    line(Level::Debug, text)
}

/// Logs what happens.
///
/// # Errors
/// As [`line()`].
pub fn info(text: &str) -> Result<(), HostError> {
    line(Level::Info, text)
}

/// Logs what may be wrong.
///
/// # Errors
/// As [`line()`].
pub fn warn(text: &str) -> Result<(), HostError> {
    line(Level::Warn, text)
}

/// Logs what is wrong.
///
/// # Errors
/// As [`line()`].
pub fn error(text: &str) -> Result<(), HostError> {
    line(Level::Error, text)
}
