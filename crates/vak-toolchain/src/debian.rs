//! Which packages of a Debian-like system would make a working toolchain.
//!
//! Their names move with every release, so they are found by asking `apt-cache`: the newest `rustc` package whose
//! source package is offered in the same version, and the newest `lld`; for C, the newest `clang` whose `lld` is offered
//! too. Nothing is installed from here.

use std::collections::BTreeMap;
use std::fmt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::ProcessError;
use crate::places::program;
use crate::process::{question, run};
use crate::release::Release;

/// How long `apt-cache` may take.
const LIMIT: Duration = Duration::from_secs(30);

/// The packages to install, and how.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InstallPlan {
    packages: Vec<String>,
}

/// There is no plan, or not for this user.
#[derive(Debug, thiserror::Error)]
pub enum NoPlan {
    /// Only root installs packages.
    #[error("installing packages needs root: run `sudo {0}`")]
    NotRoot(InstallPlan),
    /// No `apt-get` here.
    #[error("this is not a Debian-like system: `apt-get` and `apt-cache` are not in the search path")]
    NotDebian,
    /// No list of packages was ever fetched.
    #[error("the package lists are empty: run `apt-get update`")]
    NoLists,
    /// No compiler is offered together with its source.
    #[error("no `rustc` package is offered with a source package of the same version")]
    NoCompiler,
    /// The newest compiler on offer is too old.
    #[error("the newest `rustc` package with its source is `{package}` {version}, older than {required}")]
    TooOld {
        /// The package.
        package: String,
        /// Its version.
        version: String,
        /// The oldest release that will do.
        required: String,
    },
    /// No linker is offered.
    #[error("no `lld` package is offered")]
    NoLinker,
    /// No compiler for C is offered together with its linker.
    #[error("no `clang-N` package is offered with an `lld-N` of the same number")]
    NoClang,
    /// `apt-cache` or `id` failed.
    #[error("the package lists can't be read")]
    Process(#[from] ProcessError),
}

impl InstallPlan {
    /// The plan for this system, whose programs lie in `path_dirs`.
    ///
    /// # Errors
    /// The system is not Debian-like, offers nothing that would do, or the user is not root; that last error carries
    /// the plan.
    pub fn for_debian(path_dirs: &[PathBuf]) -> Result<Self, NoPlan> {
        let apt_cache = apt_cache(path_dirs)?;
        let compilers = names(&apt_cache, "rustc")?;
        if compilers.is_empty() {
            return Err(NoPlan::NoLists);
        }
        let sources = compilers.iter().filter_map(|compiler| source_of(compiler));
        let linkers = names(&apt_cache, "lld-")?.into_iter().filter(|name| number(name, LINKER).is_some());
        let packages: Vec<String> = sources.chain(compilers.iter().cloned()).chain(linkers).collect();
        choose(&offers(&apt_cache, &packages)?)?.for_root(path_dirs)
    }

    /// The plan for a compiler for C, as [`for_debian`](Self::for_debian) makes the one for Rust.
    ///
    /// # Errors
    /// As there.
    pub fn of_clang(path_dirs: &[PathBuf]) -> Result<Self, NoPlan> {
        let apt_cache = apt_cache(path_dirs)?;
        let compilers = names(&apt_cache, CLANG)?;
        if compilers.is_empty() {
            return Err(NoPlan::NoLists);
        }
        let numbers = compilers.iter().filter_map(|name| number(name, CLANG));
        let packages: Vec<String> = numbers.flat_map(pair).collect();
        choose_pair(&offers(&apt_cache, &packages)?)?.for_root(path_dirs)
    }

    fn for_root(self, path_dirs: &[PathBuf]) -> Result<Self, NoPlan> {
        if is_root(path_dirs)? { Ok(self) } else { Err(NoPlan::NotRoot(self)) }
    }

    /// The packages: compiler, its source if it needs that, linker.
    #[must_use]
    pub fn packages(&self) -> &[String] {
        &self.packages
    }

    /// The commands to run as root, in order, each a program and its arguments. They remove no package: where one is
    /// in the way, `apt-get` refuses and says so.
    #[must_use]
    pub fn commands(&self) -> Vec<Vec<String>> {
        let words = |words: &[&str]| words.iter().map(|word| (*word).to_owned()).collect::<Vec<_>>();
        let install = words(&["apt-get", "install", "-y", "--no-install-recommends", "--no-remove"]);
        vec![words(&["apt-get", "update"]), [install, self.packages.clone()].concat()]
    }
}

impl fmt::Display for InstallPlan {
    /// The command for people to paste.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "apt-get install {}", self.packages.join(" "))
    }
}

/// The source package of a compiler package: `rust-web-src` of `rustc-web`, `rust-src` of `rustc`.
fn source_of(compiler: &str) -> Option<String> {
    Some(format!("rust{}-src", compiler.strip_prefix("rustc")?))
}

/// What the names of linkers, and those of compilers for C, begin with.
const LINKER: &str = "lld-";
const CLANG: &str = "clang-";

/// The N of `lld-N`, if `start` is `lld-`.
fn number(package: &str, start: &str) -> Option<u32> {
    package.strip_prefix(start)?.parse().ok()
}

/// The compiler for C of a release, and its linker.
fn pair(number: u32) -> [String; 2] {
    [format!("{CLANG}{number}"), format!("{LINKER}{number}")]
}

fn apt_cache(path_dirs: &[PathBuf]) -> Result<PathBuf, NoPlan> {
    match (program(path_dirs, "apt-get"), program(path_dirs, "apt-cache")) {
        (Some(_), Some(apt_cache)) => Ok(apt_cache),
        _ => Err(NoPlan::NotDebian),
    }
}

fn names(apt_cache: &Path, prefix: &str) -> Result<Vec<String>, ProcessError> {
    let mut list = question(apt_cache);
    list.args(["pkgnames", prefix]);
    Ok(run(list, LIMIT)?.lines().map(|line| line.trim().to_owned()).filter(|name| !name.is_empty()).collect())
}

/// The version of each package that `apt-get` would install.
fn offers(apt_cache: &Path, packages: &[String]) -> Result<BTreeMap<String, String>, ProcessError> {
    let mut policy = question(apt_cache);
    policy.arg("policy").args(packages);
    Ok(parse_policy(&run(policy, LIMIT)?))
}

fn parse_policy(text: &str) -> BTreeMap<String, String> {
    let mut offers = BTreeMap::new();
    let mut package = "";
    for line in text.lines() {
        if !line.starts_with(' ') {
            package = line.trim_end_matches(':');
        } else if let Some(version) = line.trim().strip_prefix("Candidate: ").filter(|version| *version != "(none)") {
            offers.insert(package.to_owned(), version.to_owned());
        }
    }
    offers
}

fn choose(offers: &BTreeMap<String, String>) -> Result<InstallPlan, NoPlan> {
    let with_source = offers.iter().filter_map(|(package, version)| {
        let source = source_of(package)?;
        let matches = upload(offers.get(&source)?) == upload(version);
        matches.then_some((Release::parse(upload(version))?, package, source))
    });
    let (release, package, source) = with_source.max().ok_or(NoPlan::NoCompiler)?;
    if release < Release::required() {
        let (version, required) = (release.to_string(), Release::required().to_string());
        return Err(NoPlan::TooOld { package: package.clone(), version, required });
    }
    let linkers = offers.keys().filter_map(|package| Some((number(package, LINKER)?, package)));
    let (_, linker) = linkers.max().ok_or(NoPlan::NoLinker)?;
    Ok(InstallPlan { packages: vec![package.clone(), source, linker.clone()] })
}

/// The newest compiler for C that comes with the linker of its own release.
fn choose_pair(offers: &BTreeMap<String, String>) -> Result<InstallPlan, NoPlan> {
    let is_offered = |number: &u32| pair(*number).iter().all(|package| offers.contains_key(package));
    let newest = offers.keys().filter_map(|package| number(package, CLANG)).filter(is_offered).max();
    Ok(InstallPlan { packages: pair(newest.ok_or(NoPlan::NoClang)?).to_vec() })
}

/// A package's version without its epoch and without the mark of a rebuild (`+b1`), which a source never has.
fn upload(version: &str) -> &str {
    let version = version.split_once(':').map_or(version, |(_, version)| version);
    match version.rsplit_once("+b") {
        Some((upload, rebuild)) if rebuild.bytes().all(|b| b.is_ascii_digit()) => upload,
        _ => version,
    }
}

fn is_root(path_dirs: &[PathBuf]) -> Result<bool, ProcessError> {
    let Some(id) = program(path_dirs, "id") else {
        return Ok(false);
    };
    let mut user = question(&id);
    user.arg("-u");
    Ok(run(user, LIMIT)?.trim() == "0")
}
