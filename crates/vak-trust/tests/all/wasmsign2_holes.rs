//! Five ways to fool the other implementation of the format. Each is shown to fool it, and refused here.

use std::io::Cursor;

use vak_model::Code;
use vak_package::{Artefact as _, Package, embed_signature};
use vak_trust::{PublicKeyForm, Trust, admit};
use wasmsign2::{Module, SectionLike as _};

use crate::{NOW, leb, payload, public, read, signed, signed_by, time, unsigned};

fn ours(bytes: Vec<u8>) -> Result<(), Code> {
    let package = read(bytes)?;
    admit(package, &Trust::key(public(7)), time(NOW)).map(|_| ()).map_err(|error| error.code())
}

fn their_public() -> wasmsign2::PublicKey {
    wasmsign2::PublicKey::from_bytes(&public(7).write(PublicKeyForm::Raw, "")).expect("their raw form")
}

fn theirs(bytes: &[u8]) -> bool {
    their_public().verify(&mut Cursor::new(bytes), None).is_ok()
}

fn their_secret() -> wasmsign2::SecretKey {
    let raw = [&[0x81][..], &[7; 32], public(7).as_bytes()].concat();
    wasmsign2::SecretKey::from_bytes(&raw).expect("their raw form")
}

fn section(name: &str, data: &[u8]) -> Vec<u8> {
    let body = [&leb(name.len())[..], name.as_bytes(), data].concat();
    [&[0][..], &leb(body.len()), &body].concat()
}

#[test]
fn without_delimiters_their_check_of_parts_hashes_nothing() {
    let other = unsigned("acme/triangle");
    let copied = embed_signature(&other, &payload(&signed("acme/square", &[7])));
    assert!(their_public().verify_multi(&mut Cursor::new(&copied), None, |_| true).is_ok(), "the hole");
    assert_eq!(ours(copied), Err(Code::SignatureInvalid));
}

/// A module that is signed in two parts.
fn in_two_parts() -> (Package, Vec<u8>, usize) {
    let plain = unsigned("acme/square");
    let delimiter = section("signature_delimiter", &[9; 16]);
    let second = section("policy", b"and never on Sundays");
    let parts = [plain.bytes(), &delimiter, &second].concat();
    let module = Module::deserialize(&mut Cursor::new(&parts)).expect("a module");
    let (signed, _) = their_secret().sign_multi(module, None, false, false).expect("signed");
    let mut bytes = Vec::new();
    signed.serialize(&mut bytes).expect("written");
    let cut = bytes.len() - second.len();
    (plain, bytes, cut)
}

#[test]
fn a_module_cut_after_a_part_verifies_as_the_whole() {
    let (plain, whole, cut) = in_two_parts();
    assert!(theirs(&whole));
    assert!(theirs(&whole[..cut]), "the hole");
    assert_eq!(ours(whole[..cut].to_vec()), Err(Code::ArtefactMalformed));
    assert_eq!(ours(whole.clone()), Err(Code::ArtefactMalformed));
    // The set of hashes on a module that has no parts.
    let set = Module::deserialize(&mut Cursor::new(&whole)).expect("a module").sections[0].payload().to_vec();
    assert_eq!(ours(embed_signature(&plain, &set)), Err(Code::SignatureUnsupported));
}

#[test]
fn the_header_is_not_covered() {
    let mut component = signed("acme/square", &[7]).bytes().to_vec();
    component[4..8].copy_from_slice(&[0x0d, 0, 1, 0]);
    assert!(theirs(&component), "the hole");
    assert_eq!(ours(component), Err(Code::ArtefactMalformed));
}

/// They would allocate what the length says, up to 4 GiB; they are not asked. And one bad length ends their check of all
/// other signatures.
#[test]
fn a_length_is_not_believed() {
    let good = payload(&signed("acme/square", &[7]));
    for at in [4, 39, 40, 54] {
        let huge = [&good[..at], &[0xff, 0xff, 0xff, 0xff, 0x0f], &good[at + 1..]].concat();
        assert_eq!(ours(embed_signature(&unsigned("acme/square"), &huge)), Err(Code::SignatureMalformed), "{at}");
    }
    let section = [b"\0asm\x01\0\0\0\0".as_slice(), &[0xff, 0xff, 0xff, 0xff, 0x0f], b"\x09signature"].concat();
    assert_eq!(ours(section), Err(Code::ArtefactMalformed));
}

#[test]
fn sizes_in_a_longer_form_are_signed_as_they_are() {
    let plain = unsigned("acme/square");
    let (head, sections) =
        plain.bytes().split_at(plain.bytes().len() - wat::parse_str(crate::SKILL).expect("text").len() + 8);
    let padded = [head, &[sections[0], sections[1] | 0x80, 0x80, 0], &sections[2..]].concat();
    let module = Module::deserialize(&mut Cursor::new(&padded)).expect("a module");
    let (_, detached) = their_secret().sign_multi(module, None, true, false).expect("signed");
    let stream = &mut Cursor::new(&padded);
    assert!(their_public().verify(stream, Some(&detached)).is_err(), "they sign other bytes than they verify");
    let package = read(padded).expect("readable");
    assert_eq!(ours(embed_signature(&package, &detached)), Err(Code::SignatureInvalid));
    assert_eq!(ours(signed_by(package, &[7]).bytes().to_vec()), Ok(()));
}
