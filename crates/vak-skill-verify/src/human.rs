//! The list for people.

use std::fmt::Write as _;

use crate::Inspected;
use crate::check::CheckId;

/// The longest line that is shown, in characters.
const MAX_LINE: usize = 2000;

/// What is known of each artefact, a line for each check.
pub(crate) fn list(artefacts: &[Inspected]) -> String {
    let mut text = String::new();
    for artefact in artefacts {
        tell(artefact, &mut text);
    }
    text
}

fn tell(artefact: &Inspected, text: &mut String) {
    let path = &artefact.path;
    match &artefact.skill {
        Some(skill) => line(text, &format!("{path}: {skill}")),
        None => line(text, path),
    }
    for check in &artefact.checks {
        line(text, &format!("  {:<7}  {:<18}  {}", check.verdict.word(), check.id.word(), check.message));
        if let Some((command, purpose)) = &check.next {
            line(text, &format!("{:31}next: {command}    {purpose}", ""));
        }
        if check.id == CheckId::PolicyGrant {
            artefact.grant.iter().flatten().for_each(|grant| line(text, &format!("{:31}{grant}", "")));
        }
    }
}

fn line(text: &mut String, line: &str) {
    // Writing to a string can't fail.
    let _ = writeln!(text, "{}", vak_model::printable(line, MAX_LINE));
}
