//! Guests that trap, and leave an error in their memory before that. What they may leave, and what stays a trap.

use vak_abi::Verdict;
use vak_model::Code;
use vak_runtime::{GoldenVerdict, PreparedSkill};

use crate::golden::case;
use crate::{call, code, from_text, skill};

/// Where every guest below says that it would leave an error.
const PLACE: u32 = 512;
const GLOBAL: &str = r#"(global (export "vak_failure") i32 (i32.const 512))"#;
const PANIC: &[u8] = br#"{"error":"panic: no","at":"src/lib.rs:1:2"}"#;

/// A result, packed.
fn result(failed: bool, ptr: u32, len: u32) -> String {
    format!("(i64.const {})", (u64::from(failed) << 63 | u64::from(ptr) << 32 | u64::from(len)).cast_signed())
}

/// Code that leaves a result at [`PLACE`].
fn leave(failed: bool, ptr: u32, len: u32) -> String {
    format!("(i64.store (i32.const {PLACE}) {})", result(failed, ptr, len))
}

/// Data at 2048.
fn data(bytes: &[u8]) -> String {
    let text: String = bytes.iter().map(|byte| format!("\\{byte:02x}")).collect();
    format!("(data (i32.const 2048) \"{text}\")")
}

/// A guest that leaves these bytes as its error, and then goes on with `end`.
fn leaving(bytes: &[u8], end: &str) -> PreparedSkill {
    let len = u32::try_from(bytes.len()).expect("small");
    skill(&format!("{GLOBAL} {}", data(bytes)), &format!("{} {end}", leave(true, 2048, len)), "")
}

#[test]
fn an_error_that_is_left_before_unreachable_is_the_skill_s_own() {
    let outcome = call(&leaving(PANIC, "unreachable"));
    let answer = outcome.result.expect("the skill's own error");
    assert_eq!((answer.verdict(), answer.bytes()), (Verdict::Failed, PANIC));
}

#[test]
fn the_fuel_of_an_error_that_was_left_is_as_exact_as_that_of_an_answer() {
    let spin =
        "(local $i i32) (loop (br_if 0 (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 1))) (i32.const";
    for rounds in [1, 100] {
        let usage = |end: &str| {
            let body = format!("{spin} {rounds})))) {} {end}", leave(true, 2048, PANIC.len() as u32));
            let outcome = call(&skill(&format!("{GLOBAL} {}", data(PANIC)), &body, ""));
            assert_eq!(outcome.result.expect("an answer").bytes(), PANIC);
            outcome.usage
        };
        let (left, returned) = (usage("unreachable"), usage(&result(true, 2048, PANIC.len() as u32)));
        // The engine takes nothing for `unreachable`, and one for the constant that is returned.
        assert_eq!(left.fuel.map(|fuel| fuel + 1), returned.fuel);
        assert!(left.fuel > Some(rounds) && left.fuel_at_least.is_none(), "{left:?}");
    }
}

#[test]
fn e16_an_error_that_breaks_the_contract_is_none_and_the_trap_counts() {
    for bytes in [&b""[..], b"{", b"{} {}", b"\"\xff\"", b"\xef\xbb\xbf{}", br#"{"a":1,"a":2}"#] {
        assert_eq!(code(&call(&leaving(bytes, "unreachable"))), Code::TrapUnreachable, "{bytes:?}");
    }
    for (failed, ptr, len) in [
        (false, 2048, 2),
        (true, 65_535, 2),
        (true, 65_536, 0),
        (true, 0x7fff_ffff, u32::MAX),
        (true, 2048, u32::MAX),
        (false, 0, 0),
    ] {
        let body = format!("{} unreachable", leave(failed, ptr, len));
        let outcome = call(&skill(&format!("{GLOBAL} {}", data(b"{}")), &body, ""));
        assert_eq!(code(&outcome), Code::TrapUnreachable, "{failed} {ptr} {len}");
        assert!(outcome.usage.fuel.is_none());
    }
}

#[test]
fn e16_an_error_that_is_left_may_be_as_long_as_an_output_and_no_longer() {
    let long = format!("\"{}\"", "x".repeat(998));
    let left = |len, max: u32| {
        let body = format!("{} unreachable", leave(true, 2048, len));
        let yaml = format!("limits: {{ max_output_bytes: {max} }}");
        call(&skill(&format!("{GLOBAL} {}", data(long.as_bytes())), &body, &yaml)).result.map_err(|error| error.code())
    };
    assert_eq!(left(1000, 1000).expect("an error").bytes(), long.as_bytes());
    assert_eq!(left(1000, 999).expect_err("too long"), Code::TrapUnreachable);
}

#[test]
fn e16_a_place_outside_the_memory_holds_nothing() {
    for at in [65_529, 65_535, 65_536, -1, -8, i32::MIN] {
        let items = format!(r#"(global (export "vak_failure") i32 (i32.const {at}))"#);
        assert_eq!(code(&call(&skill(&items, "unreachable", ""))), Code::TrapUnreachable, "{at}");
    }
    // The last place that there is.
    let items = format!(r#"(global (export "vak_failure") i32 (i32.const 65528)) {}"#, data(b"{}"));
    let body = leave(true, 2048, 2).replace("512", "65528") + " unreachable";
    assert!(call(&skill(&items, &body, "")).result.is_ok());
}

#[test]
fn e16_no_other_end_makes_an_answer_of_what_was_left() {
    for (end, expected) in [
        ("(i64.load (i32.const 65536))", Code::TrapMemory),
        ("(i64.div_s (i64.const 1) (i64.const 0))", Code::TrapDivideByZero),
        ("(call $execute (i32.const 0) (i32.const 0))", Code::TrapStackOverflow),
        ("(loop (br 0)) unreachable", Code::LimitFuel),
        ("(drop (memory.grow (i32.const 65535))) unreachable", Code::LimitMemory),
        ("i64.const 0", Code::OutputJson),
    ] {
        assert_eq!(code(&call(&leaving(PANIC, end))), expected, "{end}");
    }
}

#[test]
fn e16_only_the_function_that_was_called_may_leave_an_error() {
    let module = |start: &str, alloc: &str, body: &str| {
        let leave = leave(true, 2048, PANIC.len() as u32);
        let text = format!(
            r#"(module {GLOBAL} {} (memory (export "memory") 1) (func $start {start}) (start $start)
                (func (export "vak_alloc") (param i32) (result i32) {alloc} i32.const 1024)
                (func (export "execute") (param i32 i32) (result i64) {body} unreachable))"#,
            data(PANIC)
        );
        call(&from_text(&text.replace("LEAVE", &leave), ""))
    };
    assert!(module("", "", "LEAVE").result.is_ok());
    assert_eq!(code(&module("LEAVE unreachable", "", "")), Code::TrapUnreachable);
    assert_eq!(code(&module("", "LEAVE unreachable", "")), Code::TrapUnreachable);
}

#[test]
fn without_the_export_nothing_is_looked_for() {
    let body = format!("{} unreachable", leave(true, 2048, PANIC.len() as u32));
    assert_eq!(code(&call(&skill(&data(PANIC), &body, ""))), Code::TrapUnreachable);
}

#[test]
fn a_golden_case_can_ask_for_the_error_and_for_its_fuel() {
    let verdict = |max: u64| {
        let json =
            format!(r#"{{"name":"n","input":{{}},"error":{},"max_fuel":{max}}}"#, String::from_utf8_lossy(PANIC));
        pollster::block_on(leaving(PANIC, "unreachable").golden(&case(&json)))
    };
    let used = verdict(1000).fuel.expect("known");
    assert!(matches!(verdict(used).verdict, GoldenVerdict::Passed));
    assert!(matches!(verdict(used - 1).verdict, GoldenVerdict::TooMuchFuel { .. }));
}
