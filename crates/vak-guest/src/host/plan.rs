//! Asking what would be allowed, without doing it: the capability `verify_plan`.
//!
//! ```
//! use vak_guest::plan::{self, Action};
//!
//! let plan = [Action::new("fs_read", "notes/a.txt"), Action::new("fs_write", "notes/a.txt")];
//! let mut host = vak_guest::mock::Host::new().deny("fs_write");
//! let verdict = host.run(|| plan::verify(&plan)).expect("a verdict");
//! assert!(!verdict.allowed);
//! assert!(verdict.actions[0].allowed);
//! assert_eq!(verdict.actions[1].code.as_deref(), Some("policy.ungranted"));
//! ```

use serde::{Deserialize, Serialize};

use super::{HostError, ask};
use crate::imports::verify_plan;

/// What an agent intends to do.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Action {
    /// The name of a host call, such as `fs_write`.
    pub r#type: String,
    /// Its path or key.
    pub target: String,
    /// How sure the agent is that it wants this, from 0 to 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub confidence: Option<f64>,
    /// What else there is to it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parameters: Option<Parameters>,
}

/// What some actions have besides their target.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Eq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Parameters {
    /// How many bytes go out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bytes: Option<u64>,
    /// The new name that `fs_rename` gives.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to: Option<String>,
}

/// What the host says to a plan.
#[derive(Clone, Debug, Deserialize, PartialEq, Eq, Serialize)]
pub struct Verdict {
    /// Whether all of it is allowed.
    pub allowed: bool,
    /// What the host says to each action, in the plan's order.
    pub actions: Vec<Decision>,
}

/// What the host says to an action.
#[derive(Clone, Debug, Deserialize, PartialEq, Eq, Serialize)]
pub struct Decision {
    /// Whether it is allowed.
    pub allowed: bool,
    /// Why not, such as `policy.forbidden`; none for what is allowed.
    pub code: Option<String>,
    /// The policies that have decided.
    pub policies: Vec<String>,
    /// The same for people.
    pub reason: String,
}

#[derive(Serialize)]
struct Plan<'a> {
    actions: &'a [Action],
}

impl Action {
    /// An action without parameters.
    pub fn new(call: impl Into<String>, target: impl Into<String>) -> Self {
        Self { r#type: call.into(), target: target.into(), confidence: None, parameters: None }
    }
}

/// What would become of each of these actions, at most 1,000. None of them is done.
///
/// # Errors
/// `request.invalid`; denied, if the skill may not ask.
pub fn verify(actions: &[Action]) -> Result<Verdict, HostError> {
    let verdict: Verdict = ask(verify_plan, &Plan { actions }, &[])?;
    // A verdict on fewer actions would leave the others without one.
    if verdict.actions.len() == actions.len() {
        Ok(verdict)
    } else {
        Err(HostError::broken("another number of actions"))
    }
}
