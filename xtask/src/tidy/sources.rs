//! Where dependencies may come from.

use super::Violation;
use super::graph::{Graph, Origin};

/// Every package is a member of the workspace or lies on crates.io: a git or path dependency can change unseen.
pub(super) fn check(graph: &Graph) -> Vec<Violation> {
    let elsewhere = graph.packages.iter().filter_map(|package| match &package.origin {
        Origin::Elsewhere(source) => Some((package, source)),
        Origin::Member(_) | Origin::CratesIo => None,
    });
    elsewhere
        .map(|(package, source)| {
            let what = format!(
                "`{} {}` comes from `{source}`: take it from crates.io, or make it a member of the workspace",
                package.name, package.version
            );
            Violation::new("Cargo.lock", what)
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::super::graph::tests::graph;
    use super::*;

    #[test]
    fn a_package_from_git_is_a_violation_and_one_from_crates_io_is_none() {
        let mut graph = graph(&["vak-a -> b", "vak-a -> c"]);
        graph.packages[2].origin = Origin::Elsewhere("git+https://example.org/c".to_owned());
        let found = check(&graph);
        assert_eq!(found.len(), 1);
        assert!(found[0].what.contains("`c 1.0` comes from `git+https://example.org/c`"), "{}", found[0]);
    }
}
