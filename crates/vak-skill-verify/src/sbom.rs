//! What an artefact says that it is made of.

use vak_package::{Artefact as _, Dependency, Specimen, dependencies};

use crate::check::{Check, CheckId, Verdict};
use crate::report::SkillReport;

/// How many dependencies a message names; reports for scripts name all.
const MAX_LISTED: usize = 20;

/// Lists what the artefact is made of, and notes it in the report.
pub(crate) fn check(specimen: &Specimen, skill: &mut SkillReport) -> Check {
    let check = |verdict, message: String| Check::new(CheckId::SbomPresent, verdict, message);
    match dependencies(specimen.bytes()) {
        Ok(Some(found)) => {
            let message = list(&found);
            skill.name_dependencies(found);
            check(Verdict::Ok, message)
        }
        Ok(None) => check(Verdict::Skipped, "the module does not say what it is made of".to_owned()),
        Err(error) => check(Verdict::Failed(error.code()), error.to_string()),
    }
}

fn list(found: &[Dependency]) -> String {
    let others: Vec<_> = found.iter().filter(|one| !one.root).collect();
    let shown = |one: &&Dependency| vak_model::printable(&format!("{} {}", one.name, one.version), 80);
    let listed = others.iter().take(MAX_LISTED).map(shown).collect::<Vec<_>>().join(", ");
    match (others.len(), others.len().saturating_sub(MAX_LISTED)) {
        (0, _) => "it is made of nothing else".to_owned(),
        (count, 0) => format!("it is made of {count}: {listed}"),
        (count, more) => format!("it is made of {count}: {listed} and {more} more"),
    }
}
