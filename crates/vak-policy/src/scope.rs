//! What a manifest's lists reach: patterns over paths and URLs.

use globset::{GlobBuilder, GlobSet, GlobSetBuilder};
use vak_model::{Capability, Resource};

use crate::url::{InvalidPattern, UrlPattern};

/// What a capability's list in a manifest names.
#[derive(Clone, Debug)]
pub(crate) enum Scope {
    /// Paths.
    Paths(GlobSet),
    /// Where HTTP requests go.
    Urls(Vec<UrlPattern>),
}

/// An entry of a list is no pattern.
#[derive(Clone, Debug, thiserror::Error)]
pub enum InvalidScope {
    /// None of paths.
    #[error("`{entry}` is no pattern of paths")]
    Path {
        /// The entry.
        entry: String,
        /// What is wrong with it.
        source: globset::Error,
    },
    /// None of URLs.
    #[error("`{entry}` is no pattern of URLs")]
    Url {
        /// The entry.
        entry: String,
        /// What is wrong with it.
        source: InvalidPattern,
    },
}

impl Scope {
    /// What the list of a capability names; nothing for those that have none.
    pub(crate) fn of(capability: Capability, entries: &[String]) -> Result<Option<Self>, InvalidScope> {
        match capability {
            Capability::FsRead | Capability::FsWrite => Self::paths(entries).map(Some),
            Capability::NetHttp => Self::urls(entries).map(Some),
            _ => Ok(None),
        }
    }

    fn urls(entries: &[String]) -> Result<Self, InvalidScope> {
        let pattern = |entry: &String| {
            let wrong = |source| InvalidScope::Url { entry: vak_model::printable(entry, 100), source };
            UrlPattern::of_url(entry).map_err(wrong)
        };
        entries.iter().map(pattern).collect::<Result<_, _>>().map(Self::Urls)
    }

    /// The paths that match one of the entries: `*` and `?` stay within a part of the path, `**` does not.
    fn paths(entries: &[String]) -> Result<Self, InvalidScope> {
        let wrong = |entry: &str, source| InvalidScope::Path { entry: vak_model::printable(entry, 100), source };
        let mut patterns = GlobSetBuilder::new();
        for entry in entries {
            let glob = GlobBuilder::new(entry).literal_separator(true).backslash_escape(true).build();
            patterns.add(glob.map_err(|error| wrong(entry, error))?);
        }
        let patterns = patterns.build().map_err(|error| wrong(&entries.join(", "), error))?;
        Ok(Self::Paths(patterns))
    }

    pub(crate) fn reaches(&self, resource: Resource<'_>) -> bool {
        match (self, resource) {
            (Self::Paths(patterns), Resource::Path(path)) => patterns.is_match(path.as_str()),
            (Self::Urls(patterns), Resource::Url(url)) => patterns.iter().any(|pattern| pattern.matches(url)),
            _ => false,
        }
    }
}
