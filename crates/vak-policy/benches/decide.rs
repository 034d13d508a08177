//! What a decision costs, and that it does not depend on the policies that are about other skills.

use std::hint::black_box;

use criterion::{BenchmarkId, Criterion, criterion_group, criterion_main};
use vak_model::{
    Capability, CapabilityRequest, Determinism, Effect, GuestPath, LimitRequest, Manifest, ModulePath, Text,
};
use vak_policy::{Allowance, Grant, Operator, Principal, check_policy};

/// Three policies about the skill, of which two have conditions.
const OWN: &str = r#"
    permit(principal == Skill::"acme/square", action in Action::"fs.read", resource in Path::"data");
    forbid(principal in Owner::"acme", action, resource is Path) when { resource.path like "*.key" };
    forbid(principal, action in Action::"fs.read", resource) when { context.planned && !principal.signed };
"#;

/// As [`OWN`], by names alone.
const OWN_NAMES: &str = r#"
    permit(principal == Skill::"acme/square", action in Action::"fs.read", resource in Path::"data");
    forbid(principal in Owner::"acme", action, resource in Path::"data/private");
    forbid(principal, action in Action::"fs.write", resource in Path::"data");
"#;

fn manifest() -> Manifest {
    let scope = Some(vec!["data/**".to_owned()]);
    Manifest {
        name: "acme/square".parse().expect("a name"),
        version: "1.0.0".parse().expect("a version"),
        description: Text::default(),
        author: Text::default(),
        license: Text::default(),
        module: ModulePath::try_from("s.wasm".to_owned()).expect("a path"),
        capabilities: vec![CapabilityRequest::new(Capability::FsRead, scope, false).expect("a request")],
        features: Vec::new(),
        determinism: Determinism::Exact,
        limits: LimitRequest::none(),
        exports: Vec::new(),
        tests: Vec::new(),
        signature: None,
    }
}

fn text(own: &str, all: usize) -> String {
    let other =
        |n| format!("permit(principal == Skill::\"other/s{n}\", action, resource) when {{ principal.signed }};\n");
    own.to_owned() + &(3..all).map(other).collect::<String>()
}

fn grant(operator: &Operator) -> Grant {
    Grant::new(&manifest(), &Principal::unsigned(&manifest()), operator).expect("granted")
}

fn path(text: &str) -> GuestPath {
    GuestPath::try_from(text).expect("a path")
}

fn decide(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("policy/decide");
    let mut bench = |id, grant: Grant| {
        group.bench_function(id, |bencher| {
            bencher.iter(|| grant.decide(&Effect::FsRead { path: black_box(path("data/notes/a.txt")) }));
        });
    };
    bench(BenchmarkId::new("flag", 1), grant(&Operator::nothing().allow(Allowance::Read(path("data")))));
    for all in [10, 100, 1_000] {
        bench(BenchmarkId::new("names", all), grant(&Operator::with_policy(&text(OWN_NAMES, all)).expect("policies")));
        bench(BenchmarkId::new("conditions", all), grant(&Operator::with_policy(&text(OWN, all)).expect("policies")));
    }
    group.finish();
}

fn prepare(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("policy/prepare");
    let flag = Operator::nothing().allow(Allowance::Read(path("data")));
    group.bench_function("grant/flag", |bencher| bencher.iter(|| grant(black_box(&flag))));
    for all in [10, 100, 1_000] {
        let text = text(OWN, all);
        let operator = Operator::with_policy(&text).expect("policies");
        group.bench_function(BenchmarkId::new("read", all), |bencher| {
            bencher.iter(|| Operator::with_policy(black_box(&text)))
        });
        group.bench_function(BenchmarkId::new("grant", all), |bencher| bencher.iter(|| grant(black_box(&operator))));
    }
    let hundred = text(OWN, 100);
    group.bench_function("check/100", |bencher| bencher.iter(|| check_policy(black_box(&hundred))));
    group.finish();
}

criterion_group!(benches, decide, prepare);
criterion_main!(benches);
