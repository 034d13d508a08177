//! The probes' modules. They are made here, of numbers and texts; nothing that is run as a probe comes from elsewhere.

use std::fmt::Write as _;

use vak_abi::{IMPORT_MODULE, PAGE_BYTES};
use vak_model::HostCall;

use super::order::Act;

/// How many instructions a round of [`Act::Spin`] has, each of which costs fuel.
pub(super) const ROUND: u64 = 7;

/// How many bytes of stack a level of [`Act::Deep`] takes at least: what is needed after the call must lie somewhere, and
/// registers hold no more than 16 of its [`KEPT`] numbers.
pub(super) const FRAME: u64 = (KEPT - 16) * 8;

/// How many numbers a level of [`Act::Deep`] needs after its call.
const KEPT: u64 = 128;

/// What stands for the number of the call in the line of [`Act::Flood`].
pub(super) const COUNTER: &str = "########";

/// What [`Act::Ask`] answers before a response: it was done.
pub(super) const DONE: u8 = b'S';

/// Where things lie in a probe's memory, in bytes: the short answer, a response, requests.
const SHORT: u64 = 8;
const RESPONSE: u64 = 1024;
const RESPONSE_BYTES: u64 = 4096;
const REQUESTS: u64 = PAGE_BYTES;

/// The answer `1`.
const ANSWER: &str = "(i64.const 0x800000001)";

/// The module of a probe, in the text format.
pub(super) fn text(act: &Act) -> String {
    match act {
        Act::Spin { rounds } => whole("", 1, "", &spin(*rounds)),
        Act::Grow { pages } => whole("", 1, "", &grow(*pages)),
        Act::Table { elements } => {
            let grown = format!("(table.grow $t (ref.null func) (i32.const {elements}))");
            let body = format!("(if (i32.lt_s {grown} (i32.const 0)) (then unreachable)) {ANSWER}");
            whole("", 1, "(table $t 0 funcref)", &body)
        }
        Act::Deep { levels } => {
            let body = format!("(drop (call $deep (i32.const {levels}))) {ANSWER}");
            whole("", 1, &deep(), &body)
        }
        Act::Output { bytes } => whole("", pages(REQUESTS + bytes), "", &output(*bytes)),
        Act::Ask { call, requests } => ask(call, requests),
        Act::Flood { call, line, body, times } => flood(call, line, *body, *times),
        Act::Environment => {
            let import = r#"(import "wasi_snapshot_preview1" "environ_get" (func (param i32 i32) (result i32)))"#;
            whole(import, 1, "", ANSWER)
        }
    }
}

/// A whole module around the body of its function.
fn whole(import: &str, pages: u64, rest: &str, body: &str) -> String {
    format!(
        r#"(module {import}
  (memory (export "memory") {pages})
  (data (i32.const {SHORT}) "1")
  (func (export "vak_alloc") (param i32) (result i32) (i32.const 16))
  {rest}
  (func (export "execute") (param i32 i32) (result i64) (local $n i64) (local $i i32) {body}))"#
    )
}

/// The import of a host call, under the name `$host`.
fn import(call: &str) -> String {
    // Only a call that there is gets into a module, whatever the order says.
    let name = HostCall::ALL.into_iter().map(HostCall::name).find(|name| *name == call).unwrap_or("none");
    format!(r#"(import "{IMPORT_MODULE}" "{name}" (func $host (param i32 i32 i32 i32) (result i64)))"#)
}

const fn pages(bytes: u64) -> u64 {
    bytes.div_ceil(PAGE_BYTES) + 1
}

fn spin(rounds: u64) -> String {
    format!(
        "(local.set $n (i64.const {}))
  (loop $l (br_if $l (i64.ne (local.tee $n (i64.sub (local.get $n) (i64.const 1))) (i64.const 0)))) {ANSWER}",
        rounds.max(1)
    )
}

fn grow(pages: u64) -> String {
    let mut touch = String::new();
    for offset in (0..PAGE_BYTES).step_by(4096) {
        let _ = write!(touch, "(i32.store8 offset={offset} (local.get $i) (i32.const 1))");
    }
    format!(
        "(block $full (loop $l
    (br_if $full (i32.ge_u (memory.size) (i32.const {pages})))
    (if (i32.eq (memory.grow (i32.const 1)) (i32.const -1)) (then unreachable))
    (local.set $i (i32.shl (i32.sub (memory.size) (i32.const 1)) (i32.const 16)))
    {touch} (br $l))) {ANSWER}"
    )
}

/// A function that calls itself, and needs all that it knew before when it is back.
fn deep() -> String {
    let (mut before, mut after) = (String::new(), String::new());
    for i in 0..KEPT {
        let _ = write!(before, "(local.set $v{i} (i64.load offset={} (local.get $n)))", i * 8);
        let _ = write!(after, "(local.set $r (i64.xor (i64.rotl (local.get $r) (i64.const 1)) (local.get $v{i})))");
    }
    let locals = (0..KEPT).fold(String::new(), |locals, i| locals + &format!("(local $v{i} i64)"));
    format!(
        "(func $deep (param $n i32) (result i64) (local $r i64) {locals}
    (if (i32.eqz (local.get $n)) (then (return (i64.const 0))))
    {}
    (local.set $r (call $deep (i32.sub (local.get $n) (i32.const 1))))
    {after} (local.get $r))",
        // The address stays within the page, however deep it is.
        before.replace("(local.get $n)", "(i32.and (local.get $n) (i32.const 0x3ff8))")
    )
}

fn output(bytes: u64) -> String {
    let fill = if bytes < 2 {
        format!("(i32.store8 (i32.const {REQUESTS}) (i32.const 0x31))")
    } else {
        format!(
            "(memory.fill (i32.const {REQUESTS}) (i32.const 0x78) (i32.const {bytes}))
  (i32.store8 (i32.const {REQUESTS}) (i32.const 0x22)) (i32.store8 (i32.const {}) (i32.const 0x22))",
            REQUESTS + bytes - 1
        )
    };
    format!("{fill} (i64.const {})", REQUESTS << 32 | bytes)
}

/// A text as a string of the text format.
fn quoted(text: &str) -> String {
    text.bytes().fold(String::new(), |quoted, byte| quoted + &format!("\\{byte:02x}"))
}

fn ask(call: &str, requests: &[String]) -> String {
    let (mut at, mut data, mut calls) = (REQUESTS, String::new(), String::new());
    for request in requests {
        let _ = write!(data, "(data (i32.const {at}) \"{}\")", quoted(request));
        let _ = write!(calls, "(call $ask (i32.const {at}) (i32.const {}))", request.len());
        at += request.len() as u64;
    }
    let end = at + 2 + (RESPONSE_BYTES * 2 + 1) * requests.len() as u64;
    let body = format!(
        "(call $put (i32.const 0x22)) {calls} (call $put (i32.const 0x22))
  (i64.or (i64.const {}) (i64.extend_i32_u (i32.sub (global.get $o) (i32.const {at}))))",
        at << 32
    );
    let rest = format!(
        "{data} (global $o (mut i32) (i32.const {at}))
  (func $put (param $b i32) (i32.store8 (global.get $o) (local.get $b))
    (global.set $o (i32.add (global.get $o) (i32.const 1))))
  (func $hex (param $n i32) (call $put (i32.add (local.get $n)
    (select (i32.const 87) (i32.const 48) (i32.gt_u (local.get $n) (i32.const 9))))))
  (func $ask (param $ptr i32) (param $len i32) (local $r i64) (local $n i32) (local $i i32)
    (local.set $r (call $host (local.get $ptr) (local.get $len) (i32.const {RESPONSE}) (i32.const {RESPONSE_BYTES})))
    (call $put (i32.add (i32.const {DONE}) (i32.wrap_i64 (i64.shr_u (local.get $r) (i64.const 32)))))
    (local.set $n (i32.wrap_i64 (local.get $r)))
    (if (i32.gt_u (local.get $n) (i32.const {RESPONSE_BYTES})) (then (return)))
    (block $end (loop $l
      (br_if $end (i32.ge_u (local.get $i) (local.get $n)))
      (call $hex (i32.shr_u (i32.load8_u offset={RESPONSE} (local.get $i)) (i32.const 4)))
      (call $hex (i32.and (i32.load8_u offset={RESPONSE} (local.get $i)) (i32.const 15)))
      (local.set $i (i32.add (local.get $i) (i32.const 1))) (br $l))))"
    );
    whole(&import(call), pages(end), &rest, &body)
}

fn flood(call: &str, line: &str, body: u64, times: u64) -> String {
    let (begin, length) = (REQUESTS + line.len() as u64 + 1, line.len() as u64 + 1 + body);
    let count = line.find(COUNTER).map_or_else(String::new, |at| {
        let last = REQUESTS + at as u64 + COUNTER.len() as u64 - 1;
        let mut digits = String::new();
        for place in 0..COUNTER.len() as u32 {
            let digit =
                format!("(i64.rem_u (i64.div_u (local.get $n) (i64.const {})) (i64.const 10))", 10u64.pow(place));
            let digit = format!("(i64.add (i64.const 48) {digit})");
            let _ = write!(digits, "(i64.store8 (i32.const {}) {digit})", last - u64::from(place));
        }
        digits
    });
    let rest = format!("(data (i32.const {REQUESTS}) \"{}\\0a\")", quoted(line));
    let body = format!(
        "(memory.fill (i32.const {begin}) (i32.const 0x78) (i32.const {body}))
  (block $end (loop $l
    (br_if $end (i64.ge_u (local.get $n) (i64.const {times})))
    {count}
    (drop (call $host (i32.const {REQUESTS}) (i32.const {length}) (i32.const {RESPONSE}) (i32.const {RESPONSE_BYTES})))
    (local.set $n (i64.add (local.get $n) (i64.const 1))) (br $l))) {ANSWER}"
    );
    whole(&import(call), pages(REQUESTS + length), &rest, &body)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_probe_is_a_module() {
        let call = || "log".to_owned();
        for act in [
            Act::Spin { rounds: 0 },
            Act::Grow { pages: 32_767 },
            Act::Table { elements: 1_000_001 },
            Act::Deep { levels: 9 },
            Act::Output { bytes: 1 },
            Act::Output { bytes: (64 << 20) + 1 },
            Act::Ask { call: call(), requests: vec!["{\"a\":1}\n\"\\".to_owned(), "{}".to_owned()] },
            Act::Flood { call: call(), line: format!("{{\"key\":\"{COUNTER}\"}}"), body: 1 << 20, times: 9 },
            Act::Environment,
        ] {
            assert!(wat::parse_str(text(&act)).is_ok(), "{act:?}: {:?}", wat::parse_str(text(&act)));
        }
    }

    #[test]
    fn no_order_brings_code_with_it() {
        let name = "log\" (func)) (import \"vak\" \"random".to_owned();
        let module = text(&Act::Ask { call: name, requests: vec!["\") (start 0) (data (i32.const 0) \"".to_owned()] });
        assert!(module.contains("\"none\"") && !module.contains("random") && !module.contains("start"), "{module}");
    }
}
