//! The eye on a running call: one absolute deadline, one budget of processor time.

use std::future::Future;
use std::io;
use std::pin::Pin;
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
}

/// Why a call was dropped where it stood.
#[derive(Debug)]
pub(crate) enum Stopped {
    /// It has reached a limit.
    Limit(LimitKind),
    /// Nothing would interrupt it: the system has no thread for the ticker.
    NoTicker(io::Error),
}

/// The most that the first slice of a call counts as processor time. It ends after a million of fuel, which takes a guest
/// less than this; the rest is time that the system gave to others.
const FIRST_SLICE_MAX: Duration = Duration::from_millis(1);

impl Watch {
    pub(crate) fn start(limits: &Limits) -> Self {
        let started = Instant::now();
        let (deadline, cpu_limit) = (started + limits.time(), limits.cpu_time());
        Self { started, deadline, cpu_limit, cpu: Duration::ZERO, uncounted: Duration::ZERO }
    }

    pub(crate) const fn deadline(&self) -> Instant {
        self.deadline
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
            let polled = slice.measure(self, || future.as_mut().poll(context));
            match polled {
                Poll::Ready(output) => Poll::Ready(Ok(output)),
                Poll::Pending if Instant::now() >= self.deadline => Poll::Ready(Err(Stopped::Limit(LimitKind::Time))),
                Poll::Pending if self.cpu >= self.cpu_limit => Poll::Ready(Err(Stopped::Limit(LimitKind::Cpu))),
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
        self.cpu + self.uncounted
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
fn thread_time() -> Duration {
    let time = clock_gettime(ClockId::ThreadCPUTime);
    Duration::new(time.tv_sec.unsigned_abs(), u32::try_from(time.tv_nsec).unwrap_or(0))
}
