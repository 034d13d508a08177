//! Imports whose capability a skill can do without.

use vak_model::Code;

use crate::{call, code, skill};

const LOG: &str = r#"(import "vak" "log" (func $log (param i32 i32 i32 i32) (result i64))) (data (i32.const 0) "{}")"#;
const OPTIONAL: &str = "capabilities: [{ log: null, optional: true }]";
const ASK: &str = "(call $log (i32.const 0) (i32.const 2) (i32.const 0) (i32.const 0))";

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
    assert_eq!(
        code(&call(&skill(LOG, &body, &format!("{OPTIONAL}\nlimits: {{ max_fuel: 1000000 }}")))),
        Code::LimitFuel
    );
    let few = format!("{OPTIONAL}\nlimits: {{ max_host_calls: 10 }}");
    let outcome = call(&skill(LOG, &body, &few));
    assert_eq!((code(&outcome), outcome.usage.host_calls), (Code::LimitHostCalls, Some(10)));
}

#[test]
fn a_grant_for_another_skill_does_not_prepare_this_one() {
    use vak_model::LimitRequest;
    use vak_package::{Bounds, ManifestDocument, Package};
    use vak_runtime::Grant;
    let yaml = "{ name: a, version: \"1.0.0\", description: A, module: a.wasm, capabilities: [reason], exports: [{ name: execute }] }";
    let manifest = ManifestDocument::from_yaml(yaml).expect("valid");
    let text = r#"(module (memory (export "memory") 1) (func (export "vak_alloc") (param i32) (result i32) i32.const 0)
        (func (export "execute") (param i32 i32) (result i64) i64.const 0))"#;
    let package = Package::pack(wat::parse_str(text).expect("valid"), &manifest, &Bounds::default()).expect("valid");
    let admitted = crate::unsigned(package).expect("unsigned");
    let compiled = crate::runtime().compile(&admitted, &LimitRequest::none()).expect("compiled");
    let error = compiled.prepare(&Grant::compute_only()).expect_err("not granted");
    assert_eq!(error.code(), Code::CapabilityDenied);
    assert!(error.to_string().contains("not granted"), "{error}");
}
