//! `vak-skill-verify export`: a skill in the form that agents know which know nothing of VAK.

use std::fs;
use std::path::{Path, PathBuf};

use clap::Args;
use serde::Serialize;
use vak_cli::{Failure, JsonArgs, TrustArgs, Ui};
use vak_model::{Code, Status};
use vak_package::{Artefact as _, Package, embed_signature};
use vak_trust::{Admitted, Timestamp, admit};

use crate::cli::{time, trust};
use crate::output;
use crate::skill_md;
use crate::subject::Subject;

/// Write a verified skill as a folder with a SKILL.md, for agents that know only those
///
/// The folder is that of an Agent Skill: its SKILL.md has the name and description, how to run the skill, what it takes and
/// gives, its digests and who signed it; the signed artefact lies beside it. Only a skill that is well-formed, bound to its
/// manifest and signed by those who may is written.
#[derive(Args, Debug)]
pub(crate) struct ExportArgs {
    /// The artefact: a .wasm file, or a skill's folder
    #[arg(value_name = "PATH")]
    path: PathBuf,
    /// Write DIR/<name>/SKILL.md and DIR/<name>/<name>.wasm
    #[arg(long, value_name = "DIR")]
    skill_md: PathBuf,
    #[command(flatten)]
    trust: TrustArgs,
    /// Ask who was trusted at this time instead of now, such as 2027-11-21T00:00:00Z
    #[arg(long, value_name = "TIME")]
    at: Option<Timestamp>,
    #[command(flatten)]
    json: JsonArgs,
}

/// The report of `--json`.
#[derive(Debug, Serialize)]
struct Report<'a> {
    status: Status,
    files: &'a [PathBuf],
    error: Option<&'a Failure>,
}

impl ExportArgs {
    pub(crate) fn run(self, ui: &mut Ui) -> Result<(), Failure> {
        let (files, failure) = match self.export() {
            Ok(files) => (files, None),
            Err(failure) => (Vec::new(), Some(failure)),
        };
        if self.json.json {
            let status = failure.as_ref().map_or(Status::Ok, |failure| failure.code().fault().status());
            return ui.report(&Report { status, files: &files, error: failure.as_ref() }, failure.clone());
        }
        files.iter().try_for_each(|file| ui.line(&file.display().to_string()))?;
        failure.map_or(Ok(()), Err)
    }

    fn export(&self) -> Result<Vec<PathBuf>, Failure> {
        let (trust, now) = (trust(&self.trust)?, time(self.at)?);
        let shown = self.path.display();
        let subject = Subject::read(&self.path).map_err(|error| Failure::new(error.code(), error.message()))?;
        let package = subject.specimen.into_package().map_err(|error| Failure::of(error.code(), &error))?;
        let name = package.document().manifest().name.clone();
        let admitted = admit(package, &trust, now).map_err(|error| {
            Failure::new(error.code(), format!("`{name}` is {error}")).fact("file", shown.to_string()).next(
                format!("vak-skill-verify {}", vak_cli::quote(&shown.to_string())),
                "see everything that is known of it",
            )
        })?;
        write(&admitted, &self.skill_md.join(name.base()))
    }
}

/// The page, and the very artefact that it is about, with the signature inside.
fn write(admitted: &Admitted<Package>, folder: &Path) -> Result<Vec<PathBuf>, Failure> {
    let package = admitted.artefact();
    let artefact = embed_signature(package, package.signature().unwrap_or_default());
    fs::create_dir_all(folder).map_err(|error| {
        Failure::new(Code::FileWrite, format!("failed to make `{}`", folder.display())).caused_by(&error)
    })?;
    let base = package.document().manifest().name.base();
    let (page, module) = (folder.join("SKILL.md"), folder.join(format!("{base}.wasm")));
    output::write(&module, &artefact)?;
    output::write(&page, skill_md::page(admitted, &artefact).as_bytes())?;
    Ok(vec![page, module])
}
