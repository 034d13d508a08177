//! What the tool says of skills that can't be built. Nothing but `bytes` and `watch` needs a compiler for WebAssembly.

mod bytes;
mod five;
mod twice;
mod watch;

use std::fs;
use std::path::{Path, PathBuf};

use clap::CommandFactory;
use vak_cli::{Failure, Home};
use vak_model::Code;
use vak_skill_build::{Checked, Order, Problems, Variation};
use vak_testkit::Suite;

const MANIFEST: &str = "\
name: hello
version: \"0.1.0\"
description: Greets
module: target/hello.wasm
exports:
  - name: execute
    input_schema: { type: object, properties: { name: { type: string } }, required: [name] }
    output_schema: { type: object, properties: { greeting: { type: string } }, required: [greeting] }
tests:
  - { name: greets, input: { name: Ada }, output: { greeting: \"Hello, Ada\" } }
  - { name: refuses nobody, input: { name: \"\" }, error: { error: nobody } }
";

const PACKAGE: &str = "\
[package]
name = \"hello\"
version = \"0.1.0\"
edition = \"2024\"

[workspace]

[lib]
path = \"lib.rs\"
crate-type = [\"cdylib\"]
";

/// A skill in a folder of its own.
struct Skill(tempfile::TempDir);

impl Skill {
    fn new(manifest: &str, package: &str) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        for (name, text) in [("skill.yaml", manifest), ("Cargo.toml", package), ("lib.rs", "")] {
            fs::write(folder.path().join(name), text).expect("written");
        }
        Self(folder)
    }

    fn check(&self) -> Result<Checked, Problems> {
        check(self.0.path())
    }

    /// Every failure: its code, and what it says without the folder's name, behind its place if it has one.
    fn failures(&self) -> Vec<(Code, String)> {
        let folder = format!("{}/", self.0.path().display());
        let plain = |failure: Failure| (failure.code(), failure.one_line().replace(&folder, ""));
        self.check().expect_err("problems").into_failures().into_iter().map(plain).collect()
    }
}

fn check(dir: &Path) -> Result<Checked, Problems> {
    let nowhere = || PathBuf::from("/nowhere");
    let home = Home { config: nowhere(), cache: nowhere(), state: nowhere(), store: nowhere() };
    Order {
        dir: dir.to_owned(),
        out: None,
        toolchain: None,
        accept_fuel: false,
        quiet: false,
        home,
        sbom: false,
        names: false,
        variation: Variation::default(),
    }
    .check()
}

#[test]
fn a_skill_without_mistakes_passes_and_nothing_is_written() {
    let skill = Skill::new(MANIFEST, PACKAGE);
    let checked = skill.check().expect("no mistakes");
    assert_eq!(checked.source.manifest().name.as_str(), "hello");
    assert_eq!(skill.0.path().read_dir().expect("readable").count(), 3);
}

#[test]
fn every_mistake_is_reported_at_once_with_line_and_column() {
    let manifest = MANIFEST
        .replace("required: [greeting]", "required: greeting")
        .replace("input: { name: Ada }", "input: { name: 5 }")
        .replace("input: { name: \"\" }", "input: {}");
    let failures = Skill::new(&manifest, &PACKAGE.replace("cdylib", "rlib")).failures();
    let places: Vec<_> = failures.iter().map(|(code, text)| (*code, text.split(": ").next().unwrap_or(text))).collect();
    assert_eq!(
        places,
        [
            (Code::ManifestSchema, "`skill.yaml` line 8, column 80"),
            (Code::ManifestSchema, "`skill.yaml` line 10, column 30"),
            (Code::ManifestSchema, "`skill.yaml` line 11, column 29"),
            (Code::BuildProject, "`Cargo.toml` makes no module"),
        ]
    );
    assert!(failures[1].1.ends_with("the input of the test `greets` breaks the `input_schema` of `execute` at `/name`: 5 is not of type \"string\""), "{}", failures[1].1);
}

#[test]
fn an_output_is_held_against_its_schema_and_an_error_is_not() {
    let manifest = MANIFEST.replace("output: { greeting", "output: { greting").replace("error: nobody", "why: nobody");
    let failures = Skill::new(&manifest, PACKAGE).failures();
    assert_eq!(failures.len(), 1, "{failures:?}");
    assert!(failures[0].1.contains("the output of the test `greets`"), "{}", failures[0].1);
}

#[test]
fn a_mistyped_manifest_and_a_wrong_package_are_told_together() {
    let skill = Skill::new(&MANIFEST.replace("exports:", "export:"), &PACKAGE.replace("cdylib", "rlib"));
    let failures = skill.failures();
    assert_eq!(failures.len(), 2, "{failures:?}");
    assert_eq!(failures[0].0, Code::ManifestInvalid);
    assert!(
        failures[0].1.starts_with("`skill.yaml` line 5, column 1: `export` is not a key of a manifest"),
        "{}",
        failures[0].1
    );
}

#[cfg(unix)]
#[test]
fn a_module_that_a_link_leads_out_of_the_folder_is_reported_with_the_rest() {
    let manifest = MANIFEST.replace("input: { name: Ada }", "input: {}");
    let skill = Skill::new(&manifest, &PACKAGE.replace("cdylib", "rlib"));
    std::os::unix::fs::symlink("/", skill.0.path().join("target")).expect("a link");
    let codes: Vec<_> = skill.failures().into_iter().map(|(code, _)| code).collect();
    assert_eq!(codes, [Code::ManifestSchema, Code::FileWrite, Code::BuildProject]);
}

#[test]
fn a_folder_without_a_skill_is_told_where_there_is_one() {
    let folder = tempfile::tempdir().expect("a folder");
    let inner = folder.path().join("skills/hello");
    fs::create_dir_all(&inner).expect("a folder");
    fs::write(inner.join("skill.yaml"), MANIFEST).expect("written");
    for dir in [folder.path().to_owned(), inner.join("src"), inner.join("skill.yaml")] {
        let failures = check(&dir).expect_err("no skill").into_failures();
        assert_eq!(failures.len(), 1);
        let report = serde_json::to_value(&failures[0]).expect("JSON");
        assert_eq!(report["code"], "file.read");
        assert_eq!(report["hint"], format!("vak-skill-build {}", inner.display()));
    }
}

#[test]
fn missing_source_code_and_unreadable_packages_are_named_as_such() {
    let skill = Skill::new(MANIFEST, PACKAGE);
    fs::remove_file(skill.0.path().join("Cargo.toml")).expect("removed");
    let (code, said) = skill.failures().remove(0);
    assert_eq!(code, Code::BuildProject);
    assert!(said.contains("has no source code of a skill: no `Cargo.toml` (Rust), no "), "{said}");
    let broken = Skill::new(MANIFEST, "[package").failures();
    assert_eq!(broken[0], (Code::BuildProject, "cargo can't read `Cargo.toml`".to_owned()));
    let virtual_one = Skill::new(MANIFEST, "[workspace]\nresolver = \"3\"\n").failures();
    assert_eq!(virtual_one[0].1, "`Cargo.toml` is a workspace and no package");
}

#[test]
fn a_manifest_that_is_too_large_or_no_text_is_refused() {
    let skill = Skill::new(&"#".repeat(300_000), PACKAGE);
    assert_eq!(skill.failures()[0].0, Code::FileRead);
    fs::write(skill.0.path().join("skill.yaml"), [0xff, 0xfe]).expect("written");
    assert_eq!(skill.failures()[0], (Code::ManifestSyntax, "`skill.yaml` is not UTF-8".to_owned()));
}

#[test]
fn every_case_prints_and_exits_as_it_says() {
    Suite::of_package(env!("CARGO_MANIFEST_DIR"), env!("CARGO_BIN_EXE_vak-skill-build")).run();
}

#[test]
fn every_flag_occurs_in_a_case() {
    let command = vak_skill_build::Cli::command();
    let flags: Vec<_> =
        command.get_arguments().filter_map(|arg| arg.get_long()).map(|long| format!("--{long}")).collect();
    assert!(flags.len() > 3, "{flags:?}");
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cli");
    assert_eq!(vak_testkit::unused_flags(&folder, &flags), Vec::<String>::new());
}
