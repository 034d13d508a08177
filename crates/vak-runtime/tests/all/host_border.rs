//! What a guest says of its own memory in a host call, and what it gets for it.

use vak_model::{Code, HostCall};
use vak_runtime::{Host, LiveConfig, Outcome};

use crate::asking::{MUCH, asks_all, generous, granted};
use crate::code;

/// One page of memory.
const END: u32 = 65_536;

/// All host calls that something stands behind.
fn calls() -> impl Iterator<Item = &'static str> {
    let stands = |call: &HostCall| *call != HostCall::HttpFetch;
    HostCall::ALL.into_iter().filter(stands).map(HostCall::name)
}

/// Runs a body that may call `$f` and `$take`, and answers with its `i64` as JSON.
fn run(call: &str, body: &str) -> Outcome {
    run_in(call, r#"{"length":8}"#, body, Host::new(Box::new(LiveConfig::new().seed(1).build())))
}

/// The same in another host, with a request that lies at 8.
pub(crate) fn run_in(call: &str, request: &str, body: &str, host: Host) -> Outcome {
    let request: String = request.bytes().map(|byte| format!("\\{byte:02x}")).collect();
    let text = format!(
        r#"(module (import "vak" "{call}" (func $f (param i32 i32 i32 i32) (result i64)))
            (import "vak" "take" (func $take (param i32 i32) (result i64)))
            (memory (export "memory") 1) (data (i32.const 0) "{{}}") (data (i32.const 8) "{request}")
            (global $at (mut i32) (i32.const 4096))
            (func (export "vak_alloc") (param i32) (result i32) i32.const 1024)
            (func $write (param $n i64)
                (if (i64.ge_u (local.get $n) (i64.const 10)) (then (call $write (i64.div_u (local.get $n) (i64.const 10)))))
                (i32.store8 (global.get $at) (i32.add (i32.const 48) (i32.wrap_i64 (i64.rem_u (local.get $n) (i64.const 10)))))
                (global.set $at (i32.add (global.get $at) (i32.const 1))))
            (func (export "execute") (param i32 i32) (result i64)
                (call $write {body})
                (i64.or (i64.shl (i64.const 4096) (i64.const 32))
                    (i64.extend_i32_u (i32.sub (global.get $at) (i32.const 4096))))))"#
    );
    pollster::block_on(granted(&text, &asks_all(), &generous()).call_in("execute", b"{}", host))
}

pub(crate) fn number(outcome: &Outcome) -> u64 {
    let answer = outcome.result.as_ref().expect("an answer").bytes();
    std::str::from_utf8(answer).expect("text").parse().expect("a number")
}

pub(crate) fn with(req: u32, req_len: u32, out: u32, cap: u32) -> String {
    format!("(call $f (i32.const {req}) (i32.const {req_len}) (i32.const {out}) (i32.const {cap}))")
}

#[test]
fn e1_e2_e3_e4_blocks_outside_the_memory_end_the_run_for_each_call() {
    let most = u32::MAX;
    let bad = [
        (most, 1),
        (0, most),
        (most, most),
        (1 << 31, 1 << 31),
        (most, 2),
        (END, 1),
        (END - 1, 2),
        (END + 1, 0),
        (0, 0x7fff_ffff),
    ];
    for call in calls() {
        for (ptr, len) in bad {
            for body in [with(ptr, len, 0, 0), with(0, 2, ptr, len)] {
                let outcome = run(call, &body);
                assert_eq!(code(&outcome), Code::HostPointer, "{call} {body}");
                assert_eq!(code(&outcome).fault().exit_code(), 8);
            }
        }
        let taken = run(call, &format!("(call $take (i32.const {END}) (i32.const 1))"));
        assert_eq!(code(&taken), Code::HostPointer);
    }
}

#[test]
fn e3_an_empty_block_at_the_end_of_the_memory_is_in_it() {
    let outcome = run("clock_now", &with(0, 2, END, 0));
    assert_eq!(number(&outcome) >> 32, 0, "done, and the response is kept");
    let outcome = run("clock_now", &with(END, 0, 0, 0));
    assert_eq!(number(&outcome) >> 32, 2, "an empty request is none");
}

#[test]
fn e5_blocks_need_not_be_aligned() {
    let outcome =
        run("random", &format!("(drop {}) (i64.extend_i32_u (i32.load8_u (i32.const 8193)))", with(8, 12, 8193, 8)));
    let aligned =
        run("random", &format!("(drop {}) (i64.extend_i32_u (i32.load8_u (i32.const 8192)))", with(8, 12, 8192, 8)));
    assert_eq!(number(&outcome), number(&aligned));
}

#[test]
fn e6_a_response_may_take_the_place_of_its_request() {
    let apart = run("random", &format!("(drop {}) (i64.load (i32.const 8192))", with(8, 12, 8192, 8)));
    let over = run("random", &format!("(drop {}) (i64.load (i32.const 8))", with(8, 12, 8, 8)));
    assert_eq!(number(&apart), number(&over));
}

#[test]
fn e7_a_response_that_does_not_fit_is_kept_and_nothing_is_written() {
    for cap in [0, 7] {
        let body = format!("(drop {}) (i64.load (i32.const 8192))", with(8, 12, 8192, cap));
        assert_eq!(number(&run("random", &body)), 0, "nothing is written");
        assert_eq!(number(&run("random", &with(8, 12, 8192, cap))), 8, "done, 8 bytes");
        let small = format!(
            "(drop {}) (drop (call $take (i32.const 8192) (i32.const 7))) (i64.load (i32.const 8192))",
            with(8, 12, 8192, cap)
        );
        assert_eq!(number(&run("random", &small)), 0, "nothing is written either");
        let taken = format!(
            "(drop {}) (drop (call $take (i32.const 8192) (i32.const 7))) (call $take (i32.const 8192) (i32.const 8))",
            with(8, 12, 8192, cap)
        );
        assert_eq!(number(&run("random", &taken)), 8);
        let read = format!(
            "(drop {}) (drop (call $take (i32.const 8192) (i32.const 8))) (i64.load (i32.const 8192))",
            with(8, 12, 8192, cap)
        );
        let direct = format!("(drop {}) (i64.load (i32.const 8192))", with(8, 12, 8192, 8));
        assert_eq!(number(&run("random", &read)), number(&run("random", &direct)));
    }
}

#[test]
fn e7_without_a_response_that_is_kept_there_is_nothing_to_take() {
    let none = 2 << 32;
    let take = "(call $take (i32.const 8192) (i32.const 64))";
    assert_eq!(number(&run("random", take)), none);
    assert_eq!(number(&run("random", &format!("(drop {}) {take}", with(8, 12, 8192, 8)))), none, "it fitted");
    let next = format!("(drop {}) (drop {}) {take}", with(8, 12, 8192, 0), with(8, 12, 8192, 8));
    assert_eq!(number(&run("random", &next)), none, "the next host call lets it go");
}

#[test]
fn e8_memory_that_has_grown_meanwhile_is_the_one_that_counts() {
    let grown = format!(
        "(drop {}) (drop (memory.grow (i32.const 900)))
         (drop (call $take (i32.const 50000000) (i32.const 8))) (i64.load (i32.const 50000000))",
        with(8, 12, 0, 0)
    );
    let direct = format!("(drop {}) (i64.load (i32.const 8192))", with(8, 12, 8192, 8));
    assert_eq!(number(&run("random", &grown)), number(&run("random", &direct)));
}

#[test]
fn a_host_call_costs_its_base_and_one_for_each_four_bytes() {
    let fuel = |call: &str, request: &str, cap: u32| {
        let len = u32::try_from(request.len()).expect("short");
        let host = Host::new(Box::new(LiveConfig::new().build()));
        run_in(call, request, &with(8, len, 8192, cap), host).usage.fuel.expect("exact")
    };
    let eight = fuel("random", r#"{"length":8}"#, 8);
    assert_eq!(fuel("random", r#"{"length":8}"#, 0), eight, "it costs the same whether it is written or not");
    // Of the guest's own, only the digits of the lengths that it writes down differ.
    let longer = fuel("random", r#"{"length":4008}"#, 4008) - eight;
    assert!((1001..1100).contains(&longer), "{longer}");
    let spaced = format!("{{{}\"length\":8}}", " ".repeat(900));
    let longer = fuel("random", &spaced, 8) - eight;
    assert_eq!(longer, 225);
    assert!(eight > 505, "{eight}");
}

#[test]
fn a9_a_million_host_calls_end_with_the_fuel() {
    let yaml = asks_all().replace(MUCH, "limits: { max_fuel: 1000000 }");
    let text = r#"(module (import "vak" "clock_now" (func $f (param i32 i32 i32 i32) (result i64)))
        (memory (export "memory") 1) (data (i32.const 0) "{}")
        (func (export "vak_alloc") (param i32) (result i32) i32.const 1024)
        (func (export "execute") (param i32 i32) (result i64)
            (loop (drop (call $f (i32.const 0) (i32.const 2) (i32.const 64) (i32.const 64))) (br 0)) unreachable))"#;
    let host = Host::new(Box::new(LiveConfig::new().build()));
    let outcome = pollster::block_on(granted(text, &yaml, &generous()).call_in("execute", b"{}", host));
    assert_eq!(code(&outcome), Code::LimitFuel);
    assert!(outcome.usage.host_calls < Some(2000), "{:?}", outcome.usage);
}

#[test]
fn a_host_call_works_in_the_start_function_too() {
    let text = r#"(module (import "vak" "random" (func $f (param i32 i32 i32 i32) (result i64)))
        (memory (export "memory") 1) (data (i32.const 8) "{\"length\":1}") (data (i32.const 64) "[1]")
        (func $start (drop (call $f (i32.const 8) (i32.const 12) (i32.const 128) (i32.const 8)))) (start $start)
        (func (export "vak_alloc") (param i32) (result i32) i32.const 1024)
        (func (export "execute") (param i32 i32) (result i64) (i64.or (i64.shl (i64.const 64) (i64.const 32)) (i64.const 3))))"#;
    let host = Host::new(Box::new(LiveConfig::new().build()));
    let outcome = pollster::block_on(granted(text, &asks_all(), &generous()).call_in("execute", b"{}", host));
    assert_eq!(outcome.usage.host_calls, Some(1));
    assert_eq!(outcome.result.expect("an answer").bytes(), b"[1]");
}

#[test]
fn requests_that_are_none_fail_and_the_guest_goes_on() {
    use crate::asking::ask;
    let long = format!("{{\"path\":\"{}\"}}", "x".repeat(70_000));
    let cases: [(&str, &[u8], &str); 12] = [
        ("fs_read", b"", "request.invalid"),
        ("fs_read", b"[]", "request.invalid"),
        ("fs_read", b"\xff", "request.invalid"),
        ("fs_read", br#"{"path":"data/x","more":1}"#, "request.invalid"),
        ("fs_read", br#"{"path":"data/x","path":"data/x"}"#, "request.invalid"),
        ("fs_read", br#"{"path":"data/x","offset":-1}"#, "request.invalid"),
        ("fs_read", b"{\"path\":\"data/x\"}\nbody", "request.invalid"),
        ("fs_read", long.as_bytes(), "request.invalid"),
        ("fs_read", br#"{"path":"../x"}"#, "path.invalid"),
        ("clock_now", br#"{"zone":1}"#, "request.invalid"),
        ("log", b"{\"level\":\"fatal\"}\n", "request.invalid"),
        ("fs_write", b"{\"path\":\"out/x\",\"mode\":\"truncate\"}\n", "request.invalid"),
    ];
    for (call, request, expected) in cases {
        let (got, _) = ask(&generous(), Host::new(Box::new(LiveConfig::new().build())), &[(call, request)]);
        assert_eq!(got[0].refused(), (vak_abi::Status::Failed, expected.to_owned()), "{call} {:?}", got[0].text());
    }
}
