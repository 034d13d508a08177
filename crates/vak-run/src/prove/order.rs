//! What a probe's process is told to do: one line of JSON on its standard input.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

/// The longest order that is read, in bytes.
pub(super) const MAX_BYTES: u64 = 256 << 10;

/// What a process says once it could call its probe, and waits.
pub(super) const READY: &str = "ready";
/// What a process says if its probe is not let in, before the code of the refusal.
pub(super) const REFUSED: &str = "refused ";
/// What a process says once the call is over, before the code of its end.
pub(super) const END: &str = "end ";
/// The code of an end with an answer.
pub(super) const ANSWERED: &str = "answer";
/// What stands on standard error between what the tool says and what the probe logs.
pub(super) const LOG_BEGINS: &[u8] = b"\0the log begins\0";

/// One trial.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Order {
    /// What the probe does.
    pub(super) act: Act,
    /// The manifest's key of the limit that is tried. All others are lifted, so that none ends the probe before it.
    pub(super) bound: Option<String>,
    /// What the probe gets in the place of what the skill is granted.
    pub(super) lend: Option<Lend>,
    /// The folder in which the probe's world lies.
    pub(super) room: PathBuf,
}

/// What a probe does. Its module is made of this alone: no order carries code.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields, rename_all = "snake_case")]
pub(super) enum Act {
    /// Goes round so often, and answers; [`super::module::ROUND`] instructions each.
    Spin { rounds: u64 },
    /// Grows its memory to so many pages, one by one, and writes to each.
    Grow { pages: u64 },
    /// Grows a table to so many elements.
    Table { elements: u64 },
    /// Calls itself so deep, with [`super::module::FRAME`] bytes or more for each level.
    Deep { levels: u64 },
    /// Answers with so many bytes.
    Output { bytes: u64 },
    /// Makes a host call with each request, and answers with all responses.
    Ask { call: String, requests: Vec<String> },
    /// Makes a host call so often, with a line and a body of so many bytes; in the line, [`super::module::COUNTER`] is the
    /// number of the call.
    Flood { call: String, line: String, body: u64, times: u64 },
    /// Imports what would give it the process's environment.
    Environment,
}

/// A capability of which a probe gets a part, and nothing else.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Lend {
    /// Reading the room's folder `lent`.
    Read,
    /// Writing the room's folder `lent`.
    Write,
    /// A store.
    Kv,
    /// Lines.
    Log,
    /// The clock.
    Clock,
    /// Random bytes.
    Random,
    /// Verdicts on plans.
    Plan,
    /// Requests to this address of the machine itself.
    Net { port: u16 },
    /// Requests to a name, which leads to the machine itself.
    Name { port: u16 },
}
