//! One set of lints for all crates.

use super::Violation;
use super::graph::Graph;
use crate::tree::Tree;

/// Every member takes the workspace's lints.
pub(super) fn check(graph: &Graph, tree: &Tree) -> Vec<Violation> {
    let manifests = graph.members().map(|(_, folder)| format!("{folder}/Cargo.toml"));
    manifests
        .filter(|manifest| !takes_workspace_lints(text(tree, manifest)))
        .map(|manifest| {
            Violation::new(manifest, "does not take the workspace's lints: add `[lints]` with `workspace = true`")
        })
        .collect()
}

fn text<'t>(tree: &'t Tree, path: &str) -> &'t str {
    tree.files.iter().find(|file| file.path == path).and_then(|file| file.text()).unwrap_or_default()
}

fn takes_workspace_lints(manifest: &str) -> bool {
    let mut lines = manifest.lines().map(|line| line.split('#').next().unwrap_or_default().trim());
    let in_section = lines.by_ref().any(|line| line == "[lints]");
    in_section && lines.take_while(|line| !line.starts_with('[')).any(|line| line.replace(' ', "") == "workspace=true")
}

#[cfg(test)]
mod tests {
    use super::super::graph::tests::graph;
    use super::*;
    use crate::tree::tests::tree;

    #[test]
    fn only_the_lints_section_counts() {
        assert!(takes_workspace_lints("[package]\nname = \"x\"\n[lints]\n# ours\nworkspace = true\n"));
        assert!(!takes_workspace_lints("[lints]\n[dependencies.x]\nworkspace = true\n"));
        assert!(!takes_workspace_lints("[dependencies]\nworkspace = true\n"));
        assert!(!takes_workspace_lints(""));
    }

    #[test]
    fn a_member_with_lints_of_its_own_is_a_violation() {
        let tree = tree(&[("crates/vak-a/Cargo.toml", "[lints]\nworkspace = true"), ("crates/vak-b/Cargo.toml", "")]);
        let found = check(&graph(&["vak-a", "vak-b", "c"]), &tree);
        assert_eq!(found.iter().map(|v| v.place.as_str()).collect::<Vec<_>>(), ["crates/vak-b/Cargo.toml"]);
    }
}
