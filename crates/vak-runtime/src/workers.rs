//! The threads that wait for files and stores, so that no call has to: a few, and no more than a few.

use std::collections::VecDeque;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex, PoisonError, Weak};
use std::task::{Context, Poll, Waker};
use std::thread;
use std::time::Duration;

use crate::watch::thread_time;

/// How many threads there are at most. A stuck file system holds up this many jobs, and all others behind them until their
/// deadlines.
const MAX_THREADS: usize = 4;

/// How many jobs wait for a thread at most, so that calls that can't be served cost no memory.
const MAX_WAITING: usize = 1024;

/// The threads of one runtime, which start when they are needed, and end with it.
#[derive(Debug, Default)]
pub(crate) struct Workers {
    shared: Arc<Shared>,
}

#[derive(Default)]
struct Shared {
    state: Mutex<State>,
    work: Condvar,
}

#[derive(Default)]
struct State {
    waiting: VecDeque<Box<dyn Job>>,
    threads: usize,
    idle: usize,
    ended: bool,
}

impl std::fmt::Debug for Shared {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Shared").finish_non_exhaustive()
    }
}

/// Something that is done on a thread, if anybody still wants it then.
trait Job: Send {
    fn run(self: Box<Self>);
}

/// Why a job is not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Refused {
    /// As many are waiting as may.
    Full,
    /// The system gives no thread.
    NoThread,
}

/// A job broke down.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Panicked;

impl Workers {
    /// Has `work` done on a thread. A job that nobody waits for any more when its turn comes is not begun.
    pub(crate) fn submit<T: Send + 'static>(
        &self,
        cpu: Arc<AtomicU64>,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<Pending<T>, Refused> {
        let place = Arc::new(Place(Mutex::new(Slot::Empty)));
        let mut state = self.shared.state.lock().unwrap_or_else(PoisonError::into_inner);
        if state.waiting.len() >= MAX_WAITING {
            return Err(Refused::Full);
        }
        if state.idle <= state.waiting.len() && state.threads < MAX_THREADS {
            match self.start() {
                Ok(()) => state.threads += 1,
                Err(_) if state.threads > 0 => {}
                Err(_) => return Err(Refused::NoThread),
            }
        }
        state.waiting.push_back(Box::new(Work { work, place: Arc::downgrade(&place), cpu }));
        drop(state);
        self.shared.work.notify_one();
        Ok(Pending { place })
    }

    fn start(&self) -> std::io::Result<()> {
        let shared = Arc::clone(&self.shared);
        thread::Builder::new().name("vak-worker".to_owned()).spawn(move || shared.serve()).map(drop)
    }
}

/// Threads that wait for work end; one that is stuck is not waited for.
impl Drop for Workers {
    fn drop(&mut self) {
        self.shared.state.lock().unwrap_or_else(PoisonError::into_inner).ended = true;
        self.shared.work.notify_all();
    }
}

impl Shared {
    fn serve(&self) {
        while let Some(job) = self.next() {
            job.run();
        }
    }

    fn next(&self) -> Option<Box<dyn Job>> {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        loop {
            if state.ended {
                return None;
            }
            if let Some(job) = state.waiting.pop_front() {
                return Some(job);
            }
            state.idle += 1;
            state = self.work.wait(state).unwrap_or_else(PoisonError::into_inner);
            state.idle -= 1;
        }
    }
}

struct Work<T, F> {
    work: F,
    /// Weak: a call that was dropped leaves no place.
    place: Weak<Place<T>>,
    cpu: Arc<AtomicU64>,
}

impl<T: Send, F: FnOnce() -> T + Send> Job for Work<T, F> {
    fn run(self: Box<Self>) {
        let Self { work, place, cpu } = *self;
        if place.strong_count() == 0 {
            return;
        }
        let before = thread_time();
        let done = catch_unwind(AssertUnwindSafe(work)).map_err(|_| Panicked);
        let spent: Duration = thread_time().saturating_sub(before);
        cpu.fetch_add(u64::try_from(spent.as_nanos()).unwrap_or(u64::MAX), Ordering::Relaxed);
        if let Some(place) = place.upgrade() {
            place.fill(done);
        }
    }
}

struct Place<T>(Mutex<Slot<T>>);

enum Slot<T> {
    Empty,
    Awaited(Waker),
    Done(Result<T, Panicked>),
}

impl<T> Place<T> {
    fn fill(&self, done: Result<T, Panicked>) {
        let before = std::mem::replace(&mut *self.lock(), Slot::Done(done));
        if let Slot::Awaited(waker) = before {
            waker.wake();
        }
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Slot<T>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A job under way. Dropping it leaves the job to end by itself, or keeps it from being begun.
pub(crate) struct Pending<T> {
    place: Arc<Place<T>>,
}

impl<T> Future for Pending<T> {
    type Output = Result<T, Panicked>;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let mut slot = self.place.lock();
        match std::mem::replace(&mut *slot, Slot::Awaited(context.waker().clone())) {
            Slot::Done(done) => Poll::Ready(done),
            Slot::Empty | Slot::Awaited(_) => Poll::Pending,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;

    use super::*;

    fn submit<T: Send + 'static>(workers: &Workers, work: impl FnOnce() -> T + Send + 'static) -> Pending<T> {
        workers.submit(Arc::default(), work).expect("taken")
    }

    #[test]
    fn a_job_that_panics_is_told_of_and_the_thread_goes_on() {
        let workers = Workers::default();
        let panicking: Pending<()> = submit(&workers, || panic!("on purpose"));
        assert_eq!(pollster::block_on(panicking), Err(Panicked));
        assert_eq!(pollster::block_on(submit(&workers, || 5)), Ok(5));
    }

    #[test]
    fn jobs_beyond_the_threads_wait_and_those_that_nobody_wants_are_not_begun() {
        let workers = Workers::default();
        let (release, held) = mpsc::channel::<()>();
        let held = Arc::new(Mutex::new(held));
        let stuck: Vec<_> = (0..MAX_THREADS)
            .map(|_| {
                let held = Arc::clone(&held);
                submit(&workers, move || held.lock().expect("not poisoned").recv().unwrap_or_default())
            })
            .collect();
        let begun = Arc::new(AtomicU64::new(0));
        let count = Arc::clone(&begun);
        drop(submit(&workers, move || count.fetch_add(1, Ordering::SeqCst)));
        let last = submit(&workers, || "served");
        let mut full = Vec::new();
        while let Ok(pending) = workers.submit(Arc::default(), || ()) {
            full.push(pending);
        }
        assert!(full.len() <= MAX_WAITING);
        drop(release);
        for pending in stuck {
            assert_eq!(pollster::block_on(pending), Ok(()));
        }
        assert_eq!(pollster::block_on(last), Ok("served"));
        assert_eq!(begun.load(Ordering::SeqCst), 0);
    }

    #[test]
    fn what_a_job_computes_is_counted() {
        let (workers, cpu) = (Workers::default(), Arc::new(AtomicU64::new(0)));
        let spin = || (0..2_000_000_u64).fold(1_u64, |sum, i| std::hint::black_box(sum.wrapping_mul(3) ^ i));
        let pending = workers.submit(Arc::clone(&cpu), spin).expect("taken");
        pollster::block_on(pending).expect("done");
        assert!(cpu.load(Ordering::Relaxed) > 100_000);
    }
}
