//! What must be shown before an artefact passes, over and above that no check fails.
//!
//! A gate adds to what is asked, and has no word for asking less about who signed: a check that it requires and that could
//! not be made has failed.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use serde_json::Value;
use vak_model::Code;
use vak_package::{FileError, ManifestError, Position, YamlDocument, read_file};
use vak_trust::{BUILD_TYPES, LOCAL_BUILDER, PublicKey};

use crate::check::{Check, CheckId, Verdict};

/// The largest file of a gate that is read, in bytes.
const MAX_BYTES: u64 = 256 * 1024;

/// The one version of the file that there is.
const VERSION: u64 = 1;

/// What must be shown.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Gate {
    /// The checks that must have been made, and hold.
    pub require: BTreeSet<CheckId>,
    /// What may be so all the same.
    pub allow: BTreeSet<Allowance>,
    /// Whose attestations count.
    pub provenance: ProvenanceRule,
}

/// Whose word on builds counts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProvenanceRule {
    /// The builders that may build, by their URIs. Default: a person's own machine.
    pub builders: BTreeSet<String>,
    /// The ways in which they may build. Default: those of `vak-skill-build`.
    pub build_types: BTreeSet<String>,
    /// The keys that may sign, each of them alone, in the place of those of the trust root's role `builder`.
    pub keys: BTreeSet<PublicKey>,
    /// How many different keys must attest to have built the same bytes again. Default 1.
    pub rebuilders: usize,
}

impl Default for ProvenanceRule {
    fn default() -> Self {
        Self {
            builders: BTreeSet::from([LOCAL_BUILDER.to_owned()]),
            build_types: BUILD_TYPES.map(str::to_owned).into(),
            keys: BTreeSet::new(),
            rebuilders: 1,
        }
    }
}

/// What is refused unless somebody says that it may be: changes that the author of a release means to make. No signature
/// that is missing, broken or unknown is among them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Allowance {
    /// Schemas that can't be compared.
    SchemaUndecided,
    /// More capabilities than before.
    UpgradeCapability,
    /// Higher limits than before.
    UpgradeLimits,
    /// Other signers than before.
    UpgradeSigner,
}

impl Allowance {
    const ALL: [Self; 4] = [Self::SchemaUndecided, Self::UpgradeCapability, Self::UpgradeLimits, Self::UpgradeSigner];

    /// The word, which is that of the error.
    #[must_use]
    pub const fn code(self) -> Code {
        match self {
            Self::SchemaUndecided => Code::SchemaUndecided,
            Self::UpgradeCapability => Code::UpgradeCapability,
            Self::UpgradeLimits => Code::UpgradeLimits,
            Self::UpgradeSigner => Code::UpgradeSigner,
        }
    }
}

/// The text names nothing that can be allowed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` can't be allowed: only {all} can", all = Allowance::ALL.map(|one| one.code().word()).join(", "))]
pub struct NotAllowable(String);

impl std::str::FromStr for Allowance {
    type Err = NotAllowable;

    fn from_str(word: &str) -> Result<Self, NotAllowable> {
        let refused = || NotAllowable(vak_model::printable(word, 80));
        Self::ALL.into_iter().find(|one| one.code().word() == word).ok_or_else(refused)
    }
}

/// Why a file is no gate.
#[derive(Debug, thiserror::Error)]
pub enum GateError {
    /// It can't be read.
    #[error(transparent)]
    Read(#[from] FileError),
    /// It is not text.
    #[error("`{0}` is not UTF-8")]
    NotText(PathBuf),
    /// It is not in the strict subset of YAML.
    #[error("`{path}` is no gate")]
    Yaml {
        /// Which file.
        path: PathBuf,
        /// What is wrong with it.
        #[source]
        error: ManifestError,
    },
    /// It says something else.
    #[error("{message}")]
    Contents {
        /// Which file.
        path: PathBuf,
        /// Where in it.
        position: Option<Position>,
        /// What is wrong there.
        message: String,
    },
}

impl GateError {
    /// What the error is called.
    #[must_use]
    pub const fn code(&self) -> Code {
        match self {
            Self::Read(_) => Code::FileRead,
            Self::NotText(_) | Self::Yaml { .. } | Self::Contents { .. } => Code::GateMalformed,
        }
    }

    /// Where it is, if it is in the text: the file, and the place in it.
    #[must_use]
    pub fn place(&self) -> Option<(&Path, Option<Position>)> {
        match self {
            Self::Read(_) | Self::NotText(_) => None,
            Self::Yaml { path, error } => Some((path, error.position())),
            Self::Contents { path, position, .. } => Some((path, *position)),
        }
    }
}

impl Gate {
    /// Reads a gate's file.
    ///
    /// # Errors
    /// See [`GateError`].
    pub fn read_file(path: &Path) -> Result<Self, GateError> {
        let text = String::from_utf8(read_file(path, MAX_BYTES)?).map_err(|_| GateError::NotText(path.to_owned()))?;
        let document = YamlDocument::read(&text).map_err(|error| GateError::Yaml { path: path.to_owned(), error })?;
        let root = Part { value: document.value(), pointer: String::new() };
        Self::of(&root).map_err(|Wrong { pointer, message }| {
            let position = document.position(&pointer);
            GateError::Contents { path: path.to_owned(), position, message }
        })
    }

    fn of(root: &Part<'_>) -> Result<Self, Wrong> {
        let mut gate = Self::default();
        let mut version = None;
        for (key, part) in root.entries(&["version", "require", "allow", "provenance"])? {
            match key {
                "version" => version = Some(part.version()?),
                "require" => gate.require = part.list(Part::parsed)?,
                "allow" => gate.allow = part.list(Part::parsed)?,
                _ => gate.provenance = ProvenanceRule::of(&part)?,
            }
        }
        version.ok_or_else(|| root.wrong("a gate has no `version`: add `version: 1`"))?;
        Ok(gate)
    }

    /// Asks more: these checks too.
    pub fn require(&mut self, ids: impl IntoIterator<Item = CheckId>) {
        self.require.extend(ids);
    }

    /// Allows these as well.
    pub fn allow(&mut self, what: impl IntoIterator<Item = Allowance>) {
        self.allow.extend(what);
    }

    /// What comes of something that fails unless it is allowed.
    pub(crate) fn unless_allowed(&self, what: Allowance, message: String) -> (Verdict, String) {
        match self.allow.contains(&what) {
            true => (Verdict::Ok, format!("allowed: {message}")),
            false => (Verdict::Failed(what.code()), message),
        }
    }

    /// A check as the gate sees it: one that is required and does not hold has failed.
    pub(crate) fn judge(&self, mut check: Check) -> Check {
        let unmet = match check.verdict {
            Verdict::Ok | Verdict::Failed(_) => return check,
            Verdict::Warning => "required to hold whole",
            Verdict::Skipped => "required, and could not be made",
        };
        if self.require.contains(&check.id) {
            check.verdict = Verdict::Failed(Code::GateRequired);
            check.message = format!("{unmet}: {}", check.message);
        }
        check
    }
}

impl ProvenanceRule {
    fn of(root: &Part<'_>) -> Result<Self, Wrong> {
        let mut rule = Self::default();
        for (key, part) in root.entries(&["builders", "build_types", "keys", "rebuilders"])? {
            match key {
                "builders" => rule.builders = part.list(|uri| uri.text().map(str::to_owned))?,
                "build_types" => rule.build_types = part.list(|uri| uri.text().map(str::to_owned))?,
                "keys" => rule.keys = part.list(Part::parsed)?,
                _ => rule.rebuilders = part.count()?,
            }
        }
        Ok(rule)
    }
}

/// A part of the document, and what leads to it.
struct Part<'a> {
    value: &'a Value,
    pointer: String,
}

/// What is wrong, and with which part.
struct Wrong {
    pointer: String,
    message: String,
}

impl<'a> Part<'a> {
    fn wrong(&self, message: impl Into<String>) -> Wrong {
        Wrong { pointer: self.pointer.clone(), message: vak_model::printable(&message.into(), 400) }
    }

    fn below(&self, key: &str, value: &'a Value) -> Self {
        let key = key.replace('~', "~0").replace('/', "~1");
        Self { value, pointer: format!("{}/{key}", self.pointer) }
    }

    /// The entries of a mapping that has no other keys than `known`.
    fn entries(&self, known: &[&str]) -> Result<Vec<(&'a str, Self)>, Wrong> {
        let listed = known.iter().map(|key| format!("`{key}`")).collect::<Vec<_>>().join(", ");
        let Some(map) = self.value.as_object() else {
            return Err(self.wrong(format!("this must be a mapping with {listed}")));
        };
        let entry = |(key, value): (&'a String, &'a Value)| {
            let part = self.below(key, value);
            match known.contains(&key.as_str()) {
                true => Ok((key.as_str(), part)),
                false => {
                    let key = vak_model::printable(key, 60);
                    Err(part.wrong(format!("`{key}` is not a key here: there are {listed}")))
                }
            }
        };
        map.iter().map(entry).collect()
    }

    fn list<T, C: FromIterator<T>>(&self, read: impl Fn(&Self) -> Result<T, Wrong>) -> Result<C, Wrong> {
        let items = self.value.as_array().ok_or_else(|| self.wrong("this must be a list"))?;
        items.iter().enumerate().map(|(index, item)| read(&self.below(&index.to_string(), item))).collect()
    }

    fn text(&self) -> Result<&'a str, Wrong> {
        self.value.as_str().ok_or_else(|| self.wrong("this must be text"))
    }

    fn parsed<T>(&self) -> Result<T, Wrong>
    where
        T: std::str::FromStr,
        T::Err: std::fmt::Display,
    {
        self.text()?.parse().map_err(|error: T::Err| self.wrong(error.to_string()))
    }

    /// A number of at least 1.
    fn count(&self) -> Result<usize, Wrong> {
        let count = self.value.as_u64().and_then(|count| usize::try_from(count).ok()).filter(|count| *count > 0);
        count.ok_or_else(|| self.wrong("this must be a whole number of at least 1"))
    }

    fn version(&self) -> Result<(), Wrong> {
        match self.value.as_u64() {
            Some(VERSION) => Ok(()),
            _ => Err(self.wrong("this tool knows version 1 of gates alone")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Gate, GateError> {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("gate.yaml");
        std::fs::write(&path, text).expect("written");
        Gate::read_file(&path)
    }

    #[test]
    fn a_gate_says_what_must_hold() {
        let gate = read("version: 1\nrequire: [sig.threshold, golden.report, sig.threshold]\n").expect("a gate");
        assert_eq!(gate.require, BTreeSet::from([CheckId::GoldenReport, CheckId::SigThreshold]));
        assert_eq!(read("version: 1").expect("a gate"), Gate::default());
        let gate = read("version: 1\nprovenance: { builders: [urn:x], rebuilders: 2 }\n").expect("a gate");
        assert_eq!(gate.provenance.builders, BTreeSet::from(["urn:x".to_owned()]));
        assert_eq!((gate.provenance.rebuilders, gate.provenance.build_types.len()), (2, BUILD_TYPES.len()));
        let gate = read("version: 1\nallow: [schema.undecided, upgrade.signer]\n").expect("a gate");
        assert_eq!(gate.allow, BTreeSet::from([Allowance::SchemaUndecided, Allowance::UpgradeSigner]));
    }

    #[test]
    fn what_a_gate_can_t_say_is_refused_at_its_place() {
        for (text, line, reason) in [
            ("require: []", 1, "no `version`"),
            ("version: 2", 1, "version 1"),
            ("version: \"1\"", 1, "version 1"),
            ("version: 1\nrequire: [sig.present,\n  sig.threshhold]", 3, "`sig.threshhold` is not a check"),
            ("version: 1\nrequire: sig.present", 2, "must be a list"),
            ("version: 1\nrequire: [1]", 2, "must be text"),
            ("version: 1\nallow: [signature.missing]", 2, "`signature.missing` can't be allowed"),
            ("version: 1\nallow: [sig.threshold]", 2, "can't be allowed"),
            ("version: 1\nprovenance:\n  rebuilders: 0", 3, "at least 1"),
            ("version: 1\nprovenance:\n  keys: [alice]", 3, ""),
            ("version: 1\nprovenance: { key: [] }", 2, "`key` is not a key here"),
            ("version: 1\nrequires: []", 2, "`requires` is not a key"),
            ("version: 1\nrequire: []\nrequire: []", 3, "no gate"),
            ("[]", 1, "must be a mapping"),
        ] {
            let error = read(text).expect_err(text);
            assert_eq!(error.code(), Code::GateMalformed, "{text}");
            assert!(error.to_string().contains(reason), "{text}: {error}");
            let (_, position) = error.place().expect("a place");
            assert_eq!(position.map(|position| position.line), Some(line), "{text}");
        }
        assert_eq!(Gate::read_file(Path::new("/nowhere")).expect_err("none").code(), Code::FileRead);
    }

    #[test]
    fn a_required_check_that_could_not_be_made_has_failed_and_others_stay_as_they_are() {
        let gate = Gate { require: BTreeSet::from([CheckId::GoldenReport]), ..Gate::default() };
        let failed = Verdict::Failed(Code::GateRequired);
        for (id, before, after) in [
            (CheckId::GoldenReport, Verdict::Warning, failed),
            (CheckId::GoldenReport, Verdict::Skipped, failed),
            (CheckId::GoldenReport, Verdict::Ok, Verdict::Ok),
            (CheckId::SigPresent, Verdict::Warning, Verdict::Warning),
            (CheckId::SigPresent, Verdict::Skipped, Verdict::Skipped),
            (CheckId::GoldenReport, Verdict::Failed(Code::FileRead), Verdict::Failed(Code::FileRead)),
        ] {
            assert_eq!(gate.judge(Check::new(id, before, "why")).verdict, after, "{id:?} {before:?}");
        }
    }
}
