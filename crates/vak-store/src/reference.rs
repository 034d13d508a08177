//! How people name a skill: `calculator`, `calculator@1.0.0`, `acme/square@2.1.0-rc.1`.

use std::fmt;
use std::str::FromStr;

use vak_model::{InvalidName, SkillName, SkillVersion};

/// A name, and perhaps a version.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SkillReference {
    /// The name.
    pub name: SkillName,
    /// The version; the newest that is no pre-release, if none is named.
    pub version: Option<SkillVersion>,
}

impl FromStr for SkillReference {
    type Err = InvalidName;

    fn from_str(text: &str) -> Result<Self, InvalidName> {
        let (name, version) = text.split_once('@').map_or((text, None), |(name, version)| (name, Some(version)));
        Ok(Self { name: name.parse()?, version: version.map(str::parse).transpose()? })
    }
}

impl fmt::Display for SkillReference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.name.fmt(f)?;
        self.version.iter().try_for_each(|version| write!(f, "@{version}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reference_reads_back_from_its_text() {
        for text in ["calculator", "calculator@1.0.0", "acme/square@2.1.0-rc.1+build.5"] {
            assert_eq!(text.parse::<SkillReference>().expect(text).to_string(), text);
        }
    }

    /// Names that lead elsewhere, or look like others, or that some system gives a meaning to.
    #[test]
    fn v35_dubious_names_are_no_references() {
        let long = "a".repeat(300);
        for text in [
            "",
            "@1.0.0",
            "x@",
            "x@1",
            "x@1.0.0@2.0.0",
            "../../x",
            "..",
            ".",
            "a/../b",
            "/etc/passwd",
            "%2e%2e",
            "a%2fb",
            "a\\b",
            "c:x",
            "con.wasm",
            "x\0",
            "x\n",
            "x y",
            "🦀",
            "ｘ",
            "а",
            "X",
            "-x",
            "a/-b",
            "a//b",
            "a/b/c",
            "x.lock",
            "x@1.0.0/../../y",
            "x@../1.0.0",
            &long,
        ] {
            assert!(text.parse::<SkillReference>().is_err(), "{text:?}");
        }
    }
}
