//! Guests that ask for more memory than they may have.

use vak_model::{Code, LimitRequest};

use crate::{call, code, from_text, skill};

fn with_memory(memory: &str, body: &str, yaml: &str) -> vak_runtime::PreparedSkill {
    from_text(
        &format!(
            r#"(module {memory} (func (export "vak_alloc") (param i32) (result i32) i32.const 1024)
                (func (export "execute") (param i32 i32) (result i64) {body}))"#
        ),
        yaml,
    )
}

#[test]
fn b1_a_memory_that_begins_beyond_the_limit_is_refused() {
    for pages in [17, crate::LARGEST_MEMORY] {
        let memory = format!(r#"(memory (export "memory") {pages})"#);
        let outcome = call(&with_memory(&memory, "i64.const 0", "limits: { max_memory_pages: 16 }"));
        assert_eq!(code(&outcome), Code::LimitMemory, "{pages}");
    }
}

#[test]
fn b2_growing_beyond_the_limit_ends_the_call() {
    let grow_forever = "(loop (drop (memory.grow (i32.const 1))) (br 0)) unreachable";
    for body in [grow_forever, "(drop (memory.grow (i32.const 65535))) i64.const 0"] {
        let outcome = call(&skill("", body, "limits: { max_memory_pages: 16 }"));
        assert_eq!(code(&outcome), Code::LimitMemory, "{body}");
        assert!(outcome.usage.peak_memory_bytes <= Some(16 * 65_536), "{:?}", outcome.usage);
    }
}

#[test]
fn growing_costs_fuel_by_the_page_before_anything_grows() {
    let used = |pages: u32| {
        let body = format!(
            "(drop (memory.grow (i32.const {pages}))) (i32.store16 (i32.const 8) (i32.const 0x7d7b)) (i64.const 0x800000002)"
        );
        call(&skill("", &body, "")).usage.fuel.expect("it answers")
    };
    assert_eq!(used(101) - used(1), 800);
    let outcome = call(&skill("", "(drop (memory.grow (i32.const -1))) i64.const 0", ""));
    assert_eq!(code(&outcome), Code::LimitFuel);
    assert_eq!(outcome.usage.peak_memory_bytes, Some(65_536));
}

#[test]
fn growing_beyond_the_module_s_own_maximum_fails_as_the_language_says() {
    let body = "(i64.extend_i32_s (memory.grow (i32.const 3))) (drop) (i64.const 0)";
    let skill = with_memory(r#"(memory (export "memory") 1 2)"#, body, "limits: { max_memory_pages: 16 }");
    assert_eq!(code(&call(&skill)), Code::OutputJson, "it goes on, with an empty output");
}

#[test]
fn the_peak_is_the_sum_of_memory_and_tables() {
    let skill = skill("(table 1000 funcref)", "(drop (memory.grow (i32.const 2))) (i64.const 0)", "");
    assert_eq!(call(&skill).usage.peak_memory_bytes, Some(3 * 65_536 + 1000 * 8));
}

#[test]
fn b3_tables_are_limited_in_sum() {
    for items in ["(table 10001 funcref)", "(table 5000 funcref) (table 5001 funcref)"] {
        assert_eq!(code(&call(&skill(items, "i64.const 0", ""))), Code::LimitTable, "{items}");
    }
    let grow = "(loop (drop (table.grow (ref.null func) (i32.const 1000))) (br 0)) unreachable";
    assert_eq!(code(&call(&skill("(table 1 funcref)", grow, ""))), Code::LimitTable);
}

#[test]
fn nothing_of_a_call_is_left_for_the_next() {
    let remember = "(i32.store (i32.const 4096) (i32.add (i32.load (i32.const 4096)) (i32.const 1)))
        (global.set $g (i32.add (global.get $g) (i32.const 1)))
        (i32.store8 (i32.const 512) (i32.add (i32.const 48) (i32.add (i32.load (i32.const 4096)) (global.get $g))))
        (i64.or (i64.shl (i64.const 512) (i64.const 32)) (i64.const 1))";
    let skill = skill("(global $g (mut i32) (i32.const 0))", remember, "");
    for _ in 0..3 {
        assert_eq!(call(&skill).result.expect("an answer").bytes(), b"2");
    }
}

#[test]
fn an_operator_s_limit_holds_whatever_the_manifest_says() {
    use vak_model::LimitKind;
    use vak_package::{Bounds, ManifestDocument, Package};
    use vak_runtime::Grant;
    use vak_runtime::{Runtime, RuntimeConfig};

    let mut limits = LimitRequest::none();
    limits.set(LimitKind::Memory, 2).expect("in range");
    let runtime = Runtime::new(RuntimeConfig::default().operator_limits(limits)).expect("an engine");
    let yaml = "{ name: a, version: \"1.0.0\", description: A, module: a.wasm, exports: [{ name: execute }], limits: { max_memory_pages: 16 } }";
    let manifest = ManifestDocument::from_yaml(yaml).expect("valid");
    let text = r#"(module (memory (export "memory") 3) (func (export "vak_alloc") (param i32) (result i32) i32.const 0)
        (func (export "execute") (param i32 i32) (result i64) i64.const 0))"#;
    let package = Package::pack(wat::parse_str(text).expect("valid"), &manifest, &Bounds::default()).expect("valid");
    let admitted = crate::unsigned(package).expect("unsigned");
    let compiled = runtime.compile(&admitted, &LimitRequest::none()).expect("compiled");
    let skill = compiled.prepare(&Grant::compute_only()).expect("prepared");
    assert_eq!(code(&call(&skill)), Code::LimitMemory);
}
