//! Crates that are compiled in more than one version: each costs build time and is audited twice.

use std::collections::{BTreeMap, BTreeSet};

use super::Violation;
use super::graph::Graph;

/// The doubles that can't be avoided, and why. A line that is no longer needed is a violation too.
const ALLOWED: &[(&str, &str)] = &[
    ("arrayvec", "pretty, which Cedar's formatter takes, is on 0.5; blake3 is on 0.7"),
    ("block-buffer", "follows sha2"),
    ("cpufeatures", "follows sha2"),
    ("crypto-common", "follows sha2"),
    ("digest", "follows sha2"),
    ("embedded-io", "postcard, in Wasmtime, can use either, and uses none"),
    ("getrandom", "Wasmtime takes ahash, which is on 0.3; tempfile is on 0.4"),
    ("hashbrown", "Wasmtime takes gimli, which is on 0.16; indexmap is on 0.17"),
    ("indexmap", "serde_with, which Cedar takes, could use 1, and does not"),
    ("io-lifetimes", "cap-std takes fs-set-times, which is on 2; it is itself on 3"),
    ("itertools", "Wasmtime and Cedar's parser generator are on 0.14; Cedar is on 0.15"),
    ("schemars", "serde_with, which Cedar takes, could use either, and uses none"),
    ("sha2", "Wasmtime 48 is on 0.10; ours follows ed25519-dalek 3, on 0.11"),
    ("syn", "Wasmtime's own macros are on 2; serde's and clap's are on 3"),
    ("unicode-width", "miette, which Cedar takes, is on 0.1; clap and wat are on 0.2"),
];

/// Every crate that the build needs is there in one version, but for the table.
pub(super) fn check(graph: &Graph) -> Vec<Violation> {
    check_against(graph, ALLOWED)
}

fn check_against(graph: &Graph, allowed: &[(&str, &str)]) -> Vec<Violation> {
    let doubles = doubles(graph);
    let is_allowed = |name: &str| allowed.iter().any(|(allowed, _)| *allowed == name);
    let new = doubles.iter().filter(|(name, _)| !is_allowed(name)).map(|(name, versions)| {
        let versions = versions.iter().copied().collect::<Vec<_>>().join(" and ");
        let what =
            format!("`{name}` is built in versions {versions}: choose versions that agree (`cargo tree -i {name}`)");
        Violation::new("Cargo.lock", what)
    });
    let old = allowed.iter().filter(|(name, _)| !doubles.contains_key(name)).map(|(name, _)| {
        let what = format!("`{name}` is no longer doubled: remove its line from the table");
        Violation::new("xtask/src/tidy/doubles.rs", what)
    });
    new.chain(old).collect()
}

fn doubles(graph: &Graph) -> BTreeMap<&str, BTreeSet<&str>> {
    let mut versions: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for package in graph.built().into_iter().map(|i| &graph.packages[i]) {
        versions.entry(&package.name).or_default().insert(&package.version);
    }
    versions.retain(|_, versions| versions.len() > 1);
    versions
}

#[cfg(test)]
mod tests {
    use super::super::graph::tests::graph;
    use super::*;

    fn found(lines: &[&str], allowed: &[(&str, &str)]) -> Vec<String> {
        check_against(&graph(lines), allowed).into_iter().map(|violation| violation.what).collect()
    }

    #[test]
    fn a_crate_in_two_versions_is_named_with_both() {
        let found = found(&["vak-a -> b 1.0", "vak-a -> c", "c -> b 2.0"], &[]);
        assert_eq!(found.len(), 1);
        assert!(found[0].starts_with("`b` is built in versions 1.0 and 2.0"), "{}", found[0]);
    }

    #[test]
    fn a_double_of_the_table_is_allowed_until_it_is_gone() {
        let allowed = [("b", "because")];
        assert_eq!(found(&["vak-a -> b 1.0", "vak-a -> b 2.0"], &allowed), [""; 0]);
        assert_eq!(found(&["vak-a -> b 1.0"], &allowed), ["`b` is no longer doubled: remove its line from the table"]);
    }

    #[test]
    fn what_only_tests_need_may_be_doubled() {
        assert_eq!(found(&["vak-a -> b 1.0", "vak-a ~> b 2.0"], &[]), [""; 0]);
    }
}
