//! Building the skills of this repository.

use std::fs;

use cargo_metadata::camino::Utf8Path;

use crate::error::Error;
use crate::process::Task;
use crate::tools;
use crate::workspace::Workspace;

/// Build the skills in `skills/` with `vak-skill-build`, after the tools
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// The skills to build, such as `calculator`; all, if none is named
    #[arg(value_name = "NAME")]
    names: Vec<String>,
}

pub(crate) fn run(workspace: &Workspace, args: &Args) -> Result<(), Error> {
    let names = choose(workspace, &args.names)?;
    tools::build(workspace)?;
    build(workspace, &names)
}

/// Builds the named skills, or all, with the tool as it was last built; stops at the first that fails.
pub(crate) fn build(workspace: &Workspace, names: &[String]) -> Result<(), Error> {
    let names = choose(workspace, names)?;
    names.iter().try_for_each(|name| {
        println!("{}", build_one(workspace, name)?);
        Ok(())
    })
}

/// Builds a skill; returns its artefact's path. A signature that is on it already stays there if nothing has changed.
pub(crate) fn build_one(workspace: &Workspace, name: &str) -> Result<String, Error> {
    let task = Task::tool(workspace, "vak-skill-build").args([format!("skills/{name}")]);
    Ok(task.run_for_stdout()?.trim_end().to_owned())
}

/// The skills that are named, or all.
pub(crate) fn choose(workspace: &Workspace, names: &[String]) -> Result<Vec<String>, Error> {
    choose_of(names, &known(&workspace.root)?)
}

/// Every folder of `skills/`, and of `skills/hostile/`, that has a `skill.yaml`; sorted.
fn known(root: &Utf8Path) -> Result<Vec<String>, Error> {
    let mut known = Vec::new();
    for group in ["", "hostile/"] {
        let folder = root.join("skills").join(group);
        if folder.is_dir() {
            let names = sub_folders(&folder)?.into_iter().filter(|name| folder.join(name).join("skill.yaml").is_file());
            known.extend(names.map(|name| format!("{group}{name}")));
        }
    }
    known.sort();
    Ok(known)
}

fn sub_folders(folder: &Utf8Path) -> Result<Vec<String>, Error> {
    let failed = |source| Error::File { doing: "reading", path: folder.into(), source };
    let entries = fs::read_dir(folder).map_err(failed)?.collect::<Result<Vec<_>, _>>().map_err(failed)?;
    Ok(entries.into_iter().filter_map(|entry| entry.file_name().into_string().ok()).collect())
}

fn choose_of(names: &[String], known: &[String]) -> Result<Vec<String>, Error> {
    if names.is_empty() {
        return Ok(known.to_vec());
    }
    match names.iter().find(|name| !known.contains(name)) {
        None => Ok(names.to_vec()),
        Some(name) => Err(Error::Unknown(
            format!("there is no `skills/{name}/skill.yaml`"),
            format!("name one of these: {}", known.join(", ")),
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(words: &[&str]) -> Vec<String> {
        words.iter().map(|word| (*word).to_owned()).collect()
    }

    #[test]
    fn without_names_all_skills_are_built() {
        let known = words(&["calculator", "hostile/loop"]);
        assert_eq!(choose_of(&[], &known).expect("nothing is unknown"), known);
    }

    #[test]
    fn an_unknown_name_is_refused_with_those_that_are_known() {
        let refused = choose_of(&words(&["calculator", "calc"]), &words(&["calculator"])).expect_err("calc is unknown");
        assert!(refused.report().contains("`skills/calc/skill.yaml`"), "{}", refused.report());
        assert!(refused.report().contains("name one of these: calculator"), "{}", refused.report());
    }

    #[test]
    fn only_folders_with_a_manifest_are_skills() {
        let root = tempfile::tempdir().expect("a folder");
        for path in ["skills/a/src", "skills/b", "skills/hostile/c", "skills/hostile/src"] {
            fs::create_dir_all(root.path().join(path)).expect("a folder");
        }
        for path in ["skills/a/skill.yaml", "skills/hostile/c/skill.yaml"] {
            fs::write(root.path().join(path), "").expect("a file");
        }
        let root = Utf8Path::from_path(root.path()).expect("UTF-8");
        assert_eq!(known(root).expect("readable"), ["a", "hostile/c"]);
    }
}
