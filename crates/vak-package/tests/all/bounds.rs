//! Modules that are cheap to send and dear to compile: refused while they are counted.

use vak_model::{Code, Fault};
use vak_package::{Bounds, RawModule, Scanned};

use crate::wasm;

fn code(text: &str) -> Code {
    RawModule::read(wasm(text), &Bounds::default()).expect_err("refused").code()
}

#[test]
fn each_bound_refuses_what_exceeds_it() {
    let many = |what: &str, count: usize| format!("(module {})", what.repeat(count));
    for (name, text) in [
        ("functions", many("(func)", 50_001)),
        (
            "exports",
            format!("(module (func) {})", (0..1025).map(|i| format!("(export \"{i}\" (func 0))")).collect::<String>()),
        ),
        ("types", many("(type (func))", 10_001)),
        ("globals", many("(global i32 (i32.const 0))", 10_001)),
        ("data segments", format!("(module (memory 1) {})", "(data \"\")".repeat(10_001))),
        ("elements", format!("(module (func) (elem func {}))", "0 ".repeat(100_001))),
        ("locals", many(&format!("(func (local {}))", "i32 ".repeat(40_000)), 26)),
        ("nesting", format!("(module (func {}{}))", "(block ".repeat(1001), ")".repeat(1001))),
        ("branch targets", format!("(module (func (br_table {} (i32.const 0))))", "0 ".repeat(65_538))),
        ("branches", format!("(module (func (block {})))", "(br_if 0 (i32.const 0))".repeat(10_001))),
        ("loops", format!("(module (func {}))", "(loop)".repeat(10_001))),
        ("calls", format!("(module (func {}))", "(call 0)".repeat(10_001))),
        (
            "bulk",
            format!(
                "(module (memory 1) (func {}))",
                "(memory.fill (i32.const 0) (i32.const 0) (i32.const 0))".repeat(10_001)
            ),
        ),
        ("branches of many functions", many(&format!("(func (block {}))", "(br 0)".repeat(9_000)), 6)),
        ("tables", many("(table 100000 funcref)", 11)),
        ("body", format!("(module (func {}))", "(drop (i32.const 0))".repeat(350_000))),
    ] {
        assert_eq!(code(&text), Code::ArtefactBounds, "{name}");
    }
}

#[test]
fn what_is_just_within_the_bounds_is_taken() {
    let nested = format!("(module (func {}{}))", "(block ".repeat(990), ")".repeat(990));
    assert!(RawModule::read(wasm(&nested), &Bounds::default()).is_ok());
}

#[test]
fn a_file_beyond_the_bound_is_refused_by_its_size_alone() {
    let bounds = Bounds { file_bytes: 100, ..Bounds::default() };
    let error = RawModule::read(vec![0xff; 101], &bounds).expect_err("refused");
    assert_eq!(error.code(), Code::ArtefactSize);
    let unbounded = Bounds { file_bytes: usize::MAX, ..Bounds::default() };
    assert!(Scanned::of(&vec![0; Bounds::MAX_FILE_BYTES + 1], &unbounded).is_err());
}

#[test]
fn d8_a_section_that_announces_four_gigabytes_allocates_nothing() {
    for id in 0..=12u8 {
        let bytes = [b"\0asm\x01\0\0\0", &[id, 0xff, 0xff, 0xff, 0xff, 0x0f, 1, 2][..]].concat();
        assert!(RawModule::read(bytes, &Bounds::default()).is_err());
    }
}

fn code_of(bytes: &[u8]) -> Code {
    RawModule::read(bytes.to_vec(), &Bounds::default()).expect_err("refused").code()
}

#[test]
fn b5_memories_and_tables_of_64_bits_are_refused() {
    for text in [
        "(module (memory i64 0x1000000000000))",
        "(module (memory i64 1))",
        "(module (table i64 0x7fffffff funcref))",
        "(module (table i64 1 funcref))",
    ] {
        assert_eq!(code(text).fault(), Fault::Malformed, "{text}");
    }
    // A table of 64 bits with 2^63 elements, which no text form gives: flags 4, then the length in LEB128.
    let table = [&b"\0asm\x01\0\0\0\x04\x0d\x01\x70\x04"[..], &[0x80; 9], &[0x01]].concat();
    assert_eq!(code_of(&table).fault(), Fault::Malformed);
}

#[test]
fn d4_sections_twice_or_out_of_order_are_malformed() {
    const HEADER: &[u8] = b"\0asm\x01\0\0\0";
    const TYPES: &[u8] = b"\x01\x04\x01\x60\0\0";
    const MEMORY: &[u8] = b"\x05\x03\x01\0\x01";
    const EXPORTS: &[u8] = b"\x07\x05\x01\x01m\x02\0";
    for sections in [&[TYPES, TYPES][..], &[MEMORY, MEMORY], &[MEMORY, TYPES], &[EXPORTS, MEMORY]] {
        assert_eq!(code_of(&[HEADER, &sections.concat()].concat()), Code::ArtefactMalformed, "{sections:?}");
    }
    let good = [HEADER, TYPES, MEMORY, EXPORTS].concat();
    assert!(RawModule::read(good, &Bounds::default()).is_ok());
}

#[test]
fn d7_a_section_name_that_is_no_utf_8_is_malformed() {
    for name in [&b"\xff"[..], b"\xc0\x80", b"\xed\xa0\x80", b"\xf4\x90\x80\x80", b"a\x80"] {
        let section = [&[name.len() as u8][..], name].concat();
        let bytes = [&b"\0asm\x01\0\0\0\0"[..], &[section.len() as u8], &section].concat();
        assert_eq!(code_of(&bytes), Code::ArtefactMalformed, "{name:02x?}");
    }
}
