//! The eye on a running call: one absolute deadline, one budget of processor time.

use std::future::Future;
use std::pin::pin;
use std::task::Poll;
use std::time::{Duration, Instant};

use rustix::time::{ClockId, clock_gettime};
use vak_model::{LimitKind, Limits};

/// Measures a call from its start, and ends it when its time is over.
#[derive(Debug)]
pub(crate) struct Watch {
    started: Instant,
    deadline: Instant,
    cpu_limit: Duration,
    cpu: Duration,
}

impl Watch {
    pub(crate) fn start(limits: &Limits) -> Self {
        let started = Instant::now();
        Self { started, deadline: started + limits.time(), cpu_limit: limits.cpu_time(), cpu: Duration::ZERO }
    }

    pub(crate) const fn deadline(&self) -> Instant {
        self.deadline
    }

    /// Drives `future` to its end, or drops it where it stands when a limit is reached.
    ///
    /// The future must return to its caller now and then: guests do so at every tick and every million of fuel.
    pub(crate) async fn over<F: Future>(&mut self, future: F) -> Result<F::Output, LimitKind> {
        let mut future = pin!(future);
        std::future::poll_fn(|context| {
            let before = thread_time();
            let polled = future.as_mut().poll(context);
            self.cpu += thread_time().saturating_sub(before);
            match polled {
                Poll::Ready(output) => Poll::Ready(Ok(output)),
                Poll::Pending if Instant::now() >= self.deadline => Poll::Ready(Err(LimitKind::Time)),
                Poll::Pending if self.cpu >= self.cpu_limit => Poll::Ready(Err(LimitKind::Cpu)),
                Poll::Pending => Poll::Pending,
            }
        })
        .await
    }

    /// Wall-clock time since the start.
    pub(crate) fn wall(&self) -> Duration {
        self.started.elapsed()
    }

    /// Processor time that the call has used.
    pub(crate) const fn cpu(&self) -> Duration {
        self.cpu
    }
}

/// Processor time of the current thread.
fn thread_time() -> Duration {
    let time = clock_gettime(ClockId::ThreadCPUTime);
    Duration::new(time.tv_sec.unsigned_abs(), u32::try_from(time.tv_nsec).unwrap_or(0))
}
