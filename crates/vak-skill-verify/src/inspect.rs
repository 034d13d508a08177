//! All checks of one path.

use std::path::{Path, PathBuf};

use vak_cli::{bytes, count, quote};
use vak_model::{Code, LimitKind, Manifest};
use vak_package::{Artefact as _, InterfaceError, ManifestDocument, PackageError, Specimen};
use vak_trust::{Timestamp, Trust};

use crate::check::{Check, CheckId, Verdict};
use crate::report::SkillReport;
use crate::subject::{Subject, Unreadable};
use crate::{golden, signature};

/// The limits that every manifest should state; for the others the defaults are narrow, or follow from these.
const EXPECTED_LIMITS: [LimitKind; 3] = [LimitKind::Fuel, LimitKind::Time, LimitKind::Memory];

/// What is known of a path.
#[derive(Clone, Debug)]
pub struct Inspected {
    /// The path, as it was named.
    pub path: PathBuf,
    /// What lies there, if it could be read.
    pub skill: Option<SkillReport>,
    /// Every check, sorted.
    pub checks: Vec<Check>,
}

/// Looks at what lies at `path`, and asks `trust` about it at the time `now`.
#[must_use]
pub fn inspect(path: &Path, trust: &Trust, now: Timestamp) -> Inspected {
    let (skill, mut checks) = match Subject::read(path) {
        Ok(subject) => {
            let (skill, checks) = of_subject(subject, trust, now);
            (Some(skill), checks)
        }
        Err(error) => (None, of_unreadable(&error, path)),
    };
    checks.sort_by_key(|check| check.id);
    Inspected { path: path.to_owned(), skill, checks }
}

impl Inspected {
    /// What the failed checks are called.
    pub fn codes(&self) -> impl Iterator<Item = Code> {
        self.checks.iter().filter_map(|check| check.verdict.code())
    }
}

fn of_subject(subject: Subject, trust: &Trust, now: Timestamp) -> (SkillReport, Vec<Check>) {
    let key_hints = subject.key_hints();
    let Subject { specimen, file, yaml } = subject;
    let mut skill = SkillReport::of(&specimen);
    let mut checks = vec![
        artefact_valid(&specimen),
        golden::check(&file, &specimen),
        imports_declared(&specimen),
        limits_present(specimen.document().manifest()),
        manifest_bound(&specimen, yaml.as_ref()),
        schema_valid(specimen.document()),
        signature::present(&specimen, yaml.as_ref(), &file),
    ];
    let (threshold, signers) = signature::threshold(specimen, &file, &key_hints, trust, now);
    checks.push(threshold);
    skill.name_signers(&signers);
    (skill, checks)
}

/// One check says why, those about a part of a manifest say what is wrong with that part, and the rest is not looked at.
fn of_unreadable(error: &Unreadable, path: &Path) -> Vec<Check> {
    let mut checks = vec![Check::new(CheckId::ArtefactValid, Verdict::Failed(error.code()), error.message())];
    if error.code() == Code::SkillNotBuilt {
        let command = format!("vak-skill-build {}", quote(&path.display().to_string()));
        checks = checks.into_iter().map(|check| check.next(&command, "build it")).collect();
    }
    for id in CheckId::ALL.into_iter().skip(1) {
        let code = match id {
            CheckId::LimitsPresent => Some(Code::ManifestLimit),
            CheckId::SchemaValid => Some(Code::ManifestSchema),
            _ => None,
        };
        let manifest = error.manifest();
        let mistakes = manifest.iter().flat_map(|(_, error)| error.mistakes());
        let mistake = mistakes.into_iter().find(|mistake| Some(mistake.code()) == code);
        checks.push(match mistake {
            Some(mistake) => Check::new(id, Verdict::Failed(mistake.code()), mistake.to_string()),
            None => Check::new(id, Verdict::Skipped, "the artefact can't be read"),
        });
    }
    checks
}

fn faults(specimen: &Specimen, is_about: impl Fn(&PackageError) -> bool) -> Option<(Code, String)> {
    let faults: Vec<_> = specimen.faults().iter().filter(|fault| is_about(fault)).collect();
    let messages: Vec<_> = faults.iter().map(ToString::to_string).collect();
    Some((faults.first()?.code(), messages.join("; ")))
}

fn judged(id: CheckId, fault: Option<(Code, String)>, good: impl FnOnce() -> String) -> Check {
    match fault {
        Some((code, message)) => Check::new(id, Verdict::Failed(code), message),
        None => Check::new(id, Verdict::Ok, good()),
    }
}

const fn is_of_imports(fault: &PackageError) -> bool {
    matches!(fault, PackageError::Interface(InterfaceError::Undeclared(_) | InterfaceError::ImportType(_)))
}

const fn is_of_binding(fault: &PackageError) -> bool {
    matches!(fault, PackageError::Drift(_) | PackageError::Signature(_))
}

fn artefact_valid(specimen: &Specimen) -> Check {
    let fault = faults(specimen, |fault| !is_of_imports(fault) && !is_of_binding(fault));
    judged(CheckId::ArtefactValid, fault, || {
        format!("a well-formed module of {} with a valid manifest", bytes(specimen.bytes().len() as u64))
    })
}

fn imports_declared(specimen: &Specimen) -> Check {
    judged(CheckId::ImportsDeclared, faults(specimen, is_of_imports), || match specimen.interface().imports.len() {
        0 => "it imports nothing".to_owned(),
        1 => "its import is declared".to_owned(),
        count => format!("its {count} imports are declared"),
    })
}

fn limits_present(manifest: &Manifest) -> Check {
    let is_missing = |kind: &LimitKind| manifest.limits.get(*kind).is_none();
    let shown = |kinds: &[LimitKind]| {
        let shown = kinds
            .iter()
            .map(|kind| format!("`{}` {} {}", kind.manifest_key(), count(default(*kind, manifest)), kind.unit()));
        shown.collect::<Vec<_>>().join(", ")
    };
    let missing: Vec<_> = LimitKind::ALL.into_iter().filter(is_missing).collect();
    if missing.is_empty() {
        return Check::new(CheckId::LimitsPresent, Verdict::Ok, "all limits are stated");
    }
    let is_bare = EXPECTED_LIMITS.iter().any(is_missing);
    let verdict = if is_bare { Verdict::Warning } else { Verdict::Ok };
    Check::new(CheckId::LimitsPresent, verdict, format!("these defaults hold: {}", shown(&missing)))
}

/// What holds where nothing is stated.
fn default(kind: LimitKind, manifest: &Manifest) -> u64 {
    vak_model::Limits::of_manifest(&manifest.limits).get(kind)
}

fn manifest_bound(specimen: &Specimen, yaml: Option<&ManifestDocument>) -> Check {
    judged(CheckId::ManifestBound, faults(specimen, is_of_binding), || {
        match yaml.map(|yaml| yaml.manifest().signature.is_some()) {
            None => "the manifest is inside the module",
            Some(false) => "the manifest is that of `skill.yaml`",
            Some(true) => "the manifest is that of `skill.yaml`, and the signature there is the module's",
        }
        .to_owned()
    })
}

fn schema_valid(document: &ManifestDocument) -> Check {
    let checked = ManifestDocument::check_canonical(document.canonical());
    let fault = checked.err().map(|error| (error.code(), error.to_string()));
    judged(CheckId::SchemaValid, fault, || "all schemas can be used, and allow the golden cases".to_owned())
}
