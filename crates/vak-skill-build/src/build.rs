//! The build, step by step.

use std::path::{Path, PathBuf};

use cargo_metadata::{Artifact, PackageId};
use vak_cli::{Home, Ui};
use vak_model::{ModuleId, SignatureBlock};
use vak_package::{Artefact, Bounds, Package, read_file};

use crate::cargo::{Cargo, run};
use crate::check::check;
use crate::flags::for_skill;
use crate::lock::Lock;
use crate::{Checked, Error, Placed, Problems, Project, golden, record, search, sysroot};

/// What to build, and where to.
#[derive(Clone, Debug)]
pub struct Order {
    /// The skill's folder.
    pub dir: PathBuf,
    /// The file to write; the manifest's `module` if there is none.
    pub out: Option<PathBuf>,
    /// The toolchain that the author chose, by rustup's name for it.
    pub toolchain: Option<String>,
    /// Whether golden cases may use more fuel than before.
    pub accept_fuel: bool,
    /// Where VAK keeps what can be made again.
    pub home: Home,
}

/// An artefact, built and in its place.
#[derive(Clone, Debug)]
pub struct Built {
    /// The file.
    pub path: PathBuf,
    /// The artefact's identity.
    pub id: ModuleId,
    /// How large it is, in bytes.
    pub size: u64,
    /// What `rustc --version` says of the compiler.
    pub toolchain: String,
    /// Whether the file had to be written.
    pub placed: Placed,
}

impl Order {
    /// Checks the skill, and builds and writes nothing.
    ///
    /// # Errors
    /// Everything that is wrong.
    pub fn check(&self) -> Result<Checked, Problems> {
        check(self, &search::describe(&self.home, self.toolchain.as_deref()).cargo)
    }
}

/// Builds the skill and puts its artefact in place.
///
/// # Errors
/// Everything that is wrong before the compiler runs, or the first thing after.
pub fn build(order: &Order, ui: &mut Ui) -> Result<Built, Problems> {
    let search = search::describe(&order.home, order.toolchain.as_deref());
    let checked = check(order, &search.cargo)?;
    warn(&checked, ui)?;
    let toolchain = search::find(&search, ui).map_err(Error::NoToolchain)?;
    let cargo = Cargo::from_process(search.cargo, toolchain);
    let sysroot = sysroot::ensure(&cargo, &order.home, ui)?;
    let module = compile(&cargo, &checked, sysroot.as_deref(), ui)?;
    let package = pack(module, &checked)?;
    let placed = checked.destination.put(&package)?;
    warn_of_signature(&checked, package.id(), ui)?;
    let built = Built {
        path: checked.destination.path().to_owned(),
        id: package.id(),
        size: package.bytes().len() as u64,
        toolchain: cargo.toolchain().version().to_owned(),
        placed,
    };
    let ran = golden::run(package, &order.home)?;
    record::keep(&built, ran, &checked.destination.record(), order.accept_fuel, ui)?;
    Ok(built)
}

fn warn(checked: &Checked, ui: &mut Ui) -> Result<(), Problems> {
    if checked.project.also_rlib {
        ui.warn("`crate-type` lists another kind beside \"cdylib\": link-time optimisation is off, the module larger")?;
    }
    Ok(())
}

/// A detached signature speaks of one build; beside another one it is refused as broken.
fn warn_of_signature(checked: &Checked, id: ModuleId, ui: &mut Ui) -> Result<(), Problems> {
    let is_of_another = |block: &SignatureBlock| format!("sha256:{}", block.module_sha256) != id.to_string();
    if checked.source.manifest().signature.as_ref().is_some_and(is_of_another) {
        let place = checked.source.place("/signature");
        ui.warn(&format!("{place}: this signature is of another build: sign again, or write `signature: null`"))?;
    }
    Ok(())
}

/// The module as cargo made it. The lock is held until it is read: another build would put its own in its place.
fn compile(cargo: &Cargo, checked: &Checked, sysroot: Option<&Path>, ui: &mut Ui) -> Result<Vec<u8>, Problems> {
    let project = &checked.project;
    let _lock = Lock::take(&project.target_dir.join(".vak-lock"), ui)?;
    let mut command = cargo.build(&for_skill(&cargo.places(), &project.root, sysroot), &project.target_dir);
    command.args(["--package", &project.package.repr]).arg("--manifest-path").arg(&project.manifest);
    if project.locked {
        command.arg("--locked");
    }
    // Cargo looks for settings from the current folder upward: they are the project's, wherever the author stands.
    command.current_dir(project.manifest.parent().unwrap_or(&project.root));
    let mut module = None;
    if !run(command, &mut |artefact| module = module_of(artefact, &project.package).or(module.take()))? {
        return Err(Error::Compile(checked.source.manifest().name.to_string()).into());
    }
    read(module, project)
}

fn read(module: Option<PathBuf>, project: &Project) -> Result<Vec<u8>, Problems> {
    let module = module.ok_or_else(|| Error::NoModule(project.manifest.clone()))?;
    Ok(read_file(&module, Bounds::default().file_bytes as u64).map_err(Error::Read)?)
}

/// The module among the files of an artefact, if it is the package's own.
fn module_of(artefact: Artifact, package: &PackageId) -> Option<PathBuf> {
    let mut files = artefact.filenames.into_iter().map(PathBuf::from);
    if artefact.package_id == *package {
        files.find(|file| file.extension().is_some_and(|end| end == "wasm"))
    } else {
        None
    }
}

/// The manifest goes in, and the whole is read back as the runtime will read it.
fn pack(module: Vec<u8>, checked: &Checked) -> Result<Package, Error> {
    Package::pack(module, checked.source.document(), &Bounds::default()).map_err(|source| Error::Package {
        skill: checked.source.manifest().name.to_string(),
        source: Box::new(source),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const MESSAGE: &str = r#"{"reason":"compiler-artifact","package_id":"path+file:///skills/hello#0.1.0","manifest_path":"/skills/hello/Cargo.toml","target":{"kind":["cdylib"],"crate_types":["cdylib"],"name":"hello","src_path":"/skills/hello/src/lib.rs","edition":"2024","doc":true,"doctest":false,"test":true},"profile":{"opt_level":"s","debuginfo":0,"debug_assertions":false,"overflow_checks":false,"test":false},"features":[],"filenames":["/cache/wasm32-unknown-unknown/release/hello.d","/cache/wasm32-unknown-unknown/release/hello.wasm"],"executable":null,"fresh":false}"#;

    #[test]
    fn the_module_is_the_one_of_the_package_that_was_asked_for() {
        let artefact: Artifact = serde_json::from_str(MESSAGE).expect("a message of cargo");
        let id = |repr: &str| PackageId { repr: repr.to_owned() };
        let module = module_of(artefact.clone(), &id("path+file:///skills/hello#0.1.0"));
        assert_eq!(module, Some("/cache/wasm32-unknown-unknown/release/hello.wasm".into()));
        assert_eq!(module_of(artefact, &id("path+file:///other/hello#0.1.0")), None);
    }
}
