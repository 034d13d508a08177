//! What is denied, whoever vouches for it.

use std::cmp::Ordering;
use std::collections::BTreeSet;
use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use vak_model::{Manifest, ModuleId, SkillName, SkillVersion};

/// Artefacts and versions of skills that are denied.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Denied {
    /// Artefacts.
    #[serde(default)]
    pub modules: BTreeSet<ModuleId>,
    /// Skills, in some versions or all.
    #[serde(default)]
    pub skills: BTreeSet<DeniedSkill>,
}

/// A skill and some of its versions: `acme/old`, `acme/old@<1.2.0`, `acme/old@>=2.0.0,<2.1.3`.
///
/// Versions are compared by precedence: build metadata does not count, and the pre-releases of 1.2.0 are below it. So no
/// spelling of a version slips out of a range, as it would with the ranges that package managers use.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct DeniedSkill {
    name: SkillName,
    bounds: Vec<(Comparison, SkillVersion)>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Comparison {
    Less,
    LessOrEqual,
    Equal,
    GreaterOrEqual,
    Greater,
}

/// The text names no versions of a skill.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` names no versions of a skill: write for example acme/old, acme/old@<1.2.0 or acme/old@>=2.0.0,<2.1.3")]
pub struct InvalidDenial(String);

impl Denied {
    /// Whether the artefact `id` is denied, by itself or by what its manifest calls it; says by which.
    pub(crate) fn verdict(&self, id: ModuleId, manifest: Option<&Manifest>) -> Option<String> {
        if self.modules.contains(&id) {
            return Some(id.to_string());
        }
        let manifest = manifest?;
        let denial = self.skills.iter().find(|skill| skill.covers(&manifest.name, &manifest.version))?;
        Some(denial.to_string())
    }
}

impl DeniedSkill {
    fn covers(&self, name: &SkillName, version: &SkillVersion) -> bool {
        self.name == *name && self.bounds.iter().all(|(comparison, bound)| comparison.holds(version.precedence(bound)))
    }
}

impl Comparison {
    /// The longer spellings first: one begins with the other.
    const ALL: [(Self, &'static str); 5] = [
        (Self::LessOrEqual, "<="),
        (Self::GreaterOrEqual, ">="),
        (Self::Less, "<"),
        (Self::Greater, ">"),
        (Self::Equal, "="),
    ];

    const fn holds(self, ordering: Ordering) -> bool {
        match self {
            Self::Less => ordering.is_lt(),
            Self::LessOrEqual => ordering.is_le(),
            Self::Equal => ordering.is_eq(),
            Self::GreaterOrEqual => ordering.is_ge(),
            Self::Greater => ordering.is_gt(),
        }
    }

    fn spelling(self) -> &'static str {
        Self::ALL.iter().find(|(comparison, _)| *comparison == self).map_or("", |(_, spelling)| spelling)
    }
}

fn bound(text: &str) -> Option<(Comparison, SkillVersion)> {
    let found = Comparison::ALL.iter().find_map(|(comparison, spelling)| {
        let version = text.strip_prefix(spelling)?;
        Some((*comparison, version))
    });
    let (comparison, version) = found?;
    Some((comparison, version.parse().ok()?))
}

impl FromStr for DeniedSkill {
    type Err = InvalidDenial;

    fn from_str(text: &str) -> Result<Self, InvalidDenial> {
        let read = || {
            let (name, range) = text.split_once('@').map_or((text, None), |(name, range)| (name, Some(range)));
            let bounds = range.map(|range| range.split(',').map(bound).collect::<Option<_>>());
            Some(Self { name: name.parse().ok()?, bounds: bounds.unwrap_or_else(|| Some(Vec::new()))? })
        };
        read().ok_or_else(|| InvalidDenial(vak_model::printable(text, 80)))
    }
}

impl TryFrom<String> for DeniedSkill {
    type Error = InvalidDenial;

    fn try_from(text: String) -> Result<Self, InvalidDenial> {
        text.parse()
    }
}

impl From<DeniedSkill> for String {
    fn from(skill: DeniedSkill) -> Self {
        skill.to_string()
    }
}

impl fmt::Display for DeniedSkill {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.name)?;
        for (i, (comparison, version)) in self.bounds.iter().enumerate() {
            write!(f, "{}{}{version}", if i == 0 { "@" } else { "," }, comparison.spelling())?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_deny_what_they_say_and_pre_releases_do_not_slip_out() {
        let denies = |denial: &str, version: &str| {
            let denial: DeniedSkill = denial.parse().expect(denial);
            denial.covers(&"acme/old".parse().expect("a name"), &version.parse().expect(version))
        };
        for (denial, yes, no) in [
            ("acme/old", &["0.0.1", "9.9.9-rc.1+b"][..], &[][..]),
            ("acme/old@<1.2.0", &["1.1.9", "1.2.0-rc.1", "0.1.0+x"], &["1.2.0", "1.2.0+x", "1.10.0"]),
            ("acme/old@<=1.2.0", &["1.2.0", "1.2.0+x"], &["1.2.1-rc.1"]),
            ("acme/old@=1.2.0", &["1.2.0", "1.2.0+x"], &["1.2.0-rc.1", "1.2.1"]),
            ("acme/old@>=2.0.0,<2.1.3", &["2.0.0", "2.1.3-a"], &["1.9.9", "2.0.0-a", "2.1.3"]),
            ("acme/old@>1.9.0", &["1.10.0"], &["1.9.0", "1.9.0+x"]),
            ("acme/new", &[], &["1.0.0"]),
        ] {
            yes.iter().for_each(|version| assert!(denies(denial, version), "{denial} {version}"));
            no.iter().for_each(|version| assert!(!denies(denial, version), "{denial} {version}"));
            assert_eq!(denial.parse::<DeniedSkill>().expect("valid").to_string(), denial);
        }
    }

    #[test]
    fn what_names_no_versions_is_refused() {
        for bad in
            ["", "acme/old@", "acme/old@1.2.0", "acme/old@<1.2", "acme/old@^1.2.0", "@<1.0.0", "A@<1.0.0", "a@<1.0.0,"]
        {
            assert!(bad.parse::<DeniedSkill>().is_err(), "{bad}");
        }
    }
}
