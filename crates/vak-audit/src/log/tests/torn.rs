//! Logs that end where they should not.

use super::*;
use crate::error::{Mismatch, Wrong};

/// What a log of three entries has behind them, and what a reader says of it.
fn with_tail(tail: &[u8]) -> (Place, Verified) {
    let place = Place::with(3);
    let path = place.bundle(3);
    let whole = [fs::read(&path).expect("a bundle"), tail.to_vec()].concat();
    fs::write(path, whole).expect("written");
    let verified = place.check().expect("the checkpoint covers what is before it");
    (place, verified)
}

/// The next writer cuts it off, goes on, and says so.
fn mended(place: &Place, tail: &[u8], complete: u64) {
    append(&mut place.open(), 3).expect("mended");
    assert_eq!(place.numbers(), [0, 1, 2, 3]);
    assert_eq!(place.check().expect("whole").rest, Default::default());
    let recovered = place.recovered();
    assert_eq!(recovered.len(), usize::from(!tail.is_empty()));
    for entry in recovered {
        assert_eq!((&entry.data["bytes"], &entry.data["complete"]), (&tail.len().into(), &complete.into()));
    }
}

#[test]
fn l2_a_tail_that_is_cut_at_any_byte_is_mended_by_the_next_append() {
    let more = Place::with(3);
    let tail = fs::read(more.bundle(3)).expect("a bundle");
    let mut ends = vec![0];
    while let Some(framed) = crate::bundle::entry_at(&tail, *ends.last().expect("one")) {
        ends.push(framed.end);
    }
    for cut in 0..=tail.len() {
        let (place, verified) = with_tail(&tail[..cut]);
        let complete = ends.iter().filter(|end| **end <= cut).count() as u64 - 1;
        assert_eq!((verified.size, verified.rest.complete, verified.rest.bytes), (3, complete, cut as u64));
        mended(&place, &tail[..cut], complete);
    }
}

#[test]
fn l3_a_tail_of_nuls_or_of_old_data_is_torn() {
    let old: Vec<u8> = (0..512).map(|i| (i * 7 % 251) as u8).collect();
    for tail in [&[0; 4096][..], &[0], &old, b"\x00\x04old!", b"{\"v\":1"] {
        let (place, verified) = with_tail(tail);
        assert_eq!((verified.size, verified.rest.complete), (3, 0), "{tail:?}");
        mended(&place, tail, 0);
    }
}

#[test]
fn l2_what_the_checkpoint_covers_and_is_gone_is_refused_at_every_byte() {
    let place = Place::with(20);
    let (path, whole) = (place.bundle(20), fs::read(place.bundle(20)).expect("a bundle"));
    let begin = whole.len() - 3 * (whole.len() / 20);
    for cut in begin..whole.len() {
        fs::write(&path, &whole[..cut]).expect("written");
        let Err(ReadError::Mismatch(found)) = place.check() else { panic!("cut at {cut}") };
        assert_eq!(found.what, Wrong::Short);
        assert!(found.entry.is_some_and(|entry| entry >= 16) && found.offset.is_some_and(|at| at <= cut as u64));
        assert!(matches!(append(&mut place.open(), 20), Err(LogError::Mismatch(Mismatch { what: Wrong::Short, .. }))));
    }
    fs::write(&path, &whole).expect("written");
    append(&mut place.open(), 20).expect("the log is whole again");
}

#[test]
fn l16_a_bundle_that_was_begun_and_never_covered_begins_anew() {
    let place = Place::with(256);
    let begun = place.bundle(256);
    fs::create_dir_all(begun.parent().expect("a folder")).expect("made");
    fs::write(&begun, b"\x00\x02{}\x00").expect("written");
    assert_eq!(place.check().expect("whole").rest.bytes, 5);
    append(&mut place.open(), 256).expect("mended");
    assert_eq!(place.recovered()[0].data["complete"], 1);
    assert_eq!((place.numbers().len(), place.check().expect("whole").size), (257, 258));
}

#[test]
fn l16_bundles_that_were_filled_at_once_and_never_covered_are_cut_off_and_on_record() {
    let place = Place::with(256);
    // What is taken away once the next checkpoint is there.
    let passing = ["checkpoint", "tile/1/000.p/1"].map(|name| place.path().join(name));
    let before = passing.clone().map(|file| fs::read(file).expect("there"));
    let mut log = place.open();
    for i in 256..768 {
        log.append(&record(i), SystemTime::UNIX_EPOCH).expect("taken");
    }
    log.commit(SystemTime::UNIX_EPOCH).expect("recorded");
    // As a writer leaves it that is killed before the checkpoint.
    for (file, before) in passing.iter().zip(before) {
        fs::write(file, before).expect("written");
    }
    assert_eq!(place.check().expect("whole").rest.complete, 256, "a reader looks at the first");
    append(&mut place.open(), 256).expect("mended");
    assert_eq!(place.recovered()[0].data["complete"], 512);
    for index in [1, 2] {
        assert!(!place.path().join(crate::layout::Row::Entries.file(index, 256)).exists(), "{index} is left");
    }
    assert_eq!((place.numbers().len(), place.check().expect("whole").size), (257, 258));
}
