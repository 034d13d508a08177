//! Golden cases: inputs with what a skill must make of them, run like any other call.

use std::fmt;

use serde_json::Value;
use vak_abi::Verdict;
use vak_model::{GoldenCase, GoldenResult};
use vak_package::parse_json;
use vak_policy::Grant;

use crate::world::recorded::{HostMismatch, RecordedDenials, RecordedWorld, Script};
use crate::{CallError, CompiledSkill, Host, Outcome, PrepareError, PreparedSkill};

/// How much of a wrong answer is kept, in characters.
const MAX_SHOWN: usize = 1000;

/// How one golden case went.
#[derive(Debug)]
#[must_use]
pub struct GoldenReport {
    /// Whether it gave what it must, and what else otherwise.
    pub verdict: GoldenVerdict,
    /// The fuel that it used, if that is known.
    pub fuel: Option<u64>,
}

/// What a golden case gave.
#[derive(Debug)]
pub enum GoldenVerdict {
    /// What it must.
    Passed,
    /// Something else, as text: the whole of a wrong answer may be large, and there may be many.
    Differs(String),
    /// What it must, with more fuel than it may use.
    TooMuchFuel {
        /// What it used.
        used: u64,
        /// What it may use.
        max: u64,
    },
    /// A host call that is not the one that the case states, whatever came of it.
    Host(HostMismatch),
    /// No answer at all.
    Broke(CallError),
}

impl GoldenReport {
    /// What the case must give, of all that it states what it did not give.
    #[must_use]
    pub fn expected(&self, case: &GoldenCase) -> String {
        match &self.verdict {
            GoldenVerdict::Host(HostMismatch { place, stated: Some(stated), .. }) => {
                format!("host call {place}: {stated}")
            }
            GoldenVerdict::Host(HostMismatch { place, stated: None, .. }) => format!("no host call {place}"),
            _ => case.expected.to_string(),
        }
    }

    /// Whether the case gave what it must.
    #[must_use]
    pub const fn passed(&self) -> bool {
        matches!(self.verdict, GoldenVerdict::Passed)
    }
}

/// What the case gave.
impl fmt::Display for GoldenVerdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Passed => f.write_str("what it must"),
            Self::Differs(got) => f.write_str(got),
            Self::TooMuchFuel { used, max } => write!(f, "{used} fuel, and {max} is allowed"),
            Self::Host(mismatch) => match &mismatch.came {
                Some(came) => write!(f, "host call {}: {came}", mismatch.place),
                None => write!(f, "no host call {}", mismatch.place),
            },
            Self::Broke(error) => write!(f, "{}: {error}", error.code()),
        }
    }
}

/// A skill that is made ready for its golden cases, and for nothing else.
///
/// Cases that state their host calls run in that recorded world, and there the skill has all that its manifest asks for:
/// nothing in it is real. So it can't be called in any other world.
#[derive(Debug)]
pub struct Rehearsal {
    recorded: Option<PreparedSkill>,
    alone: Option<PreparedSkill>,
}

impl CompiledSkill {
    /// Makes the skill ready for its golden cases: those without a recorded world run under `grant`, with nothing behind their
    /// host calls, and don't run without one.
    ///
    /// # Errors
    /// As [`CompiledSkill::prepare`].
    pub fn rehearse(self, grant: Option<&Grant>) -> Result<Rehearsal, PrepareError> {
        let is_recorded = self.manifest.tests.iter().any(|case| case.host.is_some());
        let asked = is_recorded.then(|| Grant::rehearsal(&self.manifest)).transpose()?;
        let alone = grant.map(|grant| self.clone().prepare(grant)).transpose()?;
        Ok(Rehearsal { alone, recorded: asked.map(|asked| self.prepare(&asked)).transpose()? })
    }
}

impl Rehearsal {
    /// Runs a golden case of the skill's manifest; nothing, if there is no grant that it could run under.
    pub async fn golden(&self, case: &GoldenCase) -> Option<GoldenReport> {
        let skill = if case.host.is_some() { &self.recorded } else { &self.alone };
        Some(skill.as_ref()?.golden(case).await)
    }
}

impl PreparedSkill {
    /// Runs a golden case of the skill's manifest. If it states its host calls, the gate asks this skill's own grant, and what
    /// that allows is answered as stated.
    pub async fn golden(&self, case: &GoldenCase) -> GoldenReport {
        let first = self.exports.first().map(|export| &export.name);
        let export = case.export.as_ref().or(first).map(|name| name.as_str()).unwrap_or_default();
        let script = case.host.as_deref().map(Script::new);
        let host = script.as_ref().map_or_else(Host::nothing, recorded);
        let Outcome { result, usage, .. } = self.call_in(export, case.input.to_string().as_bytes(), host).await;
        let mismatch = script.and_then(|script| script.mismatch(result.is_ok()));
        let verdict = match (mismatch, result.map(|answer| (answer.verdict(), parse_json(answer.bytes())))) {
            (Some(mismatch), _) => GoldenVerdict::Host(mismatch),
            (None, Err(error)) => GoldenVerdict::Broke(error),
            (None, Ok((verdict, value))) => judge(case, verdict, value.unwrap_or(Value::Null), usage.fuel),
        };
        GoldenReport { verdict, fuel: usage.fuel }
    }
}

fn recorded(script: &Script) -> Host {
    Host::new(Box::new(RecordedWorld(script.clone()))).recorded_by(Box::new(RecordedDenials(script.clone())))
}

fn judge(case: &GoldenCase, verdict: Verdict, value: Value, fuel: Option<u64>) -> GoldenVerdict {
    let got = match verdict {
        Verdict::Done => GoldenResult::Output(value),
        Verdict::Failed => GoldenResult::Error(value),
    };
    let equal = match (&case.expected, &got) {
        (GoldenResult::Output(expected), GoldenResult::Output(got))
        | (GoldenResult::Error(expected), GoldenResult::Error(got)) => same(expected, got),
        (GoldenResult::Output(_), GoldenResult::Error(_)) | (GoldenResult::Error(_), GoldenResult::Output(_)) => false,
    };
    match (fuel, case.max_fuel.map(u64::from)) {
        _ if !equal => GoldenVerdict::Differs(vak_model::printable(&got.to_string(), MAX_SHOWN)),
        (Some(used), Some(max)) if used > max => GoldenVerdict::TooMuchFuel { used, max },
        _ => GoldenVerdict::Passed,
    }
}

/// Whether two values mean the same: numbers are compared by value, `5` and `5.0` are one.
pub(crate) fn same(one: &Value, other: &Value) -> bool {
    match (one, other) {
        (Value::Number(one), Value::Number(other)) => one == other || one.as_f64() == other.as_f64(),
        (Value::Array(one), Value::Array(other)) => {
            one.len() == other.len() && one.iter().zip(other).all(|(one, other)| same(one, other))
        }
        (Value::Object(one), Value::Object(other)) => {
            one.len() == other.len()
                && one.iter().all(|(key, value)| other.get(key).is_some_and(|other| same(value, other)))
        }
        _ => one == other,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn values_are_the_same_by_what_they_mean() {
        for (one, other, equal) in [
            (json!(5), json!(5.0), true),
            (json!(0.1), json!(0.1), true),
            (json!({"a": [1, {"b": 2.0}]}), json!({"a": [1.0, {"b": 2}]}), true),
            (json!(5), json!(6), false),
            (json!("5"), json!(5), false),
            (json!([1]), json!([1, 2]), false),
            (json!({"a": 1}), json!({"a": 1, "b": 1}), false),
            (json!({"a": 1}), json!({"b": 1}), false),
            (json!(null), json!(false), false),
        ] {
            assert_eq!(same(&one, &other), equal, "{one} {other}");
        }
    }
}
