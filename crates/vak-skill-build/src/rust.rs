//! Skills in Rust: a cargo package in the skill's folder, and cargo to build it.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::Command;

use cargo_metadata::{CrateType, DependencyKind, Message, Metadata, MetadataCommand, Package, PackageId, TargetKind};
use vak_cli::Ui;
use vak_package::{Bounds, read_file};

use crate::cargo::{Cargo, run};
use crate::flags::for_skill;
use crate::lock::Lock;
use crate::project::{Compiled, Job};
use crate::seed::{Seed, Units};
use crate::source::below;
use crate::wrapper::wrap;
use crate::{Error, Problems, search, sysroot};

/// The file that makes a folder a project in Rust.
pub(crate) const MARK: &str = "Cargo.toml";

/// A package whose library becomes the skill's module.
#[derive(Clone, Debug)]
pub struct RustProject {
    /// What cargo calls the package, unambiguously.
    pub package: PackageId,
    /// The package's name.
    pub name: String,
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

impl RustProject {
    /// Asks `cargo` about the package in `dir`; needs no network.
    pub(crate) fn find(dir: &Path, cargo: &Path) -> Result<Self, Error> {
        let shown = below(dir, MARK);
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
            name: package.name.to_string(),
            manifest: manifest.to_owned(),
            root: metadata.workspace_root.clone().into(),
            target_dir: metadata.target_directory.join("vak").join(short_key(metadata.workspace_root.as_str())).into(),
            sources: path_packages(metadata, package),
            locked: metadata.workspace_root.join("Cargo.lock").is_file(),
            also_rlib: library.crate_types.iter().any(|made| matches!(made, CrateType::RLib | CrateType::Lib)),
        })
    }

    /// What the author should know about the package.
    pub(crate) fn warning(&self) -> Option<&'static str> {
        self.also_rlib.then_some(
            "`crate-type` lists another kind beside \"cdylib\": link-time optimisation is off, the module larger",
        )
    }

    /// Finds a toolchain and has cargo build the package with it.
    pub(crate) fn compile(&self, job: &Job<'_>, ui: &mut Ui) -> Result<Compiled, Problems> {
        let search = search::describe(job.home, job.toolchain);
        let toolchain = search::find(&search, ui).map_err(Error::NoToolchain)?;
        let cargo = Cargo::from_process(search, toolchain);
        let sysroot = sysroot::ensure(&cargo, job.home, ui)?;
        let module = self.build(&cargo, job, sysroot.as_deref(), ui)?;
        Ok(Compiled { module, toolchain: cargo.toolchain().version().to_owned() })
    }

    /// The module as cargo made it. The lock is held until it is read: another build would put its own in its place.
    fn build(&self, cargo: &Cargo, job: &Job<'_>, sysroot: Option<&Path>, ui: &mut Ui) -> Result<Vec<u8>, Problems> {
        let _lock = Lock::take(&self.target_dir.join(".vak-lock"), ui)?;
        let flags = for_skill(cargo.standard_flags().to_vec(), sysroot);
        let seed = if job.variation.cold { None } else { self.seed(cargo, &flags, sysroot, job) };
        if let Some(seed) = &seed {
            seed.plant(&self.target_dir);
        }
        let mut module = None;
        let mut units = Units::default();
        let mut command = self.command(cargo, &flags)?;
        if job.quiet {
            command.arg("--quiet");
        }
        if job.names {
            // For this package alone, which is the one that is linked: no other is compiled anew.
            command.args(["--config", &format!("profile.release.package.{}.strip=\"debuginfo\"", self.name)]);
        }
        command.args(job.variation.jobs.map(|jobs| format!("--jobs={jobs}"))).envs(job.variation.env.iter().cloned());
        let succeeded = run(command, &mut |message| {
            units.note(&message, &self.target_dir);
            module = module_of(message, &self.package).or(module.take());
        })?;
        if !succeeded {
            return Err(Error::Compile(job.skill.to_string()).into());
        }
        if let Some(seed) = seed {
            seed.keep(&self.target_dir, &units);
        }
        let module = module.ok_or_else(|| Error::NoModule(self.manifest.clone()))?;
        Ok(read_file(&module, Bounds::default().file_bytes as u64).map_err(Error::Read)?)
    }

    /// The seeds that may do for the project.
    fn seed(&self, cargo: &Cargo, flags: &[OsString], sysroot: Option<&Path>, job: &Job<'_>) -> Option<Seed> {
        let identity = sysroot::identity_for_skills(cargo, flags, sysroot);
        Seed::new(search::cache(job.home).join("seeds"), &identity, self)
    }

    fn command(&self, cargo: &Cargo, flags: &[OsString]) -> Result<Command, Error> {
        let mut command = cargo.build(flags, &self.target_dir);
        let failed = |source| Error::Write { path: self.target_dir.clone(), source };
        wrap(&mut command, &self.root, &self.target_dir).map_err(failed)?;
        command.args(["--package", &self.package.repr]).arg("--manifest-path").arg(&self.manifest);
        if self.locked {
            command.arg("--locked");
        }
        // Cargo looks for settings from the current folder upward: they are the project's, wherever the author stands.
        command.current_dir(self.manifest.parent().unwrap_or(&self.root));
        Ok(command)
    }
}

/// The module, if cargo speaks of the package's own.
fn module_of(message: Message, package: &PackageId) -> Option<PathBuf> {
    let Message::CompilerArtifact(artefact) = message else { return None };
    let mut files = artefact.filenames.into_iter().map(PathBuf::from);
    if artefact.package_id == *package {
        files.find(|file| file.extension().is_some_and(|end| end == "wasm"))
    } else {
        None
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

    const MESSAGE: &str = r#"{"reason":"compiler-artifact","package_id":"path+file:///skills/hello#0.1.0","manifest_path":"/skills/hello/Cargo.toml","target":{"kind":["cdylib"],"crate_types":["cdylib"],"name":"hello","src_path":"/skills/hello/src/lib.rs","edition":"2024","doc":true,"doctest":false,"test":true},"profile":{"opt_level":"s","debuginfo":0,"debug_assertions":false,"overflow_checks":false,"test":false},"features":[],"filenames":["/cache/wasm32-unknown-unknown/release/hello.d","/cache/wasm32-unknown-unknown/release/hello.wasm"],"executable":null,"fresh":false}"#;

    fn find(library: &str) -> Result<RustProject, Error> {
        let folder = tempfile::tempdir().expect("a folder");
        let manifest = format!(
            "[package]\nname = \"my-skill\"\nversion = \"0.1.0\"\n[workspace]\n[lib]\npath = \"lib.rs\"\n{library}"
        );
        fs::write(folder.path().join("Cargo.toml"), manifest).expect("written");
        fs::write(folder.path().join("lib.rs"), "").expect("written");
        RustProject::find(folder.path(), Path::new(env!("CARGO")))
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
        let project = RustProject::find(&root.join("skill"), Path::new(env!("CARGO"))).expect("found");
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

    #[test]
    fn the_module_is_the_one_of_the_package_that_was_asked_for() {
        let artefact: cargo_metadata::Artifact = serde_json::from_str(MESSAGE).expect("a message of cargo");
        let artefact = Message::CompilerArtifact(artefact);
        let id = |repr: &str| PackageId { repr: repr.to_owned() };
        let module = module_of(artefact.clone(), &id("path+file:///skills/hello#0.1.0"));
        assert_eq!(module, Some("/cache/wasm32-unknown-unknown/release/hello.wasm".into()));
        assert_eq!(module_of(artefact, &id("path+file:///other/hello#0.1.0")), None);
    }
}
