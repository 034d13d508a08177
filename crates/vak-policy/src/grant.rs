//! What a skill is given: the least of what its manifest asks for and what the operator allows.

use std::collections::BTreeMap;
use std::sync::Arc;

use cedar_policy::Entity;
use vak_model::{
    Capability, CapabilityRequest, Decision, Denial, Effect, Ground, GuestPath, HostCall, HttpUrl, Manifest, ModuleId,
    Resource, SkillName, SkillVersion,
};

use crate::ask::{self, Question, Verdict, ask};
use crate::reach::What;
use crate::rules::Rule;
use crate::scope::{InvalidScope, Scope};
use crate::slice::{self, Slice};
use crate::{Allowance, Operator};

/// The skill that a grant is for, as policies know it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Principal {
    /// Its name.
    pub name: SkillName,
    /// Its version.
    pub version: SkillVersion,
    /// The very bytes, if they are known.
    pub module: Option<ModuleId>,
    /// The keys that vouch for them, as the tools show them (`ed25519:` and base64); none if they are not signed.
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
#[derive(Clone, Debug, Default)]
pub struct Grant {
    /// What the manifest asks for, in its order.
    requested: Vec<Requested>,
    /// The name of the skill, if it has one.
    name: Option<SkillName>,
    /// The policies about each call that the manifest asks for.
    slices: BTreeMap<HostCall, Arc<Slice>>,
    /// The skill as Cedar sees it, if Cedar could be asked.
    entity: Option<Entity>,
    /// Whether the operator has written policies, and not only typed flags.
    has_policies: bool,
}

#[derive(Clone, Debug)]
struct Requested {
    request: CapabilityRequest,
    /// The places that it is about, if it is about places.
    places: Option<Scope>,
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
    pub fn new(manifest: &Manifest, principal: &Principal, operator: &Operator) -> Result<Self, GrantError> {
        let grant = Self::of_requests(manifest, principal, operator)?;
        grant.covers(manifest)?;
        Ok(grant)
    }

    /// What a manifest would be granted, though it may lack what it needs.
    pub(crate) fn of_requests(
        manifest: &Manifest,
        principal: &Principal,
        operator: &Operator,
    ) -> Result<Self, GrantError> {
        let requested = manifest.capabilities.iter().map(Requested::of).collect::<Result<Vec<_>, _>>()?;
        let mut grant = Self {
            requested,
            name: Some(principal.name.clone()),
            has_policies: !operator.policies().is_empty(),
            ..Self::default()
        };
        if !operator.is_silent() {
            let calls = grant.requested.iter().flat_map(|requested| requested.request.capability.calls());
            let flags = operator.flags();
            let rules = operator.policies().iter().chain(&flags);
            grant.slices = slice::slices(rules, &principal.name, &calls.collect::<Vec<_>>());
            let is_asked = grant.slices.values().any(|slice| !slice.conditional.is_empty());
            grant.entity = is_asked.then(|| ask::skill(principal)).flatten();
        }
        Ok(grant)
    }

    /// The grant of a manifest that no operator has a word for: computing, if it needs nothing else.
    ///
    /// # Errors
    /// As [`Grant::new`].
    pub fn from_nobody(manifest: &Manifest) -> Result<Self, GrantError> {
        Self::new(manifest, &Principal::unsigned(manifest), &Operator::nothing())
    }

    /// All that a manifest asks for, whatever the operator says: for a world in which nothing is real.
    ///
    /// # Errors
    /// A list of the manifest that can't be used.
    pub fn rehearsal(manifest: &Manifest) -> Result<Self, GrantError> {
        let asked = manifest.capabilities.iter().map(|request| Allowance::All(request.capability));
        let operator = asked.fold(Operator::nothing(), Operator::allow);
        Self::of_requests(manifest, &Principal::unsigned(manifest), &operator)
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
        Self::default()
    }

    /// Whether anything of the capability is held: the manifest asks for it, and a policy could permit one of its calls.
    #[must_use]
    pub fn holds(&self, capability: Capability) -> bool {
        let permitted = |call| self.slice(call).is_some_and(Slice::permits);
        capability == Capability::Compute || capability.calls().any(permitted)
    }

    /// The policies about a call, if the manifest asks for it.
    pub(crate) fn slice(&self, call: HostCall) -> Option<&Slice> {
        self.slices.get(&call).map(Arc::as_ref)
    }

    pub(crate) fn requests(&self) -> impl Iterator<Item = &CapabilityRequest> {
        self.requested.iter().map(|requested| &requested.request)
    }

    /// The name of the skill, if it has one.
    pub(crate) fn skill(&self) -> Option<&SkillName> {
        self.name.as_ref()
    }

    pub(crate) const fn has_policies(&self) -> bool {
        self.has_policies
    }

    /// What of the policies can't be evaluated for an effect: their ids, and what Cedar says.
    pub(crate) fn errors(&self, effect: &Effect) -> Vec<(String, String)> {
        let ways = [None, Some(None)].map(|planned| self.verdict(effect, planned));
        let errors = ways.into_iter().flat_map(|verdict| match verdict {
            Verdict::Erred(errors) => errors,
            _ => Vec::new(),
        });
        let mut errors: Vec<_> = errors.collect();
        errors.sort();
        errors.dedup();
        errors
    }

    /// Whether the operator has named the very address that a URL names, by a flag, so that it may be dialled though it is
    /// reserved. It says nothing about whether it is allowed.
    #[must_use]
    pub fn names_address(&self, url: &HttpUrl) -> bool {
        let named = |rule: &Rule| matches!(&rule.reach.what, What::Matching(pattern) if pattern.names_address(url));
        let slice = self.slice(HostCall::HttpFetch);
        slice.is_some_and(|slice| slice.rules.iter().any(|rule| rule.permits && named(rule)))
    }

    /// Whether an effect may happen.
    pub fn decide(&self, effect: &Effect) -> Decision {
        self.answer(effect, None)
    }

    /// Whether an effect that an agent plans might happen. Policies know that it is planned, and how sure the agent is of
    /// it, 0 to 1; what is not between these is [`Ground::Error`].
    pub fn decide_planned(&self, effect: &Effect, confidence: Option<f64>) -> Decision {
        self.answer(effect, Some(confidence))
    }

    fn answer(&self, effect: &Effect, planned: Option<Option<f64>>) -> Decision {
        let capability = effect.call().capability();
        let denied = |ground, policies| Decision::Denied(Denial { ground, capability, policies });
        if !self.asks_for(effect) {
            return denied(Ground::Unrequested, Vec::new());
        }
        if planned.flatten().is_some_and(|confidence| !(0.0..=1.0).contains(&confidence)) {
            return denied(Ground::Error, Vec::new());
        }
        match self.verdict(effect, planned) {
            Verdict::Erred(errors) => denied(Ground::Error, sorted(errors.into_iter().map(|(id, _)| id))),
            Verdict::Forbidden(ids) => denied(Ground::Forbidden, sorted(ids)),
            Verdict::Permitted(ids) => Decision::Allowed { policies: sorted(ids) },
            Verdict::Silent => denied(Ground::Ungranted, Vec::new()),
        }
    }

    /// Whether the manifest asks for this.
    fn asks_for(&self, effect: &Effect) -> bool {
        let capability = effect.call().capability();
        let asked =
            |requested: &Requested, resource| requested.places.as_ref().is_none_or(|places| places.reaches(resource));
        let mut requests = self.requested.iter().filter(|requested| requested.request.capability == capability);
        requests.any(|requested| effect.resources().all(|resource| asked(requested, resource)))
    }

    /// What the policies say, of all resources the worst.
    fn verdict(&self, effect: &Effect, planned: Option<Option<f64>>) -> Verdict {
        let Some(slice) = self.slice(effect.call()) else { return Verdict::Silent };
        let method = if let Effect::HttpFetch { method, .. } = effect { Some(*method) } else { None };
        let question =
            Question { skill: self.entity.as_ref(), call: effect.call(), bytes: effect.bytes(), method, planned };
        let of_resources = effect.resources().map(|resource| ask(slice, &question, resource));
        let of_contents = moved(slice, effect).map(|path| ask(slice, &question, Resource::Path(path)).if_against());
        of_resources.chain(of_contents.flatten()).reduce(Verdict::and).unwrap_or(Verdict::Silent)
    }
}

impl Requested {
    fn of(request: &CapabilityRequest) -> Result<Self, GrantError> {
        let capability = request.capability;
        let places = Scope::of(capability, &request.scope);
        let places = places.map_err(|source| GrantError::Scope { capability, source })?;
        Ok(Self { request: request.clone(), places })
    }
}

/// Paths that policies name and that move along with a folder: renaming it must not carry away what is forbidden.
fn moved<'a>(slice: &'a Slice, effect: &'a Effect) -> impl Iterator<Item = &'a GuestPath> {
    let ends = match effect {
        Effect::FsRename { from, to } => [from, to].map(Some),
        _ => [None, None],
    };
    let within = move |path: &&GuestPath| ends.iter().flatten().any(|end| path != end && path.below(end).is_some());
    slice.paths.iter().filter(within)
}

fn sorted(ids: impl IntoIterator<Item = String>) -> Vec<String> {
    let mut ids: Vec<String> = ids.into_iter().filter(|id| !id.is_empty()).collect();
    ids.sort();
    ids.dedup();
    ids
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::UrlPattern;
    use vak_model::{HostName, HttpHost, HttpMethod, HttpScheme, LimitRequest, ModulePath, Text};

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

    #[test]
    fn a_url_must_be_asked_for_and_allowed() {
        let manifest = manifest(Capability::NetHttp, Some("https://*.example.com/v1/*"), false);
        let allowed = UrlPattern::of_host("api.example.com").expect("a pattern");
        let grant = grant(&manifest, &Operator::nothing().allow(Allowance::Net(allowed))).expect("granted");
        let ground = |host: &str, port, target| {
            let host = HttpHost::Name(HostName::try_from(host).expect(host));
            let url = HttpUrl::new(HttpScheme::Https, host, port, target).expect(target);
            match grant.decide(&Effect::HttpFetch { method: HttpMethod::Get, url, bytes: 0 }) {
                Decision::Allowed { .. } => None,
                Decision::Denied(denial) => Some(denial.ground),
            }
        };
        assert_eq!(ground("api.example.com", 443, "/v1/x"), None);
        assert_eq!(ground("api.example.com", 443, "/v2/x"), Some(Ground::Unrequested));
        assert_eq!(ground("api.example.com", 444, "/v1/x"), Some(Ground::Unrequested));
        assert_eq!(ground("other.example.com", 443, "/v1/x"), Some(Ground::Ungranted));
    }

    #[test]
    fn an_address_is_named_by_itself_alone() {
        let manifest = manifest(Capability::NetHttp, Some("http://127.0.0.1:8080/*"), true);
        let address = |port| {
            let host = HttpHost::Address("127.0.0.1".parse().expect("an address"));
            HttpUrl::new(HttpScheme::Http, host, port, "/").expect("a URL")
        };
        for (word, named) in [("127.0.0.1:8080", true), ("127.0.0.1", false), ("localhost:8080", false)] {
            let allowed = Allowance::Net(UrlPattern::of_host(word).expect(word));
            let grant = grant(&manifest, &Operator::nothing().allow(allowed)).expect("granted");
            assert_eq!(grant.names_address(&address(8080)), named, "{word}");
            assert!(!grant.names_address(&address(8081)), "{word}");
        }
        let all = grant(&manifest, &Operator::nothing().allow(Allowance::All(Capability::NetHttp))).expect("granted");
        assert!(!all.names_address(&address(8080)), "all of the net is not this machine");
    }
}
