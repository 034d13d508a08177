//! Modules that do not have what their manifests say, or reach for more.

use vak_model::Code;

use crate::{SKILL, pack};

fn code(text: &str, more: &str) -> Code {
    pack(text, more).expect_err(text).code()
}

fn importing(import: &str) -> String {
    SKILL.replacen("(module", &format!("(module {import}"), 1)
}

#[test]
fn d12_what_the_manifest_or_the_abi_calls_for_must_be_there_with_its_type() {
    for (from, to, expected) in [
        (r#"(export "execute") "#, "", Code::ExportMissing),
        (r#"(export "vak_alloc") "#, "", Code::ExportMissing),
        (r#"(export "memory") "#, "", Code::ExportMissing),
        ("(param i32 i32) (result i64) i64.const 0", "(param i32) (result i64) i64.const 0", Code::ExportType),
        ("(param i32 i32) (result i64) i64.const 0", "(param i32 i32) (result i32) i32.const 0", Code::ExportType),
        (r#"(memory (export "memory") 1)"#, r#"(memory 1) (func (export "memory"))"#, Code::ExportType),
        (r#"(export "vak_alloc") (param i32) (result i32) i32.const 0"#, r#"(export "vak_alloc")"#, Code::ExportType),
    ] {
        assert_eq!(code(&SKILL.replace(from, to), ""), expected, "{to}");
    }
}

#[test]
fn d12_a_failure_need_not_be_there_and_is_an_immutable_i32_if_it_is() {
    let with = |item: &str| SKILL.replacen("(module", &format!("(module {item}"), 1);
    assert!(pack(&with(r#"(global (export "vak_failure") i32 (i32.const 8))"#), "").is_ok());
    for item in [
        r#"(global (export "vak_failure") (mut i32) (i32.const 8))"#,
        r#"(global (export "vak_failure") i64 (i64.const 8))"#,
        r#"(func (export "vak_failure") (result i32) i32.const 8)"#,
        r#"(table (export "vak_failure") 1 funcref)"#,
    ] {
        assert_eq!(code(&with(item), ""), Code::ExportType, "{item}");
    }
}

#[test]
fn e17_imports_need_a_declared_capability() {
    for import in [
        r#"(import "wasi_snapshot_preview1" "path_open" (func (param i32 i32 i32 i32 i32 i64 i64 i32 i32) (result i32)))"#,
        r#"(import "env" "puts" (func))"#,
        r#"(import "vak" "fs_write" (func (param i32 i32 i32 i32) (result i64)))"#,
        r#"(import "vak" "exec" (func))"#,
        r#"(import "env" "table" (table 1 funcref))"#,
    ] {
        assert_eq!(code(&importing(import), ""), Code::ImportUndeclared, "{import}");
    }
    let log = importing(r#"(import "vak" "log" (func (param i32 i32 i32 i32) (result i64)))"#);
    assert_eq!(code(&log, "capabilities: [kv]"), Code::ImportUndeclared);
    assert!(pack(&log, "capabilities: [log]").is_ok());
}

#[test]
fn e17_a_host_function_of_another_type_is_named() {
    let log = importing(r#"(import "vak" "log" (func (param i32 i32)))"#);
    assert_eq!(code(&log, "capabilities: [log]"), Code::ImportType);
    let log = importing(r#"(import "vak" "log" (global i32))"#);
    assert_eq!(code(&log, "capabilities: [log]"), Code::ImportType);
}

#[test]
fn e17_a_refusal_names_at_most_twenty_imports() {
    let imports: String = (0..200).map(|i| format!(r#"(import "env" "f{i}" (func))"#)).collect();
    let message = pack(&importing(&imports), "").expect_err("refused").to_string();
    assert!(message.contains("`env.f19` and 180 more") && !message.contains("env.f20`"), "{message}");
    let imports: String = (0..1000).map(|i| format!(r#"(import "env" "f{i}" (func))"#)).collect();
    assert_eq!(code(&importing(&imports), ""), Code::ArtefactBounds);
}

#[test]
fn names_that_could_rewrite_a_terminal_are_escaped() {
    let message = pack(&importing("(import \"env\" \"\\1b[2J\\0a\" (func))"), "").expect_err("refused").to_string();
    assert!(!message.contains(['\u{1b}', '\n']), "{message:?}");
}
