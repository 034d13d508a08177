//! What a skill is given: the least of what its manifest asks for and what the operator allows.

use std::collections::BTreeSet;

use crate::{Capability, CapabilityRequest, Manifest};

/// The capabilities that one skill holds for its calls.
///
/// A grant is made only by [`Grant::new`], from a manifest and an operator's word, and answers every request of
/// that manifest: what is not in it is denied.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Grant {
    capabilities: BTreeSet<Capability>,
}

/// The manifest needs a capability of which the operator grants nothing.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the capability `{capability}` is not granted")]
pub struct NotGranted {
    /// What was asked for.
    pub capability: Capability,
}

impl Grant {
    /// The grant of a manifest under an operator who allows the kinds in `allowed`. `compute` is always allowed.
    ///
    /// # Errors
    /// The first capability that the manifest needs, does not call optional, and does not get.
    pub fn new(manifest: &Manifest, allowed: &BTreeSet<Capability>) -> Result<Self, NotGranted> {
        let asked = manifest.capabilities.iter().map(|request| request.capability);
        let mut grant = Self { capabilities: asked.filter(|capability| allowed.contains(capability)).collect() };
        grant.capabilities.insert(Capability::Compute);
        grant.covers(manifest)?;
        Ok(grant)
    }

    /// Whether everything that `manifest` can't do without is held.
    ///
    /// # Errors
    /// The first capability that is needed and not held.
    pub fn covers(&self, manifest: &Manifest) -> Result<(), NotGranted> {
        let missing = |request: &&CapabilityRequest| !request.optional && !self.holds(request.capability);
        match manifest.capabilities.iter().find(missing) {
            Some(request) => Err(NotGranted { capability: request.capability }),
            None => Ok(()),
        }
    }

    /// The grant of a raw module that has no manifest: computing and nothing else.
    #[must_use]
    pub fn compute_only() -> Self {
        Self { capabilities: BTreeSet::from([Capability::Compute]) }
    }

    /// Whether the capability is held at all.
    #[must_use]
    pub fn holds(&self, capability: Capability) -> bool {
        self.capabilities.contains(&capability)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{LimitRequest, ModulePath, Text};

    fn manifest(capability: Capability, optional: bool) -> Manifest {
        let valid = "a part of a manifest";
        Manifest {
            name: "s".parse().expect(valid),
            version: "1.0.0".parse().expect(valid),
            description: Text::default(),
            author: Text::default(),
            license: Text::default(),
            module: ModulePath::try_from("s.wasm".to_owned()).expect(valid),
            capabilities: vec![CapabilityRequest::new(capability, None, optional).expect(valid)],
            features: Vec::new(),
            determinism: crate::Determinism::Exact,
            limits: LimitRequest::none(),
            exports: Vec::new(),
            tests: Vec::new(),
            signature: None,
        }
    }

    #[test]
    fn nothing_is_held_that_was_not_both_asked_for_and_allowed() {
        let all = BTreeSet::from(Capability::ALL);
        let granted = Grant::new(&manifest(Capability::Log, false), &all).expect("granted");
        assert!(granted.holds(Capability::Log) && !granted.holds(Capability::Clock));
        let optional = Grant::new(&manifest(Capability::Log, true), &BTreeSet::new()).expect("granted");
        assert!(!optional.holds(Capability::Log) && optional.holds(Capability::Compute));
    }

    #[test]
    fn a_needed_capability_that_nobody_allows_refuses_the_skill() {
        for capability in Capability::ALL.into_iter().filter(|c| !c.is_scoped() && *c != Capability::Compute) {
            let refused = Grant::new(&manifest(capability, false), &BTreeSet::new());
            assert_eq!(refused, Err(NotGranted { capability }));
        }
    }
}
