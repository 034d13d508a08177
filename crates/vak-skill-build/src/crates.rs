//! Which crates a skill is made of: what cargo has resolved, with the checksums that `Cargo.lock` states.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use cargo_metadata::semver::Version;
use cargo_metadata::{DependencyKind, Metadata, MetadataCommand, Node, NodeDep, Package, PackageId, TargetKind};
use serde::Deserialize;
use vak_model::{Digest, Manifest};
use vak_package::{read_file, sha256};
use vak_toolchain::TARGET;

use crate::{Error, RustProject};

/// The largest `Cargo.lock` that is read, in bytes.
const MAX_LOCK_BYTES: u64 = 16 << 20;

/// What cargo says of packages from the registry that everybody uses.
const CRATES_IO: &str = "registry+https://github.com/rust-lang/crates.io-index";

/// What a skill is made of.
#[derive(Clone, Debug)]
pub(crate) struct Crates {
    /// Sorted by name and version; the skill's own package among them.
    pub(crate) packages: Vec<Crate>,
    /// The SHA-256 of `Cargo.lock`, where there is one.
    pub(crate) lock: Option<Digest>,
}

/// One package.
#[derive(Clone, Debug)]
pub(crate) struct Crate {
    pub(crate) name: String,
    pub(crate) version: Version,
    pub(crate) origin: Origin,
    /// The SHA-256 of the archive that it came in, in hex; none for what came in none.
    pub(crate) checksum: Option<String>,
    pub(crate) kind: Kind,
    /// What it needs, each by its place in the list.
    pub(crate) dependencies: Vec<usize>,
    /// Whether it is the skill's own.
    pub(crate) root: bool,
}

/// Where a package is from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Origin {
    CratesIo,
    Registry,
    Git,
    Local,
}

/// What a package is needed for: to be in the module, or to build it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Kind {
    Build,
    Runtime,
}

/// `Cargo.lock`, as far as it matters here.
#[derive(Debug, Default, Deserialize)]
struct LockFile {
    #[serde(default)]
    package: Vec<Locked>,
}

#[derive(Debug, Deserialize)]
struct Locked {
    name: String,
    version: String,
    source: Option<String>,
    checksum: Option<String>,
}

impl Crates {
    /// Asks cargo, after it has built the package: there is a lock file by then. The network is asked only where something
    /// is missing that no build has needed.
    pub(crate) fn of(project: &RustProject, cargo: &Path) -> Result<Self, Error> {
        let lock = project.root.join("Cargo.lock");
        let bytes = read_file(&lock, MAX_LOCK_BYTES)?;
        let unreadable = |said: String| Error::Project { manifest: lock.clone(), said: vec![said] };
        let text = std::str::from_utf8(&bytes).map_err(|error| unreadable(error.to_string()))?;
        let locked: LockFile = toml::from_str(text).map_err(|error| unreadable(error.to_string()))?;
        let ask = |options: &[&str]| metadata(project, cargo, options);
        let metadata = ask(&["--locked", "--offline"]).or_else(|_| ask(&["--locked"]));
        let metadata = metadata.map_err(|error| unreadable(error.to_string()))?;
        Ok(Self { packages: packages(&metadata, &project.package, &locked), lock: Some(sha256(&bytes)) })
    }

    /// A skill that is made of nothing else.
    pub(crate) fn alone(manifest: &Manifest) -> Result<Self, Error> {
        let version = Version::parse(&manifest.version.to_string()).map_err(std::io::Error::other)?;
        let name = manifest.name.to_string();
        let (origin, kind) = (Origin::Local, Kind::Runtime);
        let own = Crate { name, version, origin, checksum: None, kind, dependencies: Vec::new(), root: true };
        Ok(Self { packages: vec![own], lock: None })
    }
}

fn metadata(project: &RustProject, cargo: &Path, options: &[&str]) -> Result<Metadata, cargo_metadata::Error> {
    let folder = project.manifest.parent().map_or_else(PathBuf::new, Path::to_owned);
    let options = options.iter().chain(&["--filter-platform", TARGET]).map(|word| (*word).to_owned());
    let mut command = MetadataCommand::new();
    command.cargo_path(cargo).manifest_path(&project.manifest).current_dir(folder);
    command.other_options(options.collect::<Vec<_>>()).exec()
}

fn packages(metadata: &Metadata, root: &PackageId, locked: &LockFile) -> Vec<Crate> {
    let nodes: BTreeMap<_, _> =
        metadata.resolve.iter().flat_map(|resolve| &resolve.nodes).map(|node| (&node.id, node)).collect();
    let needed = needed(metadata, &nodes, root);
    let mut packages: Vec<_> = metadata.packages.iter().filter(|package| needed.contains_key(&package.id)).collect();
    let source = |package: &&Package| package.source.as_ref().map(|source| source.repr.clone());
    packages.sort_by_cached_key(|package| (package.name.to_string(), package.version.clone(), source(package)));
    let places: BTreeMap<_, _> = packages.iter().enumerate().map(|(at, package)| (&package.id, at)).collect();
    let needs = |package: &Package| {
        let deps = nodes.get(&package.id).into_iter().flat_map(|node| &node.deps).filter(|dep| is_built(dep));
        deps.filter_map(|dep| places.get(&dep.pkg).copied()).collect::<BTreeSet<_>>().into_iter().collect()
    };
    packages
        .iter()
        .map(|package| Crate {
            name: package.name.to_string(),
            version: package.version.clone(),
            origin: origin(package),
            checksum: locked.checksum(package),
            kind: needed[&package.id],
            dependencies: needs(package),
            root: package.id == *root,
        })
        .collect()
}

/// The packages that building `root` needs, each with what for. What tests and benches need is not among them.
fn needed<'a>(
    metadata: &'a Metadata,
    nodes: &BTreeMap<&'a PackageId, &'a Node>,
    root: &'a PackageId,
) -> BTreeMap<&'a PackageId, Kind> {
    let is_macro = |id: &PackageId| {
        let package = metadata.packages.iter().find(|package| package.id == *id);
        package.is_some_and(|package| package.targets.iter().any(|target| target.is_kind(TargetKind::ProcMacro)))
    };
    let (mut needed, mut next) = (BTreeMap::new(), vec![(root, Kind::Runtime)]);
    while let Some((here, kind)) = next.pop() {
        if needed.get(here).is_some_and(|known| *known >= kind) {
            continue;
        }
        needed.insert(here, kind);
        for dep in nodes.get(here).into_iter().flat_map(|node| &node.deps).filter(|dep| is_built(dep)) {
            let in_module = dep.dep_kinds.iter().any(|dep| dep.kind == DependencyKind::Normal) && !is_macro(&dep.pkg);
            next.push((&dep.pkg, if in_module { kind } else { Kind::Build }));
        }
    }
    needed
}

fn is_built(dep: &NodeDep) -> bool {
    dep.dep_kinds.iter().any(|kind| matches!(kind.kind, DependencyKind::Normal | DependencyKind::Build))
}

fn origin(package: &Package) -> Origin {
    match package.source.as_ref().map(|source| source.repr.as_str()) {
        None => Origin::Local,
        Some(CRATES_IO) => Origin::CratesIo,
        Some(source) if source.starts_with("git+") => Origin::Git,
        Some(_) => Origin::Registry,
    }
}

impl LockFile {
    fn checksum(&self, package: &Package) -> Option<String> {
        let source = package.source.as_ref().map(|source| source.repr.as_str());
        let (name, version) = (package.name.to_string(), package.version.to_string());
        let is_it = |one: &&Locked| one.name == name && one.version == version && one.source.as_deref() == source;
        self.package.iter().find(is_it).and_then(|one| one.checksum.clone())
    }
}
