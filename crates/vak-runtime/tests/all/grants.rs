//! Imports whose capability a skill can do without.

use vak_model::Code;

use crate::{call, code, skill};

const LOG: &str = r#"(import "vak" "log" (func $log (param i32 i32 i32 i32) (result i64)))"#;
const OPTIONAL: &str = "capabilities: [{ log: null, optional: true }]";
const ASK: &str = "(call $log (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 0))";

#[test]
fn e18_an_optional_capability_that_is_not_granted_is_denied_and_the_guest_goes_on() {
    let body = format!(
        "(i32.store8 (i32.const 512) (i32.add (i32.const 48) (i32.wrap_i64 (i64.shr_u {ASK} (i64.const 32)))))
         (i64.or (i64.shl (i64.const 512) (i64.const 32)) (i64.const 1))"
    );
    let outcome = call(&skill(LOG, &body, OPTIONAL));
    assert_eq!(outcome.usage.host_calls, Some(1));
    assert_eq!(outcome.result.expect("an answer").bytes(), b"1", "status 1: denied");
}

#[test]
fn a9_host_calls_cost_fuel_and_are_counted() {
    let body = format!("(loop (drop {ASK}) (br 0)) unreachable");
    assert_eq!(code(&call(&skill(LOG, &body, &format!("{OPTIONAL}\nlimits: {{ max_fuel: 1000000 }}")))), Code::LimitFuel);
    let few = format!("{OPTIONAL}\nlimits: {{ max_host_calls: 10 }}");
    let outcome = call(&skill(LOG, &body, &few));
    assert_eq!((code(&outcome), outcome.usage.host_calls), (Code::LimitHostCalls, Some(10)));
}
