//! All checks of one path.

use std::path::Path;

use vak_cli::{bytes, count, quote};
use vak_model::{Code, LimitKind, Manifest};
use vak_package::{Artefact as _, InterfaceError, ManifestDocument, PackageError, Specimen};
use vak_policy::Operator;
use vak_trust::{Timestamp, Trust};

use crate::baseline::Baseline;
use crate::check::{Check, CheckId, Place, Verdict};
use crate::gate::Gate;
use crate::policy::GrantReport;
use crate::provenance::Attestations;
use crate::report::SkillReport;
use crate::shown::Shown;
use crate::subject::{Subject, Unreadable};
use crate::{golden, policy, provenance, sbom, signature, upgrade};

/// The limits that every manifest should state; for the others the defaults are narrow, or follow from these.
const EXPECTED_LIMITS: [LimitKind; 3] = [LimitKind::Fuel, LimitKind::Time, LimitKind::Memory];

/// What is known of a path.
#[derive(Clone, Debug)]
pub struct Inspected {
    /// The path, as reports write it.
    pub path: String,
    /// What lies there, if it could be read.
    pub skill: Option<SkillReport>,
    /// What the operator's policy would grant it, if there is one to ask.
    pub grant: Option<Vec<GrantReport>>,
    /// Every check, sorted.
    pub checks: Vec<Check>,
}

/// What artefacts are held against.
#[derive(Clone, Debug)]
pub struct Inspector {
    /// Whose signatures count.
    pub trust: Trust,
    /// The time that is asked about.
    pub now: Timestamp,
    /// What must be shown besides.
    pub gate: Gate,
    /// How paths are written.
    pub shown: Shown,
    /// The older versions that they are held against.
    pub baseline: Option<Baseline>,
    /// What builders attest, beside what lies beside each artefact.
    pub attestations: Attestations,
    /// The operator whose policy is asked what it grants.
    pub operator: Option<Operator>,
}

impl Inspector {
    /// Asks `trust` about artefacts at the time `now`, and shows paths as they are typed.
    #[must_use]
    pub fn new(trust: Trust, now: Timestamp) -> Self {
        Self {
            trust,
            now,
            gate: Gate::default(),
            shown: Shown::as_typed(),
            baseline: None,
            attestations: Attestations::default(),
            operator: None,
        }
    }

    /// Looks at what lies at `path`.
    #[must_use]
    pub fn inspect(&self, path: &Path) -> Inspected {
        match Subject::read(path) {
            Ok(subject) => {
                let (skill, grant, checks) = self.of_subject(subject, path);
                Inspected { skill: Some(skill), grant, ..self.judged(path, checks) }
            }
            Err(error) => self.judged(path, of_unreadable(&error.shown(&self.shown), &self.shown.path(path))),
        }
    }

    /// What can't be looked at, for this reason.
    #[must_use]
    pub fn refuse(&self, path: &Path, code: Code, message: &str) -> Inspected {
        let valid = Check::new(CheckId::ArtefactValid, Verdict::Failed(code), message);
        let rest = CheckId::ALL.into_iter().filter(|id| *id != CheckId::ArtefactValid).map(unread);
        self.judged(
            path,
            std::iter::once(valid).chain(rest).map(|check| placed(check, None, &self.shown.path(path))).collect(),
        )
    }

    fn judged(&self, path: &Path, checks: Vec<Check>) -> Inspected {
        let mut checks: Vec<_> = checks.into_iter().map(|check| self.gate.judge(check)).collect();
        checks.retain(|check| check.verdict != Verdict::Skipped || self.asks(check.id));
        checks.sort_by_key(|check| check.id);
        Inspected { path: self.shown.path(path), skill: None, grant: None, checks }
    }

    /// Whether anybody wants to know, so that it is told if it could not be looked at.
    fn asks(&self, id: CheckId) -> bool {
        let of_upgrades = CheckId::OF_UPGRADES.contains(&id) && self.baseline.is_none();
        let of_provenance = CheckId::OF_PROVENANCE.contains(&id) && self.attestations.is_empty();
        let of_policy = id == CheckId::PolicyGrant && self.operator.is_none();
        !(of_upgrades || of_provenance || of_policy || id == CheckId::SbomPresent)
    }

    fn of_subject(&self, subject: Subject, path: &Path) -> (SkillReport, Option<Vec<GrantReport>>, Vec<Check>) {
        let key_hints = subject.key_hints();
        let Subject { specimen, file, yaml } = subject;
        let place = self.shown.path(&yaml.as_ref().map_or_else(|| path.to_owned(), |_| path.join("skill.yaml")));
        let shown_file = self.shown.path(&file);
        let mut skill = SkillReport::of(&specimen);
        let mut checks = vec![
            artefact_valid(&specimen),
            golden::check(&file, &specimen, &self.shown).about("/tests"),
            imports_declared(&specimen).about("/capabilities"),
            limits_present(specimen.document().manifest()).about("/limits"),
            manifest_bound(&specimen, yaml.as_ref()),
            schema_valid(specimen.document()),
            sbom::check(&specimen, &mut skill),
            signature::present(&specimen, yaml.as_ref(), &shown_file).about("/signature"),
        ];
        let asked = specimen.clone();
        let (threshold, signers) = signature::threshold(asked, &shown_file, &key_hints, &self.trust, self.now);
        checks.push(threshold.about("/signature"));
        skill.name_signers(&signers);
        checks.extend(provenance::checks(self, &specimen, &file));
        checks.extend(upgrade::checks(self, &specimen, &signers));
        let manifest = specimen.document().manifest();
        let granted = self.operator.as_ref().map(|of| policy::check(manifest, specimen.id(), &signers, of));
        let (granted, grant) = granted.unzip();
        checks.extend(granted.map(|check| check.about("/capabilities")));
        (skill, grant, checks.into_iter().map(|check| placed(check, yaml.as_ref(), &place)).collect())
    }
}

impl Inspected {
    /// What the failed checks are called.
    pub fn codes(&self) -> impl Iterator<Item = Code> {
        self.checks.iter().filter_map(|check| check.verdict.code())
    }
}

/// Says where a check does not hold.
fn placed(mut check: Check, yaml: Option<&ManifestDocument>, file: &str) -> Check {
    let position = yaml.and_then(|yaml| yaml.position(&check.pointer));
    check.place.get_or_insert_with(|| Place { file: file.to_owned(), position });
    check
}

fn unread(id: CheckId) -> Check {
    Check::new(id, Verdict::Skipped, "the artefact can't be read")
}

/// One check says why, those about a part of a manifest say what is wrong with that part, and the rest is not looked at.
fn of_unreadable(error: &Unreadable, path: &str) -> Vec<Check> {
    let manifest = error.manifest();
    let first = manifest.as_ref().map(|(_, error)| error.first());
    let at = |position| Place {
        file: error.file().map_or_else(|| path.to_owned(), |file| file.display().to_string()),
        position,
    };
    let mut valid = Check::new(CheckId::ArtefactValid, Verdict::Failed(error.code()), error.message());
    valid.place = Some(at(first.and_then(|mistake| mistake.position())));
    if error.code() == Code::SkillNotBuilt {
        valid = valid.next(format!("vak-skill-build {}", quote(path)), "build it");
    }
    let mut checks = vec![valid];
    for id in CheckId::ALL.into_iter().filter(|id| *id != CheckId::ArtefactValid) {
        let code = match id {
            CheckId::LimitsPresent => Some(Code::ManifestLimit),
            CheckId::SchemaValid => Some(Code::ManifestSchema),
            _ => None,
        };
        let mistakes = manifest.iter().flat_map(|(_, error)| error.mistakes());
        let mistake = mistakes.into_iter().find(|mistake| Some(mistake.code()) == code);
        let mut check = match mistake {
            Some(mistake) => Check::new(id, Verdict::Failed(mistake.code()), mistake.to_string()),
            None => unread(id),
        };
        check.place = Some(at(mistake.and_then(|mistake| mistake.position())));
        checks.push(check);
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
    let drift = specimen.faults().iter().find_map(|fault| match fault {
        PackageError::Drift(pointers) => pointers.first().map(|pointer| pointer.trim_matches('`').to_owned()),
        _ => None,
    });
    let check = judged(CheckId::ManifestBound, faults(specimen, is_of_binding), || {
        match yaml.map(|yaml| yaml.manifest().signature.is_some()) {
            None => "the manifest is inside the module",
            Some(false) => "the manifest is that of `skill.yaml`",
            Some(true) => "the manifest is that of `skill.yaml`, and the signature there is the module's",
        }
        .to_owned()
    });
    check.about(drift.unwrap_or_else(|| "/signature".to_owned()))
}

fn schema_valid(document: &ManifestDocument) -> Check {
    let error = document.check().err();
    let pointer = error.as_ref().map_or("/exports", |error| error.first().pointer()).to_owned();
    let fault = error.map(|error| (error.code(), error.to_string()));
    judged(CheckId::SchemaValid, fault, || "all schemas can be used, and allow the golden cases".to_owned())
        .about(pointer)
}
