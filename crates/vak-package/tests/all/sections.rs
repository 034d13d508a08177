//! The sections that decide about a skill's identity.

use vak_model::{Code, SignatureBlock};
use vak_package::{
    Artefact as _, Bounds, ManifestDocument, Package, embed_manifest, embed_signature, sha256, signature_block,
};

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
    assert_eq!(package.signature(), None);
    assert_eq!(package.id().0, sha256(package.bytes()));
    let (header, body) = package.bytes().split_at(8);
    let signed = read(&[header, &custom("signature", b"anything"), body]).expect("readable");
    assert!(signed.signature().is_some());
    assert_eq!(signed.id(), package.id());
    let other = pack(&SKILL.replace("i64.const 0", "i64.const 1"), "").expect("valid");
    assert_ne!(other.id(), package.id());
}

/// `skill.yaml` with the block that says `payload` of `package`, after `change`.
fn filled(package: &Package, payload: &[u8], change: impl Fn(&mut SignatureBlock)) -> ManifestDocument {
    let mut block = signature_block(package, payload, Vec::new());
    change(&mut block);
    manifest(&format!("signature: {}", serde_json::to_string(&block).expect("JSON")))
}

#[test]
fn a_signature_in_skill_yaml_counts_like_one_in_the_module() {
    let package = pack(SKILL, "").expect("valid");
    let block = filled(&package, b"anything", |_| ());
    for module in [wasm(SKILL), package.bytes().to_vec(), embed_signature(&package, b"anything")] {
        let signed = Package::pack(module, &block, &Bounds::default()).expect("readable");
        assert_eq!(signed.signature(), Some(&b"anything"[..]));
        assert_eq!((signed.id(), signed.covered()), (package.id(), package.covered()));
    }
}

#[test]
fn v12_a_signature_in_skill_yaml_must_be_this_artefact_s() {
    let package = pack(SKILL, "").expect("valid");
    let with = |module: Vec<u8>, change: fn(&mut SignatureBlock)| {
        let packed = Package::pack(module, &filled(&package, b"anything", change), &Bounds::default());
        packed.expect_err("another's").code()
    };
    let other = wasm(&SKILL.replace("i64.const 0", "i64.const 1"));
    assert_eq!(with(other, |_| ()), Code::SignatureDrift);
    assert_eq!(with(embed_signature(&package, b"another"), |_| ()), Code::SignatureDrift);
    assert_eq!(with(wasm(SKILL), |block| block.manifest_sha256 = "a".repeat(64)), Code::SignatureDrift);
    assert_eq!(with(wasm(SKILL), |block| block.module_sha256 = "a".repeat(64)), Code::SignatureDrift);
    assert_eq!(with(wasm(SKILL), |block| block.format = "pgp".to_owned()), Code::SignatureUnsupported);
    assert_eq!(with(wasm(SKILL), |block| block.value = "*".to_owned()), Code::SignatureMalformed);
}

#[test]
fn a_signature_of_the_bare_module_does_not_cover_the_manifest_and_is_not_lost() {
    let plain = wasm(SKILL);
    let (header, body) = plain.split_at(8);
    let signed = || [header, &custom("signature", b"anything"), body].concat();
    let error = Package::pack(signed(), &manifest(""), &Bounds::default()).expect_err("bare");
    assert_eq!(error.code(), Code::SignatureUnsupported);
    let package = pack(SKILL, "").expect("valid");
    let block = filled(&package, b"the skill's", |_| ());
    let packed = Package::pack(signed(), &block, &Bounds::default()).expect("the skill's own signature");
    assert_eq!(packed.signature(), Some(&b"the skill's"[..]));
}

#[test]
fn a_signature_goes_in_and_comes_out_and_nothing_else_changes() {
    let package = pack(SKILL, "").expect("valid");
    for payload in [&b""[..], b"x", &[7; 200], &[7; 20_000]] {
        let signed = read(&[&embed_signature(&package, payload)]).expect("readable");
        assert_eq!(signed.signature(), Some(payload));
        assert_eq!((signed.id(), signed.covered()), (package.id(), package.covered()));
        assert_eq!(embed_signature(&signed, b"x"), embed_signature(&package, b"x"), "replaced");
    }
}

#[test]
fn d5_the_sizes_of_a_signature_section_have_one_spelling() {
    let package = pack(SKILL, "").expect("valid");
    let (header, body) = package.bytes().split_at(8);
    let section = custom("signature", b"x");
    let padded = [&[0, section[1] | 0x80, 0][..], &section[2..]].concat();
    let padded_name = [&[0, section[1] + 1, 0x89, 0][..], &section[3..]].concat();
    assert!(read(&[header, &section, body]).is_ok());
    for padded in [padded, padded_name] {
        assert!(matches!(read(&[header, &padded, body]), Err(Code::ArtefactMalformed)));
    }
}

#[test]
fn d3_a_padded_section_size_is_another_artefact() {
    let plain = wasm(SKILL);
    let (header, body) = plain.split_at(8);
    let padded = [header, &[body[0], body[1] | 0x80, 0x80, 0x80, 0x80, 0x00], &body[2..]].concat();
    let read = |bytes| Package::pack(bytes, &manifest(""), &Bounds::default()).expect("valid");
    assert_ne!(read(plain.clone()).id(), read(padded).id());
}
