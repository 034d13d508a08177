//! Reports as SARIF 2.1.0: what does not hold, with its place in `skill.yaml` where there is one.
//!
//! <https://docs.oasis-open.org/sarif/sarif/v2.1.0/sarif-v2.1.0.html>

use serde_json::{Value, json};

use crate::Inspected;
use crate::check::{Check, CheckId, Place, Verdict};
use crate::report::Report;

const SCHEMA: &str = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json";

/// The log, with one run.
pub(crate) fn log(report: &Report<'_>) -> Value {
    let results: Vec<_> = report.artefacts.iter().flat_map(results).collect();
    json!({
        "$schema": SCHEMA,
        "version": "2.1.0",
        "runs": [{
            "tool": { "driver": {
                "name": "vak-skill-verify",
                "semanticVersion": env!("CARGO_PKG_VERSION"),
                "rules": CheckId::ALL.map(rule),
            }},
            "columnKind": "unicodeCodePoints",
            "invocations": [invocation(report)],
            "results": results,
        }],
    })
}

fn rule(id: CheckId) -> Value {
    json!({
        "id": id.word(),
        "shortDescription": { "text": id.meaning() },
        "defaultConfiguration": { "level": "error" },
    })
}

/// What kept the artefacts from being looked at, if something did.
fn invocation(report: &Report<'_>) -> Value {
    let exit = report.error.map_or(0, |error| error.code().exit_code());
    let looked = !report.artefacts.is_empty() || report.error.is_none();
    let mut invocation = json!({ "executionSuccessful": looked, "exitCode": exit });
    if let Some(error) = report.error.filter(|_| !looked) {
        let notification = json!({
            "level": "error",
            "descriptor": { "id": error.code().word() },
            "message": { "text": error.one_line() },
        });
        invocation["toolExecutionNotifications"] = json!([notification]);
    }
    invocation
}

fn results(artefact: &Inspected) -> impl Iterator<Item = Value> {
    artefact.checks.iter().filter_map(|check| result(check, artefact))
}

/// What does not hold, or not whole; the rest is no finding.
fn result(check: &Check, artefact: &Inspected) -> Option<Value> {
    let level = match check.verdict {
        Verdict::Failed(_) => "error",
        Verdict::Warning => "warning",
        Verdict::Ok | Verdict::Skipped => return None,
    };
    let of_path = Place { file: artefact.path.clone(), position: None };
    let mut result = json!({
        "ruleId": check.id.word(),
        "ruleIndex": CheckId::ALL.iter().position(|id| *id == check.id),
        "level": level,
        "message": { "text": check.message },
        "locations": [{ "physicalLocation": location(check.place.as_ref().unwrap_or(&of_path)) }],
    });
    let code = check.verdict.code().map(|code| ("code", code.word().to_owned()));
    let hint = check.next.as_ref().map(|(command, _)| ("hint", command.clone()));
    let properties: serde_json::Map<_, _> =
        code.into_iter().chain(hint).map(|(key, text)| (key.to_owned(), Value::String(text))).collect();
    if !properties.is_empty() {
        result["properties"] = Value::Object(properties);
    }
    Some(result)
}

fn location(place: &Place) -> Value {
    let mut location = json!({ "artifactLocation": { "uri": uri(&place.file) } });
    if let Some(position) = place.position {
        location["region"] = json!({ "startLine": position.line, "startColumn": position.column });
    }
    location
}

/// The path as a URI reference (RFC 3986): what could be read as something else is percent-encoded.
fn uri(path: &str) -> String {
    let plain = |b: u8| b.is_ascii_alphanumeric() || b"-._~/".contains(&b);
    let encode = |b: u8| if plain(b) { char::from(b).to_string() } else { format!("%{b:02X}") };
    path.bytes().map(encode).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_can_t_be_read_as_another_kind_of_reference() {
        assert_eq!(uri("skills/calculator/skill.yaml"), "skills/calculator/skill.yaml");
        assert_eq!(uri("a b/c:d?e#f%\u{e9}"), "a%20b/c%3Ad%3Fe%23f%25%C3%A9");
    }
}
