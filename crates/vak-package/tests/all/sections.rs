//! The sections that decide about a skill's identity.

use vak_model::Code;
use vak_package::{Artefact as _, Bounds, Package, embed_manifest, sha256};

use crate::{SKILL, manifest, pack, wasm};

fn custom(name: &str, data: &[u8]) -> Vec<u8> {
    let body = [&[name.len() as u8], name.as_bytes(), data].concat();
    [&[0, body.len() as u8], &body[..]].concat()
}

fn read(bytes: &[&[u8]]) -> Result<Package, Code> {
    Package::read(bytes.concat(), &Bounds::default()).map_err(|error| error.code())
}

#[test]
fn packing_puts_the_manifest_first_and_keeps_all_other_bytes() {
    let package = pack(SKILL, "").expect("valid");
    let plain = wasm(SKILL);
    let (head, tail) = package.bytes().split_at(package.bytes().len() - (plain.len() - 8));
    assert_eq!(tail, &plain[8..]);
    assert!(head.starts_with(b"\0asm\x01\0\0\0\0"));
    assert!(head.ends_with(package.document().canonical()));
}

#[test]
fn packing_again_changes_nothing() {
    let package = pack(SKILL, "").expect("valid");
    let again = embed_manifest(package.bytes(), &manifest(""), &Bounds::default()).expect("valid");
    assert_eq!(package.bytes(), again);
}

#[test]
fn an_artefact_and_a_skill_yaml_that_differ_are_a_mismatch() {
    let artefact = pack(SKILL, "").expect("valid").bytes().to_vec();
    let drifted = Package::pack(artefact, &manifest("limits: { max_fuel: 7 }"), &Bounds::default());
    let error = drifted.expect_err("differs");
    assert_eq!(error.code(), Code::ManifestDrift);
    assert!(error.to_string().contains("`/limits`"), "{error}");
}

#[test]
fn d5_doubled_moved_or_split_identity_sections_are_refused() {
    let plain = wasm(SKILL);
    let (header, body) = plain.split_at(8);
    let section = custom("vak.manifest", b"x");
    let mine = custom("vak.manifest", manifest("").canonical());
    assert!(matches!(read(&[header, &section, &section, body]), Err(Code::ArtefactMalformed)));
    assert!(matches!(read(&[header, body, &custom("signature", b"x")]), Err(Code::ArtefactMalformed)));
    assert!(matches!(read(&[header, &section, &custom("signature", b"x"), body]), Err(Code::ArtefactMalformed)));
    assert!(matches!(read(&[header, body, &section]), Err(Code::ArtefactMalformed)), "appended");
    let delimiter = custom("signature_delimiter", &[7; 16]);
    assert!(matches!(read(&[header, body, &delimiter]), Err(Code::ArtefactMalformed)));
    assert!(matches!(read(&[header, body]), Err(Code::ManifestMissing)));
    assert!(matches!(read(&[header, &section, body]), Err(Code::ManifestSyntax)));
    assert!(mine.len() > 127 || read(&[header, &mine, body]).is_ok());
}

#[test]
fn the_module_id_ignores_the_signature_and_nothing_else() {
    let package = pack(SKILL, "").expect("valid");
    assert!(!package.carries_signature());
    assert_eq!(package.id().0, sha256(package.bytes()));
    let (header, body) = package.bytes().split_at(8);
    let signed = read(&[header, &custom("signature", b"anything"), body]).expect("readable");
    assert!(signed.carries_signature());
    assert_eq!(signed.id(), package.id());
    let other = pack(&SKILL.replace("i64.const 0", "i64.const 1"), "").expect("valid");
    assert_ne!(other.id(), package.id());
}

#[test]
fn a_signature_beside_a_skill_yaml_is_not_lost() {
    let plain = wasm(SKILL);
    let (header, body) = plain.split_at(8);
    let signed = [header, &custom("signature", b"anything"), body].concat();
    assert!(Package::pack(signed, &manifest(""), &Bounds::default()).expect("readable").carries_signature());
    let block = "signature: { format: wasm-signatures/v1, manifest_sha256: a, module_sha256: b, value: c }";
    assert!(pack(SKILL, block).expect("readable").carries_signature());
}

#[test]
fn d3_a_padded_section_size_is_another_artefact() {
    let plain = wasm(SKILL);
    let (header, body) = plain.split_at(8);
    let padded = [header, &[body[0], body[1] | 0x80, 0x80, 0x80, 0x80, 0x00], &body[2..]].concat();
    let read = |bytes| Package::pack(bytes, &manifest(""), &Bounds::default()).expect("valid");
    assert_ne!(read(plain.clone()).id(), read(padded).id());
}
