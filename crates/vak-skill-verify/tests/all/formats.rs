//! Reports for machines: each is of its form, and says the same wherever and whenever it is made.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::process::{Command, Output};

use quick_xml::events::{BytesStart, Event};
use serde_json::Value;

const ECHO: &str = r#"(module
    (memory (export "memory") 1)
    (func (export "vak_alloc") (param i32) (result i32) i32.const 1024)
    (func (export "execute") (param i32 i32) (result i64) i64.const 0))"#;

const YAML: &str = "\
name: acme/echo
version: 1.0.0
description: Answers with its input
module: echo.wasm
limits: { max_fuel: 1000000, max_execution_time_ms: 100 }
exports: [{ name: execute }]
";

/// A folder of skills with something wrong in each, and names that are made to be misread.
fn place() -> tempfile::TempDir {
    let place = tempfile::tempdir().expect("a folder");
    let write = |path: &str, contents: &[u8]| {
        let path = place.path().join("repo").join(path);
        fs::create_dir_all(path.parent().expect("a parent")).expect("a folder");
        fs::write(path, contents).expect("written");
    };
    write("skills/echo/skill.yaml", YAML.as_bytes());
    write("skills/echo/echo.wasm", &wat::parse_str(ECHO).expect("a module"));
    write("skills/greedy/skill.yaml", YAML.replace("1000000", "0").as_bytes());
    write("skills/<b a=\"1\">&\u{1b}\u{ffff} #%/skill.yaml", b"name: \"]]>\"\n");
    write("alice.pub", b"ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIOpKbGPinFIKvvVQexMuxfmVR3auvr57kkIe6mkURtIs alice\n");
    place
}

fn verify(cwd: &Path, words: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_vak-skill-verify"));
    let fixed = ["--at", "2026-11-21T00:00:00Z"];
    command.args(words).args(fixed).current_dir(cwd).env("VAK_HOME", cwd.join("vak-home")).output().expect("started")
}

fn report(cwd: &Path, format: &str, words: &[&str]) -> Vec<u8> {
    let output = verify(cwd, &[&["--format", format], words].concat());
    assert_eq!(output.status.code(), Some(4), "{}", String::from_utf8_lossy(&output.stderr));
    output.stdout
}

/// The keys that the schema of SARIF 2.1.0 lets an object have, of those that are used here, and which of them it needs.
fn object<'a>(value: &'a Value, needed: &[&str], allowed: &[&str]) -> &'a serde_json::Map<String, Value> {
    let map = value.as_object().unwrap_or_else(|| panic!("no object: {value}"));
    for key in needed {
        assert!(map.contains_key(*key), "no {key}: {value}");
    }
    for key in map.keys() {
        assert!(needed.contains(&key.as_str()) || allowed.contains(&key.as_str()), "{key} in {value}");
    }
    map
}

fn list(value: &Value) -> &[Value] {
    value.as_array().unwrap_or_else(|| panic!("no list: {value}"))
}

fn text(value: &Value) -> &str {
    value.as_str().filter(|text| !text.is_empty()).unwrap_or_else(|| panic!("no text: {value}"))
}

/// Checks a log against what SARIF 2.1.0 demands of it, and gives its results.
fn sarif(log: &Value) -> Vec<Value> {
    object(log, &["version", "runs"], &["$schema"]);
    assert_eq!(log["version"], "2.1.0");
    let [run] = list(&log["runs"]) else { panic!("one run") };
    object(run, &["tool"], &["columnKind", "invocations", "results"]);
    assert!(["utf16CodeUnits", "unicodeCodePoints"].contains(&text(&run["columnKind"])));
    object(&run["tool"], &["driver"], &[]);
    object(&run["tool"]["driver"], &["name"], &["semanticVersion", "rules"]);
    let rules = list(&run["tool"]["driver"]["rules"]);
    for rule in rules {
        object(rule, &["id"], &["shortDescription", "defaultConfiguration"]);
        message(&rule["shortDescription"]);
        assert!(is_level(&rule["defaultConfiguration"]["level"]));
    }
    let ids: BTreeSet<_> = rules.iter().map(|rule| text(&rule["id"])).collect();
    assert_eq!(ids.len(), rules.len(), "rules are unique");
    for invocation in list(&run["invocations"]) {
        object(invocation, &["executionSuccessful"], &["exitCode", "toolExecutionNotifications"]);
        assert!(invocation["executionSuccessful"].is_boolean() && invocation["exitCode"].is_u64());
        for notification in invocation.get("toolExecutionNotifications").map_or(&[][..], list) {
            object(notification, &["message"], &["level", "descriptor"]);
            object(&notification["descriptor"], &["id"], &[]);
            message(&notification["message"]);
        }
    }
    list(&run["results"]).iter().for_each(|one| result(one, rules));
    list(&run["results"]).to_vec()
}

fn result(result: &Value, rules: &[Value]) {
    object(result, &["message"], &["ruleId", "ruleIndex", "level", "locations", "properties"]);
    message(&result["message"]);
    let index = result["ruleIndex"].as_u64().expect("a number") as usize;
    assert_eq!(rules[index]["id"], result["ruleId"]);
    assert!(is_level(&result["level"]));
    for location in list(&result["locations"]) {
        object(location, &["physicalLocation"], &[]);
        let physical = &location["physicalLocation"];
        object(physical, &["artifactLocation"], &["region"]);
        object(&physical["artifactLocation"], &["uri"], &[]);
        let uri = text(&physical["artifactLocation"]["uri"]);
        assert!(!uri.starts_with('/') && !uri.contains(':') && uri.bytes().all(|b| b.is_ascii_graphic()), "{uri}");
        if let Some(region) = physical.get("region") {
            object(region, &["startLine"], &["startColumn"]);
            assert!(region["startLine"].as_u64() >= Some(1) && region["startColumn"].as_u64() >= Some(1), "{region}");
        }
    }
}

fn message(message: &Value) {
    object(message, &["text"], &[]);
    text(&message["text"]);
}

fn is_level(level: &Value) -> bool {
    ["none", "note", "warning", "error"].contains(&text(level))
}

#[test]
fn sarif_is_of_its_form_and_names_the_line_in_skill_yaml() {
    let place = place();
    let log = report(&place.path().join("repo"), "sarif", &["skills", "--trust", "alice.pub"]);
    let results = sarif(&serde_json::from_slice(&log).expect("JSON"));
    let at = |rule: &str, uri: &str| {
        let found = results.iter().find(|result| {
            let location = &result["locations"][0]["physicalLocation"]["artifactLocation"];
            result["ruleId"] == rule && location["uri"] == uri
        });
        found.unwrap_or_else(|| panic!("no {rule} in {uri}: {results:?}"))
    };
    let line = |result: &Value| result["locations"][0]["physicalLocation"]["region"]["startLine"].as_u64();
    let limit = at("limits.present", "skills/greedy/skill.yaml");
    assert_eq!((line(limit), &limit["level"]), (Some(5), &Value::from("error")));
    assert_eq!(limit["properties"]["code"], "manifest.limit");
    assert_eq!(line(at("limits.present", "skills/echo/skill.yaml")), Some(5), "a warning");
    assert_eq!(line(at("sig.present", "skills/echo/skill.yaml")), Some(1), "there is no line on it yet");
    at("artefact.valid", "skills/%3Cb%20a%3D%221%22%3E%26%1B%EF%BF%BF%20%23%25/skill.yaml");
}

#[test]
fn sarif_says_why_nothing_was_looked_at() {
    let place = place();
    let output = verify(&place.path().join("repo"), &["skills", "--trust", "nowhere", "--format", "sarif"]);
    assert_eq!(output.status.code(), Some(3));
    let log: Value = serde_json::from_slice(&output.stdout).expect("JSON");
    assert!(sarif(&log).is_empty());
    let invocation = &log["runs"][0]["invocations"][0];
    assert_eq!(invocation["executionSuccessful"], false);
    assert_eq!(invocation["toolExecutionNotifications"][0]["descriptor"]["id"], "file.read");
}

/// What a suite says of itself, and what is in it.
fn junit(xml: &[u8]) -> (usize, usize) {
    let mut reader = quick_xml::Reader::from_reader(xml);
    reader.config_mut().check_end_names = true;
    let (mut suites, mut failures, mut depth) = (0, 0, 0);
    let attribute = |element: &BytesStart<'_>, name: &str| {
        let attribute = element.try_get_attribute(name).expect("well-formed").unwrap_or_else(|| panic!("no {name}"));
        quick_xml::escape::unescape(&attribute.value).expect("escaped").into_owned()
    };
    loop {
        let event = reader.read_event().expect("well-formed");
        match &event {
            Event::Start(_) => depth += 1,
            Event::End(_) => depth -= 1,
            Event::Eof => break,
            _ => {}
        }
        if let Event::Start(element) | Event::Empty(element) = event {
            match element.name().as_ref() {
                "testsuites" => failures = attribute(&element, "failures").parse().expect("a number"),
                "testsuite" => suites += 1,
                "testcase" => assert!(!attribute(&element, "name").is_empty()),
                "failure" => {
                    assert!(attribute(&element, "type").contains('.'));
                    assert!(!attribute(&element, "message").is_empty());
                }
                "skipped" | "system-out" => {}
                other => panic!("{other}"),
            }
        }
    }
    assert_eq!(depth, 0, "every element ends");
    (suites, failures)
}

#[test]
fn junit_is_well_formed_whatever_strangers_wrote() {
    let place = place();
    let xml = report(&place.path().join("repo"), "junit", &["skills", "--trust", "alice.pub"]);
    assert_eq!(junit(&xml), (3, 4), "{}", String::from_utf8_lossy(&xml));
    let broken: Vec<_> = xml.iter().copied().filter(|byte| *byte != b'/').collect();
    assert!(std::panic::catch_unwind(|| junit(&broken)).is_err(), "the check can fail");
}

#[test]
fn a_report_depends_on_what_is_looked_at_and_not_on_where_it_is_made() {
    let place = place();
    let (repo, elsewhere) = (place.path().join("repo"), place.path().join("repo/skills/echo"));
    let whole = repo.join("skills");
    let copy = place.path().join("another/folder/with/a/longer/name");
    fs::create_dir_all(&copy).expect("a folder");
    let copied = Command::new("cp").arg("-r").args([&whole, &copy.join("skills")]).status();
    assert!(copied.expect("cp").success());
    for format in ["json", "sarif", "junit"] {
        let one = report(&repo, format, &["skills", "--trust", "alice.pub"]);
        assert_eq!(report(&repo, format, &["skills", "--trust", "alice.pub"]), one, "{format} twice");
        assert_eq!(report(&elsewhere, format, &["..", "--trust", "../../alice.pub"]), one, "{format} elsewhere");
        let absolute = whole.to_str().expect("text");
        assert_eq!(report(&elsewhere, format, &[absolute, "--trust", "../../alice.pub"]), one, "{format} absolute");
        let trust = repo.join("alice.pub");
        assert_eq!(
            report(&copy, format, &["skills", "--trust", trust.to_str().expect("text")]),
            one,
            "{format} a copy"
        );
        let shuffled = ["skills/greedy", "skills/echo", "skills", "--trust", "alice.pub"];
        assert_eq!(report(&repo, format, &shuffled), one, "{format} in another order");
        let text = String::from_utf8(one).expect("text");
        assert!(!text.contains(place.path().to_str().expect("text")), "{format}: no path of this machine in {text}");
    }
}
