//! What is said at the end: what all forms of the report share, and one object for scripts.

use std::fmt;

use serde::Serialize;
use serde::ser::{SerializeStruct, Serializer};
use vak_cli::Failure;
use vak_model::{Code, Fault, Status};
use vak_package::{Artefact as _, Dependency, Specimen};
use vak_trust::Signer;

use crate::Inspected;

/// The report of `--json`.
#[derive(Debug, Serialize)]
pub(crate) struct Report<'a> {
    pub(crate) status: Status,
    pub(crate) artefacts: &'a [Inspected],
    pub(crate) error: Option<&'a Failure>,
}

/// Which skill it is, by its manifest, and who vouches for that.
#[derive(Clone, Debug, Serialize)]
pub struct SkillReport {
    name: String,
    version: String,
    digest: String,
    signers: Vec<SignerReport>,
    /// What it is made of, if it says so.
    dependencies: Option<Vec<Dependency>>,
}

/// A key that counts.
#[derive(Clone, Debug, Serialize)]
pub struct SignerReport {
    key: String,
    /// Whose it is, by the trust root.
    label: Option<String>,
}

impl SkillReport {
    pub(crate) fn of(specimen: &Specimen) -> Self {
        let manifest = specimen.document().manifest();
        Self {
            name: manifest.name.to_string(),
            version: manifest.version.to_string(),
            digest: specimen.id().to_string(),
            signers: Vec::new(),
            dependencies: None,
        }
    }

    pub(crate) fn name_dependencies(&mut self, dependencies: Vec<Dependency>) {
        self.dependencies = Some(dependencies);
    }

    pub(crate) fn name_signers(&mut self, signers: &[Signer]) {
        self.signers = signers.iter().map(SignerReport::of).collect();
    }
}

/// Name, version and digest.
impl fmt::Display for SkillReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {} ({})", self.name, self.version, self.digest)
    }
}

impl SignerReport {
    pub(crate) fn of(signer: &Signer) -> Self {
        Self { key: signer.key.to_string(), label: signer.label.as_ref().map(ToString::to_string) }
    }
}

/// The key, and whose it is if that is known.
impl fmt::Display for SignerReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.key)?;
        self.label.iter().try_for_each(|label| write!(f, " ({label})"))
    }
}

/// `{"path", "status", "skill", "grant", "checks"}`; without a policy, there is nothing to say of a grant.
impl Serialize for Inspected {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut object = serializer.serialize_struct("artefact", 5)?;
        object.serialize_field("path", &self.path)?;
        object.serialize_field("status", &worst(self.codes()).map_or(Status::Ok, |code| code.fault().status()))?;
        object.serialize_field("skill", &self.skill)?;
        object.serialize_field("grant", &self.grant)?;
        object.serialize_field("checks", &self.checks)?;
        object.end()
    }
}

/// The gravest of several failures: malformed, then untrusted, mismatched, not permitted, and what the environment lacks.
/// That a signature is missing, which `--allow-unsigned` forgives elsewhere, comes after what nobody forgives.
pub(crate) fn worst(codes: impl IntoIterator<Item = Code>) -> Option<Code> {
    codes.into_iter().min_by_key(|code| match code.fault() {
        Fault::Malformed => 0,
        Fault::Untrusted if *code != Code::SignatureMissing => 1,
        Fault::Untrusted => 2,
        Fault::Mismatch => 3,
        Fault::Denied => 4,
        Fault::Environment => 5,
        Fault::Skill | Fault::Usage | Fault::Limit | Fault::Broken | Fault::Bug => 6,
    })
}

/// What to exit with, if a check failed.
pub(crate) fn failure(artefacts: &[Inspected]) -> Option<Failure> {
    let code = worst(artefacts.iter().flat_map(Inspected::codes))?;
    let failed = artefacts.iter().filter(|artefact| artefact.codes().next().is_some()).count();
    let message = match artefacts.len() {
        1 => "the artefact does not pass".to_owned(),
        all => format!("{failed} of {all} artefacts do not pass"),
    };
    Some(Failure::new(code, message))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_gravest_failure_decides() {
        let exits = |codes: &[Code]| worst(codes.iter().copied()).map(Code::exit_code);
        let in_order = [
            (Code::ArtefactMalformed, 4),
            (Code::SignatureMissing, 5),
            (Code::ManifestDrift, 9),
            (Code::ImportUndeclared, 6),
            (Code::FileRead, 3),
        ];
        for (i, (code, exit)) in in_order.iter().enumerate() {
            for (other, _) in &in_order[i..] {
                assert_eq!(exits(&[*other, *code]), Some(*exit), "{code} and {other}");
            }
        }
        assert_eq!(exits(&[]), None);
    }
}
