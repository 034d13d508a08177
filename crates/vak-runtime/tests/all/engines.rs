//! Several runtimes in one process: each skill runs on the engine that its code was loaded by.

use std::thread;
use std::time::Duration;

use vak_model::{LimitKind, LimitRequest};
use vak_package::{Bounds, ManifestDocument, Package};
use vak_runtime::Grant;
use vak_runtime::{Allocation, Pool, PreparedSkill, Runtime, RuntimeConfig};

use crate::call;

/// A skill that answers with `number`, compiled by `runtime`.
fn answering(runtime: &Runtime, number: usize, determinism: &str, kib: u64) -> PreparedSkill {
    let yaml = format!(
        "{{ name: a, version: \"1.0.0\", description: A, module: a.wasm, determinism: {determinism}, exports: [{{ name: execute }}] }}"
    );
    let manifest = ManifestDocument::from_yaml(&yaml).expect("valid");
    let text = format!(
        r#"(module (memory (export "memory") 1) (data (i32.const 16) "{number}")
            (func (export "vak_alloc") (param i32) (result i32) i32.const 64)
            (func (export "execute") (param i32 i32) (result i64) i64.const 0x1000000001))"#
    );
    let package = Package::pack(wat::parse_str(text).expect("valid"), &manifest, &Bounds::default()).expect("valid");
    let mut limits = LimitRequest::none();
    limits.set(LimitKind::Stack, kib).expect("a class");
    let compiled = runtime.compile(&crate::unsigned(package).expect("unsigned"), &limits).expect("compiled");
    compiled.prepare(&Grant::compute_only()).expect("prepared")
}

#[test]
fn b12_s12_skills_of_several_runtimes_and_engines_run_beside_each_other_and_outlive_their_runtime() {
    let pool = Pool { instances: 4, max_memory_bytes: 1 << 20 };
    let configs = [
        RuntimeConfig::default(),
        RuntimeConfig::default().tick(Duration::from_millis(1)),
        RuntimeConfig::default().allocation(Allocation::Pooling(pool)),
    ];
    let mut skills = Vec::new();
    for config in configs {
        let runtime = Runtime::new(config).expect("an engine");
        for (determinism, kib) in [("exact", 64), ("exact", 512), ("portable", 64), ("portable", 512)] {
            skills.push(answering(&runtime, skills.len() % 10, determinism, kib));
        }
    }
    assert_eq!(skills.len(), 12, "each on an engine of its own, and no runtime is left");
    thread::scope(|scope| {
        for _ in 0..3 {
            scope.spawn(|| {
                for (i, skill) in skills.iter().enumerate().cycle().take(600) {
                    let answer = call(skill).result.expect("an answer");
                    assert_eq!(answer.bytes(), (i % 10).to_string().as_bytes());
                }
            });
        }
    });
}
