//! Very many instances, one after the other, none of which ends well.

use std::time::Duration;

use serde_json::{Value, json};
use vak_model::Code;

use crate::process::{Part, open_files, say, status};
use crate::{call, code, skill};

/// How many rounds it takes until the process holds what it goes on to hold.
const WARM_UP: usize = 1_000;

/// How much more memory a process may hold after all rounds than after the warm-up, in KiB.
const SLACK_KIB: f64 = 10.0 * 1024.0;

/// Traps in every way of an instance's life, and says what the process holds after the warm-up and at the end.
pub(crate) fn part(count: &str) {
    let write = "(memory.fill (i32.const 0) (i32.const 1) (i32.const 65536))";
    let table = "(table 100 funcref)";
    let guests = [
        (skill(table, &format!("{write} unreachable"), ""), Code::TrapUnreachable),
        (skill("(func $start unreachable) (start $start)", "i64.const 0", ""), Code::TrapUnreachable),
        (skill("(data (i32.const 65536) \"x\")", "i64.const 0", ""), Code::TrapMemory),
        (skill("", "(drop (memory.grow (i32.const 65535))) i64.const 0", ""), Code::LimitMemory),
        (skill("(table 10001 funcref)", "i64.const 0", ""), Code::LimitTable),
        (skill("", "(loop (br 0)) unreachable", "limits: { max_fuel: 1000 }"), Code::LimitFuel),
    ];
    let held = || json!({ "rss": status("VmRSS"), "threads": status("Threads"), "files": open_files() });
    let mut rounds = guests.iter().cycle();
    let mut go = |count| {
        for (guest, expected) in rounds.by_ref().take(count) {
            assert_eq!(code(&call(guest)), *expected);
        }
        say(&held().to_string());
    };
    go(WARM_UP);
    go(count.parse().expect("a number"));
}

#[expect(clippy::print_stdout, reason = "how much it is that did not grow is worth reading")]
fn leave_nothing_behind(rounds: usize) {
    let mut part = Part::start(&["instances", &rounds.to_string()]);
    let mut held = || part.hear().and_then(|line| serde_json::from_str::<Value>(&line).ok()).expect("what it holds");
    let (early, late) = (held(), held());
    let (ended, complaints) = part.end_within(Duration::from_secs(10));
    assert!(ended.is_some_and(|status| status.success()), "{ended:?} {complaints}");
    println!("after {WARM_UP} rounds: {early}; after {rounds} more: {late}");
    assert_eq!((&early["threads"], &early["files"]), (&late["threads"], &late["files"]));
    let rss = |held: &Value| held["rss"].as_f64().expect("a number");
    assert!(rss(&late) <= rss(&early) + SLACK_KIB, "{early} {late}");
}

#[test]
fn b9_ten_thousand_instances_that_trap_leave_nothing_behind() {
    leave_nothing_behind(10_000);
}

#[test]
#[ignore = "takes ten seconds: cargo nextest run --release -p vak-runtime --run-ignored all -E 'test(b9_a_hundred_thousand)' --no-capture"]
fn b9_a_hundred_thousand_instances_that_trap_leave_nothing_behind() {
    leave_nothing_behind(100_000);
}
