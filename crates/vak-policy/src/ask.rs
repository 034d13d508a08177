//! One question to the policies, and their answer.

use std::collections::{HashMap, HashSet};

use cedar_policy::{
    AuthorizationError, Authorizer, Context, Entities, Entity, EntityUid, PolicyId, Request, Response,
    RestrictedExpression,
};
use vak_model::{HostCall, HttpMethod, HttpUrl, Resource};

use crate::Principal;
use crate::slice::Slice;
use crate::stack;
use crate::terms::Kind;

/// What policies say to one question.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// These could not be evaluated: their ids, and why. Nothing counts that others say.
    Erred(Vec<(String, String)>),
    /// These forbid it.
    Forbidden(Vec<String>),
    /// These permit it.
    Permitted(Vec<String>),
    /// None is about it.
    Silent,
}

impl Verdict {
    /// The answer to both: that it errs comes before that it is forbidden, and that before silence.
    pub(crate) fn and(self, other: Self) -> Self {
        match (self, other) {
            (Self::Erred(some), Self::Erred(more)) => Self::Erred(joined(some, more)),
            (Self::Erred(errors), _) | (_, Self::Erred(errors)) => Self::Erred(errors),
            (Self::Forbidden(some), Self::Forbidden(more)) => Self::Forbidden(joined(some, more)),
            (Self::Forbidden(ids), _) | (_, Self::Forbidden(ids)) => Self::Forbidden(ids),
            (Self::Silent, _) | (_, Self::Silent) => Self::Silent,
            (Self::Permitted(some), Self::Permitted(more)) => Self::Permitted(joined(some, more)),
        }
    }

    /// The answer where only what is against it counts.
    pub(crate) fn if_against(self) -> Option<Self> {
        matches!(self, Self::Erred(_) | Self::Forbidden(_)).then_some(self)
    }
}

fn joined<T>(mut some: Vec<T>, more: Vec<T>) -> Vec<T> {
    some.extend(more);
    some
}

/// Who asks, and how; the same for each resource of an effect.
#[derive(Clone, Debug)]
pub(crate) struct Question<'a> {
    /// The skill as policies see it, if one with conditions could look.
    pub(crate) skill: Option<&'a Entity>,
    pub(crate) call: HostCall,
    pub(crate) bytes: Option<u64>,
    pub(crate) method: Option<HttpMethod>,
    /// For an action that is planned, how sure the agent is of it, if it says so.
    pub(crate) planned: Option<Option<f64>>,
}

/// Asks whether a resource may be acted on.
///
/// What Cedar would allow after leaving out a policy that errs is no answer: the policy left out could forbid it.
pub(crate) fn ask(slice: &Slice, question: &Question<'_>, resource: Resource<'_>) -> Verdict {
    let (mut permits, mut forbids, mut conditional) = (Vec::new(), Vec::new(), false);
    for rule in slice.rules.iter().filter(|rule| rule.reach.what.includes(resource)) {
        match (&rule.conditions, rule.permits) {
            (Some(_), _) => conditional = true,
            (None, true) => permits.push(rule.id.clone()),
            (None, false) => forbids.push(rule.id.clone()),
        }
    }
    if conditional {
        // Cedar looks at the stack when it makes values, not only when it evaluates policies.
        match stack::enough(|| ask_cedar(slice, question, resource)) {
            Ok(Verdict::Permitted(ids)) => permits.extend(ids),
            Ok(Verdict::Forbidden(ids)) => forbids.extend(ids),
            Ok(Verdict::Silent) => {}
            Ok(erred @ Verdict::Erred(_)) => return erred,
            Err(text) => return Verdict::Erred(vec![(String::new(), text)]),
        }
    }
    match (forbids.is_empty(), permits.is_empty()) {
        (false, _) => Verdict::Forbidden(forbids),
        (true, false) => Verdict::Permitted(permits),
        (true, true) => Verdict::Silent,
    }
}

/// What the policies with conditions say.
fn ask_cedar(slice: &Slice, question: &Question<'_>, resource: Resource<'_>) -> Result<Verdict, String> {
    let resource = thing(slice, resource)?;
    let skill = question.skill.cloned().ok_or("the skill can't be put into Cedar's words")?;
    let action = action(question.call);
    let uids = (skill.uid(), action.uid(), resource.uid());
    let entities = Entities::from_entities([skill, action, resource], None).map_err(|error| error.to_string())?;
    let request = Request::new(uids.0, uids.1, uids.2, context(question)?, None).map_err(|error| error.to_string())?;
    Ok(heard(&Authorizer::new().is_authorized(&request, &slice.conditional, &entities)))
}

fn heard(response: &Response) -> Verdict {
    let ids: Vec<String> = response.diagnostics().reason().map(text).collect();
    let errors: Vec<_> = response.diagnostics().errors().map(erred).collect();
    match response.decision() {
        _ if !errors.is_empty() => Verdict::Erred(errors),
        cedar_policy::Decision::Allow => Verdict::Permitted(ids),
        cedar_policy::Decision::Deny if ids.is_empty() => Verdict::Silent,
        cedar_policy::Decision::Deny => Verdict::Forbidden(ids),
    }
}

/// An id as it is: Cedar would show it with escapes.
fn text(id: &PolicyId) -> String {
    AsRef::<str>::as_ref(id).to_owned()
}

fn erred(error: &AuthorizationError) -> (String, String) {
    let AuthorizationError::PolicyEvaluationError(error) = error;
    (text(error.policy_id()), vak_model::printable(&error.inner().to_string(), 500))
}

/// The skill as policies see it.
pub(crate) fn skill(principal: &Principal) -> Option<Entity> {
    let text = RestrictedExpression::new_string;
    let name = principal.name.as_str();
    let signers = principal.signers.iter().map(|signer| text(signer.clone()));
    let attributes = HashMap::from([
        ("name".to_owned(), text(name.to_owned())),
        ("version".to_owned(), text(principal.version.to_string())),
        ("module".to_owned(), text(principal.module.map(|id| id.to_string()).unwrap_or_default())),
        ("signed".to_owned(), RestrictedExpression::new_bool(!principal.signers.is_empty())),
        ("signers".to_owned(), RestrictedExpression::new_set(signers)),
    ]);
    let owner = name.split_once('/').map(|(owner, _)| Kind::Owner.called(owner));
    stack::enough(|| Entity::new(Kind::Skill.called(name), attributes, owner.into_iter().collect()).ok())
}

/// The call, and the capability that it belongs to, where that has another name.
fn action(call: HostCall) -> Entity {
    let group = Some(call.capability().name()).filter(|group| *group != call.name());
    Entity::new_no_attrs(
        Kind::Action.called(call.name()),
        group.into_iter().map(|group| Kind::Action.called(group)).collect(),
    )
}

/// What is asked for, below every path that a policy names and that it lies below.
fn thing(slice: &Slice, resource: Resource<'_>) -> Result<Entity, String> {
    let with = |uid: EntityUid, name: &str, text: &str, parents| {
        let text = RestrictedExpression::new_string(text.to_owned());
        Entity::new(uid, HashMap::from([(name.to_owned(), text)]), parents).map_err(|error| error.to_string())
    };
    match resource {
        Resource::Path(path) => {
            let above = slice.paths.iter().filter(|folder| *folder != path && path.below(folder).is_some());
            let above = above.map(|folder| Kind::Path.called(folder.as_str())).collect();
            with(Kind::Path.called(path.as_str()), "path", path.as_str(), above)
        }
        Resource::Key(key) => with(Kind::Key.called(key), "key", key, HashSet::new()),
        Resource::Url(url) => place(url),
        Resource::Host => Ok(Entity::with_uid(Kind::Host.called(Kind::HOST))),
    }
}

/// Where a request goes. Its parts are those that are dialled.
fn place(url: &HttpUrl) -> Result<Entity, String> {
    let text = RestrictedExpression::new_string;
    let attributes = HashMap::from([
        ("scheme".to_owned(), text(url.scheme().word().to_owned())),
        ("host".to_owned(), text(url.host().to_string())),
        ("port".to_owned(), RestrictedExpression::new_long(url.port().into())),
        ("path".to_owned(), text(url.target().to_owned())),
    ]);
    Entity::new(Kind::Url.called(&url.to_string()), attributes, HashSet::new()).map_err(|error| error.to_string())
}

fn context(question: &Question<'_>) -> Result<Context, String> {
    let long = |bytes: u64| RestrictedExpression::new_long(i64::try_from(bytes).unwrap_or(i64::MAX));
    let planned = ("planned".to_owned(), RestrictedExpression::new_bool(question.planned.is_some()));
    let bytes = question.bytes.map(|bytes| ("bytes".to_owned(), long(bytes)));
    let method = question.method.map(|method| method.word().to_owned());
    let method = method.map(|word| ("method".to_owned(), RestrictedExpression::new_string(word)));
    let confidence = question.planned.flatten().map(decimal);
    let confidence = confidence.map(|text| ("confidence".to_owned(), RestrictedExpression::new_decimal(text)));
    Context::from_pairs([planned].into_iter().chain(bytes).chain(method).chain(confidence))
        .map_err(|error| error.to_string())
}

/// A number from 0 to 1 as Cedar writes it: with four digits, and never more than it was.
fn decimal(confidence: f64) -> String {
    let text = confidence.abs().to_string();
    let (whole, part) = text.split_once('.').unwrap_or((&text, ""));
    format!("{whole}.{part:0<4.4}")
}
