//! The limits of a manifest: probes that stay below each, and probes that go beyond.

use std::time::Duration;

use serde_json::json;
use vak_cli::count;
use vak_model::LimitKind;

use super::Declared;
use super::module::{FRAME, ROUND};
use super::order::{Act, Lend};
use super::plan::{Plan, trial};
use super::trial::{Must, Trial};

/// By how much a process grows for reasons of its own, in bytes.
const OWN_GROWTH: u64 = 16 << 20;

/// More fuel than a probe can use while the limit on time is lifted.
const MAX_FUEL: u64 = 20_000_000_000;

/// The row of one limit.
pub(super) fn limit(kind: LimitKind, declared: &Declared) -> Plan {
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
        trial(Act::Output { bytes: value }, Must::Output(value), "{n} bytes: arrive", "{n} bytes arrive, too few"),
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
