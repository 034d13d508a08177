//! What two versions ask for, one beside the other.

use vak_cli::count;
use vak_model::{Capability, CapabilityRequest, LimitKind, Limits, Manifest, VersionStep};
use vak_package::{Artefact as _, Specimen};

/// Something that has changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Change {
    /// What it is, in a few words.
    pub(super) what: String,
    /// Where the newer manifest says so, as a JSON Pointer.
    pub(super) pointer: String,
    /// What it means for those who use the skill.
    pub(super) effect: Effect,
    /// How long a step of the version it takes.
    pub(super) demands: VersionStep,
}

/// What a change means for those who use the skill.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Effect {
    /// There is more than before, or something else of no other effect.
    More,
    /// There is less, of something that nobody misses.
    Less,
    /// Callers break.
    Breaks,
    /// Whether callers break is not decided.
    Undecided,
}

impl Change {
    pub(super) fn new(what: String, pointer: impl Into<String>, effect: Effect, demands: VersionStep) -> Self {
        Self { what, pointer: pointer.into(), effect, demands }
    }
}

/// A capability that callers must grant anew breaks those who don't; one that the skill can do without does not.
pub(super) fn capabilities(new: &Manifest, old: &Manifest) -> Vec<Change> {
    let mut changes = Vec::new();
    for (index, request) in beyond_computing(new) {
        let pointer = format!("/capabilities/{index}");
        let name = request.capability;
        let demands = if request.optional { VersionStep::Minor } else { VersionStep::Major };
        match beyond_computing(old).map(|(_, old)| old).find(|old| old.capability == name) {
            None => changes.push(Change::new(format!("`{name}` is new"), pointer, Effect::More, demands)),
            Some(old) => changes.extend(wider(request, old, &pointer)),
        }
    }
    for (_, request) in beyond_computing(old).filter(|(_, request)| !new.requests(request.capability)) {
        let what = format!("`{}` is gone", request.capability);
        changes.push(Change::new(what, "/capabilities", Effect::Less, VersionStep::Patch));
    }
    changes
}

fn beyond_computing(manifest: &Manifest) -> impl Iterator<Item = (usize, &CapabilityRequest)> {
    manifest.capabilities.iter().enumerate().filter(|(_, request)| request.capability != Capability::Compute)
}

/// What a capability reaches now. Patterns are compared as they are written: another one counts as more.
fn wider(new: &CapabilityRequest, old: &CapabilityRequest, pointer: &str) -> Vec<Change> {
    let name = new.capability;
    let mut changes = Vec::new();
    if old.optional && !new.optional {
        let what = format!("`{name}` is no longer optional");
        changes.push(Change::new(what, pointer, Effect::More, VersionStep::Major));
    }
    let quoted = |entry: &String| vak_model::printable(entry, 80);
    for entry in new.scope.iter().filter(|entry| !old.scope.contains(entry)) {
        let what = format!("`{name}` may also reach `{}`", quoted(entry));
        changes.push(Change::new(what, pointer, Effect::More, VersionStep::Minor));
    }
    for entry in old.scope.iter().filter(|entry| !new.scope.contains(entry)) {
        let what = format!("`{name}` no longer reaches `{}`", quoted(entry));
        changes.push(Change::new(what, pointer, Effect::Less, VersionStep::Patch));
    }
    changes
}

/// The limits that hold, stated or not.
pub(super) fn limits(new: &Manifest, old: &Manifest) -> Vec<Change> {
    let [ours, theirs] = [new, old].map(|manifest| Limits::of_manifest(&manifest.limits));
    let changed = LimitKind::ALL.into_iter().filter(|kind| ours.get(*kind) != theirs.get(*kind));
    let change = |kind: LimitKind| {
        let what = format!("`{kind}` is {} and was {}", count(ours.get(kind)), count(theirs.get(kind)));
        let pointer = format!("/limits/{}", kind.manifest_key());
        let effect = if ours.get(kind) > theirs.get(kind) { Effect::More } else { Effect::Less };
        Change::new(what, pointer, effect, VersionStep::Minor)
    };
    changed.map(change).collect()
}

/// What else there is: it is no power, and the version says it.
pub(super) fn others(new: &Specimen, old: &Specimen) -> Vec<Change> {
    let [ours, theirs] = [new, old].map(|specimen| specimen.document().manifest());
    let mut changes = Vec::new();
    for feature in ours.features.iter().filter(|feature| !theirs.has_feature(**feature)) {
        let what = format!("the feature `{feature:?}` is new").to_lowercase();
        changes.push(Change::new(what, "/features", Effect::More, VersionStep::Minor));
    }
    if ours.determinism != theirs.determinism {
        changes.push(Change::new(
            "`determinism` is another".to_owned(),
            "/determinism",
            Effect::More,
            VersionStep::Minor,
        ));
    }
    if new.id() != old.id() {
        changes.push(Change::new("the bytes are others".to_owned(), "", Effect::More, VersionStep::Patch));
    }
    changes
}
