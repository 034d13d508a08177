//! `vak-skill-sign`: will put a signature on an artefact.
//!
//! What it does today is what comes before any signature: it reads the artefact as a verifier would, and refuses what
//! nobody could sign. It runs no code of the skill and links no engine. Signing is not built yet, and it says so: it
//! never writes a file, and never exits with 0.

use std::path::{Path, PathBuf};

use clap::Parser;
use vak_cli::{EXIT_STATUS, Failure, Tool, Ui, quote};
use vak_model::Code;
use vak_package::{Artefact, Bounds, Package, PackageError, read_file};

/// Look at an artefact as a signer has to; signing itself is not built yet
///
/// Reads the module, its manifest, and whether the manifest declares all that the module imports. What can't be signed
/// is refused for what is wrong with it; for what can, the answer is that signing is not built yet. Nothing is written.
#[derive(Debug, Parser)]
#[command(name = "vak-skill-sign", version, after_long_help = format!("\
Examples:
  vak-skill-sign skills/calculator/target/wasm32-unknown-unknown/release/calculator.wasm

{EXIT_STATUS}"))]
pub struct Cli {
    /// The artefact: a .wasm with its manifest inside, as vak-skill-build makes it
    #[arg(value_name = "PATH.wasm")]
    path: PathBuf,
}

impl Tool for Cli {
    fn run(self, _: &mut Ui) -> Result<(), Failure> {
        let package = read(&self.path)?;
        let manifest = package.document().manifest();
        let shown = self.path.display();
        if package.signature().is_some() {
            return Err(Failure::new(
                Code::SignatureUnsupported,
                format!("`{shown}` is signed, and can't be checked yet"),
            ));
        }
        let next = format!("vak-run {} --allow-unsigned", quote(&shown.to_string()));
        Err(Failure::new(Code::SignerMissing, "signing is not built yet: nothing was signed or written")
            .fact("skill", format!("`{}` {}", manifest.name, manifest.version))
            .fact("file", format!("{shown} ({})", package.id()))
            .next(next, "run it unsigned, for development"))
    }
}

fn read(path: &Path) -> Result<Package, Failure> {
    let bounds = Bounds::default();
    let bytes = read_file(path, bounds.file_bytes as u64).map_err(|error| Failure::of(Code::FileRead, &error))?;
    Package::read(bytes, &bounds).map_err(|error| {
        let failure = Failure::of(error.code(), &error).fact("file", path.display().to_string());
        match error {
            PackageError::NoManifest => failure.next("vak-skill-build", "in the skill's folder, puts the manifest in"),
            _ => failure,
        }
    })
}
