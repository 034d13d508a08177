//! `vak-run SKILL --explain`: all that a skill asks for, and what it would get here, without running it.

use serde::Serialize;
use vak_cli::{Failure, Table, Ui};
use vak_model::Manifest;
use vak_policy::{Explained, Operator, Principal, explain};

use crate::grants;

/// One request, as scripts get it.
#[derive(Debug, Serialize)]
struct Shown {
    capability: &'static str,
    /// What of it is asked for, where it has parts.
    scope: Vec<String>,
    optional: bool,
    held: bool,
    /// The policies that may permit or forbid some of it, by their ids.
    permits: Vec<String>,
    forbids: Vec<String>,
    /// What would give all of it, on the command line and in a policy.
    flags: String,
    policy: String,
}

impl From<Explained> for Shown {
    fn from(Explained { request, held, permits, forbids, grants }: Explained) -> Self {
        Self {
            capability: request.capability.name(),
            scope: request.scope,
            optional: request.optional,
            held,
            permits,
            forbids,
            flags: grants.flags,
            policy: grants.policy,
        }
    }
}

/// Shows the whole grant. It is no failure if something is missing: that is what was asked.
pub(crate) fn show(
    manifest: &Manifest,
    principal: &Principal,
    operator: &Operator,
    json: bool,
    ui: &mut Ui,
) -> Result<(), Failure> {
    let requests = explain(manifest, principal, operator).map_err(|error| grants::unusable(&error, manifest))?;
    if json {
        return Ok(ui.json(&requests.into_iter().map(Shown::from).collect::<Vec<_>>())?);
    }
    let asked = requests.iter().any(|explained| !explained.grants.flags.is_empty());
    if !asked {
        return Ok(ui.line(&format!("{} {} computes, and asks for nothing else", manifest.name, manifest.version))?);
    }
    let mut table = Table::new(&["CAPABILITY", "OF", "GRANTED", "BY"]);
    for Explained { request, held, permits, forbids, grants } in requests {
        let granted = match (held, request.optional) {
            (true, _) => "yes",
            (false, true) => "no, and it can do without",
            (false, false) => "no",
        };
        let by = match (held, grants.flags.as_str()) {
            (_, "") => "always".to_owned(),
            (true, _) => permits.join(", "),
            (false, flags) => format!("add: {flags}"),
        };
        let except = if forbids.is_empty() { String::new() } else { format!(", except for {}", forbids.join(", ")) };
        table.row([
            request.capability.to_string(),
            request.scope.join(", "),
            granted.to_owned(),
            format!("{by}{except}"),
        ]);
    }
    Ok(ui.table(&table)?)
}
