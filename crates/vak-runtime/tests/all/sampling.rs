//! Where a call spends its fuel.

use std::time::{Duration, Instant};

use vak_model::Code;
use vak_runtime::{FunctionCost, Outcome, PreparedSkill, Samples};

use crate::{call, code, skill};

/// Gives the input back.
const ECHO: &str = "(i64.const 0x40000000002)";

/// Functions that count down from their argument, in a loop of their own.
const COUNTERS: &str = "
    (func $one (param $n i32) (loop (br_if 0 (local.tee $n (i32.sub (local.get $n) (i32.const 1))))))
    (func $other (param $n i32) (loop (br_if 0 (local.tee $n (i32.sub (local.get $n) (i32.const 1))))))";

fn sampled(skill: &PreparedSkill) -> (Outcome, Samples) {
    pollster::block_on(skill.call_sampled("execute", b"{}", vak_runtime::Host::nothing()))
}

/// Calls both functions again and again.
fn counting(rounds: u32, one: u32, other: u32) -> PreparedSkill {
    let body = format!(
        "(local $i i32) (local.set $i (i32.const {rounds}))
        (loop (call $one (i32.const {one})) (call $other (i32.const {other}))
            (br_if 0 (local.tee $i (i32.sub (local.get $i) (i32.const 1))))) {ECHO}"
    );
    skill(COUNTERS, &body, "")
}

fn cost<'a>(costs: &'a [FunctionCost], name: &str) -> &'a FunctionCost {
    costs.iter().find(|cost| cost.function.name.as_deref() == Some(name)).expect(name)
}

#[test]
fn a_function_that_is_ten_times_as_dear_is_shown_first_and_as_that() {
    let (outcome, samples) = sampled(&counting(50, 100, 1000));
    let costs = samples.costs();
    let names: Vec<_> = costs.iter().map(|cost| cost.function.name.as_deref().expect("named")).collect();
    assert_eq!((names[0], names.len()), ("other", 3), "{costs:?}");
    let fuel = outcome.usage.fuel.expect("it answers");
    assert!(samples.fuel() <= fuel && samples.fuel() > fuel - 200, "{fuel}");
    let (one, other, all) = (cost(&costs, "one"), cost(&costs, "other"), cost(&costs, "execute"));
    let ratio = other.own as f64 / one.own as f64;
    assert!((9.0..11.0).contains(&ratio), "{ratio}");
    assert_eq!(all.total, samples.fuel(), "all is spent below it: {costs:?}");
    assert_eq!(all.total, all.own + one.total + other.total);
}

/// With an interval that never varies, each round would be seen in one and the same place.
#[test]
fn a_loop_whose_rounds_fit_into_the_interval_is_seen_in_all_its_parts() {
    for n in 4..20 {
        let (_, samples) = sampled(&counting(20_000 / n, n, n));
        let costs = samples.costs();
        let [one, other] = ["one", "other"].map(|name| cost(&costs, name).own as f64);
        assert!((one - other).abs() < 0.1 * (one + other), "{n}: {one} {other}");
    }
}

/// Varying the interval moves fuel between the engine's two accounts: none may be made or lost.
#[test]
fn sampling_changes_neither_the_answer_nor_the_fuel() {
    let items = format!(
        "{COUNTERS} (func $down (param i32) (memory.fill (i32.const 4096) (i32.const 1) (local.get 0))
            (if (local.get 0) (then (call $one (local.get 0)) (call $down (i32.sub (local.get 0) (i32.const 1))))))"
    );
    let body = format!("(call $down (i32.const 100)) (call $other (i32.const 1000)) {ECHO}");
    let under = |fuel: u64| skill(&items, &body, &format!("limits: {{ max_fuel: {fuel} }}"));
    let whole = call(&under(10_000_000)).usage.fuel.expect("it answers");
    let near = (0..5).map(|less| whole + 2 - less);
    for fuel in [1, 10, 63, 64, 65, 95, 96, 97, 128, 1000, 5000].into_iter().chain(near).chain([10_000_000]) {
        let skill = under(fuel);
        let (plain, (sampled, samples)) = (call(&skill), sampled(&skill));
        assert_eq!(format!("{:?}", sampled.result), format!("{:?}", plain.result), "{fuel}");
        assert_eq!(sampled.usage.fuel, plain.usage.fuel, "{fuel}");
        assert!(samples.fuel() <= fuel, "{fuel}");
    }
}

#[test]
fn what_is_known_of_the_fuel_of_a_trap_is_not_too_much() {
    let until = |end: &str| skill(COUNTERS, &format!("(call $one (i32.const 1000)) {end} {ECHO}"), "");
    let whole = call(&until("")).usage.fuel.expect("it answers");
    let (outcome, samples) = sampled(&until("(drop (i32.div_u (i32.const 1) (i32.const 0)))"));
    assert_eq!(code(&outcome), Code::TrapDivideByZero);
    let known = outcome.usage.fuel_at_least.expect("something");
    assert!(known <= whole && known > whole - 200 && known == samples.fuel(), "{known} of {whole}");
}

#[test]
fn the_same_input_gives_the_same_samples() {
    let skill = counting(50, 7, 31);
    let seen = |samples: &Samples| samples.samples().iter().map(|s| (s.fuel, s.stack)).collect::<Vec<_>>();
    assert_eq!(seen(&sampled(&skill).1), seen(&sampled(&skill).1));
}

#[test]
fn a_stack_is_seen_as_deep_as_the_runtime_was_told() {
    let down = "(func $down (param i32) (if (local.get 0) (then (call $down (i32.sub (local.get 0) (i32.const 1))))))";
    let (outcome, samples) = sampled(&skill(down, &format!("(call $down (i32.const 2000)) {ECHO}"), ""));
    assert!(outcome.result.is_ok());
    let mut depths: Vec<u32> = Vec::new();
    for stack in samples.stacks() {
        depths.push(stack.parent.map_or(1, |parent| depths[parent as usize] + 1));
    }
    assert!(depths.iter().max().is_some_and(|depth| (19..=20).contains(depth)), "{depths:?}");
    let costs = samples.costs();
    assert!(cost(&costs, "down").total <= samples.fuel(), "a function on a stack twice counts once");
}

#[test]
fn a_sampled_loop_ends_at_its_deadline_and_is_seen() {
    let yaml = "limits: { max_execution_time_ms: 100, max_fuel: 900000000000 }";
    let spin = "(loop (br 0)) unreachable";
    let started = Instant::now();
    let (outcome, samples) = sampled(&skill("", spin, yaml));
    assert_eq!(code(&outcome), Code::LimitTime);
    assert!(started.elapsed() < Duration::from_millis(350), "{:?}", started.elapsed());
    assert_eq!(samples.costs().first().and_then(|cost| cost.function.name.as_deref()), Some("execute"));
    let starting = skill("(func $spin (loop (br 0))) (start $spin)", ECHO, yaml);
    let (outcome, samples) = sampled(&starting);
    assert_eq!(code(&outcome), Code::LimitTime);
    assert_eq!(samples, Samples::default(), "instantiating is not sampled");
}
