//! Many processes at once, and such that are killed.
//!
//! The writers are this very program: the test [`writer`] does nothing unless it is told where to write.

use std::collections::HashMap;
use std::io::{BufRead, BufReader, Write as _};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use rustix::fs::{FlockOperation, flock};
use vak_audit::{Entry, LogConfig, ReadError};

use crate::{append, open, read, trail};

const STATE: &str = "VAK_TEST_AUDIT_STATE";
const COUNT: &str = "VAK_TEST_AUDIT_COUNT";
const HOLD: &str = "VAK_TEST_AUDIT_HOLD";

/// A writer, if this process was started as one: it says a line for each record that it was told is there.
#[test]
#[expect(clippy::disallowed_methods, reason = "how a writer is told what to do")]
#[expect(clippy::print_stdout, reason = "how a writer tells what it has done")]
fn writer() {
    let Some(state) = std::env::var_os(STATE) else { return };
    let state = Path::new(&state);
    if std::env::var_os(HOLD).is_some() {
        let lock = std::fs::File::open(LogConfig::below(state).log_folder().join("lock")).expect("a lock");
        flock(&lock, FlockOperation::LockExclusive).expect("locked");
        println!("recorded");
        std::thread::sleep(Duration::from_secs(600));
    }
    let count: u64 = std::env::var(COUNT).expect("a count").parse().expect("a number");
    let (mut log, mut trail) = (open(state), trail());
    for i in 0..count {
        append(&mut log, &mut trail, i).expect("recorded");
        println!("recorded");
        std::io::stdout().flush().expect("a reader");
    }
}

fn start(state: &Path, name: &str, value: &str) -> Child {
    let mut command = Command::new(std::env::current_exe().expect("this program"));
    command.args(["--exact", "processes::writer", "--nocapture"]).env(STATE, state).env(name, value);
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null()).spawn().expect("started")
}

/// How many records a writer was told are there, up to its end.
fn told(child: &mut Child) -> usize {
    let out = BufReader::new(child.stdout.take().expect("piped"));
    out.lines().map_while(Result::ok).filter(|line| line.ends_with("recorded")).count()
}

/// The records of each run, in the order of the log.
fn by_run(state: &Path) -> HashMap<String, Vec<u64>> {
    let mut runs: HashMap<String, Vec<u64>> = HashMap::new();
    read(state)
        .each(0, |_, bytes| {
            let entry = Entry::read(bytes).expect("an entry");
            if entry.kind == "hostcall" {
                runs.entry(entry.run).or_default().push(entry.seq);
            }
            Ok::<_, ReadError>(())
        })
        .expect("readable");
    runs
}

#[test]
fn l11_eight_processes_make_one_chain() {
    let place = tempfile::tempdir().expect("a folder");
    let mut writers: Vec<_> = (0..8).map(|_| start(place.path(), COUNT, "200")).collect();
    for writer in &mut writers {
        assert_eq!(told(writer), 200);
        assert!(writer.wait().expect("ended").success());
    }
    let runs = by_run(place.path());
    assert_eq!(runs.len(), 8);
    for seqs in runs.values() {
        assert_eq!(*seqs, (0..200).collect::<Vec<_>>(), "each writer's records are there once, and in order");
    }
    assert_eq!(read(place.path()).check(None).expect("whole").size, 1600, "and nothing had to be recovered");
}

#[test]
fn l12_a_lock_whose_holder_was_killed_is_free() {
    let place = tempfile::tempdir().expect("a folder");
    append(&mut open(place.path()), &mut trail(), 0).expect("recorded");
    let mut holder = start(place.path(), HOLD, "1");
    let mut out = BufReader::new(holder.stdout.take().expect("piped"));
    let mut line = String::new();
    while !line.ends_with("recorded\n") {
        line.clear();
        assert!(out.read_line(&mut line).expect("a line") > 0, "it holds the lock");
    }
    let state = place.path().to_owned();
    let next = std::thread::spawn(move || append(&mut open(&state), &mut trail(), 1));
    std::thread::yield_now();
    assert_eq!(read(place.path()).check(None).expect("whole").size, 1, "nobody writes while it is held");
    holder.kill().expect("killed");
    holder.wait().expect("ended");
    next.join().expect("no panic").expect("recorded");
    assert_eq!(read(place.path()).check(None).expect("whole").size, 2);
}

#[test]
fn l1_a_process_that_is_killed_at_any_moment_loses_nothing_that_it_was_told_is_there() {
    let place = tempfile::tempdir().expect("a folder");
    append(&mut open(place.path()), &mut trail(), 0).expect("recorded");
    let (mut sum, mut torn) = (1, 0);
    for round in 0..60u32 {
        let mut writer = start(place.path(), COUNT, "100000");
        let mut out = BufReader::new(writer.stdout.take().expect("piped"));
        let (mut told, mut line) = (0, String::new());
        // Killed after some records, somewhere in the next ones.
        while told < 1 + round as usize % 7 {
            line.clear();
            assert!(out.read_line(&mut line).expect("a line") > 0, "the writer ended");
            told += usize::from(line.ends_with("recorded\n"));
        }
        std::hint::black_box((0..round * 997).fold(0, |sum: u32, i| std::hint::black_box(sum ^ i)));
        writer.kill().expect("killed");
        told += out.lines().map_while(Result::ok).filter(|line| line.ends_with("recorded")).count();
        writer.wait().expect("ended");
        let verified = read(place.path()).check(None).expect("whole, whatever lies behind it");
        torn += u64::from(verified.rest.bytes > 0);
        sum += told;
        let there: usize = by_run(place.path()).values().map(Vec::len).sum();
        // One more may be there that it had no time to say.
        assert!(there == sum || there == sum + 1, "round {round}: {there} records, {sum} told");
        sum = there;
    }
    let recovered = read(place.path()).check(None).expect("whole").size - sum as u64;
    assert!(recovered <= torn + 1, "{recovered} recoveries of {torn} torn tails");
}
