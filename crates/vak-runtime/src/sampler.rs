//! Where a call spends its fuel: its stack is looked at again and again, and what was spent since belongs to it.
//!
//! The engine lets a guest yield when it has spent a stated amount of fuel, but shows its stack only to the epoch's
//! callback. So whoever drives a call that has yielded moves the epoch, and the callback is called in the same place: code
//! looks at its fuel and then at the epoch, where a function is entered and where a loop begins anew, and nowhere else.

use std::collections::HashMap;
use std::future::Future;
use std::pin::pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use wasmtime::{Engine, FrameInfo, Store, StoreContextMut, UpdateDeadline, WasmBacktrace};

use crate::meter::Meter;
use crate::samples::{Function, Sample, Samples, Stack};

/// How much fuel lies between two of the first samples, on average: few skills use less than some thousand.
const FIRST_INTERVAL: u64 = 64;

/// After as many samples the interval is doubled, and again: what a call costs the host grows by its logarithm.
const SAMPLES_PER_INTERVAL: usize = 4096;

/// The longest interval: as far apart as guests yield without being sampled.
const LONGEST_INTERVAL: u64 = crate::call::YIELD_FUEL;

/// The stacks that are kept, as nodes of their tree; a guest can make as many different ones as it takes samples.
const MAX_STACKS: usize = 1 << 20;

/// The sampling of one call, shared by what drives it and what the engine calls back.
#[derive(Clone, Debug)]
pub(crate) struct Sampler(Arc<Mutex<Recorder>>);

impl Sampler {
    /// A sampler that has seen nothing, of a call with this deadline.
    pub(crate) fn new(deadline: Instant) -> Self {
        Self(Arc::new(Mutex::new(Recorder::new(deadline))))
    }

    fn lock(&self) -> MutexGuard<'_, Recorder> {
        // Whatever panicked left a record that is short of a sample at most.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Begins: from here on `store` yields after each interval, and its stack is looked at. Nothing of the guest may be on
    /// it yet.
    pub(crate) fn begin(&self, store: &mut Store<Meter>) -> wasmtime::Result<()> {
        store.fuel_async_yield_interval(Some(FIRST_INTERVAL))?;
        self.lock().begin(store.get_fuel()?);
        let sampler = self.clone();
        store.epoch_deadline_callback(move |store| sampler.lock().at_epoch(store));
        Ok(())
    }

    /// Drives a call, and has its stack looked at whenever it has yielded.
    pub(crate) async fn over<F: Future>(&self, engine: &Engine, call: F) -> F::Output {
        let mut call = pin!(call);
        std::future::poll_fn(|context| {
            let polled = call.as_mut().poll(context);
            if polled.is_pending() && self.lock().want() {
                engine.increment_epoch();
            }
            polled
        })
        .await
    }

    /// Fuel that was spent at the last sample; exact.
    pub(crate) fn spent(&self) -> u64 {
        self.lock().spent()
    }

    /// What was seen.
    pub(crate) fn finish(&self) -> Samples {
        std::mem::take(&mut self.lock().seen)
    }
}

#[derive(Debug)]
struct Recorder {
    deadline: Instant,
    /// When the call began, and its fuel then; none before that.
    began: Option<(Instant, u64)>,
    /// The guest has yielded; what else moves the epoch is no reason to look.
    wanted: bool,
    /// Fuel that was left at the last sample.
    left: u64,
    /// The guest's code counts on yielding after as much fuel.
    interval: u64,
    random: u64,
    functions: HashMap<u32, u32>,
    stacks: HashMap<Stack, u32>,
    seen: Samples,
}

impl Recorder {
    fn new(deadline: Instant) -> Self {
        Self {
            deadline,
            began: None,
            wanted: false,
            left: 0,
            interval: FIRST_INTERVAL,
            random: 0x9e37_79b9_7f4a_7c15,
            functions: HashMap::new(),
            stacks: HashMap::new(),
            seen: Samples::default(),
        }
    }

    fn begin(&mut self, fuel: u64) {
        self.began = Some((Instant::now(), fuel));
        self.left = fuel;
    }

    const fn want(&mut self) -> bool {
        self.wanted = self.began.is_some();
        self.wanted
    }

    fn spent(&self) -> u64 {
        self.began.map_or(0, |(_, fuel)| fuel.saturating_sub(self.left))
    }

    /// Interrupts the guest at its deadline, as in any call. It need not yield here: it does so each time that it has spent
    /// its interval.
    fn at_epoch(&mut self, store: StoreContextMut<'_, Meter>) -> wasmtime::Result<UpdateDeadline> {
        if Instant::now() >= self.deadline {
            return Ok(UpdateDeadline::Interrupt);
        }
        self.look(store)?;
        Ok(UpdateDeadline::Continue(1))
    }

    /// Takes a sample, if the guest has yielded just now.
    fn look(&mut self, mut store: StoreContextMut<'_, Meter>) -> wasmtime::Result<()> {
        let Some((began, _)) = self.began.filter(|_| std::mem::take(&mut self.wanted)) else { return Ok(()) };
        let left = store.get_fuel()?;
        let backtrace = WasmBacktrace::force_capture(&store);
        let stack = self.stack(backtrace.frames());
        self.seen.samples.push(Sample { at: began.elapsed(), fuel: self.left.saturating_sub(left), stack });
        self.left = left;
        self.vary_interval(&mut store, left)
    }

    /// Makes the interval after the next one another: a loop whose rounds fit into the interval would otherwise be seen in
    /// one and the same place each time.
    ///
    /// The guest's code holds its account in a register here. It has just been given `self.interval`, will spend that, and
    /// will write over what the store says now; the store's other account, the reserve, is what stays. Setting an interval
    /// takes that much out of the reserve, so the difference is put back. Without this the guest would be given fuel.
    fn vary_interval(&mut self, store: &mut StoreContextMut<'_, Meter>, left: u64) -> wasmtime::Result<()> {
        let Some(reserve) = left.checked_sub(self.interval) else {
            // The guest has been given all that was left. It never comes here again.
            return Ok(());
        };
        let next = self.next_interval();
        let Some(fuel) = reserve.checked_add(next) else { return Ok(()) };
        store.fuel_async_yield_interval(Some(next))?;
        store.set_fuel(fuel)?;
        self.interval = next;
        Ok(())
    }

    /// Between half of the interval and one and a half of it, at random, and the same in each run.
    fn next_interval(&mut self) -> u64 {
        let doubled = self.seen.samples.len() / SAMPLES_PER_INTERVAL;
        let mean = (FIRST_INTERVAL << doubled.min(20)).min(LONGEST_INTERVAL);
        // Marsaglia's xorshift.
        self.random ^= self.random << 13;
        self.random ^= self.random >> 7;
        self.random ^= self.random << 17;
        mean / 2 + self.random % mean
    }

    /// The stack of these frames, innermost first. What led to the entry of a function was spent by its caller. Where there
    /// are too many stacks, it is the part of it that is known.
    fn stack(&mut self, frames: &[FrameInfo]) -> Option<u32> {
        let entered = frames.len() > 1 && frames.first().is_some_and(|frame| frame.func_offset() == Some(0));
        let mut stack = None;
        for frame in frames.iter().skip(usize::from(entered)).rev() {
            match self.push(stack, frame) {
                None => break,
                deeper => stack = deeper,
            }
        }
        stack
    }

    /// The stack with one frame more; none where there are too many.
    fn push(&mut self, parent: Option<u32>, frame: &FrameInfo) -> Option<u32> {
        let function = self.function(frame);
        let stack = Stack { parent, function };
        if let Some(known) = self.stacks.get(&stack) {
            return Some(*known);
        }
        if self.seen.stacks.len() == MAX_STACKS {
            return None;
        }
        let index = u32::try_from(self.seen.stacks.len()).ok()?;
        self.seen.stacks.push(stack);
        self.stacks.insert(stack, index);
        Some(index)
    }

    fn function(&mut self, frame: &FrameInfo) -> u32 {
        *self.functions.entry(frame.func_index()).or_insert_with(|| {
            let name = frame.func_name().map(ToOwned::to_owned);
            self.seen.functions.push(Function { index: frame.func_index(), name });
            u32::try_from(self.seen.functions.len() - 1).unwrap_or(u32::MAX)
        })
    }
}
