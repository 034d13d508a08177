//! What a skill is given: the least of what its manifest asks for and what the operator allows.

use std::collections::BTreeMap;

use vak_model::{
    Capability, CapabilityRequest, Decision, Denial, Effect, Ground, Manifest, ModuleId, Resource, SkillName,
    SkillVersion,
};

use crate::Operator;
use crate::scope::{InvalidScope, Scope};

/// The skill that a grant is for, as policies know it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Principal {
    /// Its name.
    pub name: SkillName,
    /// Its version.
    pub version: SkillVersion,
    /// The very bytes, if they are known.
    pub module: Option<ModuleId>,
    /// The keys that vouch for them, in hex; none if they are not signed.
    pub signers: Vec<String>,
}

impl Principal {
    /// A skill that nobody vouches for.
    #[must_use]
    pub fn unsigned(manifest: &Manifest) -> Self {
        Self { name: manifest.name.clone(), version: manifest.version.clone(), module: None, signers: Vec::new() }
    }
}

/// What one skill may do in its calls.
///
/// It is made only by [`Grant::new`], from a manifest and an operator's word, and answers every request of that manifest:
/// what is not in it is denied.
#[derive(Clone, Debug)]
pub struct Grant {
    /// What the manifest asks for and the operator gives some of, and the paths that it is asked for.
    held: BTreeMap<Capability, Option<Scope>>,
    operator: Operator,
}

/// Why there is no grant.
#[derive(Clone, Debug, thiserror::Error)]
pub enum GrantError {
    /// The manifest needs a capability of which the operator grants nothing.
    #[error("the capability `{0}` is not granted")]
    NotGranted(Capability),
    /// A list in the manifest can't be used.
    #[error("the manifest's list of `{capability}` can't be used")]
    Scope {
        /// Whose list it is.
        capability: Capability,
        /// What is wrong with it.
        source: InvalidScope,
    },
}

impl Grant {
    /// The grant of a manifest under an operator. `compute` is always granted.
    ///
    /// # Errors
    /// The first capability that the manifest needs, does not call optional, and does not get; a list that is none.
    pub fn new(manifest: &Manifest, _principal: &Principal, operator: &Operator) -> Result<Self, GrantError> {
        let mut held = BTreeMap::from([(Capability::Compute, None)]);
        for CapabilityRequest { capability, scope, .. } in &manifest.capabilities {
            if operator.allows_some(*capability) {
                let paths = matches!(capability, Capability::FsRead | Capability::FsWrite).then(|| Scope::of(scope));
                let paths = paths.transpose();
                held.insert(
                    *capability,
                    paths.map_err(|source| GrantError::Scope { capability: *capability, source })?,
                );
            }
        }
        let grant = Self { held, operator: operator.clone() };
        grant.covers(manifest)?;
        Ok(grant)
    }

    /// The grant of a manifest that no operator has a word for: computing, if it needs nothing else.
    ///
    /// # Errors
    /// As [`Grant::new`].
    pub fn from_nobody(manifest: &Manifest) -> Result<Self, GrantError> {
        Self::new(manifest, &Principal::unsigned(manifest), &Operator::nothing())
    }

    /// Whether everything that `manifest` can't do without is held.
    ///
    /// # Errors
    /// The first capability that is needed and not held.
    pub fn covers(&self, manifest: &Manifest) -> Result<(), GrantError> {
        let missing = |request: &&CapabilityRequest| !request.optional && !self.holds(request.capability);
        match manifest.capabilities.iter().find(missing) {
            Some(request) => Err(GrantError::NotGranted(request.capability)),
            None => Ok(()),
        }
    }

    /// The grant of a raw module that has no manifest: computing and nothing else.
    #[must_use]
    pub fn compute_only() -> Self {
        Self { held: BTreeMap::from([(Capability::Compute, None)]), operator: Operator::nothing() }
    }

    /// Whether anything of the capability is held.
    #[must_use]
    pub fn holds(&self, capability: Capability) -> bool {
        self.held.contains_key(&capability)
    }

    /// Whether an effect may happen.
    pub fn decide(&self, effect: &Effect) -> Decision {
        let (call, capability) = (effect.call(), effect.call().capability());
        let denied = |ground| Decision::Denied(Denial { ground, capability, policies: Vec::new() });
        let Some(scope) = self.held.get(&capability) else { return denied(Ground::Ungranted) };
        let asked = |resource| match (scope, resource) {
            (Some(scope), Resource::Path(path)) => scope.reaches(path),
            (Some(_), _) => false,
            (None, _) => true,
        };
        if !effect.resources().all(asked) {
            return denied(Ground::Unrequested);
        }
        if !effect.resources().all(|resource| self.operator.allows(call, resource)) {
            return denied(Ground::Ungranted);
        }
        Decision::Allowed { policies: Vec::new() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Allowance;
    use vak_model::{GuestPath, LimitRequest, ModulePath, Text};

    fn manifest(capability: Capability, scope: Option<&str>, optional: bool) -> Manifest {
        let valid = "a part of a manifest";
        let scope = scope.map(|entry| vec![entry.to_owned()]);
        Manifest {
            name: "s".parse().expect(valid),
            version: "1.0.0".parse().expect(valid),
            description: Text::default(),
            author: Text::default(),
            license: Text::default(),
            module: ModulePath::try_from("s.wasm".to_owned()).expect(valid),
            capabilities: vec![CapabilityRequest::new(capability, scope, optional).expect(valid)],
            features: Vec::new(),
            determinism: vak_model::Determinism::Exact,
            limits: LimitRequest::none(),
            exports: Vec::new(),
            tests: Vec::new(),
            signature: None,
        }
    }

    fn grant(manifest: &Manifest, operator: &Operator) -> Result<Grant, GrantError> {
        Grant::new(manifest, &Principal::unsigned(manifest), operator)
    }

    fn path(text: &str) -> GuestPath {
        GuestPath::try_from(text).expect(text)
    }

    #[test]
    fn nothing_is_held_that_was_not_both_asked_for_and_allowed() {
        let all = Capability::ALL.into_iter().fold(Operator::nothing(), |all, one| all.allow(Allowance::All(one)));
        let granted = grant(&manifest(Capability::Log, None, false), &all).expect("granted");
        assert!(granted.holds(Capability::Log) && !granted.holds(Capability::Clock));
        let optional = grant(&manifest(Capability::Log, None, true), &Operator::nothing()).expect("granted");
        assert!(!optional.holds(Capability::Log) && optional.holds(Capability::Compute));
    }

    #[test]
    fn a_needed_capability_that_nobody_allows_refuses_the_skill() {
        for capability in Capability::ALL.into_iter().filter(|c| !c.is_scoped() && *c != Capability::Compute) {
            let refused = grant(&manifest(capability, None, false), &Operator::nothing()).expect_err("refused");
            assert!(matches!(refused, GrantError::NotGranted(refused) if refused == capability));
        }
    }

    #[test]
    fn a_path_must_be_asked_for_and_allowed() {
        let manifest = manifest(Capability::FsRead, Some("data/**"), false);
        let grant = grant(&manifest, &Operator::nothing().allow(Allowance::Read(path("data/a")))).expect("granted");
        let ground = |text| match grant.decide(&Effect::FsRead { path: path(text) }) {
            Decision::Allowed { .. } => None,
            Decision::Denied(denial) => Some(denial.ground),
        };
        assert_eq!(ground("data/a/x"), None);
        assert_eq!(ground("data/b"), Some(Ground::Ungranted));
        assert_eq!(ground("data-a/x"), Some(Ground::Unrequested));
        let write = grant.decide(&Effect::FsWrite { path: path("data/a/x"), bytes: 1 });
        assert!(!write.is_allowed());
    }
}
