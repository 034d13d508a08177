//! One call: a fresh store, an instance, the input, the answer, the checks, and nothing left behind.

use std::pin::pin;
use std::sync::Arc;
use std::time::{Duration, Instant};

use vak_abi::Verdict;
use vak_model::{Denial, Effect, LimitKind, Limits, Usage};
use vak_package::{Schema, parse_json};
use wasmtime::{Store, UpdateDeadline};

use crate::compile::CompileTime;
use crate::engine::TickingEngine;
use crate::error::{CallError, ContractError, InputError, TrapKind};
use crate::gate::Waiting;
use crate::guest::{Guest, Said, classify};
use crate::host::{Funnel, Host};
use crate::meter::Meter;
use crate::prepare::PreparedExport;
use crate::sampler::Sampler;
use crate::watch::{Stopped, Watch};
use crate::{PreparedSkill, Samples};

/// The largest input, in bytes: it is copied into the guest, and parsed before that.
const MAX_INPUT_BYTES: usize = 16 << 20;

/// How much fuel a guest uses between two looks at the clock and the processor time.
pub(crate) const YIELD_FUEL: u64 = 1_000_000;

/// What a skill answered. The bytes are strict JSON.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    verdict: Verdict,
    bytes: Vec<u8>,
}

impl Answer {
    pub(crate) const fn new(verdict: Verdict, bytes: Vec<u8>) -> Self {
        Self { verdict, bytes }
    }

    /// Output, or the skill's own error.
    #[must_use]
    pub const fn verdict(&self) -> Verdict {
        self.verdict
    }

    /// The answer's bytes, as the skill wrote them.
    #[must_use]
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    pub(crate) fn into_bytes(self) -> Vec<u8> {
        self.bytes
    }
}

/// How a call ended, and what it used.
#[derive(Debug)]
#[must_use]
pub struct Outcome {
    /// The answer, or why there is none.
    pub result: Result<Answer, CallError>,
    /// What was used.
    pub usage: Usage,
    /// What the skill asked for and may not have, the first 16.
    pub denied: Vec<(Effect, Denial)>,
}

impl Outcome {
    /// A call that ended before anything of the skill ran.
    fn refused(error: CallError) -> Self {
        Self { result: Err(error), usage: Usage::default(), denied: Vec::new() }
    }
}

impl PreparedSkill {
    /// Calls a function with an input of JSON bytes, with nothing behind the host functions.
    ///
    /// As [`PreparedSkill::call_in`] with [`Host::nothing`].
    pub async fn call(&self, export: &str, input: &[u8]) -> Outcome {
        self.call_in(export, input, Host::nothing()).await
    }

    /// Calls a function with an input of JSON bytes. What it asks of its host goes through the grant, on record, to `host`.
    ///
    /// The future can be dropped at any time; the guest stops where it is. It does not depend on any async runtime. What
    /// the host had begun for the guest by then ends by itself.
    pub async fn call_in(&self, export: &str, input: &[u8], host: Host) -> Outcome {
        let mut watch = Watch::start(&self.limits);
        let (export, mut store) = match self.open(export, input, host, &mut watch) {
            Ok(opened) => opened,
            Err(error) => return Outcome::refused(error),
        };
        let ran = {
            let exchange = pin!(self.exchange(&mut store, export, input, None));
            watch.over(&self.engine, exchange).await
        };
        self.close(export, ran, &mut store, &watch)
    }

    /// Calls a function as [`PreparedSkill::call_in`] does, and takes samples of where it spends its fuel, from about one in
    /// 64 fuel at first to one in a million in the end. The call takes several times as long, and as much fuel as ever.
    /// What the call's processor and wall-clock time are spent on is also the sampling.
    ///
    /// Stacks deeper than [`crate::RuntimeConfig::stack_frames`] are cut on the outside. Instantiating the skill, its start
    /// function included, is not sampled.
    pub async fn call_sampled(&self, export: &str, input: &[u8], host: Host) -> (Outcome, Samples) {
        let mut watch = Watch::start(&self.limits);
        let (export, mut store) = match self.open(export, input, host, &mut watch) {
            Ok(opened) => opened,
            Err(error) => return (Outcome::refused(error), Samples::default()),
        };
        let sampler = Sampler::new(watch.deadline());
        let ran = {
            let exchange = self.exchange(&mut store, export, input, Some(&sampler));
            let exchange = pin!(sampler.over(&self.engine.engine, exchange));
            watch.over(&self.engine, exchange).await
        };
        let mut outcome = self.close(export, ran, &mut store, &watch);
        // Between a sample and the next call or return of the guest, the engine's counter is not its own.
        outcome.usage.fuel_at_least = outcome.usage.fuel_at_least.map(|_| sampler.spent());
        (outcome, sampler.finish())
    }

    /// What comes before the guest: the checks of the input, a store, and the way to the host if the skill has one.
    fn open(
        &self,
        export: &str,
        input: &[u8],
        host: Host,
        watch: &mut Watch,
    ) -> Result<(&PreparedExport, Store<Meter>), CallError> {
        let export = self.admit_input(export, input)?;
        let mut store = new_store(&self.engine, &self.limits, watch)?;
        if self.reaches_out {
            store.data_mut().lead_through(self.funnel(host, watch));
        }
        Ok((export, store))
    }

    /// What comes after it: the checks of the answer.
    fn close(
        &self,
        export: &PreparedExport,
        ran: Result<Result<Said, CallError>, Stopped>,
        store: &mut Store<Meter>,
        watch: &Watch,
    ) -> Outcome {
        let result = flatten(ran, &self.limits).and_then(|said| export.check(said));
        let usage = usage(store, watch, &self.limits, &result, self.compile_time);
        Outcome { result, usage, denied: store.data_mut().take_denied() }
    }

    fn funnel(&self, host: Host, watch: &mut Watch) -> Funnel {
        let (alarms, workers) = (Arc::clone(&self.engine.alarms), Arc::clone(&self.engine.workers));
        let waiting = Waiting { deadline: watch.deadline(), alarms, workers, cpu: watch.count_elsewhere() };
        Funnel::new(host, Arc::clone(&self.grant), &self.limits, waiting)
    }

    /// The limits that calls run under.
    #[must_use]
    pub const fn limits(&self) -> &Limits {
        &self.limits
    }

    fn admit_input(&self, export: &str, input: &[u8]) -> Result<&PreparedExport, CallError> {
        let found = self.exports.iter().find(|candidate| candidate.name.as_str() == export);
        let export = found.ok_or_else(|| CallError::UnknownExport(vak_model::printable(export, 80)))?;
        if input.len() > MAX_INPUT_BYTES {
            return Err(InputError::TooLarge { bytes: input.len(), max: MAX_INPUT_BYTES }.into());
        }
        let value = parse_json(input).map_err(InputError::Json)?;
        export.input.as_ref().map_or(Ok(()), |schema| schema.check(&value)).map_err(InputError::Schema)?;
        Ok(export)
    }

    /// All that happens inside the guest.
    async fn exchange(
        &self,
        store: &mut Store<Meter>,
        export: &PreparedExport,
        input: &[u8],
        sampler: Option<&Sampler>,
    ) -> Result<Said, CallError> {
        let failed = |error: wasmtime::Error| classify(&error, &self.limits);
        let instance = self.pre.instantiate_async(&mut *store).await.map_err(failed)?;
        store.set_fuel(self.limits.get(LimitKind::Fuel)).map_err(failed)?;
        sampler.map_or(Ok(()), |sampler| sampler.begin(store)).map_err(failed)?;
        let guest = Guest::of(&instance, store, &self.places, &export.entry).map_err(failed)?;
        let block = guest.give(store, input, &self.limits).await?;
        guest.ask(store, block, &self.limits).await
    }
}

impl PreparedExport {
    /// Holds what the skill said against the contract. Last words that don't keep it are none: the trap counts then.
    fn check(&self, said: Said) -> Result<Answer, CallError> {
        match said {
            Said::Answer(answer) => self.check_answer(answer),
            Said::LastWords(bytes) => self
                .check_answer(Answer::new(Verdict::Failed, bytes))
                .map_err(|_| CallError::Trap(TrapKind::Unreachable)),
        }
    }

    /// An error of the skill's own is JSON as well, but promised no schema.
    fn check_answer(&self, answer: Answer) -> Result<Answer, CallError> {
        let value = parse_json(&answer.bytes).map_err(ContractError::Json)?;
        let promised = match answer.verdict {
            Verdict::Done => self.output.as_ref(),
            Verdict::Failed => None,
        };
        promised.map_or(Ok(()), |schema: &Schema| schema.check(&value)).map_err(ContractError::Schema)?;
        Ok(answer)
    }
}

/// A store for one call: metered, fuelled, and interrupted at every tick. Fuel and deadline are set before anything
/// of the guest can run, its start function included.
pub(crate) fn new_store(engine: &TickingEngine, limits: &Limits, watch: &Watch) -> Result<Store<Meter>, CallError> {
    let mut store = Store::new(&engine.engine, Meter::new(limits));
    store.limiter(|meter| meter);
    let armed =
        store.set_fuel(limits.get(LimitKind::Fuel)).and_then(|()| store.fuel_async_yield_interval(Some(YIELD_FUEL)));
    armed.map_err(|error| CallError::Internal(error.to_string()))?;
    let deadline = watch.deadline();
    store.set_epoch_deadline(1);
    store.epoch_deadline_callback(move |_| {
        Ok(if Instant::now() >= deadline { UpdateDeadline::Interrupt } else { UpdateDeadline::Yield(1) })
    });
    Ok(store)
}

/// The end of a watched call: its own result, or the limit that ended it.
pub(crate) fn flatten<T>(ran: Result<Result<T, CallError>, Stopped>, limits: &Limits) -> Result<T, CallError> {
    ran.unwrap_or_else(|stopped| {
        Err(match stopped {
            Stopped::Limit(kind) => CallError::Limit { kind, limit: limits.get(kind) },
            Stopped::NoTicker(error) => CallError::NoTicker(error),
            Stopped::Panicked => CallError::Internal("the host panicked".to_owned()),
        })
    })
}

/// What a call has used. Fuel is exact only where the engine's counter is: after an answer, and at the end of the fuel.
/// An answer may be one that was left before `unreachable`: of all traps this is the one that the engine brings its
/// counter up to date for.
pub(crate) fn usage<T>(
    store: &Store<Meter>,
    watch: &Watch,
    limits: &Limits,
    result: &Result<T, CallError>,
    compile_time: CompileTime,
) -> Usage {
    let budget = limits.get(LimitKind::Fuel);
    let used = store.get_fuel().map(|left| budget.saturating_sub(left)).ok();
    let (fuel, fuel_at_least) = match result {
        Ok(_) => (used, None),
        Err(CallError::Limit { kind: LimitKind::Fuel, .. }) => (Some(budget), None),
        Err(_) => (None, used),
    };
    Usage {
        fuel,
        fuel_at_least,
        wall_ms: Some(millis(watch.wall())),
        cpu_ms: Some(millis(watch.cpu())),
        compile_ms: Some(millis(compile_time.spent)),
        cache: Some(compile_time.cache),
        peak_memory_bytes: Some(store.data().peak()),
        host_calls: Some(store.data().host_calls()),
    }
}

/// Milliseconds, to the microsecond.
fn millis(duration: Duration) -> f64 {
    (duration.as_secs_f64() * 1_000_000.0).round() / 1000.0
}
