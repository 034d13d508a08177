//! The fewest places that hold all that runs have reached, as few words as a manifest has room for.

use std::collections::{BTreeMap, BTreeSet};

/// The most files of one folder that are named one by one.
const MAX_NAMED: usize = 8;

/// The most places that the list of a capability may have.
const MAX_PLACES: usize = 64;

/// A place that was reached, or one around several.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Place {
    /// A file or folder.
    One(String),
    /// What lies in a folder.
    In(String),
    /// What lies below a folder, at any depth.
    Below(String),
    /// Everything.
    All,
}

impl Place {
    /// The entry of a manifest.
    pub(crate) fn pattern(&self) -> String {
        let escaped = |path: &String| -> String {
            let is_special = |c| matches!(c, '*' | '?' | '[' | ']' | '{' | '}' | '\\');
            path.chars().flat_map(|c| is_special(c).then_some('\\').into_iter().chain([c])).collect()
        };
        match self {
            Self::One(path) => escaped(path),
            Self::In(folder) if folder.is_empty() => "*".to_owned(),
            Self::In(folder) => format!("{}/*", escaped(folder)),
            Self::Below(folder) => format!("{}/**", escaped(folder)),
            Self::All => "**".to_owned(),
        }
    }

    fn holds(&self, path: &str) -> bool {
        match self {
            Self::One(one) => one == path,
            Self::In(folder) => folder_of(path) == folder,
            Self::Below(folder) => path.strip_prefix(folder.as_str()).is_some_and(|rest| rest.starts_with('/')),
            Self::All => true,
        }
    }
}

/// The place of each path, in the order of the places. A folder of which more than eight files were reached stands for
/// them; if that is more than a manifest has room for, so does one of which two were, then the first part of a path.
pub(crate) fn places(paths: &BTreeSet<String>) -> Vec<Place> {
    let exact = grouped(paths, MAX_NAMED);
    if exact.len() <= MAX_PLACES {
        return exact;
    }
    let folders = grouped(paths, 1);
    if folders.len() <= MAX_PLACES {
        return folders;
    }
    let below: BTreeSet<Place> = paths
        .iter()
        .map(|path| {
            path.split_once('/').map_or_else(|| Place::One(path.clone()), |(top, _)| Place::Below(top.to_owned()))
        })
        .collect();
    if below.len() <= MAX_PLACES { below.into_iter().collect() } else { vec![Place::All] }
}

/// The place among those that holds a path.
pub(crate) fn place_of<'p>(places: &'p [Place], path: &str) -> Option<&'p Place> {
    places.iter().find(|place| place.holds(path))
}

fn grouped(paths: &BTreeSet<String>, most: usize) -> Vec<Place> {
    let mut folders: BTreeMap<&str, usize> = BTreeMap::new();
    for path in paths {
        *folders.entry(folder_of(path)).or_default() += 1;
    }
    let place = |path: &String| {
        let folder = folder_of(path);
        let is_many = folders.get(folder).is_some_and(|count| *count > most);
        if is_many { Place::In(folder.to_owned()) } else { Place::One(path.clone()) }
    };
    paths.iter().map(place).collect::<BTreeSet<_>>().into_iter().collect()
}

/// The folder of a path; empty for the top.
pub(crate) fn folder_of(path: &str) -> &str {
    path.rsplit_once('/').map_or("", |(folder, _)| folder)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn patterns(paths: impl IntoIterator<Item = String>) -> Vec<String> {
        let paths: BTreeSet<String> = paths.into_iter().collect();
        let places = places(&paths);
        assert!(paths.iter().all(|path| place_of(&places, path).is_some()));
        places.iter().map(Place::pattern).collect()
    }

    #[test]
    fn files_are_named_until_they_are_many() {
        let of = |count: usize| patterns((0..count).map(|n| format!("notes/{n}")));
        assert_eq!(of(2), ["notes/0", "notes/1"]);
        assert_eq!((of(8).len(), of(9)), (8, vec!["notes/*".to_owned()]));
        assert_eq!(patterns((0..9).map(|n| n.to_string())), ["*"]);
        let pairs = patterns((0..66).map(|n| format!("a/{}/{n}", n / 2)));
        assert_eq!((pairs.len(), pairs[0].as_str()), (33, "a/0/*"));
        assert_eq!(patterns((0..200).map(|n| format!("a/{n}/x"))), ["a/**"]);
        assert_eq!(patterns((0..200).map(|n| format!("{n}/x"))), ["**"]);
        assert_eq!(patterns(["a*[b]/\\?".to_owned()]), [r"a\*\[b\]/\\\?"]);
    }
}
