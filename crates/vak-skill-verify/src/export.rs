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
use crate::subject::Subject;
use crate::{output, owasp, skill_md};

/// Write a verified skill as a folder for agents that know nothing of VAK: with a SKILL.md, or OWASP's manifest
///
/// With --skill-md the folder is that of an Agent Skill: its SKILL.md has the name and description, how to run the skill, what
/// it takes and gives, its digests and who signed it. With --owasp it has the manifest of OWASP's Universal Skill Format: what
/// the skill may do, how risky that is, and its digest. The signed artefact lies beside either. Only a skill that is well-formed, bound to its
/// manifest and signed by those who may is written.
#[derive(Args, Debug)]
pub(crate) struct ExportArgs {
    /// The artefact: a .wasm file, or a skill's folder
    #[arg(value_name = "PATH")]
    path: PathBuf,
    /// Write DIR/<name>/SKILL.md and DIR/<name>/<name>.wasm
    #[arg(long, value_name = "DIR", required_unless_present = "owasp")]
    skill_md: Option<PathBuf>,
    /// Write DIR/<name>/universal-skill.yaml and DIR/<name>/<name>.wasm
    #[arg(long, value_name = "DIR")]
    owasp: Option<PathBuf>,
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
        let mut files = Vec::new();
        for form in [Form::SkillMd, Form::Owasp] {
            if let Some(folder) = self.folder(form) {
                files.extend(write(&admitted, form, &folder.join(name.base()))?);
            }
        }
        Ok(files)
    }

    /// Where a form goes, if it is asked for.
    fn folder(&self, form: Form) -> Option<&Path> {
        match form {
            Form::SkillMd => self.skill_md.as_deref(),
            Form::Owasp => self.owasp.as_deref(),
        }
    }
}

/// What others call a skill's description.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Form {
    /// The page of an Agent Skill.
    SkillMd,
    /// The manifest of OWASP's Universal Skill Format.
    Owasp,
}

impl Form {
    const fn file(self) -> &'static str {
        match self {
            Self::SkillMd => "SKILL.md",
            Self::Owasp => "universal-skill.yaml",
        }
    }

    fn text(self, admitted: &Admitted<Package>, artefact: &[u8]) -> String {
        match self {
            Self::SkillMd => skill_md::page(admitted, artefact),
            Self::Owasp => owasp::manifest(admitted, artefact),
        }
    }
}

/// The description, and the very artefact that it is about, with the signature inside.
fn write(admitted: &Admitted<Package>, form: Form, folder: &Path) -> Result<[PathBuf; 2], Failure> {
    let package = admitted.artefact();
    let artefact = embed_signature(package, package.signature().unwrap_or_default());
    fs::create_dir_all(folder).map_err(|error| {
        Failure::new(Code::FileWrite, format!("failed to make `{}`", folder.display())).caused_by(&error)
    })?;
    let base = package.document().manifest().name.base();
    let (page, module) = (folder.join(form.file()), folder.join(format!("{base}.wasm")));
    output::write(&module, &artefact)?;
    output::write(&page, form.text(admitted, &artefact).as_bytes())?;
    Ok([page, module])
}
