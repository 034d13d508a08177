//! What a skill may ask for beyond computing.

use std::fmt;
use std::str::FromStr;

use serde::de::{self, MapAccess, Visitor};
use serde::ser::SerializeMap;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

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
    #[error("`{0}` is not a capability; there are {all}", all = Capability::names())]
    Unknown(String),
    /// A capability over resources that names none of them.
    #[error("`{0}` needs a list of what it may reach, for example `{0}: [\"data/**\"]`")]
    NoScope(&'static str),
    /// A list of resources for a capability that has none.
    #[error("`{0}` takes no list")]
    UnexpectedScope(&'static str),
    /// More entries, or longer ones, than a list may have.
    #[error("the list of `{0}` is too long: at most 64 entries of 1 to 1024 characters, all printable")]
    ScopeBounds(&'static str),
    /// Two capabilities, or none, in one entry.
    #[error("each entry names exactly one capability")]
    NotOne,
    /// `optional` on the one capability that no skill can do without.
    #[error("`compute` cannot be optional")]
    OptionalCompute,
    /// The same capability in two entries.
    #[error("`{0}` is listed twice")]
    Twice(&'static str),
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

    /// The one function of module `vak` that needs this capability; `compute` needs none.
    #[must_use]
    pub const fn import(self) -> Option<&'static str> {
        match self {
            Self::Compute => None,
            Self::FsRead => Some("fs_read"),
            Self::FsWrite => Some("fs_write"),
            Self::NetHttp => Some("net_http"),
            Self::Kv => Some("kv"),
            Self::Log => Some("log"),
            Self::Clock => Some("clock"),
            Self::Random => Some("random"),
            Self::VerifyPlan => Some("verify_plan"),
            Self::Reason => Some("reason"),
        }
    }

    /// Whether a request lists the resources that it wants to reach.
    #[must_use]
    pub const fn is_scoped(self) -> bool {
        matches!(self, Self::FsRead | Self::FsWrite | Self::NetHttp)
    }

    fn names() -> String {
        Self::ALL.map(Self::name).join(", ")
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

impl<'de> Deserialize<'de> for CapabilityRequest {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(RequestVisitor)
    }
}

struct RequestVisitor;

impl<'de> Visitor<'de> for RequestVisitor {
    type Value = CapabilityRequest;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a capability's name, or the name and a list of what it may reach")
    }

    fn visit_str<E: de::Error>(self, name: &str) -> Result<CapabilityRequest, E> {
        name.parse().and_then(|capability| CapabilityRequest::new(capability, None, false)).map_err(E::custom)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<CapabilityRequest, A::Error> {
        let mut named = None;
        let mut optional = false;
        while let Some(key) = map.next_key::<String>()? {
            if key == "optional" {
                optional = map.next_value()?;
                continue;
            }
            let capability: Capability = key.parse().map_err(de::Error::custom)?;
            let scope: Option<Vec<String>> = map.next_value()?;
            if named.replace((capability, scope)).is_some() {
                return Err(de::Error::custom(InvalidCapability::NotOne));
            }
        }
        let (capability, scope) = named.ok_or_else(|| de::Error::custom(InvalidCapability::NotOne))?;
        CapabilityRequest::new(capability, scope, optional).map_err(de::Error::custom)
    }
}

impl Serialize for CapabilityRequest {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let name = self.capability.name();
        if self.scope.is_empty() && !self.optional {
            return serializer.serialize_str(name);
        }
        let mut map = serializer.serialize_map(None)?;
        if self.scope.is_empty() {
            map.serialize_entry(name, &())?;
        } else {
            map.serialize_entry(name, &self.scope)?;
        }
        if self.optional {
            map.serialize_entry("optional", &true)?;
        }
        map.end()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(json: &str) -> Result<CapabilityRequest, String> {
        serde_json::from_str(json).map_err(|error| error.to_string())
    }

    #[test]
    fn every_form_of_a_request_reads_back_from_what_it_writes() {
        for form in [
            r#""compute""#,
            r#"{"fs.read":["data/**"]}"#,
            r#"{"net.http":["https://api.example.com/*"],"optional":true}"#,
            r#"{"log":null,"optional":true}"#,
        ] {
            let request = read(form).expect(form);
            assert_eq!(serde_json::to_string(&request).expect("serialisable"), form);
        }
    }

    #[test]
    fn a_request_that_says_too_little_or_too_much_is_refused() {
        for (form, reason) in [
            (r#""wasi""#, "not a capability"),
            (r#""fs.read""#, "needs a list"),
            (r#"{"fs.read":[]}"#, "needs a list"),
            (r#"{"log":["x"]}"#, "takes no list"),
            (r#"{"log":null,"kv":null}"#, "exactly one"),
            (r#"{"optional":true}"#, "exactly one"),
            (r#"{"compute":null,"optional":true}"#, "cannot be optional"),
            (r#"{"fs.read":["a\u001bb"]}"#, "too long"),
            ("7", "a capability's name"),
        ] {
            let error = read(form).expect_err(form);
            assert!(error.contains(reason), "{form}: {error}");
        }
    }
}
