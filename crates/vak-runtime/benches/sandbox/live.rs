//! What a call that is under way holds of memory, beside the pages of its guest.
//!
//! Criterion measures times. This measures bytes, each in a process of its own, so that nothing that was freed before is
//! taken up again; it writes them beside criterion's numbers, in a folder that says so.

use std::fs;
use std::future::Future;
use std::path::PathBuf;
use std::pin::Pin;
use std::process::{Command, ExitCode};
use std::task::{Context, Poll, Waker};

use criterion::Criterion;
use vak_package::{Bounds, ManifestDocument, Package};

use crate::floor::{Floor, From, Upto};
use crate::guests::{INPUT, pooled, prepared};
use crate::http::Waiting;

/// The word that makes this program measure, and nothing else.
const VERB: &str = "measure-live-calls";

/// Calls that are under way at once.
const CALLS: u32 = 1000;

/// The page of its memory that the guest writes to; the system counts that too.
const GUEST_BYTES: f64 = 4096.0;

/// Never ends, and writes to one page.
const SPIN: &str = r#"(module
    (memory (export "memory") 1)
    (func (export "vak_alloc") (param i32) (result i32) i32.const 1024)
    (func (export "execute") (param i32 i32) (result i64) (loop (br 0)) unreachable))"#;

const MANIFEST: &str = "{ name: spin, version: \"1.0.0\", description: Spins, module: spin.wasm,
    exports: [{ name: execute }], limits: { max_fuel: 900000000000, max_execution_time_ms: 600000 } }";

pub(crate) fn bench(_: &mut Criterion) {
    for who in ["floor", "vak", "vak_http"].into_iter().filter(|who| wanted(&format!("sandbox/live/{who}"))) {
        let this = std::env::current_exe().expect("known");
        let said = Command::new(this).args([VERB, who]).output().expect("started").stdout;
        let bytes: f64 = String::from_utf8_lossy(&said).trim().parse().expect("a number");
        tell(who, bytes);
    }
}

/// Measures and prints, if the command line says so.
#[expect(clippy::print_stdout, reason = "the answer to the process that has asked")]
pub(crate) fn main() -> Option<ExitCode> {
    let mut words = std::env::args().skip(1);
    let who = words.next().filter(|word| word == VERB).and_then(|_| words.next())?;
    let wasm = wat::parse_str(SPIN).expect("a module");
    let bytes = if who == "floor" {
        let floor = Floor::new(From::Pool(CALLS + 1), Upto::Deadline, &wasm, None);
        measure(|| Box::pin(floor.parked()))
    } else if who == "vak_http" {
        let waiting = Waiting::new(CALLS + 1);
        measured(|count| waiting.park(count))
    } else {
        let manifest = ManifestDocument::from_yaml(MANIFEST).expect("a manifest");
        let package = Package::pack(wasm, &manifest, &Bounds::default()).expect("a package");
        let skill = prepared(&pooled(CALLS + 1), &package);
        measure(|| Box::pin(async { drop(skill.call("execute", INPUT).await) }))
    };
    println!("{bytes}");
    Some(ExitCode::SUCCESS)
}

/// Whether the command line's filter, if it begins with one, leaves this in.
fn wanted(id: &str) -> bool {
    std::env::args().nth(1).filter(|word| !word.starts_with('-')).is_none_or(|filter| id.contains(&filter))
}

/// Bytes for each call, after one that makes what all share.
fn measure<'a>(call: impl Fn() -> Pin<Box<dyn Future<Output = ()> + 'a>>) -> f64 {
    let mut context = Context::from_waker(Waker::noop());
    let park = |count: u32| -> Vec<_> {
        let mut calls: Vec<_> = (0..count).map(|_| call()).collect();
        for call in &mut calls {
            assert!(matches!(call.as_mut().poll(&mut context), Poll::Pending), "it never ends");
        }
        calls
    };
    measured(park)
}

/// The same with calls that come parked.
fn measured<C>(mut park: impl FnMut(u32) -> Vec<C>) -> f64 {
    let _first = park(1);
    let before = resident_bytes();
    let _calls = park(CALLS);
    (resident_bytes() - before) / f64::from(CALLS) - GUEST_BYTES
}

/// What the system has given this process.
fn resident_bytes() -> f64 {
    let status = fs::read_to_string("/proc/self/status").expect("on Linux");
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).expect("always there");
    let kib = line.trim().trim_end_matches(" kB").parse::<f64>().expect("a number");
    kib * 1024.0
}

/// Prints the number, and writes it for `cargo xtask bench`.
#[expect(clippy::print_stdout, reason = "as criterion prints its own")]
fn tell(who: &str, bytes: f64) {
    println!("sandbox/live/{who}  memory: {:.1} KiB a call", bytes / 1024.0);
    let folder = criterion_home().join("sandbox_live").join(who).join("bytes");
    fs::create_dir_all(&folder).expect("a folder");
    let id = format!(r#"{{"full_id":"sandbox/live/{who}"}}"#);
    let estimate = format!(r#"{{"unit":"bytes","median":{{"point_estimate":{bytes}}}}}"#);
    fs::write(folder.join("benchmark.json"), id).expect("written");
    fs::write(folder.join("estimates.json"), estimate).expect("written");
}

/// Where criterion writes: what it is told, or beside the builds.
fn criterion_home() -> PathBuf {
    let beside = || {
        let this = std::env::current_exe().expect("known");
        this.ancestors().nth(3).expect("TARGET/PROFILE/deps/BENCH").join("criterion")
    };
    std::env::var_os("CRITERION_HOME").map_or_else(beside, PathBuf::from)
}
