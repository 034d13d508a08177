//! The proof of a toolchain: it builds a tiny module.
//!
//! A proof is remembered in the cache folder, because one that compiles the standard library takes half a minute.

use std::ffi::OsString;
use std::fs;
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use crate::candidate::Candidate;
use crate::memory::Memory;
use crate::process::run;
use crate::recipe::{encode_flags, profile, standard_flags};
use crate::{Failure, StandardLibrary, Step, TARGET, Toolchain};

/// The crate's manifest, up to the name of its library.
const MANIFEST: &str = r#"[package]
name = "vak-toolchain-proof"
version = "0.0.0"
edition = "2024"

[workspace]

[lib]
path = "lib.rs"
crate-type = ["cdylib"]
"#;

/// Formats and allocates, so that the standard library is really linked.
const SOURCE: &str = r#"#[unsafe(no_mangle)]
pub extern "C" fn answer() -> i32 {
    let words: Vec<String> = (0..6).map(|n| format!("{n}seven-")).collect();
    words.concat().len() as i32
}
"#;

/// What every WebAssembly module begins with: the magic number and version 1.
const WASM_HEADER: [u8; 8] = *b"\0asm\x01\0\0\0";

/// Proves candidates.
pub(crate) struct Prover<'a> {
    pub(crate) cargo: &'a Path,
    pub(crate) cargo_home: &'a Path,
    pub(crate) cache_dir: &'a Path,
    pub(crate) target_dir: PathBuf,
    pub(crate) limit: Duration,
}

/// A crate to build, deleted when dropped.
struct ProofCrate {
    folder: tempfile::TempDir,
    /// No other crate's name, so that no other proof's module passes for this one's.
    library: String,
}

impl Prover<'_> {
    /// A working toolchain, by memory or by a build.
    pub(crate) fn prove(&self, candidate: Candidate, progress: &mut dyn FnMut(Step<'_>)) -> Result<Toolchain, Failure> {
        let key = candidate.key(self.cargo);
        let memory = Memory(self.cache_dir);
        if memory.holds(&key) {
            progress(Step::Remembered(&candidate.way));
            return Ok(Toolchain::proven(candidate));
        }
        progress(Step::Building(&candidate.way, candidate.standard_library));
        self.build(&candidate)?;
        memory.keep(&key);
        Ok(Toolchain::proven(candidate))
    }

    fn build(&self, candidate: &Candidate) -> Result<(), Failure> {
        let proof = self.write_crate().map_err(|source| Failure::Folder { path: self.cache_dir.into(), source })?;
        let mut cargo = Command::new(self.cargo);
        cargo.args(["build", "--release", "--lib"]).current_dir(proof.folder.path());
        candidate.configure(&mut cargo);
        cargo.args(profile());
        cargo.env("CARGO_ENCODED_RUSTFLAGS", encode_flags(&self.flags(candidate)));
        cargo.env("CARGO_TARGET_DIR", &self.target_dir).env("CARGO_BUILD_BUILD_DIR", &self.target_dir);
        cargo.env("CARGO_TERM_COLOR", "never");
        if candidate.standard_library == StandardLibrary::Precompiled {
            // The standard library's source has dependencies that cargo may have to fetch; the proof has none.
            cargo.arg("--offline");
        }
        run(cargo, self.limit)?;
        check_module(&self.target_dir.join(TARGET).join("release").join(format!("{}.wasm", proof.library)))
    }

    fn flags(&self, candidate: &Candidate) -> Vec<OsString> {
        let compiler = &candidate.compiler;
        standard_flags(self.cargo_home, compiler.has_source().then(|| compiler.source()).as_deref())
    }

    /// The crate in a folder of its own. It lies in the cache, not in the system's folder for temporary files: cargo
    /// obeys a `.cargo/config.toml` of every folder above, and anyone could put one there.
    fn write_crate(&self) -> io::Result<ProofCrate> {
        fs::create_dir_all(self.cache_dir)?;
        let folder = tempfile::Builder::new().prefix("proof-").tempdir_in(self.cache_dir)?;
        let library = folder.path().file_name().unwrap_or_default().to_string_lossy().replace('-', "_");
        fs::write(folder.path().join("Cargo.toml"), format!("{MANIFEST}name = \"{library}\"\n"))?;
        fs::write(folder.path().join("lib.rs"), SOURCE)?;
        Ok(ProofCrate { folder, library })
    }
}

pub(crate) fn check_module(path: &Path) -> Result<(), Failure> {
    let mut header = [0; WASM_HEADER.len()];
    match fs::File::open(path).and_then(|mut file| file.read_exact(&mut header)) {
        Ok(()) if header == WASM_HEADER => Ok(()),
        _ => Err(Failure::NotWasm { path: path.to_owned() }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_module_of_the_first_version_is_a_proof() {
        let dir = tempfile::tempdir().expect("a folder");
        let path = dir.path().join("proof.wasm");
        assert!(check_module(&path).is_err(), "nothing there");
        for (bytes, accepted) in [
            (&b"\0asm\x01\0\0\0rest"[..], true),
            (b"\0asm\x0d\0\x01\0", false),
            (b"\0as", false),
            (b"\x7fELF....", false),
        ] {
            fs::write(&path, bytes).expect("a file");
            assert_eq!(check_module(&path).is_ok(), accepted, "{bytes:?}");
        }
    }
}
