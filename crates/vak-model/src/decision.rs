//! What was decided about an effect, and by what.

use std::fmt;

use crate::Capability;

/// The answer to an effect that a guest has asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
#[must_use]
pub enum Decision {
    /// It may be done.
    Allowed {
        /// The policies that say so, by their ids, sorted.
        policies: Vec<String>,
    },
    /// It may not.
    Denied(Denial),
}

/// Why an effect is denied.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Denial {
    /// On what ground.
    pub ground: Ground,
    /// The capability that it would need.
    pub capability: Capability,
    /// The policies that decided, by their ids, sorted; none if nothing allows it.
    pub policies: Vec<String>,
}

/// On what ground an effect is denied, the first that applies.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Ground {
    /// The skill's manifest does not ask for it.
    Unrequested,
    /// A policy could not be evaluated.
    Error,
    /// A policy forbids it.
    Forbidden,
    /// Nothing that the operator has said allows it.
    Ungranted,
}

impl Ground {
    /// Every ground.
    pub const ALL: [Self; 4] = [Self::Unrequested, Self::Error, Self::Forbidden, Self::Ungranted];

    /// The stable word for it, which guests and records get.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Unrequested => "policy.unrequested",
            Self::Error => "policy.error",
            Self::Forbidden => "policy.forbidden",
            Self::Ungranted => "policy.ungranted",
        }
    }
}

impl fmt::Display for Ground {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Unrequested => "the manifest does not ask for it",
            Self::Error => "a policy could not be evaluated",
            Self::Forbidden => "a policy forbids it",
            Self::Ungranted => "nothing allows it",
        })
    }
}

impl Decision {
    /// Whether it may be done.
    #[must_use]
    pub const fn is_allowed(&self) -> bool {
        matches!(self, Self::Allowed { .. })
    }
}
