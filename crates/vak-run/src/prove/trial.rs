//! Trials: a probe, what must be seen of it, and the number that was.

use std::io;
use std::time::Duration;

use super::module::DONE;
use super::observe::{End, Processes, Seen};
use super::order::{ANSWERED, Act, Lend, Order};
use super::room::{Listener, OUTSIDE, Room, STATE, mount};

/// One trial of a row.
#[derive(Clone, Debug)]
pub(super) struct Trial {
    pub(super) act: Act,
    /// The key of the limit that is tried.
    pub(super) bound: Option<&'static str>,
    pub(super) lend: Option<Lend>,
    /// What must be seen.
    pub(super) must: Must,
    /// How long the call may take before the process is killed.
    pub(super) patience: Duration,
    /// What is said if that was seen, and if not, with `{n}` for the number that was.
    pub(super) says: [String; 2],
}

/// What must be seen of a trial. A number is a quantity in the unit of the row.
#[derive(Clone, Copy, Debug)]
pub(super) enum Must {
    /// The probe answers: a control.
    Answer,
    /// It does not.
    NoAnswer,
    /// It does not, and the process's memory does not grow by more bytes than these.
    NoAnswerWithin(u64),
    /// It answers, and the process's memory grows by so many bytes at least: a control.
    AnswerAbove(u64),
    /// The call ends between two times, without an answer.
    Wall(Duration, Duration),
    /// The same, of processor time.
    Cpu(Duration, Duration),
    /// So many bytes of output arrive, no more and no less.
    Output(u64),
    /// So many bytes of the log arrive at most.
    LogAtMost(u64),
    /// So many bytes of the log arrive, and the probe answers: a control.
    Log(u64),
    /// So many host calls had an effect at most.
    LinesAtMost(u64),
    /// So many had one, and the probe answers: a control.
    Lines(u64),
    /// What lies outside of what may be written is what it was.
    Unwritten,
    /// Something has been written below this folder of the room: a control.
    Written(&'static str),
    /// So many files were made below this folder at most, of so many bytes together at most.
    FilesAtMost(&'static str, u64, u64),
    /// So many files were made there, of so many bytes together: a control.
    Files(&'static str, u64, u64),
    /// Files below this folder have so many bytes together at least: a control.
    StoredAtLeast(&'static str, u64),
    /// So many at most.
    StoredAtMost(&'static str, u64),
    /// What no probe may read did not come out.
    Unread,
    /// It came out: a control.
    Read,
    /// Nobody called.
    NoCall,
    /// Somebody called: a control.
    Call,
    /// No host call was done.
    NothingDone,
    /// One was: a control.
    Done,
}

/// What a trial shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Shows {
    /// What must be was seen.
    Good,
    /// Something else was.
    Bad,
    /// Nothing: the probe did not come so far.
    Nothing,
}

/// What came of a trial.
#[derive(Clone, Debug)]
pub(super) struct Tried {
    pub(super) shows: Shows,
    /// What was seen, in words.
    pub(super) said: String,
    /// How the probe ended, by its code.
    pub(super) end: String,
}

impl Tried {
    /// A trial that could not be made.
    pub(super) fn failed(error: &io::Error) -> Self {
        Self { shows: Shows::Nothing, said: format!("the trial failed: {error}"), end: "failed".to_owned() }
    }

    /// A trial that was not made.
    pub(super) fn none() -> Self {
        Self::failed(&io::Error::other("it was not made"))
    }
}

impl Trial {
    /// Whether it only shows that the probe can do what it is for.
    pub(super) const fn is_control(&self) -> bool {
        matches!(
            self.must,
            Must::Answer
                | Must::AnswerAbove(_)
                | Must::Output(_)
                | Must::Log(_)
                | Must::Lines(_)
                | Must::Written(_)
                | Must::Files(..)
                | Must::StoredAtLeast(..)
                | Must::Read
                | Must::Call
                | Must::Done
        )
    }

    /// Tries it. A trial of time is tried again, twice at most: a busy machine may have been late, and what does not bind
    /// does not bind the third time either.
    pub(super) fn run(&self, processes: &Processes, mounts: &[String], may_write: bool) -> io::Result<Tried> {
        let is_timed = matches!(self.must, Must::Wall(..) | Must::Cpu(..));
        let mut result = self.once(processes, mounts, may_write)?;
        for _ in 0..2 {
            if result.shows == Shows::Good || !is_timed {
                break;
            }
            result = self.once(processes, mounts, may_write)?;
        }
        Ok(result)
    }

    fn once(&self, processes: &Processes, mounts: &[String], may_write: bool) -> io::Result<Tried> {
        let room = Room::furnish(mounts.len())?;
        let listener = self.calls_somebody().then(Listener::start).transpose()?;
        let port = listener.as_ref().map_or(0, |listener| listener.port);
        let order = Order {
            act: self.filled_in(&room, port),
            bound: self.bound.map(str::to_owned),
            lend: self.lend.map(|lend| match lend {
                Lend::Net { .. } => Lend::Net { port },
                Lend::Name { .. } => Lend::Name { port },
                lend => lend,
            }),
            room: room.path().to_owned(),
        };
        let folders = kept(if may_write { 0 } else { mounts.len() });
        let before = contents(&room, &folders)?;
        let seen = processes.carry_out(&order, self.patience)?;
        let calls = listener.map_or(0, Listener::finish) as u64;
        let changed = contents(&room, &folders)? != before;
        let (held, number) = self.must.judge(&seen, &room, changed, calls)?;
        Ok(self.result(seen.end, held, number))
    }

    fn result(&self, end: End, held: bool, number: u64) -> Tried {
        let is_early = |min: Duration| number < millis(min);
        // What was refused has shown nothing, unless to refuse it is what must be.
        let on_its_own = self.bound.is_none() && self.lend.is_none();
        let (shows, said, end) = match (end, self.must) {
            (End::Died(said), _) => {
                (Shows::Nothing, format!("the probe's process failed: {said}"), "failed".to_owned())
            }
            (End::Signal(signal), _) => {
                (Shows::Bad, format!("the probe ended its process by signal {signal}"), "signal".to_owned())
            }
            (End::Killed, _) => (Shows::Bad, "the probe had to be killed".to_owned(), "killed".to_owned()),
            (End::Refused(code), _) if !on_its_own => (Shows::Nothing, format!("the probe was refused: {code}"), code),
            (End::Called(code), Must::Wall(min, _) | Must::Cpu(min, _)) if is_early(min) => {
                (Shows::Nothing, format!("the probe ended early, after {number} ms: {code}"), code)
            }
            (End::Refused(code) | End::Called(code), _) => {
                let (shows, said) = if held { (Shows::Good, &self.says[0]) } else { (Shows::Bad, &self.says[1]) };
                (shows, said.replace("{n}", &vak_cli::count(number)), code)
            }
        };
        // A control that is not met says nothing of the limit.
        let shows = if shows == Shows::Bad && self.is_control() { Shows::Nothing } else { shows };
        Tried { shows, said, end }
    }

    fn calls_somebody(&self) -> bool {
        matches!(self.must, Must::Call | Must::NoCall)
    }

    /// The act with the places of its room, which stand in texts as `{room}` and `{port}`.
    fn filled_in(&self, room: &Room, port: u16) -> Act {
        let room = room.path().to_string_lossy();
        let fill = |text: &String| text.replace("{room}", &room).replace("{port}", &port.to_string());
        match &self.act {
            Act::Ask { call, requests } => {
                Act::Ask { call: call.clone(), requests: requests.iter().map(fill).collect() }
            }
            act => act.clone(),
        }
    }
}

/// What stays as it is: what is outside, the store, and so many of the folders that are shown.
fn kept(mounts: usize) -> Vec<String> {
    let name = |i| mount(std::path::Path::new(""), i).to_string_lossy().into_owned();
    (0..mounts).map(name).chain([OUTSIDE.to_owned(), STATE.to_owned()]).collect()
}

type Contents = Vec<std::collections::BTreeMap<std::path::PathBuf, Vec<u8>>>;

fn contents(room: &Room, folders: &[String]) -> io::Result<Contents> {
    folders.iter().map(|folder| room.contents(folder)).collect()
}

impl Must {
    /// Whether it was seen, and the number that was.
    fn judge(self, seen: &Seen, room: &Room, changed: bool, calls: u64) -> io::Result<(bool, u64)> {
        let answered = !seen.output.is_empty();
        let ended = seen.end == End::Called(ANSWERED.to_owned());
        Ok(match self {
            Self::Answer => (answered && ended, seen.output.len() as u64),
            Self::NoAnswer => (!answered, seen.output.len() as u64),
            Self::NoAnswerWithin(max) => (!answered && seen.grown <= max, seen.grown),
            Self::AnswerAbove(min) => (answered && ended && seen.grown >= min, seen.grown),
            Self::Wall(min, max) => (!answered && (min..=max).contains(&seen.wall), millis(seen.wall)),
            Self::Cpu(min, max) => (!answered && (min..=max).contains(&seen.cpu), millis(seen.cpu)),
            Self::Output(bytes) => (seen.output.len() as u64 == bytes, seen.output.len() as u64),
            Self::LogAtMost(max) => (seen.log_bytes <= max, seen.log_bytes),
            Self::Log(bytes) => (ended && seen.log_bytes == bytes, seen.log_bytes),
            Self::LinesAtMost(max) => (seen.log_lines <= max, seen.log_lines),
            Self::Lines(lines) => (ended && seen.log_lines == lines, seen.log_lines),
            Self::Unwritten => (!changed, u64::from(changed)),
            Self::Written(..)
            | Self::FilesAtMost(..)
            | Self::Files(..)
            | Self::StoredAtLeast(..)
            | Self::StoredAtMost(..) => self.judge_files(ended, room)?,
            Self::Unread => (!out(seen, &room.secret), u64::from(out(seen, &room.secret))),
            Self::Read => (out(seen, &room.secret), 1),
            Self::NoCall => (calls == 0, calls),
            Self::Call => (calls > 0, calls),
            Self::NothingDone => (!seen.output.contains(&DONE), u64::from(seen.output.contains(&DONE))),
            Self::Done => (seen.output.contains(&DONE), 1),
        })
    }
}

impl Must {
    /// The same, of what lies in a folder afterwards.
    fn judge_files(self, ended: bool, room: &Room) -> io::Result<(bool, u64)> {
        Ok(match self {
            Self::Written(folder) => {
                let written = room.contents(folder)?.into_values().any(|contents| contents == b"probe");
                (written, u64::from(written))
            }
            Self::FilesAtMost(folder, files, bytes) => {
                let (made, written) = made(room, folder)?;
                (made <= files && written <= bytes, if files == u64::MAX { written } else { made })
            }
            Self::Files(folder, files, bytes) => {
                let (made, written) = made(room, folder)?;
                (ended && made == files && written == bytes, made)
            }
            Self::StoredAtLeast(folder, min) => {
                let bytes = stored(room, folder)?;
                (ended && bytes >= min, bytes)
            }
            Self::StoredAtMost(folder, max) => {
                let bytes = stored(room, folder)?;
                (bytes <= max, bytes)
            }
            _ => (false, 0),
        })
    }
}

fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

/// How many files a probe has made below a folder, and how many bytes they have. Its own are those whose name begins so.
fn made(room: &Room, folder: &str) -> io::Result<(u64, u64)> {
    let files = room.contents(folder)?;
    let own =
        files.iter().filter(|(path, _)| path.file_name().is_some_and(|name| name.to_string_lossy().starts_with("n-")));
    Ok(own.fold((0, 0), |(files, bytes), (_, contents)| (files + 1, bytes + contents.len() as u64)))
}

/// How many bytes all files below a folder have.
fn stored(room: &Room, folder: &str) -> io::Result<u64> {
    Ok(room.contents(folder)?.into_values().map(|contents| contents.len() as u64).sum())
}

/// Whether a text came out of a process, as it is or as a probe writes it.
fn out(seen: &Seen, secret: &str) -> bool {
    let hex = secret.bytes().fold(String::new(), |hex, byte| hex + &format!("{byte:02x}"));
    let output = String::from_utf8_lossy(&seen.output);
    output.contains(&hex) || output.contains(secret)
}
