//! The cargo package in a skill's folder.

use std::path::{Path, PathBuf};

use cargo_metadata::{CrateType, DependencyKind, Metadata, MetadataCommand, Package, PackageId, TargetKind};

use crate::Error;
use crate::source::below;

/// A package whose library becomes the skill's module.
#[derive(Clone, Debug)]
pub struct Project {
    /// What cargo calls the package, unambiguously.
    pub package: PackageId,
    /// Its `Cargo.toml`, absolute.
    pub manifest: PathBuf,
    /// The root of its workspace, absolute: its own folder if it has no other.
    pub root: PathBuf,
    /// The workspace's own folder for what is built for skills, below cargo's target folder.
    ///
    /// No two workspaces share one, even if the author's `CARGO_TARGET_DIR` is one for all. Cargo names what it builds
    /// after a path inside the workspace and tells by file times whether it is fresh: of two projects of the same name,
    /// one could be given the other's code. What is dear and the same for all, the standard library, is shared by other
    /// means.
    pub target_dir: PathBuf,
    /// The folders of the packages that it is made from and that are no registry's, its own first.
    pub sources: Vec<PathBuf>,
    /// Whether there is a `Cargo.lock` to hold cargo to.
    pub locked: bool,
    /// Whether it also makes an rlib.
    pub also_rlib: bool,
}

impl Project {
    /// Asks `cargo` about the package in `dir`; needs no network.
    ///
    /// # Errors
    /// There is none, cargo can't read it, or it makes no module.
    pub fn find(dir: &Path, cargo: &Path) -> Result<Self, Error> {
        let shown = below(dir, "Cargo.toml");
        if !shown.is_file() {
            return Err(Error::NotRust(dir.to_owned()));
        }
        let manifest = shown.canonicalize().map_err(|error| unreadable(&shown, error.to_string()))?;
        let metadata = metadata(&manifest, cargo).map_err(|error| refused(error, cargo, &shown))?;
        Self::in_metadata(&metadata, &manifest, &shown)
    }

    fn in_metadata(metadata: &Metadata, manifest: &Path, shown: &Path) -> Result<Self, Error> {
        let is_here = |package: &&Package| package.manifest_path == manifest;
        let package = metadata.packages.iter().find(is_here).ok_or_else(|| Error::NoPackage(shown.to_owned()))?;
        let library = package.targets.iter().find(|target| target.is_kind(TargetKind::CDyLib));
        let library = library.ok_or_else(|| Error::NoModule(shown.to_owned()))?;
        Ok(Self {
            package: package.id.clone(),
            manifest: manifest.to_owned(),
            root: metadata.workspace_root.clone().into(),
            target_dir: metadata.target_directory.join("vak").join(short_key(metadata.workspace_root.as_str())).into(),
            sources: path_packages(metadata, package),
            locked: metadata.workspace_root.join("Cargo.lock").is_file(),
            also_rlib: library.crate_types.iter().any(|made| matches!(made, CrateType::RLib | CrateType::Lib)),
        })
    }
}

/// The folders of `package` and of what it depends on by a path. What packages outside of the workspace depend on in turn
/// is not known here.
fn path_packages(metadata: &Metadata, package: &Package) -> Vec<PathBuf> {
    let folder = |package: &Package| package.manifest_path.parent().map(ToOwned::to_owned);
    let mut folders: Vec<_> = folder(package).into_iter().collect();
    let mut next = 0;
    while let Some(here) = folders.get(next).cloned() {
        let members = metadata.packages.iter().filter(|member| folder(member).as_ref() == Some(&here));
        let needs = members.flat_map(|member| &member.dependencies);
        let paths = needs.filter(|need| need.kind != DependencyKind::Development).filter_map(|need| need.path.clone());
        for path in paths {
            if !folders.contains(&path) {
                folders.push(path);
            }
        }
        next += 1;
    }
    folders.into_iter().map(PathBuf::from).collect()
}

/// A short name for a folder that belongs to `text` alone: the first 16 hex digits of the SHA-256.
pub(crate) fn short_key(text: &str) -> String {
    let digest = vak_package::sha256(text.as_bytes());
    digest.as_bytes()[..8].iter().map(|byte| format!("{byte:02x}")).collect()
}

fn metadata(manifest: &Path, cargo: &Path) -> Result<Metadata, cargo_metadata::Error> {
    MetadataCommand::new().cargo_path(cargo).manifest_path(manifest).no_deps().exec()
}

fn refused(error: cargo_metadata::Error, cargo: &Path, shown: &Path) -> Error {
    match error {
        cargo_metadata::Error::Io(source) => Error::Cargo { program: cargo.to_owned(), source },
        cargo_metadata::Error::CargoMetadata { stderr } => unreadable(shown, stderr),
        other => unreadable(shown, other.to_string()),
    }
}

fn unreadable(shown: &Path, said: String) -> Error {
    let lines = said.lines().map(|line| line.trim().trim_start_matches("error: "));
    let said = lines.filter(|line| !line.is_empty() && *line != "Caused by:").map(str::to_owned).collect();
    Error::Project { manifest: shown.to_owned(), said }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    fn find(library: &str) -> Result<Project, Error> {
        let folder = tempfile::tempdir().expect("a folder");
        let manifest = format!(
            "[package]\nname = \"my-skill\"\nversion = \"0.1.0\"\n[workspace]\n[lib]\npath = \"lib.rs\"\n{library}"
        );
        fs::write(folder.path().join("Cargo.toml"), manifest).expect("written");
        fs::write(folder.path().join("lib.rs"), "").expect("written");
        Project::find(folder.path(), Path::new(env!("CARGO")))
    }

    #[test]
    fn a_package_that_makes_a_module_is_found() {
        let project = find("crate-type = [\"cdylib\"]").expect("found");
        assert!(project.package.repr.contains("my-skill"), "{}", project.package);
        assert!(!project.locked && !project.also_rlib);
        assert!(find("crate-type = [\"cdylib\", \"rlib\"]").expect("found").also_rlib);
    }

    #[test]
    fn two_projects_of_one_name_do_not_share_what_they_build() {
        let [one, other] = [(); 2].map(|()| find("crate-type = [\"cdylib\"]").expect("found"));
        assert_eq!(one.target_dir.file_name().map(|name| name.len()), Some(16));
        assert_ne!(one.target_dir.file_name(), other.target_dir.file_name());
    }

    #[test]
    fn what_it_is_made_from_is_found_through_packages_of_the_workspace() {
        let folder = tempfile::tempdir().expect("a folder");
        let root = folder.path().canonicalize().expect("a folder");
        let package = |name: &str, rest: &str| {
            fs::create_dir_all(root.join(name)).expect("a folder");
            let text = format!("[package]\nname = \"{name}\"\nversion = \"0.1.0\"\n[lib]\npath = \"lib.rs\"\n{rest}");
            fs::write(root.join(name).join("Cargo.toml"), text).expect("written");
            fs::write(root.join(name).join("lib.rs"), "").expect("written");
        };
        fs::write(
            root.join("Cargo.toml"),
            "[workspace]\nmembers = [\"skill\", \"kit\", \"other\"]\nexclude = [\"abi\"]\n",
        )
        .expect("written");
        package(
            "skill",
            "crate-type = [\"cdylib\"]\n[dependencies]\nkit = { path = \"../kit\" }\n[dev-dependencies]\nother = { path = \"../other\" }\n",
        );
        package(
            "kit",
            "[dependencies]\nabi = { path = \"../abi\" }\nskill = { path = \"../skill\", optional = true }\n",
        );
        package("other", "");
        package("abi", "");
        let project = Project::find(&root.join("skill"), Path::new(env!("CARGO"))).expect("found");
        assert_eq!(project.sources, ["skill", "kit", "abi"].map(|name| root.join(name)));
    }

    #[test]
    fn a_package_that_makes_no_module_is_told_how() {
        let error = find("").expect_err("no cdylib");
        assert!(error.to_string().contains("crate-type = [\"cdylib\"]"), "{error}");
    }

    #[test]
    fn what_cargo_says_is_passed_on_line_by_line() {
        match find("crate-type = 5").expect_err("no list") {
            Error::Project { said, .. } => assert!(said.iter().any(|line| line.contains("invalid type")), "{said:?}"),
            other => panic!("{other}"),
        }
    }
}
