//! Whatever is changed about a signed skill, it is not admitted as signed.

use std::collections::BTreeSet;

use vak_model::Code;
use vak_package::{Artefact as _, Package, embed_signature};
use vak_trust::{Standing, Trust, admit, dangerous};

use crate::{NOW, payload, public, read, signed, time, unsigned};

/// What `admit` says of bytes, from reading on.
fn admitted(bytes: Vec<u8>) -> Result<(), Code> {
    admit(read(bytes)?, &Trust::key(public(7)), time(NOW)).map(|_| ()).map_err(|error| error.code())
}

/// What the loud door says.
fn let_in(bytes: Vec<u8>) -> Result<Standing, Code> {
    let admitted = dangerous::admit_unsigned(read(bytes)?, &Trust::key(public(7)), time(NOW));
    admitted.map(|admitted| admitted.standing().clone()).map_err(|error| error.code())
}

/// Exit codes that a refusal may have: malformed, untrusted, denied (an import that nobody declared), mismatch.
const REFUSALS: [u8; 4] = [4, 5, 6, 9];

fn flipped(bytes: &[u8], bit: usize) -> Vec<u8> {
    let mut changed = bytes.to_vec();
    changed[bit / 8] ^= 1 << (bit % 8);
    changed
}

/// Where the entry of the key lies that signed last.
fn last_entry(package: &Package) -> std::ops::Range<usize> {
    let end = package.bytes().len() - package.covered().len();
    end - 79..end
}

#[test]
fn v10_no_flipped_bit_is_admitted() {
    let good = signed("acme/square", &[7]);
    assert_eq!(admitted(good.bytes().to_vec()), Ok(()));
    for bit in 0..good.bytes().len() * 8 {
        let code = admitted(flipped(good.bytes(), bit)).expect_err("flipped");
        assert!(REFUSALS.contains(&code.exit_code()), "bit {bit}: {code}");
    }
}

#[test]
fn v10_a_flipped_bit_passes_the_loud_door_only_where_it_makes_the_key_a_stranger() {
    let good = signed("acme/square", &[7]);
    let key_id = last_entry(&good).start + 1..last_entry(&good).start + 13;
    for bit in 0..good.bytes().len() * 8 {
        match let_in(flipped(good.bytes(), bit)) {
            Ok(standing) => {
                assert!(matches!(standing, Standing::Unsigned(_)), "bit {bit}: {standing:?}");
                assert!(key_id.contains(&(bit / 8)), "bit {bit}: {standing:?}");
            }
            Err(code) => assert!(REFUSALS.contains(&code.exit_code()), "bit {bit}: {code}"),
        }
    }
}

#[test]
fn v10_only_the_entry_of_an_unknown_key_can_be_changed_beside_a_good_one() {
    let good = signed("acme/square", &[7, 9]);
    let strangers = last_entry(&good);
    let passed: BTreeSet<_> = (0..good.bytes().len() * 8)
        .filter(|bit| admitted(flipped(good.bytes(), *bit)).is_ok())
        .map(|bit| bit / 8)
        .collect();
    assert!(!passed.is_empty() && passed.iter().all(|byte| strangers.contains(byte)), "{passed:?}");
}

#[test]
fn v11_a_stripped_empty_or_zeroed_signature_is_refused() {
    let good = signed("acme/square", &[7]);
    assert_eq!(admitted(unsigned("acme/square").bytes().to_vec()), Err(Code::SignatureMissing));
    let zeroed = vec![0; payload(&good).len()];
    let mut zero_signature = payload(&good);
    zero_signature[55..].fill(0);
    for (payload, code) in [
        (&[][..], Code::SignatureMalformed),
        (&[0], Code::SignatureMalformed),
        (&zeroed, Code::SignatureUnsupported),
        (&zero_signature, Code::SignatureInvalid),
    ] {
        let bytes = embed_signature(&good, payload);
        assert_eq!(admitted(bytes.clone()), Err(code));
        assert_eq!(let_in(bytes), Err(code), "the loud door too");
    }
}

#[test]
fn v12_the_signature_of_another_skill_is_refused() {
    let other = signed("acme/triangle", &[7]);
    let mixed = embed_signature(&unsigned("acme/square"), &payload(&other));
    assert_eq!(admitted(mixed.clone()), Err(Code::SignatureInvalid));
    assert_eq!(let_in(mixed), Err(Code::SignatureInvalid));
}

#[test]
fn v14_sections_that_are_added_or_cut_off_are_refused() {
    let good = signed("acme/square", &[7]);
    let section = [&[0, 3, 1, b'x', 0][..]].concat();
    assert_eq!(admitted([good.bytes(), &section].concat()), Err(Code::SignatureInvalid));
    let after = good.bytes().len() - good.covered().len();
    let between = [&good.bytes()[..after], &section, good.covered()].concat();
    assert_eq!(admitted(between), Err(Code::ArtefactMalformed), "the manifest is no longer first");
    for length in 0..good.bytes().len() {
        let code = admitted(good.bytes()[..length].to_vec()).expect_err("cut");
        assert!(REFUSALS.contains(&code.exit_code()), "{length}: {code}");
    }
}

#[test]
fn d2_v14_bytes_after_the_end_are_refused() {
    let good = signed("acme/square", &[7]);
    for tail in [&b"\0"[..], b"x", &[0; 8]] {
        let code = admitted([good.bytes(), tail].concat()).expect_err("a tail");
        assert!(matches!(code, Code::ArtefactMalformed | Code::SignatureInvalid), "{code}");
    }
}

#[test]
fn v15_the_same_module_in_other_bytes_is_refused() {
    let good = signed("acme/square", &[7]);
    let (head, covered) = good.bytes().split_at(good.bytes().len() - good.covered().len());
    // The size of the type section, behind the manifest, in a longer form.
    let manifest_end = covered.len() - wat::parse_str(crate::SKILL).expect("valid text").len() + 8;
    let (manifest, sections) = covered.split_at(manifest_end);
    assert_eq!(sections[0], 1, "the type section");
    let padded = [head, manifest, &[1, sections[1] | 0x80, 0], &sections[2..]].concat();
    assert_eq!(admitted(padded), Err(Code::SignatureInvalid));
}

#[test]
fn v16_d5_two_signatures_or_one_in_another_place_are_refused() {
    let good = signed("acme/square", &[7]);
    let (head, covered) = good.bytes().split_at(good.bytes().len() - good.covered().len());
    let section = &head[8..];
    for bytes in [[head, section, covered].concat(), [&head[..8], covered, section].concat()] {
        assert_eq!(admitted(bytes), Err(Code::ArtefactMalformed));
    }
}

#[test]
fn v17_d9_a_signature_for_a_module_holds_for_no_component() {
    let good = signed("acme/square", &[7]);
    let mut component = good.bytes().to_vec();
    component[4..8].copy_from_slice(&[0x0d, 0, 1, 0]);
    assert_eq!(admitted(component), Err(Code::ArtefactMalformed));
}
