//! What a newer version may change, and what its number must say of it.

use std::fs;
use std::path::PathBuf;

use vak_package::{Bounds, ManifestDocument, Package};
use vak_skill_verify::{Allowance, Baseline, CheckId, Inspector, Verdict};
use vak_store::Store;
use vak_trust::{Earlier, ExpiredRoot, PublisherKey, RootDraft, RootKey, Timestamp, Trust, TrustedKey, sign};

const MODULE: &str = r#"(module
    (memory (export "memory") 1)
    (func (export "vak_alloc") (param i32) (result i32) i32.const 1024)
    (func (export "execute") (export "other") (export "third") (param i32 i32) (result i64)
      (i64.or (i64.shl (i64.extend_i32_u (local.get 0)) (i64.const 32)) (i64.extend_i32_u (local.get 1)))))"#;

const YAML: &str = "\
name: acme/echo
version: 1.2.0
description: Answers with its input
module: echo.wasm
capabilities: [compute, log, fs.read: [data]]
limits: { max_fuel: 1000000, max_execution_time_ms: 100, max_memory_pages: 16 }
exports:
  - { name: execute, input_schema: { type: integer, minimum: 0 }, output_schema: { type: integer } }
  - { name: other }
";

fn key(seed: u8) -> PublisherKey {
    PublisherKey::from_seed(&[seed; 32])
}

/// Two publishers of the same names.
fn trust() -> Trust {
    let root_key = RootKey::from_seed(&[1; 32]);
    let time = |text: &str| text.parse::<Timestamp>().expect(text);
    let mut draft = RootDraft::first(root_key.public(), time("2027-01-01T00:00:00Z"));
    for seed in [7, 8] {
        draft.add(TrustedKey::new(key(seed).public()), "publisher:acme/*".parse().expect("a role")).expect("added");
    }
    let root = draft.propose().expect("consistent").sign(&root_key).complete().expect("signed");
    Trust::root(root, ExpiredRoot::Refuse)
}

struct Place(tempfile::TempDir);

impl Place {
    fn new() -> Self {
        Self(tempfile::tempdir().expect("a folder"))
    }

    fn artefact(&self, file: &str, yaml: &str, signer: Option<u8>) -> PathBuf {
        let document = ManifestDocument::from_yaml(yaml).unwrap_or_else(|error| panic!("{error}: {yaml}"));
        let wasm = wat::parse_str(MODULE).expect("valid text");
        let package = Package::pack(wasm, &document, &Bounds::default()).expect("a package");
        let bytes = match signer {
            Some(seed) => sign(&package, &key(seed), Earlier::Replace).expect("signed"),
            None => vak_package::Artefact::bytes(&package).to_vec(),
        };
        let path = self.0.path().join(file);
        fs::create_dir_all(path.parent().expect("a parent")).expect("a folder");
        fs::write(&path, bytes).expect("written");
        path
    }
}

fn no_store() -> Store {
    Store::at(PathBuf::from("/nowhere"))
}

fn inspector(old: &std::path::Path) -> Inspector {
    let now = "2026-11-21T00:00:00Z".parse().expect("a time");
    let baseline = Some(Baseline::read(old, &no_store()).expect("an older version"));
    Inspector { baseline, ..Inspector::new(trust(), now) }
}

/// The checks of signatures and upgrades that do not hold, and what failures are called.
fn found(inspector: &Inspector, path: &std::path::Path) -> Vec<String> {
    let checks = inspector.inspect(path).checks;
    let of_interest = |id: CheckId| id.word().starts_with("upgrade.") || id.word().starts_with("sig.");
    let noted = checks.iter().filter(|check| of_interest(check.id) && check.verdict != Verdict::Ok);
    let shown = noted.map(|check| {
        let code = check.verdict.code().map(|code| format!(" {code}")).unwrap_or_default();
        format!("{}{code}", check.id.word())
    });
    shown.collect()
}

/// What is found of a version that differs from [`YAML`] in these words.
fn of_change(version: &str, changes: &[(&str, &str)], allow: &[Allowance]) -> Vec<String> {
    let place = Place::new();
    let old = place.artefact("old.wasm", YAML, Some(7));
    let yaml = changes.iter().fold(YAML.replace("1.2.0", version), |yaml, (from, to)| {
        assert!(yaml.contains(from), "{from}");
        yaml.replace(from, to)
    });
    let new = place.artefact("new.wasm", &yaml, Some(7));
    let mut inspector = inspector(&old);
    inspector.gate.allow(allow.iter().copied());
    found(&inspector, &new)
}

const CAPABILITY: &str = "upgrade.capability upgrade.capability";
const LIMITS: &str = "upgrade.limits upgrade.limits";
const SCHEMA: &str = "upgrade.schema upgrade.schema";
const UNDECIDED: &str = "upgrade.schema schema.undecided";
const SEMVER: &str = "upgrade.semver upgrade.semver";
const DOWNGRADE: &str = "upgrade.semver upgrade.downgrade";

#[test]
fn a_change_is_refused_by_the_check_that_it_is_about_unless_the_version_says_as_much() {
    let input = |schema| ("{ type: integer, minimum: 0 }", schema);
    let output = |schema| ("output_schema: { type: integer }", schema);
    let log = |list| ("[compute, log, fs.read: [data]]", list);
    for (version, change, expected) in [
        ("1.2.1", ("Answers with", "Gives back"), &[][..]),
        // Capabilities.
        ("2.0.0", log("[log, kv, fs.read: [data]]"), &[CAPABILITY]),
        ("1.3.0", log("[log, kv, fs.read: [data]]"), &[CAPABILITY, SEMVER]),
        ("1.3.0", log("[log, {kv: null, optional: true}, fs.read: [data]]"), &[CAPABILITY]),
        ("1.2.1", log("[log, {kv: null, optional: true}, fs.read: [data]]"), &[CAPABILITY, SEMVER]),
        ("1.3.0", log("[log, fs.read: [data, more]]"), &[CAPABILITY]),
        ("1.3.0", log("[log, fs.read: ['**']]"), &[CAPABILITY]),
        ("1.2.1", log("[fs.read: [data]]"), &[]),
        ("1.2.1", log("[]"), &[]),
        // Limits, stated and by default.
        ("1.3.0", ("max_fuel: 1000000", "max_fuel: 1000001"), &[LIMITS]),
        ("1.2.1", ("max_fuel: 1000000", "max_fuel: 1000001"), &[LIMITS, SEMVER]),
        ("1.3.0", ("max_fuel: 1000000, ", ""), &[LIMITS]),
        ("1.3.0", ("max_fuel: 1000000", "max_fuel: 999999"), &[]),
        ("1.2.1", ("max_fuel: 1000000", "max_fuel: 999999"), &[SEMVER]),
        // Inputs may widen.
        ("1.3.0", input("{ type: integer, minimum: -1 }"), &[]),
        ("1.2.1", input("{ type: integer, minimum: -1 }"), &[SEMVER]),
        ("1.3.0", input("{ type: integer, minimum: 1 }"), &[SCHEMA, SEMVER]),
        ("2.0.0", input("{ type: integer, minimum: 1 }"), &[]),
        ("1.3.0", input("{ type: integer, minimum: 0, multipleOf: 2 }"), &[UNDECIDED]),
        ("2.0.0", input("{ type: integer, minimum: 0, multipleOf: 2 }"), &[]),
        // Outputs may narrow.
        ("1.3.0", output("output_schema: { type: integer, minimum: 3 }"), &[]),
        ("1.3.0", output("output_schema: { type: number }"), &[SCHEMA, SEMVER]),
        ("1.3.0", ("output_schema: { type: integer }", "description: x"), &[SCHEMA, SEMVER]),
        // Functions.
        ("1.3.0", ("{ name: other }", "{ name: other }\n  - { name: third }"), &[]),
        ("1.2.1", ("{ name: other }", "{ name: other }\n  - { name: third }"), &[SEMVER]),
        ("1.9.0", ("{ name: other }", "{ name: third }"), &[SCHEMA, SEMVER]),
        ("1.3.0", ("{ name: other }", "{ name: other, input_schema: { type: string } }"), &[SCHEMA, SEMVER]),
    ] {
        assert_eq!(of_change(version, &[change], &[]), expected, "{version} {change:?}");
    }
}

#[test]
fn what_is_meant_can_be_allowed_and_no_signature_is_among_it() {
    let input = [("{ type: integer, minimum: 0 }", "{ type: integer, minimum: 0, multipleOf: 2 }")];
    assert_eq!(of_change("1.3.0", &input, &[Allowance::SchemaUndecided]), [""; 0]);
    let more = [("[compute, log, fs.read: [data]]", "[compute, log, kv, fs.read: [data]]"), ("1000000", "2000000")];
    assert_eq!(of_change("2.0.0", &more, &[Allowance::UpgradeCapability]), [LIMITS]);
    assert_eq!(of_change("2.0.0", &more, &[Allowance::UpgradeCapability, Allowance::UpgradeLimits]), [""; 0]);
    let break_ = [("{ type: integer, minimum: 0 }", "{ type: string }")];
    assert_eq!(of_change("1.3.0", &break_, &[Allowance::SchemaUndecided]), [SCHEMA, SEMVER], "a break is decided");
}

#[test]
fn v31_an_older_version_or_the_same_one_with_other_bytes_is_refused() {
    let other = ("Answers with", "Gives back");
    assert_eq!(of_change("1.2.0", &[], &[]), [""; 0], "the same artefact");
    for version in ["1.2.0", "1.2.0+other", "1.1.9", "1.2.0-rc.1", "0.9.0"] {
        assert_eq!(of_change(version, &[other], &[]), [DOWNGRADE], "{version}");
    }
    assert_eq!(of_change("1.10.0", &[other], &[]), [""; 0], "numbers, not texts");
}

#[test]
fn somebody_who_signed_the_older_version_must_have_signed_the_newer_one() {
    let place = Place::new();
    let newer = YAML.replace("1.2.0", "1.2.1");
    let old = place.artefact("old.wasm", YAML, Some(7));
    let unsigned = place.artefact("unsigned.wasm", YAML, None);
    let other = place.artefact("other.wasm", &newer, Some(8));
    assert_eq!(found(&inspector(&old), &other), ["upgrade.signer upgrade.signer"]);
    let mut lenient = inspector(&old);
    lenient.gate.allow([Allowance::UpgradeSigner]);
    assert_eq!(found(&lenient, &other), [""; 0]);
    let nobody = place.artefact("nobody.wasm", &newer, None);
    assert_eq!(found(&lenient, &nobody), ["sig.present signature.missing", "sig.threshold", "upgrade.signer"]);
    let stranger = place.artefact("stranger.wasm", &newer, Some(9));
    assert_eq!(found(&lenient, &stranger), ["sig.threshold signature.untrusted", "upgrade.signer"]);
    assert_eq!(found(&inspector(&unsigned), &other), ["upgrade.signer"], "nobody to compare with: skipped");
    let mut strict = inspector(&unsigned);
    strict.gate.require([CheckId::UpgradeSigner]);
    assert_eq!(found(&strict, &other), ["upgrade.signer gate.required"]);
    let by_stranger = place.artefact("by_stranger.wasm", YAML, Some(9));
    assert_eq!(found(&inspector(&by_stranger), &other), ["upgrade.signer upgrade.signer"]);
}

#[test]
fn an_artefact_is_held_against_the_newest_older_version_of_its_name() {
    let place = Place::new();
    for version in ["1.2.0", "1.10.0", "1.9.0"] {
        place.artefact(&format!("released/{version}.wasm"), &YAML.replace("1.2.0", version), Some(7));
    }
    place.artefact("released/other.wasm", &YAML.replace("acme/echo", "acme/other").replace("1.2.0", "9.0.0"), Some(7));
    let baseline = inspector(&place.0.path().join("released"));
    let new = |version: &str, name: &str| {
        let yaml = YAML.replace("1.2.0", version).replace("acme/echo", name);
        found(&baseline, &place.artefact("new.wasm", &yaml, Some(7)))
    };
    assert_eq!(new("1.10.1", "acme/echo"), [""; 0]);
    assert_eq!(new("1.9.1", "acme/echo"), [DOWNGRADE]);
    assert_eq!(new("1.0.0", "acme/new"), CheckId::OF_UPGRADES.map(CheckId::word), "skipped");
}

#[test]
fn another_skill_is_no_older_version_and_what_is_not_there_has_failed_if_it_is_required() {
    let place = Place::new();
    let old = place.artefact("old.wasm", &YAML.replace("acme/echo", "acme/other"), Some(7));
    let new = place.artefact("new.wasm", YAML, Some(7));
    let all = found(&inspector(&old), &new);
    assert!(all.contains(&"upgrade.semver upgrade.other".to_owned()), "{all:?}");
    assert!(Baseline::read(&place.0.path().join("nowhere"), &no_store()).is_err());
    fs::create_dir(place.0.path().join("empty")).expect("a folder");
    assert!(Baseline::read(&place.0.path().join("empty"), &no_store()).is_err());
    let mut alone = Inspector { baseline: None, ..inspector(&new) };
    assert_eq!(found(&alone, &new), [""; 0], "nobody asks");
    alone.gate.require([CheckId::UpgradeSemver]);
    assert_eq!(found(&alone, &new), ["upgrade.semver gate.required"]);
}
