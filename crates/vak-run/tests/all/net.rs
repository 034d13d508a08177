//! Requests of a skill, from the shell to a server of this machine.

use std::io::{BufRead as _, BufReader, Write as _};
use std::net::{SocketAddr, TcpListener};
use std::path::Path;
use std::process::{Command, Output, Stdio};
use std::sync::{Arc, Mutex};
use std::thread;

/// Sends its input as a request, and answers with the head of what came back.
const FETCH: &str = r#"(module
    (import "vak" "http_fetch" (func $fetch (param i32 i32 i32 i32) (result i64)))
    (memory (export "memory") 3)
    (func (export "vak_alloc") (param i32) (result i32) i32.const 1024)
    (func (export "execute") (param $ptr i32) (param $len i32) (result i64)
        (local $at i32)
        (local.set $len (i32.wrap_i64
            (call $fetch (local.get $ptr) (local.get $len) (i32.const 65536) (i32.const 65536))))
        (block $end (loop $next
            (br_if $end (i32.ge_u (local.get $at) (local.get $len)))
            (br_if $end (i32.eq (i32.load8_u offset=65536 (local.get $at)) (i32.const 10)))
            (local.set $at (i32.add (local.get $at) (i32.const 1)))
            (br $next)))
        (i64.or (i64.const 281474976710656) (i64.extend_i32_u (local.get $at)))))"#;

/// A server that gives back the header `x-key` of each request, and what it was asked.
fn server() -> (SocketAddr, Arc<Mutex<Vec<String>>>) {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let (address, seen) = (listener.local_addr().expect("bound"), Arc::new(Mutex::new(Vec::new())));
    let asked = Arc::clone(&seen);
    thread::spawn(move || {
        for stream in listener.incoming() {
            let Ok(mut stream) = stream else { return };
            let lines: Vec<String> =
                BufReader::new(&stream).lines().map_while(Result::ok).take_while(|line| !line.is_empty()).collect();
            let key = lines.iter().find_map(|line| line.strip_prefix("x-key: ")).unwrap_or("none").to_owned();
            asked.lock().expect("not poisoned").push(lines.join("\n"));
            let _ = write!(stream, "HTTP/1.1 200 OK\r\nx-echo: {key}\r\ncontent-length: 0\r\n\r\n");
        }
    });
    (address, seen)
}

fn skill(folder: &Path, address: SocketAddr) {
    let yaml = format!(
        "name: fetch\nversion: \"0.1.0\"\ndescription: Fetches\nmodule: skill.wasm\n\
         capabilities: [{{ net.http: [\"http://{address}/*\"] }}]\n\
         limits: {{ max_execution_time_ms: 60000 }}\nexports: [{{ name: execute }}]\n"
    );
    std::fs::write(folder.join("skill.yaml"), yaml).expect("written");
    std::fs::write(folder.join("skill.wasm"), wat::parse_str(FETCH).expect("valid text")).expect("written");
}

fn run(folder: &Path, address: SocketAddr, flags: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_vak-run"));
    command.arg(folder).args(["--allow-unsigned", "--input", &format!("{{\"url\":\"http://{address}/a\"}}")]);
    command.args(flags).stdin(Stdio::null());
    command.env("VAK_HOME", folder.join("home")).env("API_KEY", "s3cret-value").env("HTTP_PROXY", "http://127.0.0.1:1");
    command.output().expect("run")
}

#[test]
fn g14_twins_from_the_shell_reach_a_server_or_do_not() {
    let (folder, (address, seen)) = (tempfile::tempdir().expect("a folder"), server());
    skill(folder.path(), address);
    let output = run(folder.path(), address, &["--allow-net", &address.to_string()]);
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    let answer: serde_json::Value = serde_json::from_slice(&output.stdout).expect("JSON");
    assert_eq!((answer["status"].as_u64(), answer["headers"][0][1].as_str()), (Some(200), Some("none")));
    assert_eq!(seen.lock().expect("not poisoned").len(), 1);
    assert_eq!(run(folder.path(), address, &[]).status.code(), Some(6));
    let other = run(folder.path(), address, &["--allow-net", "127.0.0.1:1"]);
    assert!(String::from_utf8_lossy(&other.stdout).contains("policy.ungranted"), "{other:?}");
    assert_eq!(seen.lock().expect("not poisoned").len(), 1);
}

#[test]
fn a_secret_reaches_its_server_and_neither_the_skill_nor_the_log_nor_the_report() {
    let (folder, (address, seen)) = (tempfile::tempdir().expect("a folder"), server());
    skill(folder.path(), address);
    let net = address.to_string();
    let bound = format!("KEY=env:API_KEY@{address}:x-key");
    let [case, learned] = ["case.yaml", "learned"].map(|name| folder.path().join(name).to_string_lossy().into_owned());
    let flags = ["--allow-net", &net, "--secret", &bound, "--json", "--audit", "effect"];
    let flags = [&flags[..], &["--record-host", &case, "--learn", &learned]].concat();
    let output = run(folder.path(), address, &flags);
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    assert!(seen.lock().expect("not poisoned")[0].contains("x-key: s3cret-value"), "{seen:?}");
    let said = [output.stdout, output.stderr].concat();
    let mut everything = String::from_utf8_lossy(&said).into_owned();
    assert!(everything.contains("[secret KEY]"), "{everything}");
    let case = std::fs::read_to_string(case).expect("recorded");
    assert!(case.contains("[secret KEY]"), "{case}");
    let mut folders = vec![folder.path().to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).expect("read") {
            let path = entry.expect("read").path();
            match path.is_dir() {
                true => folders.push(path),
                false => everything += &String::from_utf8_lossy(&std::fs::read(path).expect("read")),
            }
        }
    }
    assert!(!everything.contains("s3cret"), "a trace of the secret");
}
