//! The skill's own store: granted and denied, bounded, and nobody else's.

use std::path::Path;
use std::time::{Duration, Instant};

use vak_abi::Status;
use vak_model::Code;
use vak_runtime::{Host, LiveConfig, Operator, Principal};

use crate::asking::{Got, MUCH, ask, asks_all, generous, granted, module};
use crate::code;

fn principal(name: &str, signed: bool) -> Principal {
    let signers = if signed { vec!["aa".to_owned()] } else { Vec::new() };
    let valid = "a part of a principal";
    Principal { name: name.parse().expect(valid), version: "1.0.0".parse().expect(valid), module: None, signers }
}

fn host(dir: &Path, who: &Principal) -> Host {
    Host::new(Box::new(LiveConfig::new().kv(dir.to_owned(), who).build()))
}

fn steps<'a>(dir: &Path, steps: &[(&'a str, &'a [u8])]) -> Vec<Got> {
    ask(&generous(), host(dir, &principal("test", false)), steps).0
}

#[test]
fn a_granted_call_is_done_and_its_twin_is_denied() {
    let dir = tempfile::tempdir().expect("a folder");
    let each: [(&str, &[u8]); 6] = [
        ("kv_get", br#"{"key":"a"}"#),
        ("kv_set", b"{\"key\":\"a\"}\nvalue\n\0"),
        ("kv_get", br#"{"key":"a"}"#),
        ("kv_list", b"{}"),
        ("kv_delete", br#"{"key":"a"}"#),
        ("kv_delete", br#"{"key":"a"}"#),
    ];
    let got = steps(dir.path(), &each);
    assert_eq!(got[0].refused(), (Status::Failed, "kv.not_found".to_owned()));
    assert_eq!(got[2].done(), b"value\n\0");
    let texts: Vec<String> = [&got[1], &got[3], &got[4], &got[5]].iter().map(|got| got.text()).collect();
    assert_eq!(texts, ["{}", r#"{"keys":["a"],"more":false}"#, r#"{"existed":true}"#, r#"{"existed":false}"#]);
    let (got, outcome) = ask(&Operator::nothing(), host(dir.path(), &principal("test", false)), &each);
    assert!(got.iter().all(|got| got.refused() == (Status::Denied, "policy.ungranted".to_owned())), "{got:?}");
    assert_eq!(outcome.denied.len(), each.len());
}

#[test]
fn keys_are_listed_in_order_and_by_pages() {
    let dir = tempfile::tempdir().expect("a folder");
    let listed = |request: &str| steps(dir.path(), &[("kv_list", request.as_bytes())])[0].text();
    assert_eq!(listed("{}"), r#"{"keys":[],"more":false}"#);
    let set: Vec<Vec<u8>> =
        ["b/2", "a", "b/1", "c", "b/10"].iter().map(|key| format!("{{\"key\":\"{key}\"}}\n").into_bytes()).collect();
    let set: Vec<(&str, &[u8])> = set.iter().map(|request| ("kv_set", request.as_slice())).collect();
    assert!(steps(dir.path(), &set).iter().all(|got| got.status == Status::Done));
    for (request, expected) in [
        ("{}", r#"{"keys":["a","b/1","b/10","b/2","c"],"more":false}"#),
        (r#"{"prefix":"b/"}"#, r#"{"keys":["b/1","b/10","b/2"],"more":false}"#),
        (r#"{"prefix":"b/","limit":1}"#, r#"{"keys":["b/1"],"more":true}"#),
        (r#"{"prefix":"b/","after":"b/1","limit":2}"#, r#"{"keys":["b/10","b/2"],"more":false}"#),
        (r#"{"prefix":"b/","after":"a"}"#, r#"{"keys":["b/1","b/10","b/2"],"more":false}"#),
        (r#"{"prefix":"b/","after":"c"}"#, r#"{"keys":[],"more":false}"#),
        (r#"{"after":"b/2"}"#, r#"{"keys":["c"],"more":false}"#),
        (r#"{"limit":0}"#, r#"{"keys":[],"more":true}"#),
    ] {
        assert_eq!(listed(request), expected, "{request}");
    }
}

#[test]
fn e24_keys_are_texts_and_no_paths() {
    let dir = tempfile::tempdir().expect("a folder");
    let long = format!("{{\"key\":\"{}\"}}\n", "k".repeat(513));
    for key in ["{\"key\":\"\"}\n", "{\"key\":\"a\\u0000\"}\n", "{\"key\":\"a\\nb\"}\n", &long] {
        for call in ["kv_set", "kv_get", "kv_delete"] {
            let request = if call == "kv_set" { key } else { key.trim_end() };
            let got = steps(dir.path(), &[(call, request.as_bytes())]);
            assert_eq!(got[0].refused(), (Status::Failed, "kv.key".to_owned()), "{call} {key}");
        }
    }
    let odd: [(&str, &[u8]); 2] = [("kv_set", b"{\"key\":\"../../x/..\"}\nv"), ("kv_get", br#"{"key":"../../x/.."}"#)];
    assert_eq!(steps(dir.path(), &odd)[1].done(), b"v");
    let files = |path: &Path| {
        std::fs::read_dir(path).expect("listed").map(|entry| entry.expect("read").file_name()).collect::<Vec<_>>()
    };
    assert_eq!(files(dir.path()), ["unsigned"]);
    assert_eq!(files(&dir.path().join("unsigned")), ["test.redb"]);
}

#[test]
fn e24_a_value_and_a_store_have_a_largest_size() {
    let dir = tempfile::tempdir().expect("a folder");
    let value = |key: &str, bytes: usize| [format!("{{\"key\":\"{key}\"}}\n").as_bytes(), &vec![b'v'; bytes]].concat();
    let over = value("a", (1 << 20) + 1);
    assert_eq!(steps(dir.path(), &[("kv_set", &over)])[0].refused().1, "kv.quota");
    let most: Vec<Vec<u8>> = (0..16).map(|i| value(&format!("k{i:02}"), (1 << 20) - 3)).collect();
    let most: Vec<(&str, &[u8])> = most.iter().map(|request| ("kv_set", request.as_slice())).collect();
    assert!(
        steps(dir.path(), &most[..8])
            .iter()
            .chain(&steps(dir.path(), &most[8..]))
            .all(|got| got.status == Status::Done)
    );
    let full = steps(
        dir.path(),
        &[
            ("kv_set", b"{\"key\":\"x\"}\n"),
            ("kv_set", b"{\"key\":\"k00\"}\nshorter"),
            ("kv_set", b"{\"key\":\"x\"}\n"),
            ("kv_delete", br#"{"key":"k01"}"#),
            ("kv_set", &value("x", 1 << 20)),
        ],
    );
    let statuses: Vec<Status> = full.iter().map(|got| got.status).collect();
    assert_eq!(statuses, [Status::Failed, Status::Done, Status::Done, Status::Done, Status::Done]);
    assert_eq!(full[0].refused().1, "kv.quota");
}

#[test]
fn e24_stores_are_apart_by_name_and_by_whether_somebody_signed() {
    let dir = tempfile::tempdir().expect("a folder");
    let get: [(&str, &[u8]); 1] = [("kv_get", br#"{"key":"a"}"#)];
    let all = [("test", false), ("test", true), ("acme/test", true), ("acme-test", true)];
    for (name, signed) in all {
        let (got, _) = ask(&generous(), host(dir.path(), &principal(name, signed)), &get);
        assert_eq!(got[0].refused().1, "kv.not_found", "{name} {signed}");
        let set = [("kv_set", b"{\"key\":\"a\"}\nx".as_slice())];
        let _ = ask(&generous(), host(dir.path(), &principal(name, signed)), &set);
        let (got, _) = ask(&generous(), host(dir.path(), &principal(name, signed)), &get);
        assert_eq!(got[0].done(), b"x");
    }
}

#[test]
fn a10_a_store_that_somebody_holds_is_waited_for_until_the_deadline() {
    let dir = tempfile::tempdir().expect("a folder");
    let set: [(&str, &[u8]); 1] = [("kv_set", b"{\"key\":\"a\"}\nx")];
    assert_eq!(steps(dir.path(), &set)[0].status, Status::Done);
    let held = redb::Database::open(dir.path().join("unsigned/test.redb")).expect("free");
    let soon = "limits: { max_execution_time_ms: 200, max_fuel: 900000000000, max_memory_pages: 1024 }";
    let skill = granted(&module(&set), &asks_all().replace(MUCH, soon), &generous());
    let started = Instant::now();
    let outcome = pollster::block_on(skill.call_in("execute", b"{}", host(dir.path(), &principal("test", false))));
    assert_eq!(code(&outcome), Code::LimitTime);
    assert!(started.elapsed() < Duration::from_millis(200 + 250 + 160), "{:?}", started.elapsed());
    let release = std::thread::spawn(move || drop(held));
    assert_eq!(steps(dir.path(), &set)[0].status, Status::Done, "it is had once it is free");
    release.join().expect("ended");
}

#[test]
fn what_lies_in_the_place_of_a_store_and_is_none_is_not_used() {
    let dir = tempfile::tempdir().expect("a folder");
    let folder = dir.path().join("unsigned");
    let file = folder.join("test.redb");
    let (text, empty) = (dir.path().join("text"), dir.path().join("empty"));
    let set = [("kv_set", b"{\"key\":\"a\"}\nx".as_slice())];
    std::fs::create_dir(&folder).expect("made");
    std::fs::write(&text, "no store").expect("written");
    std::fs::write(&empty, "").expect("written");
    let put: [&dyn Fn(); 4] = [
        &|| assert!(std::fs::copy(&text, &file).is_ok()),
        &|| std::os::unix::fs::symlink(&empty, &file).expect("linked"),
        &|| std::fs::create_dir(&file).expect("made"),
        &|| crate::host_fs::fifo(&file),
    ];
    for put in put {
        put();
        assert_eq!(steps(dir.path(), &set)[0].refused(), (Status::Failed, "kv.io".to_owned()));
        let _ = std::fs::remove_file(&file).or_else(|_| std::fs::remove_dir(&file));
    }
    assert_eq!(std::fs::read(&empty).expect("read"), b"", "a store behind a link would have begun there");
}
