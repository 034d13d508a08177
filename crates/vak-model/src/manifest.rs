//! The manifest: what a skill is, may do and may use, as `skill.yaml` states it and the artefact carries it.
//!
//! These types are the meaning of a manifest, not its bytes: what is signed and compared is the document's own value
//! tree, which `vak-package` keeps.

use std::fmt;
use std::num::NonZeroU64;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::advice::{self, Advice};
use crate::{Capability, CapabilityRequest, ExportName, HostLine, LimitRequest, SkillName, SkillVersion, Text};

/// A skill's manifest. `vak-package` alone reads one: unknown keys are refused there, so that a typing error can't weaken
/// a limit.
#[derive(Clone, Debug, PartialEq)]
pub struct Manifest {
    /// The skill's name.
    pub name: SkillName,
    /// The skill's version.
    pub version: SkillVersion,
    /// What the skill does, in one line.
    pub description: Text,
    /// Who made it.
    pub author: Text,
    /// Under which licence, as an SPDX expression.
    pub license: Text,
    /// Where the built module lies, relative to the manifest.
    pub module: ModulePath,
    /// What the skill asks for; nothing, unless listed.
    pub capabilities: Vec<CapabilityRequest>,
    /// WebAssembly features beyond the standard set.
    pub features: Vec<Feature>,
    /// Where a call gives the same answer again.
    pub determinism: Determinism,
    /// How much a call may use.
    pub limits: LimitRequest,
    /// The functions that can be called.
    pub exports: Vec<Export>,
    /// Golden cases.
    pub tests: Vec<GoldenCase>,
    /// The detached signature; absent or null until signed. Not part of the canonical manifest.
    pub signature: Option<SignatureBlock>,
}

/// A WebAssembly feature that a manifest has to ask for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Feature {
    /// Fixed-width 128-bit SIMD.
    Simd,
}

/// Where the same call gives the same answer, down to the bits of a NaN.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Determinism {
    /// On the same engine and the same kind of machine.
    #[default]
    Exact,
    /// On every kind of machine, at the price of slow arithmetic on floats.
    Portable,
}

/// One function of a skill.
#[derive(Clone, Debug, PartialEq)]
pub struct Export {
    /// The exported function's name.
    pub name: ExportName,
    /// What it does, in one line.
    pub description: Text,
    /// The JSON Schema that inputs must match; absent, any JSON value is accepted.
    pub input_schema: Option<Value>,
    /// The JSON Schema that outputs are promised to match; absent, nothing is promised.
    pub output_schema: Option<Value>,
}

/// An input, and what the skill must make of it.
#[derive(Clone, Debug, PartialEq)]
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
    /// The recorded world that the case runs in: its host calls in their order, with what each is answered. Absent, nothing
    /// stands behind host calls.
    pub host: Option<Vec<HostLine>>,
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
    type Error = InvalidModulePath;

    fn try_from(path: String) -> Result<Self, InvalidModulePath> {
        let part_ok = |part: &str| !matches!(part, "" | "." | "..") && !part.contains(['\\', ':']);
        let safe = path.len() <= 1024 && crate::printable(&path, 1024) == path && path.split('/').all(part_ok);
        if safe { Ok(Self(path)) } else { Err(InvalidModulePath(crate::printable(&path, 80))) }
    }
}

/// A path that leaves the folder, or is not one.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub struct InvalidModulePath(String);

impl Advice for InvalidModulePath {
    fn wrong(&self) -> String {
        format!("`{}` is no path inside the skill's folder", self.0)
    }

    fn right(&self) -> String {
        "write a relative path, with `/` between its parts and without `.` and `..`".to_owned()
    }
}

impl fmt::Display for InvalidModulePath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        advice::display(self, f)
    }
}

impl Manifest {
    /// The most functions that a manifest may list.
    pub const MAX_EXPORTS: usize = 256;
    /// The most golden cases that a manifest may list.
    pub const MAX_TESTS: usize = 1024;
    /// The most host calls that a golden case may state.
    pub const MAX_HOST_LINES: usize = 1024;

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

    #[test]
    fn a_module_path_cannot_leave_the_folder() {
        for bad in ["", "/x.wasm", "../x.wasm", "a/../../x", "a//b", "./x", "a\\b", "c:x", "a\n"] {
            assert!(ModulePath::try_from(bad.to_owned()).is_err(), "{bad:?}");
        }
        assert!(ModulePath::try_from("target/wasm32-unknown-unknown/release/x.wasm".to_owned()).is_ok());
    }
}
