//! Guests that break the ABI, and inputs that break the skill's.

use vak_abi::Verdict;
use vak_model::Code;
use vak_runtime::PreparedSkill;

use crate::{answering, call, code, from_text, skill};

fn packed(ptr: u32, len: u32) -> String {
    format!("i64.const {}", (u64::from(ptr) << 32 | u64::from(len)).cast_signed())
}

#[test]
fn e11_outputs_outside_the_memory_are_refused() {
    for (ptr, len) in [(65_536, 1), (65_535, 2), (0, u32::MAX), (0x7fff_ffff, u32::MAX), (70_000, 0)] {
        assert_eq!(code(&call(&skill("", &packed(ptr, len), ""))), Code::OutputPointer, "{ptr} {len}");
    }
}

#[test]
fn e11_outputs_beyond_the_limit_are_refused_before_they_are_copied() {
    let yaml = "limits: { max_memory_pages: 32767, max_output_bytes: 1000 }";
    let text = format!(
        r#"(module (memory (export "memory") 4096) (func (export "vak_alloc") (param i32) (result i32) i32.const 8)
            (func (export "execute") (param i32 i32) (result i64) {}))"#,
        packed(0, 200 << 20)
    );
    assert_eq!(code(&call(&from_text(&text, yaml))), Code::LimitOutput);
    assert_eq!(code(&call(&skill("", &packed(0, 1001), yaml))), Code::LimitOutput);
    assert_eq!(code(&call(&skill("", &packed(0, 1000), yaml))), Code::OutputJson, "within the limit, and no JSON");
}

#[test]
fn e12_outputs_that_are_no_plain_utf_8_are_refused() {
    for bytes in [&b"\"\xff\""[..], b"\xef\xbb\xbf{}", b"\"\xed\xa0\x80\"", b"\xff\xfe{\0}\0"] {
        assert_eq!(code(&call(&answering(bytes, false, ""))), Code::OutputEncoding, "{bytes:?}");
    }
    for bytes in [&br#""\ud800""#[..], b"\"\0\"", b"\0"] {
        assert_eq!(code(&call(&answering(bytes, false, ""))), Code::OutputJson, "{bytes:?}");
    }
}

#[test]
fn e13_outputs_that_are_not_one_json_value_are_refused() {
    let deep = "[".repeat(100_000);
    let long_number = "1".repeat(1_000_000);
    for text in ["", "{} {}", "{}x", "NaN", "1e999", "{'a':1}", &deep, &long_number] {
        let outcome = call(&answering(text.as_bytes(), false, "limits: { max_memory_pages: 64 }"));
        assert_eq!(code(&outcome), Code::OutputJson, "{}", &text[..text.len().min(20)]);
    }
}

#[test]
fn e14_doubled_keys_are_refused_in_outputs_and_errors() {
    for failed in [false, true] {
        assert_eq!(code(&call(&answering(br#"{"ok":true,"ok":false}"#, failed, ""))), Code::OutputJson);
    }
}

const PROMISE: &str = "{ name: test, version: \"1.0.0\", description: A test, module: test.wasm, exports: [{ name: execute,
    input_schema: { type: object, properties: { a: { type: number } }, additionalProperties: false },
    output_schema: { type: object, properties: { r: { type: number } }, required: [r], additionalProperties: false } }] }";

fn promising(bytes: &[u8], failed: bool) -> PreparedSkill {
    use vak_model::LimitRequest;
    use vak_package::{Bounds, ManifestDocument, Package};
    use vak_runtime::Grant;
    let manifest = ManifestDocument::from_yaml(PROMISE).expect("valid");
    let data: String = bytes.iter().map(|byte| format!("\\{byte:02x}")).collect();
    let packed = (u64::from(failed) << 63 | 2048 << 32 | bytes.len() as u64).cast_signed();
    let text = format!(
        r#"(module (memory (export "memory") 1) (data (i32.const 2048) "{data}")
            (func (export "vak_alloc") (param i32) (result i32) i32.const 1024)
            (func (export "execute") (param i32 i32) (result i64) i64.const {packed}))"#
    );
    let package = Package::pack(wat::parse_str(text).expect("valid"), &manifest, &Bounds::default()).expect("valid");
    let admitted = crate::unsigned(package).expect("unsigned");
    let compiled = crate::runtime().compile(&admitted, &LimitRequest::none()).expect("compiled");
    compiled.prepare(&Grant::compute_only()).expect("prepared")
}

#[test]
fn e15_outputs_must_be_what_the_schema_promises() {
    for bad in [&br#"{"r":"x"}"#[..], b"{}", br#"{"r":1,"s":2}"#, b"[]"] {
        assert_eq!(code(&call(&promising(bad, false))), Code::OutputSchema, "{}", String::from_utf8_lossy(bad));
    }
    assert_eq!(call(&promising(br#"{"r":1}"#, false)).result.expect("an answer").bytes(), br#"{"r":1}"#);
}

#[test]
fn a_skill_s_own_error_is_json_without_a_promised_schema() {
    let answer = call(&promising(br#"{"error":"no"}"#, true)).result.expect("an answer");
    assert_eq!((answer.verdict(), answer.bytes()), (Verdict::Failed, &br#"{"error":"no"}"#[..]));
}

#[test]
fn inputs_must_be_json_that_the_schema_allows_and_nothing_runs_otherwise() {
    let skill = promising(br#"{"r":1}"#, false);
    let input = |bytes: &[u8]| {
        let outcome = pollster::block_on(skill.call("execute", bytes));
        assert!(outcome.result.is_ok() || outcome.usage.fuel.is_none());
        outcome.result.map_err(|error| error.code())
    };
    assert!(input(br#"{"a":1}"#).is_ok());
    assert_eq!(input(br#"{"a":"x"}"#), Err(Code::InputSchema));
    assert_eq!(input(br#"{"b":1}"#), Err(Code::InputSchema));
    assert_eq!(input(b"{"), Err(Code::InputJson));
    assert_eq!(input(br#"{"a":1,"a":2}"#), Err(Code::InputJson));
    assert_eq!(input(b"\xff"), Err(Code::InputJson));
    assert_eq!(input(&vec![b' '; (16 << 20) + 1]), Err(Code::InputSize));
    let unknown = pollster::block_on(skill.call("other", b"{}"));
    assert_eq!(code(&unknown), Code::UsageExport);
}

#[test]
fn e16_a_trap_wins_over_what_was_written_before_it() {
    let body = "(i32.store (i32.const 2048) (i32.const 0x7d7b)) unreachable";
    assert_eq!(code(&call(&skill("", body, ""))), Code::TrapUnreachable);
}

#[test]
fn e10_blocks_that_the_allocator_may_not_give_are_refused() {
    for ptr in [0, -1, 65_535, 65_536, i32::MIN] {
        let text = format!(
            r#"(module (memory (export "memory") 1) (func (export "vak_alloc") (param i32) (result i32) i32.const {ptr})
                (func (export "execute") (param i32 i32) (result i64) i64.const 0))"#
        );
        assert_eq!(code(&call(&from_text(&text, ""))), Code::AllocPointer, "{ptr}");
    }
}

#[test]
fn d13_segments_out_of_bounds_trap_before_anything_runs() {
    let outcome = call(&skill("(data (i32.const 65536) \"x\")", "i64.const 0", ""));
    assert_eq!(code(&outcome), Code::TrapMemory);
}
