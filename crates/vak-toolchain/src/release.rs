//! Version numbers of Rust, as compilers and packages write them.

use std::fmt;

/// A release of Rust, such as 1.96.0.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Release([u64; 3]);

impl Release {
    /// The oldest release that VAK's crates build with: the workspace's `rust-version`.
    pub(crate) fn required() -> Self {
        Self::parse(env!("CARGO_PKG_RUST_VERSION")).expect("the workspace states its rust-version")
    }

    /// Reads the numbers that a version begins with: `1.96.0+dfsg1-1` and `1.97.0-nightly` are releases too.
    pub(crate) fn parse(version: &str) -> Option<Self> {
        let end = version.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(version.len());
        let mut numbers = version[..end].split('.').filter(|number| !number.is_empty()).map(str::parse);
        let (major, minor) = (numbers.next()?.ok()?, numbers.next()?.ok()?);
        let patch = numbers.next().map_or(Ok(0), |patch| patch).ok()?;
        Some(Self([major, minor, patch]))
    }
}

impl fmt::Display for Release {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [major, minor, patch] = self.0;
        write!(f, "{major}.{minor}.{patch}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_of_compilers_and_packages_are_read_and_ordered_by_number() {
        for (text, shown) in [
            ("1.95", Some("1.95.0")),
            ("1.96.0+dfsg1-1~deb12u2", Some("1.96.0")),
            ("1.97.0-nightly", Some("1.97.0")),
            ("1.100.1", Some("1.100.1")),
            ("1", None),
            ("", None),
            ("(none)", None),
            ("99999999999999999999.1", None),
        ] {
            assert_eq!(Release::parse(text).map(|release| release.to_string()).as_deref(), shown, "{text}");
        }
        assert!(Release::parse("1.100.0") > Release::parse("1.95.0"));
        assert!(Release::required() > Release([1, 0, 0]));
    }
}
