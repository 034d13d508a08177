//! What has changed since an older version, and whether it may.
//!
//! More power, higher limits, other signers and schemas that break callers are refused unless somebody says that they are
//! meant; and the version's number must say as much as has changed.

mod delta;
mod schemas;

use vak_model::{Code, SkillName, VersionStep};
use vak_package::{Artefact as _, Specimen};
use vak_trust::{AdmitError, Signer, admit};

use crate::Inspector;
use crate::check::{Check, CheckId, Verdict};
use crate::gate::{Allowance, Gate};
use delta::{Change, Effect};

/// How many changes a message names.
const MAX_LISTED: usize = 8;

/// Holds an artefact, which counts as signed by `signers`, against its older version.
pub(crate) fn checks(inspector: &Inspector, new: &Specimen, signers: &[Signer]) -> Vec<Check> {
    let manifest = new.document().manifest();
    let Some(baseline) = &inspector.baseline else {
        return skipped("nothing to hold it against: name an older version by `--against`");
    };
    let Some(old) = baseline.of(&manifest.name) else {
        return skipped("there is no older version of this skill to hold it against");
    };
    let older = old.document().manifest();
    if older.name != manifest.name {
        return another(&older.name);
    }
    let gate = &inspector.gate;
    let step = manifest.version.step_after(&older.version);
    let capabilities = delta::capabilities(manifest, older);
    let limits = delta::limits(manifest, older);
    let schemas = schemas::changes(manifest, older);
    let others = delta::others(new, old);
    let all: Vec<_> = [&capabilities, &limits, &schemas, &others].into_iter().flatten().collect();
    vec![
        grown(gate, CheckId::UpgradeCapability, Allowance::UpgradeCapability, &capabilities),
        grown(gate, CheckId::UpgradeLimits, Allowance::UpgradeLimits, &limits),
        schemas::check(gate, &schemas, step),
        semver(new, old, step, &all),
        signer(inspector, old, signers),
    ]
}

fn skipped(why: &str) -> Vec<Check> {
    CheckId::OF_UPGRADES.map(|id| Check::new(id, Verdict::Skipped, why)).to_vec()
}

/// What is to be replaced is another skill: one check says so, and there is nothing to compare.
fn another(name: &SkillName) -> Vec<Check> {
    let message = format!("it is to replace `{name}`, which is another skill");
    let failed = Check::new(CheckId::UpgradeSemver, Verdict::Failed(Code::UpgradeOther), message).about("/name");
    let mut checks = skipped("the older artefact is another skill");
    checks.retain(|check| check.id != CheckId::UpgradeSemver);
    checks.push(failed);
    checks
}

/// Capabilities and limits: more of them is refused unless it is allowed.
fn grown(gate: &Gate, id: CheckId, allowance: Allowance, changes: &[Change]) -> Check {
    let more: Vec<_> = changes.iter().filter(|change| change.effect == Effect::More).collect();
    let Some(first) = more.first() else {
        let message = match changes.is_empty() {
            true => "the same as before".to_owned(),
            false => format!("less than before: {}", list(changes)),
        };
        return Check::new(id, Verdict::Ok, message);
    };
    let pointer = first.pointer.clone();
    let (verdict, message) = gate.unless_allowed(allowance, format!("more than before: {}", list(more)));
    let check = Check::new(id, verdict, message).about(pointer);
    match verdict {
        Verdict::Failed(code) => check.next(format!("--allow {code}"), "let it pass, if it is meant"),
        _ => check,
    }
}

/// Whether the version comes after the older one, by a step that is long enough.
fn semver(new: &Specimen, old: &Specimen, step: Option<VersionStep>, changes: &[&Change]) -> Check {
    let [version, older] = [new, old].map(|specimen| &specimen.document().manifest().version);
    let check = |verdict, message: String| Check::new(CheckId::UpgradeSemver, verdict, message).about("/version");
    let Some(step) = step else {
        return match (version.precedence(older).is_eq(), new.id() == old.id()) {
            (true, true) => check(Verdict::Ok, "it is the very artefact that it is held against".to_owned()),
            (true, false) => check(
                Verdict::Failed(Code::UpgradeDowngrade),
                format!("{version} is the older version's number, and these are other bytes"),
            ),
            (false, _) => check(Verdict::Failed(Code::UpgradeDowngrade), format!("{version} comes before {older}")),
        };
    };
    let demanded = changes.iter().map(|change| change.demands).max().unwrap_or(VersionStep::Patch);
    let (taken, needed) = (step.word(), demanded.word());
    if step >= demanded {
        return check(Verdict::Ok, format!("{version} is a {taken} step after {older}, and a {needed} one is needed"));
    }
    let reasons = list(changes.iter().copied().filter(|change| change.demands > step));
    let message = format!("{version} is a {taken} step after {older}, and a {needed} one is needed: {reasons}");
    check(Verdict::Failed(Code::UpgradeSemver), message)
}

/// Whether somebody who vouches for the older version vouches for this one.
fn signer(inspector: &Inspector, old: &Specimen, signers: &[Signer]) -> Check {
    let check = |verdict, message: String| Check::new(CheckId::UpgradeSigner, verdict, message).about("/signature");
    let refused = |message: String| {
        let (verdict, message) = inspector.gate.unless_allowed(Allowance::UpgradeSigner, message);
        check(verdict, message)
    };
    if signers.is_empty() {
        return check(Verdict::Skipped, "nobody trusted vouches for this version".to_owned());
    }
    let older = match admit(old.clone(), &inspector.trust, inspector.now) {
        Ok(admitted) => admitted.signers().to_vec(),
        Err(AdmitError::Unsigned) => return check(Verdict::Skipped, "the older version is not signed".to_owned()),
        Err(error) => return refused(format!("nobody trusted vouches for the older version: it is {error}")),
    };
    match signers.iter().find(|signer| older.iter().any(|older| older.key == signer.key)) {
        Some(signer) => check(Verdict::Ok, format!("{} has signed both", signer.key)),
        None => {
            let keys: Vec<_> = older.iter().map(|signer| signer.key.to_string()).collect();
            refused(format!("nobody who signed the older version has signed it: that was {}", keys.join(", ")))
        }
    }
}

/// The changes in one line.
fn list<'a>(changes: impl IntoIterator<Item = &'a Change>) -> String {
    let mut shown: Vec<_> = changes.into_iter().map(|change| change.what.as_str()).collect();
    let more = shown.len().saturating_sub(MAX_LISTED);
    shown.truncate(MAX_LISTED);
    let listed = shown.join("; ");
    if more == 0 { listed } else { format!("{listed}; and {more} more") }
}
