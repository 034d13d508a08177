//! What verifying costs in memory.

use std::path::Path;
use std::time::SystemTime;

use vak_audit::{Kind, Value};

use crate::{open, read, trail};

/// The most memory that this process ever had, in KiB.
fn peak_kib() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").expect("Linux");
    let line = status.lines().find(|line| line.starts_with("VmHWM")).expect("a peak");
    line.split_whitespace().nth(1).expect("a number").parse().expect("a number")
}

fn fill(state: &Path, entries: u64) {
    let (mut log, mut trail) = (open(state), trail());
    for i in 0..entries {
        let record = trail.record(Kind::HostCall).with("i", Value::number(i));
        log.append(&record, SystemTime::UNIX_EPOCH).expect("taken");
    }
    log.commit(SystemTime::UNIX_EPOCH).expect("recorded");
}

#[test]
fn l19_a_log_is_verified_in_memory_that_does_not_grow_with_it() {
    let place = tempfile::tempdir().expect("a folder");
    fill(place.path(), 200_000);
    let before = peak_kib();
    assert_eq!(read(place.path()).check(None).expect("whole").size, 200_000);
    let after = peak_kib();
    assert!(after < 32 << 10, "{after} KiB");
    assert!(after < before + (2 << 10), "from {before} KiB to {after} KiB for 200,000 entries");
}
