//! Files: what is granted is done, and nothing leads out of it.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use rustix::fs::{CWD, FileType, Mode, RenameFlags, mknodat, renameat_with};
use seccompiler::{BpfProgram, SeccompAction, SeccompFilter};
use vak_abi::Status;
use vak_runtime::{Allowance, Host, LiveConfig, Operator, Runtime};

use crate::asking::{Got, ask, asks_all, folders, generous, granted, granted_on, module, one, path, place, read};
use crate::host_border::{number, run_in, with};

type Steps = [(&'static str, &'static [u8])];

/// One of each function, which all work one after the other.
const EACH: &Steps = &[
    ("fs_write", b"{\"path\":\"out/a/b.txt\"}\nhello"),
    ("fs_read", br#"{"path":"out/a/b.txt"}"#),
    ("fs_list", br#"{"path":"out/a"}"#),
    ("fs_stat", br#"{"path":"out/a/b.txt"}"#),
    ("fs_rename", br#"{"from":"out/a/b.txt","to":"out/c"}"#),
    ("fs_remove", br#"{"path":"out/c"}"#),
];

/// A pipe that nobody has at its other end.
pub(crate) fn fifo(at: &Path) {
    mknodat(CWD, at, FileType::Fifo, Mode::RUSR | Mode::WUSR, 0).expect("made");
}

fn host(place: &Path) -> Host {
    Host::new(Box::new(folders(place).expect("folders").build()))
}

fn refused(got: &Got) -> String {
    got.refused().1
}

#[test]
fn a_granted_call_is_done_and_its_twin_is_denied() {
    let place = place();
    let (got, _) = ask(&generous(), host(place.path()), EACH);
    assert_eq!(got[1].done(), b"hello");
    assert_eq!(got[2].text(), r#"{"entries":[{"name":"b.txt","kind":"file"}]}"#);
    assert_eq!(got[3].text(), r#"{"kind":"file","size":5,"links":1}"#);
    assert!(got.iter().all(|got| got.status == Status::Done), "{got:?}");
    assert_eq!(fs::read_dir(place.path().join("out")).expect("listed").count(), 1, "only the folder is left");
    let (got, outcome) = ask(&Operator::nothing(), host(place.path()), EACH);
    for got in &got {
        assert_eq!(got.refused(), (Status::Denied, "policy.ungranted".to_owned()));
    }
    assert_eq!(outcome.denied.len(), EACH.len());
}

#[test]
fn a_part_of_a_file_is_read() {
    let place = place();
    fs::write(place.path().join("data/x"), "0123456789").expect("written");
    for (request, expected) in [
        (r#"{"path":"data/x"}"#, "0123456789"),
        (r#"{"path":"data/x","offset":4}"#, "456789"),
        (r#"{"path":"data/x","offset":4,"length":2}"#, "45"),
        (r#"{"path":"data/x","offset":10}"#, ""),
        (r#"{"path":"data/x","offset":9223372036854775807}"#, ""),
        (r#"{"path":"data/x","offset":18446744073709551615}"#, ""),
        (r#"{"path":"data/x","length":18446744073709551615}"#, "0123456789"),
        (r#"{"path":"data/x","length":0}"#, ""),
    ] {
        let got = one(place.path(), "fs_read", request.as_bytes());
        assert_eq!(String::from_utf8_lossy(got.done()), expected, "{request}");
    }
}

#[test]
fn a_file_is_made_replaced_or_continued() {
    let place = place();
    let file = place.path().join("out/x");
    let write = |mode: &str, text: &str| {
        let request = format!("{{\"path\":\"out/x\",\"mode\":\"{mode}\"}}\n{text}");
        one(place.path(), "fs_write", request.as_bytes())
    };
    for (mode, text, expected) in [
        ("create", "one", Ok("one")),
        ("create", "two", Err("fs.exists")),
        ("append", "two", Ok("onetwo")),
        ("replace", "three", Ok("three")),
    ] {
        let got = write(mode, text);
        match expected {
            Ok(contents) => {
                assert_eq!(got.done(), b"{}", "{mode}");
                assert_eq!(fs::read_to_string(&file).expect("read"), contents);
            }
            Err(code) => assert_eq!(refused(&got), code),
        }
    }
    fs::remove_file(&file).expect("removed");
    for mode in ["append", "replace"] {
        assert_eq!(write(mode, "new").done(), b"{}");
        assert_eq!(fs::read_to_string(&file).expect("read"), "new");
        fs::remove_file(&file).expect("removed");
    }
}

#[test]
fn a_replaced_file_keeps_what_others_may_do_with_it_and_is_replaced_through_links() {
    use std::os::unix::fs::PermissionsExt as _;
    let place = place();
    let file = place.path().join("out/private");
    fs::write(&file, "old").expect("written");
    fs::set_permissions(&file, fs::Permissions::from_mode(0o640)).expect("set");
    symlink("private", place.path().join("out/link")).expect("linked");
    assert_eq!(one(place.path(), "fs_write", b"{\"path\":\"out/link\"}\nnew").done(), b"{}");
    assert_eq!(fs::read_to_string(&file).expect("read"), "new");
    assert_eq!(fs::metadata(&file).expect("there").permissions().mode() & 0o777, 0o640);
    assert!(fs::symlink_metadata(place.path().join("out/link")).expect("there").is_symlink());
    assert_eq!(fs::read_dir(place.path().join("out")).expect("listed").count(), 2, "nothing is left over");
}

#[test]
fn what_lies_above_the_operator_s_folders_are_their_names_and_they_stay() {
    let place = place();
    let operator = Operator::nothing().allow(Allowance::Read(path("."))).allow(Allowance::Write(path(".")));
    let steps: &Steps = &[
        ("fs_list", br#"{"path":"."}"#),
        ("fs_stat", br#"{"path":"."}"#),
        ("fs_read", br#"{"path":"other"}"#),
        ("fs_write", b"{\"path\":\"other\"}\nx"),
        ("fs_remove", br#"{"path":"out"}"#),
        ("fs_remove", br#"{"path":"."}"#),
        ("fs_rename", br#"{"from":"out","to":"data"}"#),
        ("fs_rename", br#"{"from":"out/x","to":"data/x"}"#),
    ];
    fs::write(place.path().join("out/x"), "x").expect("written");
    let yaml = asks_all().replace(r#""out", "out/**""#, r#"".", "**""#);
    let outcome =
        pollster::block_on(granted(&module(steps), &yaml, &operator).call_in("execute", b"{}", host(place.path())));
    let got = read(outcome.result.expect("an answer").bytes());
    assert_eq!(got[0].text(), r#"{"entries":[{"name":"data","kind":"folder"},{"name":"out","kind":"folder"}]}"#);
    assert_eq!(got[1].text(), r#"{"kind":"folder","size":0,"links":1}"#);
    let codes: Vec<String> = got[2..].iter().map(refused).collect();
    assert_eq!(codes, ["fs.not_found", "fs.not_found", "path.fixed", "path.fixed", "path.fixed", "fs.other_folder"]);
}

#[test]
fn f1_f11_paths_that_are_none_fail_for_each_call() {
    let place = place();
    let long = format!("data/{}", "x/".repeat(2100));
    let part = format!("data/{}", "x".repeat(256));
    for bad in [
        "",
        "..",
        "/",
        "/etc/passwd",
        "data/..",
        "data/../outside/secret",
        "data/./x",
        "./data",
        "data//x",
        "data/",
        "data/a\\u0000b",
        "data/a\\nb",
        "data/\\u001b[31m",
        "data/\\u202ex",
        "\\u0000",
        &long,
        &part,
    ] {
        let named = format!("{{\"path\":\"{bad}\"}}");
        for call in ["fs_read", "fs_list", "fs_stat", "fs_remove", "fs_write"] {
            assert_eq!(refused(&one(place.path(), call, named.as_bytes())), "path.invalid", "{call} {bad:.50}");
        }
        for rename in
            [format!("{{\"from\":\"{bad}\",\"to\":\"out/x\"}}"), format!("{{\"from\":\"out/x\",\"to\":\"{bad}\"}}")]
        {
            assert_eq!(refused(&one(place.path(), "fs_rename", rename.as_bytes())), "path.invalid", "{bad:.50}");
        }
    }
    for bytes in [&b"{\"path\":\"data/\xff\"}"[..], b"{\"path\":\"data/\xc0\xae\"}", b"{\"path\":\"data/\\ud800\"}"] {
        assert_eq!(refused(&one(place.path(), "fs_read", bytes)), "request.invalid", "not UTF-8");
    }
}

#[test]
fn f11_odd_names_are_names_like_any_other() {
    let place = place();
    for name in ["COM1", "a::$DATA", "x.", "x ", "...", "%2e%2e", "~", "ä", "C:\\x", "*"] {
        let write = format!("{}\nv", serde_json::json!({ "path": format!("out/{name}") }));
        assert_eq!(one(place.path(), "fs_write", write.as_bytes()).done(), b"{}", "{name}");
        assert_eq!(fs::read(place.path().join("out").join(name)).expect("by that very name"), b"v");
    }
    fs::write(place.path().join("out/a\nb"), "").expect("written");
    let listed = one(place.path(), "fs_list", br#"{"path":"out"}"#).json();
    assert_eq!(listed["entries"].as_array().expect("a list").len(), 10, "what no path can name is left out");
}

#[test]
fn f2_a_neighbour_whose_name_begins_alike_is_another_folder() {
    let place = place();
    fs::create_dir(place.path().join("data-evil")).expect("made");
    fs::write(place.path().join("data-evil/x"), "evil").expect("written");
    let got = one(place.path(), "fs_read", br#"{"path":"data-evil/x"}"#);
    assert_eq!(got.refused(), (Status::Denied, "policy.unrequested".to_owned()));
    // A manifest and an operator who have said too much do not show it either: only `data` was opened.
    let operator = Operator::nothing().allow(Allowance::Read(path(".")));
    let yaml = asks_all().replace(r#""out", "out/**""#, r#"".", "**""#);
    let skill = granted(&module(&[("fs_read", br#"{"path":"data-evil/x"}"#)]), &yaml, &operator);
    let outcome = pollster::block_on(skill.call_in("execute", b"{}", host(place.path())));
    assert_eq!(refused(&read(outcome.result.expect("an answer").bytes())[0]), "fs.not_found");
}

/// Links in `out` that lead out of it, and what is asked of them.
fn escapes(place: &Path) {
    let out = place.join("out");
    for (target, link) in [
        ("../outside", "folder"),
        ("../outside/", "slashed"),
        ("slashed/", "twice"),
        ("../outside/secret", "file"),
        ("file", "chain"),
        ("../outside/nothing", "dangling"),
        ("/etc", "absolute"),
        ("/proc/self/root", "root"),
        ("/proc/self/cwd", "cwd"),
        ("/proc/self/fd", "fds"),
        ("loop", "loop"),
        ("nothing", "nowhere"),
    ] {
        symlink(target, out.join(link)).expect("linked");
    }
}

/// All that can be done through those links; none of it may reach what lies outside.
fn try_to_escape(place: &Path, run: impl Fn(&[(&str, &[u8])]) -> Vec<Got>) {
    escapes(place);
    let through = [
        "folder/secret",
        "slashed/secret",
        "twice/secret",
        "file",
        "chain",
        "absolute/passwd",
        "root/etc/passwd",
        "cwd/x",
        "fds/0",
    ];
    let denied = |request: &str, call: &str| {
        let got = run(&[(call, request.as_bytes())]).remove(0);
        assert_eq!(got.refused(), (Status::Denied, "path.escapes".to_owned()), "{call} {request}");
    };
    for name in through {
        for call in ["fs_read", "fs_stat"] {
            denied(&format!("{{\"path\":\"out/{name}\"}}"), call);
        }
        for mode in ["replace", "append"] {
            denied(&format!("{{\"path\":\"out/{name}\",\"mode\":\"{mode}\"}}\nevil"), "fs_write");
        }
    }
    for name in ["folder", "slashed", "twice", "absolute", "root", "cwd", "fds"] {
        denied(&format!("{{\"path\":\"out/{name}\"}}"), "fs_list");
        denied(&format!("{{\"path\":\"out/{name}/new\",\"mode\":\"create\"}}\nevil"), "fs_write");
        denied(&format!("{{\"path\":\"out/{name}/a/b\"}}\nevil"), "fs_write");
        denied(&format!("{{\"path\":\"out/{name}/secret\"}}"), "fs_remove");
        denied(&format!("{{\"from\":\"out/{name}/secret\",\"to\":\"out/stolen\"}}"), "fs_rename");
        fs::write(place.join("out/mine"), "mine").expect("written");
        denied(&format!("{{\"from\":\"out/mine\",\"to\":\"out/{name}/secret\"}}"), "fs_rename");
    }
    for (name, mode) in [("dangling", "replace"), ("dangling", "append"), ("dangling", "create"), ("loop", "replace")] {
        let request = format!("{{\"path\":\"out/{name}\",\"mode\":\"{mode}\"}}\nevil");
        assert_ne!(run(&[("fs_write", request.as_bytes())])[0].status, Status::Done, "{name} {mode}");
    }
    assert_eq!(run(&[("fs_read", br#"{"path":"out/loop"}"#)])[0].refused().1, "fs.io");
    let outside: Vec<_> = fs::read_dir(place.join("outside")).expect("listed").collect();
    assert_eq!(outside.len(), 1);
    assert_eq!(fs::read(place.join("outside/secret")).expect("read"), b"secret");
}

#[test]
fn f3_f4_f6_no_link_leads_out_of_a_folder() {
    let place = place();
    try_to_escape(place.path(), |steps| ask(&generous(), host(place.path()), steps).0);
}

#[test]
fn f3_what_is_forbidden_is_not_reached_by_a_link_either() {
    let place = place();
    let out = place.path().join("out");
    fs::create_dir(out.join("secret")).expect("made");
    fs::write(out.join("secret/x"), "secret").expect("written");
    fs::write(out.join("plain"), "plain").expect("written");
    for (link, to) in [("folder", "secret"), ("file", "secret/x"), ("chain", "folder/x"), ("fine", "plain")] {
        symlink(to, out.join(link)).expect("linked");
    }
    let policy = r#"permit(principal, action, resource); forbid(principal, action, resource in Path::"out/secret");"#;
    let operator = Operator::with_policy(policy).expect("a policy");
    let forbidden: &Steps = &[
        ("fs_read", br#"{"path":"out/file"}"#),
        ("fs_read", br#"{"path":"out/chain"}"#),
        ("fs_read", br#"{"path":"out/folder/x"}"#),
        ("fs_stat", br#"{"path":"out/file"}"#),
        ("fs_list", br#"{"path":"out/folder"}"#),
        ("fs_write", b"{\"path\":\"out/file\"}\nmine"),
        ("fs_write", b"{\"path\":\"out/folder/new\"}\nmine"),
        ("fs_rename", br#"{"from":"out/folder/x","to":"out/y"}"#),
        ("fs_rename", br#"{"from":"out/plain","to":"out/folder/x"}"#),
        ("fs_remove", br#"{"path":"out/folder/x"}"#),
    ];
    for got in ask(&operator, host(place.path()), forbidden).0 {
        assert_eq!(got.refused(), (Status::Denied, "path.escapes".to_owned()));
    }
    assert_eq!(fs::read(out.join("secret/x")).expect("there"), b"secret");
    assert_eq!(fs::read_dir(out.join("secret")).expect("listed").count(), 1);
    let allowed: &Steps = &[("fs_read", br#"{"path":"out/fine"}"#), ("fs_remove", br#"{"path":"out/file"}"#)];
    let got = ask(&operator, host(place.path()), allowed).0;
    assert_eq!((got[0].done(), got[1].status), (&b"plain"[..], Status::Done), "a link itself may go");
}

/// Has the system answer `openat2` as if it were older than that, for this thread and those that it starts.
fn take_openat2_away() {
    let openat2 = 437;
    let arch = std::env::consts::ARCH.try_into().expect("a known processor");
    let none = SeccompAction::Errno(38); // ENOSYS
    let filter =
        SeccompFilter::new([(openat2, Vec::new())].into(), SeccompAction::Allow, none, arch).expect("a filter");
    let program: BpfProgram = filter.try_into().expect("a program");
    seccompiler::apply_filter(&program).expect("applied");
}

#[test]
fn f4_f7_no_link_leads_out_of_a_folder_and_no_pipe_is_waited_for_on_a_system_without_openat2() {
    std::thread::spawn(|| {
        take_openat2_away();
        let gone =
            rustix::fs::openat2(CWD, ".", rustix::fs::OFlags::PATH, Mode::empty(), rustix::fs::ResolveFlags::BENEATH);
        assert_eq!(gone.expect_err("gone"), rustix::io::Errno::NOSYS);
        // The threads that do the work are started from here, and have no openat2 either.
        let (place, runtime) = (place(), Runtime::new(crate::config()).expect("an engine"));
        let run = |steps: &[(&str, &[u8])]| {
            let skill = granted_on(&runtime, &module(steps), &asks_all(), &generous());
            let outcome = pollster::block_on(skill.call_in("execute", b"{}", host(place.path())));
            read(outcome.result.expect("an answer").bytes())
        };
        try_to_escape(place.path(), run);
        try_what_is_irregular(place.path(), run);
        let got = run(EACH);
        assert!(got.iter().all(|got| got.status == Status::Done), "{got:?}");
    })
    .join()
    .expect("as with openat2");
}

#[test]
fn f5_a_folder_that_is_swapped_for_a_link_while_it_is_read_gives_nothing_from_outside() {
    let place = place();
    let (folder, link) = (place.path().join("data/d"), place.path().join("swap"));
    fs::create_dir(&folder).expect("made");
    fs::write(folder.join("secret"), "mine").expect("written");
    symlink("../outside", &link).expect("linked");
    let ended = AtomicBool::new(false);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            while !ended.load(Ordering::Relaxed) {
                renameat_with(CWD, &folder, CWD, &link, RenameFlags::EXCHANGE).expect("swapped");
            }
        });
        let reads: Vec<(&str, &[u8])> = vec![("fs_read", br#"{"path":"data/d/secret"}"#); 400];
        let skill = granted(&module(&reads), &asks_all(), &generous());
        for _ in 0..5 {
            let outcome = pollster::block_on(skill.call_in("execute", b"{}", host(place.path())));
            for got in read(outcome.result.expect("an answer").bytes()) {
                let fair = (got.status == Status::Done && got.bytes == b"mine") || got.status != Status::Done;
                assert!(fair, "{got:?}");
            }
        }
        ended.store(true, Ordering::Relaxed);
    });
}

/// All that could be done with what is no regular file, or no folder.
fn try_what_is_irregular(place: &Path, run: impl Fn(&[(&str, &[u8])]) -> Vec<Got>) {
    let out = place.join("out");
    fifo(&out.join("pipe"));
    fs::create_dir(out.join("dir")).expect("made");
    fs::write(out.join("plain"), "").expect("written");
    let _socket = std::os::unix::net::UnixListener::bind(out.join("socket")).expect("bound");
    let failed = |call: &str, request: &str| refused(&run(&[(call, request.as_bytes())])[0]);
    for name in ["pipe", "socket", "dir"] {
        assert_eq!(failed("fs_read", &format!("{{\"path\":\"out/{name}\"}}")), "fs.not_regular", "{name}");
        for mode in ["replace", "append"] {
            let request = format!("{{\"path\":\"out/{name}\",\"mode\":\"{mode}\"}}\nx");
            assert_eq!(failed("fs_write", &request), "fs.not_regular", "{name} {mode}");
        }
    }
    for name in ["pipe", "socket", "plain"] {
        assert_eq!(failed("fs_list", &format!("{{\"path\":\"out/{name}\"}}")), "fs.not_folder", "{name}");
        assert_eq!(failed("fs_write", &format!("{{\"path\":\"out/{name}/x\"}}\nx")), "fs.not_folder", "{name}");
    }
    assert_eq!(failed("fs_remove", r#"{"path":"out/pipe"}"#), "fs.not_regular");
}

#[test]
fn f7_what_is_no_regular_file_is_refused_at_once() {
    let (place, started) = (place(), Instant::now());
    try_what_is_irregular(place.path(), |steps| ask(&generous(), host(place.path()), steps).0);
    let devices =
        || Host::new(Box::new(LiveConfig::new().folder(path("data"), Path::new("/dev")).expect("opened").build()));
    for device in ["null", "zero", "full", "tty"] {
        let (got, _) =
            ask(&generous(), devices(), &[("fs_read", format!("{{\"path\":\"data/{device}\"}}").as_bytes())]);
        assert_ne!(got[0].status, Status::Done, "{device}");
    }
    assert!(started.elapsed() < Duration::from_secs(30));
}

#[test]
fn a10_a_pipe_holds_up_nobody() {
    let place = place();
    fifo(&place.path().join("data/pipe"));
    let started = Instant::now();
    assert_eq!(refused(&one(place.path(), "fs_read", br#"{"path":"data/pipe"}"#)), "fs.not_regular");
    assert!(started.elapsed() < Duration::from_secs(5), "{:?}", started.elapsed());
}

#[test]
fn f8_a_folder_that_may_be_read_can_t_be_written_by_other_means() {
    let place = place();
    fs::write(place.path().join("data/x"), "x").expect("written");
    fs::write(place.path().join("out/y"), "y").expect("written");
    let steps: &Steps = &[
        ("fs_write", b"{\"path\":\"data/x\"}\n"),
        ("fs_write", b"{\"path\":\"data/x\",\"mode\":\"append\"}\nmore"),
        ("fs_write", b"{\"path\":\"data/new\",\"mode\":\"create\"}\n"),
        ("fs_remove", br#"{"path":"data/x"}"#),
        ("fs_rename", br#"{"from":"data/x","to":"out/x"}"#),
        ("fs_rename", br#"{"from":"out/y","to":"data/x"}"#),
    ];
    let (got, outcome) = ask(&generous(), host(place.path()), steps);
    assert!(got.iter().all(|got| got.status == Status::Denied), "{got:?}");
    assert_eq!(outcome.denied.len(), steps.len());
    assert_eq!(fs::read(place.path().join("data/x")).expect("read"), b"x");
    assert_eq!(fs::read_dir(place.path().join("data")).expect("listed").count(), 1);
}

#[test]
fn f9_a_file_of_any_size_is_read_up_to_the_cap() {
    let place = place();
    fs::File::create(place.path().join("data/sparse")).expect("made").set_len(10 << 30).expect("set");
    let length = |request: &str, host: Host| {
        let len = u32::try_from(request.len()).expect("short");
        number(&run_in("fs_read", request, &with(8, len, 0, 0), host))
    };
    assert_eq!(length(r#"{"path":"data/sparse"}"#, host(place.path())), 16 << 20);
    assert_eq!(length(r#"{"path":"data/sparse","length":4294967296}"#, host(place.path())), 16 << 20);
    assert_eq!(length(r#"{"path":"data/sparse","offset":10737418239}"#, host(place.path())), 1);
    // A file that says nothing of its size, or something else than it gives.
    let proc = Host::new(Box::new(
        LiveConfig::new().folder(path("data"), Path::new("/proc/sys/kernel")).expect("opened").build(),
    ));
    assert!(length(r#"{"path":"data/ostype"}"#, proc) > 0);
}

#[test]
fn f10_a_run_writes_and_makes_so_much_and_no_more() {
    let place = place();
    let head = "{\"path\":\"out/x\"}\n";
    let len = u32::try_from(head.len()).expect("short") + (16 << 20);
    let write = with(8, len, 0, 0);
    let times =
        |n: usize| format!("(drop (memory.grow (i32.const 300))) {} {write}", format!("(drop {write})").repeat(n - 1));
    let status = |n| number(&run_in("fs_write", head, &times(n), host(place.path()))) >> 32;
    assert_eq!((status(4), status(5)), (0, 2), "64 MiB");
    let made: Vec<Vec<u8>> = (0..1001).map(|i| format!("{{\"path\":\"out/f{i}\"}}\n").into_bytes()).collect();
    let made: Vec<(&str, &[u8])> = made.iter().map(|request| ("fs_write", request.as_slice())).collect();
    let (got, _) = ask(&generous(), host(place.path()), &made);
    assert!(got[..1000].iter().all(|got| got.status == Status::Done));
    assert_eq!(refused(&got[1000]), "fs.quota");
    let deep = format!("{{\"path\":\"out/{}x\"}}\n", "d/".repeat(1500));
    assert_eq!(refused(&one(place.path(), "fs_write", deep.as_bytes())), "fs.quota", "folders count as well");
}

/// Tells the child process of the next test where to write.
const FULL: &str = "VAK_TEST_FULL";

/// The child may write files of a few KiB, as on a disk that is full then.
#[test]
fn f10_what_can_t_be_written_whole_is_not_left_half() {
    let this = "host_fs::f10_what_can_t_be_written_whole_is_not_left_half";
    if let Some(place) = std::env::var_os(FULL) {
        return write_too_much(Path::new(&place));
    }
    let place = place();
    fs::write(place.path().join("out/old"), "old").expect("written");
    let limited = "trap '' XFSZ; ulimit -f 16; exec \"$0\" --exact \"$1\"";
    let mut child = std::process::Command::new("sh");
    child.args(["-c", limited]).arg(std::env::current_exe().expect("a path")).arg(this).env(FULL, place.path());
    let output = child.output().expect("run");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stdout));
    assert_eq!(fs::read(place.path().join("out/old")).expect("read"), b"old");
    assert_eq!(fs::read_dir(place.path().join("out")).expect("listed").count(), 1, "nothing is left over");
}

fn write_too_much(place: &Path) {
    for (name, mode) in [("old", "replace"), ("new", "replace"), ("new", "create")] {
        let head = format!("{{\"path\":\"out/{name}\",\"mode\":\"{mode}\"}}\n");
        let len = u32::try_from(head.len()).expect("short") + 50_000;
        let body = format!("(drop {}) (i64.load (i32.const 60000))", with(8, len, 60_000, 64));
        let outcome = run_in("fs_write", &head, &body, host(place));
        let said = number(&outcome).to_le_bytes();
        assert_eq!(&said, b"{\"code\":", "{mode}");
    }
}

#[test]
fn a_folder_with_too_many_entries_is_not_listed() {
    let place = place();
    for i in 0..10_001 {
        fs::write(place.path().join(format!("data/{i}")), "").expect("written");
    }
    assert_eq!(refused(&one(place.path(), "fs_list", br#"{"path":"data"}"#)), "fs.too_many");
}

#[test]
fn f12_a_hard_link_is_read_and_says_that_it_is_one() {
    let place = place();
    fs::hard_link(place.path().join("outside/secret"), place.path().join("data/linked")).expect("linked");
    let steps: &Steps = &[("fs_read", br#"{"path":"data/linked"}"#), ("fs_stat", br#"{"path":"data/linked"}"#)];
    let (got, _) = ask(&generous(), host(place.path()), steps);
    assert_eq!(got[0].done(), b"secret");
    assert_eq!(got[1].json()["links"], 2);
}

#[test]
fn f13_the_folder_that_was_opened_counts_whatever_its_name_means_later() {
    let place = place();
    fs::write(place.path().join("data/x"), "first").expect("written");
    let opened = host(place.path());
    fs::rename(place.path().join("data"), place.path().join("moved")).expect("renamed");
    symlink("outside", place.path().join("data")).expect("linked");
    let steps: &Steps = &[("fs_read", br#"{"path":"data/x"}"#), ("fs_read", br#"{"path":"data/secret"}"#)];
    let (got, _) = ask(&generous(), opened, steps);
    assert_eq!(got[0].done(), b"first");
    assert_eq!(refused(&got[1]), "fs.not_found");
    // The folder itself may be a link of the operator's.
    assert_eq!(one(place.path(), "fs_read", br#"{"path":"data/secret"}"#).done(), b"secret");
}

#[test]
fn f13_a_folder_that_is_not_there_is_the_operator_s_error() {
    let place = place();
    fs::write(place.path().join("file"), "").expect("written");
    for name in ["nothing", "file"] {
        let error = LiveConfig::new().folder(path("data"), &place.path().join(name)).expect_err("no folder");
        assert_eq!(error.code(), vak_model::Code::FileRead);
    }
}
