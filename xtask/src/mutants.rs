//! The mutation check: shows that the golden cases of the skills can go red.
//!
//! A golden case that no mistake turns red proves nothing. Each mutant of the table is one mistake in one skill, built in a
//! copy of the sources; the build must fail because a golden case is red, and for no other reason. The checkout itself is
//! never changed.

mod table;

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Instant;

use crate::error::Error;
use crate::process::Task;
use crate::tools;
use crate::workspace::Workspace;
use table::{MUTANTS, Mutant};

/// Show that the skills' golden cases can go red: build each skill with one mistake at a time
///
/// Each mistake is made in a copy of the sources below the target folder; a golden case has to find it.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// The skills whose mutants to build, such as `calculator`; all, if none is named
    #[arg(value_name = "NAME")]
    names: Vec<String>,
}

pub(crate) fn run(workspace: &Workspace, args: &Args) -> Result<(), Error> {
    let chosen: Vec<&Mutant> = MUTANTS.iter().filter(|it| is_chosen(&args.names, it.skill)).collect();
    if let Some(name) = args.names.iter().find(|name| MUTANTS.iter().all(|it| it.skill != **name)) {
        return Err(Error::Unknown(format!("there is no mutant of `{name}`"), "name a skill of `skills/`".to_owned()));
    }
    tools::build(workspace)?;
    let copy = Copy::make(workspace)?;
    for skill in skills(&chosen) {
        copy.build(skill).stdout()?;
    }
    let alive = chosen.iter().map(|mutant| copy.is_alive(mutant)).collect::<Result<Vec<bool>, Error>>()?;
    match alive.into_iter().filter(|alive| *alive).count() {
        0 => Ok(()),
        count => Err(Error::Violations {
            count,
            next: "add a golden case that finds the mistake, or mend the line of `xtask/src/mutants/table.rs`"
                .to_owned(),
        }),
    }
}

/// All of them, as CI does.
pub(crate) fn all(workspace: &Workspace) -> Result<(), Error> {
    run(workspace, &Args { names: Vec::new() })
}

fn is_chosen(names: &[String], skill: &str) -> bool {
    names.is_empty() || names.iter().any(|name| name == skill)
}

/// The skills of these mutants, each once.
fn skills<'a>(mutants: &[&'a Mutant]) -> Vec<&'a str> {
    let mut skills: Vec<&str> = mutants.iter().map(|mutant| mutant.skill).collect();
    skills.dedup();
    skills
}

/// A copy of everything that cargo needs for the skills.
struct Copy<'a> {
    workspace: &'a Workspace,
    root: PathBuf,
}

impl<'a> Copy<'a> {
    /// Copies what git knows or could be told of. Cargo takes up what an earlier copy has built.
    fn make(workspace: &'a Workspace) -> Result<Self, Error> {
        let root = workspace.bin_dir.with_file_name("mutants").into_std_path_buf();
        let copy = Self { workspace, root };
        let listed = ["ls-files", "-z", "--cached", "--others", "--exclude-standard"];
        let listed = Task::program(workspace, "git").args(listed).stdout()?;
        for name in String::from_utf8_lossy(&listed).split_terminator('\0') {
            let from = workspace.root.join(name);
            if from.is_file() {
                replace(&copy.root.join(name), &read(from.as_std_path())?)?;
            }
        }
        Ok(copy)
    }

    /// The build of a skill of the copy.
    fn build(&self, skill: &str) -> Task {
        let folder = self.root.join("skills").join(skill);
        // A mistake that only costs fuel is none of these.
        Task::tool(self.workspace, "vak-skill-build").args([&*folder.to_string_lossy(), "--accept-fuel", "--json"])
    }

    /// Builds one mutant, says what became of it, and puts the source back.
    fn is_alive(&self, mutant: &Mutant) -> Result<bool, Error> {
        let begun = Instant::now();
        let file = self.root.join("skills").join(mutant.skill).join("src").join(mutant.file);
        let source = read(&file)?;
        let text = String::from_utf8_lossy(&source);
        let verdict = if text.matches(mutant.from).count() == 1 {
            replace(&file, text.replace(mutant.from, mutant.to).as_bytes())?;
            let report = self.build(mutant.skill).answer();
            replace(&file, &source)?;
            Verdict::of(&report?)
        } else {
            Verdict::Stale
        };
        let Mutant { skill, export, from, to, .. } = mutant;
        let took = begun.elapsed().as_secs_f64();
        println!("{:<9} {skill}.{export}: `{from}` -> `{to}` ({took:.1} s)", verdict.word());
        Ok(verdict != Verdict::Killed)
    }
}

/// What became of a mutant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Verdict {
    /// A golden case is red.
    Killed,
    /// All golden cases are green.
    Survived,
    /// It could not be built, or its cases not be run.
    Broken,
    /// The source has no such place, or more than one.
    Stale,
}

impl Verdict {
    /// Of the report that `vak-skill-build --json` writes.
    fn of(report: &str) -> Self {
        if report.contains(r#""error":null"#) {
            Self::Survived
        } else if report.contains(r#""error":{"code":"golden.failed""#) {
            Self::Killed
        } else {
            Self::Broken
        }
    }

    const fn word(self) -> &'static str {
        match self {
            Self::Killed => "killed",
            Self::Survived => "SURVIVED",
            Self::Broken => "BROKEN",
            Self::Stale => "STALE",
        }
    }
}

fn read(file: &Path) -> Result<Vec<u8>, Error> {
    fs::read(file).map_err(|source| Error::File { doing: "reading", path: file.to_owned(), source })
}

/// Writes a file if it has other bytes: cargo looks at the time of the last change.
fn replace(file: &Path, bytes: &[u8]) -> Result<(), Error> {
    if fs::read(file).is_ok_and(|there| there == bytes) {
        return Ok(());
    }
    let folder = file.parent().map_or(Ok(()), fs::create_dir_all);
    folder.and_then(|()| fs::write(file, bytes)).map_err(|source| Error::File {
        doing: "writing",
        path: file.to_owned(),
        source,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(name: &str) -> String {
        let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(name);
        fs::read_to_string(&file).unwrap_or_else(|error| panic!("{}: {error}", file.display()))
    }

    /// The exports that a manifest lists.
    fn exports(skill: &str) -> Vec<String> {
        let manifest = text(&format!("skills/{skill}/skill.yaml"));
        let lines = manifest.lines().skip_while(|line| *line != "exports:").skip(1);
        let lines = lines.take_while(|line| line.starts_with(' '));
        lines.filter_map(|line| line.strip_prefix("  - name: ")).map(str::to_owned).collect()
    }

    #[test]
    fn every_export_has_a_mutant() {
        for skill in skills(&MUTANTS.iter().collect::<Vec<_>>()) {
            let exports = exports(skill);
            assert!(!exports.is_empty(), "{skill}");
            for export in exports {
                assert!(MUTANTS.iter().any(|it| it.skill == skill && it.export == export), "{skill}.{export}");
            }
        }
        for shipped in ["calculator", "crypto-hash", "json-validator", "regex-matcher", "text-analyzer"] {
            assert!(MUTANTS.iter().any(|it| it.skill == shipped), "{shipped}");
        }
    }

    #[test]
    fn every_mutant_changes_one_place_of_a_source() {
        for Mutant { skill, file, from, to, .. } in MUTANTS {
            let source = text(&format!("skills/{skill}/src/{file}"));
            assert_eq!(source.matches(from).count(), 1, "{skill}/{file}: {from}");
            assert_ne!(from, to);
        }
    }

    #[test]
    fn only_a_red_case_kills() {
        for (report, verdict) in [
            (r#"{"error":{"code":"golden.failed","message":"1 of 2"},"errors":[]}"#, Verdict::Killed),
            (r#"{"error":{"code":"build.failed","message":"golden.failed"},"errors":[]}"#, Verdict::Broken),
            (r#"{"error":null,"errors":[]}"#, Verdict::Survived),
            ("", Verdict::Broken),
        ] {
            assert_eq!(Verdict::of(report), verdict, "{report}");
        }
    }
}
