//! Other people's tools, on our files and we on theirs. Where a tool is not installed, its test says so and ends.

use std::io::Cursor;
use std::path::Path;
use std::process::{Command, Stdio};

use vak_package::{Artefact as _, embed_signature};
use vak_trust::{
    Earlier, ExpiredRoot, KeyRole, PublicKey, PublicKeyForm, RootDraft, SecretKey, Trust, TrustedKey, admit,
    create_key_file, read_key_file, sign,
};
use wasmsign2::Module;

use crate::{NOW, key, payload, public, read, root_key, signed, time, unsigned};

fn their_public(seed: u8) -> wasmsign2::PublicKey {
    wasmsign2::PublicKey::from_bytes(&public(seed).write(PublicKeyForm::Raw, "")).expect("their raw form")
}

fn their_secret(seed: u8) -> wasmsign2::SecretKey {
    let raw = [&[0x81][..], &[seed; 32], public(seed).as_bytes()].concat();
    wasmsign2::SecretKey::from_bytes(&raw).expect("their raw form")
}

fn their_module(bytes: &[u8]) -> Module {
    Module::deserialize(&mut Cursor::new(bytes)).expect("a module")
}

fn written(module: &Module) -> Vec<u8> {
    let mut bytes = Vec::new();
    module.serialize(&mut bytes).expect("written");
    bytes
}

fn they_accept(seed: u8, bytes: &[u8], detached: Option<&[u8]>) -> bool {
    their_public(seed).verify(&mut Cursor::new(bytes), detached).is_ok()
}

fn we_accept(seed: u8, bytes: Vec<u8>) -> bool {
    read(bytes).is_ok_and(|package| admit(package, &Trust::key(public(seed)), time(NOW)).is_ok())
}

#[test]
fn wasmsign2_verifies_what_we_sign() {
    let package = signed("acme/square", &[7, 8]);
    for seed in [7, 8] {
        assert!(they_accept(seed, package.bytes(), None));
        assert!(they_accept(seed, unsigned("acme/square").bytes(), Some(&payload(&package))), "detached");
    }
    assert!(!they_accept(9, package.bytes(), None));
    let ids = [7, 8].map(|seed| public(seed).wasm_key_id().as_bytes().to_vec());
    assert_eq!(their_module(package.bytes()).signature_info().expect("signed").key_ids(), ids);
}

#[test]
fn we_verify_what_wasmsign2_signs() {
    let plain = unsigned("acme/square");
    let id = their_public(7).attach_default_key_id().key_id().cloned().expect("their id");
    assert_eq!(id, public(7).wasm_key_id().as_bytes());
    for id in [None, Some(&id)] {
        let embedded = written(&their_secret(7).sign(their_module(plain.bytes()), id).expect("signed"));
        assert!(we_accept(7, embedded.clone()));
        assert!(!we_accept(8, embedded));
        let signed = their_secret(7).sign_multi(their_module(plain.bytes()), id, true, false);
        let (_, detached) = signed.expect("signed");
        assert!(we_accept(7, embed_signature(&plain, &detached)));
    }
}

#[test]
fn the_same_key_gives_the_same_file() {
    let plain = unsigned("acme/square");
    let id = public(7).wasm_key_id().as_bytes().to_vec();
    let theirs = written(&their_secret(7).sign(their_module(plain.bytes()), Some(&id)).expect("signed"));
    assert_eq!(theirs, sign(&plain, &key(7), Earlier::Replace).expect("signed"));
}

#[test]
fn countersigning_works_in_both_directions() {
    let ours = signed("acme/square", &[7]);
    let (theirs, _) = their_secret(8).sign_multi(their_module(ours.bytes()), None, false, false).expect("signed");
    let both = written(&theirs);
    assert!([7, 8].into_iter().all(|seed| we_accept(seed, both.clone()) && they_accept(seed, &both, None)));
    let plain = unsigned("acme/square");
    let theirs = written(&their_secret(8).sign(their_module(plain.bytes()), None).expect("signed"));
    let both = sign(&read(theirs).expect("readable"), &key(7), Earlier::Keep).expect("countersigned");
    assert!([7, 8].into_iter().all(|seed| we_accept(seed, both.clone()) && they_accept(seed, &both, None)));
}

#[expect(clippy::print_stderr, reason = "whoever reads the tests' output should know what was not tested")]
fn skipped(why: &str) {
    eprintln!("skipped: {why}");
}

/// Runs a tool; none if it is not installed.
fn run(command: &mut Command) -> Option<std::process::Output> {
    match command.stdin(Stdio::null()).output() {
        Ok(output) => Some(output),
        Err(error) => {
            assert_eq!(error.kind(), std::io::ErrorKind::NotFound, "{error}");
            skipped(&format!("{:?} is not installed", command.get_program()));
            None
        }
    }
}

fn openssl(arguments: &[&str], path: &Path) -> Option<Vec<u8>> {
    let output = run(Command::new("openssl").args(arguments).arg("-in").arg(path))?;
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    Some(output.stdout)
}

#[test]
fn openssl_reads_our_keys_and_we_read_its() {
    let folder = tempfile::tempdir().expect("a folder");
    let [plain, locked, theirs] = ["plain.pem", "locked.pem", "theirs.pem"].map(|name| folder.path().join(name));
    create_key_file(&plain, &key(7), None).expect("written");
    create_key_file(&locked, &key(7), Some(b"correct horse")).expect("written");
    let Some(public_pem) = openssl(&["pkey", "-pubout"], &plain) else { return };
    assert_eq!(PublicKey::read(&public_pem), Ok(public(7)));
    assert_eq!(public_pem, public(7).write(PublicKeyForm::Spki, ""));
    let unlocked = openssl(&["pkey", "-pubout", "-passin", "pass:correct horse"], &locked).expect("openssl");
    assert_eq!(unlocked, public_pem);
    let generate = ["genpkey", "-algorithm", "ed25519", "-aes-256-cbc", "-pass", "pass:battery", "-out"];
    let output = run(Command::new("openssl").args(generate).arg(&theirs)).expect("openssl");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let read: SecretKey<vak_trust::Publisher> = read_key_file(&theirs, Some(b"battery")).expect("their key");
    let public_pem = openssl(&["pkey", "-pubout", "-passin", "pass:battery"], &theirs).expect("openssl");
    assert_eq!(PublicKey::read(&public_pem), Ok(read.public()));
}

#[test]
fn openssh_s_keys_are_read() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("id");
    let mut command = Command::new("ssh-keygen");
    let Some(output) = run(command.args(["-q", "-t", "ed25519", "-N", "", "-C", "a comment", "-f"]).arg(&path)) else {
        return;
    };
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let read: SecretKey<vak_trust::Publisher> = read_key_file(&path, None).expect("their key");
    let public = std::fs::read(path.with_extension("pub")).expect("written");
    assert_eq!(PublicKey::read(&public), Ok(read.public()));
}

#[test]
fn openssh_takes_the_keys_of_a_root() {
    let folder = tempfile::tempdir().expect("a folder");
    let id = folder.path().join("id");
    let mut keygen = Command::new("ssh-keygen");
    if run(keygen.args(["-q", "-t", "ed25519", "-N", "", "-f"]).arg(&id)).is_none() {
        return;
    }
    let public = PublicKey::read(&std::fs::read(id.with_extension("pub")).expect("written")).expect("their key");
    let mut draft = RootDraft::first(root_key(1).public(), time("2027-11-21T00:00:00Z"));
    let timed = TrustedKey { valid_from: Some(time("2020-01-01T00:00:00Z")), ..TrustedKey::new(public) };
    draft.add(timed, KeyRole::Publisher("acme/*".parse().expect("a pattern"))).expect("added");
    let (allowed, message) = (folder.path().join("allowed"), folder.path().join("message"));
    std::fs::write(&allowed, draft.root().to_allowed_signers(time(NOW))).expect("written");
    std::fs::write(&message, "anything").expect("written");
    let sign =
        run(Command::new("ssh-keygen").args(["-q", "-Y", "sign", "-n", "vak-skill", "-f"]).arg(&id).arg(&message));
    assert!(sign.expect("ssh-keygen").status.success());
    let mut verify = Command::new("ssh-keygen");
    verify.args(["-Y", "verify", "-n", "vak-skill", "-I", "acme", "-f"]).arg(&allowed);
    verify.arg("-s").arg(message.with_extension("sig")).stdin(std::fs::File::open(&message).expect("there"));
    let output = verify.output().expect("ssh-keygen");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

/// What the Python library of TUF and in-toto says of the envelope in a file, under a key that it is told.
const SECURESYSTEMSLIB: &str = "
import json, sys
from securesystemslib.dsse import Envelope
from securesystemslib.signer import SSlibKey
with open(sys.argv[1]) as file:
    envelope = Envelope.from_dict(json.load(file))
key = SSlibKey(sys.argv[2], 'ed25519', 'ed25519', {'public': sys.argv[3]})
assert list(envelope.verify([key], 1)) == [sys.argv[2]]
";

#[test]
fn securesystemslib_verifies_our_envelopes() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("root.json");
    let draft = RootDraft::first(root_key(1).public(), time("2027-11-21T00:00:00Z"));
    let root = draft.propose().expect("consistent").sign(&root_key(1));
    std::fs::write(&path, root.to_json()).expect("written");
    let installed = run(Command::new("python3").args(["-c", "import securesystemslib, cryptography"]));
    if !installed.is_some_and(|output| output.status.success()) {
        skipped("securesystemslib is not installed");
        return;
    }
    let key = root_key(1).public();
    let mut python = Command::new("python3");
    python.args(["-c", SECURESYSTEMSLIB]).arg(&path).args([key.tuf_key_id().to_string(), key.to_hex()]);
    let output = run(&mut python).expect("python3");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

#[test]
fn a_root_is_read_as_trust_and_so_is_a_key() {
    let mut draft = RootDraft::first(root_key(1).public(), time("2027-11-21T00:00:00Z"));
    draft.add(TrustedKey::new(public(7)), KeyRole::Publisher("*".parse().expect("a pattern"))).expect("added");
    let root = draft.propose().expect("consistent").sign(&root_key(1)).to_json();
    let key = public(7).write(PublicKeyForm::OpenSsh, "");
    for file in [root, key] {
        let trust = Trust::read(&file, ExpiredRoot::Note).expect("trust");
        assert!(admit(signed("calculator", &[7]), &trust, time(NOW)).is_ok());
    }
    assert!(Trust::read(b"{}", ExpiredRoot::Note).is_err());
    assert!(Trust::read(b"", ExpiredRoot::Note).is_err());
}
