//! The one place at which an effect is decided upon, recorded, and then done.
//!
//! A [`Permit`] comes from here alone, and serves once:
//!
//! ```compile_fail,E0451
//! fn forge(permit: vak_runtime::Permit) -> vak_runtime::Permit {
//!     vak_runtime::Permit { ..permit }
//! }
//! ```
//!
//! ```compile_fail,E0308
//! fn again(permit: &vak_runtime::Permit) -> vak_runtime::Permit {
//!     permit.clone()
//! }
//! ```

use std::fmt;
use std::future::Future;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::task::Poll;
use std::time::{Duration, Instant};

use serde::Serialize;
use vak_abi::Status;
use vak_model::{Decision, Denial, Effect, GuestPath, LimitKind};
use vak_policy::Grant;

use crate::alarm::{Alarm, Alarms, Pause};
use crate::failure::Failure;
use crate::record::{Ended, RecordError, Recorder, Summary};
use crate::workers::{Refused, Workers};
use crate::world::{Body, Stated, World, WorldError, WorldFuture};

/// How many denials a call remembers for whoever explains them: a guest can ask for what it may not have a million times.
const MAX_DENIED: usize = 16;

/// How long a call waits until it tries again to get what somebody else holds.
const RETRY: Duration = Duration::from_millis(10);

/// What a call waits with: its deadline, the alarm for it, and the threads that do what blocks.
#[derive(Debug)]
pub(crate) struct Waiting {
    pub(crate) deadline: Instant,
    pub(crate) alarms: Arc<Alarms>,
    pub(crate) workers: Arc<Workers>,
    /// Processor time that threads have used for this call, in nanoseconds.
    pub(crate) cpu: Arc<AtomicU64>,
}

/// The right to do one effect: it was allowed, and is on record. Only the gate makes one, and the world takes it by value.
#[must_use]
pub struct Permit {
    waiting: Arc<Waiting>,
    judge: Judge,
}

/// What was allowed, and whether the same would be allowed elsewhere: a path may lead to another one.
#[derive(Clone, Debug)]
pub(crate) struct Judge {
    grant: Arc<Grant>,
    effect: Effect,
}

impl Judge {
    /// Whether the effect may happen where its path, or one of them, leads.
    pub(crate) fn allows_at(&self, path: GuestPath) -> bool {
        let there = match &self.effect {
            Effect::FsRead { .. } => Effect::FsRead { path },
            Effect::FsList { .. } => Effect::FsList { path },
            Effect::FsStat { .. } => Effect::FsStat { path },
            Effect::FsWrite { bytes, .. } => Effect::FsWrite { path, bytes: *bytes },
            Effect::FsRemove { .. } => Effect::FsRemove { path },
            Effect::FsRename { .. } => Effect::FsRename { from: path.clone(), to: path },
            _ => return false,
        };
        self.grant.decide(&there).is_allowed()
    }
}

impl fmt::Debug for Permit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Permit").finish_non_exhaustive()
    }
}

impl Permit {
    /// When the call is over.
    pub(crate) fn deadline(&self) -> Instant {
        self.waiting.deadline
    }

    /// What it was given for.
    pub(crate) fn judge(&self) -> Judge {
        self.judge.clone()
    }

    /// Does on a thread what may block. If the call ends before, the work ends by itself, or is not begun.
    pub(crate) async fn on_a_thread<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> Attempt<T> + Send + Clone + 'static,
    ) -> Result<T, WorldError> {
        loop {
            let attempt = work.clone();
            match self.waiting.workers.submit(Arc::clone(&self.waiting.cpu), attempt) {
                Ok(pending) => match pending.await {
                    Ok(Attempt::Done(done)) => return done,
                    Ok(Attempt::Later) => {}
                    Err(_) => return Err(WorldError::Broken("a host function broke down".to_owned())),
                },
                Err(Refused::Full) => {}
                Err(Refused::NoThread) => return Err(Failure::FsIo(std::io::ErrorKind::WouldBlock).into()),
            }
            Pause::until(Instant::now() + RETRY, Arc::clone(&self.waiting.alarms)).await;
        }
    }
}

/// What came of trying.
pub(crate) enum Attempt<T> {
    /// It is done, or can't be.
    Done(Result<T, WorldError>),
    /// Somebody else holds what it needs.
    Later,
}

/// What an effect is done with, once it may be.
pub(crate) type Act = Box<dyn for<'w> FnOnce(&'w mut dyn World, Permit) -> WorldFuture<'w> + Send>;

/// What a host function asks of the gate.
pub(crate) struct Ask {
    pub(crate) effect: Effect,
    /// The body of the request, for the record; empty if it has none.
    pub(crate) body: Option<Body>,
    pub(crate) act: Act,
}

/// What the guest gets.
#[derive(Clone, Debug)]
pub(crate) struct Reply {
    pub(crate) status: Status,
    pub(crate) bytes: Vec<u8>,
}

/// Why there is no reply: the run ends.
#[derive(Clone, Debug, thiserror::Error)]
pub(crate) enum Stop {
    #[error(transparent)]
    Record(#[from] RecordError),
    #[error("limit reached: {0}")]
    Limit(LimitKind),
    #[error("{0}")]
    Broken(String),
}

/// What stands between a guest and the world for one call.
pub(crate) struct Gate {
    pub(crate) grant: Arc<Grant>,
    pub(crate) world: Box<dyn World>,
    pub(crate) recorder: Option<Box<dyn Recorder>>,
    pub(crate) waiting: Arc<Waiting>,
    pub(crate) denied: Vec<(Effect, Denial)>,
}

impl Gate {
    /// Does what is asked for if the grant allows it, and leaves a record whatever happens.
    pub(crate) async fn perform(&mut self, ask: Ask) -> Result<Reply, Stop> {
        let Ask { effect, body, act } = ask;
        let decision = self.grant.decide(&effect);
        let mut entry = Entry { recorder: self.recorder.as_deref_mut(), body, open: false };
        entry.intent(&effect, &decision)?;
        if let Decision::Denied(denial) = decision {
            let reply = Reply::denied(denial.ground.word(), &format_args!("{effect}: {}", denial.ground));
            if self.denied.len() < MAX_DENIED {
                self.denied.push((effect, denial));
            }
            entry.outcome(Ended::Denied, Some(&reply))?;
            return Ok(reply);
        }
        let judge = Judge { grant: Arc::clone(&self.grant), effect };
        let permit = Permit { waiting: Arc::clone(&self.waiting), judge };
        let world = self.world.as_mut();
        let done = guarded(&self.waiting, async move { act(world, permit).await }).await;
        match done {
            Ok(done) => entry.close(done),
            Err(broken) => entry.stop(Ended::Broken, Stop::Broken(broken)),
        }
    }
}

/// The record of one effect. One that is dropped before its outcome is known says so.
struct Entry<'a> {
    recorder: Option<&'a mut (dyn Recorder + 'static)>,
    body: Option<Body>,
    open: bool,
}

impl Entry<'_> {
    fn intent(&mut self, effect: &Effect, decision: &Decision) -> Result<(), RecordError> {
        let recorded = self.recorder.as_deref_mut().map_or(Ok(()), |recorder| recorder.intent(effect, decision));
        self.open = recorded.is_ok();
        recorded
    }

    fn outcome(&mut self, ended: Ended, reply: Option<&Reply>) -> Result<(), RecordError> {
        self.open = false;
        let Some(recorder) = self.recorder.as_deref_mut() else { return Ok(()) };
        let request = self.body.as_ref().map(Body::as_slice);
        recorder.outcome(&Summary { ended, request, response: reply.map(|reply| reply.bytes.as_slice()) })
    }

    fn close(mut self, done: Result<crate::world::Response, WorldError>) -> Result<Reply, Stop> {
        let (ended, reply) = match done {
            Ok(response) => (Ended::Done, Reply { status: Status::Done, bytes: response.into_bytes() }),
            Err(WorldError::Failed(failure)) => (Ended::Failed(failure.code()), Reply::failed(&failure)),
            Err(error @ WorldError::Escapes) => (Ended::Escaped, Reply::denied(ESCAPES, &error)),
            Err(error @ WorldError::Address(_)) => (Ended::Reserved, Reply::denied(RESERVED, &error)),
            Err(WorldError::Stated(Stated::Failed(error))) => {
                (Ended::Failed(STATED), Reply::error(Status::Failed, &error.code, &error.message))
            }
            Err(WorldError::Stated(Stated::Denied(error))) => {
                (Ended::Denied, Reply::denied(&error.code, &error.message))
            }
            Err(WorldError::Limit(kind)) => return self.stop(Ended::Limit(kind), Stop::Limit(kind)),
            Err(error @ (WorldError::Broken(_) | WorldError::Folder { .. })) => {
                return self.stop(Ended::Broken, Stop::Broken(error.to_string()));
            }
        };
        self.outcome(ended, Some(&reply))?;
        Ok(reply)
    }

    fn stop(mut self, ended: Ended, stop: Stop) -> Result<Reply, Stop> {
        self.outcome(ended, None)?;
        Err(stop)
    }
}

impl Drop for Entry<'_> {
    fn drop(&mut self) {
        if self.open {
            // The run is over already, and ends with what ended it.
            let _ = self.outcome(Ended::Interrupted, None);
        }
    }
}

/// What a guest is told of a path that leads out of its folder.
pub(crate) const ESCAPES: &str = "path.escapes";

/// What a guest is told of a host whose address may not be dialled.
pub(crate) const RESERVED: &str = "http.address";

/// What a record calls an error that a golden case states.
const STATED: &str = "golden.stated";

impl Reply {
    pub(crate) fn denied(code: &str, message: &dyn fmt::Display) -> Self {
        Self::error(Status::Denied, code, message)
    }

    pub(crate) fn failed(failure: &Failure) -> Self {
        Self::error(Status::Failed, failure.code(), failure)
    }

    fn error(status: Status, code: &str, message: &dyn fmt::Display) -> Self {
        #[derive(Serialize)]
        struct Error<'a> {
            code: &'a str,
            message: String,
        }
        let error = Error { code, message: message.to_string() };
        Self { status, bytes: crate::world::Response::json(&error).into_bytes() }
    }
}

/// Drives what the host does for a guest: a panic becomes an error, and a wait ends at the deadline at the latest.
pub(crate) async fn guarded<F: Future>(waiting: &Waiting, future: F) -> Result<F::Output, String> {
    let mut future = pin!(future);
    let mut alarm = Alarm::of(Arc::clone(&waiting.alarms));
    std::future::poll_fn(move |context| {
        match catch_unwind(AssertUnwindSafe(|| future.as_mut().poll(context))) {
            Ok(Poll::Ready(output)) => Poll::Ready(Ok(output)),
            Ok(Poll::Pending) => {
                alarm.set(waiting.deadline, context.waker());
                Poll::Pending
            }
            // It is not polled again: the caller ends the run.
            Err(_) => Poll::Ready(Err("a host function broke down".to_owned())),
        }
    })
    .await
}
