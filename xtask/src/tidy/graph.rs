//! Packages and who depends on whom, as the rules see them.

use std::collections::{HashMap, HashSet};

use cargo_metadata::{CargoOpt, DependencyKind, Metadata, PackageId};

use crate::error::Error;
use crate::process::Task;
use crate::workspace::{Workspace, metadata_command};

/// All packages that this platform's builds and tests need.
#[derive(Debug, Default)]
pub(crate) struct Graph {
    pub(crate) packages: Vec<Package>,
}

/// One package in one version.
#[derive(Debug)]
pub(crate) struct Package {
    pub(crate) name: String,
    pub(crate) version: String,
    pub(crate) licence: Option<String>,
    pub(crate) origin: Origin,
    pub(crate) edges: Vec<Edge>,
}

/// Where a package comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Origin {
    /// A member of the workspace, in this folder relative to the root.
    Member(String),
    CratesIo,
    Elsewhere(String),
}

/// A dependency on the package of that index.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Edge {
    pub(crate) to: usize,
    pub(crate) kind: Kind,
}

/// What a dependency is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// The package itself, or its build script.
    Build,
    /// Its tests and benches only.
    Dev,
}

impl Graph {
    /// Asks cargo; for this platform only, since cargo would otherwise download what no build here uses.
    pub(crate) fn load(workspace: &Workspace) -> Result<Self, Error> {
        let platform = ["--filter-platform".to_owned(), host(workspace)?];
        let metadata = metadata_command()
            .features(CargoOpt::AllFeatures)
            .other_options(platform)
            .exec()
            .map_err(|e| Error::Metadata(Box::new(e)))?;
        Ok(Self::from_metadata(&metadata))
    }

    /// The members of the workspace, with the folder of each.
    pub(crate) fn members(&self) -> impl Iterator<Item = (&Package, &str)> {
        self.packages.iter().filter_map(|package| match &package.origin {
            Origin::Member(folder) => Some((package, folder.as_str())),
            Origin::CratesIo | Origin::Elsewhere(_) => None,
        })
    }

    fn from_metadata(metadata: &Metadata) -> Self {
        let index: HashMap<&PackageId, usize> =
            metadata.packages.iter().enumerate().map(|(i, package)| (&package.id, i)).collect();
        let mut packages: Vec<Package> = metadata.packages.iter().map(|package| read(package, metadata)).collect();
        for node in metadata.resolve.iter().flat_map(|resolve| &resolve.nodes) {
            packages[index[&node.id]].edges = node.deps.iter().flat_map(|dep| edges(dep, index[&dep.pkg])).collect();
        }
        Self { packages }
    }
}

fn host(workspace: &Workspace) -> Result<String, Error> {
    let said = Task::program(workspace, "rustc").args(["--print", "host-tuple"]).stdout()?;
    Ok(String::from_utf8_lossy(&said).trim().to_owned())
}

fn read(package: &cargo_metadata::Package, metadata: &Metadata) -> Package {
    Package {
        name: package.name.to_string(),
        version: package.version.to_string(),
        licence: package.license.clone(),
        origin: origin(package, metadata),
        edges: Vec::new(),
    }
}

fn origin(package: &cargo_metadata::Package, metadata: &Metadata) -> Origin {
    let folder = package.manifest_path.parent().unwrap_or(&package.manifest_path);
    match &package.source {
        Some(source) if source.is_crates_io() => Origin::CratesIo,
        Some(source) => Origin::Elsewhere(source.repr.clone()),
        None if metadata.workspace_members.contains(&package.id) => {
            Origin::Member(folder.strip_prefix(&metadata.workspace_root).unwrap_or(folder).to_string())
        }
        None => Origin::Elsewhere(folder.to_string()),
    }
}

fn edges(dep: &cargo_metadata::NodeDep, to: usize) -> Vec<Edge> {
    let is_dev = |kind: DependencyKind| kind == DependencyKind::Development;
    let mut kinds = Vec::new();
    if dep.dep_kinds.iter().any(|info| !is_dev(info.kind)) {
        kinds.push(Edge { to, kind: Kind::Build });
    }
    if dep.dep_kinds.iter().any(|info| is_dev(info.kind)) {
        kinds.push(Edge { to, kind: Kind::Dev });
    }
    kinds
}

impl Graph {
    /// What is compiled when the members are, without their tests.
    pub(crate) fn built(&self) -> HashSet<usize> {
        let is_member = |i: &usize| matches!(self.packages[*i].origin, Origin::Member(_));
        let mut built = HashSet::new();
        let mut next: Vec<usize> = (0..self.packages.len()).filter(is_member).collect();
        while let Some(i) = next.pop() {
            if built.insert(i) {
                next.extend(self.packages[i].edges.iter().filter(|edge| edge.kind == Kind::Build).map(|edge| edge.to));
            }
        }
        built
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    /// A graph from lines such as `vak-a -> vak-b`, `vak-a ~> vak-b` (dev) and `crate 2.0`. What begins with `vak` or
    /// ends with `-skill` is a member; a name alone has version 1.0.
    pub(crate) fn graph(lines: &[&str]) -> Graph {
        let mut graph = Graph::default();
        for line in lines {
            let (from, to, kind) = if let Some((from, to)) = line.split_once(" -> ") {
                (from, Some(to), Kind::Build)
            } else if let Some((from, to)) = line.split_once(" ~> ") {
                (from, Some(to), Kind::Dev)
            } else {
                (*line, None, Kind::Build)
            };
            let from = node(&mut graph, from);
            if let Some(to) = to {
                let to = node(&mut graph, to);
                graph.packages[from].edges.push(Edge { to, kind });
            }
        }
        graph
    }

    fn node(graph: &mut Graph, text: &str) -> usize {
        let (name, version) = text.split_once(' ').unwrap_or((text, "1.0"));
        if let Some(i) = graph.packages.iter().position(|p| p.name == name && p.version == version) {
            return i;
        }
        graph.packages.push(Package {
            name: name.to_owned(),
            version: version.to_owned(),
            licence: Some("MIT".to_owned()),
            origin: fake_origin(name),
            edges: Vec::new(),
        });
        graph.packages.len() - 1
    }

    fn fake_origin(name: &str) -> Origin {
        match name.strip_suffix("-skill") {
            Some(skill) => Origin::Member(format!("skills/{skill}")),
            None if name.starts_with("vak") => Origin::Member(format!("crates/{name}")),
            None => Origin::CratesIo,
        }
    }

    #[test]
    fn what_only_tests_need_is_not_built() {
        let graph = graph(&["vak-a -> b", "vak-a ~> c", "b -> d", "c -> e"]);
        let mut built: Vec<&str> = graph.built().into_iter().map(|i| graph.packages[i].name.as_str()).collect();
        built.sort_unstable();
        assert_eq!(built, ["b", "d", "vak-a"]);
    }

    #[test]
    fn this_workspace_has_a_graph_with_xtask_in_it() {
        let workspace = Workspace::load().expect("cargo knows the workspace");
        let graph = Graph::load(&workspace).expect("cargo resolves the workspace");
        let (xtask, folder) = graph.members().find(|(package, _)| package.name == "xtask").expect("it runs now");
        assert_eq!(folder, "xtask");
        assert!(xtask.edges.iter().any(|edge| graph.packages[edge.to].name == "clap"));
    }
}
