//! Code that an earlier process has compiled.

use std::cell::LazyCell;
use std::fs;
use std::hint::black_box;

use criterion::Criterion;
use vak_model::LimitRequest;
use vak_runtime::{CacheConfig, Runtime, RuntimeConfig};

use crate::bare_code;
use crate::guests::{ordinary, raw};
use crate::thread_time::ThreadTime;

/// Reading a file and loading the code in it; and the same from the cache, with all that it checks.
pub(crate) fn bench(c: &mut Criterion<ThreadTime>) {
    let mut group = c.benchmark_group("sandbox/cache_load");
    let place = tempfile::tempdir().expect("a folder");
    let bare = LazyCell::new(|| {
        let (engine, file) = (bare_code::engine(), place.path().join("code"));
        fs::write(&file, engine.precompile_module(&ordinary()).expect("compiled")).expect("written");
        (engine, file)
    });
    group.bench_function("floor", |b| {
        let (engine, file) = &*bare;
        b.iter(|| bare_code::load(engine, &fs::read(black_box(file)).expect("readable")));
    });
    let cached = LazyCell::new(|| {
        let cache = CacheConfig::below(&place.path().join("cache"), &place.path().join("state"));
        let runtime = Runtime::new(RuntimeConfig::default().cache(cache)).expect("a runtime");
        let admitted = raw(ordinary());
        runtime.compile_raw(&admitted, &LimitRequest::none()).expect("compiled");
        (runtime, admitted)
    });
    group.bench_function("vak", |b| {
        let (runtime, admitted) = &*cached;
        b.iter(|| runtime.compile_raw(black_box(admitted), &LimitRequest::none()).expect("loaded"));
    });
    group.finish();
}
