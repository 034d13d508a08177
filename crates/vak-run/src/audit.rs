//! What a run leaves on record: that it began and of what, and how it ended, refused runs included.
//!
//! The beginning is in the log before the skill is called, the end before its answer is given. If the log fails, the skill
//! is not called, or its answer not given. Inputs and outputs are in it by digest and length alone, error messages not at
//! all, since they may quote both.

use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::SystemTime;

use clap::{Args, ValueEnum};
use vak_audit::{AuditLog, Durability, Kind, LogConfig, LogError, Record, RunId, Subject, Trail, Value};
use vak_cli::{Failure, Home, quote};
use vak_model::{Code, Digest, Status, Usage};
use vak_package::{Artefact as _, Package};
use vak_runtime::{AuditRecorder, Recorder};

use crate::args::RunArgs;
use crate::report::Report;

/// How runs are recorded.
#[derive(Args, Clone, Copy, Debug)]
pub(crate) struct AuditArgs {
    /// How the run is recorded in the log of this machine: what cannot be recorded is not run
    #[arg(long, value_enum, value_name = "HOW", default_value_t = How::Buffered)]
    pub(crate) audit: How,
}

/// When a record is out of the process's hands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum How {
    /// Not at all
    Off,
    /// Its beginning and its end are with the system before anything comes of them: a power cut may lose them, no kill can
    Buffered,
    /// The same, and each effect is with the system before it happens
    Effect,
    /// The same, and on the disk
    Sync,
}

/// Where the log of this machine lies.
pub(crate) fn config() -> LogConfig {
    LogConfig::below(&Home::from_env().state)
}

/// How a run ended that was not refused.
#[derive(Debug)]
pub(crate) struct Ended<'a> {
    pub(crate) status: Status,
    pub(crate) exit: u8,
    pub(crate) output: Option<&'a [u8]>,
}

/// The record of one run.
#[derive(Debug)]
pub(crate) struct Audit {
    log: Option<Arc<Mutex<AuditLog>>>,
    trail: Arc<Mutex<Trail>>,
    asked: String,
    what: &'static str,
    subject: Subject,
    input: Option<Value>,
    started: bool,
}

impl Audit {
    /// Opens the log, unless the operator wants none. `what` is what is to be done with the skill.
    pub(crate) fn open(args: &RunArgs, what: &'static str) -> Result<Self, Failure> {
        let durability = match args.audit.audit {
            How::Off => None,
            How::Buffered => Some(Durability::Buffered),
            How::Effect => Some(Durability::Effect),
            How::Sync => Some(Durability::Sync),
        };
        Self::with(args, what, durability)
    }

    /// No record at all, of what is only looked at.
    pub(crate) fn none(args: &RunArgs) -> Result<Self, Failure> {
        Self::with(args, "explain", None)
    }

    fn with(args: &RunArgs, what: &'static str, durability: Option<Durability>) -> Result<Self, Failure> {
        let open = |durability| AuditLog::open(&config().durability(durability)).map_err(|error| failed(&error));
        let run = RunId::random().map_err(|error| Failure::of(Code::HostEngine, &error))?;
        Ok(Self {
            log: durability.map(open).transpose()?.map(|log| Arc::new(Mutex::new(log))),
            trail: Arc::new(Mutex::new(Trail::new(run))),
            asked: args.skill.clone().unwrap_or_default(),
            what,
            subject: Subject::default(),
            input: None,
            started: false,
        })
    }

    /// Notes what the skill will be given.
    pub(crate) fn input(&mut self, input: &[u8]) {
        self.input = Some(Value::payload(input));
    }

    /// Notes the skill's bytes and its manifest.
    pub(crate) fn skill(&mut self, package: &Package) {
        self.subject.module = package.id().to_string().parse().ok();
        self.subject.manifest = Some(package.document().digest());
    }

    /// Notes the operator's policy.
    pub(crate) const fn policy(&mut self, policy: Option<Digest>) {
        self.subject.policy = policy;
    }

    /// What puts the skill's host calls on record, among the entries of this run.
    pub(crate) fn recorder(&self) -> Option<Box<dyn Recorder>> {
        let log = Arc::clone(self.log.as_ref()?);
        Some(Box::new(AuditRecorder::new(log, Arc::clone(&self.trail), self.subject)))
    }

    /// Puts the beginning on record. If that fails, the skill must not be called.
    pub(crate) fn start(&mut self, report: &Report) -> Result<(), Failure> {
        self.append_start(report)?;
        self.commit()
    }

    /// Puts the end on record, and the beginning if it is not there yet. If that fails, there is no answer.
    pub(crate) fn end<T>(
        &mut self,
        result: Result<T, Failure>,
        report: &Report,
        ended: impl for<'a> Fn(&'a T) -> Ended<'a>,
    ) -> Result<T, Failure> {
        let recorded = self.append_end(&result, report, ended).and_then(|()| self.commit());
        match (recorded, result) {
            (Ok(()), result) => result,
            (Err(failure), Err(refused)) if refused.code() != failure.code() => {
                Err(failure.fact("besides", refused.one_line()))
            }
            (Err(failure), _) => Err(failure),
        }
    }

    fn append_start(&mut self, report: &Report) -> Result<(), Failure> {
        self.started = true;
        let signers = report.skill.iter().flat_map(|skill| &skill.signers).map(|signer| Value::text(signer.key()));
        let signers = report.skill.is_some().then(|| Value::list(signers));
        let record = self.record(Kind::ExecStart, report);
        let record =
            record.with("what", Value::text(self.what)).with("signers", signers).with("input", self.input.clone());
        self.append(&record)
    }

    fn append_end<T>(
        &mut self,
        result: &Result<T, Failure>,
        report: &Report,
        ended: impl for<'a> Fn(&'a T) -> Ended<'a>,
    ) -> Result<(), Failure> {
        if !self.started {
            self.append_start(report)?;
        }
        let (status, exit, output, code) = match result {
            Ok(value) => {
                let Ended { status, exit, output } = ended(value);
                (status, exit, output, None)
            }
            Err(failure) => (failure.code().fault().status(), failure.code().exit_code(), None, Some(failure.code())),
        };
        let record = self
            .record(Kind::ExecEnd, report)
            .with("status", Value::text(status.word()))
            .with("exit", Value::number(exit.into()))
            .with("code", code.map(|code| Value::text(code.word())))
            .with("output", output.map(Value::payload));
        self.append(&used(record, &report.usage))
    }

    /// A record with what is known of the skill.
    fn record(&self, kind: Kind, report: &Report) -> Record {
        let skill = report.skill.as_ref();
        let text = |text: Option<&String>| text.map(|text| Value::text(text));
        let record = locked(&self.trail).record(kind).about(self.subject).with("asked", Value::text(&self.asked));
        let record = record.with("skill", text(skill.and_then(|skill| skill.name.as_ref())));
        let record = record.with("version", text(skill.and_then(|skill| skill.version.as_ref())));
        record.with("export", text(report.export.as_ref()))
    }

    fn append(&self, record: &Record) -> Result<(), Failure> {
        let Some(log) = &self.log else { return Ok(()) };
        locked(log).append(record, SystemTime::now()).map_err(|error| failed(&error))
    }

    fn commit(&self) -> Result<(), Failure> {
        let Some(log) = &self.log else { return Ok(()) };
        locked(log).commit(SystemTime::now()).map_err(|error| failed(&error))
    }
}

/// A thread that panicked while it held the log has left it whole: it changes by one step at a time.
fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// What the run used; times in whole microseconds.
fn used(record: Record, usage: &Usage) -> Record {
    let number = |value: Option<u64>| value.map(Value::number);
    let micros = |ms: Option<f64>| ms.map(|ms| Value::number((ms * 1000.0) as u64));
    record
        .with("fuel", number(usage.fuel))
        .with("fuel_at_least", number(usage.fuel_at_least))
        .with("wall_us", micros(usage.wall_ms))
        .with("cpu_us", micros(usage.cpu_ms))
        .with("peak_memory_bytes", number(usage.peak_memory_bytes))
        .with("host_calls", number(usage.host_calls))
}

/// A log that can't be written, with what to do about it.
fn failed(error: &LogError) -> Failure {
    let folder: PathBuf = config().log_folder().to_owned();
    let shown = folder.display().to_string();
    let failure = Failure::of(error.code(), error).fact("log", &shown);
    match error {
        LogError::Mismatch(_) | LogError::KeyGone(_) => {
            failure.next("vak-run audit verify", "see where it is not as it was written").next(
                format!("mv {} {}", quote(&shown), quote(&format!("{shown}.aside"))),
                "set it aside: a new one is begun",
            )
        }
        LogError::Relative(_) => failure.next("export VAK_HOME=\"$PWD/.vak\"", "names a folder by its whole path"),
        LogError::Unsafe { .. }
        | LogError::Key(_)
        | LogError::NoEntropy
        | LogError::Io { .. }
        | LogError::Busy
        | LogError::Broken => failure.next("vak-run SKILL --audit off", "runs it without a record, if you must"),
    }
}
