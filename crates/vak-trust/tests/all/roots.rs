//! How one version of a trust root follows another.

use serde_json::{Value, json};
use vak_model::Code;
use vak_trust::{KeyRole, Revocation, RevocationReason, RootDraft, RootError, RootProposal, SignedRoot, TrustedKey};

use crate::{public, root_key, time};

const EXPIRES: &str = "2027-11-21T00:00:00Z";

fn role(text: &str) -> KeyRole {
    text.parse().expect(text)
}

fn root_public(seed: u8) -> TrustedKey {
    TrustedKey::new(root_key(seed).public())
}

fn sign(draft: RootDraft, seeds: &[u8]) -> RootProposal {
    seeds.iter().fold(draft.propose().expect("consistent"), |proposal, seed| proposal.sign(&root_key(*seed)))
}

/// Version 1, of one root key.
fn first() -> SignedRoot {
    sign(RootDraft::first(root_key(1).public(), time(EXPIRES)), &[1]).complete().expect("signed")
}

/// Version 1 with the root keys 1, 2 and 3, of which two are needed.
fn two_of_three() -> SignedRoot {
    let mut draft = RootDraft::first(root_key(1).public(), time(EXPIRES));
    draft.add(root_public(2), KeyRole::Root).expect("added");
    draft.add(root_public(3), KeyRole::Root).expect("added");
    draft.threshold(&KeyRole::Root, 2).expect("three keys");
    sign(draft, &[1, 2]).complete().expect("signed")
}

fn code<T>(result: Result<T, RootError>) -> Code {
    result.err().expect("refused").code()
}

#[test]
fn a_root_reads_back_and_keeps_its_fingerprint_when_more_sign() {
    let root = two_of_three();
    let read = SignedRoot::read(&root.to_json()).expect("ours");
    assert_eq!((read.root(), read.fingerprint()), (root.root(), root.fingerprint()));
    let more = RootProposal::read(&root.to_json()).expect("ours").sign(&root_key(3)).complete().expect("signed");
    assert_eq!(more.fingerprint(), root.fingerprint());
    assert_ne!(more.to_json(), root.to_json());
    assert!(SignedRoot::pinned(&root.to_json(), root.fingerprint()).is_ok());
    assert_eq!(code(SignedRoot::pinned(&root.to_json(), first().fingerprint())), Code::TrustFingerprint);
}

#[test]
fn v30_a_root_needs_enough_of_its_own_keys() {
    let unsigned = || RootDraft::after(&two_of_three()).propose().expect("consistent");
    for (seeds, enough) in [(&[][..], false), (&[1], false), (&[1, 1], false), (&[1, 9], false), (&[3, 2], true)] {
        let signed = seeds.iter().fold(unsigned(), |proposal, seed| proposal.sign(&root_key(*seed)));
        assert_eq!(signed.clone().complete().is_ok(), enough, "{seeds:?}");
        assert_eq!(SignedRoot::read(&signed.to_json()).is_ok(), enough, "{seeds:?}");
    }
}

/// What a reader that keeps one signature for each key would drop, another one could count.
#[test]
fn v30_a_root_with_two_signatures_of_one_key_is_refused_though_enough_are_good() {
    let mut json: Value = serde_json::from_slice(&two_of_three().to_json()).expect("JSON");
    let signatures = json["signatures"].as_array_mut().expect("a list");
    let again = signatures[0].clone();
    signatures.push(again);
    let doubled = serde_json::to_vec(&json).expect("JSON");
    assert_eq!(code(RootProposal::read(&doubled)), Code::TrustMalformed);
    assert_eq!(code(SignedRoot::read(&doubled)), Code::TrustMalformed);
    // Without a name it is only one more that is counted once.
    let signatures = json["signatures"].as_array_mut().expect("a list");
    signatures[2].as_object_mut().expect("an object").remove("keyid");
    assert!(SignedRoot::read(&serde_json::to_vec(&json).expect("JSON")).is_ok());
}

#[test]
fn v29_the_next_version_is_signed_by_the_keys_of_both() {
    let current = two_of_three();
    let rotated = || {
        let mut draft = RootDraft::after(&current);
        draft.rotate(&root_key(1).public(), root_public(4), time(EXPIRES)).expect("rotated");
        draft.rotate(&root_key(2).public(), root_public(5), time(EXPIRES)).expect("rotated");
        draft
    };
    // Old are 1, 2 and 3; new are 3, 4 and 5.
    for (seeds, follows) in
        [(&[1, 2, 4, 5][..], true), (&[1, 3, 4], true), (&[1, 2], false), (&[4, 5], false), (&[3, 4], false)]
    {
        assert_eq!(current.successor(sign(rotated(), seeds)).is_ok(), follows, "{seeds:?}");
    }
    assert_eq!(code(current.successor(sign(rotated(), &[4, 5]))), Code::TrustUnsigned);
}

#[test]
fn v29_no_version_is_skipped_repeated_or_gone_back_to() {
    let one = first();
    let two = one.successor(sign(RootDraft::after(&one), &[1])).expect("follows");
    let three = two.successor(sign(RootDraft::after(&two), &[1])).expect("follows");
    let proposal = |root: &SignedRoot| RootProposal::read(&root.to_json()).expect("ours");
    assert_eq!(three.root().version(), 3);
    for (current, next) in [(&one, &three), (&two, &two), (&three, &two), (&three, &one)] {
        assert_eq!(code(current.successor(proposal(next))), Code::TrustRollback);
    }
}

#[test]
fn v29_an_old_root_key_alone_signs_nothing_after_rotation() {
    let one = first();
    let mut draft = RootDraft::after(&one);
    draft.rotate(&root_key(1).public(), root_public(2), time(EXPIRES)).expect("rotated");
    let two = one.successor(sign(draft, &[1, 2])).expect("follows");
    assert_eq!(code(two.successor(sign(RootDraft::after(&two), &[1]))), Code::TrustUnsigned);
    assert!(two.successor(sign(RootDraft::after(&two), &[2])).is_ok());
}

#[test]
fn changes_that_would_lock_everybody_out_are_refused() {
    let one = first();
    let mut draft = RootDraft::after(&one);
    let gone = Revocation { at: time(EXPIRES), reason: RevocationReason::Compromised };
    assert_eq!(code(draft.clone().revoke(&root_key(1).public(), gone)), Code::TrustMalformed);
    assert_eq!(code(draft.threshold(&KeyRole::Root, 2)), Code::TrustMalformed);
    assert_eq!(code(draft.threshold(&KeyRole::Root, 0)), Code::TrustMalformed);
    assert_eq!(code(draft.threshold(&role("publisher:*"), 1)), Code::TrustMalformed);
    assert_eq!(code(draft.remove(&root_key(9).public(), None)), Code::TrustMalformed);
    let mut without = draft.clone();
    without.remove(&root_key(1).public(), Some(&KeyRole::Root)).expect("removed");
    assert_eq!(code(without.propose()), Code::TrustMalformed, "no root key is left");
    let mut beside = draft;
    beside.add(TrustedKey::new(public(7)), role("publisher:*")).expect("added");
    assert_eq!(code(beside.rotate(&public(9), TrustedKey::new(public(8)), time(EXPIRES))), Code::TrustMalformed);
    assert_eq!(code(beside.rotate(&public(7), TrustedKey::new(public(7)), time(EXPIRES))), Code::TrustMalformed);
}

#[test]
fn a_revocation_is_not_undone() {
    let one = first();
    let mut draft = RootDraft::after(&one);
    draft.add(TrustedKey::new(public(7)), role("publisher:*")).expect("added");
    let at = time("2026-01-01T00:00:00Z");
    draft.revoke(&public(7), Revocation { at, reason: RevocationReason::Compromised }).expect("revoked");
    draft.revoke(&public(7), Revocation { at, reason: RevocationReason::Retired }).expect("revoked again");
    let known = |draft: &RootDraft| draft.root().key(public(7).tuf_key_id()).and_then(|key| key.revoked);
    assert_eq!(known(&draft).map(|revoked| revoked.reason), Some(RevocationReason::Compromised));
    assert!(draft.add(TrustedKey::new(public(7)), role("publisher:acme/*")).is_err());
    assert!(draft.rotate(&public(7), TrustedKey::new(public(7)), at).is_err());
    draft.remove(&public(7), None).expect("out of its roles");
    assert!(known(&draft).is_some(), "without a role it is revoked still");
}

/// The payload of a signed root, changed, and signed by the same root key again.
fn changed(change: impl FnOnce(&mut Value)) -> Result<SignedRoot, RootError> {
    use base64ct::{Base64, Encoding as _};
    let mut draft = RootDraft::first(root_key(1).public(), time(EXPIRES));
    draft.add(TrustedKey::new(public(7)), role("publisher:acme/*")).expect("added");
    let root = sign(draft, &[1]);
    let envelope: Value = serde_json::from_slice(&root.to_json()).expect("JSON");
    let payload = Base64::decode_vec(envelope["payload"].as_str().expect("text")).expect("base64");
    let mut value: Value = serde_json::from_slice(&payload).expect("JSON");
    change(&mut value);
    let payload = serde_json::to_vec(&value).expect("JSON");
    let mut envelope = vak_trust::Envelope::new("application/vnd.vak.trust-root.v1+json", payload);
    envelope.sign(&root_key(1));
    SignedRoot::read(&envelope.to_json())
}

#[test]
fn what_a_root_says_must_be_known_and_consistent() {
    let root_id = root_key(1).public().tuf_key_id().to_string();
    let id = public(7).tuf_key_id().to_string();
    let unchanged = changed(|_| ()).expect("consistent");
    assert!(unchanged.root().publisher(Some(&"acme/x".parse().expect("a name"))).is_some());
    type Change<'a> = Box<dyn FnOnce(&mut Value) + 'a>;
    let set = |pointer: String, to: Value| -> Change<'_> {
        Box::new(move |value: &mut Value| {
            let (parent, name) = pointer.rsplit_once('/').expect("a pointer");
            let parent = value.pointer_mut(parent).expect("there");
            parent[name] = to;
        })
    };
    let keys = |rest: &str| format!("/keys/{id}{rest}");
    let cases: Vec<(&str, Change<'_>)> = vec![
        ("version zero", set("/version".into(), json!(0))),
        ("a version of text", set("/version".into(), json!("1"))),
        ("a version beyond doubles", set("/version".into(), json!(1u64 << 54))),
        ("another type", set("/_type".into(), json!("snapshot"))),
        ("another specification", set("/spec_version".into(), json!("2.0"))),
        ("a day without a time", set("/expires".into(), json!("2027-11-21"))),
        ("an unknown member", set("/revocations".into(), json!([]))),
        ("an unknown member of a key", set(keys("/revoked"), json!({}))),
        ("an unknown note", set(keys("/x-vak"), json!({ "validfrom": EXPIRES }))),
        ("an unknown reason", set(keys("/x-vak"), json!({ "revoked": { "at": EXPIRES, "reason": "lost" } }))),
        ("a window that is none", set(keys("/x-vak"), json!({ "validFrom": EXPIRES, "validUntil": EXPIRES }))),
        ("a label that moves the cursor", set(keys("/x-vak"), json!({ "label": "\u{1b}[2J" }))),
        ("another algorithm", set(keys("/scheme"), json!("rsassa-pss-sha256"))),
        ("another key under the id", set(keys("/keyval/public"), json!(public(8).to_hex()))),
        ("a weak key", set(keys("/keyval/public"), json!("01".to_owned() + &"00".repeat(31)))),
        ("upper case", set(keys("/keyval/public"), json!(public(7).to_hex().to_uppercase()))),
        ("an unknown role", set("/roles/admin".into(), json!({ "keyids": [id], "threshold": 1 }))),
        ("a publisher of no names", set("/roles/publisher:A*".into(), json!({ "keyids": [id], "threshold": 1 }))),
        ("a threshold of none", set("/roles/publisher:b".into(), json!({ "keyids": [id], "threshold": 0 }))),
        ("a threshold never reached", set("/roles/publisher:b".into(), json!({ "keyids": [id], "threshold": 2 }))),
        ("a key twice", set("/roles/publisher:b".into(), json!({ "keyids": [id, id], "threshold": 1 }))),
        (
            "a key that is not there",
            set("/roles/publisher:b".into(), json!({ "keyids": ["0".repeat(64)], "threshold": 1 })),
        ),
        ("a role without keys", set("/roles/publisher:b".into(), json!({ "keyids": [], "threshold": 1 }))),
        ("no root role", Box::new(|value| drop(value["roles"].as_object_mut().expect("roles").remove("root")))),
        ("a root key with a time", set(format!("/keys/{root_id}/x-vak"), json!({ "validUntil": EXPIRES }))),
        ("a denial of nothing", set("/denied".into(), json!({ "modules": [], "skills": ["acme/old@1"] }))),
        ("an unknown denial", set("/denied".into(), json!({ "names": [] }))),
        (
            "too many denials",
            set("/denied".into(), json!({ "skills": (0..5000).map(|i| format!("a{i}")).collect::<Vec<_>>() })),
        ),
        ("a log that is none", set("/roles/log".into(), json!({ "vkeys": ["x+00000000+AAAA"] }))),
    ];
    for (what, change) in cases {
        assert_eq!(code(changed(change)), Code::TrustMalformed, "{what}");
    }
}

#[test]
fn a_root_is_strict_json_in_an_envelope_of_its_own_type() {
    let root = String::from_utf8(first().to_json()).expect("text");
    let twice = root.replacen("\"signatures\":[", "\"signatures\":[{\"keyid\":\"KEY\",\"sig\":\"SIG\"},", 1);
    let value: Value = serde_json::from_str(&root).expect("JSON");
    let part = |name: &str| value["signatures"][0][name].as_str().expect("text").to_owned();
    let twice = twice.replace("KEY", &part("keyid")).replace("SIG", &part("sig"));
    for bad in [root.replace("trust-root.v1", "trust-root.v2"), root.replacen('{', "{\"payload\":\"\",", 1), twice] {
        assert_eq!(code(SignedRoot::read(bad.as_bytes())), Code::TrustMalformed, "{bad:.80}");
    }
}

proptest::proptest! {
    #[test]
    fn no_bytes_make_the_reader_of_roots_panic(bytes: Vec<u8>, at in 0..400usize, with: u8) {
        let _ = SignedRoot::read(&bytes);
        let mut root = first().to_json();
        root[at] = with;
        let _ = SignedRoot::read(&root);
        let _ = changed(|value| {
            let text = value.to_string();
            let cut = at % text.len();
            if let Some(other) = text.is_char_boundary(cut).then(|| format!("{}{with}{}", &text[..cut], &text[cut..])) {
                *value = serde_json::from_str(&other).unwrap_or(Value::Null);
            }
        });
    }
}
