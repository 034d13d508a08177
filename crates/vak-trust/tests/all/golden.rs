//! The bytes that other implementations make, as constants.

use base64ct::{Base64, Encoding as _};
use vak_package::{Artefact as _, Bounds, RawModule, embed_signature, sha256};
use vak_trust::{Earlier, Trust, admit, attach, detached_base64, sign, signing_message};

use crate::{NOW, hex, key, public, signed, time};

/// A module that exports a function and a memory.
const PLAIN: &str =
    "0061736d010000000105016000017f030201000503010001071002066d656d6f727902000372756e00000a06010400412a0b";

/// What stands for a manifest: the section code takes any bytes.
const MANIFEST: &[u8] =
    br#"{"limits":{"fuel":1000000,"memory_pages":16},"name":"square","permissions":[],"version":"1.0.0"}"#;

/// The signature of the key with the seed of 32 bytes 0x07, as wasmsign2 writes it too.
const PAYLOAD: &str = "AQEBAXIBpdcnrT05kba5WZE+HJzwq0WbZeUuse7oZSVsnMirA/UBTwwiHI0fgYoqaWqLD+cBQB5oyJt8SmscZJFWhfLBPlOZpnY3nY4yyz3dJdmBfHOQtLiC1QoGVW+YrPibXLSZ19qgW1QvuTW4W9OPJXqhWAo=";

fn module() -> RawModule {
    let plain = hex(PLAIN);
    let (header, sections) = plain.split_at(8);
    let name = b"vak.manifest";
    let head = [0, (1 + name.len() + MANIFEST.len()) as u8, name.len() as u8];
    let bytes = [header, &head, name, MANIFEST, sections].concat();
    RawModule::read(bytes, &Bounds::default()).expect("a module")
}

fn digest(bytes: &[u8]) -> String {
    sha256(bytes).to_string()
}

#[test]
fn signing_gives_the_bytes_that_wasmsign2_gives() {
    let module = module();
    assert_eq!(digest(MANIFEST), "sha256:8ce1069447ff114de93b33687fc5ef51882006a3bc3558a397707e5ed9023b50");
    let message = signing_message(&module);
    assert_eq!(message[..10], *b"wasmsig\x01\x01\x01");
    assert_eq!(message[10..], hex("a5d727ad3d3991b6b959913e1c9cf0ab459b65e52eb1eee865256c9cc8ab03f5"));
    let signed = sign(&module, &key(7), Earlier::Replace).expect("signed");
    assert_eq!(digest(&signed), "sha256:8c57778fa1b32f6e5c83488a7b5aa426f3b96553da48edba866be58e45407b22");
    let signed = RawModule::read(signed, &Bounds::default()).expect("a module");
    assert_eq!(signed.id().to_string(), "sha256:4fbc22be3d9bd82304c3e9964834b16a80e77305765046b534ed721ed3b7e845");
    assert_eq!(signed.id(), module.id());
    assert_eq!(detached_base64(&signed).as_deref(), Some(PAYLOAD));
    assert!(admit(signed, &Trust::key(public(7)), time(NOW)).is_ok());
}

#[test]
fn a_detached_signature_moves_in_and_out() {
    let payload = Base64::decode_vec(PAYLOAD).expect("base64");
    let signed = embed_signature(&module(), &payload);
    assert_eq!(signed, sign(&module(), &key(7), Earlier::Replace).expect("signed"));
}

#[test]
fn signing_twice_or_elsewhere_gives_the_same_bytes() {
    let once = sign(&module(), &key(7), Earlier::Replace).expect("signed");
    let again = RawModule::read(once.clone(), &Bounds::default()).expect("a module");
    for earlier in [Earlier::Replace, Earlier::Keep] {
        assert_eq!(sign(&again, &key(7), earlier).expect("signed"), once);
    }
    let section_end = once.len() - module().covered().len();
    let signature: [u8; 64] = once[section_end - 64..section_end].try_into().expect("64 bytes");
    assert_eq!(attach(&module(), &public(7), &signature, Earlier::Replace), Ok(once));
    assert!(attach(&module(), &public(8), &signature, Earlier::Replace).is_err(), "not this key's");
    let mut broken = signature;
    broken[3] ^= 1;
    assert!(attach(&module(), &public(7), &broken, Earlier::Replace).is_err());
}

#[test]
fn countersigning_keeps_what_is_there_and_is_repeatable() {
    let both = signed("square", &[7, 8]);
    assert_eq!(signed("square", &[7, 8, 7]).bytes(), both.bytes());
    assert_eq!(both.id(), signed("square", &[8]).id());
    let alone = sign(&both, &key(8), Earlier::Replace).expect("signed");
    assert_eq!(alone, signed("square", &[8]).bytes());
    let other = embed_signature(&signed("triangle", &[9]), both.signature().expect("signed"));
    let other = crate::read(other).expect("readable");
    assert!(sign(&other, &key(8), Earlier::Keep).is_err(), "signatures for other bytes are not kept");
}
