//! Every call against the mock, and the ways in which a host can answer wrongly.

use super::fs::{Entry, Kind, Stat};
use super::log::Level;
use super::mock::Host;
use super::plan::{Action, Parameters};
use super::*;

const MIB: usize = 1 << 20;

fn code<T>(result: Result<T, HostError>) -> String {
    result.err().map_or("done".to_owned(), |error| error.code().to_owned())
}

fn pattern(len: usize) -> Vec<u8> {
    (0..len).map(|i| (i % 251) as u8).collect()
}

fn stat_of(size: usize) -> Vec<u8> {
    format!(r#"{{"kind":"file","size":{size},"links":1}}"#).into_bytes()
}

#[test]
fn a_file_is_read_whole_whatever_its_size_and_whatever_is_said_of_it() {
    for len in [0, 1, 255, 256, 257, MIB - 1, MIB, MIB + 1, 3 * MIB + 7, 17 * MIB] {
        for said in [None, Some(0), Some(len / 2), Some(len + 5), Some(MIB), Some(usize::MAX >> 1)] {
            let mut host = Host::new().file("a", pattern(len));
            host.says.extend(said.map(|size| ("fs_stat", stat_of(size))));
            let read = host.run(|| fs::read("a")).expect("read");
            assert!(read == pattern(len), "{len}, said to be {said:?}");
        }
    }
}

#[test]
fn a_part_of_a_file_fills_the_buffer_until_the_file_ends() {
    let mut host = Host::new().file("a", pattern(1000));
    for (offset, room, expected) in
        [(0, 10, 10), (5, 10, 10), (995, 10, 5), (1000, 10, 0), (5000, 10, 0), (0, 0, 0), (u64::MAX >> 1, 3, 0)]
    {
        let mut buffer = vec![255; room];
        let len = host.run(|| fs::read_part("a", offset, &mut buffer)).expect("read");
        assert_eq!(len, expected, "{room} from {offset}");
        let from = (offset as usize).min(1000);
        assert_eq!(buffer[..len], pattern(1000)[from..from + len]);
        assert!(buffer[len..].iter().all(|byte| *byte == 255), "nothing is written behind what was read");
    }
}

#[test]
fn files_are_made_changed_moved_and_removed() {
    let mut host = Host::new().file("in/deep/a", "1");
    host.run(|| {
        fs::create("out/b", "2").expect("made");
        assert!(fs::create("out/b", "3").expect_err("there").is_already_there());
        fs::append("out/b", "4").expect("appended");
        fs::append("out/c", "5").expect("made");
        fs::write("out/c", "").expect("replaced");
        fs::rename("out/c", "out/d").expect("renamed");
        fs::remove("in/deep/a").expect("removed");
        assert!(fs::read("in/deep/a").expect_err("gone").is_not_found());
        assert_eq!(fs::stat("out/b"), Ok(Stat { kind: Kind::File, size: 2, links: 1 }));
        assert_eq!(fs::stat("out").map(|stat| stat.kind), Ok(Kind::Folder));
    });
    let contents = ["out/b", "out/c", "out/d"].map(|path| host.contents_of(path));
    assert_eq!(contents, [Some(&b"24"[..]), None, Some(&b""[..])]);
}

#[test]
fn a_folder_is_listed_by_name_with_kinds() {
    let mut host = Host::new().file("a/z", "").file("a/b/c", "").file("a/b/d", "").file("other", "");
    let entry = |name: &str, kind| Entry { name: name.to_owned(), kind };
    let listed = host.run(|| fs::list("a"));
    assert_eq!(listed, Ok(vec![entry("b", Kind::Folder), entry("z", Kind::File)]));
    let mut full = (0..2000).fold(Host::new(), |host, i| host.file(&format!("a/{i:04}"), ""));
    let listed = full.run(|| fs::list("a")).expect("a response that has to be taken");
    assert_eq!((listed.len(), &*listed[1999].name), (2000, "1999"));
}

#[test]
fn what_can_t_be_done_has_its_code() {
    let mut host = Host::new().file("a/b", "");
    host.run(|| {
        for (result, expected) in [
            (code(fs::read("a/x")), "fs.not_found"),
            (code(fs::read("../a/b")), "path.invalid"),
            (code(fs::read("/a/b")), "path.invalid"),
            (code(fs::read("a//b")), "path.invalid"),
            (code(fs::read_part("a", 0, &mut [0; 8])), "fs.not_regular"),
            (code(fs::list("a/b")), "fs.not_folder"),
            (code(fs::write("a", "")), "fs.not_regular"),
            (code(fs::remove("a")), "fs.not_empty"),
            (code(kv::get("")), "kv.key"),
            (code(kv::set("a", vec![0; MIB + 1])), "kv.quota"),
            (
                code(plan::verify(&[Action { confidence: Some(f64::NAN), ..Action::new("fs_read", "a") }])),
                "request.invalid",
            ),
        ] {
            assert_eq!(result, expected);
        }
    });
}

#[test]
fn the_store_keeps_what_is_set_until_it_is_deleted() {
    let mut host = Host::new();
    host.run(|| {
        assert_eq!(kv::get("a"), Ok(None));
        kv::set("a", "1\n2").expect("set");
        kv::set("empty", "").expect("set");
        assert_eq!(kv::get("a"), Ok(Some(b"1\n2".to_vec())));
        assert_eq!(kv::get("empty"), Ok(Some(Vec::new())));
        assert_eq!(kv::delete("a"), Ok(true));
        assert_eq!(kv::delete("a"), Ok(false));
        kv::set("large", pattern(MIB)).expect("set");
        assert_eq!(kv::get("large"), Ok(Some(pattern(MIB))));
    });
}

#[test]
fn all_keys_of_a_prefix_are_listed_page_by_page() {
    let mut host = (0..2500).fold(Host::new().value("z", ""), |host, i| host.value(&format!("k{i:04}"), ""));
    let keys = host.run(|| kv::list("k")).expect("keys");
    assert_eq!((keys.len(), &*keys[0], &*keys[2499]), (2500, "k0000", "k2499"));
    assert!(keys.is_sorted());
    assert_eq!(host.run(|| kv::list("")).map(|keys| keys.len()), Ok(2501));
    assert_eq!(host.run(|| kv::list("x")), Ok(Vec::new()));
}

#[test]
fn lines_are_logged_with_their_level() {
    let mut host = Host::new();
    host.run(|| {
        log::debug("a").and_then(|()| log::info("b\nc")).and_then(|()| log::warn("")).and_then(|()| log::error("世"))
    })
    .expect("logged");
    let lines: Vec<_> = host.lines().iter().map(|(level, text)| (*level, text.as_str())).collect();
    assert_eq!(lines, [(Level::Debug, "a"), (Level::Info, "b\nc"), (Level::Warn, ""), (Level::Error, "世")]);
}

#[test]
fn time_and_chance_are_the_test_s_own() {
    assert_eq!(Host::new().clock(1_795_000_000_123).run(clock::now_ms), Ok(1_795_000_000_123));
    let draw = |seed, count| Host::new().seed(seed).run(|| random::bytes(count)).expect("bytes");
    assert_eq!(draw(1, 200_000), draw(1, 200_000));
    assert_ne!(draw(1, 16), draw(2, 16));
    assert!(draw(1, 0).is_empty());
    assert!(draw(3, 100_000)[65_536..].iter().any(|byte| *byte != 0), "the second call draws too");
}

#[test]
fn a_plan_gets_a_decision_for_each_action() {
    let to = Parameters { to: Some("b".to_owned()), bytes: None };
    let plan = [
        Action::new("fs_read", "a"),
        Action { parameters: Some(to), confidence: Some(0.5), ..Action::new("fs_rename", "a") },
        Action::new("format_disk", "c"),
        Action::new("fs_read", "../c"),
    ];
    let verdict = Host::new().deny("fs_rename").run(|| plan::verify(&plan)).expect("a verdict");
    let codes: Vec<_> = verdict.actions.iter().map(|action| action.code.as_deref()).collect();
    assert_eq!(codes, [None, Some("policy.ungranted"), Some("plan.unknown"), Some("plan.target")]);
    assert!(!verdict.allowed);
}

#[test]
fn whatever_is_denied_says_so_and_is_not_done() {
    type Call = fn() -> Result<(), HostError>;
    let calls: [(&str, Call); 18] = [
        ("fs.read", || fs::read("a").map(drop)),
        ("fs_stat", || fs::read("a").map(drop)),
        ("fs_read", || fs::read_part("a", 0, &mut [0; 1]).map(drop)),
        ("fs_list", || fs::list(".").map(drop)),
        ("fs_write", || fs::write("a", "x")),
        ("fs_write", || fs::append("a", "x")),
        ("fs_remove", || fs::remove("a")),
        ("fs_rename", || fs::rename("a", "b")),
        ("net.http", || http::get("https://a.test/").map(drop)),
        ("kv_get", || kv::get("a").map(drop)),
        ("kv_set", || kv::set("a", "x")),
        ("kv_delete", || kv::delete("a").map(drop)),
        ("kv_list", || kv::list("").map(drop)),
        ("log", || log::info("x")),
        ("clock_now", || clock::now_ms().map(drop)),
        ("random", || random::bytes(1).map(drop)),
        ("reason", || reason::ask("a").map(drop)),
        ("verify_plan", || plan::verify(&[]).map(drop)),
    ];
    for (name, call) in calls {
        let mut host = Host::new().file("a", "1").value("a", "1").deny(name);
        let error = host.run(call).expect_err(name);
        assert!(error.is_denied() && error.code() == "policy.ungranted", "{name}: {error}");
        assert_eq!((host.contents_of("a"), host.value_of("a")), (Some(&b"1"[..]), Some(&b"1"[..])), "{name}");
        assert!(host.lines().is_empty());
        let nobody = call().expect_err("there is no host");
        assert!(nobody.is_denied() && nobody.message().starts_with("no host is here"), "{name}: {nobody}");
    }
}

#[test]
fn a_request_is_sent_and_its_answer_is_taken_apart() {
    let mut host = Host::new().page("https://a.test/x", 404, "a\n{}\n\0");
    let post = || http::post("https://a.test/x", "text/plain", "hello");
    let answer = host.run(post).expect("an answer");
    assert_eq!((answer.status, answer.is_ok(), answer.url.as_str()), (404, false, "https://a.test/x"));
    assert_eq!((answer.header("content-length"), answer.body.as_slice()), (Some("6"), &b"a\n{}\n\0"[..]));
    let sent = ("POST".to_owned(), "https://a.test/x".to_owned(), b"hello".to_vec());
    assert_eq!(host.requests(), [sent]);
    assert_eq!(code(host.run(|| http::get("https://b.test/"))), "http.connect");
    assert_eq!(code(host.run(|| http::get("file:///etc/passwd"))), "http.url");
}

#[test]
fn an_error_becomes_the_skill_s_own() {
    let execute = |path: &str| -> Result<Vec<u8>, crate::Error> { Ok(fs::read(path)?) };
    let answer = Host::new().run(|| crate::answer(b"\"a\"", execute)).expect_err("not found");
    let answer = String::from_utf8(answer).expect("UTF-8");
    assert!(answer.starts_with(r#"{"error":"fs.not_found: "#), "{answer}");
}

/// What a host of the test's own makes of a call.
fn asked_of(import: Import) -> Result<Vec<u8>, HostError> {
    ask_bytes(import, &"request")
}

/// A response that is written, whole or not.
fn response(status: Status, bytes: &[u8], out: &mut [u8]) -> i64 {
    out[..bytes.len()].copy_from_slice(bytes);
    Response { status, len: bytes.len() as u32 }.pack()
}

#[test]
fn a_host_that_does_not_keep_to_the_abi_is_an_error_and_no_panic() {
    let hosts: [(&str, Import, Option<bool>); 6] = [
        ("an unknown status", |_, _| 3 << 32, Some(false)),
        ("a negative status", |_, _| -1, Some(false)),
        ("a response that is not kept", |_, _| 5000, Some(false)),
        ("a denial without a word", |_, _| 1 << 32, Some(true)),
        ("a failure that is no JSON", |_, out| response(Status::Failed, b"no", out), Some(false)),
        ("a denial that is no report", |_, out| response(Status::Denied, b"[1]", out), Some(true)),
    ];
    for (name, import, denied) in hosts {
        let error = asked_of(import).expect_err(name);
        assert_eq!((error.code(), Some(error.is_denied())), ("host.response", denied), "{name}");
    }
    let not_what_was_asked: Import = |_, out| response(Status::Done, b"5", out);
    assert_eq!(code(ask::<Nothing>(not_what_was_asked, &"request", &[])), "host.response");
}

#[test]
fn what_a_host_must_not_say_is_not_taken_for_an_answer() {
    type Call = fn() -> Result<(), HostError>;
    let calls: [(&'static str, &[u8], Call); 10] = [
        ("random", b"", || random::bytes(8).map(drop)),
        ("random", b"1234567", || random::bytes(8).map(drop)),
        ("random", b"123456789", || random::bytes(8).map(drop)),
        ("fs_read", b"123456789", || fs::read_part("a", 0, &mut [0; 8]).map(drop)),
        ("reason", br#"{"text":"a","tokens":{},"model":"m","finish":"stop"}"#, || reason::ask("a").map(drop)),
        ("reason", br#"{"text":"a","tokens":{"input":1,"output":1},"model":"m","finish":"x"}"#, || {
            reason::ask("a").map(drop)
        }),
        ("verify_plan", br#"{"allowed":true,"actions":[]}"#, || plan::verify(&[Action::new("log", "")]).map(drop)),
        ("clock_now", br#"{"unix_ms":-1}"#, || clock::now_ms().map(drop)),
        ("fs_stat", br#"{"kind":"door","size":1,"links":1}"#, || fs::stat("a").map(drop)),
        ("kv_delete", br"{}", || kv::delete("a").map(drop)),
    ];
    for (name, said, call) in calls {
        let mut host = Host::new().file("a", "1");
        host.says.insert(name, said.to_vec());
        assert_eq!(code(host.run(call)), "host.response", "{name}: {}", String::from_utf8_lossy(said));
    }
}

#[test]
fn a_host_that_always_has_more_keys_and_gives_none_is_not_asked_for_ever() {
    let mut host = Host::new();
    host.says.insert("kv_list", br#"{"keys":[],"more":true}"#.to_vec());
    assert_eq!(host.run(|| kv::list("")), Ok(Vec::new()));
}

#[test]
fn requests_are_a_line_and_a_body() {
    let encoded = |request: &str, body: &[u8]| encode(&request, body).expect("JSON");
    assert_eq!(encoded("a\nb", b""), br#""a\nb""#);
    assert_eq!(encoded("a", b"{\n}"), b"\"a\"\n{\n}");
}

#[test]
fn a_model_is_asked_in_order_and_cut_off_where_the_skill_says() {
    let mut host = Host::new().completion("first").completion("second ö");
    let (first, second, third) = host.run(|| {
        let first = reason::Request::new().system("a").user("b").assistant("c").user("d").send();
        (first, reason::Request::new().user("e").max_tokens(2).send(), reason::ask("f"))
    });
    let first = first.expect("an answer");
    assert_eq!((first.text.as_str(), first.is_whole(), first.tokens.input), ("first", true, 1));
    let second = second.expect("an answer");
    assert_eq!((second.text.as_str(), second.is_whole()), ("second ", false));
    assert_eq!(code(third), "host.unavailable");
    let asked: Vec<usize> = host.conversations().iter().map(Vec::len).collect();
    assert_eq!(asked, [4, 1]);
    for wrong in [
        reason::Request::new(),
        reason::Request::new().user("a").max_tokens(0),
        reason::Request::new().user("a".repeat((256 << 10) + 1)),
        (0..65).fold(reason::Request::new(), |request, _| request.user("a")),
    ] {
        assert_eq!(code(Host::new().completion("x").run(|| wrong.send())), "request.invalid");
    }
}
