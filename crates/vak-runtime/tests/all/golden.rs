//! Golden cases that must be able to go red.

use vak_model::{Code, GoldenCase};
use vak_package::ManifestDocument;
use vak_runtime::GoldenVerdict;

use crate::answering;

pub(crate) fn case(json: &str) -> GoldenCase {
    let parts = "name: n\nversion: 1.0.0\ndescription: d\nmodule: n.wasm\nexports: [{ name: execute }]";
    let manifest = ManifestDocument::from_yaml(&format!("{parts}\ntests: [{json}]")).expect("a golden case");
    manifest.manifest().tests[0].clone()
}

fn verdict(answer: &[u8], failed: bool, json: &str) -> GoldenVerdict {
    pollster::block_on(answering(answer, failed, "").golden(&case(json))).verdict
}

#[test]
fn a_case_passes_if_it_gives_what_it_must() {
    let output = r#"{"name":"n","input":{},"output":{"r":5}}"#;
    assert!(matches!(verdict(b"{\"r\":5.0}", false, output), GoldenVerdict::Passed));
    assert!(matches!(verdict(b"null", false, r#"{"name":"n","input":{},"output":null}"#), GoldenVerdict::Passed));
    let error = r#"{"name":"n","input":{},"error":{"error":"no"}}"#;
    assert!(matches!(verdict(br#"{"error":"no"}"#, true, error), GoldenVerdict::Passed));
}

#[test]
fn a_case_is_red_if_it_gives_anything_else() {
    let output = r#"{"name":"n","input":{},"output":{"r":5}}"#;
    for (answer, failed) in [(&b"{\"r\":6}"[..], false), (b"{\"r\":5}", true), (b"{}", false)] {
        assert!(matches!(verdict(answer, failed, output), GoldenVerdict::Differs(_)));
    }
    let GoldenVerdict::Broke(error) = verdict(b"{", false, output) else { panic!("it broke its contract") };
    assert_eq!(error.code(), Code::OutputJson);
}

#[test]
fn of_a_large_wrong_answer_only_the_beginning_is_kept() {
    let answer = format!("\"{}\"", "x".repeat(60_000));
    let report = pollster::block_on(
        answering(answer.as_bytes(), false, "").golden(&case(r#"{"name":"n","input":{},"output":1}"#)),
    );
    let GoldenVerdict::Differs(got) = report.verdict else { panic!("it differs") };
    assert!(got.len() < 2000, "{}", got.len());
}

#[test]
fn a_case_that_uses_more_fuel_than_it_may_is_red() {
    let report = pollster::block_on(answering(b"1", false, "").golden(&case(r#"{"name":"n","input":{},"output":1}"#)));
    let used = report.fuel.expect("known");
    let with = |max: u64| verdict(b"1", false, &format!(r#"{{"name":"n","input":{{}},"output":1,"max_fuel":{max}}}"#));
    assert!(matches!(with(used), GoldenVerdict::Passed));
    assert!(matches!(with(used - 1), GoldenVerdict::TooMuchFuel { max, .. } if max == used - 1));
}
