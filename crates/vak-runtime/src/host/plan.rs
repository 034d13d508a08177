//! What an agent intends to do: `verify_plan` decides each action as if it were asked for, and does nothing of it.

use serde::{Deserialize, Serialize};
use vak_model::{Decision, Effect, HostCall, KvKey};
use vak_policy::Grant;

use super::Context;
use super::request::{MAX_LIST_BYTES, Request, path};
use crate::failure::Failure;
use crate::gate::{Act, Ask};
use crate::world::{PlanCheck, Response};

/// The longest plan, in actions.
const MAX_ACTIONS: usize = 1000;

/// The action is none of a host call's.
const UNKNOWN: &str = "plan.unknown";

/// The action can't be done to that.
const TARGET: &str = "plan.target";

/// What an agent intends to do.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Plan {
    actions: Vec<Action>,
}

#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
struct Action {
    r#type: String,
    #[serde(default)]
    target: String,
    #[serde(default)]
    confidence: Option<f64>,
    #[serde(default)]
    parameters: Parameters,
}

#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
struct Parameters {
    #[serde(default)]
    bytes: u64,
    #[serde(default)]
    to: String,
}

#[derive(Serialize)]
struct Verified {
    allowed: bool,
    actions: Vec<Verdict>,
}

#[derive(Serialize)]
struct Verdict {
    allowed: bool,
    code: Option<&'static str>,
    policies: Vec<String>,
    reason: String,
}

pub(super) fn verify(request: Request, context: Context<'_>) -> Result<Ask, Failure> {
    let Plan { actions } = request.within(MAX_LIST_BYTES)?;
    if actions.len() > MAX_ACTIONS {
        return Err(Failure::RequestInvalid(format!("the plan has more than {MAX_ACTIONS} actions")));
    }
    if actions.iter().filter_map(|action| action.confidence).any(|confidence| !(0.0..=1.0).contains(&confidence)) {
        return Err(Failure::RequestInvalid("`confidence` is a number from 0 to 1".to_owned()));
    }
    let effect = Effect::VerifyPlan { actions: actions.len() as u64 };
    let grant = std::sync::Arc::clone(context.grant);
    let act: Act = Box::new(move |world, permit| {
        let verdicts: Vec<_> = actions.iter().map(|action| action.judge(&grant)).collect();
        let verified = Verified { allowed: verdicts.iter().all(|verdict| verdict.allowed), actions: verdicts };
        world.verify_plan(permit, PlanCheck::new(Plan { actions }, Response::json(&verified)))
    });
    Ok(Ask { effect, body: None, act })
}

impl Action {
    fn judge(&self, grant: &Grant) -> Verdict {
        let denied = |code, reason: String| Verdict { allowed: false, code: Some(code), policies: Vec::new(), reason };
        let Some(call) = HostCall::named(&self.r#type) else {
            return denied(UNKNOWN, "no host call has that name".to_owned());
        };
        let Some(effect) = self.effect(call) else {
            return denied(TARGET, "the target is none of this host call's".to_owned());
        };
        match grant.decide_planned(&effect, self.confidence) {
            Decision::Allowed { policies } => {
                Verdict { allowed: true, code: None, policies, reason: "it is allowed".to_owned() }
            }
            Decision::Denied(denial) => Verdict {
                allowed: false,
                code: Some(denial.ground.word()),
                policies: denial.policies,
                reason: denial.ground.to_string(),
            },
        }
    }

    /// What the action would ask for; none if the host call has no such target.
    fn effect(&self, call: HostCall) -> Option<Effect> {
        let path = |text: &str| path(text).ok();
        let key = || KvKey::try_from(self.target.as_str()).ok();
        let bytes = self.parameters.bytes;
        let nothing = |effect: Effect| self.target.is_empty().then_some(effect);
        Some(match call {
            HostCall::FsRead => Effect::FsRead { path: path(&self.target)? },
            HostCall::FsList => Effect::FsList { path: path(&self.target)? },
            HostCall::FsStat => Effect::FsStat { path: path(&self.target)? },
            HostCall::FsWrite => Effect::FsWrite { path: path(&self.target)?, bytes },
            HostCall::FsRemove => Effect::FsRemove { path: path(&self.target)? },
            HostCall::FsRename => Effect::FsRename { from: path(&self.target)?, to: path(&self.parameters.to)? },
            HostCall::KvGet => Effect::KvGet { key: key()? },
            HostCall::KvSet => Effect::KvSet { key: key()?, bytes },
            HostCall::KvDelete => Effect::KvDelete { key: key()? },
            HostCall::KvList if self.target.is_empty() => Effect::KvList { prefix: String::new() },
            HostCall::KvList => Effect::KvList { prefix: key()?.as_str().to_owned() },
            HostCall::Log => nothing(Effect::Log { bytes })?,
            HostCall::ClockNow => nothing(Effect::ClockNow)?,
            HostCall::Random => nothing(Effect::Random { bytes })?,
            HostCall::VerifyPlan => nothing(Effect::VerifyPlan { actions: 0 })?,
            HostCall::HttpFetch => super::http::planned(&self.target, bytes)?,
            HostCall::Reason => nothing(Effect::Reason { bytes })?,
        })
    }
}
