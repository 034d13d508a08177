//! Each check holds, and each fails for its own reason alone. Who may vouch for what is a table of `vak-run`'s tests, which
//! asks this tool too.

use std::fs;
use std::path::{Path, PathBuf};

use vak_package::{Artefact as _, Bounds, ManifestDocument, Package};
use vak_skill_verify::{Check, CheckId, Inspected, Inspector, Verdict};
use vak_trust::{Earlier, ExpiredRoot, PublisherKey, RootDraft, RootKey, Timestamp, Trust, TrustedKey, describe, sign};

/// Answers with its input.
const ECHO: &str = r#"(module
    (memory (export "memory") 1)
    (func (export "vak_alloc") (param i32) (result i32) i32.const 1024)
    (func (export "execute") (param i32 i32) (result i64)
      (i64.or (i64.shl (i64.extend_i32_u (local.get 0)) (i64.const 32)) (i64.extend_i32_u (local.get 1)))))"#;

const YAML: &str = "\
name: acme/echo
version: 1.0.0
description: Answers with its input
module: echo.wasm
limits: { max_fuel: 1000000, max_execution_time_ms: 100, max_memory_pages: 16 }
exports: [{ name: execute, input_schema: { type: integer } }]
tests: [{ name: seven, input: 7, output: 7 }]
signature: null
";

const NOW: &str = "2026-11-21T00:00:00Z";

fn key() -> PublisherKey {
    PublisherKey::from_seed(&[7; 32])
}

fn trust() -> Trust {
    Trust::key(key().public())
}

fn time(text: &str) -> Timestamp {
    text.parse().expect(text)
}

fn wasm(wat: &str) -> Vec<u8> {
    wat::parse_str(wat).expect("valid text")
}

fn inspect(path: &Path, trust: &Trust, now: Timestamp) -> Inspected {
    Inspector::new(trust.clone(), now).inspect(path)
}

/// A folder with a skill in it, all of which is as it should be until it is changed.
struct Place {
    folder: tempfile::TempDir,
    artefact: Package,
}

impl Place {
    fn with_manifest(yaml: &str) -> Self {
        let document = ManifestDocument::from_yaml(yaml).expect("a manifest");
        let unsigned = Package::pack(wasm(ECHO), &document, &Bounds::default()).expect("a package");
        let signed = sign(&unsigned, &key(), Earlier::Replace).expect("signed");
        let artefact = Package::read(signed, &Bounds::default()).expect("an artefact");
        let place = Self { folder: tempfile::tempdir().expect("a folder"), artefact };
        place.write("skill.yaml", yaml);
        place.write("echo.wasm", place.artefact.bytes());
        place.record(&place.artefact.id().to_string(), "seven", true);
        place
    }

    fn new() -> Self {
        Self::with_manifest(YAML)
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn write(&self, name: &str, contents: impl AsRef<[u8]>) {
        fs::write(self.path(name), contents).expect("written");
    }

    /// Leaves the record of a build with one golden case.
    fn record(&self, module: &str, case: &str, passed: bool) {
        let cases = [serde_json::json!({ "name": case, "passed": passed, "fuel": 1 })];
        self.write("echo.wasm.build.json", serde_json::json!({ "module": module, "cases": cases }).to_string());
    }

    fn look(&self) -> Inspected {
        inspect(self.folder.path(), &trust(), time(NOW))
    }

    fn found(&self) -> Vec<String> {
        found(&self.look())
    }

    fn check(&self, id: CheckId) -> Check {
        self.look().checks.into_iter().find(|check| check.id == id).expect("a check")
    }
}

/// The checks that do not hold, or not whole: with their verdicts, and what failures are called.
fn found(inspected: &Inspected) -> Vec<String> {
    let noted = inspected.checks.iter().filter(|check| check.verdict != Verdict::Ok);
    let shown = |check: &Check| {
        let code = check.verdict.code().map(|code| format!(" {code}")).unwrap_or_default();
        format!("{} {}{code}", check.id.word(), check.verdict.word())
    };
    noted.map(shown).collect()
}

const NOTHING: [&str; 0] = [];

/// What is looked at unless somebody asks for more.
fn usual() -> Vec<CheckId> {
    let asked = ["upgrade.", "provenance.", "reproduced", "policy.", "sbom."];
    CheckId::ALL.into_iter().filter(|id| !asked.iter().any(|area| id.word().starts_with(area))).collect()
}

#[test]
fn all_checks_hold_for_what_is_as_it_should_be() {
    let place = Place::new();
    assert_eq!(place.found(), NOTHING);
    let ids: Vec<_> = place.look().checks.iter().map(|check| check.id).collect();
    assert_eq!(ids, usual());
    assert_eq!(found(&inspect(&place.path("echo.wasm"), &trust(), time(NOW))), NOTHING);
}

#[test]
fn a_signature_in_skill_yaml_is_bound_to_the_module_beside_it() {
    let place = Place::new();
    let block = describe(&place.artefact, &[key().public()]).expect("signed");
    place.write("skill.yaml", YAML.replace("null", &serde_json::to_string(&block).expect("JSON")));
    assert_eq!(place.found(), NOTHING);
    place.write("echo.wasm", wasm(ECHO));
    assert_eq!(place.found(), NOTHING, "detached");
    place.write("echo.wasm", wasm(&ECHO.replace("1024", "2048")));
    let expected = ["golden.report warning", "manifest.bound failed signature.drift", "sig.threshold skipped"];
    assert_eq!(place.found(), expected);
}

#[test]
fn a_skill_yaml_that_says_something_else_is_named_with_the_place() {
    let place = Place::new();
    place.write("skill.yaml", YAML.replace("max_fuel: 1000000", "max_fuel: 1000001"));
    assert_eq!(place.found(), ["manifest.bound failed manifest.drift"]);
    let bound = place.check(CheckId::ManifestBound);
    assert!(bound.message.contains("`/limits/max_fuel`"), "{}", bound.message);
}

#[test]
fn everything_is_told_and_not_the_first_thing() {
    let import = r#"(module (import "vak" "fs_read" (func (param i32 i32 i32 i32) (result i64)))"#;
    let place = Place::new();
    place.write("echo.wasm", wasm(&ECHO.replace("(module", import)));
    let expected = [
        "golden.report warning",
        "imports.declared failed import.undeclared",
        "sig.present failed signature.missing",
        "sig.threshold skipped",
    ];
    assert_eq!(place.found(), expected);
}

#[test]
fn what_the_manifest_calls_for_must_be_there() {
    let place = Place::new();
    place.write("echo.wasm", wasm(&ECHO.replace(r#"(export "vak_alloc")"#, "")));
    assert_eq!(place.found()[0], "artefact.valid failed export.missing");
}

#[test]
fn a_record_of_red_cases_fails_and_one_that_says_nothing_warns() {
    let place = Place::new();
    let id = place.artefact.id().to_string();
    place.record(&id, "seven", false);
    assert_eq!(place.found(), ["golden.report failed golden.not_green"]);
    let warns = ["golden.report warning"];
    place.record(&id, "another", true);
    assert_eq!(place.found(), warns, "not all cases");
    place.record("sha256:", "seven", false);
    assert_eq!(place.found(), warns, "another build");
    place.write("echo.wasm.build.json", "{");
    assert_eq!(place.found(), warns, "no record");
    fs::remove_file(place.path("echo.wasm.build.json")).expect("removed");
    assert_eq!(place.found(), warns, "nothing there");
    fs::create_dir(place.path("echo.wasm.build.json")).expect("made");
    assert_eq!(place.found(), warns, "a folder");
}

#[test]
fn limits_that_are_not_stated_are_named_with_what_holds() {
    let stated = Place::new().check(CheckId::LimitsPresent);
    assert_eq!(stated.verdict, Verdict::Ok);
    assert!(stated.message.contains("`max_cpu_time_ms` 100 ms") && !stated.message.contains("max_fuel"), "{stated:?}");
    let bare = Place::with_manifest(&YAML.replace("max_fuel: 1000000, ", "")).check(CheckId::LimitsPresent);
    assert_eq!(bare.verdict, Verdict::Warning);
    assert!(bare.message.contains("`max_fuel` 10,000,000 fuel"), "{bare:?}");
}

#[test]
fn schemas_that_can_t_be_used_or_refuse_their_own_cases_fail() {
    for (from, to) in [("type: integer", "type: 7"), ("input: 7,", "input: seven,")] {
        let place = Place::with_manifest(&YAML.replace(from, to));
        assert_eq!(place.found(), ["schema.valid failed manifest.schema"], "{to}");
    }
}

#[test]
fn what_can_t_be_read_fails_one_check_and_skips_the_others() {
    let skipped = |code: &str| {
        let rest = usual().into_iter().skip(1).map(|id| format!("{} skipped", id.word()));
        [format!("artefact.valid failed {code}")].into_iter().chain(rest).collect::<Vec<_>>()
    };
    let place = Place::new();
    fs::remove_file(place.path("echo.wasm")).expect("removed");
    assert_eq!(place.found(), skipped("skill.not_built"));
    place.write("echo.wasm", "(module)");
    assert_eq!(place.found(), skipped("artefact.malformed"));
    place.write("skill.yaml", "name: x");
    assert_eq!(place.found(), skipped("manifest.invalid"));
    place.write("skill.yaml", YAML.replace("max_fuel: 1000000", "max_fuel: 0"));
    let mut expected = skipped("manifest.limit");
    expected[3] = "limits.present failed manifest.limit".to_owned();
    assert_eq!(place.found(), expected);
    fs::remove_file(place.path("skill.yaml")).expect("removed");
    assert_eq!(place.found(), skipped("file.read"));
    place.write("plain.wasm", wasm(ECHO));
    for (file, code) in [("echo.wasm", "artefact.malformed"), ("plain.wasm", "manifest.missing"), ("x", "file.read")] {
        assert_eq!(found(&inspect(&place.path(file), &trust(), time(NOW))), skipped(code), "{file}");
    }
}

#[test]
fn the_time_that_is_named_decides_and_an_expired_root_lets_nothing_pass() {
    let root_key = RootKey::from_seed(&[1; 32]);
    let root = |expires: &str| {
        let mut draft = RootDraft::first(root_key.public(), time(expires));
        let key = TrustedKey { valid_until: Some(time("2026-01-01T00:00:00Z")), ..TrustedKey::new(key().public()) };
        draft.add(key, "publisher:acme/*".parse().expect("a role")).expect("added");
        draft.propose().expect("consistent").sign(&root_key).complete().expect("signed")
    };
    let place = Place::new();
    for (expires, at, expected) in [
        ("2027-01-01T00:00:00Z", "2025-12-31T23:59:59Z", &[][..]),
        ("2027-01-01T00:00:00Z", "2026-01-01T00:00:00Z", &["sig.threshold failed signature.expired"]),
        ("2025-06-01T00:00:00Z", "2025-05-31T23:59:59Z", &[]),
        ("2025-06-01T00:00:00Z", "2025-06-01T00:00:00Z", &["sig.threshold failed trust.expired"]),
    ] {
        let trust = Trust::root(root(expires), ExpiredRoot::Refuse);
        assert_eq!(found(&inspect(place.folder.path(), &trust, time(at))), expected, "{expires} {at}");
    }
}
