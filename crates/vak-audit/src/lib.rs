//! What happened, on record: a log that shows when it was changed.
//!
//! The log is a Merkle tree (RFC 6962) in plain files (C2SP tlog-tiles), with a signed checkpoint over all of it.
//! [`AuditLog`] writes it, [`LogReader`] reads, verifies and proves; [`LogProof`] is checked without the log. Changing,
//! leaving out or adding an entry is found. What is not found is a log that its owner, who has the key, has written anew
//! as a whole: only somebody who has kept an older checkpoint sees that.
//!
//! Nothing that may be a secret is written: see [`Value::payload`]. This crate prints nothing, reads no clock and no
//! environment, and knows nothing of WebAssembly.

mod bundle;
mod checkpoint;
mod disk;
mod encode;
mod error;
mod layout;
mod log;
mod proof;
mod reader;
mod record;
mod show;
mod tail;
mod tree;
mod verify;

pub use bundle::Rest;
pub use checkpoint::{Checkpoint, CheckpointError, LogIdentity};
pub use error::{LogError, Mismatch, ReadError, Wrong};
pub use log::{AuditLog, Durability, LogConfig};
pub use proof::{LogProof, ProofError};
pub use reader::LogReader;
pub use record::{InvalidKind, InvalidRunId, Kind, Record, RunId, Subject, Trail, Value};
pub use show::{Entry, Open};
pub use tree::Hash;
pub use verify::Verified;
