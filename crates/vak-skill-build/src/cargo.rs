//! Running `cargo build`: the author reads what it says to people, this tool what it says to machines.

use std::env;
use std::ffi::OsString;
use std::io::BufReader;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use cargo_metadata::Message;
use vak_toolchain::{TARGET, Toolchain};

use crate::flags::{Places, encode, profile};
use crate::{Error, Problems};

/// The variable by which build scripts are told the time.
const TIME: &str = "SOURCE_DATE_EPOCH";

/// What permits unstable features. Only the standard library's build needs it, and no other crate shall see it: many
/// ask whether they may use unstable features, and would then be another program.
const BOOTSTRAP: &str = "RUSTC_BOOTSTRAP";

/// A cargo with a compiler that is known to work.
#[derive(Debug)]
pub(crate) struct Cargo {
    program: PathBuf,
    toolchain: Toolchain,
    home: PathBuf,
    standard_source: Option<PathBuf>,
    time_is_set: bool,
}

impl Cargo {
    /// Reads the environment for where cargo's home is, and whether build scripts are told a time.
    pub(crate) fn from_process(program: PathBuf, toolchain: Toolchain) -> Self {
        let named = env::var_os("CARGO_HOME").filter(|home| !home.is_empty()).map(PathBuf::from);
        let home = named.or_else(|| env::home_dir().map(|user| user.join(".cargo"))).unwrap_or_default();
        Self {
            home: std::path::absolute(&home).unwrap_or(home),
            standard_source: toolchain.sysroot_source(),
            time_is_set: env::var_os(TIME).is_some(),
            program,
            toolchain,
        }
    }

    pub(crate) const fn toolchain(&self) -> &Toolchain {
        &self.toolchain
    }

    /// The folders that must not stand in a module.
    pub(crate) fn places(&self) -> Places<'_> {
        Places { cargo_home: &self.home, standard_source: self.standard_source.as_deref() }
    }

    /// Cargo building a library with a standard library that is there, or, if it comes from source, in the sysroot that
    /// `flags` name.
    pub(crate) fn build(&self, flags: &[OsString], target_dir: &Path) -> Command {
        let mut cargo = self.start();
        let mut configured = Command::new(&self.program);
        self.toolchain.configure(&mut configured);
        for (name, value) in configured.get_envs().filter(|(name, _)| *name != BOOTSTRAP) {
            match value {
                Some(value) => cargo.env(name, value),
                None => cargo.env_remove(name),
            };
        }
        cargo.env_remove(BOOTSTRAP).args(["--target", TARGET]);
        self.finish(cargo, flags, target_dir)
    }

    /// Cargo building a library and, if it comes from source, the standard library with it.
    pub(crate) fn build_from_source(&self, flags: &[OsString], target_dir: &Path) -> Command {
        let mut cargo = self.start();
        self.toolchain.configure(&mut cargo);
        self.finish(cargo, flags, target_dir)
    }

    fn start(&self) -> Command {
        let mut cargo = Command::new(&self.program);
        cargo.args(["build", "--release", "--lib", "--message-format=json-render-diagnostics"]);
        cargo
    }

    fn finish(&self, mut cargo: Command, flags: &[OsString], target_dir: &Path) -> Command {
        cargo.args(profile());
        cargo.env("CARGO_ENCODED_RUSTFLAGS", encode(flags));
        cargo.env("CARGO_TARGET_DIR", target_dir).env("CARGO_BUILD_BUILD_DIR", target_dir);
        if !self.time_is_set {
            cargo.env(TIME, "0");
        }
        cargo
    }
}

/// Runs cargo, shows `seen` every message of it, and says whether it was content. It speaks to people on stderr itself.
pub(crate) fn run(mut cargo: Command, seen: &mut dyn FnMut(Message)) -> Result<bool, Problems> {
    let program = PathBuf::from(cargo.get_program());
    let failed = |source| Error::Cargo { program: program.clone(), source };
    cargo.stdin(Stdio::null()).stdout(Stdio::piped());
    let mut child = cargo.spawn().map_err(failed)?;
    if let Some(stdout) = child.stdout.take() {
        Message::parse_stream(BufReader::new(stdout)).map_while(Result::ok).for_each(seen);
    }
    Ok(child.wait().map_err(failed)?.success())
}
