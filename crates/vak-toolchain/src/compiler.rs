//! What a compiler says about itself.

use std::env::consts::EXE_SUFFIX;
use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::process::{question, run};
use crate::release::Release;
use crate::{Failure, TARGET};

/// A `rustc` that answered, and is new enough.
#[derive(Clone, Debug)]
pub(crate) struct Compiler {
    /// The program itself. Never rustup's proxy, which is another compiler in another folder.
    pub(crate) path: PathBuf,
    /// The line of `rustc --version`.
    pub(crate) version: String,
    /// All that `rustc -vV` says.
    pub(crate) details: String,
    /// Where its libraries lie.
    pub(crate) sysroot: PathBuf,
    /// Where the precompiled standard library of the target lies, if there is one.
    pub(crate) target_libdir: PathBuf,
    host: String,
}

impl Compiler {
    /// Asks the compiler who it is.
    pub(crate) fn ask(rustc: &Path, limit: Duration) -> Result<Self, Failure> {
        let mut identity = question(rustc);
        identity.arg("-vV");
        let details = run(identity, limit)?.trim_end().to_owned();
        let mut places = question(rustc);
        places.args(["--print", "sysroot", "--print", "target-libdir", "--target", TARGET]);
        let places = run(places, limit)?;

        let unclear = || Failure::UnclearCompiler { rustc: rustc.to_owned() };
        let release = field(&details, "release: ").and_then(Release::parse).ok_or_else(unclear)?;
        let host = field(&details, "host: ").ok_or_else(unclear)?.to_owned();
        let version = details.lines().next().ok_or_else(unclear)?.to_owned();
        let (sysroot, target_libdir) = places.trim_end().split_once('\n').ok_or_else(unclear)?;
        if release < Release::required() {
            return Err(Failure::TooOld { version, required: Release::required().to_string() });
        }
        let (sysroot, target_libdir) = (PathBuf::from(sysroot.trim_end()), PathBuf::from(target_libdir));
        Ok(Self { path: itself(rustc, &sysroot), version, details, sysroot, target_libdir, host })
    }

    /// Whether a precompiled standard library of the target is installed.
    pub(crate) fn has_target(&self) -> bool {
        self.target_libdir.is_dir()
    }

    /// Where the sources of the standard library lie, if they are installed.
    pub(crate) fn source(&self) -> PathBuf {
        self.sysroot.join("lib/rustlib/src/rust")
    }

    /// Whether the sources of the standard library are installed.
    pub(crate) fn has_source(&self) -> bool {
        self.source().join("library").is_dir()
    }

    /// Whether the compiler brings the linker that it calls by default.
    pub(crate) fn has_linker(&self) -> bool {
        let tools = self.sysroot.join("lib/rustlib").join(&self.host).join("bin");
        tools.join(format!("rust-lld{EXE_SUFFIX}")).is_file()
    }
}

/// The compiler behind a proxy: the one in the folder that it works with.
fn itself(rustc: &Path, sysroot: &Path) -> PathBuf {
    let behind = sysroot.join("bin").join(format!("rustc{EXE_SUFFIX}"));
    let numbered = rustc.file_stem().is_some_and(|name| name != "rustc");
    if behind.is_file() && !numbered { behind } else { rustc.to_owned() }
}

fn field<'a>(details: &'a str, label: &str) -> Option<&'a str> {
    details.lines().find_map(|line| line.strip_prefix(label))
}
