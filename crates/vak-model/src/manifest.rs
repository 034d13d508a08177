//! The manifest: what a skill is, may do and may use, as `skill.yaml` states it and the artefact carries it.
//!
//! These types are the meaning of a manifest, not its bytes: what is signed and compared is the document's own value
//! tree, which `vak-package` keeps.

use std::collections::BTreeSet;
use std::fmt;
use std::num::NonZeroU64;

use serde::{Deserialize, Deserializer, Serialize};
use serde_json::Value;

use crate::capability::InvalidCapability;
use crate::{Capability, CapabilityRequest, ExportName, LimitRequest, SkillName, SkillVersion, Text};

/// A skill's manifest. Unknown keys are refused, so that a typing error can't weaken a limit.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Manifest {
    /// The skill's name.
    pub name: SkillName,
    /// The skill's version.
    pub version: SkillVersion,
    /// What the skill does, in one line.
    pub description: Text,
    /// Who made it.
    #[serde(default)]
    pub author: Text,
    /// Under which licence, as an SPDX expression.
    #[serde(default)]
    pub license: Text,
    /// Where the built module lies, relative to the manifest.
    pub module: ModulePath,
    /// What the skill asks for; nothing, unless listed.
    #[serde(default)]
    pub capabilities: Vec<CapabilityRequest>,
    /// WebAssembly features beyond the standard set.
    #[serde(default)]
    pub features: Vec<Feature>,
    /// Where a call gives the same answer again.
    #[serde(default)]
    pub determinism: Determinism,
    /// How much a call may use.
    #[serde(default)]
    pub limits: LimitRequest,
    /// The functions that can be called.
    pub exports: Vec<Export>,
    /// Golden cases.
    #[serde(default)]
    pub tests: Vec<GoldenCase>,
    /// The detached signature; absent or null until signed. Not part of the canonical manifest.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub signature: Option<SignatureBlock>,
}

/// A WebAssembly feature that a manifest has to ask for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Feature {
    /// Fixed-width 128-bit SIMD.
    Simd,
}

/// Where the same call gives the same answer, down to the bits of a NaN.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Determinism {
    /// On the same engine and the same kind of machine.
    #[default]
    Exact,
    /// On every kind of machine, at the price of slow arithmetic on floats.
    Portable,
}

/// One function of a skill.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Export {
    /// The exported function's name.
    pub name: ExportName,
    /// What it does, in one line.
    #[serde(default)]
    pub description: Text,
    /// The JSON Schema that inputs must match; absent, any JSON value is accepted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub input_schema: Option<Value>,
    /// The JSON Schema that outputs are promised to match; absent, nothing is promised.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub output_schema: Option<Value>,
}

/// An input, and what the skill must make of it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "GoldenForm", into = "GoldenForm")]
pub struct GoldenCase {
    /// What the case shows.
    pub name: Text,
    /// The function called; the manifest's first one if absent.
    pub export: Option<ExportName>,
    /// The input.
    pub input: Value,
    /// What must come out.
    pub expected: GoldenResult,
    /// The most fuel that the case may use.
    pub max_fuel: Option<NonZeroU64>,
}

/// What a golden case expects.
#[derive(Clone, Debug, PartialEq)]
pub enum GoldenResult {
    /// This output.
    Output(Value),
    /// This error of the skill's own.
    Error(Value),
}

/// The output's JSON, or `the error ` and the error's JSON.
impl fmt::Display for GoldenResult {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Output(value) => write!(f, "{value}"),
            Self::Error(value) => write!(f, "the error {value}"),
        }
    }
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct GoldenForm {
    name: Text,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    export: Option<ExportName>,
    input: Value,
    #[serde(default, deserialize_with = "present", skip_serializing_if = "Option::is_none")]
    output: Option<Value>,
    #[serde(default, deserialize_with = "present", skip_serializing_if = "Option::is_none")]
    error: Option<Value>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    max_fuel: Option<NonZeroU64>,
}

/// A key that is there has a value, even if that is null.
fn present<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Value>, D::Error> {
    Value::deserialize(deserializer).map(Some)
}

impl TryFrom<GoldenForm> for GoldenCase {
    type Error = InvalidManifest;

    fn try_from(form: GoldenForm) -> Result<Self, InvalidManifest> {
        let expected = match (form.output, form.error) {
            (Some(output), None) => GoldenResult::Output(output),
            (None, Some(error)) => GoldenResult::Error(error),
            _ => return Err(InvalidManifest::GoldenResult(form.name)),
        };
        Ok(Self { name: form.name, export: form.export, input: form.input, expected, max_fuel: form.max_fuel })
    }
}

impl From<GoldenCase> for GoldenForm {
    fn from(case: GoldenCase) -> Self {
        let (output, error) = match case.expected {
            GoldenResult::Output(output) => (Some(output), None),
            GoldenResult::Error(error) => (None, Some(error)),
        };
        Self { name: case.name, export: case.export, input: case.input, output, error, max_fuel: case.max_fuel }
    }
}

/// The detached form of a skill's signature, as `skill.yaml` holds it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SignatureBlock {
    /// The name of the format.
    pub format: String,
    /// SHA-256 of the canonical manifest, in hex.
    pub manifest_sha256: String,
    /// The module id, in hex.
    pub module_sha256: String,
    /// Whose keys; a hint only.
    #[serde(default)]
    pub keys: Vec<String>,
    /// The signature section's payload, in base64.
    pub value: String,
}

/// A relative path that stays inside the manifest's folder: no `..`, no root, `/` between its parts.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String")]
pub struct ModulePath(String);

impl ModulePath {
    /// The path itself.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for ModulePath {
    type Error = InvalidManifest;

    fn try_from(path: String) -> Result<Self, InvalidManifest> {
        let part_ok = |part: &str| !matches!(part, "" | "." | "..") && !part.contains(['\\', ':']);
        let safe = path.len() <= 1024 && crate::printable(&path, 1024) == path && path.split('/').all(part_ok);
        if safe { Ok(Self(path)) } else { Err(InvalidManifest::ModulePath(crate::printable(&path, 80))) }
    }
}

/// Something that a manifest of the right form still can't say.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidManifest {
    /// A path that leaves the folder, or is not one.
    #[error("`module` is `{0}`: it must be a relative path inside the skill's folder")]
    ModulePath(String),
    /// Nothing can be called.
    #[error("`exports` is empty: a skill has at least one function")]
    NoExports,
    /// More functions or cases than a manifest may list.
    #[error("`{0}` has more than {1} entries")]
    TooMany(&'static str, usize),
    /// Two functions of one name.
    #[error("the export `{0}` is listed twice")]
    DoubleExport(ExportName),
    /// Two golden cases of one name.
    #[error("the test `{0}` is listed twice")]
    DoubleTest(Text),
    /// A golden case of a function that isn't there.
    #[error("the test `{test}` calls `{export}`, which is not among the exports")]
    UnknownExport {
        /// The case.
        test: Text,
        /// What it calls.
        export: ExportName,
    },
    /// A golden case that expects nothing, or two things.
    #[error("the test `{0}` must have either `output` or `error`")]
    GoldenResult(Text),
    /// A capability in two entries.
    #[error(transparent)]
    Capability(#[from] InvalidCapability),
}

impl Manifest {
    /// The most functions that a manifest may list.
    pub const MAX_EXPORTS: usize = 256;
    /// The most golden cases that a manifest may list.
    pub const MAX_TESTS: usize = 1024;

    /// Checks what the form alone does not: that the parts agree with each other.
    ///
    /// # Errors
    /// The first disagreement.
    pub fn check(&self) -> Result<(), InvalidManifest> {
        if self.exports.is_empty() {
            return Err(InvalidManifest::NoExports);
        }
        for (list, count, max) in
            [("exports", self.exports.len(), Self::MAX_EXPORTS), ("tests", self.tests.len(), Self::MAX_TESTS)]
        {
            if count > max {
                return Err(InvalidManifest::TooMany(list, max));
            }
        }
        let mut names = BTreeSet::new();
        if let Some(double) = self.exports.iter().find(|export| !names.insert(&export.name)) {
            return Err(InvalidManifest::DoubleExport(double.name.clone()));
        }
        let mut capabilities = BTreeSet::new();
        if let Some(double) = self.capabilities.iter().find(|request| !capabilities.insert(request.capability)) {
            return Err(InvalidCapability::Twice(double.capability.name()).into());
        }
        let mut tests = BTreeSet::new();
        for case in &self.tests {
            if !tests.insert(case.name.as_str()) {
                return Err(InvalidManifest::DoubleTest(case.name.clone()));
            }
            if let Some(export) = case.export.as_ref().filter(|export| !names.contains(export)) {
                return Err(InvalidManifest::UnknownExport { test: case.name.clone(), export: export.clone() });
            }
        }
        Ok(())
    }

    /// The function of that name.
    #[must_use]
    pub fn export(&self, name: &str) -> Option<&Export> {
        self.exports.iter().find(|export| export.name.as_str() == name)
    }

    /// Whether the manifest asks for the capability. `compute` need not be listed.
    #[must_use]
    pub fn requests(&self, capability: Capability) -> bool {
        self.capabilities.iter().any(|request| request.capability == capability)
    }

    /// Whether the manifest asks for the WebAssembly feature.
    #[must_use]
    pub fn has_feature(&self, feature: Feature) -> bool {
        self.features.contains(&feature)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn manifest(change: impl FnOnce(&mut Value)) -> Result<Manifest, String> {
        let mut value = serde_json::json!({
            "name": "square", "version": "1.0.0", "description": "Squares", "module": "square.wasm",
            "exports": [{ "name": "execute" }],
            "tests": [{ "name": "two", "input": { "x": 2 }, "output": { "y": 4 } }],
        });
        change(&mut value);
        let manifest: Manifest = serde_json::from_value(value).map_err(|error| error.to_string())?;
        manifest.check().map_err(|error| error.to_string())?;
        Ok(manifest)
    }

    #[test]
    fn the_parts_of_a_manifest_must_agree() {
        assert!(manifest(|_| ()).is_ok());
        type Change = fn(&mut Value);
        let cases: &[(&str, Change)] = &[
            ("unknown field", |v| v["capabilites"] = serde_json::json!([])),
            ("missing field `name`", |v| drop(v.as_object_mut().expect("object").remove("name"))),
            ("at least one function", |v| v["exports"] = serde_json::json!([])),
            ("`execute` is listed twice", |v| {
                v["exports"] = serde_json::json!([{"name":"execute"},{"name":"execute"}])
            }),
            ("`log` is listed twice", |v| v["capabilities"] = serde_json::json!(["log", "log"])),
            ("either `output` or `error`", |v| v["tests"][0]["error"] = serde_json::json!({})),
            ("nonzero", |v| v["tests"][0]["max_fuel"] = 0.into()),
            ("not among the exports", |v| v["tests"][0]["export"] = "other".into()),
            ("`two` is listed twice", |v| v["tests"] = serde_json::json!([v["tests"][0], v["tests"][0]])),
            ("unknown variant `threads`", |v| v["features"] = serde_json::json!(["threads"])),
            ("more than 256", |v| {
                v["exports"] = (0..257).map(|i| serde_json::json!({"name": format!("f{i}")})).collect()
            }),
        ];
        for (reason, change) in cases {
            let error = manifest(change).expect_err(reason);
            assert!(error.contains(reason), "{reason}: {error}");
        }
    }

    #[test]
    fn an_answer_of_null_can_be_expected() {
        let manifest = manifest(|v| v["tests"][0]["output"] = Value::Null).expect("valid");
        assert_eq!(manifest.tests[0].expected, GoldenResult::Output(Value::Null));
    }

    #[test]
    fn a_module_path_cannot_leave_the_folder() {
        for bad in ["", "/x.wasm", "../x.wasm", "a/../../x", "a//b", "./x", "a\\b", "c:x", "a\n"] {
            assert!(manifest(|v| v["module"] = bad.into()).is_err(), "{bad:?}");
        }
        assert!(manifest(|v| v["module"] = "target/wasm32-unknown-unknown/release/x.wasm".into()).is_ok());
    }

    #[test]
    fn a_manifest_reads_back_from_what_it_writes() {
        let one = manifest(|v| v["capabilities"] = serde_json::json!(["compute", {"fs.read": ["a"]}])).expect("valid");
        let again: Manifest =
            serde_json::from_value(serde_json::to_value(&one).expect("serialisable")).expect("readable");
        assert_eq!(one, again);
    }
}
