//! Guests that recurse, on the thread that a process begins with, compiled by its helper.

use std::fs;
use std::process::Command;

/// A function without end whose frame holds 400 values at once: each is read before the call and used after it.
fn large_frames() -> String {
    let read: String =
        (1..=400).map(|i| format!("(local.set {i} (i64.load offset={} (local.get 0)))", 8 * i)).collect();
    let used: String = (1..=400).map(|i| format!("(local.get {i}) i64.add ")).collect();
    let locals = "i64 ".repeat(400);
    format!(
        r#"(module (memory 1) (func $deep (export "deep") (param i32) (result i64) (local {locals})
            {read} (call $deep (local.get 0)) {used}))"#
    )
}

#[test]
fn a5_large_frames_are_a_trap_on_the_first_thread_of_a_process() {
    let place = tempfile::tempdir().expect("a folder");
    let module = place.path().join("deep.wasm");
    fs::write(&module, wat::parse_str(large_frames()).expect("valid text")).expect("written");
    for stack in ["64KiB", "256KiB", "512KiB", "16MiB"] {
        let mut command = Command::new(env!("CARGO_BIN_EXE_vak-run"));
        command.arg(&module).args(["--allow-unsigned", "--json", "--stack", stack]);
        // What `--args` takes is all that follows.
        command.args(["--invoke", "deep", "--args", "0"]).env("VAK_HOME", place.path().join("home"));
        let output = command.output().expect("started");
        let report: serde_json::Value = serde_json::from_slice(&output.stdout).expect("a report");
        assert_eq!(report["error"]["code"], "trap.stack_overflow", "{stack}: {output:?}");
        assert_eq!(output.status.code(), Some(8), "{stack}");
    }
}
