//! Host calls: a thousand in one call of a guest, and reading a large file; each beside the same without VAK.

use std::cell::LazyCell;
use std::hint::black_box;
use std::sync::{Arc, Mutex};

use criterion::{Criterion, Throughput};
use vak_audit::{AuditLog, LogConfig, RunId, Subject, Trail};
use vak_model::{Capability, GuestPath};
use vak_runtime::{Allowance, AuditRecorder, Host, LiveConfig, Operator, PreparedSkill, Runtime, RuntimeConfig};
use wasmtime::{Engine, Linker, Module, Store};

use crate::guests::granted;

/// Calls of one measurement.
const CALLS: u64 = 1000;

/// What is read, in bytes, and how much of it at a time.
const FILE_BYTES: u64 = 64 << 20;
const PART_BYTES: u64 = 16 << 20;

const YAML: &str = "{ name: bench, version: \"1.0.0\", description: Calls, module: bench.wasm,
    capabilities: [log, { fs.read: [\"data/**\"] }], exports: [{ name: execute }],
    limits: { max_fuel: 900000000000, max_execution_time_ms: 600000, max_memory_pages: 1024, max_log_bytes: 16777216 } }";

/// A guest that does something a number of times, and answers `{}`.
pub(crate) fn guest(import: &str, times: u64, step: &str, request: &str) -> String {
    let request = request.replace('"', "\\\"");
    format!(
        r#"(module (import "vak" "{import}" (func $f (param i32 i32 i32 i32) (result i64)))
        (memory (export "memory") 300) (data (i32.const 0) "{{}}\n") (data (i32.const 64) "{request}")
        (func (export "vak_alloc") (param i32) (result i32) i32.const 1024)
        (func (export "execute") (param i32 i32) (result i64) (local $i i32)
            (loop {step}
                (local.set $i (i32.add (local.get $i) (i32.const 1)))
                (br_if 0 (i32.lt_u (local.get $i) (i32.const {times}))))
            (i64.const 2)))"#
    )
}

/// Three policies about the skill, by names.
const NAMES: &str = r#"
    permit(principal == Skill::"bench", action == Action::"log", resource);
    permit(principal == Skill::"bench", action in Action::"fs.read", resource in Path::"data");
    forbid(principal == Skill::"bench", action in Action::"fs.write", resource);
"#;

/// Three policies about the skill, with conditions.
const CONDITIONS: &str = r#"
    permit(principal == Skill::"bench", action == Action::"log", resource) when { context.bytes < 1000 };
    permit(principal == Skill::"bench", action in Action::"fs.read", resource in Path::"data");
    forbid(principal, action == Action::"log", resource) when { context.planned && !principal.signed };
"#;

/// An operator with a hundred policies, all but `own` about other skills.
fn hundred(own: &str) -> Operator {
    let other =
        |n| format!("permit(principal == Skill::\"other/s{n}\", action, resource) when {{ principal.signed }};\n");
    let text = own.to_owned() + &(3..100).map(other).collect::<String>();
    Operator::with_checked_policy(&text).expect("policies")
}

fn skill(text: &str) -> PreparedSkill {
    let data = GuestPath::try_from("data").expect("a path");
    skill_of(text, &Operator::nothing().allow(Allowance::All(Capability::Log)).allow(Allowance::Read(data)))
}

fn skill_of(text: &str, operator: &Operator) -> PreparedSkill {
    granted(&Runtime::new(RuntimeConfig::default()).expect("a runtime"), text, YAML, operator)
}

pub(crate) fn run(skill: &PreparedSkill, host: Host) {
    let outcome = pollster::block_on(skill.call_in("execute", b"{}", host));
    assert_eq!(outcome.result.expect("an answer").bytes(), b"{}");
}

const LOG: &str = "(drop (call $f (i32.const 0) (i32.const 3) (i32.const 4096) (i32.const 64)))";

/// A line for nobody, through the gate; the same on record; and a bare host function.
pub(crate) fn log(c: &mut Criterion) {
    let mut group = c.benchmark_group("sandbox/host_call");
    group.throughput(Throughput::Elements(CALLS));
    let text = guest("log", CALLS, LOG, "");
    let bare = LazyCell::new(|| {
        let engine = Engine::default();
        let mut linker = Linker::<()>::new(&engine);
        let nothing = |_: u32, _: u32, _: u32, _: u32| -> i64 { black_box(2) };
        linker.func_wrap("vak", "log", nothing).expect("linked");
        let module = Module::from_binary(&engine, &wat::parse_str(&text).expect("text")).expect("a module");
        (engine, linker.instantiate_pre(&module).expect("linked"))
    });
    group.bench_function("bare", |b| {
        let (engine, pre) = &*bare;
        b.iter(|| {
            let mut store = Store::new(engine, ());
            let instance = pre.instantiate(&mut store).expect("an instance");
            let execute = instance.get_typed_func::<(u32, u32), u64>(&mut store, "execute").expect("a function");
            execute.call(&mut store, (0, 0)).expect("an answer")
        });
    });
    let skill = LazyCell::new(|| skill(&text));
    let live = || Host::new(Box::new(LiveConfig::new().build()));
    group.bench_function("vak", |b| {
        let skill = &*skill;
        b.iter(|| run(skill, live()));
    });
    let state = tempfile::tempdir().expect("a folder");
    let log = LazyCell::new(|| {
        let state = state.path().canonicalize().expect("a path");
        Arc::new(Mutex::new(AuditLog::open(&LogConfig::below(&state)).expect("a log")))
    });
    let recorded = |skill: &PreparedSkill, log: &Arc<Mutex<AuditLog>>| {
        let trail = Arc::new(Mutex::new(Trail::new(RunId::random().expect("random"))));
        let recorder = AuditRecorder::new(Arc::clone(log), trail, Subject::default());
        run(skill, live().recorded_by(Box::new(recorder)));
    };
    group.bench_function("vak_recorded", |b| {
        let (skill, log) = (&*skill, &*log);
        b.iter(|| recorded(skill, log));
    });
    for (name, own) in [("vak_recorded_names", NAMES), ("vak_recorded_conditions", CONDITIONS)] {
        let skill = LazyCell::new(|| skill_of(&text, &hundred(own)));
        group.bench_function(name, |b| {
            let (skill, log) = (&*skill, &*log);
            b.iter(|| recorded(skill, log));
        });
    }
    group.finish();
}

/// A file of 64 MiB in four parts, and the same read as a whole without VAK.
pub(crate) fn read(c: &mut Criterion) {
    let mut group = c.benchmark_group("sandbox/fs_read");
    group.throughput(Throughput::Bytes(FILE_BYTES)).sample_size(10);
    let place = tempfile::tempdir().expect("a folder");
    let file = place.path().join("large");
    std::fs::write(&file, vec![7; 64 << 20]).expect("written");
    group.bench_function("floor", |b| b.iter(|| std::fs::read(black_box(&file)).expect("read").len()));
    let requests: Vec<String> = (0..FILE_BYTES / PART_BYTES)
        .map(|i| format!(r#"{{"path":"data/large","offset":{}}}"#, i * PART_BYTES))
        .collect();
    // One request of each offset, each as long as the longest.
    let step: String = (0..requests.len())
        .map(|i| {
            let at = 64 + i * 64;
            format!("(drop (call $f (i32.const {at}) (i32.const 64) (i32.const 65536) (i32.const {PART_BYTES})))")
        })
        .collect();
    let all: String = requests.iter().map(|request| format!("{request:<64}")).collect();
    let skill = LazyCell::new(|| skill(&guest("fs_read", 1, &step, &all)));
    group.bench_function("vak", |b| {
        let skill = &*skill;
        let data = GuestPath::try_from("data").expect("a path");
        b.iter(|| {
            let world = LiveConfig::new().folder(data.clone(), place.path()).expect("opened").build();
            run(skill, Host::new(Box::new(world)));
        });
    });
    group.finish();
}
