//! Packages of which the bodies of functions were not read when they were opened: they are before they are compiled.

use vak_model::{CacheUse, Code, LimitRequest};
use vak_package::{Bounds, ManifestDocument, Package};
use vak_runtime::{CacheConfig, Runtime, RuntimeConfig};

use crate::unsigned;

const YAML: &str =
    "name: test\nversion: \"1.0.0\"\ndescription: A test\nmodule: test.wasm\nexports: [{ name: execute }]\n";

/// A package whose function `execute` has `body`; nobody has looked at that.
fn opened(body: &str) -> Package {
    let manifest = ManifestDocument::from_yaml(YAML).expect("a manifest");
    let manifest: String = manifest.canonical().iter().map(|byte| format!("\\{byte:02x}")).collect();
    let text = format!(
        r#"(module (@custom "vak.manifest" (before first) "{manifest}")
            (memory (export "memory") 1)
            (func (export "vak_alloc") (param i32) (result i32) i32.const 1024)
            (func (export "execute") (param i32 i32) (result i64) {body}))"#
    );
    Package::open(wat::parse_str(text).expect("valid text"), &Bounds::default()).expect("a package")
}

fn compile(runtime: &Runtime, body: &str) -> Result<(), Code> {
    let admitted = unsigned(opened(body)).expect("unsigned");
    runtime.compile(&admitted, &LimitRequest::none()).map(drop).map_err(|error| error.code())
}

#[test]
fn a_body_that_reading_would_refuse_is_refused_before_it_is_compiled() {
    let folder = tempfile::tempdir().expect("a folder");
    let cache = CacheConfig::below(&folder.path().join("cache"), &folder.path().join("state"));
    // The engine itself would take the first one.
    let deep = format!("{}i64.const 0{}", "(block (result i64) ".repeat(1001), ")".repeat(1001));
    for config in [RuntimeConfig::default(), RuntimeConfig::default().cache(cache)] {
        let runtime = Runtime::new(config).expect("an engine");
        // The second time finds nothing in the cache either.
        for _ in 0..2 {
            assert_eq!(compile(&runtime, &deep), Err(Code::ArtefactBounds));
            assert_eq!(compile(&runtime, "i32.const 0"), Err(Code::ArtefactMalformed));
        }
    }
}

#[test]
fn code_of_a_package_that_was_read_serves_one_that_was_opened() {
    let folder = tempfile::tempdir().expect("a folder");
    let cache = CacheConfig::below(&folder.path().join("cache"), &folder.path().join("state"));
    let runtime = Runtime::new(RuntimeConfig::default().cache(cache)).expect("an engine");
    let bytes = vak_package::Artefact::bytes(&opened("i64.const 0")).to_vec();
    let read = Package::read(bytes, &Bounds::default()).expect("a package");
    for (package, expected) in [(read, CacheUse::Miss), (opened("i64.const 0"), CacheUse::Hit)] {
        let skill = runtime.compile(&unsigned(package).expect("unsigned"), &LimitRequest::none()).expect("compiled");
        let grant = vak_runtime::Grant::from_nobody(ManifestDocument::from_yaml(YAML).expect("a manifest").manifest());
        let skill = skill.prepare(&grant.expect("granted")).expect("prepared");
        let outcome = pollster::block_on(skill.call("execute", b"{}"));
        assert_eq!(outcome.usage.cache, Some(expected));
    }
}
