//! The table of edges: which crate may depend on which. A new edge is the rarest change of all.

use super::Violation;
use super::graph::{Graph, Kind, Package};

/// The crates of the workspace that each may depend on, for crates that exist and for those that are planned.
/// docs/architecture.md says what each crate is for.
const EDGES: &[(&str, &[&str])] = &[
    ("vak-model", &[]),
    ("vak-abi", &[]),
    ("vak-package", &["vak-model", "vak-abi"]),
    ("vak-trust", &["vak-model", "vak-package"]),
    ("vak-policy", &["vak-model"]),
    ("vak-audit", &["vak-model", "vak-trust"]),
    ("vak-receipt", &["vak-model", "vak-trust", "vak-policy", "vak-audit"]),
    ("vak-runtime", &["vak-model", "vak-abi", "vak-package", "vak-trust", "vak-policy", "vak-audit"]),
    ("vak-store", &["vak-model", "vak-package", "vak-trust"]),
    ("vak-serve", &["vak-model", "vak-runtime", "vak-receipt", "vak-store", "vak-policy", "vak-audit"]),
    ("vak-cli", &["vak-model"]),
    // The facade: the runtime, and the crates whose types it re-exports.
    ("vak", &["vak-runtime", "vak-trust", "vak-package", "vak-model"]),
    ("vak-skill-new", &["vak-cli", "vak-model"]),
    ("vak-skill-build", &["vak-cli", "vak-model", "vak-package", "vak-trust", "vak-runtime", "vak-toolchain"]),
    ("vak-skill-sign", &["vak-cli", "vak-model", "vak-package", "vak-trust", "vak-store"]),
    (
        "vak-skill-verify",
        &["vak-cli", "vak-model", "vak-package", "vak-trust", "vak-store", "vak-policy", "vak-audit", "vak-receipt"],
    ),
    ("vak-run", EVERYTHING),
    // A crate of its own because xtask needs the search without the runtime.
    ("vak-toolchain", &[]),
    // What skill authors compile for wasm; it shares only the border with the host.
    ("vak-guest", &["vak-abi"]),
    ("vak-testkit", &[]),
    ("xtask", &["vak-toolchain"]),
];

/// What `vak-run` may use: it is where all rooms meet.
const EVERYTHING: &[&str] = &[
    "vak-model",
    "vak-abi",
    "vak-package",
    "vak-trust",
    "vak-policy",
    "vak-audit",
    "vak-receipt",
    "vak-runtime",
    "vak-store",
    "vak-serve",
    "vak-cli",
    "vak-toolchain",
    "vak-skill-new",
    "vak-skill-build",
    "vak-skill-sign",
    "vak-skill-verify",
];

/// What a skill may use, whichever it is.
const OF_A_SKILL: &[&str] = &["vak-guest"];

/// What tests and benches of every crate may use besides: the kit, and the crates that make a package to test with.
const FOR_TESTS: &[&str] = &["vak-testkit", "vak-model", "vak-package", "vak-trust"];

/// Every edge between members must be in the table.
pub(super) fn check(graph: &Graph) -> Vec<Violation> {
    graph.members().flat_map(|(package, folder)| check_member(graph, package, folder)).collect()
}

fn check_member(graph: &Graph, package: &Package, folder: &str) -> Vec<Violation> {
    let place = format!("{folder}/Cargo.toml");
    let Some(allowed) = allowed(&package.name, folder) else {
        let what = format!(
            "`{}` is not in the table of xtask/src/tidy/edges.rs: a new crate needs a line there",
            package.name
        );
        return vec![Violation::new(place, what)];
    };
    internal(graph, package)
        .filter(|(to, _)| !allowed.contains(to))
        .filter(|(to, kind)| *kind == Kind::Build || !FOR_TESTS.contains(to))
        .map(|(to, kind)| Violation::new(&place, forbidden(&package.name, to, kind, allowed)))
        .collect()
}

fn allowed(name: &str, folder: &str) -> Option<&'static [&'static str]> {
    if folder.starts_with("skills/") {
        return Some(OF_A_SKILL);
    }
    EDGES.iter().find(|(from, _)| *from == name).map(|(_, to)| *to)
}

fn internal<'g>(graph: &'g Graph, package: &'g Package) -> impl Iterator<Item = (&'g str, Kind)> {
    let is_member = |name: &str| graph.members().any(|(member, _)| member.name == name);
    let edges = package.edges.iter().map(|edge| (graph.packages[edge.to].name.as_str(), edge.kind));
    edges.filter(move |(to, _)| is_member(to))
}

fn forbidden(from: &str, to: &str, kind: Kind, allowed: &[&str]) -> String {
    let (depends, may) = match kind {
        Kind::Build => ("depends", allowed.to_vec()),
        Kind::Dev => ("depends for its tests", [allowed, FOR_TESTS].concat()),
    };
    let may = if may.is_empty() { "no other crate of VAK".to_owned() } else { may.join(", ") };
    format!("`{from}` {depends} on `{to}`, but the table of edges allows it {may}")
}

#[cfg(test)]
mod tests {
    use super::super::graph::tests::graph;
    use super::*;

    fn found(lines: &[&str]) -> Vec<String> {
        check(&graph(lines)).iter().map(ToString::to_string).collect()
    }

    #[test]
    fn edges_of_the_table_are_allowed() {
        let none: [&str; 0] = [];
        let lines =
            ["vak-package -> vak-model", "vak-run -> vak-runtime", "calculator-skill -> vak-guest", "vak-cli -> clap"];
        assert_eq!(found(&lines), none);
    }

    #[test]
    fn an_edge_that_is_not_in_the_table_is_named_with_what_is_allowed() {
        assert_eq!(
            found(&["vak-cli -> vak-runtime"]),
            [
                "crates/vak-cli/Cargo.toml: `vak-cli` depends on `vak-runtime`, but the table of edges allows it vak-model"
            ]
        );
    }

    #[test]
    fn a_crate_without_a_line_is_a_violation_and_a_line_without_a_crate_is_none() {
        assert_eq!(found(&["vak-novel"]).len(), 1);
        assert_eq!(found(&["vak-model"]).len(), 0, "the table has many more lines than this graph has crates");
    }

    #[test]
    fn tests_may_use_the_kit_but_not_the_runtime_and_never_the_other_way_round() {
        assert_eq!(found(&["vak-cli ~> vak-testkit", "vak-policy ~> vak-trust"]).len(), 0);
        assert_eq!(found(&["vak-cli ~> vak-runtime"]).len(), 1);
        assert_eq!(found(&["vak-cli -> vak-testkit"]).len(), 1);
    }

    #[test]
    fn a_skill_knows_the_guest_sdk_alone() {
        assert_eq!(found(&["calculator-skill -> vak-model"]).len(), 1);
    }

    #[test]
    fn the_table_has_no_circle_and_one_line_for_each_crate() {
        for (i, (from, to)) in EDGES.iter().enumerate() {
            assert!(EDGES[i + 1..].iter().all(|(other, _)| other != from), "`{from}` has two lines");
            assert!(to.iter().all(|to| EDGES.iter().any(|(other, _)| other == to)), "`{from}` names an unknown crate");
            assert!(!reaches(to, from), "`{from}` reaches itself");
        }
    }

    fn reaches(from: &[&str], goal: &str) -> bool {
        let line = |name: &str| EDGES.iter().find(|(other, _)| *other == name).map_or(&[][..], |(_, to)| *to);
        from.iter().any(|name| *name == goal || reaches(line(name), goal))
    }
}
