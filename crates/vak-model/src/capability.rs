//! What a skill may ask for beyond computing.

use std::fmt;
use std::str::FromStr;

use crate::HostCall;
use crate::advice::{self, Advice};

/// A kind of power over something outside the guest's own memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Capability {
    /// Running at all; every skill has it.
    Compute,
    /// Reading files below granted paths.
    FsRead,
    /// Writing files below granted paths.
    FsWrite,
    /// HTTP requests to granted URLs.
    NetHttp,
    /// A key-value store of the skill's own.
    Kv,
    /// Lines in the operator's log.
    Log,
    /// The time of day.
    Clock,
    /// Random bytes.
    Random,
    /// Checking an agent's plan against the rules.
    VerifyPlan,
    /// Asking the host's reasoning engine.
    Reason,
}

/// What is wrong with a capability request.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidCapability {
    /// No capability of that name exists.
    Unknown(String),
    /// A capability over resources that names none of them.
    NoScope(&'static str),
    /// A list of resources for a capability that has none.
    UnexpectedScope(&'static str),
    /// More entries, or longer ones, than a list may have.
    ScopeBounds(&'static str),
    /// `optional` on the one capability that no skill can do without.
    OptionalCompute,
}

impl Advice for InvalidCapability {
    fn wrong(&self) -> String {
        match self {
            Self::Unknown(name) => format!("`{name}` is not a capability"),
            Self::NoScope(name) => format!("`{name}` needs a list of what it may reach"),
            Self::UnexpectedScope(name) => format!("`{name}` takes no list"),
            Self::ScopeBounds(name) => format!("the list of `{name}` is too long, or holds what can't be printed"),
            Self::OptionalCompute => "`compute` cannot be optional".to_owned(),
        }
    }

    fn right(&self) -> String {
        match self {
            Self::Unknown(_) => format!("there are {}", Capability::ALL.map(Capability::name).join(", ")),
            Self::NoScope("net.http") => "for example `net.http: [\"https://api.example.com/*\"]`".to_owned(),
            Self::NoScope(name) => format!("for example `{name}: [\"data/**\"]`"),
            Self::UnexpectedScope(name) => format!("write `{name}` alone"),
            Self::ScopeBounds(_) => "use at most 64 entries of 1 to 1024 bytes, all printable".to_owned(),
            Self::OptionalCompute => "leave `optional` out".to_owned(),
        }
    }
}

impl fmt::Display for InvalidCapability {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        advice::display(self, f)
    }
}

impl Capability {
    /// Every capability, in the order of the documentation.
    pub const ALL: [Self; 10] = [
        Self::Compute,
        Self::FsRead,
        Self::FsWrite,
        Self::NetHttp,
        Self::Kv,
        Self::Log,
        Self::Clock,
        Self::Random,
        Self::VerifyPlan,
        Self::Reason,
    ];

    /// The name in a manifest, such as `fs.read`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Compute => "compute",
            Self::FsRead => "fs.read",
            Self::FsWrite => "fs.write",
            Self::NetHttp => "net.http",
            Self::Kv => "kv",
            Self::Log => "log",
            Self::Clock => "clock",
            Self::Random => "random",
            Self::VerifyPlan => "verify_plan",
            Self::Reason => "reason",
        }
    }

    /// The functions of module `vak` that need this capability; `compute` needs none.
    pub fn calls(self) -> impl Iterator<Item = HostCall> {
        HostCall::ALL.into_iter().filter(move |call| call.capability() == self)
    }

    /// Whether a request lists the resources that it wants to reach.
    #[must_use]
    pub const fn is_scoped(self) -> bool {
        matches!(self, Self::FsRead | Self::FsWrite | Self::NetHttp)
    }
}

impl fmt::Display for Capability {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Capability {
    type Err = InvalidCapability;

    fn from_str(name: &str) -> Result<Self, InvalidCapability> {
        Self::ALL
            .into_iter()
            .find(|capability| capability.name() == name)
            .ok_or_else(|| InvalidCapability::Unknown(crate::printable(name, 80)))
    }
}

/// One entry of a manifest's `capabilities`: `compute`, or `fs.read: ["data/**"]`, with `optional: true` beside it
/// if the skill can go on without.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CapabilityRequest {
    /// What is asked for.
    pub capability: Capability,
    /// The resources asked for, for the capabilities that have any.
    pub scope: Vec<String>,
    /// Whether the skill can run without it.
    pub optional: bool,
}

impl CapabilityRequest {
    /// A request, checked for its own form.
    ///
    /// # Errors
    /// A missing, unexpected or overlong scope; an optional `compute`.
    pub fn new(capability: Capability, scope: Option<Vec<String>>, optional: bool) -> Result<Self, InvalidCapability> {
        let name = capability.name();
        if optional && capability == Capability::Compute {
            return Err(InvalidCapability::OptionalCompute);
        }
        let scope = match (capability.is_scoped(), scope) {
            (true, Some(scope)) if !scope.is_empty() => scope,
            (true, _) => return Err(InvalidCapability::NoScope(name)),
            (false, Some(_)) => return Err(InvalidCapability::UnexpectedScope(name)),
            (false, None) => Vec::new(),
        };
        let fits = |entry: &String| (1..=1024).contains(&entry.len()) && crate::printable(entry, 1024) == *entry;
        if scope.len() > 64 || !scope.iter().all(fits) {
            return Err(InvalidCapability::ScopeBounds(name));
        }
        Ok(Self { capability, scope, optional })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_that_says_too_little_or_too_much_is_refused() {
        let some = |entry: &str| Some(vec![entry.to_owned()]);
        for (capability, scope, optional, reason) in [
            (Capability::FsRead, None, false, "needs a list"),
            (Capability::FsRead, Some(Vec::new()), true, "needs a list"),
            (Capability::Log, some("x"), false, "takes no list"),
            (Capability::Compute, None, true, "cannot be optional"),
            (Capability::FsRead, some("a\u{1b}b"), false, "too long"),
            (Capability::FsRead, some(""), false, "too long"),
            (Capability::NetHttp, some(&"x".repeat(1025)), false, "too long"),
            (Capability::NetHttp, Some(vec!["x".to_owned(); 65]), false, "too long"),
        ] {
            let error = CapabilityRequest::new(capability, scope, optional).expect_err(reason).to_string();
            assert!(error.contains(reason), "{reason}: {error}");
        }
        assert!(CapabilityRequest::new(Capability::FsRead, some("data/**"), true).is_ok());
        assert!(CapabilityRequest::new(Capability::Log, None, true).is_ok());
        assert!("wasi".parse::<Capability>().expect_err("unknown").to_string().contains("not a capability"));
    }
}
