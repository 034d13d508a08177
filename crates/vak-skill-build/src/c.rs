//! Skills in C: every `src/*.c`, compiled by clang and linked into one module.
//!
//! Compiler and linker are called one after the other, not the one through the other: clang would also run other programs
//! that happen to be installed, and the module would depend on them.

use std::ffi::OsString;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use vak_cli::Ui;
use vak_package::{Bounds, read_file};
use vak_toolchain::{Clang, ClangSearch};

use crate::project::{Compiled, Job};
use crate::{Error, Problems, search};

/// The folder of the sources; headers lie beside them, or wherever an `#include "..."` leads.
const SOURCES: &str = "src";

/// What every source is compiled with.
const COMPILE: &[&str] = &[
    "-std=c11",
    "-Os",
    // No library, and no header but the compiler's own.
    "-ffreestanding",
    "-nostdlibinc",
    // The features that hosts take, whatever this release of clang would choose.
    "-mcpu=mvp",
    "-mbulk-memory",
    "-mmultivalue",
    "-mmutable-globals",
    "-mnontrapping-fptoint",
    "-msign-ext",
    // Nothing is exported but what asks for it; what nobody calls is left out.
    "-fvisibility=hidden",
    "-ffunction-sections",
    "-fdata-sections",
    "-fno-ident",
    // An overflow wraps, and a cast pointer points: no undefined behaviour that an optimiser could make something of.
    "-fwrapv",
    "-fno-strict-aliasing",
    "-Wall",
    "-Wextra",
];

/// What the module is linked with.
const LINK: &[&str] = &[
    "--no-entry",
    "--fatal-warnings",
    // As skills in Rust have it: one page. It lies below all data, so that an overflow traps and overwrites nothing.
    "--stack-first",
    "-z",
    "stack-size=65536",
];

/// The sources of a module.
#[derive(Clone, Debug)]
pub struct CProject {
    /// The skill's folder, absolute.
    root: PathBuf,
    /// The sources in it, sorted: their order is that of the module's parts.
    sources: Vec<PathBuf>,
}

impl CProject {
    /// The sources in `dir`.
    pub(crate) fn find(dir: &Path) -> Result<Self, Error> {
        let failed = |source| Error::Sources { path: dir.join(SOURCES), source };
        Ok(Self { root: dir.canonicalize().map_err(failed)?, sources: sources(dir).map_err(failed)? })
    }

    /// Whether there is a source in `dir`.
    pub(crate) fn is_in(dir: &Path) -> bool {
        sources(dir).is_ok_and(|sources| !sources.is_empty())
    }

    /// Finds a compiler, and compiles and links in a folder that is deleted then.
    pub(crate) fn compile(&self, job: &Job<'_>, ui: &mut Ui) -> Result<Compiled, Problems> {
        let clang = find_clang(job, ui)?;
        let cache = search::cache(job.home);
        let failed = |source| Error::Write { path: cache.clone(), source };
        fs::create_dir_all(&cache).map_err(failed)?;
        let work = tempfile::Builder::new().prefix("c-").tempdir_in(&cache).map_err(failed)?;
        let objects: Vec<_> = self.sources.iter().map(|source| object(work.path(), source)).collect();
        for (source, object) in self.sources.iter().zip(&objects) {
            run(self.compiler(&clang, source, object), job)?;
        }
        let module = work.path().join("skill.wasm");
        run(linker(&clang, &objects, &module, job.names), job)?;
        let module = read_file(&module, Bounds::default().file_bytes as u64).map_err(Error::Read)?;
        Ok(Compiled { module, toolchain: clang.version().to_owned() })
    }

    /// Works in the skill's folder, so that messages and `__FILE__` name the sources as their author does.
    fn compiler(&self, clang: &Clang, source: &Path, object: &Path) -> Command {
        let mut command = clang.compiler();
        command.args(COMPILE).arg(self.without_root()).arg("-c").arg(source).arg("-o").arg(object);
        if std::env::var_os("SOURCE_DATE_EPOCH").is_none() {
            // What `__DATE__` and `__TIME__` say.
            command.env("SOURCE_DATE_EPOCH", "0");
        }
        command.current_dir(&self.root);
        command
    }

    /// The option that keeps the folder's own name out of the module.
    fn without_root(&self) -> OsString {
        let mut option = OsString::from("-ffile-prefix-map=");
        option.push(&self.root);
        option.push("=.");
        option
    }
}

/// `skill.c.o`: the linker's messages name it.
fn object(folder: &Path, source: &Path) -> PathBuf {
    let mut name = source.file_name().unwrap_or_default().to_owned();
    name.push(".o");
    folder.join(name)
}

/// `names` of functions are what is left of what is for people.
fn linker(clang: &Clang, objects: &[PathBuf], module: &Path, names: bool) -> Command {
    let mut command = clang.linker();
    command.arg(if names { "--strip-debug" } else { "--strip-all" });
    command.args(LINK).args(objects).arg("-o").arg(module);
    command
}

/// Every `src/*.c` in `dir`, as a path in it.
fn sources(dir: &Path) -> io::Result<Vec<PathBuf>> {
    let entries = dir.join(SOURCES).read_dir()?.collect::<io::Result<Vec<_>>>()?;
    let names = entries.into_iter().map(|entry| Path::new(SOURCES).join(entry.file_name()));
    let is_source = |path: &PathBuf| path.extension().is_some_and(|end| end == "c") && dir.join(path).is_file();
    let mut sources: Vec<_> = names.filter(is_source).collect();
    sources.sort();
    Ok(sources)
}

fn find_clang(job: &Job<'_>, ui: &mut Ui) -> Result<Clang, Error> {
    let progress = ui.progress("looking for a compiler for C");
    let found = ClangSearch::from_process(search::cache(job.home).join("toolchain")).find(&mut |_| ());
    drop(progress);
    found.map_err(Error::NoToolchain)
}

/// Runs a compiler or a linker, which tells people on stderr itself what is wrong.
fn run(mut command: Command, job: &Job<'_>) -> Result<(), Error> {
    let program = PathBuf::from(command.get_program());
    // Its stdout would stand before the artefact's path.
    command.envs(job.variation.env.iter().cloned());
    let status = command.stdin(Stdio::null()).stdout(Stdio::null()).status();
    match status.map_err(|source| Error::Compiler { program, source })? {
        status if status.success() => Ok(()),
        _ => Err(Error::Compile(job.skill.to_string())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_sources_are_those_in_src_and_sorted() {
        let folder = tempfile::tempdir().expect("a folder");
        fs::create_dir_all(folder.path().join("src/dir.c")).expect("a folder");
        assert!(!CProject::is_in(folder.path()));
        for name in ["src/b.c", "src/a.c", "src/c.h", "src/c.cc", "other.c"] {
            fs::write(folder.path().join(name), "").expect("written");
        }
        assert!(CProject::is_in(folder.path()));
        let project = CProject::find(folder.path()).expect("sources");
        assert_eq!(project.sources, [Path::new("src/a.c"), Path::new("src/b.c")]);
    }

    #[test]
    fn no_folder_of_the_machine_is_left_in_the_module() {
        let project = CProject { root: "/home/x/hello".into(), sources: Vec::new() };
        assert_eq!(project.without_root(), "-ffile-prefix-map=/home/x/hello=.");
    }
}
