//! What the steps of a run cost, each beside the bare engine doing the same work, in one run.
//!
//! The floor is a fresh store with fuel, an epoch deadline and a limiter, one instance, one exchange of the same bytes.

use std::hint::black_box;

use criterion::{Criterion, criterion_group, criterion_main};
use vak_model::{Grant, LimitRequest};
use vak_package::{Bounds, ManifestDocument, Package};
use vak_runtime::{PreparedSkill, Runtime, RuntimeConfig};
use vak_trust::{Admitted, Timestamp, Trust};
use wasmtime::{Config, Engine, Linker, Module, Store, StoreLimits, StoreLimitsBuilder};

/// Answers with its input.
const ECHO: &str = r#"(module
    (memory (export "memory") 1)
    (func (export "vak_alloc") (param i32) (result i32) i32.const 1024)
    (func (export "execute") (param i32 i32) (result i64)
        (i64.or (i64.shl (i64.extend_i32_u (local.get 0)) (i64.const 32)) (i64.extend_i32_u (local.get 1)))))"#;

const INPUT: &[u8] = br#"{"operation":"add","a":2,"b":3}"#;

const MANIFEST: &str =
    "{ name: echo, version: \"1.0.0\", description: Echoes, module: echo.wasm, exports: [{ name: execute,
    input_schema: { type: object, properties: { a: { type: number }, b: { type: number } }, required: [a, b] },
    output_schema: { type: object, required: [operation] } }] }";

fn package() -> Package {
    let manifest = ManifestDocument::from_yaml(MANIFEST).expect("a manifest");
    let module = wat::parse_str(ECHO).expect("a module");
    Package::pack(module, &manifest, &Bounds::default()).expect("a package")
}

fn admitted() -> Admitted<Package> {
    vak_trust::dangerous::admit_unsigned(package(), &Trust::nobody(), Timestamp::EPOCH).expect("unsigned")
}

fn prepared(runtime: &Runtime) -> PreparedSkill {
    let compiled = runtime.compile(&admitted(), &LimitRequest::none()).expect("compiled");
    compiled.prepare(&Grant::compute_only()).expect("prepared")
}

fn floor_engine() -> Engine {
    let mut config = Config::new();
    config.consume_fuel(true).epoch_interruption(true);
    Engine::new(&config).expect("an engine")
}

fn compile(c: &mut Criterion) {
    let mut group = c.benchmark_group("sandbox/compile");
    let (admitted, engine) = (admitted(), floor_engine());
    let bytes = wat::parse_str(ECHO).expect("a module");
    group.bench_function("floor", |b| b.iter(|| Module::from_binary(&engine, black_box(&bytes)).expect("compiled")));
    let runtime = Runtime::new(RuntimeConfig::default()).expect("a runtime");
    group.bench_function("vak", |b| {
        b.iter(|| runtime.compile(black_box(&admitted), &LimitRequest::none()).expect("compiled"));
    });
    group.finish();
}

fn call(c: &mut Criterion) {
    let mut group = c.benchmark_group("sandbox/call");
    let engine = floor_engine();
    let module = Module::new(&engine, wat::parse_str(ECHO).expect("a module")).expect("compiled");
    let pre = Linker::<StoreLimits>::new(&engine).instantiate_pre(&module).expect("linked");
    group.bench_function("floor", |b| {
        b.iter(|| {
            let limits = StoreLimitsBuilder::new().memory_size(16 << 20).build();
            let mut store = Store::new(&engine, limits);
            store.limiter(|limits| limits);
            store.set_fuel(10_000_000).expect("fuel is on");
            store.set_epoch_deadline(100);
            let instance = pre.instantiate(&mut store).expect("an instance");
            let memory = instance.get_memory(&mut store, "memory").expect("exported");
            let alloc = instance.get_typed_func::<u32, u32>(&mut store, "vak_alloc").expect("exported");
            let execute = instance.get_typed_func::<(u32, u32), i64>(&mut store, "execute").expect("exported");
            let ptr = alloc.call(&mut store, INPUT.len() as u32).expect("a block");
            memory.write(&mut store, ptr as usize, INPUT).expect("in bounds");
            let packed = execute.call(&mut store, (ptr, INPUT.len() as u32)).expect("an answer") as u64;
            let mut answer = vec![0; (packed & 0xffff_ffff) as usize];
            memory.read(&store, (packed >> 32) as usize, &mut answer).expect("in bounds");
            answer
        });
    });
    let runtime = Runtime::new(RuntimeConfig::default()).expect("a runtime");
    let skill = prepared(&runtime);
    group.bench_function("vak", |b| {
        b.iter(|| pollster::block_on(skill.call("execute", black_box(INPUT))).result.expect("an answer"));
    });
    group.finish();
}

criterion_group!(benches, compile, call);
criterion_main!(benches);
