//! What an artefact would be granted by an operator's policy.

use std::fmt;
use std::path::Path;

use serde::Serialize;
use vak_cli::{Failure, Place};
use vak_model::{Code, Manifest, ModuleId, printable};
use vak_package::read_file;
use vak_policy::{Explained, Operator, PolicyError, Principal, explain};
use vak_trust::Signer;

use crate::check::{Check, CheckId, Verdict};

/// More than any policy may have, in bytes.
const MAX_BYTES: u64 = 2 << 20;

/// One line of a grant: what has become of a capability that the manifest asks for.
#[derive(Clone, Debug, Serialize)]
pub struct GrantReport {
    capability: String,
    /// What it is asked for; empty where there is nothing to name.
    scope: Vec<String>,
    optional: bool,
    held: bool,
    /// The policies that may permit its calls.
    permits: Vec<String>,
    /// The policies that may forbid some of them.
    forbids: Vec<String>,
    /// The policies that would grant all of it, as they are written, where none does.
    policy: Option<String>,
}

impl GrantReport {
    fn of(explained: Explained) -> Self {
        let Explained { request, held, permits, forbids, grants } = explained;
        Self {
            capability: request.capability.to_string(),
            scope: request.scope,
            optional: request.optional,
            held,
            permits,
            forbids,
            policy: (!held).then_some(grants.policy),
        }
    }
}

/// `fs.read data/**: permitted by reading, unless forbidden by secret`.
impl fmt::Display for GrantReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.capability)?;
        if !self.scope.is_empty() {
            write!(f, " {}", self.scope.join(", "))?;
        }
        match (self.held, self.permits.is_empty()) {
            (false, _) => f.write_str(": not granted")?,
            (true, true) => f.write_str(": granted to every skill")?,
            (true, false) => write!(f, ": permitted by {}", self.permits.join(", "))?,
        }
        if self.held && !self.forbids.is_empty() {
            write!(f, ", unless forbidden by {}", self.forbids.join(", "))?;
        }
        Ok(())
    }
}

/// Reads a policy and holds it against the schema, which every policy in use should have been.
///
/// # Errors
/// It can't be read; it is no policy; something in it could never mean what it seems to.
pub(crate) fn read(path: &Path) -> Result<Operator, Failure> {
    let bytes = read_file(path, MAX_BYTES).map_err(|error| Failure::of(Code::FileRead, &error))?;
    let text = String::from_utf8(bytes)
        .map_err(|_| Failure::new(Code::PolicyMalformed, format!("`{}` is not UTF-8", path.display())))?;
    let wrong = |message: String, place: Option<vak_policy::Place>| {
        let position = place.map(|place| (place.line as u64, place.column as u64));
        Failure::new(Code::PolicyMalformed, message).at(Place::new(path, position))
    };
    Operator::with_checked_policy(&text).map_err(|error| match error {
        PolicyError::Text(place, mistake) => wrong(mistake.to_string(), Some(place)),
        other => wrong(other.to_string(), None),
    })
}

/// What the operator would grant, and whether that is enough.
pub(crate) fn check(
    manifest: &Manifest,
    module: ModuleId,
    signers: &[Signer],
    operator: &Operator,
) -> (Check, Vec<GrantReport>) {
    let signers = signers.iter().map(|signer| signer.key.to_string()).collect();
    let principal = Principal { module: Some(module), signers, ..Principal::unsigned(manifest) };
    match explain(manifest, &principal, operator) {
        Ok(explained) => {
            let grant: Vec<GrantReport> = explained.into_iter().map(GrantReport::of).collect();
            (judge(&grant), grant)
        }
        Err(error) => {
            let verdict = Verdict::Failed(Code::CapabilityDenied);
            (Check::new(CheckId::PolicyGrant, verdict, error.to_string()), Vec::new())
        }
    }
}

fn judge(grant: &[GrantReport]) -> Check {
    let check = |verdict, message: String| Check::new(CheckId::PolicyGrant, verdict, message);
    let missing: Vec<&GrantReport> = grant.iter().filter(|line| !line.held).collect();
    let named = |lines: &[&GrantReport]| {
        let names: Vec<String> = lines.iter().map(|line| format!("`{}`", line.capability)).collect();
        names.join(", ")
    };
    let needed: Vec<&GrantReport> = missing.iter().filter(|line| !line.optional).copied().collect();
    match (needed.first().and_then(|line| line.policy.as_ref()), missing.is_empty()) {
        (Some(policy), _) => {
            let message = format!("it needs {}, of which the policy grants nothing", named(&needed));
            check(Verdict::Failed(Code::CapabilityDenied), message)
                .next(printable(policy, 500), "a line for the policy that grants it")
        }
        (None, true) => check(Verdict::Ok, "the policy grants some of all that it asks for".to_owned()),
        (None, false) => {
            check(Verdict::Warning, format!("the policy does not grant {}, which it can do without", named(&missing)))
        }
    }
}
