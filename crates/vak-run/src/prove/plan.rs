//! What is tried of a skill: a row for each limit, and one for each thing that it may not do.

use std::time::Duration;

use serde_json::{Value, json};
use vak_cli::count;
use vak_model::{Capability, LimitKind};

use super::Declared;
use super::module::{COUNTER, FRAME, ROUND};
use super::order::{Act, Lend};
use super::room::{CANARY, LENT, NAME, OUTSIDE, STATE};
use super::trial::{Must, Trial};

/// How long a call may take that no trial is about: it ends by itself long before.
const PATIENCE: Duration = Duration::from_secs(120);

/// By how much a process grows for reasons of its own, in bytes.
const OWN_GROWTH: u64 = 16 << 20;

/// More fuel than a probe can use while the limit on time is lifted.
const MAX_FUEL: u64 = 20_000_000_000;

/// A row before anything is tried.
#[derive(Debug)]
pub(super) struct Plan {
    pub(super) id: String,
    pub(super) declared: Value,
    pub(super) unit: Option<&'static str>,
    /// How it is observed.
    pub(super) how: &'static str,
    /// Nothing, if it can't be tried; then `how` says why.
    pub(super) trials: Vec<Trial>,
}

/// All rows.
pub(super) fn rows(declared: &Declared) -> Vec<Plan> {
    let limits = LimitKind::ALL.into_iter().map(|kind| limit(kind, declared));
    let rules = [read(declared), write(declared), net(declared), name(), environment()];
    let asking = ASKED.iter().filter(|asked| !declared.holds(asked.capability)).map(|asked| asked.plan(declared));
    limits.chain(rules).chain(asking).chain(quotas(declared)).collect()
}

fn trial(act: Act, must: Must, good: impl Into<String>, bad: impl Into<String>) -> Trial {
    Trial { act, bound: None, lend: None, must, patience: PATIENCE, says: [good.into(), bad.into()] }
}

impl Trial {
    const fn bound(mut self, kind: LimitKind) -> Self {
        self.bound = Some(kind.manifest_key());
        self
    }

    const fn lent(mut self, lend: Lend) -> Self {
        self.lend = Some(lend);
        self
    }

    const fn patience(mut self, patience: Duration) -> Self {
        self.patience = patience;
        self
    }
}

fn limit(kind: LimitKind, declared: &Declared) -> Plan {
    let value = declared.limits.get(kind);
    let (how, trials): (_, Vec<Trial>) = match kind {
        LimitKind::Fuel => fuel(value),
        LimitKind::Time => time(value),
        LimitKind::Cpu => cpu(value),
        LimitKind::Memory => memory(value),
        LimitKind::Table => table(value),
        LimitKind::Stack => stack(value),
        LimitKind::Output => output(value),
        LimitKind::Log => log(value),
        LimitKind::HostCalls => host_calls(value),
        LimitKind::Handles => ("nothing that a skill can ask for opens a handle", Vec::new()),
    };
    let trials = trials.into_iter().map(|trial| trial.bound(kind)).collect();
    Plan { id: kind.manifest_key().to_owned(), declared: json!(value), unit: Some(kind.unit()), how, trials }
}

fn fuel(value: u64) -> (&'static str, Vec<Trial>) {
    if value > MAX_FUEL {
        return ("no probe could use as much in the time that a trial may take", Vec::new());
    }
    let fewer = value / 10 * 9 / ROUND;
    let more = value / ROUND + 1;
    let (below, above) = (count(fewer * ROUND), count(more * ROUND));
    let trials = vec![
        trial(
            Act::Spin { rounds: fewer },
            Must::Answer,
            format!("{below} instructions: answered"),
            format!("{below} instructions: no answer"),
        ),
        trial(
            Act::Spin { rounds: more },
            Must::NoAnswer,
            format!("{above}: no answer"),
            format!("{above} instructions: answered"),
        ),
    ];
    ("which of two loops, whose instructions are counted beforehand, answer", trials)
}

/// How much later than its limit a call may end: a tick, and a machine that has other things to do.
fn slack(limit: Duration) -> Duration {
    Duration::from_millis(250) + limit / 4
}

/// A probe that does not end by itself.
const ENDLESS: Act = Act::Spin { rounds: u64::MAX };

fn time(value: u64) -> (&'static str, Vec<Trial>) {
    let limit = Duration::from_millis(value);
    let must = Must::Wall(limit * 9 / 10, limit + slack(limit));
    let spin = trial(ENDLESS, must, "{n} ms", "{n} ms").patience(limit * 2 + Duration::from_secs(10));
    ("from the word to begin to the process's word of the end, by the clock of another process", vec![spin])
}

fn cpu(value: u64) -> (&'static str, Vec<Trial>) {
    let limit = Duration::from_millis(value);
    // The system counts in hundredths of a second.
    let min = (limit * 8 / 10).saturating_sub(Duration::from_millis(20));
    let must = Must::Cpu(min, limit + slack(limit));
    // Other processes may have the processors for most of the time.
    let spin = trial(ENDLESS, must, "{n} ms", "{n} ms").patience(limit * 8 + Duration::from_secs(20));
    ("processor time of the process, as the system counts it", vec![spin])
}

fn memory(value: u64) -> (&'static str, Vec<Trial>) {
    let bytes = value * 65_536;
    // Much of a small memory may have been the process's before.
    let seen = (bytes / 2).saturating_sub(OWN_GROWTH / 2);
    let page = count(value + 1);
    let trials = vec![
        trial(
            Act::Grow { pages: value },
            Must::AnswerAbove(seen),
            format!("{} pages: written", count(value)),
            format!("{} pages: not got, {{n}} bytes resident", count(value)),
        ),
        trial(
            Act::Grow { pages: value + 1 },
            Must::NoAnswer,
            format!("page {page}: not got"),
            format!("page {page}: got"),
        ),
        trial(
            Act::Grow { pages: value + 1024 },
            Must::NoAnswerWithin(bytes + OWN_GROWTH),
            "the process grew by {n} bytes",
            "the process grew by {n} bytes",
        ),
    ];
    ("whether pages can be written, and the process's resident memory, as the system counts it", trials)
}

fn table(value: u64) -> (&'static str, Vec<Trial>) {
    let (own, more) = (count(value), count(value + 1));
    let trials = vec![
        trial(Act::Table { elements: value }, Must::Answer, format!("{own}: got"), format!("{own}: not got")),
        trial(Act::Table { elements: value + 1 }, Must::NoAnswer, format!("{more}: not got"), format!("{more}: got")),
    ];
    ("whether a probe with such a table answers", trials)
}

fn stack(value: u64) -> (&'static str, Vec<Trial>) {
    let more = (value * 1024).div_ceil(FRAME) + 1;
    let fewer = more / 3;
    let shown = |levels: u64| count(levels * FRAME / 1024);
    let trials = vec![
        trial(
            Act::Deep { levels: fewer },
            Must::Answer,
            format!("{} KiB of frames: answered", shown(fewer)),
            format!("{} KiB of frames: no answer", shown(fewer)),
        ),
        trial(
            Act::Deep { levels: more },
            Must::NoAnswer,
            format!("{}: no answer", shown(more)),
            format!("{}: answered", shown(more)),
        ),
        trial(
            Act::Deep { levels: i32::MAX.unsigned_abs().into() },
            Must::NoAnswerWithin(value * 1024 + OWN_GROWTH),
            "without end: the process grew by {n} bytes, and lives",
            "without end: the process grew by {n} bytes",
        ),
    ];
    ("how deep a probe calls itself, with frames of a known size at least, and whether its process lives", trials)
}

fn output(value: u64) -> (&'static str, Vec<Trial>) {
    let trials = vec![
        trial(Act::Output { bytes: value }, Must::Output(value), "{n} bytes: arrive", "{n} bytes arrive, too few")
            .patience(PATIENCE),
        trial(
            Act::Output { bytes: value + 1 },
            Must::NoAnswer,
            format!("{}: none arrive", count(value + 1)),
            "{n} bytes arrive",
        ),
    ];
    ("bytes that arrive on the pipe of the output", trials)
}

/// The line of a request to log, before the text.
const LOG_LINE: &str = r#"{"level":"info"}"#;

fn log(value: u64) -> (&'static str, Vec<Trial>) {
    let write = |body: u64, times| Act::Flood { call: "log".to_owned(), line: LOG_LINE.to_owned(), body, times };
    let trials = vec![
        trial(write(value - 1, 1), Must::Log(value), "{n} bytes: arrive", "{n} bytes arrive, too few"),
        trial(write(value, 1), Must::LogAtMost(value), "a line of one more: {n}", "a line of one more: {n} arrive"),
        trial(
            write(99, value / 100 * 2 + 100),
            Must::LogAtMost(value),
            "a flood: {n} arrive",
            "a flood: {n} bytes arrive",
        ),
    ];
    ("bytes that arrive on the pipe of the log", trials.into_iter().map(|trial| trial.lent(Lend::Log)).collect())
}

fn host_calls(value: u64) -> (&'static str, Vec<Trial>) {
    let call = |times| Act::Flood { call: "log".to_owned(), line: LOG_LINE.to_owned(), body: 0, times };
    let more = value + 100;
    let trials = vec![
        trial(call(value), Must::Lines(value), "{n} calls: done", "{n} calls done, too few"),
        trial(
            call(more),
            Must::LinesAtMost(value),
            format!("{} calls: {{n}} done", count(more)),
            format!("{} calls: {{n}} done", count(more)),
        ),
    ];
    let trials = trials.into_iter().map(|trial| trial.lent(Lend::Log)).collect();
    ("lines that arrive on the pipe of the log, one for each call that was done", trials)
}

/// Requests about places outside of what is granted, with what follows the path.
fn outside(mounts: &[String], file: &str, rest: &str) -> Vec<String> {
    let mut paths = vec![
        format!("../{file}"),
        format!("../{OUTSIDE}/{file}"),
        format!("{OUTSIDE}/{file}"),
        format!("{{room}}/{OUTSIDE}/{file}"),
    ];
    for mount in mounts {
        let below = if mount == "." { String::new() } else { format!("{mount}/") };
        paths.push(format!("{below}../{OUTSIDE}/{file}"));
        paths.push(format!("{below}link/{file}"));
        paths.push(format!("{below}link.txt"));
    }
    paths.into_iter().map(|path| json!({ "path": path }).to_string() + rest).collect()
}

/// Requests about places that are shown, to a skill that may do nothing there.
fn inside(mounts: &[String], file: &str, rest: &str) -> Vec<String> {
    let shown = mounts.iter().map(|mount| if mount == "." { file.to_owned() } else { format!("{mount}/{file}") });
    shown.map(|path| json!({ "path": path }).to_string() + rest).collect()
}

fn ask(call: &str, requests: Vec<String>) -> Act {
    Act::Ask { call: call.to_owned(), requests }
}

fn read(declared: &Declared) -> Plan {
    let held = declared.holds(Capability::FsRead);
    let mut requests = outside(&declared.mounts, CANARY, "");
    if !held {
        requests.extend(inside(&declared.mounts, CANARY, ""));
    }
    let tries = count(requests.len() as u64);
    let own = vec![json!({ "path": format!("{LENT}/{CANARY}") }).to_string()];
    Plan {
        id: "fs.read outside".to_owned(),
        declared: declared.word(Capability::FsRead),
        unit: None,
        how: "a secret in a file outside is searched for in all that comes out; in a folder that is lent, it is found",
        trials: vec![
            trial(ask("fs_read", own), Must::Read, "what is lent: read", "what is lent: not read").lent(Lend::Read),
            trial(
                ask("fs_read", requests),
                Must::Unread,
                format!("{tries} attempts by `..`, absolute and by links: nothing read"),
                "the secret came out",
            ),
        ],
    }
}

fn write(declared: &Declared) -> Plan {
    let held = declared.holds(Capability::FsWrite);
    let mut requests = outside(&declared.mounts, CANARY, "\nprobe");
    requests.extend(outside(&declared.mounts, "new.txt", "\nprobe"));
    if !held {
        requests.extend(inside(&declared.mounts, "new.txt", "\nprobe"));
    }
    let tries = count(requests.len() as u64);
    let own = vec![json!({ "path": format!("{LENT}/new.txt") }).to_string() + "\nprobe"];
    Plan {
        id: "fs.write outside".to_owned(),
        declared: declared.word(Capability::FsWrite),
        unit: None,
        how: "the files outside are compared with what they were; in a folder that is lent, one is written",
        trials: vec![
            trial(ask("fs_write", own), Must::Written(LENT), "what is lent: written", "what is lent: not written")
                .lent(Lend::Write),
            trial(
                ask("fs_write", requests),
                Must::Unwritten,
                format!("{tries} attempts by `..`, absolute and by links: nothing changed"),
                "a file was written",
            ),
        ],
    }
}

fn net(declared: &Declared) -> Plan {
    let here = ["127.0.0.1", "localhost", "[::ffff:127.0.0.1]", "2130706433", "0x7f.1", "0.0.0.0"];
    let here = here.iter().map(|host| format!("http://{host}:{{port}}/"));
    let others = ["http://169.254.169.254/latest/meta-data/", "http://[fd00:ec2::254]/"].map(str::to_owned);
    let requests: Vec<_> = here.chain(others).map(|url| json!({ "url": url }).to_string()).collect();
    let tries = count(requests.len() as u64);
    let own = vec![json!({ "url": "http://127.0.0.1:{port}/" }).to_string()];
    Plan {
        id: "net.http to this machine".to_owned(),
        declared: declared.word(Capability::NetHttp),
        unit: None,
        how: "connections that a listener of this machine accepts; with its address lent, it accepts one",
        trials: vec![
            trial(ask("http_fetch", own), Must::Call, "what is lent: accepted", "what is lent: not accepted")
                .lent(Lend::Net { port: 0 }),
            trial(
                ask("http_fetch", requests),
                Must::NoCall,
                format!("{tries} attempts: none accepted"),
                "{n} connections accepted",
            ),
        ],
    }
}

/// A name that is allowed, and leads where no name may.
fn name() -> Plan {
    let requests = vec![json!({ "url": format!("http://{NAME}:{{port}}/") }).to_string()];
    Plan {
        id: "net.http by a name to this machine".to_owned(),
        declared: json!("denied"),
        unit: None,
        how: "connections that a listener of this machine accepts, while a name that is lent leads to it",
        trials: vec![
            trial(ask("http_fetch", requests), Must::NoCall, "none accepted", "{n} connections accepted")
                .lent(Lend::Name { port: 0 }),
        ],
    }
}

fn environment() -> Plan {
    Plan {
        id: "environment".to_owned(),
        declared: json!("denied"),
        unit: None,
        how: "a secret in the process's environment is searched for in all that comes out of an import that would show it",
        trials: vec![trial(Act::Environment, Must::NoAnswer, "not let in", "let in, and called")],
    }
}

/// A capability that is tried by a request, where a skill does not hold it.
struct Asked {
    capability: Capability,
    call: &'static str,
    request: &'static str,
    lend: Lend,
}

const ASKED: [Asked; 5] = [
    Asked { capability: Capability::Kv, call: "kv_set", request: "{\"key\":\"k\"}\nv", lend: Lend::Kv },
    Asked { capability: Capability::Log, call: "log", request: "{}\nline", lend: Lend::Log },
    Asked { capability: Capability::Clock, call: "clock_now", request: "{}", lend: Lend::Clock },
    Asked { capability: Capability::Random, call: "random", request: "{\"length\":16}", lend: Lend::Random },
    Asked { capability: Capability::VerifyPlan, call: "verify_plan", request: "{\"actions\":[]}", lend: Lend::Plan },
];

impl Asked {
    fn plan(&self, declared: &Declared) -> Plan {
        let act = || ask(self.call, vec![self.request.to_owned()]);
        let mut trials = vec![
            trial(act(), Must::Done, "what is lent: done", "what is lent: not done").lent(self.lend),
            trial(act(), Must::NothingDone, "not done", "done"),
        ];
        let effect = match self.capability {
            Capability::Kv => Some((Must::Unwritten, "no store", "a store is there")),
            Capability::Log => Some((Must::LogAtMost(0), "no line", "{n} bytes of lines")),
            _ => None,
        };
        trials.extend(effect.map(|(must, good, bad)| trial(act(), must, good, bad)));
        Plan {
            id: self.capability.name().to_owned(),
            declared: declared.word(self.capability),
            unit: None,
            how: "whether a host call is answered, and what it leaves; with the capability lent, it is done",
            trials,
        }
    }
}

/// What one run, or one store, has of the operator's disk, where the skill may have some.
fn quotas(declared: &Declared) -> Vec<Plan> {
    let mut quotas = Vec::new();
    if declared.holds(Capability::FsWrite) {
        quotas.extend([files(), written()]);
    }
    if declared.holds(Capability::Kv) {
        quotas.push(stored());
    }
    quotas
}

fn make(body: u64, times: u64) -> Act {
    let line = json!({ "path": format!("{LENT}/n-{COUNTER}") }).to_string();
    Act::Flood { call: "fs_write".to_owned(), line, body, times }
}

fn files() -> Plan {
    let quota = vak_runtime::FS_MADE;
    let trials = [
        trial(make(1, quota), Must::Files(LENT, quota, quota), "{n} files: made", "{n} files made, too few"),
        trial(make(1, quota + 10), Must::FilesAtMost(LENT, quota, u64::MAX), "10 more: {n} made", "10 more: {n} made"),
    ];
    let trials = trials.map(|trial| trial.lent(Lend::Write)).into();
    let how = "files that are in the folder afterwards";
    Plan { id: "fs.write files".to_owned(), declared: json!(quota), unit: Some("files"), how, trials }
}

fn written() -> Plan {
    let (quota, each) = (vak_runtime::FS_WRITTEN_BYTES, 1 << 20);
    let times = quota / each;
    let trials = [
        trial(
            make(each, times),
            Must::Files(LENT, times, quota),
            "{n} files of 1 MiB: written",
            "{n} written, too few",
        ),
        trial(
            make(each, times + 2),
            Must::FilesAtMost(LENT, u64::MAX, quota),
            "2 more: {n} bytes written",
            "2 more: {n} bytes written",
        ),
    ];
    let trials = trials.map(|trial| trial.lent(Lend::Write)).into();
    let how = "bytes of the files that are in the folder afterwards";
    Plan { id: "fs.write bytes".to_owned(), declared: json!(quota), unit: Some("bytes"), how, trials }
}

fn stored() -> Plan {
    let quota = vak_runtime::KV_BYTES;
    let set = |times| {
        let line = json!({ "key": format!("n-{COUNTER}") }).to_string();
        Act::Flood { call: "kv_set".to_owned(), line, body: (1 << 20) - 16, times }
    };
    let times = quota >> 20;
    let trials = [
        trial(
            set(times),
            Must::StoredAtLeast(STATE, times * ((1 << 20) - 16)),
            "16 values of 1 MiB: a store of {n} bytes",
            "a store of {n} bytes, too few",
        ),
        trial(
            set(times * 8),
            Must::StoredAtMost(STATE, quota * 4),
            "128 values: a store of {n} bytes",
            "128 values: a store of {n} bytes",
        ),
    ];
    let trials = trials.map(|trial| trial.lent(Lend::Kv)).into();
    let how = "the size of the store's file, which has room for more than the values";
    Plan { id: "kv bytes".to_owned(), declared: json!(quota), unit: Some("bytes"), how, trials }
}
