//! What skills, their versions and their functions may be called.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::advice::{self, Advice};

/// A name was not of the form that it must have.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidName {
    /// Not `[a-z0-9-]{1,64}`, optionally after an owner of the same form and a slash.
    Skill(String),
    /// Not an identifier.
    Export(String),
    /// A name that the ABI uses itself.
    Reserved(String),
    /// Not `MAJOR.MINOR.PATCH` as <https://semver.org> defines it.
    Version(String),
}

impl Advice for InvalidName {
    fn wrong(&self) -> String {
        match self {
            Self::Skill(name) => format!("`{name}` is not a skill name"),
            Self::Export(name) => format!("`{name}` is not a function name"),
            Self::Reserved(name) => format!("`{name}` is reserved by the ABI"),
            Self::Version(version) => format!("`{version}` is not a version"),
        }
    }

    fn right(&self) -> String {
        let right = match self {
            Self::Skill(_) => "use 1 to 64 of a-z, 0-9 and -, optionally after an owner and a slash",
            Self::Export(_) => "use 1 to 64 of a-z, A-Z, 0-9 and _, not starting with a digit",
            Self::Reserved(_) => "choose another name",
            Self::Version(_) => "write MAJOR.MINOR.PATCH, for example \"1.0.0\"",
        };
        right.to_owned()
    }
}

impl fmt::Display for InvalidName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        advice::display(self, f)
    }
}

/// The name of a skill: `[a-z0-9-]{1,64}`, optionally `owner/name` with both parts of that form.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String")]
pub struct SkillName(String);

impl SkillName {
    /// The whole name, with its owner if it has one.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The name without its owner.
    #[must_use]
    pub fn base(&self) -> &str {
        self.0.rsplit('/').next().unwrap_or(&self.0)
    }
}

impl TryFrom<String> for SkillName {
    type Error = InvalidName;

    fn try_from(name: String) -> Result<Self, InvalidName> {
        let good = |part: &str| {
            (1..=64).contains(&part.len())
                && part.bytes().all(|b| matches!(b, b'a'..=b'z' | b'0'..=b'9' | b'-'))
                && !part.starts_with('-')
        };
        let valid = match name.split_once('/') {
            Some((owner, base)) => good(owner) && good(base),
            None => good(&name),
        };
        if valid { Ok(Self(name)) } else { Err(InvalidName::Skill(crate::printable(&name, 80))) }
    }
}

impl FromStr for SkillName {
    type Err = InvalidName;

    fn from_str(name: &str) -> Result<Self, InvalidName> {
        Self::try_from(name.to_owned())
    }
}

impl fmt::Display for SkillName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The name of an exported function that a manifest lists.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String")]
pub struct ExportName(String);

impl ExportName {
    /// The name itself.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for ExportName {
    type Error = InvalidName;

    fn try_from(name: String) -> Result<Self, InvalidName> {
        if matches!(name.as_str(), "memory" | "vak_alloc" | "vak_failure") {
            return Err(InvalidName::Reserved(name));
        }
        let identifier = (1..=64).contains(&name.len())
            && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_')
            && !name.as_bytes()[0].is_ascii_digit();
        if identifier { Ok(Self(name)) } else { Err(InvalidName::Export(crate::printable(&name, 80))) }
    }
}

impl FromStr for ExportName {
    type Err = InvalidName;

    fn from_str(name: &str) -> Result<Self, InvalidName> {
        Self::try_from(name.to_owned())
    }
}

impl fmt::Display for ExportName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The version of a skill, per Semantic Versioning 2.0.0.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct SkillVersion(semver::Version);

/// How much may change between two versions.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum VersionStep {
    /// Nothing that a caller sees.
    Patch,
    /// What callers need not know of.
    Minor,
    /// Anything.
    Major,
}

impl VersionStep {
    /// The step's name.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Patch => "patch",
            Self::Minor => "minor",
            Self::Major => "major",
        }
    }
}

impl SkillVersion {
    /// The step from `older` to this version; none, if this one does not come after it. As cargo has it, the first number
    /// that is not 0 counts as the major one, and anything may change after a pre-release.
    #[must_use]
    pub fn step_after(&self, older: &Self) -> Option<VersionStep> {
        if self.precedence(older).is_le() {
            return None;
        }
        let parts = |version: &semver::Version| [version.major, version.minor, version.patch];
        let (new, old) = (parts(&self.0), parts(&older.0));
        let changed = (0..3).find(|i| new[*i] != old[*i]);
        let leading = (0..3).find(|i| old[*i] != 0);
        Some(match (changed, leading) {
            _ if !older.0.pre.is_empty() => VersionStep::Major,
            (Some(changed), Some(leading)) if changed > leading => match changed - leading {
                1 => VersionStep::Minor,
                _ => VersionStep::Patch,
            },
            _ => VersionStep::Major,
        })
    }

    /// Which of two versions comes first. Build metadata does not count, and a version comes after its own pre-releases.
    #[must_use]
    pub fn precedence(&self, other: &Self) -> std::cmp::Ordering {
        self.0.cmp_precedence(&other.0)
    }

    /// Whether it comes before a release, such as `1.0.0-rc.1`: nobody gets one who does not ask for it.
    #[must_use]
    pub fn is_prerelease(&self) -> bool {
        !self.0.pre.is_empty()
    }
}

impl TryFrom<String> for SkillVersion {
    type Error = InvalidName;

    fn try_from(version: String) -> Result<Self, InvalidName> {
        match semver::Version::parse(&version) {
            Ok(parsed) if version.len() <= 64 => Ok(Self(parsed)),
            _ => Err(InvalidName::Version(crate::printable(&version, 80))),
        }
    }
}

impl From<SkillVersion> for String {
    fn from(version: SkillVersion) -> Self {
        version.to_string()
    }
}

impl FromStr for SkillVersion {
    type Err = InvalidName;

    fn from_str(version: &str) -> Result<Self, InvalidName> {
        Self::try_from(version.to_owned())
    }
}

impl fmt::Display for SkillVersion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn skill_names_are_lower_case_with_at_most_one_owner() {
        for good in ["calculator", "a", "acme/square", "x-1", &"a".repeat(64)] {
            assert!(good.parse::<SkillName>().is_ok(), "{good}");
        }
        let long = "a".repeat(65);
        for bad in ["", "A", "a b", "a/b/c", "/a", "a/", "-a", "a_b", "../x", "а", &long, "a\n"] {
            assert!(bad.parse::<SkillName>().is_err(), "{bad}");
        }
    }

    #[test]
    fn export_names_are_identifiers_and_not_the_abi_s_own() {
        assert!("execute".parse::<ExportName>().is_ok());
        for bad in ["", "1a", "a-b", "memory", "vak_alloc", "vak_failure", "é", "a b"] {
            assert!(bad.parse::<ExportName>().is_err(), "{bad}");
        }
    }

    #[test]
    fn versions_order_by_number_not_by_text() {
        let version = |text: &str| text.parse::<SkillVersion>().expect("a version");
        assert!(version("1.10.0") > version("1.9.0"));
        assert!("1.0".parse::<SkillVersion>().is_err());
    }

    #[test]
    fn a_step_is_as_long_as_the_first_number_that_counts_says() {
        let version = |text: &str| text.parse::<SkillVersion>().expect("a version");
        use VersionStep::{Major, Minor, Patch};
        for (older, newer, step) in [
            ("1.2.3", "1.2.4", Some(Patch)),
            ("1.2.3", "1.3.0", Some(Minor)),
            ("1.9.0", "1.10.0", Some(Minor)),
            ("1.2.3", "2.0.0", Some(Major)),
            ("0.2.3", "0.2.4", Some(Minor)),
            ("0.2.3", "0.3.0", Some(Major)),
            ("0.0.3", "0.0.4", Some(Major)),
            ("0.9.9", "1.0.0", Some(Major)),
            ("0.0.0", "0.0.1", Some(Major)),
            ("1.2.3", "1.2.4-rc.1", Some(Patch)),
            ("1.2.3-rc.1", "1.2.3-rc.2", Some(Major)),
            ("1.2.3-rc.1", "1.2.3", Some(Major)),
            ("1.2.3", "1.2.3", None),
            ("1.2.3+a", "1.2.3+b", None),
            ("1.2.3", "1.2.3-rc.1", None),
            ("1.10.0", "1.9.9", None),
        ] {
            assert_eq!(version(newer).step_after(&version(older)), step, "{older} {newer}");
        }
    }
}
