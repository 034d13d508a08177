//! Running `cargo build`: the author reads what it says to people, this tool what it says to machines.

use std::env;
use std::ffi::OsString;
use std::io::BufReader;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use cargo_metadata::Message;
use vak_toolchain::{Search, TARGET, Toolchain, encode_flags, profile, standard_flags};

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
    standard_flags: Vec<OsString>,
    standard_target: PathBuf,
    time_is_set: bool,
}

impl Cargo {
    /// With what `search` found. Reads the environment for whether build scripts are told a time.
    pub(crate) fn from_process(search: Search, toolchain: Toolchain) -> Self {
        Self {
            standard_target: search.target_dir(),
            standard_flags: standard_flags(&search.cargo_home, toolchain.sysroot_source().as_deref()),
            time_is_set: env::var_os(TIME).is_some(),
            program: search.cargo,
            toolchain,
        }
    }

    pub(crate) const fn toolchain(&self) -> &Toolchain {
        &self.toolchain
    }

    /// The flags for the standard library; what is compiled for skills has them too.
    pub(crate) fn standard_flags(&self) -> &[OsString] {
        &self.standard_flags
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

    /// Cargo building a library and the standard library from its source, where the toolchain's proof has built it.
    pub(crate) fn build_from_source(&self) -> Command {
        let mut cargo = self.start();
        self.toolchain.configure(&mut cargo);
        self.finish(cargo, &self.standard_flags, &self.standard_target)
    }

    fn start(&self) -> Command {
        let mut cargo = Command::new(&self.program);
        cargo.args(["build", "--release", "--lib", "--message-format=json-render-diagnostics"]);
        cargo
    }

    fn finish(&self, mut cargo: Command, flags: &[OsString], target_dir: &Path) -> Command {
        cargo.args(profile());
        cargo.env("CARGO_ENCODED_RUSTFLAGS", encode_flags(flags));
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
