//! Golden cases that state their host calls: nothing else answers, and nothing else may be asked for.

use vak_abi::Status;
use vak_model::{GoldenCase, LimitRequest};
use vak_package::{Bounds, ManifestDocument, Package};
use vak_runtime::{GoldenVerdict, HostMismatch, Operator};

use crate::asking::{asks_all, generous, granted, module, read};
use crate::{HEAD, runtime, unsigned};

const READ: (&str, &[u8]) = ("fs_read", br#"{"path":"data/a","length":9}"#);
const SET: (&str, &[u8]) = ("kv_set", b"{\"key\":\"k\"}\nv\n");
const LOG: (&str, &[u8]) = ("log", b"{}\na\nb");

/// A case that states these calls, and an answer that never comes: then the verdict tells what came instead.
fn case(host: &str) -> GoldenCase {
    let text = format!("{HEAD}tests: [{{ name: n, input: {{}}, output: never, host: [{host}] }}]");
    ManifestDocument::from_yaml(&text).expect("a golden case").manifest().tests[0].clone()
}

/// What a guest that makes these calls gets where a case states others.
fn verdict(steps: &[(&str, &[u8])], host: &str) -> GoldenVerdict {
    let skill = granted(&module(steps), &asks_all(), &generous());
    pollster::block_on(skill.golden(&case(host))).verdict
}

/// What a guest got, if all its calls were as stated: status and bytes of each.
fn got(steps: &[(&str, &[u8])], host: &str) -> Vec<(Status, String)> {
    match verdict(steps, host) {
        GoldenVerdict::Differs(answer) => read(answer.as_bytes()).iter().map(|got| (got.status, got.text())).collect(),
        other => panic!("{other}"),
    }
}

fn mismatch(steps: &[(&str, &[u8])], host: &str) -> (usize, Option<String>, Option<String>) {
    match verdict(steps, host) {
        GoldenVerdict::Host(HostMismatch { place, stated, came }) => (place, stated, came),
        other => panic!("{host}: {other}"),
    }
}

#[test]
fn a_call_that_is_as_stated_gets_the_stated_answer() {
    for (step, host, status, answer) in [
        (READ, "{ call: fs_read, response: { text: hello } }", Status::Done, "hello"),
        (
            READ,
            "{ call: fs_read, request: { path: data/a, offset: 0 }, response: { base64: aGk= } }",
            Status::Done,
            "hi",
        ),
        (SET, "{ call: kv_set, body: { text: \"v\\n\" }, response: { json: {} } }", Status::Done, "{}"),
        (
            LOG,
            "{ call: log, request: { level: info }, body: { text: \"a\\nb\" }, response: { json: {} } }",
            Status::Done,
            "{}",
        ),
        (
            ("verify_plan", br#"{"actions":[{"type":"kv_get","target":"k"}]}"#),
            "{ call: verify_plan, request: { actions: [{ target: k }] }, response: { json: { b: 1, a: [] } } }",
            Status::Done,
            r#"{"a":[],"b":1}"#,
        ),
        (
            READ,
            "{ call: fs_read, failed: { code: fs.not_found, message: gone } }",
            Status::Failed,
            r#"{"code":"fs.not_found","message":"gone"}"#,
        ),
        (
            READ,
            "{ call: fs_read, denied: { code: policy.forbidden } }",
            Status::Denied,
            r#"{"code":"policy.forbidden","message":"as the golden case states"}"#,
        ),
    ] {
        assert_eq!(got(&[step], host), [(status, answer.to_owned())], "{host}");
    }
}

#[test]
fn a_call_that_is_not_as_stated_is_red_and_tells_both() {
    let read = "{ call: fs_read, request: { path: data/a }, response: { text: x } }";
    let set = "{ call: kv_set, response: { json: {} } }";
    let asked = r#"fs_read {"path":"data/a","offset":0,"length":9}"#;
    let came = Some(asked.to_owned());
    let other = |field: &str| format!("{{ call: fs_read, request: {{ {field} }}, response: {{ text: x }} }}");
    for (steps, host, expected) in [
        (&[READ][..], String::new(), (1, None, came.clone())),
        (&[READ, READ], read.to_owned(), (2, None, came.clone())),
        (&[], read.to_owned(), (1, Some(r#"fs_read {"path":"data/a"}"#.to_owned()), None)),
        (&[READ], format!("{read}, {set}"), (2, Some("kv_set {}".to_owned()), None)),
        (&[READ, SET], format!("{set}, {read}"), (1, Some("kv_set {}".to_owned()), came.clone())),
        (&[READ], other("path: data/b"), (1, Some(r#"fs_read {"path":"data/b"}"#.to_owned()), came.clone())),
        (&[READ], other("length: 8"), (1, Some(r#"fs_read {"length":8}"#.to_owned()), came.clone())),
        (&[READ], other("nothing: 8"), (1, Some(r#"fs_read {"nothing":8}"#.to_owned()), came)),
        (
            &[SET],
            "{ call: kv_set, body: { text: w }, response: { json: {} } }".to_owned(),
            (
                1,
                Some("kv_set {} with the body \"w\"".to_owned()),
                Some(r#"kv_set {"key":"k"} with the body "v\u{a}""#.to_owned()),
            ),
        ),
    ] {
        assert_eq!(mismatch(steps, &host), expected, "{host}");
    }
}

#[test]
fn an_answer_that_is_longer_than_what_was_asked_for_is_red() {
    let long = "{ call: fs_read, response: { text: abcdefghij } }";
    assert_eq!(mismatch(&[READ], long).1, Some("a response of 10 bytes".to_owned()));
    assert_eq!(got(&[READ], &long.replace("abcdefghij", "abcdefghi"))[0].1, "abcdefghi");
}

#[test]
fn a_body_that_is_stated_as_json_is_compared_by_what_it_means() {
    let set: (&str, &[u8]) = ("kv_set", b"{\"key\":\"k\"}\n{\"b\": 1.0, \"a\": [ ]}");
    let host = |body: &str| format!("{{ call: kv_set, body: {{ json: {body} }}, response: {{ json: {{}} }} }}");
    assert_eq!(got(&[set], &host("{ a: [], b: 1 }")).len(), 1);
    assert_eq!(mismatch(&[set], &host("{ a: [] }")).0, 1);
}

#[test]
fn what_the_manifest_does_not_ask_for_is_denied_there_too_and_has_to_be_stated() {
    let outside: (&str, &[u8]) = ("fs_read", br#"{"path":"outside/a"}"#);
    let host = |code: &str| format!("{{ call: fs_read, request: {{ path: outside/a }}, denied: {{ code: {code} }} }}");
    let [(status, answer)] = &got(&[outside], &host("policy.unrequested"))[..] else { panic!("one answer") };
    assert_eq!((*status, answer.contains("policy.unrequested")), (Status::Denied, true), "{answer}");
    assert_eq!(mismatch(&[outside], &host("policy.ungranted")).0, 1);
    assert_eq!(mismatch(&[outside], "{ call: fs_read, response: { text: secret } }").0, 1);
    assert_eq!(mismatch(&[outside], "").0, 1);
}

/// A rehearsal of a skill whose operator gives it nothing.
#[test]
fn a_rehearsal_has_all_that_the_manifest_asks_for_and_runs_no_case_without_a_grant() {
    let tests = r#"tests:
  - { name: told, input: {}, output: 1, host: [{ call: fs_read, response: { text: hello } }] }
  - { name: alone, input: {}, output: 1 }"#;
    let needs = asks_all().replace("optional: true", "optional: false");
    let manifest = ManifestDocument::from_yaml(&format!("{HEAD}{needs}\n{tests}")).expect("a manifest");
    let module = wat::parse_str(module(&[READ])).expect("valid text");
    let package = Package::pack(module, &manifest, &Bounds::default()).expect("a valid package");
    let admitted = unsigned(package).expect("unsigned");
    let compiled = runtime().compile(&admitted, &LimitRequest::none()).expect("compiled");
    let rehearsal = compiled.rehearse(None).expect("a rehearsal");
    let [told, alone] = &manifest.manifest().tests[..] else { panic!("two cases") };
    let report = pollster::block_on(rehearsal.golden(told)).expect("it runs");
    assert!(matches!(&report.verdict, GoldenVerdict::Differs(answer) if answer.contains("68656c6c6f")), "{report:?}");
    assert!(pollster::block_on(rehearsal.golden(alone)).is_none());
}

/// Without `host:` there is no recorded world: nothing stands behind a call that the operator allows.
#[test]
fn a_case_without_host_calls_has_nothing_behind_it() {
    let skill = granted(&module(&[READ]), &asks_all(), &Operator::nothing());
    let text = format!("{HEAD}tests: [{{ name: n, input: {{}}, output: never }}]");
    let document = ManifestDocument::from_yaml(&text).expect("a golden case");
    let report = pollster::block_on(skill.golden(&document.manifest().tests[0]));
    let GoldenVerdict::Differs(answer) = report.verdict else { panic!("{}", report.verdict) };
    assert_eq!(read(answer.as_bytes())[0].refused(), (Status::Denied, "policy.ungranted".to_owned()));
}
