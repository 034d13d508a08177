//! Who may attest how an artefact was built, and what it says of itself.

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};
use vak_model::Digest;
use vak_package::{Artefact as _, Bounds, ManifestDocument, Package, sha256};
use vak_skill_verify::{Attestations, CheckId, Inspector, Verdict};
use vak_trust::{
    BUILD_TYPES, BuilderKey, Earlier, Envelope, ExpiredRoot, KeyRole, LOCAL_BUILDER, PROVENANCE_TYPE, PublisherKey,
    REPRODUCED, RootDraft, RootKey, Statement, Subject, Timestamp, Trust, TrustedKey, VERIFICATION_TYPE, sign,
};
use wasm_encoder::{CustomSection, Section as _};

const MODULE: &str = r#"(module
    (memory (export "memory") 1)
    (func (export "vak_alloc") (param i32) (result i32) i32.const 1024)
    (func (export "execute") (param i32 i32) (result i64) i64.const 0))"#;

const YAML: &str = "\
name: acme/echo
version: 1.2.0
description: Answers with its input
module: echo.wasm
exports: [{ name: execute }]
";

const DEPENDENCIES: &str = r#"{"packages":[{"name":"echo","version":"1.2.0","source":"local","root":true,"dependencies":[1]},
    {"name":"serde","version":"1.0.200","source":"crates.io"}]}"#;

fn builder(seed: u8) -> BuilderKey {
    BuilderKey::from_seed(&[seed; 32])
}

/// A publisher, and two builders.
fn trust() -> Trust {
    let root_key = RootKey::from_seed(&[1; 32]);
    let time = |text: &str| text.parse::<Timestamp>().expect(text);
    let mut draft = RootDraft::first(root_key.public(), time("2027-01-01T00:00:00Z"));
    let publisher = PublisherKey::from_seed(&[7; 32]);
    draft.add(TrustedKey::new(publisher.public()), "publisher:acme/*".parse().expect("a role")).expect("added");
    for seed in [3, 4] {
        draft.add(TrustedKey::new(builder(seed).public()), KeyRole::Builder).expect("added");
    }
    let root = draft.propose().expect("consistent").sign(&root_key).complete().expect("signed");
    Trust::root(root, ExpiredRoot::Refuse)
}

struct Place {
    folder: tempfile::TempDir,
    package: Package,
}

impl Place {
    /// A signed artefact, with these sections of dependencies.
    fn with(sections: &[&[u8]]) -> Self {
        let mut wasm = wat::parse_str(MODULE).expect("valid text");
        for data in sections {
            CustomSection { name: ".dep-v0".into(), data: (*data).into() }.append_to(&mut wasm);
        }
        let document = ManifestDocument::from_yaml(YAML).expect("a manifest");
        let unsigned = Package::pack(wasm, &document, &Bounds::default()).expect("a package");
        let signed = sign(&unsigned, &PublisherKey::from_seed(&[7; 32]), Earlier::Replace).expect("signed");
        let folder = tempfile::tempdir().expect("a folder");
        fs::write(folder.path().join("echo.wasm"), &signed).expect("written");
        Self { folder, package: Package::read(signed, &Bounds::default()).expect("an artefact") }
    }

    fn new() -> Self {
        Self::with(&[])
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn inspector(&self) -> Inspector {
        Inspector::new(trust(), "2026-11-21T00:00:00Z".parse().expect("a time"))
    }

    /// What is found if these lines are named as provenance, and something is required.
    fn found(&self, lines: &[Vec<u8>], required: &[CheckId]) -> Vec<String> {
        fs::write(self.path("named"), lines.join(&b'\n')).expect("written");
        let mut inspector = self.inspector();
        inspector.attestations = Attestations::read(&[self.path("named")]).expect("read");
        inspector.gate.require(required.iter().copied());
        found(&inspector, &self.path("echo.wasm"))
    }

    fn provenance(&self) -> Value {
        provenance(self.package.id().0)
    }
}

/// A good statement about these bytes.
fn provenance(digest: Digest) -> Value {
    let predicate = json!({
        "buildDefinition": {
            "buildType": BUILD_TYPES[0],
            "externalParameters": { "package": "echo" },
            "resolvedDependencies": [{ "uri": "pkg:cargo/serde@1.0.200", "digest": { "sha256": "00" } }],
        },
        "runDetails": { "builder": { "id": LOCAL_BUILDER, "version": { "vak": "0.1.0" } } },
    });
    let subject = vec![Subject { name: "echo.wasm".to_owned(), digest: digest.into() }];
    serde_json::to_value(Statement::new(subject, PROVENANCE_TYPE, predicate)).expect("JSON")
}

fn rebuilt(digest: Digest, property: &str) -> Value {
    let predicate = json!({
        "verifier": { "id": LOCAL_BUILDER }, "timeCreated": "2026-11-21T00:00:00Z", "properties": [property],
    });
    let subject = vec![Subject { name: "echo.wasm".to_owned(), digest: digest.into() }];
    serde_json::to_value(Statement::new(subject, VERIFICATION_TYPE, predicate)).expect("JSON")
}

fn signed(statement: &Value, seeds: &[u8]) -> Vec<u8> {
    let mut envelope = Envelope::new("application/vnd.in-toto+json", statement.to_string().into_bytes());
    seeds.iter().for_each(|seed| envelope.sign(&builder(*seed)));
    envelope.to_json()
}

/// The checks of builds, with their verdicts, and what failures are called.
fn found(inspector: &Inspector, path: &Path) -> Vec<String> {
    let checks = inspector.inspect(path).checks;
    let asked = CheckId::OF_PROVENANCE.into_iter().chain([CheckId::SbomPresent]).collect::<Vec<_>>();
    let of_interest = checks.iter().filter(|check| asked.contains(&check.id));
    let shown = of_interest.map(|check| match check.verdict {
        Verdict::Failed(code) => format!("{} {code}", check.id.word()),
        verdict => format!("{} {}", check.id.word(), verdict.word()),
    });
    shown.collect()
}

const BUILT: [&str; 3] = ["provenance.builder ok", "provenance.valid ok", "reproduced skipped"];

#[test]
fn provenance_of_these_bytes_by_a_builder_that_is_trusted_holds() {
    let place = Place::new();
    assert_eq!(place.found(&[signed(&place.provenance(), &[3])], &[]), BUILT);
    let file = provenance(sha256(place.package.bytes()));
    assert_eq!(
        place.found(&[signed(&file, &[3])], &[])[1],
        "provenance.valid provenance.subject",
        "the module id counts"
    );
    let both = json!([place.provenance()["subject"][0], file["subject"][0]]);
    let mut whole = place.provenance();
    whole["subject"] = both;
    assert_eq!(place.found(&[signed(&whole, &[3])], &[]), BUILT);
    let message = place.inspector().inspect(&place.path("echo.wasm")).checks.len();
    assert_eq!(message, 8, "nobody asks, and there is none: it is not told");
}

#[test]
fn provenance_of_another_module_another_builder_or_another_key_is_refused_by_its_own_check() {
    let place = Place::new();
    let changed = |pointer: &str, to: Value| {
        let mut statement = place.provenance();
        *statement.pointer_mut(pointer).expect(pointer) = to;
        statement
    };
    let other_module = provenance(Digest::from_bytes([9; 32]));
    let other_builder = changed("/predicate/runDetails/builder/id", json!("urn:vak:builder:other:v1"));
    let other_way = changed("/predicate/buildDefinition/buildType", json!("urn:other"));
    let other_kind = changed("/predicateType", json!("https://slsa.dev/provenance/v0.2"));
    let no_digest = changed("/subject/0/digest", json!({ "sha512": "00" }));
    for (statement, seeds, expected) in [
        (&other_module, &[3][..], ["provenance.builder skipped", "provenance.valid provenance.subject"]),
        (&no_digest, &[3], ["provenance.builder skipped", "provenance.valid provenance.subject"]),
        (&other_builder, &[3], ["provenance.builder provenance.builder", "provenance.valid ok"]),
        (&other_way, &[3], ["provenance.builder ok", "provenance.valid provenance.builder"]),
        (&other_kind, &[3], ["provenance.builder skipped", "provenance.valid skipped"]),
        (&place.provenance(), &[7], ["provenance.builder skipped", "provenance.valid provenance.untrusted"]),
        (&place.provenance(), &[9], ["provenance.builder skipped", "provenance.valid provenance.untrusted"]),
        (&place.provenance(), &[], ["provenance.builder skipped", "provenance.valid provenance.untrusted"]),
        (&json!({}), &[3], ["provenance.builder skipped", "provenance.valid provenance.malformed"]),
        (
            &changed("/predicate", json!(1)),
            &[3],
            ["provenance.builder skipped", "provenance.valid provenance.malformed"],
        ),
    ] {
        assert_eq!(place.found(&[signed(statement, seeds)], &[])[..2], expected, "{statement} {seeds:?}");
    }
    let broken = signed(&place.provenance(), &[3]);
    let broken = String::from_utf8(broken).expect("text").replace("\"payload\":\"ey", "\"payload\":\"eW");
    assert_eq!(place.found(&[broken.into_bytes()], &[])[1], "provenance.valid provenance.untrusted");
}

#[test]
fn among_many_statements_an_artefact_finds_its_own_and_what_is_required_must_be_there() {
    let place = Place::new();
    let other = signed(&provenance(Digest::from_bytes([9; 32])), &[3]);
    let own = signed(&place.provenance(), &[3]);
    assert_eq!(place.found(&[other.clone(), b"{".to_vec(), own.clone()], &[]), BUILT);
    assert_eq!(place.found(&vec![other.clone(); 65], &[])[1], "provenance.valid provenance.malformed", "bounded");
    assert_eq!(place.found(&[], &[])[1], "provenance.valid provenance.malformed", "an empty file");
    let mut inspector = place.inspector();
    inspector.gate.require([CheckId::ProvenanceValid, CheckId::Reproduced, CheckId::SbomPresent]);
    let path = place.path("echo.wasm");
    let nothing = ["provenance.valid gate.required", "reproduced gate.required", "sbom.present gate.required"];
    assert_eq!(found(&inspector, &path), nothing);
    fs::write(place.path("echo.wasm.intoto.jsonl"), [own, b"\n".to_vec()].concat()).expect("written");
    assert_eq!(found(&place.inspector(), &path), BUILT[..2], "beside it");
    fs::write(place.path("echo.wasm.intoto.jsonl"), other).expect("written");
    assert_eq!(found(&place.inspector(), &path), ["provenance.valid provenance.subject"]);
    fs::remove_file(place.path("echo.wasm.intoto.jsonl")).expect("removed");
    fs::create_dir(place.path("echo.wasm.intoto.jsonl")).expect("a folder");
    assert_eq!(found(&place.inspector(), &path), ["provenance.valid provenance.malformed"]);
    assert!(Attestations::read(&[place.path("nowhere")]).is_err());
}

#[test]
fn a_gate_says_whose_word_counts() {
    let place = Place::new();
    let gate = |text: &str| {
        fs::write(place.path("gate.yaml"), format!("version: 1\nprovenance: {text}\n")).expect("written");
        fs::write(place.path("named"), signed(&place.provenance(), &[9])).expect("written");
        let mut inspector = place.inspector();
        inspector.attestations = Attestations::read(&[place.path("named")]).expect("read");
        inspector.gate = vak_skill_verify::Gate::read_file(&place.path("gate.yaml")).expect("a gate");
        found(&inspector, &place.path("echo.wasm"))
    };
    let key = |seed: u8| builder(seed).public();
    assert_eq!(gate(&format!("{{ keys: [\"{}\"] }}", key(9))), BUILT);
    assert_eq!(gate(&format!("{{ keys: [\"{}\"] }}", key(8)))[1], "provenance.valid provenance.untrusted");
    let other = format!("{{ keys: [\"{}\"], builders: [urn:hosted] }}", key(9));
    assert_eq!(gate(&other)[0], "provenance.builder provenance.builder");
}

#[test]
fn enough_different_builders_must_have_built_the_same_bytes_again() {
    let place = Place::new();
    let id = place.package.id().0;
    let good = |seed: u8| signed(&rebuilt(id, REPRODUCED), &[seed]);
    let last = |lines: &[Vec<u8>], required: &[CheckId]| place.found(lines, required).pop().expect("told");
    assert_eq!(last(&[good(3)], &[]), "reproduced ok");
    for other in [
        signed(&rebuilt(Digest::from_bytes([9; 32]), REPRODUCED), &[3]),
        signed(&rebuilt(id, "SOMETHING_ELSE"), &[3]),
        signed(&rebuilt(id, REPRODUCED), &[9]),
        signed(&place.provenance(), &[3]),
    ] {
        assert_eq!(last(std::slice::from_ref(&other), &[]), "reproduced skipped");
        assert_eq!(last(&[other], &[CheckId::Reproduced]), "reproduced gate.required");
    }
    let two = |lines: &[Vec<u8>]| {
        fs::write(place.path("named"), lines.join(&b'\n')).expect("written");
        let mut inspector = place.inspector();
        inspector.attestations = Attestations::read(&[place.path("named")]).expect("read");
        inspector.gate.provenance.rebuilders = 2;
        found(&inspector, &place.path("echo.wasm")).pop().expect("told")
    };
    assert_eq!(two(&[good(3), good(3)]), "reproduced warning", "one key twice is one");
    assert_eq!(two(&[good(3), good(4)]), "reproduced ok");
}

#[test]
fn what_an_artefact_is_made_of_is_listed_and_a_list_that_can_t_be_read_is_refused() {
    let packed = |list: &[u8]| miniz_oxide::deflate::compress_to_vec_zlib(list, 6);
    let place = Place::with(&[&packed(DEPENDENCIES.as_bytes())]);
    let inspected = place.inspector().inspect(&place.path("echo.wasm"));
    let check = inspected.checks.iter().find(|check| check.id == CheckId::SbomPresent).expect("told");
    assert_eq!((check.verdict, check.message.as_str()), (Verdict::Ok, "it is made of 1: serde 1.0.200"));
    let skill = serde_json::to_value(&inspected.skill).expect("JSON");
    assert_eq!(skill["dependencies"][1]["source"], "crates.io");
    let bomb = packed(&vec![b' '; 9 << 20]);
    for sections in [&[&bomb[..]][..], &[b"x"], &[&packed(DEPENDENCIES.as_bytes()), &packed(DEPENDENCIES.as_bytes())]] {
        let place = Place::with(sections);
        assert_eq!(found(&place.inspector(), &place.path("echo.wasm")), ["sbom.present sbom.malformed"]);
    }
}
