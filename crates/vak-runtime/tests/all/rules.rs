//! What must hold whatever a guest does: the rules of docs/threat-model.md, "What every answer means".
//!
//! Each hostile module of [`crate::hostile`] is given to a process of its own, once with an empty cache of compiled code
//! and once with what the first has left there. The process runs it twice, calls a harmless skill before and after, and
//! says what it has seen; this holds it against the rules.

use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use vak_model::{Code, Fault, LimitRequest};
use vak_package::{Bounds, ManifestDocument, Package};
use vak_runtime::Grant;
use vak_runtime::{CacheConfig, PreparedSkill, Runtime};

use crate::hostile::Hostile;
use crate::process::{Part, open_files, say, status};
use crate::unsigned;

/// How much memory a process may have beyond what the guest may, in bytes.
const OWN_MEMORY: u64 = 64 << 20;

/// How long a part may take that runs two guests and compiles four times.
const PATIENCE: Duration = Duration::from_secs(60);

/// Holds the rules against everything in the table.
pub(crate) fn hold(table: &[Hostile]) {
    for hostile in table {
        let place = tempfile::tempdir().expect("a folder");
        fs::write(place.path().join("skill.wasm"), &hostile.module).expect("written");
        fs::write(place.path().join("skill.yaml"), &hostile.yaml).expect("written");
        for cache in ["miss", "hit"] {
            look(hostile, place.path(), cache);
        }
    }
}

fn look(hostile: &Hostile, place: &Path, cache: &str) {
    let Hostile { name, expected, .. } = hostile;
    let context = format!("{name}, {cache}");
    let mut part = Part::start(&["hostile", place.to_str().expect("plain")]);
    let seen = part.hear();
    let (ended, stderr) = part.end_within(PATIENCE);
    assert!(ended.is_some_and(|status| status.success()) && stderr.is_empty(), "{context}: {ended:?} {stderr}");
    let seen: Value = serde_json::from_str(&seen.expect("what it has seen")).expect("JSON");
    let number = |pointer: &str| seen.pointer(pointer).and_then(Value::as_f64).expect("a number");

    // 1. The next calls have the right answers.
    assert_eq!(seen["harmless"], json!(["[1]", "[1]", "[1]"]), "{context}");
    for run in seen["runs"].as_array().expect("two runs") {
        // 2. One error with a name, and nothing of the host in it.
        let message = run["message"].as_str().expect("a message");
        assert_eq!(run["code"], expected.to_string(), "{context}: {message}");
        assert!(is_harmless(message, place), "{context}: {message}");
        // 5. In time.
        let (wall, allowed) = (run["wall_ms"].as_f64(), run["allowed_ms"].as_f64());
        assert!(wall <= allowed, "{context}: {wall:?} {allowed:?}");
    }
    // 6. With an exit code of its own.
    assert!(expected.exit_code() != 0 && expected.fault() != Fault::Bug, "{context}");
    // 4. Nothing is left behind, and no more was used than allowed.
    for what in ["/threads", "/files"] {
        assert_eq!(number(&format!("{what}/0")), number(&format!("{what}/1")), "{context}: {what}");
    }
    let allowed = number("/memory_limit") + OWN_MEMORY as f64;
    assert!(number("/peak_kib") * 1024.0 <= allowed, "{context}: {} KiB", number("/peak_kib"));
    assert_eq!(seen["runs"][0]["cache"], if hostile.compiles { cache.into() } else { Value::Null }, "{context}");
    assert_eq!(left_in(place), 1 + usize::from(hostile.compiles), "{context}: entries of the cache, and nothing else");
}

/// Whether a message holds no text of a panic, no path, no address and nothing that a terminal obeys.
fn is_harmless(message: &str, place: &Path) -> bool {
    let of_host = ["panicked", "src/", ".rs:", "/tmp", "/home", "/proc", place.to_str().expect("plain")];
    let address = |word: &str| word.len() > 8 && word.bytes().all(|byte| byte.is_ascii_hexdigit());
    vak_model::printable(message, 500) == message
        && !of_host.iter().any(|what| message.contains(what))
        && !message
            .split("0x")
            .skip(1)
            .any(|rest| address(rest.split(|c: char| !c.is_ascii_hexdigit()).next().unwrap_or("")))
}

/// How many entries the cache holds; anything else there fails the test.
fn left_in(place: &Path) -> usize {
    let entries = fs::read_dir(cache(place).folder).expect("readable").map(|file| file.expect("readable").file_name());
    let names: Vec<_> = entries.map(|name| name.into_string().expect("plain")).collect();
    assert!(names.iter().all(|name| name.len() == 64), "{names:?}");
    names.len()
}

fn cache(place: &Path) -> CacheConfig {
    CacheConfig::below(&place.join("cache"), &place.join("state"))
}

/// The part that is a process of its own: runs the module in `place`, twice, among calls of a harmless skill.
pub(crate) fn part(place: &str) {
    let place = Path::new(place);
    let runtime = Runtime::new(crate::config().cache(cache(place))).expect("an engine");
    assert!(runtime.cache_error().is_none(), "{:?}", runtime.cache_error());
    let harmless = crate::harmless();
    let harmless = prepare(&runtime, &harmless.module, &harmless.yaml).expect("a good skill");
    let answer = || {
        let answer = crate::call(&harmless).result.expect("an answer");
        String::from_utf8_lossy(answer.bytes()).into_owned()
    };
    let left = || (status("Threads"), open_files());
    let mut answers = vec![answer()];
    let module = fs::read(place.join("skill.wasm")).expect("readable");
    let yaml = fs::read_to_string(place.join("skill.yaml")).expect("readable");
    let first = run(&runtime, &module, &yaml);
    answers.push(answer());
    // The first run has made what stays: the engine of its class of stacks, with its clock.
    let between = left();
    let second = run(&runtime, &module, &yaml);
    answers.push(answer());
    let after = left();
    let limit = ManifestDocument::from_yaml(&yaml)
        .map_or(0, |manifest| vak_model::Limits::of_manifest(&manifest.manifest().limits).memory_bytes());
    let seen = json!({
        "harmless": answers,
        "runs": [first, second],
        "threads": [between.0, after.0],
        "files": [between.1, after.1],
        "memory_limit": limit,
        "peak_kib": status("VmHWM"),
    });
    say(&seen.to_string());
}

/// All that comes before a call, as an error with its name and what it says.
fn prepare(runtime: &Runtime, module: &[u8], yaml: &str) -> Result<PreparedSkill, (Code, String)> {
    let manifest = ManifestDocument::from_yaml(yaml).expect("a valid manifest");
    let package = Package::pack(module.to_vec(), &manifest, &Bounds::default());
    let admitted = unsigned(package.map_err(|error| (error.code(), error.to_string()))?).expect("unsigned");
    let grant = Grant::from_nobody(manifest.manifest()).expect("granted");
    let compiled = runtime.compile(&admitted, &LimitRequest::none());
    let compiled = compiled.map_err(|error| (error.code(), error.to_string()))?;
    compiled.prepare(&grant).map_err(|error| (error.code(), error.to_string()))
}

/// One run: what it is called, what it says, what it took, and what the cache had.
fn run(runtime: &Runtime, module: &[u8], yaml: &str) -> Value {
    let skill = match prepare(runtime, module, yaml) {
        Ok(skill) => skill,
        Err((code, message)) => {
            return json!({ "code": code.to_string(), "message": message, "wall_ms": 0, "allowed_ms": 0 });
        }
    };
    let started = Instant::now();
    let outcome = crate::call(&skill);
    let wall = started.elapsed();
    let (code, message) = match outcome.result {
        Ok(answer) => ("none".to_owned(), String::from_utf8_lossy(answer.bytes()).into_owned()),
        Err(error) => (error.code().to_string(), error.to_string()),
    };
    let mebibytes = (skill.limits().memory_bytes() >> 20) as f64;
    let allowed = skill.limits().time() + Duration::from_millis(250);
    json!({
        "code": code,
        "message": message,
        "wall_ms": wall.as_secs_f64() * 1000.0,
        "allowed_ms": allowed.as_secs_f64() * 1000.0 + 2.5 * mebibytes,
        "cache": outcome.usage.cache,
    })
}

#[test]
fn a_message_that_tells_of_the_host_is_found() {
    let place = Path::new("/somewhere");
    assert!(is_harmless("the skill trapped: out of bounds memory access at 0x10000", place));
    for message in [
        "thread 'main' panicked at x",
        "at src/lib.rs:1:2",
        "in /tmp/x",
        "in /somewhere/else",
        "at 0x7f3a12345678",
        "\x1b[31m",
    ] {
        assert!(!is_harmless(message, place), "{message}");
    }
}
