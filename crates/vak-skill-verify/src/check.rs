//! A check and what came of it.

use std::str::FromStr;

use serde::ser::SerializeStruct;
use serde::{Serialize, Serializer};
use vak_model::Code;
use vak_package::Position;

/// What is looked at. The words are stable, and lists of checks are sorted by them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum CheckId {
    /// It is a regular file with a well-formed module, within bounds, with a valid manifest and what that calls for.
    ArtefactValid,
    /// The golden cases were green when these bytes were built.
    GoldenReport,
    /// The manifest declares a capability for each import.
    ImportsDeclared,
    /// The manifest states the limits, or which defaults hold is said.
    LimitsPresent,
    /// The manifest inside is that of `skill.yaml`, and the signature there is the module's.
    ManifestBound,
    /// The operator's policy grants what it needs.
    PolicyGrant,
    /// The builder that is attested may build.
    ProvenanceBuilder,
    /// A builder attests how these bytes were built.
    ProvenanceValid,
    /// Somebody attests to have built the same bytes again.
    Reproduced,
    /// It says what it is made of.
    SbomPresent,
    /// The schemas can be used, and allow the golden cases.
    SchemaValid,
    /// There is a signature.
    SigPresent,
    /// The signature is good, and enough of those who may have made it.
    SigThreshold,
    /// It asks for no capability that the older version did without.
    UpgradeCapability,
    /// It raises no limit of the older version.
    UpgradeLimits,
    /// It takes what the older version took, and gives nothing that that one never gave.
    UpgradeSchema,
    /// It comes after the older version, by a step that allows for what has changed.
    UpgradeSemver,
    /// Somebody who signed the older version has signed it.
    UpgradeSigner,
}

impl CheckId {
    /// Every check, in the order of the words.
    pub const ALL: [Self; 18] = [
        Self::ArtefactValid,
        Self::GoldenReport,
        Self::ImportsDeclared,
        Self::LimitsPresent,
        Self::ManifestBound,
        Self::PolicyGrant,
        Self::ProvenanceBuilder,
        Self::ProvenanceValid,
        Self::Reproduced,
        Self::SbomPresent,
        Self::SchemaValid,
        Self::SigPresent,
        Self::SigThreshold,
        Self::UpgradeCapability,
        Self::UpgradeLimits,
        Self::UpgradeSchema,
        Self::UpgradeSemver,
        Self::UpgradeSigner,
    ];

    /// The checks of who attests how an artefact was built.
    pub const OF_PROVENANCE: [Self; 3] = [Self::ProvenanceBuilder, Self::ProvenanceValid, Self::Reproduced];

    /// The checks that hold an artefact against an older version.
    pub const OF_UPGRADES: [Self; 5] =
        [Self::UpgradeCapability, Self::UpgradeLimits, Self::UpgradeSchema, Self::UpgradeSemver, Self::UpgradeSigner];

    /// The stable word.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::ArtefactValid => "artefact.valid",
            Self::GoldenReport => "golden.report",
            Self::ImportsDeclared => "imports.declared",
            Self::LimitsPresent => "limits.present",
            Self::ManifestBound => "manifest.bound",
            Self::PolicyGrant => "policy.grant",
            Self::ProvenanceBuilder => "provenance.builder",
            Self::ProvenanceValid => "provenance.valid",
            Self::Reproduced => "reproduced",
            Self::SbomPresent => "sbom.present",
            Self::SchemaValid => "schema.valid",
            Self::SigPresent => "sig.present",
            Self::SigThreshold => "sig.threshold",
            Self::UpgradeCapability => "upgrade.capability",
            Self::UpgradeLimits => "upgrade.limits",
            Self::UpgradeSchema => "upgrade.schema",
            Self::UpgradeSemver => "upgrade.semver",
            Self::UpgradeSigner => "upgrade.signer",
        }
    }

    /// What it promises when it holds, in one sentence.
    #[must_use]
    pub const fn meaning(self) -> &'static str {
        match self {
            Self::ArtefactValid => "The artefact is a well-formed module with a valid manifest.",
            Self::GoldenReport => "The golden cases were green when these bytes were built.",
            Self::ImportsDeclared => "The manifest declares a capability for each import.",
            Self::LimitsPresent => "The manifest states its limits.",
            Self::ManifestBound => "The manifest inside the module is that of skill.yaml.",
            Self::PolicyGrant => "The operator's policy grants what the artefact needs.",
            Self::ProvenanceBuilder => "The builder that is attested is one that may build.",
            Self::ProvenanceValid => "A trusted builder attests how these bytes were built.",
            Self::Reproduced => "Somebody trusted attests to have built the same bytes again.",
            Self::SbomPresent => "The artefact says what it is made of.",
            Self::SchemaValid => "The schemas can be used, and allow the golden cases.",
            Self::SigPresent => "The artefact is signed.",
            Self::SigThreshold => "Enough of those who may have signed the artefact.",
            Self::UpgradeCapability => "The artefact asks for no capability that the older version did without.",
            Self::UpgradeLimits => "The artefact raises no limit of the older version.",
            Self::UpgradeSchema => "The artefact takes what the older version took, and gives no more than that one.",
            Self::UpgradeSemver => "The version comes after the older one, by a step that allows for what has changed.",
            Self::UpgradeSigner => "Somebody who signed the older version has signed the artefact.",
        }
    }
}

/// The text names no check.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a check: there are {all}", all = CheckId::ALL.map(CheckId::word).join(", "))]
pub struct UnknownCheck(String);

impl FromStr for CheckId {
    type Err = UnknownCheck;

    fn from_str(word: &str) -> Result<Self, UnknownCheck> {
        let unknown = || UnknownCheck(vak_model::printable(word, 80));
        Self::ALL.into_iter().find(|id| id.word() == word).ok_or_else(unknown)
    }
}

/// What came of a check.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It holds.
    Ok,
    /// It holds as far as it could be looked at, which is less than it might be.
    Warning,
    /// It does not hold.
    Failed(Code),
    /// It was not looked at.
    Skipped,
}

impl Verdict {
    /// The word that people and scripts read.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Warning => "warning",
            Self::Failed(_) => "failed",
            Self::Skipped => "skipped",
        }
    }

    /// What the failure is called.
    #[must_use]
    pub const fn code(self) -> Option<Code> {
        match self {
            Self::Failed(code) => Some(code),
            Self::Ok | Self::Warning | Self::Skipped => None,
        }
    }
}

/// A check, what came of it, and what there is to say.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Check {
    /// What was looked at.
    pub id: CheckId,
    /// What came of it.
    pub verdict: Verdict,
    /// Why.
    pub message: String,
    /// The command that helps, and what it is good for.
    pub next: Option<(String, &'static str)>,
    /// Which part of `skill.yaml` it is about, as a JSON Pointer; empty for the whole.
    pub pointer: String,
    /// Where that part is, if it is known.
    pub place: Option<Place>,
}

/// Where something is: a file as reports name it, and the place in it if that is known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// The file.
    pub file: String,
    /// Line and column.
    pub position: Option<Position>,
}

impl Check {
    pub(crate) fn new(id: CheckId, verdict: Verdict, message: impl Into<String>) -> Self {
        Self { id, verdict, message: message.into(), next: None, pointer: String::new(), place: None }
    }

    pub(crate) fn about(mut self, pointer: impl Into<String>) -> Self {
        self.pointer = pointer.into();
        self
    }

    pub(crate) fn next(mut self, command: impl Into<String>, purpose: &'static str) -> Self {
        self.next = Some((command.into(), purpose));
        self
    }
}

/// `{"id", "status", "code", "message", "hint", "file", "line", "column"}`: the last three say where something
/// does not hold, and are null where all is well.
impl Serialize for Check {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut object = serializer.serialize_struct("check", 8)?;
        object.serialize_field("id", self.id.word())?;
        object.serialize_field("status", self.verdict.word())?;
        object.serialize_field("code", &self.verdict.code())?;
        object.serialize_field("message", &self.message)?;
        object.serialize_field("hint", &self.next.as_ref().map(|(command, _)| command))?;
        let place = self.place.as_ref().filter(|_| matches!(self.verdict, Verdict::Failed(_) | Verdict::Warning));
        let position = place.and_then(|place| place.position);
        object.serialize_field("file", &place.map(|place| &place.file))?;
        object.serialize_field("line", &position.map(|position| position.line))?;
        object.serialize_field("column", &position.map(|position| position.column))?;
        object.end()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn checks_are_sorted_by_their_words() {
        let words = CheckId::ALL.map(CheckId::word);
        assert!(words.is_sorted(), "{words:?}");
        assert!(CheckId::ALL.is_sorted());
    }

    #[test]
    fn a_check_is_found_by_its_word_alone() {
        for id in CheckId::ALL {
            assert_eq!(id.word().parse(), Ok(id));
            assert!(id.meaning().ends_with('.'), "{id:?}");
        }
        for other in ["", "sig", "sig.Present", "sig.present ", "all"] {
            assert!(other.parse::<CheckId>().is_err(), "{other}");
        }
    }
}
