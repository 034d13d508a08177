//! A world that was written down: each host call gets the answer that a golden case states for it, in the order of the case.
//!
//! Nothing real stands behind it. What the gate allows comes here as to every [`World`], what it denies through the
//! [`Recorder`]; both read one script, and the first call that is not the one stated ends the run.

use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use serde_json::{Value, json};
use vak_model::{Contents, Decision, Effect, GuestPath, HostAnswer, HostCall, HostLine, KvKey, printable};

use super::{
    Body, FsRead, FsWrite, HttpFetch, KvList, LogLevel, PlanCheck, Reason, Response, Stated, World, WorldError,
    WorldFuture, WriteMode,
};
use crate::gate::Permit;
use crate::golden::same;
use crate::record::{RecordError, Recorder, Summary};

/// How much of a request a message shows, in characters.
const MAX_SHOWN: usize = 400;

/// A host call that is not the one that the golden case states.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HostMismatch {
    /// Its place among the host calls of the run, from 1.
    pub place: usize,
    /// What the case states there; nothing, if it states no more calls.
    pub stated: Option<String>,
    /// What came; nothing, if the run ended without it.
    pub came: Option<String>,
}

impl std::error::Error for HostMismatch {}

impl fmt::Display for HostMismatch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let none = || "none".to_owned();
        let [stated, came] = [&self.stated, &self.came].map(|call| call.clone().unwrap_or_else(none));
        write!(f, "host call {}: `{stated}` is stated, and `{came}` came", self.place)
    }
}

/// What is asked for, as it is compared with what is stated.
struct Asked<'a> {
    call: HostCall,
    request: Value,
    body: Option<&'a [u8]>,
}

impl fmt::Display for Asked<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.call, printable(&self.request.to_string(), MAX_SHOWN))?;
        match self.body {
            Some(body) => {
                write!(f, " with the body {}", Contents::Bytes(body.get(..MAX_SHOWN).unwrap_or(body).to_vec()))
            }
            None => Ok(()),
        }
    }
}

impl Asked<'_> {
    fn is(&self, line: &HostLine) -> bool {
        let body = |stated: &Contents| match (stated, self.body.unwrap_or_default()) {
            // A line of a log has been escaped by now.
            (Contents::Bytes(bytes), body) if self.call == HostCall::Log => {
                printable(&String::from_utf8_lossy(bytes), usize::MAX).as_bytes() == body
            }
            (Contents::Bytes(bytes), body) => bytes == body,
            (Contents::Json(value), body) => vak_package::parse_json(body).is_ok_and(|body| same(value, &body)),
        };
        self.call == line.call
            && line.request.iter().all(|(key, value)| self.request.get(key).is_some_and(|asked| fits(value, asked)))
            && line.body.as_ref().is_none_or(body)
    }
}

/// Whether a value is what a pattern says: of mappings only what is named counts, lists have the same length.
fn fits(pattern: &Value, value: &Value) -> bool {
    match (pattern, value) {
        (Value::Object(pattern), Value::Object(value)) => {
            pattern.iter().all(|(key, pattern)| value.get(key).is_some_and(|value| fits(pattern, value)))
        }
        (Value::Array(pattern), Value::Array(value)) => {
            pattern.len() == value.len() && pattern.iter().zip(value).all(|(pattern, value)| fits(pattern, value))
        }
        _ => same(pattern, value),
    }
}

/// How far a run has come in what a case states.
#[derive(Debug)]
struct Progress {
    lines: Vec<HostLine>,
    /// How many calls were as stated.
    made: usize,
    mismatch: Option<HostMismatch>,
}

/// What a case states, shared by what answers and who looks whether all of it came.
#[derive(Clone, Debug)]
pub(crate) struct Script(Arc<Mutex<Progress>>);

impl Script {
    pub(crate) fn new(lines: &[HostLine]) -> Self {
        Self(Arc::new(Mutex::new(Progress { lines: lines.to_vec(), made: 0, mismatch: None })))
    }

    /// What went another way than stated; a run that ended well has also to have come to the script's end.
    pub(crate) fn mismatch(&self, ended_well: bool) -> Option<HostMismatch> {
        let progress = self.progress();
        let Progress { lines, made, mismatch } = &*progress;
        let missing = || {
            let line = lines.get(*made).filter(|_| ended_well)?;
            Some(HostMismatch { place: made + 1, stated: Some(line.to_string()), came: None })
        };
        mismatch.clone().or_else(missing)
    }

    /// It changes by one step at a time, so that a panic leaves it whole.
    fn progress(&self) -> MutexGuard<'_, Progress> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The answer to a call, if it `is` the one that comes next.
    fn answer(&self, asked: &Asked<'_>, is: impl Fn(&HostLine) -> bool) -> Result<HostAnswer, HostMismatch> {
        let mut progress = self.progress();
        let next = progress.lines.get(progress.made);
        if progress.mismatch.is_none()
            && let Some(line) = next.filter(|line| is(line))
        {
            let answer = line.answer.clone();
            progress.made += 1;
            return Ok(answer);
        }
        let stated = next.map(ToString::to_string);
        let mismatch = HostMismatch { place: progress.made + 1, stated, came: Some(asked.to_string()) };
        Err(progress.mismatch.get_or_insert(mismatch).clone())
    }

    /// Notes that an answer is none that the call could ever get.
    fn refuse(&self, asked: &Asked<'_>, stated: String) -> WorldError {
        let mut progress = self.progress();
        let place = progress.made;
        let mismatch = HostMismatch { place, stated: Some(stated), came: Some(asked.to_string()) };
        WorldError::Broken(progress.mismatch.get_or_insert(mismatch).to_string())
    }

    /// What the world answers; `most` is how long a response can be at most.
    fn serve(&self, asked: &Asked<'_>, most: Option<usize>) -> Result<Response, WorldError> {
        match self.answer(asked, |line| asked.is(line)).map_err(|mismatch| WorldError::Broken(mismatch.to_string()))? {
            HostAnswer::Done(bytes) if most.is_some_and(|most| bytes.len() > most) => {
                Err(self.refuse(asked, format!("a response of {} bytes", bytes.len())))
            }
            HostAnswer::Done(bytes) => Ok(Response::bytes(bytes)),
            HostAnswer::Failed(error) => Err(WorldError::Stated(Stated::Failed(error))),
            HostAnswer::Denied(error) => Err(WorldError::Stated(Stated::Denied(error))),
        }
    }
}

/// The world of one run.
pub(crate) struct RecordedWorld(pub(crate) Script);

impl RecordedWorld {
    fn say<'a>(&self, call: HostCall, request: Value, body: Option<&[u8]>) -> WorldFuture<'a> {
        self.say_at_most(call, request, body, None)
    }

    fn say_at_most<'a>(
        &self,
        call: HostCall,
        request: Value,
        body: Option<&[u8]>,
        most: Option<usize>,
    ) -> WorldFuture<'a> {
        Box::pin(std::future::ready(self.0.serve(&Asked { call, request, body }, most)))
    }
}

const fn mode(mode: WriteMode) -> &'static str {
    match mode {
        WriteMode::Create => "create",
        WriteMode::Replace => "replace",
        WriteMode::Append => "append",
    }
}

impl World for RecordedWorld {
    fn fs_read(&mut self, permit: Permit, request: FsRead) -> WorldFuture<'_> {
        drop(permit);
        let FsRead { path, offset, length } = request;
        let request = json!({ "path": path.as_str(), "offset": offset, "length": length });
        self.say_at_most(HostCall::FsRead, request, None, Some(length))
    }

    fn fs_list(&mut self, permit: Permit, path: GuestPath) -> WorldFuture<'_> {
        drop(permit);
        self.say(HostCall::FsList, json!({ "path": path.as_str() }), None)
    }

    fn fs_stat(&mut self, permit: Permit, path: GuestPath) -> WorldFuture<'_> {
        drop(permit);
        self.say(HostCall::FsStat, json!({ "path": path.as_str() }), None)
    }

    fn fs_write(&mut self, permit: Permit, request: FsWrite) -> WorldFuture<'_> {
        drop(permit);
        let FsWrite { path, mode: how, contents } = request;
        let request = json!({ "path": path.as_str(), "mode": mode(how) });
        self.say(HostCall::FsWrite, request, Some(contents.as_slice()))
    }

    fn fs_remove(&mut self, permit: Permit, path: GuestPath) -> WorldFuture<'_> {
        drop(permit);
        self.say(HostCall::FsRemove, json!({ "path": path.as_str() }), None)
    }

    fn fs_rename(&mut self, permit: Permit, from: GuestPath, to: GuestPath) -> WorldFuture<'_> {
        drop(permit);
        self.say(HostCall::FsRename, json!({ "from": from.as_str(), "to": to.as_str() }), None)
    }

    fn http_fetch(&mut self, permit: Permit, request: HttpFetch) -> WorldFuture<'_> {
        drop(permit);
        let HttpFetch { method, url, headers, body, max_bytes, follow, .. } = request;
        let redirects = if follow { "follow" } else { "manual" };
        let request = json!({
            "method": method.word(),
            "url": url.to_string(),
            "headers": headers,
            "max_bytes": max_bytes,
            "redirects": redirects,
        });
        self.say(HostCall::HttpFetch, request, Some(body.as_slice()))
    }

    fn kv_get(&mut self, permit: Permit, key: KvKey) -> WorldFuture<'_> {
        drop(permit);
        self.say(HostCall::KvGet, json!({ "key": key.as_str() }), None)
    }

    fn kv_set(&mut self, permit: Permit, key: KvKey, value: Body) -> WorldFuture<'_> {
        drop(permit);
        self.say(HostCall::KvSet, json!({ "key": key.as_str() }), Some(value.as_slice()))
    }

    fn kv_delete(&mut self, permit: Permit, key: KvKey) -> WorldFuture<'_> {
        drop(permit);
        self.say(HostCall::KvDelete, json!({ "key": key.as_str() }), None)
    }

    fn kv_list(&mut self, permit: Permit, request: KvList) -> WorldFuture<'_> {
        drop(permit);
        let KvList { prefix, after, limit } = request;
        self.say(HostCall::KvList, json!({ "prefix": prefix, "after": after, "limit": limit }), None)
    }

    fn log(&mut self, permit: Permit, level: LogLevel, text: String) -> WorldFuture<'_> {
        drop(permit);
        self.say(HostCall::Log, json!({ "level": level.word() }), Some(text.as_bytes()))
    }

    fn clock_now(&mut self, permit: Permit) -> WorldFuture<'_> {
        drop(permit);
        self.say(HostCall::ClockNow, json!({}), None)
    }

    fn random(&mut self, permit: Permit, bytes: usize) -> WorldFuture<'_> {
        drop(permit);
        self.say_at_most(HostCall::Random, json!({ "length": bytes }), None, Some(bytes))
    }

    fn reason(&mut self, permit: Permit, request: Reason) -> WorldFuture<'_> {
        drop(permit);
        let Reason { messages, max_tokens } = request;
        self.say(HostCall::Reason, json!({ "messages": messages, "max_tokens": max_tokens }), None)
    }

    fn verify_plan(&mut self, permit: Permit, check: PlanCheck) -> WorldFuture<'_> {
        drop(permit);
        self.say(HostCall::VerifyPlan, check.into_request(), None)
    }
}

/// Hears what the gate denies by itself, since the manifest does not ask for it: no world hears of that, and a case has to
/// state it all the same.
pub(crate) struct RecordedDenials(pub(crate) Script);

impl Recorder for RecordedDenials {
    fn intent(&mut self, effect: &Effect, decision: &Decision) -> Result<(), RecordError> {
        let Decision::Denied(denial) = decision else { return Ok(()) };
        let request = effect.request();
        let asked = Asked { call: effect.call(), request: Value::Object(request.clone()), body: None };
        // The gate knows less of a request than a world does, and a case may state all of it.
        let named = |line: &HostLine| {
            let known = line.request.iter().filter_map(|(key, value)| Some((value, request.get(key)?)));
            known.into_iter().all(|(value, asked)| fits(value, asked))
        };
        let is_denied = |line: &HostLine| match &line.answer {
            HostAnswer::Denied(error) => error.code == denial.ground.word(),
            HostAnswer::Done(_) | HostAnswer::Failed(_) => false,
        };
        let is = |line: &HostLine| line.call == asked.call && is_denied(line) && named(line);
        self.0.answer(&asked, is).map(drop).map_err(RecordError::new)
    }

    fn outcome(&mut self, _: &Summary<'_>) -> Result<(), RecordError> {
        Ok(())
    }
}
