//! Building a skill twice, in circumstances that must not show: other folders, other people, more or fewer compilers at
//! once, with and without what earlier builds have left.
//!
//! The source is copied to two folders that are gone afterwards, and nothing is written into the skill's own.

use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};

use serde::Serialize;
use vak_cli::{Failure, Ui};
use vak_model::{Code, ModuleId};
use vak_package::Artefact as _;

use crate::build::{Made, Variation, make};
use crate::{Error, Order, Problems, Project, difference, search};

/// The most files and bytes that are copied.
const MAX_FILES: usize = 20_000;
const MAX_BYTES: u64 = 256 << 20;

/// How deep folders may lie in each other.
const MAX_DEPTH: usize = 32;

/// What is not source: what is built, and what tools keep for themselves.
const NOT_COPIED: [&str; 3] = ["target", ".git", ".vak"];

/// Two builds, and what came of them.
#[derive(Debug, Serialize)]
pub(crate) struct Reproduced {
    digest: ModuleId,
    toolchain: String,
    identical: bool,
    /// Where the two modules differ first.
    difference: Option<String>,
}

impl Reproduced {
    /// For people.
    pub(crate) fn tell(&self, ui: &mut Ui) -> Result<(), Failure> {
        ui.note("built twice, in two folders, as two users")?;
        ui.note(&format!("  made by: {}", self.toolchain))?;
        Ok(ui.line(&format!("identical: {}", self.digest))?)
    }

    /// The failure, if they differ.
    pub(crate) fn verdict(&self) -> Result<(), Failure> {
        match &self.difference {
            None => Ok(()),
            Some(difference) => Err(Failure::new(Code::BuildDiffers, "two builds of the same source differ")
                .fact("first", format!("in {difference}"))
                .fact(
                    "look for",
                    "the time, names of folders or users, and the order of hashed things, in build scripts and macros",
                )),
        }
    }
}

/// Builds twice, and holds one beside the other.
pub(crate) fn reproduce(order: &Order, ui: &mut Ui) -> Result<Reproduced, Problems> {
    let checked = order.check()?;
    let root = root(order, &checked.project)?;
    let folder = tempfile::Builder::new().prefix("vak-").tempdir().map_err(Error::Output)?;
    let scratch = folder.path().canonicalize().map_err(Error::Output)?;
    let far = scratch.join("a-much-longer-name-of-a-folder/than/the-other-one-has");
    let one = build_in(&root, &scratch.join("a"), circumstances(order, &scratch, "one", 1, false), order, ui)?;
    let other = build_in(&root, &far, circumstances(order, &scratch, "another-one", 2, true), order, ui)?;
    let difference = difference::first(one.package.bytes(), other.package.bytes());
    Ok(Reproduced { digest: one.package.id(), toolchain: one.toolchain, identical: difference.is_none(), difference })
}

/// The folder that holds all of the source: that of the workspace, for a package in one.
fn root(order: &Order, project: &Project) -> Result<PathBuf, Error> {
    let failed = |source| Error::Sources { path: order.dir.clone(), source };
    let dir = order.dir.canonicalize().map_err(failed)?;
    match project {
        Project::Rust(project) => project.root.canonicalize().map_err(failed),
        Project::C(_) | Project::Wat(_) => Ok(dir),
    }
}

/// What another user's build sees, on this machine.
fn circumstances(order: &Order, scratch: &Path, user: &str, jobs: usize, cold: bool) -> Variation {
    let search = search::describe(&order.home, order.toolchain.as_deref());
    let home = std::env::var_os("HOME").map(PathBuf::from).unwrap_or_default();
    let rustup = std::env::var_os("RUSTUP_HOME").unwrap_or_else(|| home.join(".rustup").into());
    let env: Vec<(&str, OsString)> = vec![
        ("HOME", scratch.join("homes").join(user).into()),
        ("USER", user.into()),
        ("LOGNAME", user.into()),
        // Where crates and compilers lie does not move with the user: there are no others here.
        ("CARGO_HOME", search.cargo_home.into()),
        ("RUSTUP_HOME", rustup),
    ];
    Variation { env, jobs: Some(jobs), cold }
}

fn build_in(root: &Path, folder: &Path, variation: Variation, order: &Order, ui: &mut Ui) -> Result<Made, Problems> {
    let failed = |source| Error::Sources { path: root.to_owned(), source };
    let mut left = Left { files: MAX_FILES, bytes: MAX_BYTES };
    copy(root, folder, MAX_DEPTH, &mut left).map_err(failed)?;
    let dir = order.dir.canonicalize().map_err(failed)?;
    let inner = dir.strip_prefix(root).map(Path::to_owned).unwrap_or_default();
    let order = Order { dir: folder.join(inner), out: None, variation, quiet: true, ..order.clone() };
    make(&order, &order.check()?, ui)
}

/// How much may still be copied.
struct Left {
    files: usize,
    bytes: u64,
}

/// Copies the source. Links stay what they are; pipes and devices are no source.
fn copy(from: &Path, to: &Path, depth: usize, left: &mut Left) -> std::io::Result<()> {
    let too_much = || std::io::Error::other("there is more in it than the source of a skill");
    if depth == 0 {
        return Err(too_much());
    }
    fs::create_dir_all(to)?;
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        let (name, kind) = (entry.file_name(), entry.file_type()?);
        if NOT_COPIED.iter().any(|other| name == *other) {
            continue;
        }
        if kind.is_dir() {
            copy(&entry.path(), &to.join(name), depth - 1, left)?;
        } else if kind.is_file() {
            let size = entry.metadata()?.len();
            left.files = left.files.checked_sub(1).ok_or_else(too_much)?;
            left.bytes = left.bytes.checked_sub(size).ok_or_else(too_much)?;
            fs::copy(entry.path(), to.join(name))?;
        } else if kind.is_symlink() {
            let target = fs::read_link(entry.path())?;
            std::os::unix::fs::symlink(target, to.join(name))?;
        }
    }
    Ok(())
}
