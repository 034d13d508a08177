//! Who may vouch for what, and when.

use sha2::{Digest as _, Sha256};
use vak_model::Code;
use vak_package::{Artefact, Bounds, Package, RawModule, embed_signature};
use vak_trust::{
    AdmitError, Earlier, ExpiredRoot, KeyRole, Revocation, RevocationReason, RootDraft, SignedRoot, Standing, Trust,
    TrustedKey, admit, dangerous, sign,
};

use crate::{NOW, key, leb, payload, public, read, root_key, signed, time, unsigned, versioned};

fn publisher(pattern: &str) -> KeyRole {
    format!("publisher:{pattern}").parse().expect(pattern)
}

/// A trust root that says what `change` makes of an empty one.
fn root(change: impl FnOnce(&mut RootDraft)) -> Trust {
    Trust::root(signed_root(change), ExpiredRoot::Note)
}

fn signed_root(change: impl FnOnce(&mut RootDraft)) -> SignedRoot {
    let mut draft = RootDraft::first(root_key(1).public(), time("2027-11-21T00:00:00Z"));
    change(&mut draft);
    draft.propose().expect("consistent").sign(&root_key(1)).complete().expect("signed")
}

fn add(draft: &mut RootDraft, seed: u8, role: &str) {
    draft.add(TrustedKey::new(public(seed)), role.parse().expect(role)).expect("added");
}

fn at<A: Artefact>(artefact: A, trust: &Trust, now: &str) -> Result<Vec<u8>, Code> {
    let admitted = admit(artefact, trust, time(now)).map_err(|error| error.code())?;
    Ok(admitted.signers().iter().map(|signer| signer.key.as_bytes()[0]).collect())
}

fn admitted<A: Artefact>(artefact: A, trust: &Trust) -> Result<Vec<u8>, Code> {
    at(artefact, trust, NOW)
}

fn first_bytes(seeds: &[u8]) -> Vec<u8> {
    let mut keys: Vec<_> = seeds.iter().map(|seed| public(*seed)).collect();
    keys.sort();
    keys.iter().map(|key| key.as_bytes()[0]).collect()
}

fn let_in<A: Artefact>(artefact: A, trust: &Trust) -> Result<Standing, Code> {
    let admitted = dangerous::admit_unsigned(artefact, trust, time(NOW)).map_err(|error| error.code())?;
    Ok(admitted.standing().clone())
}

#[test]
fn one_key_counts_for_any_name_and_alone() {
    let trust = Trust::key(public(7));
    assert_eq!(admitted(signed("acme/square", &[7]), &trust), Ok(first_bytes(&[7])));
    assert_eq!(admitted(signed("calculator", &[9, 7]), &trust), Ok(first_bytes(&[7])));
    assert_eq!(admitted(signed("acme/square", &[9]), &trust), Err(Code::SignatureUntrusted));
    assert_eq!(admitted(unsigned("acme/square"), &trust), Err(Code::SignatureMissing));
}

#[test]
fn nobody_is_trusted_where_nobody_has_said_anything() {
    assert_eq!(admitted(signed("calculator", &[7]), &Trust::nobody()), Err(Code::SignatureUntrusted));
    assert_eq!(admitted(unsigned("calculator"), &Trust::nobody()), Err(Code::SignatureMissing));
}

#[test]
fn the_longest_pattern_decides_alone() {
    let trust = root(|draft| {
        add(draft, 2, "publisher:*");
        add(draft, 3, "publisher:acme/*");
        add(draft, 4, "publisher:acme/square");
        add(draft, 5, "builder");
        add(draft, 6, "runtime");
    });
    for (name, seed) in [("calculator", 2), ("other/square", 2), ("acme/circle", 3), ("acme/square", 4)] {
        for signer in 1..=7 {
            let expected = if signer == seed { Ok(first_bytes(&[seed])) } else { Err(Code::SignatureUntrusted) };
            assert_eq!(admitted(signed(name, &[signer]), &trust), expected, "{name} by {signer}");
        }
    }
}

#[test]
fn a_name_that_no_pattern_fits_is_nobody_s() {
    let trust = root(|draft| add(draft, 2, "publisher:acme/*"));
    let refused = admit(signed("calculator", &[2]), &trust, time(NOW)).expect_err("of another name");
    assert!(matches!(refused, AdmitError::NotEntitled { .. }), "{refused}");
    assert!(refused.to_string().contains(&public(2).to_string()), "{refused}");
}

#[test]
fn a_module_without_a_name_is_fitted_by_the_widest_pattern_alone() {
    let module = |seed| {
        let bare = RawModule::read(b"\0asm\x01\0\0\0".to_vec(), &Bounds::default()).expect("a module");
        let bytes = sign(&bare, &key(seed), Earlier::Replace).expect("signed");
        RawModule::read(bytes, &Bounds::default()).expect("a module")
    };
    let trust = root(|draft| {
        add(draft, 2, "publisher:*");
        add(draft, 3, "publisher:a*");
    });
    assert_eq!(admitted(module(2), &trust), Ok(first_bytes(&[2])));
    assert_eq!(admitted(module(3), &trust), Err(Code::SignatureUntrusted));
    assert_eq!(admitted(module(3), &Trust::key(public(3))), Ok(first_bytes(&[3])));
}

/// Two of three.
fn two_of_three() -> Trust {
    root(|draft| {
        [2, 3, 4].into_iter().for_each(|seed| add(draft, seed, "publisher:acme/*"));
        draft.threshold(&publisher("acme/*"), 2).expect("three keys");
    })
}

#[test]
fn v30_a_threshold_counts_different_keys_that_may_sign() {
    let trust = two_of_three();
    for (seeds, counted) in
        [(&[2, 3][..], &[2, 3][..]), (&[4, 2], &[2, 4]), (&[2, 3, 4], &[2, 3, 4]), (&[2, 9, 3], &[2, 3])]
    {
        assert_eq!(admitted(signed("acme/square", seeds), &trust), Ok(first_bytes(counted)), "{seeds:?}");
    }
    for seeds in [&[2][..], &[2, 9], &[2, 1]] {
        assert_eq!(admitted(signed("acme/square", seeds), &trust), Err(Code::SignatureThreshold), "{seeds:?}");
    }
    assert_eq!(admitted(signed("acme/square", &[9, 8]), &trust), Err(Code::SignatureUntrusted));
}

#[test]
fn v30_the_same_key_twice_or_under_no_name_counts_once() {
    let package = unsigned("acme/square");
    let entry = payload(&signed("acme/square", &[2]))[40..].to_vec();
    let nameless = [&[0][..], &entry[13..]].concat();
    for (entries, count) in [([&entry, &entry], 1), ([&entry, &nameless], 1), ([&nameless, &nameless], 1)] {
        let bytes = with_entries(&package, &entries);
        assert_eq!(admitted(read(bytes.clone()).expect("readable"), &two_of_three()), Err(Code::SignatureThreshold));
        let single = admitted(read(bytes).expect("readable"), &Trust::key(public(2))).expect("trusted");
        assert_eq!(single.len(), count);
    }
}

/// `package` with these entries, each without its length.
fn with_entries(package: &Package, entries: &[&Vec<u8>]) -> Vec<u8> {
    let hash = Sha256::digest(package.covered());
    let mut set = [&[1], &hash[..], &leb(entries.len())].concat();
    entries.iter().for_each(|entry| set.extend([&leb(entry.len())[..], entry].concat()));
    embed_signature(package, &[&[1, 1, 1, 1], &leb(set.len())[..], &set].concat())
}

#[test]
fn v26_a_key_id_that_lies_refuses_the_file() {
    let package = unsigned("acme/square");
    let trust = root(|draft| {
        add(draft, 2, "publisher:acme/*");
        add(draft, 3, "publisher:acme/*");
    });
    let stranger = payload(&signed("acme/square", &[9]))[40..].to_vec();
    let mine = payload(&signed("acme/square", &[2]))[40..].to_vec();
    let lying = [&public(3).wasm_key_id().as_bytes()[..], &stranger[13..]].concat();
    let lying = [&[12][..], &lying].concat();
    // The signature of a stranger under the name of a known key; alone, and beside one that is good and would do.
    for entries in [vec![&lying], vec![&mine, &lying]] {
        let bytes = with_entries(&package, &entries);
        assert_eq!(admitted(read(bytes.clone()).expect("readable"), &trust), Err(Code::SignatureInvalid));
        assert_eq!(let_in(read(bytes).expect("readable"), &trust), Err(Code::SignatureInvalid));
    }
    // A known key under the name of another.
    let swapped = [&[12][..], public(3).wasm_key_id().as_bytes(), &mine[13..]].concat();
    let bytes = with_entries(&package, &[&swapped]);
    assert_eq!(admitted(read(bytes).expect("readable"), &trust), Err(Code::SignatureInvalid));
    // Without a name it is tried with every key.
    let nameless = [&[0][..], &mine[13..]].concat();
    let bytes = with_entries(&package, &[&nameless]);
    assert_eq!(admitted(read(bytes).expect("readable"), &trust), Ok(first_bytes(&[2])));
}

#[test]
fn v36_another_algorithm_is_skipped_and_never_accepted() {
    let package = unsigned("acme/square");
    let trust = Trust::key(public(2));
    let mine = payload(&signed("acme/square", &[2]))[40..].to_vec();
    for algorithm in [0, 2, 0xff] {
        let mut other = mine.clone();
        other[13] = algorithm;
        let named = read(with_entries(&package, &[&other])).expect("readable");
        assert_eq!(admitted(named, &trust), Err(Code::SignatureInvalid), "a known key has one algorithm");
        let strange = [&[1, 0, algorithm][..], &[5, 1, 2, 3, 4, 5]].concat();
        let alone = read(with_entries(&package, &[&strange])).expect("readable");
        assert_eq!(admitted(alone, &trust), Err(Code::SignatureUntrusted));
        let beside = read(with_entries(&package, &[&strange, &mine])).expect("readable");
        assert_eq!(admitted(beside, &trust), Ok(first_bytes(&[2])));
    }
}

#[test]
fn v27_a_key_counts_within_its_time() {
    let timed = |from: Option<&str>, until: Option<&str>| {
        root(|draft| {
            let key =
                TrustedKey { valid_from: from.map(time), valid_until: until.map(time), ..TrustedKey::new(public(2)) };
            draft.add(key, publisher("*")).expect("added");
        })
    };
    let (from, until) = (Some("2026-01-01T00:00:00Z"), Some("2026-12-31T00:00:00Z"));
    let package = || signed("calculator", &[2]);
    for (trust, now, good) in [
        (timed(from, until), "2026-01-01T00:00:00Z", true),
        (timed(from, until), "2025-12-31T23:59:59Z", false),
        (timed(from, until), "2026-12-30T23:59:59Z", true),
        (timed(from, until), "2026-12-31T00:00:00Z", false),
        (timed(from, None), "1970-01-01T00:00:00Z", false),
        (timed(from, until), "2100-01-01T00:00:00Z", false),
        (timed(None, None), "1970-01-01T00:00:00Z", true),
        (timed(None, None), "2100-01-01T00:00:00Z", true),
    ] {
        let expected = if good { Ok(first_bytes(&[2])) } else { Err(Code::SignatureExpired) };
        assert_eq!(at(package(), &trust, now), expected, "{now}");
    }
}

fn revoked(reason: RevocationReason, from: &str, more: impl FnOnce(&mut RootDraft)) -> Trust {
    root(|draft| {
        add(draft, 2, "publisher:*");
        draft.revoke(&public(2), Revocation { at: time(from), reason }).expect("revoked");
        more(draft);
    })
}

#[test]
fn v28_a_revoked_key_is_refused_by_both_doors() {
    use RevocationReason::{Compromised, Retired};
    for (reason, from, good) in [
        (Compromised, "2026-10-01T00:00:00Z", false),
        (Compromised, "2030-01-01T00:00:00Z", false),
        (Retired, "2026-10-01T00:00:00Z", false),
        (Retired, NOW, false),
        (Retired, "2026-11-21T00:00:01Z", true),
    ] {
        let trust = revoked(reason, from, |_| ());
        let expected = if good { Ok(first_bytes(&[2])) } else { Err(Code::SignatureRevoked) };
        assert_eq!(admitted(signed("calculator", &[2]), &trust), expected, "{reason} {from}");
        assert_eq!(let_in(signed("calculator", &[2]), &trust).is_ok(), good, "{reason} {from}");
    }
}

#[test]
fn v28_a_revoked_key_does_not_count_and_does_not_spoil_others() {
    let trust = revoked(RevocationReason::Compromised, "2026-01-01T00:00:00Z", |draft| add(draft, 3, "publisher:*"));
    assert_eq!(admitted(signed("calculator", &[2, 3]), &trust), Ok(first_bytes(&[3])));
    assert_eq!(admitted(signed("calculator", &[2]), &trust), Err(Code::SignatureRevoked));
    let needs_both = revoked(RevocationReason::Compromised, "2026-01-01T00:00:00Z", |draft| {
        add(draft, 3, "publisher:*");
        draft.threshold(&publisher("*"), 2).expect("two keys");
    });
    assert_eq!(admitted(signed("calculator", &[2, 3]), &needs_both), Err(Code::SignatureRevoked));
}

#[test]
fn v28_a_revoked_role_does_not_fall_to_a_wider_one() {
    let trust = root(|draft| {
        add(draft, 2, "publisher:acme/*");
        add(draft, 3, "publisher:*");
        let revocation = Revocation { at: time(NOW), reason: RevocationReason::Compromised };
        draft.revoke(&public(2), revocation).expect("revoked");
    });
    assert_eq!(admitted(signed("acme/square", &[3]), &trust), Err(Code::SignatureUntrusted));
}

#[test]
fn n13_what_was_admitted_once_is_judged_again() {
    let package = signed("calculator", &[2]);
    let before = signed_root(|draft| add(draft, 2, "publisher:*"));
    let mut draft = RootDraft::after(&before);
    let revocation = Revocation { at: time(NOW), reason: RevocationReason::Compromised };
    draft.revoke(&public(2), revocation).expect("revoked");
    let after = before.successor(draft.propose().expect("consistent").sign(&root_key(1))).expect("follows");
    let trust = |root: &SignedRoot| Trust::root(root.clone(), ExpiredRoot::Note);
    assert_eq!(admitted(package.clone(), &trust(&before)), Ok(first_bytes(&[2])));
    assert_eq!(admitted(package.clone(), &trust(&after)), Err(Code::SignatureRevoked));
    assert_eq!(admitted(package, &trust(&before)), Ok(first_bytes(&[2])), "nothing is remembered");
}

#[test]
fn a_key_that_no_role_lists_can_be_revoked() {
    let trust = root(|draft| {
        add(draft, 3, "publisher:*");
        let revocation = Revocation { at: time(NOW), reason: RevocationReason::Compromised };
        draft.revoke(&public(9), revocation).expect("revoked");
    });
    assert_eq!(admitted(signed("calculator", &[9]), &trust), Err(Code::SignatureRevoked));
    assert_eq!(let_in(signed("calculator", &[9]), &trust), Err(Code::SignatureRevoked));
}

#[test]
fn what_is_denied_is_refused_whoever_signed_it() {
    let module = unsigned("acme/old").id();
    let by_module = root(|draft| {
        add(draft, 2, "publisher:*");
        draft.denied().modules.insert(module);
    });
    let by_version = root(|draft| {
        add(draft, 2, "publisher:*");
        draft.denied().skills.insert("acme/old@<1.2.0".parse().expect("a range"));
    });
    for trust in [&by_module, &by_version] {
        for package in [signed("acme/old", &[2]), unsigned("acme/old"), signed("acme/old", &[9])] {
            assert_eq!(admitted(package.clone(), trust), Err(Code::TrustDenied));
            assert_eq!(let_in(package, trust), Err(Code::TrustDenied));
        }
        let newer = crate::signed_by(versioned("acme/old", "1.2.0"), &[2]);
        assert_eq!(admitted(newer, trust), Ok(first_bytes(&[2])));
    }
}

#[test]
fn the_loud_door_lets_in_what_nobody_vouches_for_and_says_why() {
    let trust = two_of_three();
    for (package, code) in [
        (unsigned("acme/square"), Code::SignatureMissing),
        (signed("acme/square", &[9]), Code::SignatureUntrusted),
        (signed("calculator", &[2]), Code::SignatureUntrusted),
        (signed("acme/square", &[2]), Code::SignatureThreshold),
    ] {
        assert_eq!(admitted(package.clone(), &trust), Err(code));
        let Ok(Standing::Unsigned(reason)) = let_in(package, &trust) else { panic!("{code}: not let in as unsigned") };
        assert_eq!(reason.code(), code);
    }
    let Ok(Standing::Signed(signed)) = let_in(signed("acme/square", &[2, 3]), &trust) else { panic!("signed") };
    assert_eq!(signed.signers.len(), 2, "what is signed comes in as signed");
}

#[test]
fn an_expired_root_is_noted_or_refused_as_its_user_wants() {
    let expired = "2027-11-21T00:00:00Z";
    let root = signed_root(|draft| add(draft, 2, "publisher:*"));
    let note = Trust::root(root.clone(), ExpiredRoot::Note);
    let refuse = Trust::root(root.clone(), ExpiredRoot::Refuse);
    let standing =
        |trust: &Trust, now| admit(signed("calculator", &[2]), trust, time(now)).map(|a| a.standing().clone());
    for (now, over) in [("2027-11-20T23:59:59Z", false), (expired, true)] {
        let Ok(Standing::Signed(signed)) = standing(&note, now) else { panic!("signed") };
        let used = signed.root.expect("a root");
        assert_eq!((used.expired, used.version, used.fingerprint), (over, 1, root.fingerprint()));
        assert_eq!(standing(&refuse, now).is_err(), over);
    }
    assert_eq!(at(signed("calculator", &[2]), &refuse, expired), Err(Code::TrustExpired));
}

#[test]
fn v38_the_most_expensive_signature_set_is_checked_in_bounded_steps() {
    let package = unsigned("acme/square");
    let trust = root(|draft| (2..200).for_each(|seed| add(draft, seed, "publisher:*")));
    let junk = [&[0, 1, 64][..], &[1; 64]].concat();
    let set = |count: usize| with_entries(&package, &vec![&junk; count]);
    assert_eq!(admitted(read(set(16)).expect("readable"), &trust), Err(Code::SignatureUntrusted));
    assert_eq!(admitted(read(set(17)).expect("readable"), &trust), Err(Code::SignatureMalformed));
}

#[test]
fn v13_a_signature_for_another_purpose_is_none_here() {
    use vak_trust::{Envelope, pae, signing_message};
    let package = unsigned("acme/square");
    let message = signing_message(&package);
    // An envelope whose payload is the very message of the module, signed by the right key.
    let mut envelope = Envelope::new("application/octet-stream", message.to_vec());
    envelope.sign(&key(7));
    let json: serde_json::Value = serde_json::from_slice(&envelope.to_json()).expect("JSON");
    let signature = json["signatures"][0]["sig"].as_str().expect("a signature");
    let signature = <base64ct::Base64 as base64ct::Encoding>::decode_vec(signature).expect("base64");
    let signature: [u8; 64] = signature.try_into().expect("64 bytes");
    assert!(public(7).verifies(&pae("application/octet-stream", &message), &signature));
    assert!(vak_trust::attach(&package, &public(7), &signature, Earlier::Replace).is_err());
    let entry = [&[12][..], public(7).wasm_key_id().as_bytes(), &[1, 64], &signature].concat();
    let bytes = with_entries(&package, &[&entry]);
    assert_eq!(admitted(read(bytes).expect("readable"), &Trust::key(public(7))), Err(Code::SignatureInvalid));
}
