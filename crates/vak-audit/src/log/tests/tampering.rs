//! Logs that somebody has changed.

use super::*;
use crate::checkpoint::{Checkpoint, CheckpointError};
use crate::error::{Mismatch, Wrong};
use crate::layout::CHECKPOINT;

fn place_of(result: Result<Verified, ReadError>, what: &str) -> Mismatch {
    match result {
        Err(ReadError::Mismatch(place)) => place,
        other => panic!("{what}: {other:?}"),
    }
}

/// The entries of a bundle, each with its length.
fn framed(bundle: &[u8]) -> Vec<Vec<u8>> {
    let (mut at, mut entries) = (0, Vec::new());
    while let Some(entry) = crate::bundle::entry_at(bundle, at) {
        entries.push(bundle[at..entry.end].to_vec());
        at = entry.end;
    }
    entries
}

#[test]
fn l4_every_flipped_byte_is_found_with_its_place() {
    let place = Place::with(20);
    let lengths: Vec<_> = framed(&fs::read(place.bundle(20)).expect("a bundle")).iter().map(Vec::len).collect();
    for (path, bytes) in place.files() {
        for at in 0..bytes.len() {
            let mut flipped = bytes.clone();
            flipped[at] ^= 1 << (at % 8);
            fs::write(&path, &flipped).expect("written");
            let what = format!("{} byte {at}", path.display());
            let found = place_of(place.check(), &what);
            assert!(path.ends_with(&found.file), "{what}: {found}");
            let name = path.to_string_lossy();
            if name.contains("/entries/") {
                let entry = (0..20).take_while(|i| lengths[..=*i].iter().sum::<usize>() <= at).count() as u64;
                // A length that was changed may reach over the end.
                let beyond = found.what == Wrong::Short;
                assert!(found.entry == Some(entry) && (beyond || found.what == Wrong::Entry), "{what}: {found}");
            } else if name.contains("/tile/") {
                assert_eq!((&found.what, found.offset), (&Wrong::Hash, Some(at as u64 / 32 * 32)), "{what}");
            }
            assert!(append(&mut place.open(), 20).is_err(), "{what}: no writer goes on from it");
        }
        fs::write(&path, &bytes).expect("written");
    }
    assert_eq!(place.check().expect("whole again").size, 20);
}

#[test]
fn l4_flipped_bytes_of_full_files_are_found_too() {
    let place = Place::with(600);
    for (path, bytes) in place.files() {
        for at in (0..bytes.len()).step_by(997) {
            let mut flipped = bytes.clone();
            flipped[at] ^= 0x10;
            fs::write(&path, &flipped).expect("written");
            let what = format!("{} byte {at}", path.display());
            let found = place_of(place.check(), &what);
            assert!(path.ends_with(&found.file), "{what}: {found}");
        }
        fs::write(&path, &bytes).expect("written");
    }
    let full = place.path().join("tile/entries/000");
    let longer = [fs::read(&full).expect("a bundle"), b"\x00\x02{}".to_vec()].concat();
    fs::write(&full, longer).expect("written");
    assert_eq!(place_of(place.check(), "one entry more").file, "tile/entries/000");
}

#[test]
fn l5_records_that_were_deleted_swapped_doubled_or_spliced_are_found() {
    let place = Place::with(20);
    let other_place = Place::with(20);
    let path = place.bundle(20);
    let entries = framed(&fs::read(&path).expect("a bundle"));
    let other = framed(&fs::read(other_place.bundle(20)).expect("a bundle"));
    let changed = |change: &dyn Fn(&mut Vec<Vec<u8>>)| {
        let mut entries = entries.clone();
        change(&mut entries);
        fs::write(&path, entries.concat()).expect("written");
        let found = place_of(place.check(), "a change");
        assert!(append(&mut place.open(), 20).is_err(), "no writer goes on from it");
        (found.entry, found.what)
    };
    assert_eq!(changed(&|all| drop(all.remove(9))), (Some(9), Wrong::Entry));
    assert_eq!(changed(&|all| all.swap(9, 10)), (Some(9), Wrong::Entry));
    assert_eq!(changed(&|all| all.insert(9, all[8].clone())), (Some(9), Wrong::Entry));
    assert_eq!(changed(&|all| all.insert(9, other[9].clone())), (Some(9), Wrong::Entry));
    assert_eq!(changed(&|all| all[9] = other[9].clone()), (Some(9), Wrong::Entry));
    fs::write(&path, other.concat()).expect("written");
    assert_eq!(place_of(place.check(), "all entries of another log").entry, Some(0));
}

#[test]
fn l5_the_files_of_another_log_of_the_same_key_are_not_this_one() {
    let (place, other) = (Place::with(5), Place::with(9));
    let (mine, theirs) = (place.read().expect("a log"), other.read().expect("a log"));
    assert_ne!(mine.checkpoint().origin, theirs.checkpoint().origin);
    let found = place_of(theirs.check(Some(mine.checkpoint())), "another log");
    assert_eq!(found.what, Wrong::OtherLog(mine.checkpoint().origin.clone()));
}

#[test]
fn l6_what_is_missing_at_the_end_is_found_by_the_checkpoint() {
    let place = Place::with(20);
    let (path, entries) = (place.bundle(20), framed(&fs::read(place.bundle(20)).expect("a bundle")));
    for kept in 0..20 {
        fs::write(&path, entries[..kept].concat()).expect("written");
        let found = place_of(place.check(), "cut at an entry");
        assert_eq!((found.what, found.entry), (Wrong::Short, Some(kept as u64)));
    }
}

#[test]
fn l6_yesterday_s_copy_is_whole_and_found_by_a_checkpoint_that_was_kept() {
    let place = Place::with(20);
    let yesterday = place.files();
    let mut log = place.open();
    (20..25).for_each(|i| append(&mut log, i).expect("recorded"));
    let kept = place.read().expect("a log").checkpoint().clone();
    fs::remove_dir_all(place.path()).expect("removed");
    for (path, bytes) in yesterday {
        fs::create_dir_all(path.parent().expect("a folder")).expect("made");
        fs::write(path, bytes).expect("written");
    }
    assert_eq!(place.check().expect("nothing in it says that there was more").size, 20);
    let found = place_of(place.read().expect("a log").check(Some(&kept)), "an older copy");
    assert_eq!(found.what, Wrong::Older(25));
    fs::remove_dir_all(place.path()).expect("removed");
    assert!(matches!(place.check(), Err(ReadError::Missing(_))));
}

#[test]
fn l6_a_log_without_its_checkpoint_is_neither_read_nor_begun_anew() {
    let place = Place::with(5);
    fs::remove_file(place.path().join(CHECKPOINT)).expect("removed");
    let found = place_of(place.check(), "no checkpoint");
    assert_eq!((found.file.as_str(), found.what), (CHECKPOINT, Wrong::Missing));
    assert!(matches!(append(&mut place.open(), 5), Err(LogError::Mismatch(_))));
}

#[test]
fn l7_a_log_that_is_made_anew_has_another_signature_or_another_root() {
    let (place, anew) = (Place::with(5), Place::new());
    let kept = place.read().expect("a log").checkpoint().clone();
    let mut log = anew.open();
    [0, 1, 7, 3, 4, 5].into_iter().for_each(|i| append(&mut log, i).expect("recorded"));
    let stated = anew.read().expect("a log").checkpoint().clone();

    // By somebody without the key.
    let forged = Checkpoint { origin: kept.origin.clone(), ..stated };
    let signed = forged.sign(&LogKey::from_seed(&[8; 32])).expect("a name");
    fs::write(anew.path().join(CHECKPOINT), signed).expect("written");
    let found = place_of(anew.check(), "another key");
    assert!(matches!(found.what, Wrong::Checkpoint(CheckpointError::Note(_))), "{found}");
    assert!(append(&mut anew.open(), 6).is_err(), "no writer signs it in its place");

    // The hashes of one log, and the statement of another.
    fs::write(anew.path().join(CHECKPOINT), place.read().expect("a log").signed_checkpoint()).expect("written");
    assert!(anew.check().is_err());

    // By the owner, who has the key: only who has kept a checkpoint finds it.
    fs::write(anew.path().join(CHECKPOINT), forged.sign(&key()).expect("a name")).expect("written");
    assert_eq!(anew.check().expect("its own owner's word").size, 6);
    let found = place_of(anew.read().expect("a log").check(Some(&kept)), "written anew");
    assert_eq!(found.what, Wrong::Older(5));
}

#[test]
fn entries_and_hashes_that_fit_each_other_must_fit_the_root_as_well() {
    let (place, other) = (Place::with(5), Place::with(5));
    let checkpoint = fs::read(place.path().join(CHECKPOINT)).expect("there");
    fs::write(other.path().join(CHECKPOINT), checkpoint).expect("written");
    assert_eq!(place_of(other.check(), "another log's files").what, Wrong::Root);
    assert!(append(&mut other.open(), 5).is_err(), "no writer goes on from it");
}

#[test]
fn a_log_that_grew_since_an_older_checkpoint_continues_it() {
    let place = Place::with(5);
    let mut kept = vec![place.read().expect("a log").checkpoint().clone()];
    let mut log = place.open();
    for i in 5..300 {
        append(&mut log, i).expect("recorded");
        kept.push(place.read().expect("a log").checkpoint().clone());
    }
    let reader = place.read().expect("a log");
    for older in &kept {
        assert_eq!(reader.check(Some(older)).expect("continued").size, 300);
    }
}
