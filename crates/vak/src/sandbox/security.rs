//! The nine security tests of the quota executor, one of the systems that VAK's specification restates (its section S3), by
//! their names: four guests that attack, and five artefacts that no validation may let through.

use crate::model::{Code, Fault, LimitRequest};
use crate::package::{Bounds, ManifestDocument, Package, PackageError};
use crate::sandbox::{Grant, Outcome, Runtime, RuntimeConfig};
use crate::trust::dangerous::admit_unsigned;
use crate::trust::{Timestamp, Trust};

const ALLOC: &str = r#"(func (export "vak_alloc") (param i32) (result i32) i32.const 1024)"#;

fn manifest(yaml: &str) -> ManifestDocument {
    let base =
        "name: probe\nversion: \"1.0.0\"\ndescription: Probes\nmodule: probe.wasm\nexports: [{ name: execute }]\n";
    ManifestDocument::from_yaml(&format!("{base}{yaml}")).expect("a manifest")
}

/// Reads a module with a manifest, as every tool does before anything else.
fn read(module: impl Into<Vec<u8>>, yaml: &str) -> Result<Package, PackageError> {
    Package::pack(module.into(), &manifest(yaml), &Bounds::default())
}

/// A module with memory, allocator, `items` and an entry with this body.
fn module(items: &str, body: &str) -> Vec<u8> {
    let text = format!(
        r#"(module {items} (memory (export "memory") 1) {ALLOC}
            (func (export "execute") (param i32 i32) (result i64) {body}))"#
    );
    wat::parse_str(text).expect("valid text")
}

fn run(package: Package) -> Outcome {
    let grant = Grant::from_nobody(package.document().manifest()).expect("nothing is needed");
    let admitted = admit_unsigned(package, &Trust::nobody(), Timestamp::EPOCH).expect("unsigned");
    let runtime = Runtime::new(RuntimeConfig::default()).expect("an engine");
    let skill = runtime.compile(&admitted, &LimitRequest::none()).expect("compiled").prepare(&grant).expect("prepared");
    pollster::block_on(skill.call("execute", b"{}"))
}

fn ending(module: Vec<u8>, yaml: &str) -> Code {
    run(read(module, yaml).expect("a package")).result.expect_err("it ends").code()
}

fn refusal(module: impl Into<Vec<u8>>, yaml: &str) -> Code {
    read(module, yaml).expect_err("refused").code()
}

/// An infinite loop ends with whichever budget is used up first.
#[test]
fn cpu_bomber() {
    let endless = || module("", "(loop (br 0)) i64.const 0");
    assert_eq!(ending(endless(), "limits: { max_fuel: 100000 }"), Code::LimitFuel);
    assert_eq!(ending(endless(), "limits: { max_fuel: 9007199254740991, max_execution_time_ms: 50 }"), Code::LimitTime);
    let cpu = "limits: { max_fuel: 9007199254740991, max_execution_time_ms: 60000, max_cpu_time_ms: 50 }";
    assert_eq!(ending(endless(), cpu), Code::LimitCpu);
}

/// A thousand pages to begin with, and a thousand more, are refused where the limit says so, and not before.
#[test]
fn memory_bomber() {
    let bomber = || {
        let text = format!(
            r#"(module (memory (export "memory") 1000) {ALLOC} (data (i32.const 16) "1")
                (func (export "execute") (param i32 i32) (result i64)
                    (drop (memory.grow (i32.const 1000))) i64.const 0x1000000001))"#
        );
        wat::parse_str(text).expect("valid text")
    };
    assert_eq!(ending(bomber(), "limits: { max_memory_pages: 999 }"), Code::LimitMemory);
    assert_eq!(ending(bomber(), "limits: { max_memory_pages: 1999 }"), Code::LimitMemory);
    let granted = run(read(bomber(), "limits: { max_memory_pages: 2000 }").expect("a package"));
    assert_eq!(granted.result.expect("within its limit").bytes(), b"1");
    assert_eq!(granted.usage.peak_memory_bytes, Some(2000 << 16));
}

/// A skill that would open files through WASI is refused before it is compiled.
#[test]
fn filesystem_probe() {
    let types = "(param i32 i32 i32 i32 i32 i64 i64 i32 i32) (result i32)";
    let probe = module(&format!(r#"(import "wasi_snapshot_preview1" "path_open" (func {types}))"#), "i64.const 0");
    assert_eq!(refusal(probe, ""), Code::ImportUndeclared);
    let probe = module(r#"(import "vak" "fs_read" (func (param i32 i32 i32 i32) (result i64)))"#, "i64.const 0");
    assert_eq!(refusal(probe, "capabilities: [compute]"), Code::ImportUndeclared);
}

/// A skill that would open connections is refused, whether it hides that or says so and nobody allows it.
#[test]
fn network_probe() {
    let probe = r#"(import "wasi_snapshot_preview1" "sock_recv" (func (param i32 i32 i32 i32 i32 i32) (result i32)))"#;
    assert_eq!(refusal(module(probe, "i64.const 0"), ""), Code::ImportUndeclared);
    let fetch = r#"(import "vak" "http_fetch" (func (param i32 i32 i32 i32) (result i64)))"#;
    assert_eq!(refusal(module(fetch, "i64.const 0"), ""), Code::ImportUndeclared);
    let honest = read(module(fetch, "i64.const 0"), "capabilities: [{ net.http: [\"https://example.com/*\"] }]");
    let manifest = honest.expect("a package").document().manifest().clone();
    let denied = Grant::from_nobody(&manifest).expect_err("nobody allows it");
    assert!(denied.to_string().contains("net.http"), "{denied}");
}

#[test]
fn malformed_module() {
    let whole = module("", "i64.const 0");
    for broken in [&b""[..], b"\0asm", b"not wasm at all", &whole[..whole.len() - 1]] {
        assert_eq!(refusal(broken, "").fault(), Fault::Malformed, "{broken:?}");
    }
}

#[test]
fn missing_entry() {
    let text = format!(r#"(module (memory (export "memory") 1) {ALLOC} (func (export "run")))"#);
    assert_eq!(refusal(wat::parse_str(text).expect("valid text"), ""), Code::ExportMissing);
}

#[test]
fn wrong_entry_signature() {
    for types in ["", "(param i32) (result i64)", "(param i32 i32) (result i32)", "(param i64 i32) (result i64)"] {
        let text =
            format!(r#"(module (memory (export "memory") 1) {ALLOC} (func (export "execute") {types} unreachable))"#);
        assert_eq!(refusal(wat::parse_str(text).expect("valid text"), ""), Code::ExportType, "{types}");
    }
}

#[test]
fn undeclared_import() {
    for import in [r#""env" "system""#, r#""vak" "log""#, r#""vak" "no_such_call""#, r#""" """#] {
        let probe = module(&format!("(import {import} (func (param i32 i32 i32 i32) (result i64)))"), "i64.const 0");
        assert_eq!(refusal(probe, ""), Code::ImportUndeclared, "{import}");
    }
}

/// What a manifest asks for beyond a ceiling is no manifest, and what a module declares beyond its limit never runs.
#[test]
fn over_limit_declaration() {
    let base =
        "name: probe\nversion: \"1.0.0\"\ndescription: Probes\nmodule: probe.wasm\nexports: [{ name: execute }]\n";
    for limits in
        ["max_memory_pages: 32768", "max_execution_time_ms: 600001", "max_table_elements: 1000001", "max_fuel: 0"]
    {
        let refused = ManifestDocument::from_yaml(&format!("{base}limits: {{ {limits} }}\n")).expect_err("refused");
        assert_eq!(refused.code().fault(), Fault::Malformed, "{limits}");
    }
    let tables = module("(table 10001 funcref)", "i64.const 0");
    assert_eq!(ending(tables, ""), Code::LimitTable);
}
