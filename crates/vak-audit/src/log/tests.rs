//! What the log keeps when the disk, its writers or somebody else do their worst.

mod faults;
mod tampering;
mod torn;

use std::collections::BTreeMap;
use std::fs;

use super::*;
use crate::checkpoint::LogIdentity;
use crate::error::ReadError;
use crate::reader::LogReader;
use crate::show::Entry;
use crate::verify::Verified;

fn key() -> LogKey {
    LogKey::from_seed(&[7; 32])
}

fn identity() -> LogIdentity {
    LogIdentity::Key(key().public())
}

/// A log in a folder of its own.
struct Place(tempfile::TempDir);

impl Place {
    fn new() -> Self {
        Self(tempfile::tempdir().expect("a folder"))
    }

    /// A log of so many entries: all but the last two in one commit.
    fn with(entries: u64) -> Self {
        let place = Self::new();
        let mut log = place.open();
        for i in 0..entries {
            log.append(&record(i), SystemTime::UNIX_EPOCH).expect("taken");
            if i + 3 > entries {
                log.commit(SystemTime::UNIX_EPOCH).expect("recorded");
            }
        }
        place
    }

    fn path(&self) -> PathBuf {
        self.0.path().join("log")
    }

    fn open(&self) -> AuditLog {
        self.open_on(Box::new(Folder::open(&self.path()).expect("a folder")), Durability::Buffered)
    }

    fn open_on(&self, disk: Box<dyn Disk>, durability: Durability) -> AuditLog {
        AuditLog::with(disk, key(), durability).expect("a log")
    }

    fn read(&self) -> Result<LogReader, ReadError> {
        LogReader::open(&self.path(), &identity())
    }

    fn check(&self) -> Result<Verified, ReadError> {
        self.read()?.check(None)
    }

    /// The numbers that were recorded, and what was recovered in between.
    fn entries(&self) -> Vec<Entry> {
        let mut entries = Vec::new();
        let reader = self.read().expect("a log");
        reader
            .each(0, |_, bytes| {
                entries.push(Entry::read(bytes).expect("an entry"));
                Ok::<_, ReadError>(())
            })
            .expect("readable");
        entries
    }

    fn numbers(&self) -> Vec<u64> {
        self.entries().iter().filter_map(|entry| entry.data.get("i")?.as_u64()).collect()
    }

    fn recovered(&self) -> Vec<Entry> {
        self.entries().into_iter().filter(|entry| entry.kind == Kind::Recovered.word()).collect()
    }

    /// Every file of the log and its bytes.
    fn files(&self) -> BTreeMap<PathBuf, Vec<u8>> {
        let mut files = BTreeMap::new();
        let mut folders = vec![self.path()];
        while let Some(folder) = folders.pop() {
            for entry in fs::read_dir(folder).expect("a folder") {
                let path = entry.expect("an entry").path();
                if path.is_dir() {
                    folders.push(path);
                } else {
                    files.insert(path.clone(), fs::read(path).expect("a file"));
                }
            }
        }
        files
    }

    /// The bundle that is not full, of a log with so many entries.
    fn bundle(&self, entries: u64) -> PathBuf {
        self.path().join(crate::layout::Row::Entries.file(entries / 256, entries % 256))
    }
}

fn trail() -> Trail {
    Trail::new(RunId::random().expect("random"))
}

fn record(i: u64) -> Record {
    trail().record(Kind::ExecEnd).with("i", Value::number(i))
}

fn append(log: &mut AuditLog, i: u64) -> Result<(), LogError> {
    log.append(&record(i), SystemTime::UNIX_EPOCH)?;
    log.commit(SystemTime::UNIX_EPOCH)
}

#[test]
fn what_was_committed_is_there_in_its_order_at_every_size() {
    let place = Place::new();
    let mut log = place.open();
    for size in 1..=600 {
        append(&mut log, size - 1).expect("recorded");
        if size < 10 || size % 256 < 3 || size == 600 {
            assert_eq!(place.check().expect("whole"), Verified { size, rest: Default::default() });
        }
    }
    assert_eq!(place.numbers(), (0..600).collect::<Vec<_>>());
    assert_eq!(place.recovered(), []);
}

#[test]
fn l16_batches_of_any_size_go_on_across_files() {
    for batches in [[1, 255, 1], [256, 256, 1], [700, 3, 600], [255, 2, 254], [0, 70_000, 1]] {
        let (place, mut next) = (Place::new(), 0);
        for batch in batches {
            // Another process each time.
            let mut log = place.open();
            for _ in 0..batch {
                log.append(&record(next), SystemTime::UNIX_EPOCH).expect("taken");
                next += 1;
            }
            log.commit(SystemTime::UNIX_EPOCH).expect("recorded");
        }
        assert_eq!(place.check().expect("whole").size, next, "{batches:?}");
        if next < 2000 {
            assert_eq!(place.numbers(), (0..next).collect::<Vec<_>>());
        }
        let left: Vec<_> = place.files().into_keys().filter(|file| file.to_string_lossy().contains(".p/")).collect();
        assert!(left.len() <= 4, "one state of each file that is not full: {left:?}");
    }
}

#[test]
fn writers_that_take_turns_make_one_chain() {
    let place = Place::new();
    let (mut one, mut other) = (place.open(), place.open());
    for i in 0..300 {
        append(if i % 3 == 0 { &mut one } else { &mut other }, i).expect("recorded");
    }
    assert_eq!(place.numbers(), (0..300).collect::<Vec<_>>());
    assert_eq!(place.check().expect("whole").size, 300);
    assert_eq!(place.recovered(), []);
}

#[test]
fn every_entry_can_be_proved_without_the_log() {
    let place = Place::with(300);
    let reader = place.read().expect("a log");
    for index in (0..300).step_by(7).chain([255, 256, 299]) {
        let proof = crate::proof::LogProof::read(reader.prove(index).expect("there").to_string().as_bytes());
        let proof = proof.expect("a proof");
        let entry = proof.extra.clone().expect("the entry");
        assert_eq!(proof.check(&entry, &identity()).expect("proved").size, 300);
        assert!(proof.check(&entry[1..], &identity()).is_err());
    }
    assert!(matches!(reader.prove(300), Err(ReadError::NoEntry { index: 300, size: 300 })));
}

#[test]
fn l14_a_clock_that_goes_back_changes_nothing() {
    let (place, mut trail) = (Place::new(), trail());
    let mut log = place.open();
    for seconds in [5, 3, 3, 0, 4] {
        let at = SystemTime::UNIX_EPOCH + Duration::from_secs(seconds);
        log.append(&trail.record(Kind::HostCall), at).expect("taken");
        log.commit(at).expect("recorded");
    }
    let order: Vec<_> = place.entries().iter().map(|entry| entry.seq).collect();
    assert_eq!(order, [0, 1, 2, 3, 4]);
    assert_eq!(place.check().expect("whole").size, 5);
}

#[test]
fn l17_an_intent_is_on_record_before_its_effect_and_unknown_until_its_outcome() {
    for durability in [Durability::Effect, Durability::Sync] {
        let (place, mut trail) = (Place::new(), trail());
        let mut log = place.open_on(Box::new(Folder::open(&place.path()).expect("a folder")), durability);
        log.intend(&trail.record(Kind::ExecStart), SystemTime::UNIX_EPOCH).expect("recorded");
        let call = trail.record(Kind::HostCall);
        let of = call.seq();
        log.intend(&call, SystemTime::UNIX_EPOCH).expect("recorded");
        let open = |place: &Place| place.read().expect("a log").open_intents().expect("readable");
        assert!(open(&place).contains(0) && open(&place).contains(1), "the effect may be under way now");
        log.append(&trail.record(Kind::HostCallEnd).with("of", Value::number(of)), SystemTime::UNIX_EPOCH)
            .expect("taken");
        // Killed here: what was only taken is not in the log.
        drop(log);
        assert_eq!(open(&place).count(), 2);
        let mut log = place.open();
        log.append(&trail.record(Kind::HostCallEnd).with("of", Value::number(of)), SystemTime::UNIX_EPOCH)
            .expect("taken");
        log.commit(SystemTime::UNIX_EPOCH).expect("recorded");
        assert!(open(&place).contains(0) && !open(&place).contains(1));
        log.append(&trail.record(Kind::ExecEnd), SystemTime::UNIX_EPOCH).expect("taken");
        log.commit(SystemTime::UNIX_EPOCH).expect("recorded");
        assert_eq!(open(&place).count(), 0);
    }
}

#[test]
fn an_intent_in_a_buffered_log_waits_for_the_commit() {
    let (place, mut trail) = (Place::new(), trail());
    let mut log = place.open();
    log.intend(&trail.record(Kind::HostCall), SystemTime::UNIX_EPOCH).expect("taken");
    assert!(matches!(place.read(), Err(ReadError::Missing(_))));
    log.commit(SystemTime::UNIX_EPOCH).expect("recorded");
    assert_eq!(place.check().expect("whole").size, 1);
}

#[test]
fn what_is_taken_without_end_is_written_before_it_fills_the_memory() {
    let place = Place::new();
    let mut log = place.open();
    for i in 0..40_000 {
        log.append(&record(i), SystemTime::UNIX_EPOCH).expect("taken");
        assert!(log.pending.bytes.len() < MAX_PENDING_BYTES + 1024);
    }
    assert!(place.check().expect("whole").size > 10_000);
}

#[test]
fn l22_a_reader_sees_complete_records_alone_while_they_are_written() {
    let place = Place::new();
    let mut log = place.open();
    append(&mut log, 0).expect("recorded");
    let path = place.path();
    let done = std::sync::atomic::AtomicBool::new(false);
    thread::scope(|scope| {
        let reader = scope.spawn(|| {
            let (mut sizes, mut reads) = (vec![0], 0);
            while !done.load(std::sync::atomic::Ordering::Relaxed) || reads < 20 {
                let reader = LogReader::open(&path, &identity()).expect("a log");
                let size = reader.check(None).expect("whole at every moment").size;
                assert!(size >= *sizes.last().expect("a size"), "{size} after {sizes:?}");
                sizes.push(size);
                reads += 1;
            }
        });
        for i in 1..700 {
            append(&mut log, i).expect("recorded");
        }
        done.store(true, std::sync::atomic::Ordering::Relaxed);
        reader.join().expect("no reader failed");
    });
}
