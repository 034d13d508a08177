//! Recursion with large frames, and down to the last place from which the host can be called.
//!
//! A guest runs on a stack of its own, whoever polls it. So a thread needs as much stack as the host's own work takes, and
//! no more; and what a guest leaves of its own is never what the host has to do with.

use std::thread;

use vak_model::Code;
use vak_runtime::PreparedSkill;

use crate::{call, code, skill};

const KIB: usize = 1024;

/// Less than any thread has that VAK starts (they have the standard library's 2 MiB), or that a host is likely to start.
const SMALL_THREAD: usize = 128 * KIB;

/// All the classes of stacks, in KiB.
const CLASSES: [usize; 4] = [64, 256, 512, 16_384];

const LOG: &str = r#"(import "vak" "log" (func $log (param i32 i32 i32 i32) (result i64)))"#;
const ASK: &str = "(drop (call $log (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 0)))";

/// A function without end whose frame holds 400 values at once: each is read before the call and used after it.
fn large_frames(ask: &str) -> String {
    let read: String =
        (1..=400).map(|i| format!("(local.set {i} (i64.load offset={} (local.get 0)))", 8 * i)).collect();
    let used: String = (1..=400).map(|i| format!("(local.get {i}) i64.add ")).collect();
    let locals = "i64 ".repeat(400);
    format!("(func $deep (param i32) (result i64) (local {locals}) {read} {ask} (call $deep (local.get 0)) {used})")
}

/// The same with the smallest frame that there is, which comes nearest to the end of the stack.
fn small_frames(ask: &str) -> String {
    format!("(func $deep (param i32) (result i64) {ask} (call $deep (local.get 0)))")
}

/// One guest for each size of frames, with and without a host call in each frame, in each class of stacks.
fn guests() -> Vec<PreparedSkill> {
    let mut guests = Vec::new();
    for kib in CLASSES {
        let yaml = format!(
            "limits: {{ max_stack_kib: {kib}, max_fuel: 900000000000, max_execution_time_ms: 60000, max_host_calls: 10000000 }}
capabilities: [{{ log: null, optional: true }}]"
        );
        for function in [large_frames(""), large_frames(ASK), small_frames(""), small_frames(ASK)] {
            guests.push(skill(&format!("{LOG} {function}"), "(call $deep (i32.const 0))", &yaml));
        }
    }
    guests
}

fn overflow(guest: &PreparedSkill) {
    assert_eq!(code(&call(guest)), Code::TrapStackOverflow);
}

#[test]
fn a5_s5_large_frames_are_a_trap_on_small_threads_and_with_host_calls_in_each_frame() {
    let guests = guests();
    let harmless = crate::answering(b"{}", false, "");
    let all = || {
        guests.iter().for_each(overflow);
        assert!(call(&harmless).result.is_ok());
    };
    all();
    thread::scope(|scope| {
        for size in [Some(SMALL_THREAD), None] {
            let builder = thread::Builder::new();
            let builder = size.into_iter().fold(builder, thread::Builder::stack_size);
            builder.spawn_scoped(scope, all).expect("a thread").join().expect("no panic");
        }
    });
}

#[test]
fn a5_a_call_that_began_on_one_thread_may_overflow_on_another() {
    use std::task::{Context, Waker};
    let spin = "(local $i i32) (loop (br_if 0 (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 1)))
        (i32.const 100000000)))) (call $deep (i32.const 0))";
    let yaml = "limits: { max_fuel: 900000000000, max_execution_time_ms: 60000 }";
    let guest = skill(&large_frames(""), spin, yaml);
    let mut running = Box::pin(guest.call("execute", b"{}"));
    let poll = running.as_mut().poll(&mut Context::from_waker(Waker::noop()));
    assert!(poll.is_pending(), "it is interrupted while it spins");
    thread::scope(|scope| {
        let small = thread::Builder::new().stack_size(SMALL_THREAD);
        let ended = small.spawn_scoped(scope, || code(&pollster::block_on(running))).expect("a thread");
        assert_eq!(ended.join().expect("no panic"), Code::TrapStackOverflow);
    });
}
