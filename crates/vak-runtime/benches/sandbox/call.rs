//! One isolated call, and the instance alone.

use std::cell::LazyCell;
use std::hint::black_box;

use criterion::Criterion;
use vak_package::{Artefact, Package, Schema};
use vak_runtime::{Runtime, RuntimeConfig};

use crate::floor::{Floor, From, Upto};
use crate::guests::{ANSWER, calculator, call, pooled, prepared, without_schemas};
use crate::thread_time::ThreadTime;

/// Slots of the pools.
const SLOTS: u32 = 64;

/// What an instance costs with each way to allocate it: a store, the instance, and both dropped.
pub(crate) fn instantiate(c: &mut Criterion<ThreadTime>) {
    let Some(package) = calculator() else { return };
    let mut group = c.benchmark_group("sandbox/instantiate");
    for (name, from) in
        [("on_demand", From::Demand), ("pool_default", From::DefaultPool), ("pool_resident", From::Pool(SLOTS))]
    {
        let floor = LazyCell::new(|| Floor::new(from, Upto::Epochs, package.bytes(), None));
        group.bench_function(name, |b| {
            let floor = &*floor;
            b.iter(|| floor.instantiate());
        });
    }
    group.finish();
}

/// The bare engine, then each safeguard added to those before, then VAK.
pub(crate) fn bench(c: &mut Criterion<ThreadTime>) {
    let Some(package) = calculator() else { return };
    let mut group = c.benchmark_group("sandbox/call");
    for (name, from, upto) in [
        ("on_demand_floor", From::Demand, Upto::Epochs),
        ("bare", From::Pool(SLOTS), Upto::Nothing),
        ("with_limiter", From::Pool(SLOTS), Upto::Limiter),
        ("with_fuel", From::Pool(SLOTS), Upto::Fuel),
        ("floor", From::Pool(SLOTS), Upto::Epochs),
        ("with_deadline", From::Pool(SLOTS), Upto::Deadline),
        ("with_schemas", From::Pool(SLOTS), Upto::Schemas),
        ("with_usage_and_digests", From::Pool(SLOTS), Upto::Usage),
    ] {
        let schemas = || (upto >= Upto::Schemas).then(|| schemas(&package));
        let floor = LazyCell::new(|| Floor::new(from, upto, package.bytes(), schemas()));
        group.bench_function(name, |b| {
            let floor = &*floor;
            b.iter(|| {
                let told = floor.call();
                assert_eq!(told.answer, ANSWER);
                black_box(told.usage)
            });
        });
    }
    let plain = without_schemas(&package);
    let demand = || Runtime::new(RuntimeConfig::default()).expect("a runtime");
    for (name, runtime, package) in [
        ("vak", &(|| pooled(SLOTS)) as &dyn Fn() -> Runtime, &plain),
        ("vak_schemas", &|| pooled(SLOTS), &package),
        ("vak_on_demand", &demand, &plain),
    ] {
        let skill = LazyCell::new(|| prepared(&runtime(), package));
        group.bench_function(name, |b| {
            let skill = &*skill;
            b.iter(|| call(skill));
        });
    }
    group.finish();
}

/// The schemas that the calculator promises to keep.
fn schemas(package: &Package) -> [Schema; 2] {
    let export = &package.document().manifest().exports[0];
    [&export.input_schema, &export.output_schema]
        .map(|schema| Schema::compile(schema.as_ref().expect("stated")).expect("a schema"))
}
