//! A process that does not run while its clock does: the terminal stopped it, or the machine slept.

use std::task::{Context, Waker};
use std::thread;
use std::time::{Duration, Instant};

use rustix::process::{Signal, WaitId, WaitIdOptions, kill_process, waitid};

use crate::process::{Part, say};
use crate::{call, code, skill};

const DEADLINE: Duration = Duration::from_millis(400);

/// Says when the guest spins, how it has ended, and what the calls after it answer.
pub(crate) fn part() {
    let limits = format!("max_execution_time_ms: {}, max_fuel: 900000000000", DEADLINE.as_millis());
    let spinning = skill("", "(loop (br 0)) unreachable", &format!("limits: {{ {limits} }}"));
    let harmless = crate::answering(b"[1]", false, "");
    for _ in 0..2 {
        let mut running = Box::pin(spinning.call("execute", b"{}"));
        assert!(running.as_mut().poll(&mut Context::from_waker(Waker::noop())).is_pending());
        say("spins");
        say(&code(&pollster::block_on(running)).to_string());
        let answer = call(&harmless).result.expect("an answer");
        say(&String::from_utf8_lossy(answer.bytes()));
        say(&code(&call(&spinning)).to_string());
    }
}

#[test]
fn a13_a_process_that_was_suspended_past_the_deadline_ends_the_call_and_serves_the_next() {
    let mut part = Part::start(&["suspended"]);
    for _ in 0..2 {
        assert_eq!(part.hear().as_deref(), Some("spins"));
        kill_process(part.pid(), Signal::STOP).expect("ours");
        waitid(WaitId::Pid(part.pid()), WaitIdOptions::STOPPED).expect("it stops");
        // The time has to pass: it is what the guest must not get.
        thread::sleep(DEADLINE * 2);
        let continued = Instant::now();
        kill_process(part.pid(), Signal::CONT).expect("ours");
        assert_eq!(part.hear().as_deref(), Some("limit.time"));
        assert!(continued.elapsed() < Duration::from_millis(250 + 40), "{:?}", continued.elapsed());
        assert_eq!(part.hear().as_deref(), Some("[1]"));
        assert_eq!(part.hear().as_deref(), Some("limit.time"));
    }
    let (ended, complaints) = part.end_within(Duration::from_secs(10));
    assert!(ended.is_some_and(|status| status.success()), "{ended:?} {complaints}");
}
