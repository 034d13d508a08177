//! The log between processes, and in places that are not what they should be.

mod places;
mod processes;
mod size;

use std::path::Path;
use std::time::SystemTime;

use vak_audit::{AuditLog, Kind, LogConfig, LogError, LogIdentity, LogReader, RunId, Trail, Value};

/// The log below a folder.
fn open(state: &Path) -> AuditLog {
    AuditLog::open(&LogConfig::below(state)).expect("a log")
}

/// The same log, for reading.
fn read(state: &Path) -> LogReader {
    let key = open(state).public_key();
    LogReader::open(LogConfig::below(state).log_folder(), &LogIdentity::Key(key)).expect("a log")
}

/// One record of a run, committed by itself.
fn append(log: &mut AuditLog, trail: &mut Trail, writer: u64) -> Result<(), LogError> {
    let record = trail.record(Kind::HostCall).with("writer", Value::number(writer));
    log.append(&record, SystemTime::UNIX_EPOCH)?;
    log.commit(SystemTime::UNIX_EPOCH)
}

fn trail() -> Trail {
    Trail::new(RunId::random().expect("random"))
}
