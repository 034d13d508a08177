//! The bare engine: what the same work costs without VAK.
//!
//! [`Floor`] makes one isolated call: a fresh store, an instance, the input, the answer, and nothing left. It begins with no
//! safeguard, and each [`Upto`] has one more than the one before, so that the price of each is a difference of two
//! numbers. The floor that contracts name is the one of [`Upto::Epochs`]: no host of strangers' code has less.

use std::future::Future;
use std::pin::{Pin, pin};
use std::task::Poll;
use std::time::{Duration, Instant};

use sha2::{Digest as _, Sha256};
use vak_package::{Schema, parse_json};
use wasmtime::{
    Config, Enabled, Engine, InstancePre, Linker, Module, PoolingAllocationConfig, Store, StoreLimits,
    StoreLimitsBuilder, UpdateDeadline,
};

use crate::guests::{INPUT, drive};

/// What a call is held to.
const FUEL: u64 = 1_000_000;
const MEMORY_BYTES: usize = 1 << 20;
const TIME: Duration = Duration::from_secs(1);

/// The safeguards that are there; each has all of those before it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Upto {
    /// None.
    Nothing,
    /// The growth of memories and tables is bounded.
    Limiter,
    /// Every instruction is paid for.
    Fuel,
    /// A ticker can interrupt every loop and every function.
    Epochs,
    /// The call runs on a stack of its own, looks at one absolute deadline, and can be dropped where it stands.
    Deadline,
    /// Input and output are strict JSON that the schemas allow.
    Schemas,
    /// The digests of input and output, processor time, fuel and the peak are told.
    Usage,
}

/// Where instances come from.
#[derive(Clone, Copy, Debug)]
pub(crate) enum From {
    /// The system, call by call.
    Demand,
    /// A pool that keeps the pages of a slot.
    Pool(u32),
    /// A pool as the engine sets it up by itself.
    DefaultPool,
}

/// An engine with VAK's instance allocation and the safeguards that are part of code.
pub(crate) fn engine(from: From, upto: Upto) -> Engine {
    let mut config = Config::new();
    config.consume_fuel(upto >= Upto::Fuel).epoch_interruption(upto >= Upto::Epochs);
    config.wasm_backtrace_max_frames(None);
    let mut pool = PoolingAllocationConfig::new();
    pool.max_memory_size(512 << 20);
    match from {
        From::Demand => return Engine::new(&config).expect("an engine"),
        From::DefaultPool => {}
        From::Pool(instances) => {
            pool.total_core_instances(instances).total_memories(instances).total_stacks(instances);
            pool.total_tables(4 * instances).max_tables_per_module(4).table_elements(1_000_000);
            pool.linear_memory_keep_resident(2 << 20).table_keep_resident(2 << 20).pagemap_scan(Enabled::Auto);
        }
    }
    config.allocation_strategy(pool);
    Engine::new(&config).expect("an engine")
}

/// A module that can be called, with nothing but the engine.
pub(crate) struct Floor {
    engine: Engine,
    pre: InstancePre<Data>,
    upto: Upto,
    schemas: Option<[Schema; 2]>,
}

/// The data of a store.
pub(crate) struct Data {
    limits: StoreLimits,
    peak: usize,
}

/// What a call gives.
pub(crate) struct Told {
    pub(crate) answer: Vec<u8>,
    /// Digests of input and output, fuel, processor time and the largest memory.
    pub(crate) usage: Option<([[u8; 32]; 2], u64, Duration, usize)>,
}

impl Floor {
    pub(crate) fn new(from: From, upto: Upto, wasm: &[u8], schemas: Option<[Schema; 2]>) -> Self {
        let engine = engine(from, upto);
        let module = Module::from_binary(&engine, wasm).expect("compiled");
        let pre = Linker::new(&engine).instantiate_pre(&module).expect("linked");
        if upto >= Upto::Epochs {
            tick(&engine);
        }
        Self { engine, pre, upto, schemas }
    }

    /// One isolated call.
    pub(crate) fn call(&self) -> Told {
        if self.upto < Upto::Deadline { self.call_sync() } else { drive(self.call_async()) }
    }

    /// A store with the safeguards.
    pub(crate) fn store(&self) -> Store<Data> {
        let limits = StoreLimitsBuilder::new().memory_size(MEMORY_BYTES).table_elements(10_000).build();
        let mut store = Store::new(&self.engine, Data { limits, peak: 0 });
        if self.upto >= Upto::Limiter {
            store.limiter(|data| &mut data.limits);
        }
        if self.upto >= Upto::Fuel {
            store.set_fuel(FUEL).expect("fuel is on");
        }
        if self.upto >= Upto::Epochs {
            store.set_epoch_deadline(100);
        }
        store
    }

    fn call_sync(&self) -> Told {
        let mut store = self.store();
        let instance = self.pre.instantiate(&mut store).expect("an instance");
        let memory = instance.get_memory(&mut store, "memory").expect("exported");
        let alloc = instance.get_typed_func::<u32, u32>(&mut store, "vak_alloc").expect("exported");
        let execute = instance.get_typed_func::<(u32, u32), i64>(&mut store, "execute").expect("exported");
        let ptr = alloc.call(&mut store, INPUT.len() as u32).expect("a block");
        memory.write(&mut store, ptr as usize, INPUT).expect("in bounds");
        let packed = execute.call(&mut store, (ptr, INPUT.len() as u32)).expect("an answer");
        Told { answer: read(memory.data(&store), packed), usage: None }
    }

    async fn call_async(&self) -> Told {
        let started = Instant::now();
        if let Some([input, _]) = &self.schemas {
            input.check(&parse_json(INPUT).expect("JSON")).expect("allowed");
        }
        let mut store = self.store();
        store.fuel_async_yield_interval(Some(FUEL)).expect("fuel is on");
        interrupt_after(&mut store, started + TIME);
        let mut cpu = Duration::ZERO;
        let answer = {
            let exchange = pin!(self.exchange(&mut store));
            watched(exchange, started + TIME, &mut cpu).await.expect("in time")
        };
        if let Some([_, output]) = &self.schemas {
            output.check(&parse_json(&answer).expect("JSON")).expect("allowed");
        }
        let usage = (self.upto >= Upto::Usage).then(|| {
            let digests = [INPUT, &answer].map(|bytes| Sha256::digest(bytes).into());
            (digests, FUEL - store.get_fuel().expect("fuel is on"), cpu, store.data().peak)
        });
        Told { answer, usage }
    }

    async fn exchange(&self, store: &mut Store<Data>) -> Vec<u8> {
        let instance = self.pre.instantiate_async(&mut *store).await.expect("an instance");
        let memory = instance.get_memory(&mut *store, "memory").expect("exported");
        let alloc = instance.get_typed_func::<u32, u32>(&mut *store, "vak_alloc").expect("exported");
        let execute = instance.get_typed_func::<(u32, u32), i64>(&mut *store, "execute").expect("exported");
        let ptr = alloc.call_async(&mut *store, INPUT.len() as u32).await.expect("a block");
        memory.write(&mut *store, ptr as usize, INPUT).expect("in bounds");
        let packed = execute.call_async(&mut *store, (ptr, INPUT.len() as u32)).await.expect("an answer");
        store.data_mut().peak = memory.data_size(&*store);
        read(memory.data(&*store), packed)
    }

    /// An instance and nothing else.
    pub(crate) fn instantiate(&self) -> Store<Data> {
        let mut store = self.store();
        self.pre.instantiate(&mut store).expect("an instance");
        store
    }

    /// A call that stays where it is after its first yield.
    pub(crate) fn parked(&self) -> impl Future<Output = ()> + '_ {
        let mut store = self.store();
        store.fuel_async_yield_interval(Some(FUEL / 10)).expect("fuel is on");
        interrupt_after(&mut store, Instant::now() + TIME * 1000);
        async move {
            self.exchange(&mut store).await;
        }
    }
}

/// The answer that a packed pointer and length stand for.
fn read(memory: &[u8], packed: i64) -> Vec<u8> {
    let (ptr, len) = (packed.cast_unsigned() >> 32 & 0x7fff_ffff, packed.cast_unsigned() & 0xffff_ffff);
    memory[ptr as usize..(ptr + len) as usize].to_vec()
}

fn interrupt_after(store: &mut Store<Data>, deadline: Instant) {
    store.set_epoch_deadline(1);
    store.epoch_deadline_callback(move |_| {
        Ok(if Instant::now() >= deadline { UpdateDeadline::Interrupt } else { UpdateDeadline::Yield(1) })
    });
}

/// Drives a call to its end, or to a limit.
async fn watched<F: Future>(mut future: Pin<&mut F>, deadline: Instant, cpu: &mut Duration) -> Option<F::Output> {
    std::future::poll_fn(|context| {
        let before = Instant::now();
        let polled = future.as_mut().poll(context);
        *cpu += before.elapsed();
        match polled {
            Poll::Ready(output) => Poll::Ready(Some(output)),
            Poll::Pending if Instant::now() >= deadline => Poll::Ready(None),
            Poll::Pending => Poll::Pending,
        }
    })
    .await
}

/// Moves the engine's epoch as often as VAK does, until the engine is gone.
fn tick(engine: &Engine) {
    let engine = engine.weak();
    std::thread::spawn(move || {
        while let Some(engine) = engine.upgrade() {
            engine.increment_epoch();
            drop(engine);
            std::thread::sleep(Duration::from_millis(10));
        }
    });
}
