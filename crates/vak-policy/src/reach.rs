//! The scope of a policy: whom it is about, which calls, and which things.
//!
//! A scope compares names and nothing else, so VAK does it itself, once for skill and call, and at each effect for the
//! thing. Cedar is asked where a policy has conditions.

use cedar_policy::{ActionConstraint, EntityTypeName, EntityUid, Policy, PrincipalConstraint, ResourceConstraint};
use vak_model::{Capability, GuestPath, HostCall, Resource, SkillName};

use crate::terms::Kind;
use crate::url::UrlPattern;

/// Whom, what calls and what things a policy is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Reach {
    pub(crate) who: Who,
    pub(crate) calls: Vec<HostCall>,
    pub(crate) what: What,
}

/// Which skills.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Who {
    Anyone,
    Skill(String),
    Owner(String),
    Nobody,
}

/// Which things.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum What {
    Anything,
    Paths,
    Path(GuestPath),
    /// A path, and all below it.
    Below(GuestPath),
    Keys,
    Key(String),
    Urls,
    Url(String),
    /// What a pattern matches: policies have none, flags do.
    Matching(UrlPattern),
    Host,
    Nothing,
}

impl Reach {
    pub(crate) fn of(policy: &Policy) -> Self {
        Self {
            who: Who::of(&policy.principal_constraint()),
            calls: calls(&policy.action_constraint()),
            what: What::of(&policy.resource_constraint()),
        }
    }

    /// All skills, and every call of a capability.
    pub(crate) fn of_capability(capability: Capability, what: What) -> Self {
        Self { who: Who::Anyone, calls: capability.calls().collect(), what }
    }
}

impl Who {
    fn of(scope: &PrincipalConstraint) -> Self {
        match scope {
            PrincipalConstraint::Any => Self::Anyone,
            PrincipalConstraint::Eq(uid) if Kind::Skill.is_of(uid) => Self::Skill(uid.id().unescaped().to_owned()),
            PrincipalConstraint::In(uid) => Self::within(uid),
            PrincipalConstraint::Is(kind) if kind == Kind::Skill.name() => Self::Anyone,
            PrincipalConstraint::IsIn(kind, uid) if kind == Kind::Skill.name() => Self::within(uid),
            PrincipalConstraint::Eq(_) | PrincipalConstraint::Is(_) | PrincipalConstraint::IsIn(..) => Self::Nobody,
        }
    }

    fn within(uid: &EntityUid) -> Self {
        let id = uid.id().unescaped().to_owned();
        match Kind::of(uid.type_name()) {
            Some(Kind::Skill) => Self::Skill(id),
            Some(Kind::Owner) => Self::Owner(id),
            _ => Self::Nobody,
        }
    }

    pub(crate) fn includes(&self, name: &SkillName) -> bool {
        match self {
            Self::Anyone => true,
            Self::Skill(skill) => skill == name.as_str(),
            Self::Owner(owner) => name.as_str().split_once('/').is_some_and(|(before, _)| owner == before),
            Self::Nobody => false,
        }
    }
}

fn calls(scope: &ActionConstraint) -> Vec<HostCall> {
    let is = |uid: &EntityUid, name| Kind::Action.is_of(uid) && uid.id().unescaped() == name;
    let within = |uid, call: HostCall| is(uid, call.name()) || is(uid, call.capability().name());
    let about = |call: &HostCall| match scope {
        ActionConstraint::Any => true,
        ActionConstraint::Eq(uid) => is(uid, call.name()),
        ActionConstraint::In(uids) => uids.iter().any(|uid| within(uid, *call)),
    };
    HostCall::ALL.into_iter().filter(about).collect()
}

impl What {
    fn of(scope: &ResourceConstraint) -> Self {
        match scope {
            ResourceConstraint::Any => Self::Anything,
            ResourceConstraint::Eq(uid) => match Self::within(uid) {
                Self::Below(path) => Self::Path(path),
                other => other,
            },
            ResourceConstraint::In(uid) => Self::within(uid),
            ResourceConstraint::Is(kind) => Self::of_kind(kind),
            ResourceConstraint::IsIn(kind, uid) if kind == uid.type_name() => Self::within(uid),
            ResourceConstraint::IsIn(..) => Self::Nothing,
        }
    }

    fn of_kind(kind: &EntityTypeName) -> Self {
        match Kind::of(kind) {
            Some(Kind::Path) => Self::Paths,
            Some(Kind::Key) => Self::Keys,
            Some(Kind::Url) => Self::Urls,
            Some(Kind::Host) => Self::Host,
            _ => Self::Nothing,
        }
    }

    fn within(uid: &EntityUid) -> Self {
        let id = uid.id().unescaped();
        match Kind::of(uid.type_name()) {
            Some(Kind::Path) => GuestPath::try_from(id).map_or(Self::Nothing, Self::Below),
            Some(Kind::Key) => Self::Key(id.to_owned()),
            Some(Kind::Url) => Self::Url(id.to_owned()),
            Some(Kind::Host) if id == Kind::HOST => Self::Host,
            _ => Self::Nothing,
        }
    }

    pub(crate) fn includes(&self, resource: Resource<'_>) -> bool {
        match (self, resource) {
            (Self::Anything, _)
            | (Self::Paths, Resource::Path(_))
            | (Self::Keys, Resource::Key(_))
            | (Self::Urls, Resource::Url(_))
            | (Self::Host, Resource::Host) => true,
            (Self::Path(one), Resource::Path(path)) => one == path,
            (Self::Below(folder), Resource::Path(path)) => path.below(folder).is_some(),
            (Self::Key(one), Resource::Key(key)) => one == key,
            (Self::Url(one), Resource::Url(url)) => *one == url.to_string(),
            (Self::Matching(pattern), Resource::Url(url)) => pattern.matches(url),
            _ => false,
        }
    }
}
