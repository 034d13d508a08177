//! Bytes that are no module: refused, whatever they are, without a panic.

use proptest::prelude::*;
use vak_model::Code;
use vak_package::{Artefact as _, Bounds, Package, RawModule};

use crate::{SKILL, manifest, pack, wasm};

fn code(bytes: &[u8]) -> Code {
    RawModule::read(bytes.to_vec(), &Bounds::default()).expect_err("refused").code()
}

#[test]
fn d1_empty_and_cut_files_are_malformed() {
    let module = wasm(SKILL);
    for bytes in [&b""[..], b"\0asm", b"\0as", &module[..module.len() - 3]] {
        assert_eq!(code(bytes), Code::ArtefactMalformed, "{bytes:?}");
    }
    let header_only = Package::pack(b"\0asm\x01\0\0\0".to_vec(), &manifest(""), &Bounds::default());
    assert_eq!(header_only.expect_err("refused").code(), Code::ExportMissing);
}

#[test]
fn d2_bytes_after_the_last_section_are_malformed() {
    for tail in [&b"\0"[..], b"x", b"\x0c\x01", b"\0asm"] {
        assert_eq!(code(&[&wasm(SKILL), tail].concat()), Code::ArtefactMalformed, "{tail:?}");
    }
}

#[test]
fn d10_native_code_is_named_for_what_it_is() {
    let error = RawModule::read(b"\x7fELF\x02\x01\x01".to_vec(), &Bounds::default()).expect_err("refused");
    assert_eq!(error.code(), Code::ArtefactMalformed);
    assert!(error.to_string().contains("ELF"), "{error}");
}

#[test]
fn d11_text_is_not_taken_for_a_module() {
    let error = RawModule::read(SKILL.as_bytes().to_vec(), &Bounds::default()).expect_err("refused");
    assert_eq!(error.code(), Code::ArtefactMalformed);
    assert!(error.to_string().contains("text"), "{error}");
}

#[test]
fn components_are_refused() {
    assert_eq!(code(b"\0asm\x0d\0\x01\0"), Code::ArtefactMalformed);
}

#[test]
fn features_that_are_off_are_refused_and_simd_needs_to_be_asked_for() {
    for body in [
        "(memory 1 1 shared)",
        "(memory i64 1)",
        "(memory 1) (memory 1)",
        "(func (return_call 0))",
        "(tag)",
        "(type (struct))",
        "(func (param externref))",
        "(func (result i64 i64) i64.const 1 i64.const 2 i64.const 3 i64.const 4 i64.add128)",
    ] {
        let module = wasm(&format!("(module {body})"));
        assert!(matches!(code(&module), Code::ArtefactMalformed | Code::ArtefactBounds), "{body}");
    }
    let simd = SKILL.replace("i64.const 0", "v128.const i64x2 0 0 i64x2.extract_lane 0");
    assert_eq!(pack(&simd, "").expect_err("refused").code(), Code::ArtefactMalformed);
    assert!(pack(&simd, "features: [simd]").is_ok());
}

#[test]
fn the_bodies_of_an_opened_package_are_read_when_that_is_asked_for() {
    let manifest: String = manifest("").canonical().iter().map(|byte| format!("\\{byte:02x}")).collect();
    let whole =
        SKILL.replacen("(module", &format!("(module (@custom \"vak.manifest\" (before first) \"{manifest}\")"), 1);
    let opened = Package::open(wasm(&whole), &Bounds::default()).expect("valid");
    assert_eq!(opened.check_bodies(), Ok(()));
    let deep = format!("{}i64.const 0{}", "(block (result i64) ".repeat(1001), ")".repeat(1001));
    for body in [deep.as_str(), "i64.const 0 v128.const i64x2 0 0 drop"] {
        let bytes = wasm(&whole.replace("i64.const 0", body));
        let code = Package::read(bytes.clone(), &Bounds::default()).expect_err("refused").code();
        let opened = Package::open(bytes, &Bounds::default()).expect("nothing but a body is wrong");
        assert_eq!(opened.check_bodies().expect_err("refused").code(), code);
    }
}

proptest! {
    #[test]
    fn every_truncation_is_refused(cut in 0..400usize) {
        let bytes = pack(SKILL, "").expect("valid").bytes().to_vec();
        let cut = cut % bytes.len();
        prop_assert!(Package::read(bytes[..cut].to_vec(), &Bounds::default()).is_err());
    }

    #[test]
    fn no_flipped_byte_makes_the_reader_panic(at in 8..400usize, with in 1..=255u8) {
        let mut bytes = pack(SKILL, "").expect("valid").bytes().to_vec();
        let at = at % bytes.len();
        bytes[at] ^= with;
        let _ = Package::read(bytes, &Bounds::default());
    }

    #[test]
    fn reading_in_two_steps_finds_what_reading_at_once_finds(at in 8..400usize, with in 1..=255u8) {
        let mut bytes = pack(SKILL, "").expect("valid").bytes().to_vec();
        let at = at % bytes.len();
        bytes[at] ^= with;
        let at_once = Package::read(bytes.clone(), &Bounds::default()).map(drop).map_err(|error| error.code());
        let opened = Package::open(bytes, &Bounds::default()).map_err(|error| error.code());
        let in_two = opened.and_then(|package| package.check_bodies().map_err(|error| error.code()));
        prop_assert_eq!(at_once.is_ok(), in_two.is_ok(), "{:?} {:?}", at_once, in_two);
    }

    #[test]
    fn no_bytes_make_the_reader_panic(tail in prop::collection::vec(any::<u8>(), 0..200)) {
        let _ = RawModule::read([b"\0asm\x01\0\0\0", &tail[..]].concat(), &Bounds::default());
    }
}
