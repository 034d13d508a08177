//! The file that `--profile` writes, as the Firefox Profiler reads it.

use std::fs;

use serde_json::Value;
use vak_testkit::Suite;

const YAML: &str = r#"
name: dear
version: "0.1.0"
description: Has a function that is ten times as dear as another
module: dear.wasm
exports: [{ name: execute }]
"#;

const TEXT: &str = r#"(module
    (memory (export "memory") 1)
    (func (export "vak_alloc") (param i32) (result i32) (i32.const 1024))
    (func $cheap (param $n i32) (loop (br_if 0 (local.tee $n (i32.sub (local.get $n) (i32.const 1))))))
    (func $dear (param $n i32) (loop (br_if 0 (local.tee $n (i32.sub (local.get $n) (i32.const 1))))))
    (func (export "execute") (param i32 i32) (result i64)
        (call $cheap (i32.const 1000))
        (call $dear (i32.const 10000))
        (i64.const 0x40000000002)))"#;

/// The column of a table, as numbers; -1 stands for null.
fn column(table: &Value, name: &str) -> Vec<i64> {
    let cells = table[name].as_array().unwrap_or_else(|| panic!("no `{name}` in {table}"));
    cells.iter().map(|cell| cell.as_i64().unwrap_or(-1)).collect()
}

/// What the functions of the profile weigh by themselves, as the profiler computes it.
fn weights(profile: &Value) -> Vec<(String, i64)> {
    let thread = &profile["threads"][0];
    let strings: Vec<_> =
        thread["stringArray"].as_array().expect("strings").iter().map(|s| s.as_str().expect("text")).collect();
    let names = column(&thread["funcTable"], "name");
    let functions = column(&thread["frameTable"], "func");
    let (frames, parents) = (column(&thread["stackTable"], "frame"), column(&thread["stackTable"], "prefix"));
    assert!(parents.iter().zip(0..).all(|(parent, own)| *parent < own), "a stack comes after its parent");
    let samples = &thread["samples"];
    let at = |list: &[i64], index: i64| list[usize::try_from(index).expect("an index")];
    let mut weights: Vec<(String, i64)> = Vec::new();
    for (stack, weight) in column(samples, "stack").into_iter().zip(column(samples, "weight")) {
        let name = strings[usize::try_from(at(&names, at(&functions, at(&frames, stack)))).expect("an index")];
        match weights.iter_mut().find(|(known, _)| known == name) {
            Some((_, sum)) => *sum += weight,
            None => weights.push((name.to_owned(), weight)),
        }
    }
    weights.sort_by_key(|(_, weight)| -weight);
    weights
}

#[test]
fn a_profile_is_one_that_the_profiler_reads_and_shows_the_dear_function_first() {
    let folder = tempfile::tempdir().expect("a folder");
    let suite = Suite::of_package(env!("CARGO_MANIFEST_DIR"), env!("CARGO_BIN_EXE_vak-run"));
    let mut place = suite.empty_place(folder.path());
    let work = folder.path().join("work");
    fs::write(work.join("skill.yaml"), YAML).expect("written");
    fs::write(work.join("dear.wasm"), wat::parse_str(TEXT).expect("valid")).expect("written");
    let (code, shown) = place.run("vak-run . --allow-unsigned --profile out.json --json > report.json");
    assert_eq!(code, 0, "{shown}");
    let read = |name: &str| -> Value {
        let bytes = fs::read(work.join(name)).expect(name);
        serde_json::from_slice(&bytes).expect("JSON")
    };
    let (profile, report) = (read("out.json"), read("report.json"));
    assert!(profile["meta"]["version"].is_u64() && profile["meta"]["preprocessedProfileVersion"].is_u64());
    assert_eq!(profile["threads"].as_array().map(Vec::len), Some(1));
    assert_eq!(profile["threads"][0]["name"], "guest");
    let weights = weights(&profile);
    assert_eq!((weights[0].0.as_str(), weights[1].0.as_str()), ("dear", "cheap"), "{weights:?}");
    let ratio = weights[0].1 as f64 / weights[1].1 as f64;
    assert!((9.0..11.0).contains(&ratio), "{weights:?}");
    let functions = report["profile"]["functions"].as_array().expect("functions");
    assert_eq!((&functions[0]["name"], &functions[0]["self"]), (&"dear".into(), &weights[0].1.into()));
    assert_eq!(
        weights.iter().map(|(_, weight)| weight).sum::<i64>(),
        report["profile"]["fuel"].as_i64().expect("fuel")
    );
}
