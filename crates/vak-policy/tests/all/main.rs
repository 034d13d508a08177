//! What policies let a skill do, as whoever links this crate sees it.

mod decide;
mod docs;
mod explain;
mod properties;
mod text;

use vak_model::{
    Capability, CapabilityRequest, Decision, Determinism, Effect, Ground, GuestPath, LimitRequest, Manifest,
    ModulePath, Text,
};
use vak_policy::{Grant, Operator, Principal};

fn path(text: &str) -> GuestPath {
    GuestPath::try_from(text).expect(text)
}

fn read(text: &str) -> Effect {
    Effect::FsRead { path: path(text) }
}

fn write(text: &str, bytes: u64) -> Effect {
    Effect::FsWrite { path: path(text), bytes }
}

fn rename(from: &str, to: &str) -> Effect {
    Effect::FsRename { from: path(from), to: path(to) }
}

/// A manifest that asks for every capability, and for these paths where it has to say which.
fn manifest(name: &str, paths: &[&str]) -> Manifest {
    let paths = Vec::from_iter(paths.iter().map(|path| (*path).to_owned()));
    let request = |capability: Capability| {
        let urls = || vec!["https://*.example.com/*".to_owned()];
        let places = || if capability == Capability::NetHttp { urls() } else { paths.clone() };
        let scope = capability.is_scoped().then(places);
        CapabilityRequest::new(capability, scope, capability != Capability::Compute).expect("a request")
    };
    Manifest {
        name: name.parse().expect(name),
        version: "1.2.3".parse().expect("a version"),
        description: Text::default(),
        author: Text::default(),
        license: Text::default(),
        module: ModulePath::try_from("s.wasm".to_owned()).expect("a path"),
        capabilities: Capability::ALL.map(request).to_vec(),
        features: Vec::new(),
        determinism: Determinism::Exact,
        limits: LimitRequest::none(),
        exports: Vec::new(),
        tests: Vec::new(),
        signature: None,
    }
}

/// The grant of a skill `acme/square`, signed by the keys `aa` and `bb`, that asks for everything.
fn grant(operator: &Operator) -> Grant {
    let manifest = manifest("acme/square", &["**"]);
    let signers = vec!["aa".to_owned(), "bb".to_owned()];
    let principal = Principal { signers, ..Principal::unsigned(&manifest) };
    Grant::new(&manifest, &principal, operator).expect("all is optional")
}

fn under(policy: &str) -> Grant {
    grant(&Operator::with_policy(policy).expect(policy))
}

/// The policies that allow it, or the ground on which it is denied with those that deny it.
fn answer(decision: Decision) -> Result<Vec<String>, (Ground, Vec<String>)> {
    match decision {
        Decision::Allowed { policies } => Ok(policies),
        Decision::Denied(denial) => Err((denial.ground, denial.policies)),
    }
}
