//! The eye on a running call: one absolute deadline, one budget of processor time.

use std::future::Future;
use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::Poll;
use std::time::{Duration, Instant};

use rustix::time::{ClockId, clock_gettime};
use vak_model::{LimitKind, Limits};

use crate::engine::TickingEngine;

/// Measures a call from its start, and ends it when its time is over.
#[derive(Debug)]
pub(crate) struct Watch {
    started: Instant,
    deadline: Instant,
    cpu_limit: Duration,
    /// Processor time that counts against the limit.
    cpu: Duration,
    /// Wall-clock time of the first slice beyond what counts.
    uncounted: Duration,
    /// Processor time that other threads have used for the call, in nanoseconds; none if they can't.
    elsewhere: Option<Arc<AtomicU64>>,
}

/// Why a call was dropped where it stood.
#[derive(Debug)]
pub(crate) enum Stopped {
    /// It has reached a limit.
    Limit(LimitKind),
    /// Nothing would interrupt it: the system has no thread for the ticker.
    NoTicker(io::Error),
    /// The host itself panicked on the way: in a limiter, a world, or the engine.
    Panicked,
}

/// The most that the first slice of a call counts as processor time. It ends after a million of fuel, which takes a guest
/// less than this; the rest is time that the system gave to others.
const FIRST_SLICE_MAX: Duration = Duration::from_millis(1);

impl Watch {
    pub(crate) fn start(limits: &Limits) -> Self {
        let started = Instant::now();
        let (deadline, cpu_limit) = (started + limits.time(), limits.cpu_time());
        Self { started, deadline, cpu_limit, cpu: Duration::ZERO, uncounted: Duration::ZERO, elsewhere: None }
    }

    pub(crate) const fn deadline(&self) -> Instant {
        self.deadline
    }

    /// Counts what other threads do for the call as well, and gives the account that they write it to.
    pub(crate) fn count_elsewhere(&mut self) -> Arc<AtomicU64> {
        Arc::clone(self.elsewhere.get_or_insert_default())
    }

    fn counted(&self) -> Duration {
        self.elsewhere.as_ref().map_or(self.cpu, |nanos| self.cpu + Duration::from_nanos(nanos.load(Ordering::Relaxed)))
    }

    /// Drives `future` to its end, or drops it where it stands when a limit is reached.
    ///
    /// The future must return to its caller now and then: guests do so at every million of fuel, and from the first time
    /// on at every tick of `engine` too. It is pinned where it is made, since it is large, and moving it would be dearer
    /// than anything else here.
    pub(crate) async fn over<F: Future>(
        &mut self,
        engine: &TickingEngine,
        mut future: Pin<&mut F>,
    ) -> Result<F::Output, Stopped> {
        let mut slice = Slice::First;
        std::future::poll_fn(|context| {
            // What panicked is not polled again, and its store is dropped with it.
            let poll = || catch_unwind(AssertUnwindSafe(|| future.as_mut().poll(context)));
            let Ok(polled) = slice.measure(self, poll) else { return Poll::Ready(Err(Stopped::Panicked)) };
            match polled {
                Poll::Ready(output) => Poll::Ready(Ok(output)),
                Poll::Pending if Instant::now() >= self.deadline => Poll::Ready(Err(Stopped::Limit(LimitKind::Time))),
                Poll::Pending if self.counted() >= self.cpu_limit => Poll::Ready(Err(Stopped::Limit(LimitKind::Cpu))),
                Poll::Pending => {
                    engine.tick().map_or_else(|error| Poll::Ready(Err(Stopped::NoTicker(error))), |()| Poll::Pending)
                }
            }
        })
        .await
    }

    /// Wall-clock time since the start.
    pub(crate) fn wall(&self) -> Duration {
        self.started.elapsed()
    }

    /// Processor time that the call has used; of its first slice, the wall-clock time, which is no less.
    pub(crate) fn cpu(&self) -> Duration {
        self.counted() + self.uncounted
    }
}

/// Which part of a call runs next. Most calls have one only, and reading the processor's clock, a system call each time, would
/// be a tenth of them.
#[derive(Clone, Copy, Debug)]
enum Slice {
    /// Measured by the wall clock.
    First,
    /// Measured by the processor's.
    Later,
}

impl Slice {
    fn measure<T>(&mut self, watch: &mut Watch, run: impl FnOnce() -> T) -> T {
        match std::mem::replace(self, Self::Later) {
            Self::First => {
                let before = Instant::now();
                let output = run();
                let spent = before.elapsed();
                watch.cpu = spent.min(FIRST_SLICE_MAX);
                watch.uncounted = spent - watch.cpu;
                output
            }
            Self::Later => {
                let before = thread_time();
                let output = run();
                watch.cpu += thread_time().saturating_sub(before);
                output
            }
        }
    }
}

/// Processor time of the current thread.
pub(crate) fn thread_time() -> Duration {
    let time = clock_gettime(ClockId::ThreadCPUTime);
    Duration::new(time.tv_sec.unsigned_abs(), u32::try_from(time.tv_nsec).unwrap_or(0))
}

#[cfg(test)]
mod tests {
    use std::pin::pin;

    use vak_model::{LimitRequest, StackClass};
    use wasmtime::{Instance, Module, ResourceLimiter, Store};

    use super::*;
    use crate::config::{Allocation, Pool};
    use crate::{Profile, Runtime, RuntimeConfig};

    /// A limiter that does what none should.
    enum Faulty {
        Fails,
        Panics,
        Works,
    }

    impl ResourceLimiter for Faulty {
        fn memory_growing(&mut self, _: usize, desired: usize, _: Option<usize>) -> wasmtime::Result<bool> {
            match self {
                _ if desired <= 1 << 16 => Ok(true),
                Self::Fails => Err(wasmtime::Error::msg("on purpose")),
                Self::Panics => panic!("on purpose"),
                Self::Works => Ok(true),
            }
        }

        fn table_growing(&mut self, _: usize, _: usize, _: Option<usize>) -> wasmtime::Result<bool> {
            Ok(true)
        }
    }

    fn grow(engine: &TickingEngine, module: &Module, limiter: Faulty) -> Result<wasmtime::Result<i32>, Stopped> {
        let mut store = Store::new(&engine.engine, limiter);
        store.limiter(|limiter| limiter);
        store.set_fuel(10_000).expect("fuel is counted");
        store.set_epoch_deadline(1_000_000);
        let mut watch = Watch::start(&Limits::of_manifest(&LimitRequest::none()));
        let call = pin!(async {
            let instance = Instance::new_async(&mut store, module, &[]).await?;
            instance.get_typed_func::<(), i32>(&mut store, "grow")?.call_async(&mut store, ()).await
        });
        pollster::block_on(watch.over(engine, call))
    }

    #[test]
    fn b10_a_limiter_that_fails_or_panics_ends_its_call_and_gives_its_slot_back() {
        let pool = Pool { instances: 1, max_memory_bytes: 1 << 20 };
        let config = RuntimeConfig::default().allocation(Allocation::Pooling(pool));
        let runtime = Runtime::new(config).expect("a runtime");
        let engine = runtime.engine(Profile::default(), StackClass::Standard).expect("an engine");
        let text = r#"(module (memory 1) (func (export "grow") (result i32) (memory.grow (i32.const 1))))"#;
        let module = Module::new(&engine.engine, wat::parse_str(text).expect("valid")).expect("compiled");
        for _ in 0..3 {
            let failed = grow(&engine, &module, Faulty::Fails).expect("no panic");
            assert!(format!("{:#}", failed.expect_err("an error")).contains("on purpose"));
            assert!(matches!(grow(&engine, &module, Faulty::Panics), Err(Stopped::Panicked)));
            let grown = grow(&engine, &module, Faulty::Works).expect("no panic");
            assert_eq!(grown.expect("the only slot is free again"), 1);
        }
    }
}
