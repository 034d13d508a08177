//! What a manifest's lists reach: patterns over paths.

use globset::{GlobBuilder, GlobSet, GlobSetBuilder};
use vak_model::GuestPath;

/// The paths that a capability's list in a manifest names.
#[derive(Clone, Debug)]
pub(crate) struct Scope {
    patterns: GlobSet,
}

/// An entry of a list is no pattern.
#[derive(Clone, Debug, thiserror::Error)]
#[error("`{entry}` is no pattern of paths")]
pub struct InvalidScope {
    /// The entry.
    pub entry: String,
    /// What is wrong with it.
    pub source: globset::Error,
}

impl Scope {
    /// The paths that match one of the entries: `*` and `?` stay within a part of the path, `**` does not.
    pub(crate) fn of(entries: &[String]) -> Result<Self, InvalidScope> {
        let wrong = |entry: &str, source| InvalidScope { entry: vak_model::printable(entry, 100), source };
        let mut patterns = GlobSetBuilder::new();
        for entry in entries {
            let glob = GlobBuilder::new(entry).literal_separator(true).backslash_escape(true).build();
            patterns.add(glob.map_err(|error| wrong(entry, error))?);
        }
        let patterns = patterns.build().map_err(|error| wrong(&entries.join(", "), error))?;
        Ok(Self { patterns })
    }

    pub(crate) fn reaches(&self, path: &GuestPath) -> bool {
        self.patterns.is_match(path.as_str())
    }
}
