//! Building twice in other circumstances, and what is said of how a skill was built.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::process::Command;

use serde_json::Value;
use vak_package::sha256;
use vak_trust::{BuilderKey, DigestSet, Envelope, PROVENANCE_TYPE, STATEMENT_PAYLOAD, create_key_file};

use crate::five::{LIBRARY, MANIFEST, home, write};

/// What a build sees of the one who starts it.
const OF_THE_USER: &str = "option_env!(\"HOME\")";

/// Runs the tool on a skill; its exit code and its report, or nothing if no skill in Rust can be built here.
#[expect(clippy::print_stderr, reason = "a test that is skipped says why")]
fn run(folder: &Path, words: &[&str]) -> Option<(i32, Value)> {
    let mut tool = Command::new(env!("CARGO_BIN_EXE_vak-skill-build"));
    tool.args(words).arg("--json").current_dir(folder).env("VAK_HOME", home()).env_remove("CARGO_TARGET_DIR");
    let output = tool.output().expect("it runs");
    let report: Value = serde_json::from_slice(&output.stdout).expect("a report");
    if report["error"]["code"] == "toolchain.missing" {
        eprintln!("skipped: there is no compiler for WebAssembly here: {}", report["error"]["message"]);
        return None;
    }
    Some((output.status.code().unwrap_or(-1), report))
}

#[test]
fn a_skill_whose_module_depends_on_its_source_alone_is_reproduced_and_nothing_is_left() {
    let folder = tempfile::tempdir().expect("a folder");
    write(folder.path());
    let before = fs::read_dir(folder.path()).expect("readable").count();
    let Some((code, report)) = run(folder.path(), &["--reproduce"]) else { return };
    assert_eq!((code, &report["identical"]), (0, &Value::Bool(true)), "{report}");
    assert!(report["difference"].is_null() && report["digest"].as_str().is_some_and(|id| id.starts_with("sha256:")));
    assert_eq!(fs::read_dir(folder.path()).expect("readable").count(), before);
}

#[test]
fn a_skill_that_shows_who_built_it_is_found_out_with_the_section_that_differs() {
    let folder = tempfile::tempdir().expect("a folder");
    write(folder.path());
    let told =
        format!("static OUTPUT: &[u8] = match {OF_THE_USER} {{ Some(home) => home.as_bytes(), None => b\"5\" }};");
    let library =
        LIBRARY.replace("static OUTPUT: [u8; 1] = *b\"5\";", &told).replace("<< 32 | 1", "<< 32 | OUTPUT.len() as i64");
    fs::write(folder.path().join("lib.rs"), library).expect("written");
    let (manifest, _) = MANIFEST.split_once("tests:").expect("a manifest with tests");
    fs::write(folder.path().join("skill.yaml"), manifest).expect("written");
    let Some((code, report)) = run(folder.path(), &["--reproduce"]) else { return };
    assert_eq!((code, &report["error"]["code"]), (9, &Value::from("build.differs")), "{report}");
    let difference = report["difference"].as_str().expect("named");
    assert!(difference.starts_with("the section `") && difference.contains("at byte"), "{difference}");
}

#[test]
fn what_a_build_took_is_written_down_and_signed_by_its_builder() {
    let folder = tempfile::tempdir().expect("a folder");
    write(folder.path());
    let key = BuilderKey::from_seed(&[7; 32]);
    create_key_file(&folder.path().join("builder.pem"), &key, None).expect("written");
    let words = ["--provenance", "five.intoto.json", "--provenance-key", "builder.pem"];
    let Some((code, report)) = run(folder.path(), &words) else { return };
    assert_eq!(code, 0, "{report}");
    let envelope = Envelope::read(&fs::read(folder.path().join("five.intoto.json")).expect("there")).expect("one");
    let keys = BTreeSet::from([key.public()]);
    let payload = envelope.open(STATEMENT_PAYLOAD, &keys, 1).expect("signed").payload;
    let statement: Value = serde_json::from_slice(payload).expect("JSON");
    assert_eq!(statement["predicateType"], PROVENANCE_TYPE);
    let module = fs::read(folder.path().join("target/five.wasm")).expect("there");
    for (subject, name) in
        statement["subject"].as_array().expect("a list").iter().zip(["five.wasm", "five.wasm#detached"])
    {
        assert_eq!(subject["name"], name);
        assert_eq!(subject["digest"], serde_json::to_value(DigestSet::from(sha256(&module))).expect("JSON"));
    }
    let definition = &statement["predicate"]["buildDefinition"];
    assert_eq!(definition["buildType"], "urn:vak:build:cargo-wasm:v1");
    assert_eq!(definition["externalParameters"]["package"], "five");
    let lock = sha256(&fs::read(folder.path().join("Cargo.lock")).expect("there"));
    let dependencies = definition["resolvedDependencies"].as_array().expect("a list");
    let named =
        |name: &str| dependencies.iter().find(|one| one["name"] == name).unwrap_or_else(|| panic!("{definition}"));
    assert_eq!(named("Cargo.lock")["digest"], serde_json::to_value(DigestSet::from(lock)).expect("JSON"));
    assert_eq!(named("rustc")["annotations"]["version"], report["toolchain"]);
    let text = String::from_utf8_lossy(payload);
    assert!(!text.contains(&*folder.path().to_string_lossy()), "no place of this machine: {text}");
}

/// The list in a module's last section.
fn packages(module: &[u8]) -> Value {
    let name = module.windows(7).rposition(|window| window == b".dep-v0").expect("the section");
    let json = miniz_oxide::inflate::decompress_to_vec_zlib(&module[name + 7..]).expect("zlib");
    let list = String::from_utf8(json).expect("text");
    assert!(list.parse::<auditable_serde::VersionInfo>().is_ok(), "as the library of cargo-auditable reads it: {list}");
    serde_json::from_str::<Value>(&list).expect("JSON")["packages"].take()
}

/// A package that the skill takes from a folder of its own.
fn package(folder: &Path, name: &str) {
    let path = folder.join(name);
    fs::create_dir(&path).expect("a folder");
    let text =
        format!("[package]\nname = \"{name}\"\nversion = \"0.2.0\"\nedition = \"2024\"\n[lib]\npath = \"lib.rs\"\n");
    fs::write(path.join("Cargo.toml"), text).expect("written");
    fs::write(path.join("lib.rs"), "").expect("written");
}

#[test]
fn a_module_lists_what_it_is_made_of_and_not_what_its_tests_need() {
    let folder = tempfile::tempdir().expect("a folder");
    write(folder.path());
    ["kit", "maker", "checker"].iter().for_each(|name| package(folder.path(), name));
    let manifest = folder.path().join("Cargo.toml");
    let sections = ["", "build-", "dev-"].iter().zip(["kit", "maker", "checker"]);
    let needs: String =
        sections.map(|(kind, name)| format!("[{kind}dependencies]\n{name} = {{ path = \"{name}\" }}\n")).collect();
    fs::write(&manifest, fs::read_to_string(&manifest).expect("text") + &needs).expect("written");
    fs::write(folder.path().join("build.rs"), "fn main() {}").expect("written");
    let Some((code, report)) = run(folder.path(), &["--sbom"]) else { return };
    assert_eq!(code, 0, "{report}");
    let module = fs::read(folder.path().join("target/five.wasm")).expect("there");
    let expected = serde_json::json!([
        { "name": "five", "version": "0.1.0", "source": "local", "dependencies": [1, 2], "root": true },
        { "name": "kit", "version": "0.2.0", "source": "local" },
        { "name": "maker", "version": "0.2.0", "source": "local", "kind": "build" },
    ]);
    assert_eq!(packages(&module), expected);
    let (code, report) = run(folder.path(), &["--sbom", "--reproduce"]).expect("as before");
    assert_eq!((code, &report["digest"]), (0, &Value::from(sha256(&module).to_string())), "{report}");
}
