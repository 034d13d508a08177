//! What the gate puts on record, and where.

use std::error::Error;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::SystemTime;

use vak_audit::{AuditLog, Kind, Record, Subject, Trail, Value};
use vak_model::{Code, Decision, Effect, LimitKind, Resource};

/// How an effect ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ended {
    /// It was done.
    Done,
    /// It was not allowed, and not tried.
    Denied,
    /// Its path led out of the folder that it began in.
    Escaped,
    /// The address of its host is none that may be dialled; nothing was sent.
    Reserved,
    /// It could not be done; the code is what the guest was told.
    Failed(&'static str),
    /// A limit was reached, and it was not done.
    Limit(LimitKind),
    /// The host broke down over it; nobody knows how far it came.
    Broken,
    /// The run was over before it was done; it may be done all the same.
    Interrupted,
}

impl Ended {
    /// The word for it.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Done => "done",
            Self::Denied | Self::Escaped | Self::Reserved => "denied",
            Self::Failed(_) => "failed",
            Self::Limit(_) => "limit",
            Self::Broken => "broken",
            Self::Interrupted => "interrupted",
        }
    }

    /// The code of what it ended with, if it has one of its own.
    #[must_use]
    pub const fn code(self) -> Option<&'static str> {
        match self {
            Self::Escaped => Some(crate::gate::ESCAPES),
            Self::Reserved => Some(crate::gate::RESERVED),
            Self::Failed(code) => Some(code),
            Self::Limit(kind) => Some(kind.code().word()),
            Self::Done | Self::Denied | Self::Broken | Self::Interrupted => None,
        }
    }
}

/// What came of an effect. The bytes may be secrets: a recorder keeps their length and digest at most.
#[derive(Clone, Copy, Debug)]
pub struct Summary<'a> {
    /// How it ended.
    pub ended: Ended,
    /// The body of the request, if it has one.
    pub request: Option<&'a [u8]>,
    /// The response, if there is one.
    pub response: Option<&'a [u8]>,
}

/// Something is not on record, so it is not done.
#[derive(Clone, Debug, thiserror::Error)]
#[error("what the skill asks for can't be put on record")]
pub struct RecordError(#[source] Arc<dyn Error + Send + Sync>);

impl RecordError {
    /// For that reason.
    #[must_use]
    pub fn new(reason: impl Error + Send + Sync + 'static) -> Self {
        Self(Arc::new(reason))
    }

    /// What the error is called.
    #[must_use]
    pub const fn code(&self) -> Code {
        Code::AuditUnavailable
    }
}

/// Keeps what happens: an intent before each effect, and its outcome after it. An error of either ends the run, and
/// after an error of the first nothing was done.
pub trait Recorder: Send {
    /// An effect was decided upon, and is about to happen if it was allowed.
    ///
    /// # Errors
    /// It is not on record, and must not happen.
    fn intent(&mut self, effect: &Effect, decision: &Decision) -> Result<(), RecordError>;

    /// What came of the last intent.
    ///
    /// # Errors
    /// It is not on record.
    fn outcome(&mut self, result: &Summary<'_>) -> Result<(), RecordError>;
}

/// Records into an audit log.
#[derive(Debug)]
pub struct AuditRecorder {
    log: Arc<Mutex<AuditLog>>,
    trail: Arc<Mutex<Trail>>,
    subject: Subject,
    /// The number of the last intent.
    of: u64,
}

impl AuditRecorder {
    /// Records what one run does, into its trail, which others may write to as well.
    #[must_use]
    pub const fn new(log: Arc<Mutex<AuditLog>>, trail: Arc<Mutex<Trail>>, subject: Subject) -> Self {
        Self { log, trail, subject, of: 0 }
    }

    fn record(&self, kind: Kind) -> Record {
        locked(&self.trail).record(kind).about(self.subject)
    }
}

/// A thread that panicked has left a log or a trail that is whole: both change by one step at a time.
fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Recorder for AuditRecorder {
    fn intent(&mut self, effect: &Effect, decision: &Decision) -> Result<(), RecordError> {
        let record = self.record(Kind::HostCall).with("call", Value::text(effect.call().name()));
        self.of = record.seq();
        let record = asked(record, effect);
        let (allowed, code, policies) = match decision {
            Decision::Allowed { policies } => (true, None, policies),
            Decision::Denied(denial) => (false, Some(denial.ground.word()), &denial.policies),
        };
        let record = record
            .with("allowed", Value::flag(allowed))
            .with("code", code.map(Value::text))
            .with("policies", Value::list(policies.iter().map(|policy| Value::text(policy))));
        locked(&self.log).intend(&record, SystemTime::now()).map_err(RecordError::new)
    }

    fn outcome(&mut self, result: &Summary<'_>) -> Result<(), RecordError> {
        let record = self
            .record(Kind::HostCallEnd)
            .with("of", Value::number(self.of))
            .with("ended", Value::text(result.ended.word()))
            .with("code", result.ended.code().map(Value::text))
            .with("request", result.request.map(Value::payload))
            .with("response", result.response.map(Value::payload));
        locked(&self.log).append(&record, SystemTime::now()).map_err(RecordError::new)
    }
}

/// What is asked for: paths and keys as texts, and no contents.
fn asked(record: Record, effect: &Effect) -> Record {
    let mut resources = effect.resources().map(|resource| match resource {
        Resource::Path(path) => Some(("path", Value::text(path.as_str()))),
        Resource::Url(url) => Some(("url", Value::text(&url.to_string()))),
        Resource::Key(key) => Some(("key", Value::text(key))),
        Resource::Host => None,
    });
    let record = match resources.next().flatten() {
        Some((key, value)) => record.with(key, value),
        None => record,
    };
    let to = resources.next().flatten().map(|(_, value)| value);
    let method = if let Effect::HttpFetch { method, .. } = effect { Some(Value::text(method.word())) } else { None };
    let actions = if let Effect::VerifyPlan { actions } = effect { Some(Value::number(*actions)) } else { None };
    record
        .with("method", method)
        .with("to", to)
        .with("bytes", effect.bytes().map(Value::number))
        .with("actions", actions)
}
