//! What engines have got wrong, and each way to trap.

use vak_model::{Code, LimitRequest};
use vak_runtime::Number;

use crate::{call, code, skill};

/// The last eight bytes of the one page that there is; loads of more than that are out of bounds.
const END: u32 = 65_528;

/// A skill that answers `{}` if `checks` let it.
fn checked(checks: &str) -> vak_runtime::Outcome {
    let bits = "(i64.store (i32.const 65528) (i64.const 0xc00921fb54442d18))";
    let answer = "(i32.store16 (i32.const 8) (i32.const 0x7d7b)) (i64.const 0x800000002)";
    call(&skill("", &format!("{bits} {checks} {answer}"), "features: [simd]"))
}

/// Traps unless `value` has these bits.
fn is(value: &str, bits: u64) -> String {
    format!("(if (i64.ne {value} (i64.const {bits:#x})) (then unreachable))")
}

#[test]
fn d15_loads_at_the_end_of_memory_have_the_right_value() {
    let (minus_pi, pi) = (0xc009_21fb_5444_2d18, 0x4009_21fb_5444_2d18);
    let load = format!("(f64.load (i32.const {END}))");
    let short = "(f32.load (i32.const 65532))";
    let bits = |float: &str| format!("(i64.reinterpret_f64 {float})");
    let lane = |vector: &str, lane: u32| format!("(i64x2.extract_lane {lane} {vector})");
    let wide = |float: &str| format!("(i64.extend_i32_u (i32.reinterpret_f32 {float}))");
    let splat = format!("(f64x2.splat {load})");
    let halves = format!("(f32x4.splat {short})");
    let zeroed = format!("(v128.load64_zero (i32.const {END}))");
    let loaded = format!("(v128.load64_splat (i32.const {END}))");
    let checks = [
        is(&bits(&format!("(f64.copysign (f64.const 3.141592653589793) {load})")), minus_pi),
        is(&bits(&format!("(f64.copysign {load} (f64.const 1))")), pi),
        is(&bits(&format!("(f64.neg {load})")), pi),
        is(&bits(&format!("(f64.abs {load})")), pi),
        is(&bits(&format!("(f64.min {load} (f64.const 0))")), minus_pi),
        is(&wide(&format!("(f32.copysign (f32.const -1) (f32.neg {short}))")), 0x3f80_0000),
        is(&lane(&splat, 0), minus_pi),
        is(&lane(&splat, 1), minus_pi),
        is(&lane(&halves, 1), 0xc009_21fb_c009_21fb),
        is(&lane(&zeroed, 1), 0),
        is(&lane(&loaded, 1), minus_pi),
        is(&lane(&format!("(f64x2.replace_lane 1 (v128.const i64x2 7 7) {load})"), 1), minus_pi),
        is(&lane(&format!("(f64x2.add {splat} {splat})"), 1), 0xc019_21fb_5444_2d18),
    ];
    for check in &checks {
        let outcome = checked(check);
        assert_eq!(
            outcome.result.map(|answer| answer.bytes().to_vec()).map_err(|error| error.code()),
            Ok(b"{}".to_vec()),
            "{check}"
        );
    }
    assert_eq!(code(&checked(&is(&bits(&load), pi))), Code::TrapUnreachable, "a wrong value is noticed");
}

#[test]
fn d15_a_load_one_byte_further_is_a_trap() {
    for value in ["(f64.copysign (f64.const 1) (f64.load (i32.const 65529)))", "(f64.load (i32.const 65529))"] {
        assert_eq!(code(&checked(&format!("(drop {value})"))), Code::TrapMemory, "{value}");
    }
    for value in ["(f64x2.splat (f64.load (i32.const 65529)))", "(v128.load (i32.const 65521))"] {
        assert_eq!(code(&checked(&format!("(drop {value})"))), Code::TrapMemory, "{value}");
    }
}

/// Each kind of trap that a module of VAK's features can end with, in each way to get there.
#[test]
fn d16_each_kind_of_trap_has_its_own_code() {
    let memory = [
        "(i64.load (i32.const 65536))",
        "(i64.load (i32.const -1))",
        "(i64.load offset=4294967295 (i32.const -1))",
        "(i64.load8_u (i32.const 65536))",
        "(i32.store (i32.const 65533) (i32.const 1)) (i64.const 0)",
        "(memory.fill (i32.const 65535) (i32.const 1) (i32.const 2)) (i64.const 0)",
        "(memory.copy (i32.const 0) (i32.const 65535) (i32.const 2)) (i64.const 0)",
        "(memory.init $data (i32.const 0) (i32.const 1) (i32.const 2)) (i64.const 0)",
        "(data.drop $data) (memory.init $data (i32.const 0) (i32.const 0) (i32.const 1)) (i64.const 0)",
    ];
    let table = [
        "(call_indirect (result i64) (i32.const 5))",
        "(call_indirect (result i64) (i32.const -1))",
        "(drop (table.get (i32.const 5))) (i64.const 0)",
        "(table.set (i32.const 5) (ref.null func)) (i64.const 0)",
        "(table.fill (i32.const 4) (ref.null func) (i32.const 2)) (i64.const 0)",
        "(table.copy (i32.const 0) (i32.const 4) (i32.const 2)) (i64.const 0)",
        "(table.init $elements (i32.const 0) (i32.const 0) (i32.const 2)) (i64.const 0)",
        "(elem.drop $elements) (table.init $elements (i32.const 0) (i32.const 0) (i32.const 1)) (i64.const 0)",
    ];
    let indirect = ["(call_indirect (result i64) (i32.const 0))", "(call_indirect (result i64) (i32.const 1))"];
    let zero = [
        "(i64.div_s (i64.const 1) (i64.const 0))",
        "(i64.div_u (i64.const 1) (i64.const 0))",
        "(i64.rem_s (i64.const 1) (i64.const 0))",
        "(i64.extend_i32_u (i32.rem_u (i32.const 1) (i32.const 0)))",
    ];
    let overflow = [
        "(i64.div_s (i64.const 0x8000000000000000) (i64.const -1))",
        "(i64.extend_i32_u (i32.div_s (i32.const 0x80000000) (i32.const -1)))",
        "(i64.trunc_f64_s (f64.const 1e300))",
        "(i64.extend_i32_u (i32.trunc_f32_u (f32.const -1)))",
    ];
    let conversion = ["(i64.trunc_f64_s (f64.const nan))", "(i64.extend_i32_u (i32.trunc_f32_u (f32.const nan)))"];
    let recursion = ["(call $execute (i32.const 0) (i32.const 0))"];
    for (bodies, expected) in [
        (&["unreachable"][..], Code::TrapUnreachable),
        (&memory, Code::TrapMemory),
        (&table, Code::TrapTable),
        (&indirect, Code::TrapIndirectCall),
        (&zero, Code::TrapDivideByZero),
        (&overflow, Code::TrapIntegerOverflow),
        (&conversion, Code::TrapConversion),
        (&recursion, Code::TrapStackOverflow),
    ] {
        for body in bodies {
            let items =
                "(table 5 funcref) (func $f) (elem (i32.const 1) $f) (elem $elements func $f) (data $data \"xx\")";
            let outcome = call(&skill(items, body, "limits: { max_fuel: 100000000 }"));
            assert_eq!(code(&outcome), expected, "{body}");
            assert_eq!(code(&outcome).exit_code(), 8, "{body}");
        }
    }
    // What must not trap: the smallest remainder of all, and conversions that saturate.
    let well =
        "(drop (i64.rem_s (i64.const 0x8000000000000000) (i64.const -1))) (drop (i64.trunc_sat_f64_s (f64.const nan)))";
    assert_eq!(checked(well).result.expect("an answer").bytes(), b"{}");
}

#[test]
fn d16_a_thousand_results_come_back_each_in_its_place_and_one_more_is_refused() {
    let text = |count: usize| {
        let values: String = (0..count).map(|i| format!("(i32.const {i})")).collect();
        format!(r#"(module (func (export "run") (result {}) {values}))"#, "i32 ".repeat(count))
    };
    let thousand = crate::invoke::module(&text(1000), &LimitRequest::none());
    let outcome = pollster::block_on(thousand.invoke("run", &[])).expect("a function");
    let expected: Vec<_> = (0..1000).map(Number::I32).collect();
    assert_eq!(outcome.result.expect("results"), expected);
    let more = vak_package::RawModule::read(wat::parse_str(text(1001)).expect("valid text"), &Default::default());
    assert_eq!(more.expect_err("refused").code(), Code::ArtefactMalformed);
}
