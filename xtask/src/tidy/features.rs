//! Crates that tests would compile a second time, with more features than the tools need: everything above such a crate
//! is compiled again too, and below the engine that costs minutes.

use std::collections::{BTreeMap, BTreeSet};

use super::Violation;
use crate::error::Error;
use crate::process::Task;
use crate::workspace::Workspace;

/// The features of each crate, by name and version, as a build would turn them on.
#[derive(Debug, Default)]
pub(super) struct Features(BTreeMap<String, BTreeSet<String>>);

impl Features {
    /// Asks cargo what a build of the whole workspace turns on, with these kinds of dependencies.
    pub(super) fn load(workspace: &Workspace, kinds: &str) -> Result<Self, Error> {
        let args = ["tree", "--workspace", "--offline", "--prefix", "none", "--format", "{p}|{f}", "--edges", kinds];
        let said =
            Task::cargo(workspace).args(args).next("run `cargo build` once, which fetches what is missing").stdout()?;
        Ok(Self::read(&String::from_utf8_lossy(&said)))
    }

    /// Reads lines such as `serde v1.0.229|default,std (*)`; a crate may have several, one for each set of features.
    fn read(text: &str) -> Self {
        let mut all: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
        for (package, features) in text.lines().filter_map(|line| line.split_once('|')) {
            let features = features.trim_end_matches(" (*)").to_owned();
            all.entry(package.to_owned()).or_default().insert(features);
        }
        Self(all)
    }
}

/// What the tools are built from is what the tests are built from.
pub(super) fn check(tools: &Features, tests: &Features) -> Vec<Violation> {
    let differs = |(package, features): (&String, &BTreeSet<String>)| {
        let with_tests = tests.0.get(package)?;
        let more: Vec<&str> = with_tests.difference(features).map(String::as_str).collect();
        if features.is_subset(with_tests) {
            return None;
        }
        let what = format!(
            "the tests turn on other features of {package} (`{}`), and compile all above it again: name it there with them",
            more.join("` and `")
        );
        Some(Violation::new("xtask/Cargo.toml", what))
    };
    tools.0.iter().filter_map(differs).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_crate_that_tests_build_with_more_features_is_named_with_them() {
        let tools = Features::read("syn v3.0.9|derive,full\nserde v1.0.0|default (*)\n");
        let tests = Features::read("syn v3.0.9|derive,extra-traits,full\nserde v1.0.0|default\nproptest v1.0.0|std\n");
        let found = check(&tools, &tests);
        assert_eq!(found.len(), 1, "{found:?}");
        assert!(found[0].what.contains("syn v3.0.9 (`derive,extra-traits,full`)"), "{}", found[0]);
        assert_eq!(check(&tests, &tests), []);
    }

    #[test]
    fn a_crate_that_is_built_twice_anyway_is_no_violation_for_that() {
        let tools = Features::read("libc v0.2.0|default\n");
        let tests = Features::read("libc v0.2.0|default\nlibc v0.2.0|default,std\n");
        assert_eq!(check(&tools, &tests), []);
    }
}
