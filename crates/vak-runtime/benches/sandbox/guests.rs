//! The modules that are measured, and the ways into VAK's chain.

use std::future::Future;
use std::path::{Path, PathBuf};
use std::pin::pin;
use std::task::{Context, Poll, Waker};

use vak_model::LimitRequest;
use vak_package::{Artefact, Bounds, ManifestDocument, Package, RawModule, embed_manifest};
use vak_runtime::{Allocation, Grant, Operator, Pool, PreparedSkill, Principal, Runtime, RuntimeConfig};
use vak_trust::{Admitted, Timestamp, Trust};

/// What the calculator is asked.
pub(crate) const INPUT: &[u8] = br#"{"operation":"add","a":2,"b":3}"#;

/// What it answers.
pub(crate) const ANSWER: &[u8] = br#"{"result":5}"#;

/// The calculator without its schemas.
const PLAIN: &str = "{ name: calculator, version: \"1.0.0\", description: Adds, module: calculator.wasm,
    exports: [{ name: execute }], limits: { max_memory_pages: 16, max_fuel: 1000000 } }";

/// The repository's skills.
pub(crate) fn skills() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../skills")
}

/// The calculator as it was last built; nothing, and a word about it, if it was not.
#[expect(clippy::print_stderr, reason = "a bench that measures nothing says so")]
pub(crate) fn calculator() -> Option<Package> {
    let file = skills().join("calculator/target/wasm32-unknown-unknown/release/calculator.wasm");
    let Ok(bytes) = std::fs::read(&file) else {
        eprintln!("skipped: the calculator is not built: run `cargo xtask skills calculator`");
        return None;
    };
    Some(Package::read(bytes, &Bounds::default()).expect("a package"))
}

/// The same skill with a manifest that has no schemas.
pub(crate) fn without_schemas(calculator: &Package) -> Package {
    let manifest = ManifestDocument::from_yaml(PLAIN).expect("a manifest");
    let bytes = embed_manifest(calculator.bytes(), &manifest, &Bounds::default()).expect("a module");
    Package::read(bytes, &Bounds::default()).expect("a package")
}

/// About 100 KB of code, as a compiler of an ordinary language makes it: many functions, loops, loads and calls.
pub(crate) fn ordinary() -> Vec<u8> {
    let arithmetic = "(local.set 1 (i32.add (i32.mul (local.get 1) (i32.load offset=16 (local.get 0))) (local.get 2)))
        (if (i32.lt_u (local.get 1) (local.get 2)) (then (i32.store (local.get 0) (local.get 1))))"
        .repeat(12);
    let body = format!(
        "(local.set 2 (local.get 0)) (block (loop {arithmetic}
        (local.set 2 (i32.sub (local.get 2) (i32.const 1))) (br_if 1 (i32.eqz (local.get 2))) (br 0)))"
    );
    let function = |i: usize| format!("(func $f{i} (param i32) (result i32) (local i32 i32) {body} (local.get 1))");
    let functions: String = (0..290).map(function).collect();
    let calls: String = (0..290).map(|i| format!("(drop (call $f{i} (i32.const 1)))")).collect();
    let text = format!("(module (memory 1) {functions} (func (export \"run\") {calls}))");
    wat::parse_str(text).expect("a module")
}

/// Through the door for modules that nobody signed: the price of a signature is measured in `vak-trust`.
pub(crate) fn admitted<A: Artefact>(artefact: A) -> Admitted<A> {
    vak_trust::dangerous::admit_unsigned(artefact, &Trust::nobody(), Timestamp::EPOCH).expect("unsigned")
}

pub(crate) fn raw(bytes: Vec<u8>) -> Admitted<RawModule> {
    admitted(RawModule::read(bytes, &Bounds::default()).expect("a module"))
}

/// A host's runtime: instances from a pool of that many.
pub(crate) fn pooled(instances: u32) -> Runtime {
    let pool = Pool { instances, ..Pool::default() };
    Runtime::new(RuntimeConfig::default().allocation(Allocation::Pooling(pool))).expect("a runtime")
}

/// A skill in WebAssembly's text, with what its manifest asks for, as far as the operator gives it.
pub(crate) fn granted(runtime: &Runtime, text: &str, yaml: &str, operator: &Operator) -> PreparedSkill {
    let manifest = ManifestDocument::from_yaml(yaml).expect("a manifest");
    let package = Package::pack(wat::parse_str(text).expect("text"), &manifest, &Bounds::default()).expect("a package");
    let principal = Principal::unsigned(manifest.manifest());
    let grant = Grant::new(manifest.manifest(), &principal, operator).expect("granted");
    runtime.compile(&admitted(package), &LimitRequest::none()).expect("compiled").prepare(&grant).expect("prepared")
}

pub(crate) fn prepared(runtime: &Runtime, package: &Package) -> PreparedSkill {
    let compiled = runtime.compile(&admitted(package.clone()), &LimitRequest::none()).expect("compiled");
    compiled.prepare(&Grant::compute_only()).expect("prepared")
}

/// One call; only the right answer counts.
pub(crate) fn call(skill: &PreparedSkill) {
    let answer = drive(skill.call("execute", std::hint::black_box(INPUT))).result.expect("an answer");
    assert_eq!(answer.bytes(), ANSWER);
}

/// Polls until it is done. A guest that yields can go on at once, so nobody has to be woken; an executor's own price, which a
/// host pays once for all that it runs, is not measured.
pub(crate) fn drive<F: Future>(future: F) -> F::Output {
    let mut future = pin!(future);
    let mut context = Context::from_waker(Waker::noop());
    loop {
        if let Poll::Ready(output) = future.as_mut().poll(&mut context) {
            return output;
        }
    }
}
