//! Who must not link the engine: most of all, the tools that sign and verify.

use std::collections::{HashMap, VecDeque};

use super::Violation;
use super::graph::{Graph, Kind, Package};

/// The only crate that names the engine.
const LINKS_ENGINE: &str = "vak-runtime";

/// Crates whose dependencies, tests included, hold no engine: they parse, judge and sign what nobody trusts yet, and
/// must stay small enough to read.
const WITHOUT_ENGINE: &[&str] = &[
    "vak-abi",
    "vak-audit",
    "vak-cli",
    "vak-model",
    "vak-package",
    "vak-skill-sign",
    "vak-skill-verify",
    "vak-toolchain",
    "vak-trust",
    "xtask",
];

/// No crate of the list reaches the engine, and one crate alone depends on it directly.
pub(super) fn check(graph: &Graph) -> Vec<Violation> {
    let mut violations = Vec::new();
    for (i, package) in graph.packages.iter().enumerate() {
        if WITHOUT_ENGINE.contains(&package.name.as_str())
            && let Some(path) = path_to_engine(graph, i)
        {
            let what = format!("`{}` must not link Wasmtime, but does: {path}", package.name);
            violations.push(Violation::new("xtask/src/tidy/reach.rs", what));
        }
    }
    violations.extend(graph.members().filter(|(package, _)| names_engine(graph, package)).map(|(package, folder)| {
        let what = format!(
            "`{}` depends on Wasmtime: only `{LINKS_ENGINE}` may, so that one crate holds the sandbox",
            package.name
        );
        Violation::new(format!("{folder}/Cargo.toml"), what)
    }));
    violations
}

fn is_engine(name: &str) -> bool {
    name == "wasmtime" || name.starts_with("wasmtime-")
}

fn names_engine(graph: &Graph, package: &Package) -> bool {
    package.name != LINKS_ENGINE && package.edges.iter().any(|edge| is_engine(&graph.packages[edge.to].name))
}

/// The shortest way from `start` to the engine: over the tests of `start` itself, but not over those of others.
fn path_to_engine(graph: &Graph, start: usize) -> Option<String> {
    let mut came_from = HashMap::from([(start, start)]);
    let mut queue = VecDeque::from([start]);
    while let Some(at) = queue.pop_front() {
        if is_engine(&graph.packages[at].name) {
            return Some(path(graph, &came_from, at));
        }
        for edge in graph.packages[at].edges.iter().filter(|edge| at == start || edge.kind == Kind::Build) {
            came_from.entry(edge.to).or_insert_with(|| {
                queue.push_back(edge.to);
                at
            });
        }
    }
    None
}

fn path(graph: &Graph, came_from: &HashMap<usize, usize>, end: usize) -> String {
    let mut names = vec![graph.packages[end].name.as_str()];
    let mut at = end;
    while came_from[&at] != at {
        at = came_from[&at];
        names.push(&graph.packages[at].name);
    }
    names.reverse();
    names.join(" -> ")
}

#[cfg(test)]
mod tests {
    use super::super::graph::tests::graph;
    use super::*;

    fn found(lines: &[&str]) -> Vec<String> {
        check(&graph(lines)).into_iter().map(|violation| violation.what).collect()
    }

    #[test]
    fn the_way_from_a_fenced_crate_to_the_engine_is_shown() {
        let lines = ["vak-skill-sign -> vak-trust", "vak-trust -> vak-runtime", "vak-runtime -> wasmtime"];
        assert_eq!(
            found(&lines),
            [
                "`vak-skill-sign` must not link Wasmtime, but does: vak-skill-sign -> vak-trust -> vak-runtime -> wasmtime",
                "`vak-trust` must not link Wasmtime, but does: vak-trust -> vak-runtime -> wasmtime",
            ]
        );
    }

    #[test]
    fn the_runtime_may_and_what_uses_it_openly_may() {
        assert_eq!(found(&["vak-runtime -> wasmtime", "vak-run -> vak-runtime"]), [""; 0]);
    }

    #[test]
    fn a_part_of_the_engine_counts_as_the_engine() {
        assert_eq!(found(&["vak-run -> wasmtime-environ"]).len(), 1);
    }

    #[test]
    fn own_tests_count_and_the_tests_of_others_do_not() {
        assert_eq!(found(&["vak-cli ~> vak-runtime", "vak-runtime -> wasmtime"]).len(), 1);
        assert_eq!(found(&["vak-cli -> x", "x ~> vak-runtime", "vak-runtime -> wasmtime"]), [""; 0]);
    }

    #[test]
    fn a_circle_of_tests_ends() {
        assert_eq!(found(&["vak-cli -> x", "x -> vak-cli"]), [""; 0]);
    }
}
