//! What is tried of a skill: a row for each limit, and one for each thing that it may not do.

use std::time::Duration;

use serde_json::{Value, json};
use vak_cli::count;
use vak_model::{Capability, LimitKind};

use super::Declared;
use super::limits::limit;
use super::module::COUNTER;
use super::order::{Act, Lend};
use super::room::{CANARY, LENT, NAME, OUTSIDE, STATE};
use super::trial::{Must, Trial};

/// How long a call may take that no trial is about: it ends by itself long before.
const PATIENCE: Duration = Duration::from_secs(120);

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

/// A trial of what the skill itself has.
pub(super) fn trial(act: Act, must: Must, good: impl Into<String>, bad: impl Into<String>) -> Trial {
    Trial { act, bound: None, lend: None, must, patience: PATIENCE, says: [good.into(), bad.into()] }
}

impl Trial {
    /// A trial of a limit.
    pub(super) const fn bound(mut self, kind: LimitKind) -> Self {
        self.bound = Some(kind.manifest_key());
        self
    }

    /// A trial of what is lent to the probe.
    pub(super) const fn lent(mut self, lend: Lend) -> Self {
        self.lend = Some(lend);
        self
    }

    /// A trial that may take so long.
    pub(super) const fn patience(mut self, patience: Duration) -> Self {
        self.patience = patience;
        self
    }
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
    let gone = outside(&declared.mounts, CANARY, "");
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
            trial(ask("fs_remove", gone), Must::Unwritten, "none removed", "a file was removed"),
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
        how: "whether a module that imports what would show it is let in",
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
            Must::StoredAtMost(STATE, quota * 3),
            "128 values: a store of {n} bytes",
            "128 values: a store of {n} bytes",
        ),
    ];
    let trials = trials.map(|trial| trial.lent(Lend::Kv)).into();
    let how = "the size of the store's file, which has room for more than the values";
    Plan { id: "kv bytes".to_owned(), declared: json!(quota), unit: Some("bytes"), how, trials }
}
