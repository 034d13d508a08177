//! Finding, or installing, a toolchain that builds skills.

use std::path::PathBuf;

use vak_toolchain::{
    Attempt, Clang, ClangSearch, Failure, InstallPlan, Installs, NoPlan, NotFound, Search, StandardLibrary, Step,
    Toolchain,
};

use crate::error::Error;
use crate::process::Task;
use crate::workspace::Workspace;

/// Find a toolchain that builds skills for wasm; install one where none is found
///
/// What is there is tried first, each by a small build. If nothing works, `rustup target add` is tried; after that, as
/// root on a Debian-like system, the packages of a compiler, its source and a linker are installed: you see which.
/// Where that is not possible, you see what was tried and the command that would help; the exit status is then 3.
///
/// A compiler for C, which only skills in C need, is found or installed in the same way. Without one you see why, and
/// the exit status stays 0.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Install nothing, only look
    #[arg(long)]
    check: bool,
}

pub(crate) fn run(workspace: &Workspace, args: &Args) -> Result<(), Error> {
    let found = if args.check { search(workspace, Installs::Forbidden)? } else { find_or_install(workspace)? };
    print!("{}", describe(&found));
    let clang =
        if args.check { search_clang(workspace).map_err(Error::from) } else { find_or_install_clang(workspace) };
    match clang {
        Ok(found) => print!("{}", describe_clang(&found)),
        Err(error) => eprintln!("skills in C can't be built here:\n{}", error.report()),
    }
    Ok(())
}

/// Finds a toolchain for Rust, and shows it; installs one if there is none.
pub(crate) fn ensure(workspace: &Workspace) -> Result<(), Error> {
    print!("{}", describe(&find_or_install(workspace)?));
    Ok(())
}

/// Finds or installs all that there is a use for.
pub(crate) fn everything(workspace: &Workspace) -> Result<(), Error> {
    run(workspace, &Args { check: false })
}

/// From the least to the most that it does to the machine.
fn find_or_install(workspace: &Workspace) -> Result<Toolchain, Error> {
    match search(workspace, Installs::Forbidden) {
        Ok(found) => return Ok(found),
        Err(not_found) if is_configured(workspace) => return Err(not_found.into()),
        Err(_) => {}
    }
    let not_found = match search(workspace, Installs::Allowed) {
        Ok(found) => return Ok(found),
        Err(not_found) => not_found,
    };
    install_or(workspace, InstallPlan::for_debian, not_found)?;
    Ok(search(workspace, Installs::Forbidden)?)
}

fn find_or_install_clang(workspace: &Workspace) -> Result<Clang, Error> {
    let not_found = match search_clang(workspace) {
        Ok(found) => return Ok(found),
        Err(not_found) => not_found,
    };
    let search = clang_searcher(workspace);
    if search.configured.is_some() || search.linker.is_some() {
        return Err(not_found.into());
    }
    install_or(workspace, InstallPlan::of_clang, not_found)?;
    Ok(search_clang(workspace)?)
}

/// Which packages would do, for a system with these folders of programs.
type Planner = fn(&[PathBuf]) -> Result<InstallPlan, NoPlan>;

/// Installs packages; where that is not possible, the answer is why it was tried.
fn install_or(workspace: &Workspace, planner: Planner, not_found: NotFound) -> Result<(), Error> {
    match plan(workspace, planner) {
        Ok(plan) => install(workspace, &plan),
        Err(why) => {
            eprintln!("no package was installed: {why}");
            Err(not_found.into())
        }
    }
}

fn search(workspace: &Workspace, installs: Installs) -> Result<Toolchain, NotFound> {
    searcher(workspace, installs).find(&mut |step| eprintln!("  {}", describe_step(step)))
}

fn search_clang(workspace: &Workspace) -> Result<Clang, NotFound> {
    clang_searcher(workspace).find(&mut |step| eprintln!("  {}", describe_step(step)))
}

/// Whether the caller chose a compiler or linker: if that does not work, no package would help.
fn is_configured(workspace: &Workspace) -> bool {
    let search = searcher(workspace, Installs::Forbidden);
    search.configured.is_some() || search.linker.is_some()
}

fn searcher(workspace: &Workspace, installs: Installs) -> Search {
    Search::from_process(proofs(workspace), installs)
}

fn clang_searcher(workspace: &Workspace) -> ClangSearch {
    ClangSearch::from_process(proofs(workspace))
}

fn proofs(workspace: &Workspace) -> PathBuf {
    workspace.vak_home().join("cache/toolchain")
}

/// The packages to install; the lists of packages are fetched first where there are none, as in a fresh container.
fn plan(workspace: &Workspace, planner: Planner) -> Result<InstallPlan, NoPlan> {
    let path_dirs = searcher(workspace, Installs::Forbidden).path_dirs;
    match planner(&path_dirs) {
        Err(NoPlan::NoLists) if is_root(workspace) => {
            eprintln!("there are no lists of packages yet; fetching them");
            Task::program(workspace, "apt-get").args(["update"]).run().map_err(|_| NoPlan::NoLists)?;
            planner(&path_dirs)
        }
        planned => planned,
    }
}

fn is_root(workspace: &Workspace) -> bool {
    Task::program(workspace, "id").args(["-u"]).stdout().is_ok_and(|user| user.trim_ascii() == b"0")
}

fn install(workspace: &Workspace, plan: &InstallPlan) -> Result<(), Error> {
    eprintln!("installing these packages, and removing none: {}", plan.packages().join(", "));
    plan.commands().iter().try_for_each(|command| {
        Task::program(workspace, &command[0])
            .args(&command[1..])
            .env("DEBIAN_FRONTEND", "noninteractive")
            .next(
                "mend what apt says above, or install a toolchain by hand: `cargo xtask setup --check` lists the ways",
            )
            .run()
    })
}

fn describe_step(step: Step<'_>) -> String {
    match step {
        Step::Trying(way) => format!("trying {way}"),
        Step::Building(_, StandardLibrary::Precompiled) => "building a small module".to_owned(),
        Step::Building(_, StandardLibrary::FromSource) => {
            "building a small module, and the standard library from its source: about half a minute".to_owned()
        }
        Step::Remembered(_) => "it built a module before".to_owned(),
        Step::Failed(Attempt { failure: Failure::NotPermitted, .. }) => {
            "not tried: it would install something".to_owned()
        }
        Step::Failed(attempt) => format!("no: {attempt}"),
    }
}

fn describe(found: &Toolchain) -> String {
    let library = match found.standard_library() {
        StandardLibrary::Precompiled => "comes with it",
        StandardLibrary::FromSource => "is built from its source",
    };
    let linker = found.linker().map_or("its own".to_owned(), |linker| linker.display().to_string());
    format!(
        "wasm toolchain: {}\n  compiler: {} ({})\n  linker: {linker}\n  the standard library {library}\n  proved by building a module\n",
        found.way(),
        found.rustc().display(),
        found.version(),
    )
}

fn describe_clang(found: &Clang) -> String {
    format!(
        "compiler for C: {} ({})\n  linker: {}\n  proved by building a module\n",
        found.path().display(),
        found.version(),
        found.linker_path().display(),
    )
}
