//! The search: every way in order, each tried, the first that works taken.

use std::env;
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::candidate::{Candidate, linker_for};
use crate::compiler::Compiler;
use crate::places::{compilers, program};
use crate::process::{question, run};
use crate::proof::Prover;
use crate::{Attempt, Failure, InstallPlan, NoPlan, NotFound, StandardLibrary, Step, TARGET, Toolchain, Wanted, Way};

/// The environment variable that names the compiler to build skills with.
pub const RUSTC_VARIABLE: &str = "VAK_WASM_RUSTC";
/// The environment variable that names the linker to build skills with.
pub const LINKER_VARIABLE: &str = "VAK_WASM_LINKER";

/// Folders that hold a distribution's programs, also when the search path is a short one.
const SYSTEM_DIRS: &[&str] = &["/usr/local/bin", "/usr/bin"];

/// A search for a toolchain, and all that it may look at.
#[derive(Clone, Debug)]
pub struct Search {
    /// The cargo that builds, whichever compiler it is given.
    pub cargo: PathBuf,
    /// Cargo's home, whose name is kept out of what is compiled.
    pub cargo_home: PathBuf,
    /// The current compiler; rustup's proxy will do.
    pub rustc: PathBuf,
    /// What the author configured. If it fails the search fails: a wish is not silently passed over.
    pub configured: Option<Configured>,
    /// The linker that the author configured, for every way.
    pub linker: Option<PathBuf>,
    /// Whether `rustup target add` may be tried.
    pub installs: Installs,
    /// The folders to look for programs in, in order.
    pub path_dirs: Vec<PathBuf>,
    /// The folder for proofs, and for what they built. It is created, and can be deleted at any time.
    pub cache_dir: PathBuf,
    /// How long other programs may take.
    pub patience: Patience,
}

/// A toolchain that the author chose.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Configured {
    /// This compiler.
    Rustc(PathBuf),
    /// The toolchain that rustup knows by this name.
    Toolchain(String),
}

/// Whether the search may install anything.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Installs {
    /// `rustup target add` may be run: it downloads, and changes the current toolchain.
    Allowed,
    /// Nothing may be installed.
    Forbidden,
}

/// How long other programs may take before they are killed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Patience {
    /// A question to a compiler.
    pub question: Duration,
    /// `rustup target add`, which would wait for ever without a network.
    pub install: Duration,
    /// The build of a proof.
    pub build: Duration,
}

impl Default for Patience {
    /// 30 seconds, 60 seconds, 10 minutes.
    fn default() -> Self {
        let seconds = Duration::from_secs;
        Self { question: seconds(30), install: seconds(60), build: seconds(600) }
    }
}

impl Search {
    /// The search that this process's environment describes: `PATH`, `CARGO`, `CARGO_HOME`, `RUSTC`,
    /// [`RUSTC_VARIABLE`] and [`LINKER_VARIABLE`]. It is the one place of this crate that looks at the process.
    #[must_use]
    pub fn from_process(cache_dir: PathBuf, installs: Installs) -> Self {
        let variable = |name: &str| env::var_os(name).filter(|value| !value.is_empty());
        let path_dirs = path_dirs(env::split_paths(&variable("PATH").unwrap_or_default()));
        let tool = |name: &str, named: &str| {
            let named = variable(named).map(PathBuf::from);
            named.or_else(|| program(&path_dirs, name)).unwrap_or_else(|| name.into())
        };
        Self {
            cargo: tool("cargo", "CARGO"),
            cargo_home: cargo_home(variable("CARGO_HOME")),
            rustc: tool("rustc", "RUSTC"),
            configured: variable(RUSTC_VARIABLE).map(|rustc| Configured::Rustc(rustc.into())),
            linker: variable(LINKER_VARIABLE).map(PathBuf::from),
            installs,
            path_dirs,
            cache_dir,
            patience: Patience::default(),
        }
    }

    /// Tries every way in order and returns the first toolchain that builds.
    ///
    /// # Errors
    /// No way works; the error says why each of them does not, and what would help.
    pub fn find(&self, progress: &mut dyn FnMut(Step<'_>)) -> Result<Toolchain, NotFound> {
        let mut attempts = Vec::new();
        for way in self.ways() {
            progress(Step::Trying(&way));
            match self.follow(&way).and_then(|candidate| self.prover().prove(candidate, progress)) {
                Ok(toolchain) => return Ok(toolchain),
                Err(failure) => {
                    let attempt = Attempt { way, failure };
                    progress(Step::Failed(&attempt));
                    attempts.push(attempt);
                }
            }
        }
        Err(NotFound { wanted: Wanted::Rust, attempts, advice: self.advice() })
    }

    /// The target folder that proofs are built in. A standard library that was compiled for one lies there, and serves
    /// everyone who says the same to cargo.
    #[must_use]
    pub fn target_dir(&self) -> PathBuf {
        self.cache_dir.join("target")
    }

    fn prover(&self) -> Prover<'_> {
        Prover {
            cargo: &self.cargo,
            cargo_home: &self.cargo_home,
            cache_dir: &self.cache_dir,
            target_dir: self.target_dir(),
            limit: self.patience.build,
        }
    }

    fn ways(&self) -> Vec<Way> {
        if self.configured.is_some() {
            return vec![Way::Configured];
        }
        let mut ways = vec![Way::InstalledTarget, Way::RustupTarget, Way::InstalledSource];
        ways.extend(self.other_compilers().into_iter().map(Way::OtherCompiler));
        ways
    }

    /// The compilers in the search path that are not the current one, directly or by proxy.
    fn other_compilers(&self) -> Vec<PathBuf> {
        let current = self.current().ok();
        let is_current = |rustc: &Path| {
            let same = |current: &Compiler| self.ask(rustc).is_ok_and(|other| other.path == current.path);
            rustc == self.rustc || current.as_ref().is_some_and(same)
        };
        compilers(&self.path_dirs).into_iter().filter(|rustc| !is_current(rustc)).collect()
    }

    /// Goes one way as far as it goes without building.
    fn follow(&self, way: &Way) -> Result<Candidate, Failure> {
        match way {
            Way::Configured => self.with_either(way, self.ask(&self.configured_rustc()?)?),
            Way::InstalledTarget => self.with_target(way, self.current()?),
            Way::RustupTarget => {
                self.add_target()?;
                self.with_target(way, self.current()?)
            }
            Way::InstalledSource => self.with_source(way, self.current()?),
            Way::OtherCompiler(rustc) => self.with_either(way, self.ask(rustc)?),
        }
    }

    fn ask(&self, rustc: &Path) -> Result<Compiler, Failure> {
        Compiler::ask(rustc, self.patience.question)
    }

    fn current(&self) -> Result<Compiler, Failure> {
        self.ask(&self.rustc)
    }

    fn configured_rustc(&self) -> Result<PathBuf, Failure> {
        match &self.configured {
            None => Ok(self.rustc.clone()),
            Some(Configured::Rustc(rustc)) => Ok(rustc.clone()),
            Some(Configured::Toolchain(name)) => {
                let mut which = question(&self.rustup()?);
                which.args(["which", &format!("--toolchain={name}"), "rustc"]);
                Ok(PathBuf::from(run(which, self.patience.question)?.trim_end()))
            }
        }
    }

    fn rustup(&self) -> Result<PathBuf, Failure> {
        program(&self.path_dirs, "rustup").ok_or(Failure::NoRustup)
    }

    fn add_target(&self) -> Result<(), Failure> {
        let mut add = question(&self.rustup()?);
        if self.installs == Installs::Forbidden {
            return Err(Failure::NotPermitted);
        }
        add.args(["target", "add", TARGET]);
        run(add, self.patience.install)?;
        Ok(())
    }

    fn with_either(&self, way: &Way, compiler: Compiler) -> Result<Candidate, Failure> {
        if compiler.has_target() { self.with_target(way, compiler) } else { self.with_source(way, compiler) }
    }

    fn with_target(&self, way: &Way, compiler: Compiler) -> Result<Candidate, Failure> {
        if !compiler.has_target() {
            return Err(Failure::NoTarget);
        }
        self.candidate(way, compiler, StandardLibrary::Precompiled)
    }

    fn with_source(&self, way: &Way, compiler: Compiler) -> Result<Candidate, Failure> {
        if !compiler.has_source() {
            return Err(Failure::NoSource { library: compiler.source().join("library") });
        }
        self.candidate(way, compiler, StandardLibrary::FromSource)
    }

    fn candidate(
        &self,
        way: &Way,
        compiler: Compiler,
        standard_library: StandardLibrary,
    ) -> Result<Candidate, Failure> {
        let linker = linker_for(&compiler, self.linker.as_deref(), &self.path_dirs)?;
        Ok(Candidate { way: way.clone(), compiler, linker, standard_library })
    }

    /// What would help here: the commands that were not tried, else a sentence.
    fn advice(&self) -> Vec<String> {
        if self.configured.is_some() || self.linker.is_some() {
            return vec![format!(
                "correct or remove the configured toolchain (`{RUSTC_VARIABLE}`, `{LINKER_VARIABLE}`)"
            )];
        }
        let mut advice = Vec::new();
        if self.installs == Installs::Forbidden && self.rustup().is_ok() {
            advice.push(format!("rustup target add {TARGET}"));
        }
        match InstallPlan::for_debian(&self.path_dirs) {
            Ok(plan) => advice.push(plan.to_string()),
            Err(NoPlan::NotRoot(plan)) => advice.push(format!("sudo {plan}")),
            Err(_) => {}
        }
        if advice.is_empty() {
            advice.push(format!("install `{TARGET}`, or the standard library's source, for your Rust toolchain"));
        }
        advice
    }
}

/// The folder that is named, else the one in the user's home; absolute, since cargo works in other folders.
fn cargo_home(named: Option<OsString>) -> PathBuf {
    let of_user = || env::home_dir().map(|user| user.join(".cargo"));
    let home = named.map(PathBuf::from).or_else(of_user).unwrap_or_default();
    std::path::absolute(&home).unwrap_or(home)
}

/// The folders of a search path and those of the system. Relative ones are left out: they name another folder in
/// every folder, and who writes there would choose our compiler.
pub(crate) fn path_dirs(search_path: impl Iterator<Item = PathBuf>) -> Vec<PathBuf> {
    let mut dirs: Vec<PathBuf> = Vec::new();
    for dir in search_path.chain(SYSTEM_DIRS.iter().map(PathBuf::from)) {
        if dir.is_absolute() && !dirs.contains(&dir) {
            dirs.push(dir);
        }
    }
    dirs
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn relative_and_repeated_folders_are_not_searched() {
        let given = ["", ".", "bin", "/usr/bin", "/opt/x", "/opt/x"].into_iter().map(PathBuf::from);
        let expected = ["/usr/bin", "/opt/x", "/usr/local/bin"].map(PathBuf::from);
        assert_eq!(path_dirs(given), expected);
    }
}
