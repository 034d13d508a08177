//! The page of an Agent Skill (`SKILL.md`): front matter in YAML, then Markdown that an agent reads.
//!
//! What the skill's author wrote goes into quotes and fences that it can't end: a page must not say more than it quotes.

use std::fmt::Write as _;

use serde_json::Value;
use vak_cli::quote;
use vak_model::{Capability, Export, GoldenResult, LimitKind, Limits, Manifest};
use vak_package::{Artefact as _, Package, sha256};
use vak_trust::Admitted;

/// The longest description that the form allows, in characters.
const MAX_DESCRIPTION: usize = 1024;

/// The page of a skill whose signed file has these bytes.
pub(crate) fn page(admitted: &Admitted<Package>, artefact: &[u8]) -> String {
    let manifest = admitted.artefact().document().manifest();
    let mut page = front_matter(manifest);
    let mut add = |text: &str| page.push_str(text);
    add(&format!("\n# {}\n\n{}\n", manifest.name, inline(manifest.description.as_str())));
    add(&usage(manifest));
    manifest.exports.iter().for_each(|export| add(&function(export)));
    add(&powers(manifest));
    add(&identity(admitted, artefact));
    page
}

/// Texts are JSON's, which YAML reads as they are meant.
fn front_matter(manifest: &Manifest) -> String {
    let text = |text: &str| Value::String(text.to_owned()).to_string();
    let description: String = manifest.description.as_str().chars().take(MAX_DESCRIPTION).collect();
    let description = if description.trim().is_empty() { manifest.name.base() } else { &description };
    let mut matter = format!("---\nname: {}\ndescription: {}\n", manifest.name.base(), text(description));
    if !manifest.license.as_str().is_empty() {
        // Writing to a string can't fail.
        let _ = writeln!(matter, "license: {}", text(manifest.license.as_str()));
    }
    let (name, version) = (text(manifest.name.as_str()), text(&manifest.version.to_string()));
    let _ = write!(matter, "compatibility: needs vak-run\nmetadata:\n  skill: {name}\n  version: {version}\n---\n");
    matter
}

fn usage(manifest: &Manifest) -> String {
    let base = manifest.name.base();
    let with_output = manifest.tests.iter().find(|case| matches!(case.expected, GoldenResult::Output(_)));
    let case = with_output.or_else(|| manifest.tests.first());
    let input = case.map_or_else(|| "{}".to_owned(), |case| vak_model::printable_json(&case.input.to_string()));
    let export = case.and_then(|case| case.export.as_ref()).map(|name| format!(" --export {name}")).unwrap_or_default();
    let command = format!("vak-run {base}.wasm{export} --input {}", quote(&input));
    let mut text = format!("\n## Usage\n\nIn this folder:\n\n{}", fenced("sh", &command));
    if let Some(GoldenResult::Output(output)) = case.map(|case| &case.expected) {
        let _ = write!(text, "\nIt prints:\n\n{}", fenced("json", &vak_model::printable_json(&output.to_string())));
    }
    text.push_str(
        "\nThe answer is JSON on standard output. An exit status other than 0 is a failure, told on standard error.\n",
    );
    text
}

fn function(export: &Export) -> String {
    let mut text = format!("\n## Function `{}`\n", export.name);
    if !export.description.as_str().is_empty() {
        let _ = write!(text, "\n{}\n", inline(export.description.as_str()));
    }
    for (label, schema) in [("Input", &export.input_schema), ("Output", &export.output_schema)] {
        match schema {
            None => drop(write!(text, "\n{label}: any JSON\n")),
            Some(schema) => {
                let shown = serde_json::to_string_pretty(schema).unwrap_or_default();
                let _ = write!(
                    text,
                    "\n{label}, as a JSON Schema:\n\n{}",
                    fenced("json", &vak_model::printable_json(&shown))
                );
            }
        }
    }
    text
}

fn powers(manifest: &Manifest) -> String {
    let mut text = "\n## What it may do\n\n".to_owned();
    let asked = manifest.capabilities.iter().filter(|request| request.capability != Capability::Compute);
    let mut alone = true;
    for request in asked {
        alone = false;
        let scope = request.scope.iter().map(|entry| inline(entry)).collect::<Vec<_>>().join(", ");
        let scope = if scope.is_empty() { scope } else { format!(": {scope}") };
        let optional = if request.optional { " (it can do without)" } else { "" };
        let _ = writeln!(text, "- `{}`{scope}{optional}", request.capability);
    }
    if alone {
        text.push_str("- compute, and nothing else\n");
    }
    let limits = Limits::of_manifest(&manifest.limits);
    for kind in [LimitKind::Fuel, LimitKind::Time, LimitKind::Memory] {
        let _ = writeln!(text, "- at most {} {} a call", limits.get(kind), kind.unit());
    }
    text
}

fn identity(admitted: &Admitted<Package>, artefact: &[u8]) -> String {
    let package = admitted.artefact();
    let mut text = format!(
        "\n## Digests\n\n- module: `{}`\n- file: `{}`\n- manifest: `{}`\n",
        package.id(),
        sha256(artefact),
        package.document().digest()
    );
    for signer in admitted.signers() {
        let _ = writeln!(text, "- signed by `{}`", signer.key);
    }
    text.push_str("\n`vak-skill-verify` checks them; `vak-run` runs the skill only if one of these keys is trusted for its name.\n");
    text
}

/// A line of text in Markdown, as code: nothing in it means anything.
fn inline(text: &str) -> String {
    let text = vak_model::printable(text, MAX_DESCRIPTION);
    let ticks = "`".repeat(longest_run(&text) + 1);
    let space = if text.starts_with('`') || text.ends_with('`') { " " } else { "" };
    format!("{ticks}{space}{text}{space}{ticks}")
}

/// Lines in a fence that is longer than any within.
fn fenced(language: &str, text: &str) -> String {
    let fence = "`".repeat(longest_run(text).max(2) + 1);
    format!("{fence}{language}\n{text}\n{fence}\n")
}

/// The most backticks in a row.
fn longest_run(text: &str) -> usize {
    text.split(|c| c != '`').map(str::len).max().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_quoted_can_t_end_its_quotes() {
        assert_eq!(inline("a `b` c"), "``a `b` c``");
        assert_eq!(inline("``"), "``` `` ```");
        assert_eq!(fenced("sh", "a\n````\nb"), "`````sh\na\n````\nb\n`````\n");
        assert_eq!(inline("a\u{1b}[31m\nb"), "`a\\u{1b}[31m\\u{a}b`");
    }
}
