//! Which skills a publisher's keys speak for.

use std::fmt;
use std::str::FromStr;

use vak_model::SkillName;

/// A skill's name, or the beginning of names with a `*` behind it. `acme/*` is every skill of the owner `acme`; `*` is
/// every skill.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct SkillPattern {
    text: String,
    open: bool,
}

/// The text is neither a skill's name nor the beginning of one.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is neither a skill's name nor the beginning of one before a `*`")]
pub struct InvalidPattern(String);

impl SkillPattern {
    /// `*`: every skill, and modules without a name.
    #[must_use]
    pub const fn every() -> Self {
        Self { text: String::new(), open: true }
    }

    /// How well the pattern fits `name`, if it does: the longer the text, the better, and the whole name best. A module
    /// without a name is fitted by `*` alone.
    #[must_use]
    pub(crate) fn fit(&self, name: Option<&SkillName>) -> Option<(usize, bool)> {
        let name = name.map_or("", SkillName::as_str);
        let fits = if self.open { name.starts_with(&self.text) } else { name == self.text };
        fits.then_some((self.text.len(), !self.open))
    }

    /// The owner whose skills these are, if they are all skills of one owner.
    #[must_use]
    pub fn owner(&self) -> Option<&str> {
        self.text.strip_suffix('/').filter(|_| self.open)
    }
}

impl FromStr for SkillPattern {
    type Err = InvalidPattern;

    fn from_str(text: &str) -> Result<Self, InvalidPattern> {
        let (start, open) = text.strip_suffix('*').map_or((text, false), |start| (start, true));
        // The beginning of a name is what becomes one with a letter behind it.
        let probe = if open { format!("{start}a") } else { start.to_owned() };
        match probe.parse::<SkillName>() {
            Ok(_) => Ok(Self { text: start.to_owned(), open }),
            Err(_) => Err(InvalidPattern(vak_model::printable(text, 80))),
        }
    }
}

impl fmt::Display for SkillPattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}", self.text, if self.open { "*" } else { "" })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_fit_names_by_their_beginning() {
        let fit = |pattern: &str, name: &str| {
            let name: SkillName = name.parse().expect("a name");
            pattern.parse::<SkillPattern>().expect("a pattern").fit(Some(&name))
        };
        assert_eq!(fit("*", "acme/square"), Some((0, false)));
        assert_eq!(fit("acme/*", "acme/square"), Some((5, false)));
        assert_eq!(fit("acme/square", "acme/square"), Some((11, true)));
        assert_eq!(fit("square*", "square"), Some((6, false)));
        for (pattern, name) in [
            ("acme/*", "acme"),
            ("acme/*", "acme-evil/square"),
            ("square", "squares"),
            ("square", "acme/square"),
            ("b*", "a"),
        ] {
            assert_eq!(fit(pattern, name), None, "{pattern} {name}");
        }
    }

    #[test]
    fn only_beginnings_of_names_are_patterns() {
        for bad in ["", "**", "a*b", "*a", "A*", "a/b/*", "/*", "-*", "../*", "a b", "a/*/c"] {
            assert!(bad.parse::<SkillPattern>().is_err(), "{bad}");
        }
        for good in ["*", "a", "a*", "a/*", "a/b", "a/b*", "a-*"] {
            assert_eq!(good.parse::<SkillPattern>().expect(good).to_string(), good);
        }
        assert_eq!("*".parse(), Ok(SkillPattern::every()));
        assert_eq!("acme/*".parse::<SkillPattern>().expect("a pattern").owner(), Some("acme"));
        assert_eq!("acme*".parse::<SkillPattern>().expect("a pattern").owner(), None);
    }
}
