//! Installing the tools and the example skills for everyday use.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};

use cargo_metadata::camino::Utf8Path;

use crate::error::Error;
use crate::process::Task;
use crate::workspace::Workspace;
use crate::{shell, sign, skills, tools};

/// Install tools, example skills and the trust in them into your own places, so that `vak-run calculator` works everywhere
///
/// The tools are installed by `cargo install`, optimised as they are shipped. The skills in `skills/` are built, signed
/// with this checkout's key for development, and put into your store; your trust root, which is made if there is none, then
/// trusts that key for their names and no others. Your places are the XDG folders, or those below VAK_HOME; a VAK_HOME of
/// this checkout's does not count.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Install the tools into DIR/bin; cargo's own folder, if not given
    #[arg(long, value_name = "DIR")]
    root: Option<PathBuf>,
    /// Copy the tools as they were last built, instead of compiling them as they are shipped
    #[arg(long)]
    as_built: bool,
    /// Install into a home that is gone afterwards, with the tools as they were last built, and run the calculator there
    #[arg(long, conflicts_with_all = ["root", "as_built"])]
    check: bool,
}

/// Where things go.
struct Places {
    /// The folder of the tools.
    bin: PathBuf,
    /// The environment that decides where the tools keep their files.
    env: Vec<(&'static str, PathBuf)>,
}

const FIRST_RUN: &[&str] = &["calculator", "--input", r#"{"operation":"add","a":2,"b":3}"#];

/// What the key for development is called in the trust root.
const LABEL: &str = "VAK's example skills, built here";

pub(crate) fn run(workspace: &Workspace, args: &Args) -> Result<(), Error> {
    if args.check {
        return verify(workspace);
    }
    let places = Places { bin: bin(args.root.as_deref()), env: own_places(workspace) };
    if args.as_built {
        copy_tools(workspace, &places)?;
    } else {
        install_tools(workspace, args)?;
    }
    install_skills(workspace, &places)?;
    print!("{}", next(&places));
    Ok(())
}

/// Installs everything into a home that is gone afterwards, and runs a skill from `/`.
pub(crate) fn verify(workspace: &Workspace) -> Result<(), Error> {
    let failed = |source| Error::File { doing: "making", path: env::temp_dir(), source };
    let home = tempfile::tempdir().map_err(failed)?;
    let below = |name: &str| home.path().join(name);
    let places = Places { bin: below("bin"), env: vec![("VAK_HOME", PathBuf::new()), ("HOME", below("home"))] };
    // What the XDG variables of the caller say is not below that home.
    let xdg =
        ["XDG_CONFIG_HOME", "XDG_CACHE_HOME", "XDG_STATE_HOME", "XDG_DATA_HOME"].map(|name| (name, PathBuf::new()));
    let places = Places { env: places.env.into_iter().chain(xdg).collect(), ..places };
    copy_tools(workspace, &places)?;
    install_skills(workspace, &places)?;
    install_skills(workspace, &places)?;
    let answer = places.task(workspace, "vak-run").args(FIRST_RUN).in_folder("/").run_for_stdout()?;
    let stored = home.path().join("home/.local/share/vak/store/index.json");
    if answer.trim_end() == r#"{"result":5}"# && stored.is_file() {
        println!("install: the calculator adds 2 and 3 from /");
        return Ok(());
    }
    Err(Error::Unknown(format!("the installed calculator says {answer:?}"), "look at xtask/src/install.rs".to_owned()))
}

fn install_tools(workspace: &Workspace, args: &Args) -> Result<(), Error> {
    let root = args.root.iter().flat_map(|dir| ["--root".to_owned(), dir.display().to_string()]).collect::<Vec<_>>();
    // Skills are built and signed by the tools of the checkout.
    tools::build(workspace)?;
    workspace.tools.iter().try_for_each(|tool| {
        let path = format!("crates/{tool}");
        Task::cargo(workspace).args(["install", "--profile", "dist", "--locked", "--path", &path]).args(&root).run()
    })
}

/// Each tool appears whole or not at all: one that runs is not written over.
fn copy_tools(workspace: &Workspace, places: &Places) -> Result<(), Error> {
    let failed = |path: &Path| {
        let path = path.to_owned();
        move |source| Error::File { doing: "writing", path, source }
    };
    fs::create_dir_all(&places.bin).map_err(failed(&places.bin))?;
    workspace.tools.iter().try_for_each(|tool| {
        let (unfinished, path) = (places.bin.join(format!(".new-{tool}")), places.bin.join(tool));
        fs::copy(workspace.tool(tool), &unfinished).map_err(failed(&unfinished))?;
        fs::rename(&unfinished, &path).map_err(failed(&path))
    })
}

/// Builds, signs and stores the example skills, and has the user's trust root trust them.
fn install_skills(workspace: &Workspace, places: &Places) -> Result<(), Error> {
    let names = examples(skills::choose(workspace, &[])?);
    sign::ensure_key(workspace)?;
    let mut artefacts = Vec::new();
    for name in &names {
        let artefact = skills::build_one(workspace, name)?;
        sign::sign(workspace, &artefact)?;
        artefacts.push(artefact);
    }
    trust(workspace, places, &names, &artefacts)?;
    places.task(workspace, "vak-run").args(["store", "add", "--replace"]).args(&artefacts).run()
}

/// The skills that show what can be done; those that attack stay where they are.
fn examples(names: Vec<String>) -> Vec<String> {
    names.into_iter().filter(|name| !name.contains('/')).collect()
}

/// Has the user's trust root trust the key for development with the names of the examples, unless it does.
fn trust(workspace: &Workspace, places: &Places, names: &[String], artefacts: &[String]) -> Result<(), Error> {
    if places.task(workspace, "vak-skill-verify").args(artefacts).succeeds() {
        return Ok(());
    }
    if !places.task(workspace, "vak-skill-sign").args(["trust", "show"]).succeeds() {
        places.task(workspace, "vak-skill-sign").args(["trust", "init"]).run()?;
    }
    let key = workspace.own_home().join("config/keys/default.pub");
    let roles = names.iter().flat_map(|name| ["--role".to_owned(), format!("publisher:{name}")]);
    let task = places.task(workspace, "vak-skill-sign").args(["trust", "add", key.as_str(), "--label", LABEL]);
    task.args(roles.collect::<Vec<_>>()).run()
}

impl Places {
    /// An installed tool, with the user's own places.
    fn task(&self, workspace: &Workspace, tool: &str) -> Task {
        let path = self.bin.join(tool);
        let path = Utf8Path::from_path(&path).map_or_else(|| tool.to_owned(), ToString::to_string);
        self.env.iter().fold(Task::program(workspace, &path), |task, (name, value)| task.in_env(name, value))
    }
}

/// Where cargo installs to.
fn bin(root: Option<&Path>) -> PathBuf {
    let named = |name: &str| env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    let home = || named("HOME").unwrap_or_default().join(".cargo");
    let root = root.map(Path::to_owned).or_else(|| named("CARGO_INSTALL_ROOT")).or_else(|| named("CARGO_HOME"));
    root.unwrap_or_else(home).join("bin")
}

/// What the tools are told about where to keep their files: nothing, unless `cargo xtask env` has moved them here.
fn own_places(workspace: &Workspace) -> Vec<(&'static str, PathBuf)> {
    let moved_here = env::var_os("VAK_HOME").is_some_and(|home| Path::new(&home) == workspace.own_home());
    moved_here.then(|| ("VAK_HOME", PathBuf::new())).into_iter().collect()
}

fn next(places: &Places) -> String {
    let on_path = env::var_os("PATH").is_some_and(|path| env::split_paths(&path).any(|folder| folder == places.bin));
    let bin = places.bin.display().to_string();
    let path = if on_path { String::new() } else { format!("export PATH={}:\"$PATH\"\n", shell::quote(&bin)) };
    let first = FIRST_RUN.iter().map(|word| shell::word(word)).collect::<Vec<_>>().join(" ");
    format!("\n{path}cd / && vak-run {first}\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_skills_that_attack_are_not_installed() {
        let names = ["calculator", "hostile/panics"].map(str::to_owned).to_vec();
        assert_eq!(examples(names), ["calculator"]);
    }

    #[test]
    fn what_is_said_at_the_end_can_be_pasted() {
        let places = Places { bin: "/some where/bin".into(), env: Vec::new() };
        let next = next(&places);
        assert!(next.contains("export PATH='/some where/bin':\"$PATH\"\n"), "{next}");
        assert!(next.ends_with("vak-run calculator --input '{\"operation\":\"add\",\"a\":2,\"b\":3}'\n"), "{next}");
    }

    #[test]
    fn cargo_s_folder_holds_the_tools_unless_another_is_named() {
        assert_eq!(bin(Some(Path::new("/x"))), Path::new("/x/bin"));
        assert!(bin(None).ends_with("bin"));
    }
}
