//! The build, step by step.

use std::ffi::OsString;
use std::path::PathBuf;

use vak_cli::{Home, Ui};
use vak_model::{ModuleId, SignatureBlock};
use vak_package::{Artefact, Bounds, Package, PackageError, embed_manifest};

use crate::check::check;
use crate::crates::Crates;
use crate::project::{Compiled, Job};
use crate::{Checked, Error, Placed, Problems, Project, Trial, golden, record, sbom, search};

/// What to build, and where to.
#[derive(Clone, Debug)]
pub struct Order {
    /// The skill's folder.
    pub dir: PathBuf,
    /// The file to write; the manifest's `module` if there is none.
    pub out: Option<PathBuf>,
    /// The toolchain for Rust that the author chose, by rustup's name for it.
    pub toolchain: Option<String>,
    /// Whether golden cases may use more fuel than before.
    pub accept_fuel: bool,
    /// Whether cargo says nothing but what is wrong, and nobody needs to be told what to do next.
    pub quiet: bool,
    /// Where VAK keeps what can be made again.
    pub home: Home,
    /// Whether the module lists what it is made of.
    pub sbom: bool,
    /// Whether functions keep their names.
    pub names: bool,
    /// How the circumstances of this build differ from those that the process is in.
    pub variation: Variation,
}

/// The circumstances of a build, none of which may show in what it makes.
#[derive(Clone, Debug, Default)]
pub struct Variation {
    /// Variables that compilers see.
    pub env: Vec<(&'static str, OsString)>,
    /// How many of them run at once.
    pub jobs: Option<usize>,
    /// Whether nothing is taken over from builds before.
    pub cold: bool,
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
    /// What made the module, with its version.
    pub toolchain: String,
    /// Whether the file had to be written.
    pub placed: Placed,
    /// How it did beside the build before.
    pub trial: Trial,
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
    let checked = order.check()?;
    let Made { package, toolchain } = make(order, &checked, ui)?;
    let placed = checked.destination.put(&package)?;
    warn_of_signature(&checked, package.id(), ui)?;
    let built = Built {
        path: checked.destination.path().to_owned(),
        id: package.id(),
        size: package.bytes().len() as u64,
        toolchain,
        placed,
        trial: Trial::default(),
    };
    let ran = golden::run(package, &order.home, ui)?;
    let trial = record::keep(&built, &ran, &checked.destination.record(), order.accept_fuel)?;
    Ok(Built { trial, ..built })
}

/// An artefact that lies nowhere yet, and what made it.
#[derive(Debug)]
pub(crate) struct Made {
    pub(crate) package: Package,
    pub(crate) toolchain: String,
}

/// Compiles the source, and puts the manifest in; writes nothing but what cargo writes.
pub(crate) fn make(order: &Order, checked: &Checked, ui: &mut Ui) -> Result<Made, Problems> {
    let project = &checked.project;
    project.warning().map_or(Ok(()), |warning| ui.warn(warning))?;
    let job = Job {
        skill: &checked.source.manifest().name,
        home: &order.home,
        toolchain: order.toolchain.as_deref(),
        quiet: order.quiet,
        names: order.names,
        variation: &order.variation,
    };
    let Compiled { module, toolchain } = project.compile(&job, ui)?;
    let module = if order.sbom { with_sbom(&module, order, checked)? } else { module };
    Ok(Made { package: pack(module, checked)?, toolchain })
}

/// The module with the list of what it is made of.
fn with_sbom(module: &[u8], order: &Order, checked: &Checked) -> Result<Vec<u8>, Error> {
    let crates = match &checked.project {
        Project::Rust(project) => {
            Crates::of(project, &search::describe(&order.home, order.toolchain.as_deref()).cargo)?
        }
        Project::C(_) | Project::Wat(_) => Crates::alone(checked.source.manifest())?,
    };
    sbom::put(module, &crates).map_err(|error| Error::Output(error.into()))
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

/// The manifest goes in, and the whole is read back as the runtime will read it. What it gives is not signed yet,
/// whatever the manifest says of an earlier build.
fn pack(module: Vec<u8>, checked: &Checked) -> Result<Package, Error> {
    let bounds = Bounds::default();
    let packed = embed_manifest(&module, checked.source.document(), &bounds).map_err(PackageError::from);
    packed.and_then(|bytes| Package::read(bytes, &bounds)).map_err(|source| Error::Package {
        skill: checked.source.manifest().name.to_string(),
        source: Box::new(source),
    })
}
