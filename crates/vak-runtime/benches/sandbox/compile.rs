//! From bytes that nobody has seen to code that can be instantiated.

use std::hint::black_box;

use criterion::{Criterion, Throughput};
use vak_model::LimitRequest;
use vak_package::{Bounds, RawModule};
use vak_runtime::{CompileWith, Runtime, RuntimeConfig};
use wasmtime::Module;

use crate::floor::{From, Upto, engine};
use crate::guests::{admitted, ordinary};

/// The bare engine; VAK's reading and compiling in this process; and the same in a process of its own.
pub(crate) fn bench(c: &mut Criterion) {
    let mut group = c.benchmark_group("sandbox/compile");
    group.sample_size(20);
    let bytes = ordinary();
    group.throughput(Throughput::Bytes(bytes.len() as u64));
    group.bench_function("floor", |b| {
        let engine = engine(From::Demand, Upto::Epochs);
        b.iter(|| Module::from_binary(&engine, black_box(&bytes)).expect("compiled"));
    });
    group.bench_function("vak_read_alone", |b| b.iter(|| read(black_box(&bytes))));
    let helper = CompileWith::this_program();
    assert!(matches!(helper, CompileWith::Helper(_)), "main asks first");
    for (name, compile_with) in [("vak_in_process", CompileWith::InProcess), ("vak_helper", helper)] {
        let config = RuntimeConfig::default().compile_with(compile_with);
        group.bench_function(name, |b| {
            let runtime = Runtime::new(config.clone()).expect("a runtime");
            b.iter(|| {
                let admitted = admitted(read(black_box(&bytes)));
                runtime.compile_raw(&admitted, &LimitRequest::none()).expect("compiled")
            });
        });
    }
    group.finish();
}

/// The pass that bounds what the compiler gets to see.
fn read(bytes: &[u8]) -> RawModule {
    RawModule::read(bytes.to_vec(), &Bounds::default()).expect("a module")
}
