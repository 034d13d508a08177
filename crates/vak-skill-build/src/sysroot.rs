//! The standard library where it comes from source: built once for each compiler, then shared by all skills.
//!
//! Cargo would build it anew for every project, because each has a folder of its own. So it is built here with an empty
//! library, and its crates are laid out as a compiler expects to find installed ones. Where the toolchain was proven just
//! now, the proof has compiled it already, and cargo finds it fresh.

use std::ffi::OsString;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::time::UNIX_EPOCH;

use cargo_metadata::Message;
use vak_cli::{Home, Ui};
use vak_toolchain::{StandardLibrary, TARGET, encode_flags, profile};

use crate::cargo::{Cargo, run};
use crate::lock::Lock;
use crate::rust::short_key;
use crate::{Error, Problems, search};

/// Changes whenever this module lays the folder out in another way.
const LAYOUT: &str = "vak sysroot 1";

/// The library for whose sake the standard library is built.
const MANIFEST: &str = r#"[package]
name = "vak-standard-library"
version = "0.0.0"
edition = "2024"

[workspace]

[lib]
path = "lib.rs"
crate-type = ["cdylib"]
"#;

/// The folder to name as `--sysroot`; none if the compiler has a standard library of its own for the target.
pub(crate) fn ensure(cargo: &Cargo, home: &Home, ui: &mut Ui) -> Result<Option<PathBuf>, Problems> {
    if cargo.toolchain().standard_library() == StandardLibrary::Precompiled {
        return Ok(None);
    }
    let folder = search::cache(home).join("sysroot");
    let sysroot = folder.join(short_key(&identity(cargo)));
    if !sysroot.is_dir() {
        let _lock = Lock::take(&folder.join(".lock"), ui)?;
        // Another process may have built it while this one waited.
        if !sysroot.is_dir() {
            let progress = ui.progress("preparing the standard library for skills: up to a minute, this once");
            build(cargo, &folder, &sysroot)?;
            drop(progress);
        }
    }
    Ok(Some(sysroot))
}

/// All that its bytes depend on.
fn identity(cargo: &Cargo) -> String {
    let toolchain = cargo.toolchain();
    let flags = encode_flags(cargo.standard_flags());
    let parts = [
        LAYOUT.to_owned(),
        toolchain.version().to_owned(),
        stamp(toolchain.rustc()),
        profile().join(" "),
        flags.to_string_lossy().into_owned(),
    ];
    parts.join("\n")
}

/// What the crates depend on that were compiled for a skill with these flags.
pub(crate) fn identity_for_skills(cargo: &Cargo, flags: &[OsString], sysroot: Option<&Path>) -> String {
    let library = sysroot.map_or_else(String::new, stamp);
    [identity(cargo), encode_flags(flags).to_string_lossy().into_owned(), library].join("\n")
}

/// A path, and when and how large it was last written: compilers are also replaced under the same version.
fn stamp(path: &Path) -> String {
    let meta = path.metadata().ok();
    let written = meta.as_ref().and_then(|meta| meta.modified().ok()?.duration_since(UNIX_EPOCH).ok());
    format!("{path:?} {} {}", written.unwrap_or_default().as_nanos(), meta.map_or(0, |meta| meta.len()))
}

/// Builds in a folder beside `sysroot`, which then appears whole or not at all. The lock is held: a folder that is there
/// was left by a build that was killed.
fn build(cargo: &Cargo, folder: &Path, sysroot: &Path) -> Result<(), Problems> {
    let work = folder.join(".build");
    let failed = |source| Error::Write { path: work.clone(), source };
    let source = work.join("source");
    start_afresh(&work, &source).map_err(failed)?;
    let mut command = cargo.build_from_source();
    command.arg("--quiet").current_dir(&source);
    let mut crates = Vec::new();
    if !run(command, &mut |message| crates.extend(libraries(message)))? {
        return Err(Error::StandardLibrary.into());
    }
    let laid_out = work.join("sysroot");
    lay_out(&crates, &laid_out).and_then(|()| fs::rename(&laid_out, sysroot)).map_err(failed)?;
    Ok(fs::remove_dir_all(&work).map_err(failed)?)
}

fn start_afresh(work: &Path, source: &Path) -> io::Result<()> {
    if work.is_dir() {
        fs::remove_dir_all(work)?;
    }
    fs::create_dir_all(source)?;
    fs::write(source.join("Cargo.toml"), MANIFEST)?;
    fs::write(source.join("lib.rs"), "")
}

/// The compiled crates for the target that cargo speaks of; build scripts are for this machine and stay out.
fn libraries(message: Message) -> impl Iterator<Item = PathBuf> {
    let files = if let Message::CompilerArtifact(artefact) = message { artefact.filenames } else { Vec::new() };
    let is_library = |file: &PathBuf| file.extension().is_some_and(|end| end == "rlib");
    files.into_iter().map(PathBuf::from).filter(move |file| is_library(file) && file.iter().any(|part| part == TARGET))
}

/// Copies, so that nothing that cargo does to its own folder later reaches here.
fn lay_out(crates: &[PathBuf], sysroot: &Path) -> io::Result<()> {
    let folder = sysroot.join("lib/rustlib").join(TARGET).join("lib");
    fs::create_dir_all(&folder)?;
    for file in crates {
        let place = folder.join(file.file_name().unwrap_or_default());
        fs::copy(file, place)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn another_compiler_or_another_flag_is_another_folder() {
        let (one, other) = (short_key("rustc 1.96.0\n--flag"), short_key("rustc 1.96.1\n--flag"));
        assert_eq!(one.len(), 16);
        assert!(one.bytes().all(|b| b.is_ascii_hexdigit()));
        assert_ne!(one, other);
        assert_ne!(one, short_key("rustc 1.96.0\n--flags"));
    }

    #[test]
    fn a_compiler_that_was_replaced_has_another_stamp() {
        let file = tempfile::NamedTempFile::new().expect("a file");
        let before = stamp(file.path());
        fs::write(file.path(), "longer").expect("written");
        assert_ne!(before, stamp(file.path()));
    }

    #[test]
    fn what_a_killed_build_left_is_swept_away() {
        let folder = tempfile::tempdir().expect("a folder");
        let work = folder.path().join(".build");
        fs::create_dir_all(work.join("target")).expect("a folder");
        start_afresh(&work, &work.join("source")).expect("written");
        assert!(work.join("source/Cargo.toml").is_file() && !work.join("target").exists());
    }

    #[test]
    fn crates_lie_where_a_compiler_looks_for_them() {
        let folder = tempfile::tempdir().expect("a folder");
        let library = folder.path().join("libstd-1.rlib");
        fs::write(&library, "x").expect("written");
        lay_out(&[library], &folder.path().join("sysroot")).expect("laid out");
        assert!(folder.path().join("sysroot/lib/rustlib/wasm32-unknown-unknown/lib/libstd-1.rlib").is_file());
    }
}
