//! Disks that fail.

use std::sync::atomic::Ordering;

use rustix::io::Errno;

use super::*;
use crate::disk::faults::{Fault, Faulty};

/// A log of 254 entries, and one more commit of five on a disk with a fault: across the end of a bundle and of a tile.
fn five_more(fault: Fault, durability: Durability) -> (Place, Result<(), LogError>, usize) {
    let place = Place::with(254);
    let (disk, calls) = Faulty::new(&place.path(), fault);
    let committed = AuditLog::with(Box::new(disk), key(), durability).and_then(|mut log| {
        (254..259).try_for_each(|i| log.append(&record(i), SystemTime::UNIX_EPOCH))?;
        log.commit(SystemTime::UNIX_EPOCH)
    });
    (place, committed, calls.load(Ordering::Relaxed))
}

/// Whatever happened: the log verifies, has all of what it was told is there, all or nothing of the rest, and goes on.
fn holds(place: &Place, committed: bool, what: &str) {
    let verified = place.check().unwrap_or_else(|error| panic!("{what}: {error}"));
    let before = place.numbers();
    let all: Vec<_> = (0..259).collect();
    assert!(before == all || !committed && before == all[..254], "{what}: {} entries", before.len());
    let torn = verified.rest.bytes > 0;
    append(&mut place.open(), 1000).unwrap_or_else(|error| panic!("{what}: {error}"));
    assert_eq!(place.check().expect(what).rest.bytes, 0, "{what}");
    assert_eq!(place.numbers().len(), before.len() + 1, "{what}");
    assert_eq!(place.recovered().len(), usize::from(torn), "{what}: what was cut off is on record");
}

#[test]
fn l10_whichever_call_fails_once_the_log_holds_and_says_so() {
    for durability in [Durability::Buffered, Durability::Sync] {
        let mut refusals = 0;
        for n in 1.. {
            let (place, committed, calls) = five_more(Fault::Once(n, Errno::IO), durability);
            holds(&place, committed.is_ok(), &format!("call {n}, {durability:?}"));
            refusals += usize::from(committed.is_err());
            if calls < n {
                assert!(committed.is_ok(), "no call failed");
                break;
            }
        }
        assert!(refusals > 20, "{refusals}");
    }
}

#[test]
fn l1_wherever_a_writer_is_killed_the_log_holds() {
    for n in 1.. {
        // From here on nothing of it reaches the disk, and of the write before the first half.
        let (place, committed, calls) = five_more(Fault::From(n, Errno::IO), Durability::Sync);
        holds(&place, committed.is_ok(), &format!("call {n}"));
        if calls < n {
            break;
        }
    }
}

#[test]
fn l16_a_writer_that_is_killed_while_it_recovers_leaves_what_can_be_recovered() {
    for n in 1.. {
        let place = Place::with(254);
        let torn = [fs::read(place.bundle(254)).expect("a bundle"), b"\x00\x02{}\x00".to_vec()].concat();
        fs::write(place.bundle(254), torn).expect("written");
        let (disk, calls) = Faulty::new(&place.path(), Fault::From(n, Errno::IO));
        let _ = AuditLog::with(Box::new(disk), key(), Durability::Buffered).and_then(|mut log| append(&mut log, 254));
        let calls = calls.load(Ordering::Relaxed);
        place.check().unwrap_or_else(|error| panic!("call {n}: {error}"));
        append(&mut place.open(), 1000).unwrap_or_else(|error| panic!("call {n}: {error}"));
        assert_eq!(place.check().expect("whole").rest.bytes, 0);
        assert_eq!(place.numbers()[..254], (0..254).collect::<Vec<_>>()[..]);
        if calls < n {
            break;
        }
    }
}

#[test]
fn l8_a_disk_that_takes_nothing_refuses_the_record_and_the_log_goes_on_later() {
    for errno in [Errno::NOSPC, Errno::ROFS, Errno::DQUOT, Errno::FBIG] {
        let place = Place::with(3);
        let before = place.files();
        let (disk, _) = Faulty::new(&place.path(), Fault::NoWrites(errno));
        let mut log = place.open_on(Box::new(disk), Durability::Buffered);
        for _ in 0..2 {
            let refused = append(&mut log, 3).expect_err("nothing can be written");
            let LogError::Io { source, .. } = &refused else { panic!("{refused}") };
            assert_eq!(source.raw_os_error(), Some(errno.raw_os_error()));
            assert_eq!(refused.code(), vak_model::Code::AuditUnavailable);
        }
        assert_eq!(place.files(), before, "nothing happened");
        append(&mut place.open(), 3).expect("space returned");
        assert_eq!(place.numbers(), [0, 1, 2, 3]);
        assert_eq!(place.recovered(), []);
    }
}

#[test]
fn l9_short_and_interrupted_writes_are_completed() {
    let place = Place::new();
    let (disk, _) = Faulty::new(&place.path(), Fault::Trickle);
    let mut log = place.open_on(Box::new(disk), Durability::Buffered);
    (0..5).for_each(|i| append(&mut log, i).expect("recorded"));
    assert_eq!((place.numbers(), place.check().expect("whole").size), (vec![0, 1, 2, 3, 4], 5));
}

#[test]
fn l9_after_a_wait_for_the_disk_that_failed_this_process_writes_no_more() {
    let place = Place::with(2);
    let (disk, _) = Faulty::new(&place.path(), Fault::FirstSync(Errno::IO));
    let mut log = place.open_on(Box::new(disk), Durability::Sync);
    for _ in 0..3 {
        // The disk is well after the first time; what it has dropped, nobody knows.
        assert!(matches!(append(&mut log, 2), Err(LogError::Broken)));
    }
    assert_eq!(place.numbers(), [0, 1]);
    append(&mut place.open(), 2).expect("another process reads what is really there");
    assert_eq!((place.numbers(), place.recovered().len()), (vec![0, 1, 2], 1));
}

#[test]
fn l20_a_folder_that_is_gone_refuses_the_record() {
    let place = Place::with(2);
    let mut log = place.open();
    append(&mut log, 2).expect("recorded");
    fs::remove_dir_all(place.path()).expect("removed");
    for _ in 0..2 {
        assert!(append(&mut log, 3).is_err());
    }
    assert!(!place.path().exists(), "nothing was made in its place");
}
