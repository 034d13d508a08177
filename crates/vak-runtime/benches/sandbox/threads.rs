//! Calls from one thread and from two: what a call costs when others run beside it.

use std::cell::LazyCell;
use std::sync::Barrier;
use std::time::{Duration, Instant};

use criterion::{BenchmarkId, Criterion, Throughput};
use vak_package::Artefact;

use crate::floor::{Floor, From, Upto};
use crate::guests::{calculator, call, pooled, prepared, without_schemas};

/// Slots of the pools.
const SLOTS: u32 = 64;

/// The time for one call, whoever makes it: with two processors and two threads, half of one thread's at best.
pub(crate) fn bench(c: &mut Criterion) {
    let Some(package) = calculator() else { return };
    let mut group = c.benchmark_group("sandbox/threads");
    group.throughput(Throughput::Elements(1));
    let floor = LazyCell::new(|| Floor::new(From::Pool(SLOTS), Upto::Epochs, package.bytes(), None));
    let skill = LazyCell::new(|| prepared(&pooled(SLOTS), &without_schemas(&package)));
    for threads in [1, 2] {
        group.bench_function(BenchmarkId::new("floor", threads), |b| {
            let floor = &*floor;
            b.iter_custom(|calls| together(threads, calls, || drop(floor.call())));
        });
        group.bench_function(BenchmarkId::new("vak", threads), |b| {
            let skill = &*skill;
            b.iter_custom(|calls| together(threads, calls, || call(skill)));
        });
    }
    group.finish();
}

/// How long so many threads need for so many calls between them.
fn together(threads: u64, calls: u64, call: impl Fn() + Sync) -> Duration {
    let start = Barrier::new(threads as usize + 1);
    let started = std::thread::scope(|scope| {
        for thread in 0..threads {
            let (start, call) = (&start, &call);
            let share = calls / threads + u64::from(thread < calls % threads);
            scope.spawn(move || {
                start.wait();
                (0..share).for_each(|_| call());
            });
        }
        start.wait();
        Instant::now()
    });
    started.elapsed()
}
