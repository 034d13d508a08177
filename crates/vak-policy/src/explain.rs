//! What a grant comes to, and what would have to be said for more: told, not done.

use std::fmt;

use vak_model::{
    Capability, CapabilityRequest, Denial, Effect, Ground, GuestPath, HostCall, Manifest, Resource, SkillName,
};

use crate::{Allowance, Grant, GrantError, Operator, Principal, UrlPattern};

/// What has become of one request of a manifest.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Explained {
    /// The request.
    pub request: CapabilityRequest,
    /// Whether anything of it is held.
    pub held: bool,
    /// The policies that may permit some of its calls, by their ids, sorted.
    pub permits: Vec<String>,
    /// The policies that may forbid some of its calls, by their ids, sorted.
    pub forbids: Vec<String>,
    /// What the operator would say to give all that is asked for: flags, and the same as a policy.
    pub grants: Grants,
}

/// Two ways to say the same.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Grants {
    /// Flags of a command line, ready to paste; empty for what needs none.
    pub flags: String,
    /// A line of policies in Cedar.
    pub policy: String,
}

/// What would have to be said for an effect that was denied.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Advice {
    /// Why it was denied, with what decided.
    pub reason: String,
    /// The line that would allow it; none if it takes a change to what is there.
    pub line: Option<String>,
    /// Where that goes.
    pub goes_into: GoesInto,
}

/// Where a line of advice goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum GoesInto {
    /// The skill's `skill.yaml`, below `capabilities:`; its author has to do it, and to sign it again.
    Manifest,
    /// The operator's policy.
    Policy,
    /// The command line.
    CommandLine,
}

impl fmt::Display for GoesInto {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Manifest => "the skill's manifest",
            Self::Policy => "the policy",
            Self::CommandLine => "the command line",
        })
    }
}

/// What would become of each request of a manifest, in its order, even if a grant is refused for one that it needs.
///
/// # Errors
/// A list of the manifest that can't be used.
pub fn explain(manifest: &Manifest, principal: &Principal, operator: &Operator) -> Result<Vec<Explained>, GrantError> {
    Ok(Grant::of_requests(manifest, principal, operator)?.explain())
}

impl Grant {
    /// What has become of each request of the manifest, in its order.
    #[must_use]
    pub fn explain(&self) -> Vec<Explained> {
        self.requests().map(|request| self.explained(request)).collect()
    }

    fn explained(&self, request: &CapabilityRequest) -> Explained {
        let capability = request.capability;
        let of = |permits: bool| {
            let slices = capability.calls().filter_map(|call| self.slice(call));
            let rules = slices.flat_map(|slice| &slice.rules).filter(|rule| rule.permits == permits);
            let mut ids: Vec<String> = rules.map(|rule| rule.id.clone()).collect();
            ids.sort();
            ids.dedup();
            ids
        };
        Explained {
            request: request.clone(),
            held: self.holds(capability),
            permits: of(true),
            forbids: of(false),
            grants: Grants::of_request(self.skill(), request),
        }
    }

    /// What would allow an effect that was denied. Only the first thing that is wrong is told: when it is put right,
    /// something else may be.
    #[must_use]
    pub fn advice(&self, effect: &Effect, denial: &Denial) -> Advice {
        let (reason, line, goes_into) = match denial.ground {
            Ground::Unrequested => {
                let reason = format!("the manifest does not ask for `{effect}`");
                (reason, Some(self.request_for(effect)), GoesInto::Manifest)
            }
            Ground::Ungranted => self.unsaid(effect),
            Ground::Forbidden => {
                (format!("{} it", named(&denial.policies, "forbids", "forbid")), None, GoesInto::Policy)
            }
            Ground::Error => (self.mistakes(effect, &denial.policies), None, GoesInto::Policy),
        };
        Advice { reason, line, goes_into }
    }

    /// What nobody has said, as a policy if there are policies, else as flags.
    fn unsaid(&self, effect: &Effect) -> (String, Option<String>, GoesInto) {
        let grants = Grants::of_effect(self.skill(), effect);
        let reason = format!("nothing that the operator says allows `{effect}`");
        if self.has_policies() {
            (reason, Some(grants.policy), GoesInto::Policy)
        } else {
            (reason, Some(grants.flags), GoesInto::CommandLine)
        }
    }

    /// What Cedar says of the policies that could not be evaluated.
    fn mistakes(&self, effect: &Effect, policies: &[String]) -> String {
        let errors = self.errors(effect);
        let said = errors.iter().filter(|(id, _)| policies.contains(id));
        let said: Vec<String> =
            said.map(|(id, text)| format!("the policy `{id}` can't be evaluated: {text}")).collect();
        match said.is_empty() {
            true if policies.is_empty() => "what was asked can't be put to the policies".to_owned(),
            true => format!("{} be evaluated", named(policies, "can't", "can't")),
            false => said.join("; "),
        }
    }

    /// The manifest's entry with what the effect needs added to it.
    fn request_for(&self, effect: &Effect) -> String {
        let capability = effect.call().capability();
        let asked = self.requests().find(|request| request.capability == capability);
        let mut scope = asked.map(|request| request.scope.clone()).unwrap_or_default();
        let paths = effect.resources().filter_map(|resource| match resource {
            Resource::Path(path) => Some(pattern(path)),
            Resource::Url(url) => Some(url.to_string()),
            Resource::Key(_) | Resource::Host => None,
        });
        scope.extend(paths);
        let mut entries: Vec<String> = Vec::new();
        for entry in scope.iter().map(|entry| quoted(entry)) {
            if !entries.contains(&entry) {
                entries.push(entry);
            }
        }
        match capability.is_scoped() {
            true => format!("- {capability}: [{}]", entries.join(", ")),
            false => format!("- {capability}"),
        }
    }
}

impl Grants {
    /// What gives all that a manifest's entry asks for.
    fn of_request(skill: Option<&SkillName>, request: &CapabilityRequest) -> Self {
        if request.capability == Capability::Compute {
            return Self::default();
        }
        let folder = |capability| request.scope.iter().map(move |pattern| allowance(capability, fixed(pattern)));
        match request.capability {
            capability @ (Capability::FsRead | Capability::FsWrite) => Self::of(skill, folder(capability).collect()),
            Capability::NetHttp => {
                let patterns = request.scope.iter().filter_map(|pattern| UrlPattern::of_url(pattern).ok());
                Self::of(skill, patterns.map(Allowance::Net).collect())
            }
            capability => Self::of(skill, vec![Allowance::All(capability)]),
        }
    }

    /// What allows one effect, and little more: for a file, the folder that it lies in.
    fn of_effect(skill: Option<&SkillName>, effect: &Effect) -> Self {
        let capability = effect.call().capability();
        let allowances = effect.resources().map(|resource| match resource {
            Resource::Path(path) if effect.call() == HostCall::FsList => allowance(capability, path.clone()),
            Resource::Path(path) => allowance(capability, folder_of(path)),
            Resource::Url(url) => Allowance::Net(UrlPattern::of_origin(url)),
            Resource::Key(_) | Resource::Host => Allowance::All(capability),
        });
        Self::of(skill, allowances.collect())
    }

    fn of(skill: Option<&SkillName>, allowances: Vec<Allowance>) -> Self {
        let mut said: Vec<Allowance> = Vec::new();
        for allowance in allowances {
            if !said.contains(&allowance) {
                said.push(allowance);
            }
        }
        let who = skill.map_or_else(String::new, |name| format!(" == Skill::{}", quoted(name.as_str())));
        let flags: Vec<String> = said.iter().map(Allowance::typed).collect();
        let policies: Vec<String> = said.iter().map(|allowance| allowance.policy(&format!("principal{who}"))).collect();
        Self { flags: flags.join(" "), policy: policies.join(" ") }
    }
}

impl Allowance {
    /// The flag, as a shell takes it.
    fn typed(&self) -> String {
        let (flag, value) = match self {
            Self::Read(path) => ("--allow-read", path.to_string()),
            Self::Write(path) => ("--allow-write", path.to_string()),
            Self::Net(pattern) => ("--allow-net", pattern.to_string()),
            Self::All(_) => return self.flag(),
        };
        let is_plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '/' | '_' | '-' | ':');
        match value.chars().all(is_plain) && !value.starts_with('-') {
            true => format!("{flag} {value}"),
            false => format!("{flag}='{}'", value.replace('\'', r"'\''")),
        }
    }

    /// The same in Cedar.
    fn policy(&self, principal: &str) -> String {
        let resource = match self {
            Self::Read(path) | Self::Write(path) => format!("resource in Path::{}", quoted(path.as_str())),
            Self::Net(_) => "resource is Url".to_owned(),
            Self::All(_) => "resource".to_owned(),
        };
        let conditions = match self {
            Self::Net(pattern) => format!(" when {{ {} }}", pattern.conditions()),
            _ => String::new(),
        };
        format!("permit({principal}, action in Action::\"{}\", {resource}){conditions};", self.capability())
    }
}

fn allowance(capability: Capability, path: GuestPath) -> Allowance {
    if capability == Capability::FsWrite { Allowance::Write(path) } else { Allowance::Read(path) }
}

/// The part of a pattern before anything that is not itself.
fn fixed(pattern: &str) -> GuestPath {
    let is_plain = |part: &&str| !part.contains(['*', '?', '[', '{', '\\']);
    let parts: Vec<&str> = pattern.split('/').take_while(is_plain).collect();
    GuestPath::try_from(parts.join("/").as_str()).unwrap_or_else(|_| GuestPath::top())
}

fn folder_of(path: &GuestPath) -> GuestPath {
    let folder = path.as_str().rsplit_once('/').map(|(folder, _)| folder);
    folder.and_then(|folder| GuestPath::try_from(folder).ok()).unwrap_or_else(|| path.clone())
}

/// The pattern that matches this path alone.
fn pattern(path: &GuestPath) -> String {
    let escaped =
        |c| if matches!(c, '*' | '?' | '[' | ']' | '{' | '}' | '\\') { format!("\\{c}") } else { c.to_string() };
    path.as_str().chars().map(escaped).collect()
}

/// Text as YAML, JSON and Cedar write it, of which all can be printed.
fn quoted(text: &str) -> String {
    format!("\"{}\"", text.replace('\\', r"\\").replace('"', "\\\""))
}

/// `the policy `a` forbids`, `the policies `a`, `b` forbid`.
fn named(policies: &[String], does: &str, they_do: &str) -> String {
    let ids: Vec<String> = policies.iter().map(|id| format!("`{id}`")).collect();
    match ids.len() {
        1 => format!("the policy {} {does}", ids[0]),
        _ => format!("the policies {} {they_do}", ids.join(", ")),
    }
}
