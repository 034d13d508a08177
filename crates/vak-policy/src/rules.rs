//! Policies as Cedar reads them, each with its id and where it stands.

use std::collections::HashSet;
use std::str::FromStr;

use cedar_policy::{Effect, ParseErrors, Policy, PolicyId, PolicySet, Schema, ValidationMode, Validator};
use miette::Diagnostic;
use serde_json::Value;
use vak_model::{GuestPath, printable};

use crate::error::{Finding, Mistake, Place, PolicyError};
use crate::reach::Reach;
use crate::stack;
use crate::terms::Kind;
use crate::{outline, schema_text};

/// How deep the operators of one policy may lie in each other: `a && b && c` is two deep.
const MAX_TREE: usize = 100;

/// One policy.
#[derive(Clone, Debug)]
pub(crate) struct Rule {
    pub(crate) id: String,
    /// Whether it permits; if not, it forbids.
    pub(crate) permits: bool,
    pub(crate) reach: Reach,
    /// The policy itself, if it has conditions besides its scope.
    pub(crate) conditions: Option<Policy>,
    /// The paths that it names.
    pub(crate) paths: Vec<GuestPath>,
}

impl Rule {
    fn of(id: String, policy: &Policy) -> Result<Self, Mistake> {
        let conditional = policy.has_non_scope_constraint();
        Ok(Self {
            permits: policy.effect() == Effect::Permit,
            reach: Reach::of(policy),
            conditions: conditional.then(|| policy.new_id(PolicyId::new(&id))),
            paths: paths(policy)?,
            id,
        })
    }
}

/// Reads policies in Cedar's syntax.
///
/// # Errors
/// More of anything than the bounds of [`crate::outline`]; what Cedar can't read; a template; an id that is doubled or
/// none; a path that no guest can name.
pub(crate) fn read(text: &str) -> Result<Vec<Rule>, PolicyError> {
    let parsed = parse(text)?;
    let mut ids = HashSet::new();
    let rule = |(place, policy): (Place, Policy)| {
        let wrong = |mistake| PolicyError::Text(place, mistake);
        let id = id(&policy).map_err(wrong)?;
        if !ids.insert(id.clone()) {
            return Err(wrong(Mistake::DoubledId(id)));
        }
        Rule::of(id, &policy).map_err(wrong)
    };
    parsed.into_iter().map(rule).collect()
}

/// Says what VAK's schema has against policies: nothing, if a policy can mean what it says.
///
/// # Errors
/// As [`read`].
pub(crate) fn check(text: &str) -> Result<Vec<Finding>, PolicyError> {
    read(text)?;
    let policies = parse(text)?;
    let set = PolicySet::from_policies(policies.iter().map(|(_, policy)| policy.clone()));
    let set = set.expect("Cedar's own ids are not doubled");
    let (schema, _) = Schema::from_cedarschema_str(schema_text()).expect("VAK's schema is one");
    let result = stack::deep(|| Validator::new(schema).validate(&set, ValidationMode::Strict));
    let found = |id: &PolicyId, diagnostic: &dyn Diagnostic| {
        let (begins, policy) = number(id).and_then(|n| policies.get(n)).expect("Cedar speaks of policies that it has");
        let place = offset(diagnostic).map_or(*begins, |offset| Place::of(text, offset));
        let policy = self::id(policy).unwrap_or_default();
        // Not what Cedar suggests instead: of names that are as near as each other it takes another one each time.
        let (message, cedars_name) = (diagnostic.to_string(), format!("for policy `{id}`, "));
        let message = match message.strip_prefix(&cedars_name) {
            Some(message) => format!("in the policy `{policy}`: {message}"),
            None => message,
        };
        Finding { place, policy, message: printable(&message, MAX_SAID) }
    };
    let mut errors: Vec<_> = result.validation_errors().map(|error| found(error.policy_id(), error)).collect();
    let mut warnings: Vec<_> =
        result.validation_warnings().map(|warning| found(warning.policy_id(), warning)).collect();
    for findings in [&mut errors, &mut warnings] {
        findings.sort_by(|a, b| (a.place, &a.message).cmp(&(b.place, &b.message)));
    }
    // What is wrong comes before what only looks so, which is often the same again.
    errors.append(&mut warnings);
    errors.dedup();
    Ok(errors)
}

/// The policies of a text in its order, and where each begins.
fn parse(text: &str) -> Result<Vec<(Place, Policy)>, PolicyError> {
    let starts = outline::starts(text)?;
    let set = stack::deep(|| PolicySet::from_str(text).map_err(|errors| syntax(text, &errors)))?;
    let place = |id: &PolicyId| Place::of(text, number(id).and_then(|n| starts.get(n).copied()).unwrap_or_default());
    if let Some(template) = set.templates().min_by_key(|template| number(template.id())) {
        return Err(PolicyError::Text(place(template.id()), Mistake::Template));
    }
    let mut policies: Vec<&Policy> = set.policies().collect();
    policies.sort_by_key(|policy| number(policy.id()));
    let policies: Vec<_> = policies.into_iter().map(|policy| (place(policy.id()), policy.clone())).collect();
    let shallow = |(place, policy): &(Place, Policy)| shallow(policy).map_err(|m| PolicyError::Text(*place, m));
    stack::deep(|| policies.iter().try_for_each(shallow))?;
    Ok(policies)
}

/// Refuses what would need more stack to be evaluated than there is: see [`stack`].
fn shallow(policy: &Policy) -> Result<(), Mistake> {
    if !policy.has_non_scope_constraint() {
        return Ok(());
    }
    let tree = policy.to_json().map_err(|error| Mistake::Syntax(said(&error)))?;
    let (mut level, mut depth) = (vec![&tree], 0);
    while !level.is_empty() {
        depth += 1;
        level = level.into_iter().flat_map(parts).collect();
    }
    // An operator is two steps: an object that names it, and one that holds both sides.
    if depth > 2 * MAX_TREE { Err(Mistake::Tree(MAX_TREE)) } else { Ok(()) }
}

fn parts(tree: &Value) -> Vec<&Value> {
    match tree {
        Value::Array(parts) => parts.iter().collect(),
        Value::Object(parts) => parts.values().collect(),
        _ => Vec::new(),
    }
}

/// The number that Cedar gives a policy: its place in the text, from 0.
fn number(id: &PolicyId) -> Option<usize> {
    let id: &str = id.as_ref();
    id.strip_prefix("policy")?.parse().ok()
}

/// The id that a policy gives itself, or the one that it has by its place.
fn id(policy: &Policy) -> Result<String, Mistake> {
    let id = policy.annotation("id").unwrap_or(policy.id().as_ref());
    let is_id = (1..=100).contains(&id.len()) && !id.starts_with('-') && printable(id, 100) == id;
    if is_id { Ok(id.to_owned()) } else { Err(Mistake::Id(printable(id, 100))) }
}

fn paths(policy: &Policy) -> Result<Vec<GuestPath>, Mistake> {
    let named = policy.entity_literals().into_iter().filter(|uid| Kind::Path.is_of(uid));
    let path = |text: &str| GuestPath::try_from(text).map_err(|error| Mistake::Path(printable(text, 100), error));
    let mut paths = named.map(|uid| path(uid.id().unescaped())).collect::<Result<Vec<_>, _>>()?;
    paths.sort();
    paths.dedup();
    Ok(paths)
}

fn syntax(text: &str, errors: &ParseErrors) -> PolicyError {
    let place = Place::of(text, offset(errors).unwrap_or_default());
    PolicyError::Text(place, Mistake::Syntax(said(errors)))
}

fn offset(diagnostic: &dyn Diagnostic) -> Option<usize> {
    diagnostic.labels()?.next().map(|label| label.offset())
}

/// How much of what Cedar says is passed on, in characters.
const MAX_SAID: usize = 500;

/// What Cedar says, in one line.
fn said(diagnostic: &dyn Diagnostic) -> String {
    let help = diagnostic.help().map(|help| format!(": {help}")).unwrap_or_default();
    printable(&format!("{diagnostic}{help}"), MAX_SAID)
}
