//! Parts of tests that need a process of their own: one that is stopped or measured.
//!
//! Such a process is this binary again, with one test alone, which does nothing but a part of another test.

use std::env;
use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::process::{Child, ChildStdout, Command, ExitStatus, Stdio};
use std::thread;
use std::time::{Duration, Instant};

/// Says which part it is, with the words that the part is given.
const PART: &str = "VAK_TEST_PART";

#[test]
#[ignore = "a part of other tests, which start it as a process of its own; by itself it does nothing"]
fn a_part_of_another_test() {
    let Ok(words) = env::var(PART) else { return };
    let words: Vec<_> = words.split('\n').collect();
    match words[0] {
        "hostile" => crate::rules::part(words[1]),
        "instances" => crate::instances::part(words[1]),
        "suspended" => crate::suspended::part(),
        part => panic!("no such part: {part}"),
    }
}

/// Says something to the test that has started this process.
pub(crate) fn say(line: &str) {
    writeln!(std::io::stdout(), "{MARK}{line}").expect("the test that started this listens");
}

/// What the lines begin with that are said; the harness of tests writes others.
const MARK: &str = "part: ";

/// A process that does a part of a test. It is killed when it is dropped.
pub(crate) struct Part {
    child: Child,
    said: BufReader<ChildStdout>,
}

impl Part {
    pub(crate) fn start(words: &[&str]) -> Self {
        let mut command = Command::new(env::current_exe().expect("this program"));
        command.args(["process::a_part_of_another_test", "--exact", "--ignored", "--nocapture"]);
        command.env(PART, words.join("\n")).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().expect("started");
        let said = BufReader::new(child.stdout.take().expect("piped"));
        Self { child, said }
    }

    pub(crate) fn pid(&self) -> rustix::process::Pid {
        rustix::process::Pid::from_child(&self.child)
    }

    /// The next line that it says; nothing, if it has ended.
    pub(crate) fn hear(&mut self) -> Option<String> {
        loop {
            let mut line = String::new();
            if self.said.read_line(&mut line).expect("text") == 0 {
                return None;
            }
            if let Some((_, said)) = line.trim_end().split_once(MARK) {
                return Some(said.to_owned());
            }
        }
    }

    /// How it has ended by itself within that time, and what it has complained of.
    pub(crate) fn end_within(mut self, time: Duration) -> (Option<ExitStatus>, String) {
        let until = Instant::now() + time;
        let ended = loop {
            match self.child.try_wait().expect("its end") {
                None if Instant::now() < until => thread::sleep(Duration::from_millis(1)),
                ended => break ended,
            }
        };
        let mut complaints = String::new();
        if ended.is_some() {
            self.child.stderr.take().expect("piped").read_to_string(&mut complaints).expect("text");
        }
        (ended, complaints)
    }
}

impl Drop for Part {
    fn drop(&mut self) {
        // It may have ended; nothing else has its number before it is waited for.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A number from the status that the system gives of this process: threads, or a size in KiB.
pub(crate) fn status(field: &str) -> u64 {
    let status = fs::read_to_string("/proc/self/status").expect("the process table");
    let line = status.lines().find(|line| line.starts_with(field)).expect("a field of this name");
    let number = line.split_whitespace().nth(1).and_then(|number| number.parse().ok());
    number.expect("a number")
}

/// How many files this process has open.
pub(crate) fn open_files() -> usize {
    fs::read_dir("/proc/self/fd").expect("the process table").count()
}
