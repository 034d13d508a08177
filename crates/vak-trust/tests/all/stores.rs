//! The folder of a trust root: versions go up, and nothing is half there.

use std::path::Path;

use vak_model::Code;
use vak_trust::{RootDraft, RootProposal, SignedRoot, StoreError, TrustStore};

use crate::{root_key, time};

fn first(seed: u8) -> SignedRoot {
    let draft = RootDraft::first(root_key(seed).public(), time("2027-11-21T00:00:00Z"));
    draft.propose().expect("consistent").sign(&root_key(seed)).complete().expect("signed")
}

fn next(current: &SignedRoot) -> RootProposal {
    RootDraft::after(current).propose().expect("consistent").sign(&root_key(1))
}

fn code<T>(result: Result<T, StoreError>) -> Code {
    result.err().expect("refused").code()
}

fn names(folder: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(folder).expect("readable");
    let mut names: Vec<_> =
        entries.map(|entry| entry.expect("there").file_name().into_string().expect("text")).collect();
    names.sort();
    names
}

#[test]
fn a_store_takes_a_first_root_and_then_what_follows() {
    let folder = tempfile::tempdir().expect("a folder");
    let store = TrustStore::at(folder.path().join("trust"));
    assert!(store.load().expect("empty").is_none());
    assert_eq!(code(store.require()), Code::TrustMissing);
    assert_eq!(code(store.update([next(&first(1))])), Code::TrustMissing);
    let one = first(1);
    store.install(&one).expect("installed");
    assert_eq!(code(store.install(&first(2))), Code::TrustMalformed, "there is one already");
    let two = one.successor(next(&one)).expect("follows");
    let three = next(&two);
    let last = store.update([RootProposal::read(&two.to_json()).expect("ours"), three]).expect("two steps");
    assert_eq!(last.root().version(), 3);
    assert_eq!(store.require().expect("there").fingerprint(), last.fingerprint());
    let expected = ["1.root.json", "2.root.json", "3.root.json", "lock", "root.json", "state.json"];
    assert_eq!(names(&folder.path().join("trust")), expected);
}

#[test]
fn v29_a_chain_with_a_missing_link_changes_nothing() {
    let folder = tempfile::tempdir().expect("a folder");
    let store = TrustStore::at(folder.path().to_owned());
    let one = first(1);
    store.install(&one).expect("installed");
    let two = one.successor(next(&one)).expect("follows");
    assert_eq!(code(store.update([next(&two)])), Code::TrustRollback);
    let foreign = RootDraft::after(&two).propose().expect("consistent").sign(&root_key(2));
    let good = RootProposal::read(&two.to_json()).expect("ours");
    assert_eq!(code(store.update([good, foreign])), Code::TrustUnsigned);
    assert_eq!(store.require().expect("there").root().version(), 1);
}

#[test]
fn v31_an_older_or_another_root_is_refused() {
    let folder = tempfile::tempdir().expect("a folder");
    let store = TrustStore::at(folder.path().to_owned());
    let one = first(1);
    store.install(&one).expect("installed");
    store.update([next(&one)]).expect("updated");
    let put = |json: Vec<u8>| std::fs::write(store.path(), json).expect("written");
    put(one.to_json());
    assert_eq!(code(store.load()), Code::TrustRollback);
    assert_eq!(code(store.install(&first(1))), Code::TrustRollback);
    let mut other = RootDraft::after(&one);
    other.expire(time("2099-01-01T00:00:00Z"));
    put(other.propose().expect("consistent").sign(&root_key(1)).to_json());
    assert_eq!(code(store.load()), Code::TrustRollback, "another version 2");
    put(next(&one).to_json());
    assert!(store.load().expect("the one that was seen").is_some());
    std::fs::remove_file(store.path()).expect("removed");
    assert_eq!(code(store.load()), Code::TrustMissing, "a root that is gone does not turn trust off");
}

#[test]
fn a_crash_leaves_the_old_root_or_the_new_one() {
    let folder = tempfile::tempdir().expect("a folder");
    let store = TrustStore::at(folder.path().to_owned());
    let one = first(1);
    store.install(&one).expect("installed");
    // What there is when writing stopped after the history, and after the root.
    let two = next(&one).complete().expect("signed");
    std::fs::write(folder.path().join("2.root.json"), two.to_json()).expect("written");
    assert_eq!(store.require().expect("there").root().version(), 1);
    std::fs::write(store.path(), two.to_json()).expect("written");
    assert_eq!(store.require().expect("there").root().version(), 2);
    store.update([next(&two)]).expect("it goes on");
}

#[test]
fn damaged_files_are_errors_and_never_no_trust() {
    let folder = tempfile::tempdir().expect("a folder");
    let store = TrustStore::at(folder.path().to_owned());
    store.install(&first(1)).expect("installed");
    let state = folder.path().join("state.json");
    let good = std::fs::read(&state).expect("there");
    for bad in [&b""[..], b"{}", b"{\"version\":1}", b"\xff"] {
        std::fs::write(&state, bad).expect("written");
        assert_eq!(code(store.load()), Code::TrustMalformed);
    }
    std::fs::write(&state, good).expect("written");
    for (bad, expected) in [(vec![], Code::TrustMalformed), (vec![b'{'; 2 << 20], Code::FileRead)] {
        std::fs::write(store.path(), bad).expect("written");
        assert_eq!(code(store.load()), expected);
    }
    let unsigned = RootDraft::after(&first(1)).propose().expect("consistent").to_json();
    std::fs::write(store.path(), unsigned).expect("written");
    assert_eq!(code(store.load()), Code::TrustUnsigned);
    std::fs::remove_file(store.path()).expect("removed");
    std::fs::create_dir(store.path()).expect("made");
    assert_eq!(code(store.load()), Code::FileRead);
}
