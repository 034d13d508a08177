//! What only a pool can get wrong: slots that run out, that are too small, and that remember.

use std::pin::{Pin, pin};
use std::task::{Context, Poll, Waker};

use vak_model::{CacheUse, Code, LimitRequest};
use vak_package::{Bounds, RawModule};
use vak_runtime::{CacheConfig, CompileError, CompiledModule, Outcome, Runtime, RuntimeConfig};

use crate::{POOL, call, code, config, from_text, runtime, skill};

fn compile(runtime: &Runtime, text: &str) -> Result<CompiledModule, CompileError> {
    let module = RawModule::read(wat::parse_str(text).expect("valid text"), &Bounds::default()).expect("a module");
    runtime.compile_raw(&crate::unsigned(module).expect("unsigned"), &LimitRequest::none())
}

#[test]
fn b6_one_call_more_than_the_pool_holds_is_told_so_and_the_next_one_runs() {
    let spinning = skill("", "(loop (br 0)) unreachable", "limits: { max_fuel: 900000000000 }");
    let quick = crate::answering(b"{}", false, "");
    let mut context = Context::from_waker(Waker::noop());
    let mut running: Vec<Pin<Box<dyn Future<Output = Outcome>>>> = Vec::new();
    for _ in 0..POOL.instances {
        let mut one = Box::pin(spinning.call("execute", b"{}"));
        assert!(matches!(one.as_mut().poll(&mut context), Poll::Pending));
        running.push(one);
    }
    let mut extra = pin!(quick.call("execute", b"{}"));
    let Poll::Ready(refused) = extra.as_mut().poll(&mut context) else { panic!("it does not wait") };
    assert_eq!(code(&refused), Code::HostBusy);
    drop(running.pop());
    assert!(call(&quick).result.is_ok());
}

/// Fills all its memory, its table and its global with what a neighbour must not see.
const SECRET: &str = r#"(module
    (memory (export "memory") 16) (table 500 funcref) (global $g (mut i64) (i64.const 0)) (elem declare func $f) (func $f)
    (func (export "vak_alloc") (param i32) (result i32) i32.const 1024)
    (func (export "execute") (param i32 i32) (result i64)
        (memory.fill (i32.const 0) (i32.const 0xaa) (i32.const 1048576))
        (drop (memory.grow (i32.const 16)))
        (memory.fill (i32.const 1048576) (i32.const 0xbb) (i32.const 1048576))
        (table.fill (i32.const 0) (ref.func $f) (i32.const 500))
        (global.set $g (i64.const -1))
        END))"#;

/// Traps if anything in its memory or table is not as a new instance has it; `{}` otherwise.
const SCAN: &str = r#"(module
    (memory (export "memory") 32) (table $t 500 funcref) (global $g (mut i64) (i64.const 0)) DATA
    (func (export "vak_alloc") (param i32) (result i32) i32.const 8)
    (func (export "execute") (param i32 i32) (result i64) (local $i i32)
        (if (i64.ne (global.get $g) (i64.const 0)) (then unreachable))
        (loop $table
            (if (i32.eqz (ref.is_null (table.get $t (local.get $i)))) (then unreachable))
            (br_if $table (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 1))) (i32.const 500))))
        (local.set $i (i32.const 16))
        (loop $memory
            (if (i32.ne (local.get $i) (i32.const 512))
                (then (if (i64.ne (i64.load (local.get $i)) (i64.const 0)) (then unreachable))))
            (br_if $memory (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 8))) (i32.const 2097152))))
        (i32.store16 (i32.const 16) (i32.const 0x7d7b))
        (i64.const 0x1000000002)))"#;

#[test]
fn b7_a_slot_remembers_nothing_of_the_skill_before() {
    let yaml = "limits: { max_memory_pages: 64, max_fuel: 900000000000, max_execution_time_ms: 600000 }";
    let ends = ["i64.const 0", "unreachable", "(loop (br 0)) unreachable"].map(|end| SECRET.replace("END", end));
    let soon = "limits: { max_memory_pages: 64, max_fuel: 5000000 }";
    let writers = ends.map(|text| from_text(&text, soon));
    let data = r#"(data (i32.const 512) "\01\02\03\04\05\06\07\08")"#;
    let scanners = ["", data].map(|data| from_text(&SCAN.replace("DATA", data), yaml));
    for round in 0..100 {
        let written = call(&writers[round % writers.len()]);
        let expected = [Code::OutputJson, Code::TrapUnreachable, Code::LimitFuel][round % writers.len()];
        assert_eq!(code(&written), expected);
        let seen = call(&scanners[round / writers.len() % scanners.len()]);
        assert_eq!(seen.result.expect("nothing but zeros").bytes(), b"{}", "round {round}");
    }
}

#[test]
fn b8_a_module_that_does_not_fit_a_slot_is_refused_when_it_is_loaded() {
    let memory = "(module (memory 8193) (func (export \"run\")))".to_owned();
    let tables = format!("(module {})", "(table 1 funcref)".repeat(5));
    let functions = format!("(module {})", "(func)".repeat(49_999));
    let globals = format!("(module {})", "(global (mut i64) (i64.const 0))".repeat(10_000));
    for text in [memory, tables] {
        let error = compile(runtime(), &text).expect_err("too large");
        assert_eq!(error.code(), Code::LimitPool, "{error}");
    }
    for text in [functions, globals] {
        assert!(compile(runtime(), &text).is_ok(), "within a slot");
    }
}

#[test]
fn a_pool_s_ceiling_on_memory_holds_for_every_skill() {
    let skill = skill("", "(drop (memory.grow (i32.const 8192))) i64.const 0", "limits: { max_memory_pages: 32767 }");
    assert_eq!(skill.limits().get(vak_model::LimitKind::Memory), 8192);
    assert_eq!(code(&call(&skill)), Code::LimitMemory);
}

#[test]
fn code_is_shared_between_a_pool_and_instances_on_demand_and_between_classes_of_stacks() {
    let place = tempfile::tempdir().expect("a folder");
    let cache = CacheConfig::below(&place.path().join("cache"), &place.path().join("state"));
    let text = r#"(module (memory 1) (data (i32.const 0) "x") (func (export "run") (result i32) i32.const 7))"#;
    let used = |config: RuntimeConfig, kib: u64| {
        let runtime = Runtime::new(config.cache(cache.clone())).expect("an engine");
        let module = RawModule::read(wat::parse_str(text).expect("valid"), &Bounds::default()).expect("a module");
        let mut limits = LimitRequest::none();
        limits.set(vak_model::LimitKind::Stack, kib).expect("a class");
        let admitted = crate::unsigned(module).expect("unsigned");
        let compiled = runtime.compile_raw(&admitted, &limits).expect("compiled");
        let outcome = pollster::block_on(compiled.invoke("run", &[])).expect("a function");
        assert_eq!(outcome.result.expect("an answer"), [vak_runtime::Number::I32(7)]);
        outcome.usage.cache.expect("known")
    };
    assert_eq!(used(RuntimeConfig::default(), 512), CacheUse::Miss);
    for kib in [64, 256, 512, 16_384] {
        assert_eq!([used(config(), kib), used(RuntimeConfig::default(), kib)], [CacheUse::Hit, CacheUse::Hit], "{kib}");
    }
}
