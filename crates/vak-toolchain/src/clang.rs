//! Finding a compiler for C that makes WebAssembly, and a linker that fits it.
//!
//! Any clang may have been built without WebAssembly, and a linker may be older than the objects that it is given. So each
//! compiler is tried with a linker, by a small module, before it is believed.

use std::cmp::Reverse;
use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::memory::{Memory, stamp};
use crate::places::{numbered, wasm_linker};
use crate::process::{question, run};
use crate::proof::check_module;
use crate::search::path_dirs;
use crate::{Attempt, Failure, InstallPlan, LINKER_VARIABLE, NoPlan, NotFound, Patience, Step, Wanted, Way};

/// The environment variable that names the clang to build skills with.
pub const CLANG_VARIABLE: &str = "VAK_WASM_CLANG";

/// What clang would obey without being asked to: folders of headers and tools, and options.
const FOREIGN_SETTINGS: &[&str] = &[
    "CCC_ADD_ARGS",
    "CCC_OVERRIDE_OPTIONS",
    "COMPILER_PATH",
    "CPATH",
    "C_INCLUDE_PATH",
    "GCC_EXEC_PREFIX",
    "LIBRARY_PATH",
];

/// Needs the compiler's own headers, and the linker's support for exports by attribute.
const SOURCE: &str = "\
#include <stddef.h>
#include <stdint.h>
__attribute__((export_name(\"answer\"))) int32_t answer(void) { return (int32_t)sizeof(size_t); }
";

/// A search for a compiler for C, and all that it may look at.
#[derive(Clone, Debug)]
pub struct ClangSearch {
    /// The compiler that the author configured. If it fails the search fails.
    pub configured: Option<PathBuf>,
    /// The linker that the author configured, for every compiler.
    pub linker: Option<PathBuf>,
    /// The folders to look for programs in, in order.
    pub path_dirs: Vec<PathBuf>,
    /// The folder for proofs. It is created, and can be deleted at any time.
    pub cache_dir: PathBuf,
    /// How long other programs may take.
    pub patience: Patience,
}

/// A clang and a linker that have built a WebAssembly module on this machine.
///
/// There is no way to have one but [`ClangSearch::find`].
#[derive(Clone, Debug)]
pub struct Clang {
    compiler: PathBuf,
    linker: PathBuf,
    version: String,
}

impl ClangSearch {
    /// The search that this process's environment describes: `PATH`, [`CLANG_VARIABLE`] and [`LINKER_VARIABLE`].
    #[must_use]
    pub fn from_process(cache_dir: PathBuf) -> Self {
        let variable = |name: &str| env::var_os(name).filter(|value| !value.is_empty());
        Self {
            configured: variable(CLANG_VARIABLE).map(PathBuf::from),
            linker: variable(LINKER_VARIABLE).map(PathBuf::from),
            path_dirs: path_dirs(env::split_paths(&variable("PATH").unwrap_or_default())),
            cache_dir,
            patience: Patience::default(),
        }
    }

    /// Tries every compiler and returns the first that builds: those with a linker of their own number first, then the
    /// newest.
    ///
    /// # Errors
    /// None works; the error says why each of them does not, and what would help.
    pub fn find(&self, progress: &mut dyn FnMut(Step<'_>)) -> Result<Clang, NotFound> {
        let mut attempts = Vec::new();
        for (way, compiler) in self.ways() {
            progress(Step::Trying(&way));
            match compiler.and_then(|compiler| self.prove(&way, &compiler, progress)) {
                Ok(clang) => return Ok(clang),
                Err(failure) => {
                    let attempt = Attempt { way, failure };
                    progress(Step::Failed(&attempt));
                    attempts.push(attempt);
                }
            }
        }
        Err(NotFound { wanted: Wanted::C, attempts, advice: self.advice() })
    }

    fn ways(&self) -> Vec<(Way, Result<Candidate, Failure>)> {
        if let Some(configured) = &self.configured {
            return vec![(Way::Configured, self.candidate(None, configured))];
        }
        let mut compilers = numbered(&self.path_dirs, "clang");
        if compilers.is_empty() {
            return vec![(Way::OtherCompiler("clang".into()), Err(Failure::NoClang))];
        }
        compilers.sort_by_key(|(number, _)| (!self.is_paired(*number), Reverse(*number)));
        let way =
            |(number, path): (u32, PathBuf)| (Way::OtherCompiler(path.clone()), self.candidate(Some(number), &path));
        compilers.into_iter().map(way).collect()
    }

    fn is_paired(&self, number: u32) -> bool {
        self.linker.is_none() && self.pair(number).is_some()
    }

    /// The linker of the same release.
    fn pair(&self, number: u32) -> Option<PathBuf> {
        numbered(&self.path_dirs, "wasm-ld").into_iter().find(|(other, _)| *other == number).map(|(_, path)| path)
    }

    fn candidate(&self, number: Option<u32>, compiler: &Path) -> Result<Candidate, Failure> {
        let linker = match &self.linker {
            Some(linker) if !linker.is_file() => {
                return Err(Failure::NoConfiguredLinker { linker: linker.clone() });
            }
            Some(linker) => linker.clone(),
            None => number
                .and_then(|number| self.pair(number))
                .or_else(|| wasm_linker(&self.path_dirs))
                .ok_or(Failure::NoClangLinker)?,
        };
        Ok(Candidate { compiler: compiler.to_owned(), linker })
    }

    /// A compiler that works, by memory or by a build.
    fn prove(&self, way: &Way, candidate: &Candidate, progress: &mut dyn FnMut(Step<'_>)) -> Result<Clang, Failure> {
        let clang = candidate.ask(&self.patience)?;
        let key = clang.key();
        let memory = Memory(&self.cache_dir);
        if memory.holds(&key) {
            progress(Step::Remembered(way));
        } else {
            self.build(&clang)?;
            memory.keep(&key);
        }
        Ok(clang)
    }

    fn build(&self, clang: &Clang) -> Result<(), Failure> {
        let failed = |source| Failure::Folder { path: self.cache_dir.clone(), source };
        fs::create_dir_all(&self.cache_dir).map_err(failed)?;
        let folder = tempfile::Builder::new().prefix("proof-").tempdir_in(&self.cache_dir).map_err(failed)?;
        fs::write(folder.path().join("proof.c"), SOURCE).map_err(failed)?;
        let mut compile = clang.compiler();
        compile.args(["-ffreestanding", "-nostdlibinc", "-c", "proof.c", "-o", "proof.o"]).current_dir(&folder);
        run(compile, self.patience.build)?;
        let mut link = clang.linker();
        link.args(["--no-entry", "proof.o", "-o", "proof.wasm"]).current_dir(&folder);
        run(link, self.patience.build)?;
        check_module(&folder.path().join("proof.wasm"))
    }

    /// What would help here: a command, else a sentence.
    fn advice(&self) -> Vec<String> {
        if self.configured.is_some() || self.linker.is_some() {
            return vec![format!(
                "correct or remove the configured compiler (`{CLANG_VARIABLE}`, `{LINKER_VARIABLE}`)"
            )];
        }
        match InstallPlan::of_clang(&self.path_dirs) {
            Ok(plan) => vec![plan.to_string()],
            Err(NoPlan::NotRoot(plan)) => vec![format!("sudo {plan}")],
            Err(_) => vec!["install clang, and LLVM's linker for WebAssembly, `wasm-ld`".to_owned()],
        }
    }
}

/// A compiler and a linker that might work together.
struct Candidate {
    compiler: PathBuf,
    linker: PathBuf,
}

impl Candidate {
    /// Asks the compiler who it is.
    fn ask(&self, patience: &Patience) -> Result<Clang, Failure> {
        let mut identity = question(&self.compiler);
        identity.arg("--version");
        let said = run(identity, patience.question)?;
        let version = said.lines().next().unwrap_or_default().trim().to_owned();
        if !version.contains("clang") {
            return Err(Failure::UnclearClang { clang: self.compiler.clone() });
        }
        Ok(Clang { compiler: self.compiler.clone(), linker: self.linker.clone(), version })
    }
}

impl Clang {
    /// The compiler.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.compiler
    }

    /// The linker.
    #[must_use]
    pub fn linker_path(&self) -> &Path {
        &self.linker
    }

    /// The first line of `clang --version`: another compiler makes other bytes, so provenance states it.
    #[must_use]
    pub fn version(&self) -> &str {
        &self.version
    }

    /// The compiler as a command, for WebAssembly, and with nothing that the environment suggests.
    #[must_use]
    pub fn compiler(&self) -> Command {
        let mut command = plain(&self.compiler);
        command.arg("--target=wasm32-unknown-unknown");
        command
    }

    /// The linker as a command.
    #[must_use]
    pub fn linker(&self) -> Command {
        plain(&self.linker)
    }

    /// Everything that a proof depends on, as text.
    fn key(&self) -> String {
        let Self { compiler, linker, version } = self;
        format!("vak-toolchain proof of C 1\nclang: {}\nlinker: {}\n{version}\n", stamp(compiler), stamp(linker))
    }
}

fn plain(program: &Path) -> Command {
    let mut command = Command::new(program);
    for setting in FOREIGN_SETTINGS {
        command.env_remove(setting);
    }
    command.env("LC_ALL", "C.UTF-8");
    command
}
