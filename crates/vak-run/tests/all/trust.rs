//! Who may vouch for what runs, from the files to the exit code: each way in which a skill can be signed or not.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;
use vak_package::{Artefact as _, Bounds, ManifestDocument, Package, embed_signature};
use vak_testkit::Suite;
use vak_trust::{
    Earlier, KeyRole, PublicKeyForm, PublisherKey, Revocation, RevocationReason, RootDraft, RootKey, SignedRoot,
    Timestamp, TrustStore, TrustedKey, describe, sign,
};

/// Answers with its input.
const ECHO: &str = r#"(module
    (memory (export "memory") 1)
    (func (export "vak_alloc") (param i32) (result i32) i32.const 1024)
    (func (export "execute") (param i32 i32) (result i64)
      (i64.or (i64.shl (i64.extend_i32_u (local.get 0)) (i64.const 32)) (i64.extend_i32_u (local.get 1)))))"#;

const YAML: &str = "name: acme/echo\nversion: 1.0.0\ndescription: Answers with its input\nmodule: echo.wasm\nexports: [{ name: execute }]\nsignature: null\n";

pub(crate) fn key(seed: u8) -> PublisherKey {
    PublisherKey::from_seed(&[seed; 32])
}

fn time(text: &str) -> Timestamp {
    text.parse().expect(text)
}

fn wasm() -> Vec<u8> {
    wat::parse_str(ECHO).expect("valid text")
}

fn read(bytes: Vec<u8>) -> Package {
    Package::read(bytes, &Bounds::default()).expect("an artefact")
}

/// The artefact with the signatures of these keys.
pub(crate) fn signed(seeds: &[u8]) -> Package {
    let document = ManifestDocument::from_yaml(YAML).expect("a manifest");
    let unsigned = Package::pack(wasm(), &document, &Bounds::default()).expect("a package");
    seeds.iter().fold(unsigned, |package, seed| read(sign(&package, &key(*seed), Earlier::Keep).expect("signed")))
}

/// `skill.yaml` with the signature of that key filled in.
fn filled(seed: u8) -> String {
    let block = describe(&signed(&[seed]), &[key(seed).public()]).expect("signed");
    YAML.replace("null", &serde_json::to_string(&block).expect("JSON"))
}

/// A trust root that says what `change` makes of one with no publishers.
fn root(change: impl FnOnce(&mut RootDraft)) -> SignedRoot {
    let root_key = RootKey::from_seed(&[1; 32]);
    let mut draft = RootDraft::first(root_key.public(), time("9000-01-01T00:00:00Z"));
    change(&mut draft);
    draft.propose().expect("consistent").sign(&root_key).complete().expect("signed")
}

fn publishers() -> KeyRole {
    "publisher:acme/*".parse().expect("a role")
}

fn add(draft: &mut RootDraft, seed: u8, window: [Option<&str>; 2]) {
    let [valid_from, valid_until] = window.map(|moment| moment.map(time));
    let label = Some("alice laptop".to_owned().try_into().expect("a label"));
    draft
        .add(TrustedKey { label, valid_from, valid_until, ..TrustedKey::new(key(seed).public()) }, publishers())
        .expect("added");
}

/// The keys 2 and 3, and that this many of them are needed.
fn two_keys(needed: usize) -> SignedRoot {
    root(|draft| {
        [2, 3].into_iter().for_each(|seed| add(draft, seed, [None, None]));
        draft.threshold(&publishers(), needed).expect("two keys");
    })
}

fn one_key(window: [Option<&str>; 2]) -> SignedRoot {
    root(|draft| add(draft, 2, window))
}

fn revoked(reason: RevocationReason) -> SignedRoot {
    root(|draft| {
        add(draft, 2, [None, None]);
        let at = time("2000-01-01T00:00:00Z");
        draft.revoke(&key(2).public(), Revocation { at, reason }).expect("revoked");
    })
}

fn denying(denied: &str) -> SignedRoot {
    root(|draft| {
        add(draft, 2, [None, None]);
        if denied.starts_with("sha256:") {
            draft.denied().modules.insert(signed(&[]).id());
        } else {
            draft.denied().skills.insert(denied.parse().expect(denied));
        }
    })
}

/// A folder to work in, with a home of its own.
pub(crate) struct Place(tempfile::TempDir);

impl Place {
    pub(crate) fn new() -> Self {
        Self(tempfile::tempdir().expect("a folder"))
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn write(&self, name: &str, contents: impl AsRef<[u8]>) {
        let path = self.path(name);
        fs::create_dir_all(path.parent().expect("a parent")).expect("a folder");
        fs::write(path, contents).expect("written");
    }

    fn store(&self) -> TrustStore {
        TrustStore::at(self.path("vak/config/trust"))
    }

    /// Runs the tool; gives its exit code and its report.
    pub(crate) fn run(&self, words: &[&str]) -> (i32, Value) {
        let (code, stdout, stderr) = self.shown(&[words, &["--json"]].concat());
        (code, serde_json::from_str(&stdout).unwrap_or_else(|_| panic!("no report: {stdout}{stderr}")))
    }

    /// Runs `vak-skill-verify`; gives its exit code and its report.
    fn verify(&self, path: &str) -> (i32, Value) {
        let bin_dir = Suite::of_package(env!("CARGO_MANIFEST_DIR"), env!("CARGO_BIN_EXE_vak-run")).bin_dir;
        let (code, stdout, stderr) = self.start(&bin_dir.join("vak-skill-verify"), &[path, "--json"]);
        (code, serde_json::from_str(&stdout).unwrap_or_else(|_| panic!("no report: {stdout}{stderr}")))
    }

    /// Runs the tool; gives its exit code, stdout and stderr.
    fn shown(&self, words: &[&str]) -> (i32, String, String) {
        self.start(Path::new(env!("CARGO_BIN_EXE_vak-run")), words)
    }

    fn start(&self, tool: &Path, words: &[&str]) -> (i32, String, String) {
        let mut tool = Command::new(tool);
        tool.args(words).current_dir(self.0.path()).env("VAK_HOME", self.path("vak"));
        let output = tool.output().expect("a tool");
        let text = |bytes| String::from_utf8(bytes).expect("text");
        (output.status.code().unwrap_or(-1), text(output.stdout), text(output.stderr))
    }
}

/// What lies there.
enum Lies {
    File(Vec<u8>),
    Folder(String, Vec<u8>),
}

impl Lies {
    fn signed(seeds: &[u8]) -> Self {
        Self::File(signed(seeds).bytes().to_vec())
    }

    /// Puts it down; gives the word that names it.
    fn put(&self, place: &Place) -> &'static str {
        match self {
            Self::File(bytes) => {
                place.write("echo.wasm", bytes);
                "echo.wasm"
            }
            Self::Folder(yaml, bytes) => {
                place.write("echo/skill.yaml", yaml);
                place.write("echo/echo.wasm", bytes);
                "./echo"
            }
        }
    }
}

/// The signed artefact with another constant in its code.
pub(crate) fn tampered() -> Vec<u8> {
    let mut bytes = signed(&[2]).bytes().to_vec();
    let at = bytes.windows(3).rposition(|window| window == [0x41, 0x80, 0x08]).expect("i32.const 1024");
    bytes[at + 1] = 0x81;
    bytes
}

fn with_payload(payload: &[u8]) -> Vec<u8> {
    embed_signature(&signed(&[]), payload)
}

pub(crate) fn of_another_build() -> Vec<u8> {
    wat::parse_str(ECHO.replace("i32.const 1024", "i32.const 2048")).expect("valid text")
}

/// What `vak-skill-verify` and `vak-run` refuse, and by which code; and what `vak-run --allow-unsigned` refuses.
#[test]
fn every_way_to_be_signed_or_not_has_its_code_at_each_door() {
    let both = |code| [Some(code), Some(code)];
    let first = |code| [Some(code), None];
    let good = [None, None];
    let any = || one_key([None, None]);
    let drifted = YAML.replace("1.0.0", "1.0.1");
    type Row = (&'static str, Option<SignedRoot>, Lies, [Option<&'static str>; 2]);
    let table: Vec<Row> = vec![
        ("unsigned", Some(any()), Lies::signed(&[]), first("signature.missing")),
        ("trusted", Some(any()), Lies::signed(&[2]), good),
        ("unknown", Some(any()), Lies::signed(&[9]), first("signature.untrusted")),
        ("trusted and unknown", Some(any()), Lies::signed(&[9, 2]), good),
        ("no trust root", None, Lies::signed(&[2]), first("signature.untrusted")),
        ("compromised", Some(revoked(RevocationReason::Compromised)), Lies::signed(&[2]), both("signature.revoked")),
        ("retired", Some(revoked(RevocationReason::Retired)), Lies::signed(&[2]), both("signature.revoked")),
        ("denied module", Some(denying("sha256:")), Lies::signed(&[2]), both("trust.denied")),
        ("denied version", Some(denying("acme/echo@<1.0.1")), Lies::signed(&[2]), both("trust.denied")),
        ("denied, unsigned", Some(denying("acme/echo")), Lies::signed(&[]), both("trust.denied")),
        ("one of two", Some(two_keys(2)), Lies::signed(&[2]), first("signature.threshold")),
        ("two of two", Some(two_keys(2)), Lies::signed(&[2, 3]), good),
        (
            "too late",
            Some(one_key([None, Some("1990-01-01T00:00:00Z")])),
            Lies::signed(&[2]),
            first("signature.expired"),
        ),
        (
            "too early",
            Some(one_key([Some("9000-01-01T00:00:00Z"), None])),
            Lies::signed(&[2]),
            first("signature.expired"),
        ),
        ("tampered", Some(any()), Lies::File(tampered()), both("signature.invalid")),
        ("garbage", Some(any()), Lies::File(with_payload(&[2, 1, 1, 0])), both("signature.unsupported")),
        ("cut", Some(any()), Lies::File(with_payload(&[1, 1, 1])), both("signature.malformed")),
        ("folder", Some(any()), Lies::Folder(YAML.to_owned(), signed(&[2]).bytes().to_vec()), good),
        ("folder, filled", Some(any()), Lies::Folder(filled(2), signed(&[2]).bytes().to_vec()), good),
        ("detached", Some(any()), Lies::Folder(filled(2), wasm()), good),
        ("detached, unknown", Some(any()), Lies::Folder(filled(9), wasm()), first("signature.untrusted")),
        ("bare", Some(any()), Lies::Folder(YAML.to_owned(), wasm()), first("signature.missing")),
        ("other build", Some(any()), Lies::Folder(filled(2), of_another_build()), both("signature.drift")),
        (
            "other signature",
            Some(any()),
            Lies::Folder(filled(9), signed(&[2]).bytes().to_vec()),
            both("signature.drift"),
        ),
        ("drift", Some(any()), Lies::Folder(drifted, signed(&[2]).bytes().to_vec()), both("manifest.drift")),
    ];
    for (what, root, lies, expected) in table {
        let place = Place::new();
        root.iter().for_each(|root| place.store().install(root).expect("installed"));
        let word = lies.put(&place);
        let (code, report) = place.verify(word);
        assert_eq!((code, report["error"]["code"].as_str()), (exit(expected[0]), expected[0]), "{what}: {report}");
        for (door, expected) in [&[][..], &["--allow-unsigned"]].into_iter().zip(expected) {
            let (code, report) = place.run(&[&[word, "--input", "7"], door].concat());
            assert_eq!(
                (code, report["error"]["code"].as_str()),
                (exit(expected), expected),
                "{what} {door:?}: {report}"
            );
        }
    }
}

fn exit(code: Option<&str>) -> i32 {
    match code {
        None => 0,
        Some("signature.malformed") => 4,
        Some("manifest.drift" | "signature.drift") => 9,
        Some(_) => 5,
    }
}

#[test]
fn the_report_and_the_statistics_name_the_signers() {
    let place = Place::new();
    place.store().install(&two_keys(1)).expect("installed");
    place.write("echo.wasm", signed(&[2]).bytes());
    let (code, report) = place.run(&["echo.wasm"]);
    let shown = key(2).public().to_string();
    assert_eq!(code, 0);
    assert_eq!(report["skill"]["signers"], serde_json::json!([{ "key": shown, "label": "alice laptop" }]));
    let (code, stdout, stderr) = place.shown(&["echo.wasm", "--stats"]);
    assert_eq!((code, stdout.as_str()), (0, "{}\n"));
    assert!(stderr.starts_with(&format!("signed by {shown} (alice laptop)\n")), "{stderr}");
}

#[test]
fn v28_a_revoked_key_stops_the_very_next_run() {
    let place = Place::new();
    let one = one_key([None, None]);
    place.store().install(&one).expect("installed");
    place.write("echo.wasm", signed(&[2]).bytes());
    assert_eq!(place.run(&["echo.wasm"]).0, 0);
    let mut draft = RootDraft::after(&one);
    let revocation = Revocation { at: time("2026-01-01T00:00:00Z"), reason: RevocationReason::Compromised };
    draft.revoke(&key(2).public(), revocation).expect("revoked");
    let next = draft.propose().expect("consistent").sign(&RootKey::from_seed(&[1; 32]));
    place.store().update([next]).expect("follows");
    let (code, report) = place.run(&["echo.wasm"]);
    assert_eq!((code, report["error"]["code"].as_str()), (5, Some("signature.revoked")));
    assert!(report["error"]["message"].as_str().expect("text").contains(&key(2).public().to_string()), "{report}");
}

#[test]
fn a_named_key_counts_alone_and_for_any_name_in_each_of_its_forms() {
    let place = Place::new();
    place.write("echo.wasm", signed(&[9]).bytes());
    place.store().install(&one_key([None, None])).expect("installed");
    for form in [PublicKeyForm::Spki, PublicKeyForm::OpenSsh, PublicKeyForm::Raw, PublicKeyForm::Hex] {
        place.write("nine.pub", key(9).public().write(form, "nine"));
        place.write("two.pub", key(2).public().write(form, "two"));
        let (code, report) = place.run(&["echo.wasm", "--trust", "nine.pub"]);
        assert_eq!((code, &report["skill"]["signers"][0]["label"]), (0, &Value::Null), "{form:?}: {report}");
        let (code, report) = place.run(&["echo.wasm", "--trust", "two.pub"]);
        assert_eq!((code, report["error"]["code"].as_str()), (5, Some("signature.untrusted")), "{form:?}");
    }
    place.write("root.json", root(|draft| add(draft, 9, [None, None])).to_json());
    assert_eq!(place.run(&["echo.wasm", "--trust", "root.json"]).0, 0);
    place.write("nine.pem", "-----BEGIN PRIVATE KEY-----\n");
    for (file, expected) in [("nine.pem", "key.unusable"), ("nowhere", "file.read"), ("echo.wasm", "key.unusable")] {
        let (code, report) = place.run(&["echo.wasm", "--trust", file]);
        assert_eq!((code, report["error"]["code"].as_str()), (3, Some(expected)), "{file}");
    }
}

#[test]
fn v37_no_file_and_no_variable_turns_verification_off() {
    let place = Place::new();
    place.write("echo.wasm", signed(&[]).bytes());
    place.write("echo.wasm.sig", "");
    place.write("nine.pub", key(9).public().write(PublicKeyForm::OpenSsh, ""));
    // Not the home, not the file that is named, and not what is in either.
    assert_eq!(place.run(&["echo.wasm"]).0, 5);
    assert_eq!(place.run(&["echo.wasm", "--trust", "nine.pub"]).0, 5);
    for (file, exit) in [("root.json", 3), ("state.json", 3)] {
        place.write(&format!("vak/config/trust/{file}"), "{}");
        assert_eq!(place.run(&["echo.wasm", "--allow-unsigned"]).0, exit, "a damaged {file} is not no trust root");
        fs::remove_dir_all(place.path("vak")).expect("removed");
    }
}

#[test]
fn a_refusal_names_the_key_and_the_line_that_would_trust_it() {
    let place = Place::new();
    place.store().install(&two_keys(2)).expect("installed");
    let next = |word: &str| {
        let (code, _, stderr) = place.shown(&[word]);
        assert_eq!(code, 5, "{stderr}");
        stderr
    };
    let nine = key(9).public();
    Lies::Folder(filled(9), signed(&[9]).bytes().to_vec()).put(&place);
    let shown = next("./echo");
    assert!(shown.contains(&format!("vak-skill-sign trust add {nine} --role publisher:acme/echo")), "{shown}");
    place.write("echo.wasm", signed(&[9]).bytes());
    let shown = next("echo.wasm");
    assert!(shown.contains(&format!("signed by: the key with the id {}", nine.wasm_key_id())), "{shown}");
    place.write("echo.wasm", signed(&[2]).bytes());
    let shown = next("echo.wasm");
    assert!(shown.contains("signed by 1 of the 2 keys that `publisher:acme/*` needs"), "{shown}");
    assert!(shown.contains("vak-skill-sign echo.wasm --add"), "{shown}");
}
