//! Guests that do not end by themselves.

use std::time::{Duration, Instant};

use vak_model::{Code, LimitKind};
use vak_runtime::{CallError, PreparedSkill};

use crate::{call, code, from_text, skill};

const LOOP: &str = "(loop (br 0)) unreachable";
const SOON: &str = "limits: { max_execution_time_ms: 100, max_fuel: 900000000000 }";

/// Ends by its deadline, with the slack that docs/threat-model.md promises.
fn ends_in_time(skill: &PreparedSkill) {
    let mebibytes = u32::try_from(skill.limits().memory_bytes() >> 20).expect("below 2^31 bytes");
    let started = Instant::now();
    let outcome = call(skill);
    assert_eq!(code(&outcome), Code::LimitTime);
    let promised = Duration::from_millis(100 + 250) + mebibytes * Duration::from_micros(2500);
    assert!(started.elapsed() < promised, "{:?}", started.elapsed());
    assert!(outcome.usage.fuel.is_none() && outcome.usage.wall_ms >= Some(99.0), "{:?}", outcome.usage);
}

#[test]
fn a1_a_loop_ends_at_its_deadline() {
    let spinning = skill("", LOOP, SOON);
    ends_in_time(&spinning);
    ends_in_time(&spinning);
}

#[test]
fn a2_a_loop_in_the_start_function_ends_at_its_deadline() {
    ends_in_time(&skill("(func $spin (loop (br 0))) (start $spin)", "i64.const 0", SOON));
}

#[test]
fn a2_a_loop_in_the_start_function_ends_with_its_fuel() {
    let skill = skill("(func $spin (loop (br 0))) (start $spin)", "i64.const 0", "limits: { max_fuel: 1000 }");
    assert_eq!(code(&call(&skill)), Code::LimitFuel);
}

#[test]
fn a3_two_to_the_hundred_calls_end_at_their_deadline() {
    let functions: String = (0..100).map(|i| format!("(func $f{i} (call $f{0}) (call $f{0}))", i + 1)).collect();
    ends_in_time(&skill(&format!("{functions} (func $f100)"), "(call $f0) i64.const 0", SOON));
}

#[test]
fn a_loop_in_the_allocator_ends_at_its_deadline() {
    let text = format!(
        r#"(module (memory (export "memory") 1) (func (export "vak_alloc") (param i32) (result i32) {LOOP})
            (func (export "execute") (param i32 i32) (result i64) i64.const 0))"#
    );
    ends_in_time(&from_text(&text, SOON));
}

#[test]
fn a4_endless_recursion_is_a_trap_in_every_stack_class() {
    for kib in [64, 256, 512, 16_384] {
        let yaml = format!("limits: {{ max_stack_kib: {kib}, max_fuel: 900000000000, max_execution_time_ms: 10000 }}");
        let outcome = call(&skill("", "(call $execute (i32.const 0) (i32.const 0))", &yaml));
        assert_eq!(code(&outcome), Code::TrapStackOverflow, "{kib}");
    }
}

#[test]
fn a_larger_stack_class_holds_a_deeper_recursion() {
    let depth = "(func $down (param i32) (if (local.get 0) (then (call $down (i32.sub (local.get 0) (i32.const 1))))))";
    let body = "(call $down (i32.const 10000)) (i64.const 0)";
    let ends = |kib| {
        let outcome = call(&skill(depth, body, &format!("limits: {{ max_stack_kib: {kib} }}")));
        code(&outcome)
    };
    assert_eq!(ends(64), Code::TrapStackOverflow);
    assert_eq!(ends(16_384), Code::OutputJson, "it returns, with an empty output");
}

/// Nothing interrupts a bulk operation: the deadline is seen when one ends.
#[test]
fn a6_filling_all_memory_in_a_loop_ends_at_its_deadline_and_one_more_fill() {
    for pages in [256, 1024] {
        let fill = format!(
            "(drop (memory.grow (i32.const {})))
            (loop (memory.fill (i32.const 0) (i32.const 0xaa) (i32.const {})) (br 0)) unreachable",
            pages - 1,
            pages * 65_536
        );
        let yaml =
            format!("limits: {{ max_execution_time_ms: 100, max_fuel: 900000000000, max_memory_pages: {pages} }}");
        let filling = skill("", &fill, &yaml);
        ends_in_time(&filling);
        ends_in_time(&filling);
    }
    let copy = "(loop (memory.copy (i32.const 1) (i32.const 0) (i32.const 65535)) (br 0)) unreachable";
    ends_in_time(&skill("", copy, SOON));
}

#[test]
fn a8_out_of_fuel_is_the_same_every_time() {
    let skill = skill("", LOOP, "limits: { max_fuel: 1000000 }");
    for _ in 0..2 {
        let outcome = call(&skill);
        let expected = CallError::Limit { kind: LimitKind::Fuel, limit: 1_000_000 };
        assert_eq!(outcome.result.expect_err("out of fuel").to_string(), expected.to_string());
        assert_eq!(outcome.usage.fuel, Some(1_000_000));
    }
}

#[test]
fn fuel_of_an_answer_is_exact_and_repeatable() {
    let skill = crate::answering(b"{}", false, "");
    let first = call(&skill).usage.fuel;
    assert!(first > Some(0), "{first:?}");
    assert_eq!(call(&skill).usage.fuel, first);
}

#[test]
fn processor_time_is_a_limit_of_its_own() {
    let yaml = "limits: { max_cpu_time_ms: 50, max_execution_time_ms: 10000, max_fuel: 900000000000 }";
    let outcome = call(&skill("", LOOP, yaml));
    assert_eq!(code(&outcome), Code::LimitCpu);
    assert!(outcome.usage.cpu_ms >= Some(50.0) && outcome.usage.fuel_at_least > Some(0), "{:?}", outcome.usage);
}

#[test]
fn a_call_that_is_dropped_stops_and_the_skill_still_serves() {
    let spinning = skill("", LOOP, "limits: { max_execution_time_ms: 600000, max_fuel: 900000000000 }");
    {
        let mut call = std::pin::pin!(spinning.call("execute", b"{}"));
        let mut context = std::task::Context::from_waker(std::task::Waker::noop());
        assert!(call.as_mut().poll(&mut context).is_pending(), "it returns to its caller while it spins");
    }
    let outcome = call(&skill("", LOOP, "limits: { max_fuel: 1000 }"));
    assert_eq!(code(&outcome), Code::LimitFuel);
}
