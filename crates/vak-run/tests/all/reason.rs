//! Questions of a skill, from the shell to a model of this machine.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{SocketAddr, TcpListener};
use std::path::Path;
use std::process::{Command, Output, Stdio};
use std::sync::{Arc, Mutex};
use std::thread;

/// Sends its input as a request, and answers with what came back.
const ASK: &str = r#"(module
    (import "vak" "reason" (func $reason (param i32 i32 i32 i32) (result i64)))
    (memory (export "memory") 3)
    (func (export "vak_alloc") (param i32) (result i32) i32.const 1024)
    (func (export "execute") (param $ptr i32) (param $len i32) (result i64)
        (i64.or (i64.const 281474976710656) (i64.and (i64.const 0xffffffff)
            (call $reason (local.get $ptr) (local.get $len) (i32.const 65536) (i32.const 65536))))))"#;

/// The skill of `skills/hostile` that asks until it may not any more.
const OVERSPENDS: &str = include_str!("../../../../skills/hostile/overspends/src/skill.wat");

const QUESTION: &str = r#"{"messages":[{"role":"user","content":"6 * 7?"}]}"#;

/// A model that says which key it was asked with and that this was free, and the heads of what it was asked.
fn model() -> (SocketAddr, Arc<Mutex<Vec<String>>>) {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let (address, seen) = (listener.local_addr().expect("bound"), Arc::new(Mutex::new(Vec::new())));
    let asked = Arc::clone(&seen);
    thread::spawn(move || {
        for stream in listener.incoming() {
            let Ok(mut stream) = stream else { return };
            let mut reader = BufReader::new(&stream);
            let head: Vec<String> =
                reader.by_ref().lines().map_while(Result::ok).take_while(|line| !line.is_empty()).collect();
            let header = |name: &str| head.iter().find_map(|line| line.strip_prefix(name)).unwrap_or("none").to_owned();
            let mut body = vec![0; header("content-length: ").parse().unwrap_or(0)];
            let _ = reader.read_exact(&mut body);
            let body = String::from_utf8_lossy(&body).into_owned();
            let answer = serde_json::json!({
                "choices": [{ "message": { "content": header("authorization: ") }, "finish_reason": "stop" }],
                "usage": { "prompt_tokens": 0, "completion_tokens": 0 }
            });
            asked.lock().expect("not poisoned").push(format!("{}\n\n{body}", head.join("\n")));
            let answer = answer.to_string();
            let _ = write!(stream, "HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n{answer}", answer.len());
        }
    });
    (address, seen)
}

fn skill(folder: &Path, capabilities: &str, text: &str) {
    let yaml = format!(
        "name: ask\nversion: \"0.1.0\"\ndescription: Asks\nmodule: skill.wasm\ncapabilities: [{capabilities}]\n\
         limits: {{ max_execution_time_ms: 60000 }}\nexports: [{{ name: execute }}]\n"
    );
    std::fs::write(folder.join("skill.yaml"), yaml).expect("written");
    std::fs::write(folder.join("skill.wasm"), wat::parse_str(text).expect("valid text")).expect("written");
}

fn run(folder: &Path, flags: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_vak-run"));
    command.arg(folder).args(["--allow-unsigned", "--input", QUESTION]).args(flags).stdin(Stdio::null());
    command.env("VAK_HOME", folder.join("home")).env("API_KEY", "sk-s3cret").env("HTTP_PROXY", "http://127.0.0.1:1");
    command.output().expect("run")
}

fn stdout(output: &Output) -> serde_json::Value {
    serde_json::from_slice(&output.stdout).unwrap_or_else(|_| panic!("{output:?}"))
}

#[test]
fn twins_from_the_shell_get_an_answer_or_do_not() {
    let (folder, (address, seen)) = (tempfile::tempdir().expect("a folder"), model());
    skill(folder.path(), "reason", ASK);
    let url = format!("http://{address}/v1");
    let model = ["--reason-url", &url, "--reason-model", "tiny"];
    let output = run(folder.path(), &[&model[..], &["--allow-reason"]].concat());
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    let answer = stdout(&output);
    assert_eq!((&answer["text"], &answer["model"]), (&"none".into(), &"tiny".into()));
    assert_eq!(answer["tokens"], serde_json::json!({ "input": 2, "output": 1 }), "it is never free");
    let asked = seen.lock().expect("not poisoned").clone();
    assert!(asked.len() == 1 && asked[0].starts_with("POST /v1/chat/completions HTTP/1.1\n"), "{asked:?}");
    assert!(asked[0].contains("\"max_tokens\":1024,"), "{asked:?}");
    // A model that nobody allows; a model that there is not; a skill that does not ask for it.
    assert_eq!(run(folder.path(), &model).status.code(), Some(6));
    assert_eq!(stdout(&run(folder.path(), &["--allow-reason"]))["code"], "host.unavailable");
    skill(folder.path(), "compute", ASK);
    assert_eq!(run(folder.path(), &[&model[..], &["--allow-reason"]].concat()).status.code(), Some(6));
    skill(folder.path(), "{ reason: null, optional: true }", ASK);
    assert_eq!(stdout(&run(folder.path(), &model))["code"], "policy.ungranted");
    assert_eq!(seen.lock().expect("not poisoned").len(), 1, "what is denied is not sent");
}

#[test]
fn a_key_reaches_the_model_and_neither_the_skill_nor_the_log_nor_the_report() {
    let (folder, (address, seen)) = (tempfile::tempdir().expect("a folder"), model());
    skill(folder.path(), "reason", ASK);
    let url = format!("http://{address}/v1");
    let flags = ["--allow-reason", "--reason-url", &url, "--reason-model", "tiny", "--reason-key", "env:API_KEY"];
    let output = run(folder.path(), &[&flags[..], &["--json", "--audit", "effect"]].concat());
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    assert!(seen.lock().expect("not poisoned")[0].contains("authorization: Bearer sk-s3cret"), "{seen:?}");
    let said = [output.stdout, output.stderr].concat();
    let mut everything = String::from_utf8_lossy(&said).into_owned();
    assert!(everything.contains("[secret REASON_KEY]"), "{everything}");
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
    assert!(!everything.contains("s3cret"), "a trace of the key");
}

#[test]
fn a_skill_that_asks_without_end_spends_what_the_operator_gives_and_no_more() {
    let (folder, (address, seen)) = (tempfile::tempdir().expect("a folder"), model());
    skill(folder.path(), "reason", OVERSPENDS);
    let url = format!("http://{address}/v1");
    let model = ["--allow-reason", "--reason-url", &url, "--reason-model", "tiny", "--reason-max-tokens", "50"];
    // Of 25 bytes, a call reserves 57 and 50 tokens, and has used 5 and 1 at least, though the model says that it was free.
    let free: &[&str] = &["--reason-price", "0:0", "--reason-max-cost", "0"];
    let dear: &[&str] = &["--reason-price", "1:10", "--reason-max-cost", "0.000600"];
    let few: &[&str] = &["--reason-total-tokens", "120"];
    for (flags, code, calls) in [
        (few, "reason.tokens", 3),
        (&[few, free].concat(), "reason.tokens", 3),
        (dear, "reason.cost", 3),
        (&[few, dear].concat(), "reason.tokens", 3),
        (&["--reason-price", "1:10", "--reason-max-cost", "0.0005"], "reason.cost", 0),
        (&["--reason-total-tokens", "106"], "reason.tokens", 0),
    ] {
        let output = run(folder.path(), &[&model[..], flags].concat());
        assert_eq!(output.status.code(), Some(1), "{output:?}");
        assert_eq!(stdout(&output)["code"], code, "{flags:?}");
        let asked = std::mem::take(&mut *seen.lock().expect("not poisoned"));
        assert_eq!(asked.len(), calls, "{flags:?}");
        assert!(asked.iter().all(|head| head.contains("\"max_tokens\":50,")), "no skill asks for more");
    }
}

#[test]
fn a_policy_grants_a_model_and_bounds_what_is_asked() {
    let (folder, (address, seen)) = (tempfile::tempdir().expect("a folder"), model());
    skill(folder.path(), "reason", ASK);
    let url = format!("http://{address}/v1");
    for (bytes, text) in [(6, Some("none")), (5, None)] {
        let policy = format!(
            "permit(principal == Skill::\"ask\", action == Action::\"reason\", resource) when {{ context.bytes <= {bytes} }};"
        );
        let file = folder.path().join("policy.cedar");
        std::fs::write(&file, policy).expect("written");
        let file = file.to_string_lossy().into_owned();
        let output = run(folder.path(), &["--policy", &file, "--reason-url", &url, "--reason-model", "tiny"]);
        let answer = stdout(&output);
        assert_eq!(answer["text"].as_str(), text, "{answer}");
        assert_eq!(answer["code"].is_null(), text.is_some(), "{answer}");
    }
    assert_eq!(seen.lock().expect("not poisoned").len(), 1);
}
