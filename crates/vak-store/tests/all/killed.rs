//! A writer that is killed, five hundred times, wherever it stands.

use std::collections::BTreeSet;
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use vak_store::Store;

use crate::{add, files, names, package};

/// Tells the process that this test starts where to write, and what.
const FOLDER: &str = "VAK_STORE_TEST_FOLDER";
const ROUND: &str = "VAK_STORE_TEST_ROUND";

const ROUNDS: u32 = 500;

/// Not a test of its own: the process that is killed. It adds one skill after the other, and says so of each.
#[test]
#[ignore = "the process that the test below starts and kills"]
#[expect(clippy::print_stdout, reason = "the one who kills it reads what it has done")]
fn child() {
    let (Ok(folder), Ok(round)) = (std::env::var(FOLDER), std::env::var(ROUND)) else { return };
    let store = Store::at(PathBuf::from(folder));
    for number in 0.. {
        add(&store, package(&format!("r{round}@1.{number}.0"), number)).expect("added");
        println!("added {number}");
        std::io::stdout().flush().expect("read by the other");
    }
}

fn start(folder: &Path, round: u32) -> Child {
    let mut command = Command::new(std::env::current_exe().expect("this program"));
    command.args(["--exact", "killed::child", "--ignored", "--nocapture", "--test-threads=1"]);
    command.env(FOLDER, folder).env(ROUND, round.to_string());
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null()).spawn().expect("started")
}

/// Kills it some time after its first skill, and gives how many it has said to have added by then.
fn kill(mut child: Child, after: Duration) -> usize {
    let mut lines = BufReader::new(child.stdout.take().expect("a pipe")).lines();
    let mut said = move || {
        loop {
            match lines.next() {
                // The first one stands behind what the test runner says.
                Some(Ok(line)) if line.contains("added ") => return true,
                Some(Ok(_)) => {}
                _ => return false,
            }
        }
    };
    assert!(said(), "it has begun");
    let begun = Instant::now();
    while begun.elapsed() < after {
        std::hint::spin_loop();
    }
    child.kill().expect("killed");
    child.wait().expect("ended");
    1 + std::iter::from_fn(|| said().then_some(())).count()
}

#[test]
#[expect(clippy::print_stdout, reason = "how many rounds hit what they were to hit is worth reading")]
fn n12_a_store_whose_writer_is_killed_five_hundred_times_is_whole() {
    let place = tempfile::tempdir().expect("a folder");
    let folder = place.path().join("store");
    let store = Store::at(folder.clone());
    let (mut unfinished, mut unnamed) = (0, 0);
    for round in 0..ROUNDS {
        let said = kill(start(&folder, round), Duration::from_micros(u64::from(round) * 7919 % 4000));
        let listed = names(&store);
        let of_this_round = listed.iter().filter(|name| name.starts_with(&format!("r{round}@"))).count();
        assert!(of_this_round == said || of_this_round == said + 1, "{said} were said to be added, {listed:?}");
        let halves = [&folder, &folder.join("blobs")].map(|folder| files(folder)).concat();
        unfinished += halves.iter().filter(|name| name.starts_with(".new-")).count();
        let swept = store.gc(&BTreeSet::new()).expect("swept");
        unnamed += swept.artefacts;
        assert_eq!(files(&folder.join("blobs")).len(), listed.len());
        std::fs::remove_dir_all(&folder).expect("removed");
    }
    println!("{unfinished} of {ROUNDS} left a file half written, {unnamed} one that the index did not name");
    assert!(unfinished + unnamed > 0, "none was killed in the middle of an add");
}
