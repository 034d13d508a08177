//! Pointers and lengths that a guest gives: what `vak_alloc` answers, and where a result is said to lie.

use vak_model::{Code, LimitKind};
use vak_runtime::{CallError, Outcome, PreparedSkill};

use crate::{call, code, from_text, skill};

const PAGE: u32 = 65_536;

/// A guest of one page whose allocator answers with `block`, and whose function says that its output is `len` bytes at
/// `ptr`.
fn guest(block: u32, (ptr, len): (u32, u32)) -> PreparedSkill {
    let packed = (u64::from(ptr) << 32 | u64::from(len)).cast_signed();
    from_text(
        &format!(
            r#"(module (memory (export "memory") 1) (func (export "vak_alloc") (param i32) (result i32) i32.const {block})
                (func (export "execute") (param i32 i32) (result i64) i64.const {packed}))"#
        ),
        "",
    )
}

/// What becomes of a result, asked for three times; it has to be the same each time.
fn said(ptr: u32, len: u32) -> Code {
    same(&guest(1024, (ptr, len)))
}

/// What becomes of a block for an input of two bytes.
fn given(block: u32) -> Code {
    same(&guest(block, (0, 0)))
}

fn same(guest: &PreparedSkill) -> Code {
    let codes = [(); 3].map(|()| code(&call(guest)));
    assert!(codes.iter().all(|code| *code == codes[0]), "{codes:?}");
    codes[0]
}

/// The largest pointer that a result can hold: the 32nd bit says that the bytes are an error.
const LAST: u32 = u32::MAX >> 1;

#[test]
fn e1_pointers_and_lengths_at_the_ends_of_32_bits_are_refused() {
    for (ptr, len) in [(LAST, 1), (u32::MAX, 1), (0, u32::MAX), (LAST, u32::MAX), (u32::MAX, u32::MAX), (u32::MAX, 0)] {
        assert_eq!(said(ptr, len), Code::OutputPointer, "{ptr} {len}");
    }
    for block in [u32::MAX, u32::MAX - 1, LAST, LAST + 1] {
        assert_eq!(given(block), Code::AllocPointer, "{block}");
    }
}

#[test]
fn e2_a_pointer_and_a_length_that_wrap_around_are_refused() {
    for (ptr, len) in [(1 << 31, 1 << 31), (u32::MAX, 1), (u32::MAX, 2), (LAST, 1 << 31), (LAST, (1 << 31) + 1)] {
        assert_eq!(said(ptr, len), Code::OutputPointer, "{ptr} {len}");
    }
    // The input has two bytes: these two blocks would end at 0 and at 1.
    for block in [u32::MAX - 1, u32::MAX] {
        assert_eq!(given(block), Code::AllocPointer, "{block}");
    }
}

#[test]
fn e3_a_range_at_the_end_of_memory_is_in_it_and_one_past_it_is_not() {
    for (ptr, len) in [(PAGE, 1), (PAGE - 1, 2), (PAGE + 1, 0), (0, PAGE + 1)] {
        assert_eq!(said(ptr, len), Code::OutputPointer, "{ptr} {len}");
    }
    // In the memory, so what is wrong with them is that they are no JSON.
    for (ptr, len) in [(PAGE, 0), (PAGE - 1, 1), (PAGE - 2, 2), (0, PAGE)] {
        assert_eq!(said(ptr, len), Code::OutputJson, "{ptr} {len}");
    }
    for block in [PAGE + 1, PAGE, PAGE - 1] {
        assert_eq!(given(block), Code::AllocPointer, "{block}");
    }
    assert_eq!(given(PAGE - 2), Code::OutputJson, "the input fits, and the output is empty");
}

/// Gives back the two bytes of its input from where it was told that they are.
const ECHO: &str = "(func (export \"execute\") (param i32 i32) (result i64)
    (i64.or (i64.shl (i64.extend_i32_u (local.get 0)) (i64.const 32)) (i64.extend_i32_u (local.get 1))))";

fn echo(alloc: &str, yaml: &str) -> Outcome {
    let text = format!(
        r#"(module (import "vak" "log" (func $log (param i32 i32 i32 i32) (result i64)))
            (memory (export "memory") 1)
            (func $alloc (export "vak_alloc") (param i32) (result i32) {alloc}) {ECHO})"#
    );
    call(&from_text(&text, &format!("capabilities: [{{ log: null, optional: true }}]\n{yaml}")))
}

#[test]
fn e5_a_pointer_that_is_not_aligned_is_as_good_as_any() {
    for block in (1..=17).chain(65_519..=65_534) {
        let outcome = echo(&format!("i32.const {block}"), "");
        assert_eq!(outcome.result.expect("an answer").bytes(), b"{}", "{block}");
    }
}

/// The guest puts brackets around its input of two bytes, where it lies.
#[test]
fn e6_an_output_that_overlaps_the_input_is_what_the_memory_holds_then() {
    for (at, len, expected) in [
        (1024, 2, Ok(&b"{}"[..])),
        (1023, 4, Ok(b"[{}]")),
        (1023, 3, Err(Code::OutputJson)),
        (1025, 2, Err(Code::OutputJson)),
    ] {
        let body = format!(
            "(i32.store8 (i32.const 1023) (i32.const 0x5b)) (i32.store8 (i32.const 1026) (i32.const 0x5d))
            (i64.or (i64.shl (i64.const {at}) (i64.const 32)) (i64.const {len}))"
        );
        let result = call(&skill("", &body, "")).result;
        assert_eq!(result.as_ref().map(vak_runtime::Answer::bytes).map_err(CallError::code), expected, "{at} {len}");
    }
}

#[test]
fn e6_an_input_that_is_put_over_the_guest_s_own_data_changes_that_guest_alone() {
    let text = |block: u32| {
        format!(
            r#"(module (memory (export "memory") 1) (data (i32.const 2048) "[1]")
                (func (export "vak_alloc") (param i32) (result i32) i32.const {block})
                (func (export "execute") (param i32 i32) (result i64) i64.const {}))"#,
            (2048_u64 << 32 | 3).cast_signed()
        )
    };
    assert_eq!(code(&call(&from_text(&text(2048), ""))), Code::OutputJson, "`{{}}]` is no JSON");
    assert_eq!(call(&from_text(&text(1024), "")).result.expect("an answer").bytes(), b"[1]");
}

const ASK: &str = "(drop (call $log (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 0)))";

#[test]
fn e9_imports_called_from_the_allocator_are_ordinary_calls() {
    let outcome = echo(&format!("{ASK} {ASK} i32.const 64"), "");
    assert_eq!(outcome.usage.host_calls, Some(2));
    assert_eq!(outcome.result.expect("an answer").bytes(), b"{}");
    let outcome = echo(&format!("(loop {ASK} (br 0)) unreachable"), "limits: { max_host_calls: 7 }");
    assert_eq!((code(&outcome), outcome.usage.host_calls), (Code::LimitHostCalls, Some(7)));
    let outcome = echo(&format!("(loop {ASK} (br 0)) unreachable"), "limits: { max_fuel: 100000 }");
    assert!(matches!(outcome.result, Err(CallError::Limit { kind: LimitKind::Fuel, .. })));
}

/// The host calls the allocator once, whatever the allocator and the function do with each other.
#[test]
fn e9_the_entry_called_from_the_allocator_and_the_allocator_from_the_entry_are_ordinary_calls() {
    let text = r#"(module (memory (export "memory") 1) (global $allocs (mut i32) (i32.const 0)) (global $entries (mut i32) (i32.const 0))
        (func $alloc (export "vak_alloc") (param i32) (result i32)
            (global.set $allocs (i32.add (global.get $allocs) (i32.const 1)))
            (if (i32.lt_u (global.get $allocs) (i32.const 3)) (then (drop (call $execute (local.get 0) (local.get 0)))))
            i32.const 1024)
        (func $execute (export "execute") (param i32 i32) (result i64)
            (global.set $entries (i32.add (global.get $entries) (i32.const 1)))
            (if (i32.lt_u (global.get $allocs) (i32.const 3)) (then (drop (call $alloc (i32.const 5)))))
            (i32.store8 (i32.const 512) (i32.add (i32.const 48) (global.get $allocs)))
            (i32.store8 (i32.const 513) (i32.add (i32.const 48) (global.get $entries)))
            (i64.or (i64.shl (i64.const 512) (i64.const 32)) (i64.const 2))))"#;
    let skill = from_text(text, "");
    for _ in 0..2 {
        assert_eq!(call(&skill).result.expect("an answer").bytes(), b"33");
    }
    let endless = text.replace("(i32.const 3)", "(i32.const -1)");
    assert_eq!(code(&call(&from_text(&endless, "limits: { max_fuel: 100000000 }"))), Code::TrapStackOverflow);
}
