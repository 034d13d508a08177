//! `reason` from a guest's side: decided, recorded, and answered by the operator's model or by nothing.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{SocketAddr, TcpListener};
use std::sync::{Arc, Mutex};
use std::thread;

use vak_abi::Status;
use vak_model::{Code, Decision, Effect, HostCall};
use vak_runtime::{Host, LiveConfig, Operator, Outcome, ReasonConfig, Reasoner, RecordError, Recorder, Summary};

use crate::asking::{Got, MUCH, ask, asks_all, generous, granted, module, read};
use crate::code;

const KEY: &str = "sk-s3cret-key";

/// A model that says what it was asked with, and how often it was asked.
fn endpoint() -> (SocketAddr, Arc<Mutex<usize>>) {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let (address, asked) = (listener.local_addr().expect("bound"), Arc::new(Mutex::new(0)));
    let count = Arc::clone(&asked);
    thread::spawn(move || {
        for stream in listener.incoming() {
            let Ok(mut stream) = stream else { return };
            let mut reader = BufReader::new(&stream);
            let head: Vec<String> =
                reader.by_ref().lines().map_while(Result::ok).take_while(|line| !line.is_empty()).collect();
            let header =
                |name: &str| head.iter().find_map(|line| line.strip_prefix(name)).unwrap_or_default().to_owned();
            let mut body = vec![0; header("content-length: ").parse().unwrap_or(0)];
            let _ = reader.read_exact(&mut body);
            *count.lock().expect("not poisoned") += 1;
            let text = format!("you are {}", header("authorization: "));
            let answer = serde_json::json!({
                "choices": [{ "message": { "content": text }, "finish_reason": "stop" }],
                "usage": { "prompt_tokens": 3, "completion_tokens": 5 }
            });
            let answer = answer.to_string();
            let _ = write!(stream, "HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n{answer}", answer.len());
        }
    });
    (address, asked)
}

/// Everything that a recorder is told.
#[derive(Clone, Default)]
struct Notes(Arc<Mutex<String>>);

impl Notes {
    fn push(&self, line: &str) {
        *self.0.lock().expect("not poisoned") += line;
    }
}

impl Recorder for Notes {
    fn intent(&mut self, effect: &Effect, decision: &Decision) -> Result<(), RecordError> {
        self.push(&format!("{effect}, allowed: {}\n", decision.is_allowed()));
        Ok(())
    }

    fn outcome(&mut self, result: &Summary<'_>) -> Result<(), RecordError> {
        let text = |bytes: Option<&[u8]>| String::from_utf8_lossy(bytes.unwrap_or_default()).into_owned();
        let Summary { ended, request, response } = *result;
        self.push(&format!("{}: {} -> {}\n", ended.word(), text(request), text(response)));
        Ok(())
    }
}

fn host(address: SocketAddr, bounds: impl Fn(ReasonConfig) -> ReasonConfig) -> (Host, Notes) {
    let config = ReasonConfig::new(&format!("http://{address}/v1"), "tiny").and_then(|config| config.key(KEY));
    let reasoner = Arc::new(Reasoner::new(bounds(config.expect("an endpoint"))));
    let notes = Notes::default();
    let host = Host::new(Box::new(LiveConfig::new().reason(reasoner).build()));
    (host.recorded_by(Box::new(notes.clone())), notes)
}

fn request(content: &str) -> Vec<u8> {
    format!("{{\"messages\":[{{\"role\":\"user\",\"content\":\"{content}\"}}]}}").into_bytes()
}

/// What a guest gets whose manifest says this.
fn reason_under(yaml: &str, operator: &Operator, host: Host) -> (Result<Got, Code>, Outcome) {
    let skill = granted(&module(&[("reason", &request("hello"))]), yaml, operator);
    let outcome = pollster::block_on(skill.call_in("execute", b"{}", host));
    let got = match &outcome.result {
        Ok(answer) => Ok(read(answer.bytes()).remove(0)),
        Err(_) => Err(code(&outcome)),
    };
    (got, outcome)
}

#[test]
fn what_is_granted_is_answered_and_on_record_and_its_twins_are_not() {
    let (address, asked) = endpoint();
    let (open, notes) = host(address, |config| config);
    let (got, outcome) = reason_under(&asks_all(), &generous(), open);
    let got = got.expect("an answer").json();
    assert_eq!(got["text"], "you are [secret REASON_KEY]", "the key does not come back");
    assert_eq!((&got["model"], &got["finish"]), (&"tiny".into(), &"stop".into()));
    assert_eq!(got["tokens"], serde_json::json!({ "input": 3, "output": 5 }));
    let noted = notes.0.lock().expect("not poisoned").clone();
    assert!(noted.starts_with("reason (5 bytes), allowed: true\ndone: {\"messages\":"), "{noted}");
    assert!(!noted.contains("s3cret") && outcome.denied.is_empty(), "{noted}");
    assert_eq!(*asked.lock().expect("not poisoned"), 1);
    // Nobody allows it.
    let (shut, notes) = host(address, |config| config);
    let (got, outcome) = reason_under(&asks_all(), &Operator::nothing(), shut);
    assert_eq!(got.expect("an answer").refused(), (Status::Denied, "policy.ungranted".to_owned()));
    assert_eq!(outcome.denied.first().map(|(effect, _)| effect.call()), Some(HostCall::Reason));
    assert!(notes.0.lock().expect("not poisoned").starts_with("reason (5 bytes), allowed: false\ndenied: "));
    assert_eq!(*asked.lock().expect("not poisoned"), 1, "what is denied is not sent");
}

#[test]
fn a_policy_knows_how_much_is_asked() {
    let (address, asked) = endpoint();
    let policy = r#"permit(principal, action == Action::"reason", resource) when { context.bytes <= 4 };"#;
    let operator = Operator::with_checked_policy(policy).expect("a policy");
    let (host, _) = host(address, |config| config);
    let (got, _) = ask(&operator, host, &[("reason", &request("four")), ("reason", &request("fives"))]);
    assert_eq!(got[0].status, Status::Done);
    assert_eq!(got[1].refused(), (Status::Denied, "policy.ungranted".to_owned()));
    assert_eq!(*asked.lock().expect("not poisoned"), 1);
}

#[test]
fn where_there_is_no_model_nothing_stands_behind_it() {
    let host = Host::new(Box::new(LiveConfig::new().build()));
    let (got, _) = reason_under(&asks_all(), &generous(), host);
    assert_eq!(got.expect("an answer").refused(), (Status::Failed, "host.unavailable".to_owned()));
}

#[test]
fn a_run_that_asks_again_and_again_gets_no_more_than_its_tokens() {
    let (address, asked) = endpoint();
    let (host, _) =
        host(address, |config| config.max_tokens(10).and_then(|config| config.total_tokens(60)).expect("bounds"));
    let line = request("hello");
    let (got, _) = ask(&generous(), host, &[("reason", line.as_slice()); 5]);
    let done = got.iter().filter(|got| got.status == Status::Done).count();
    // Each reserves 47 and has used 8: of 60, that is two.
    assert_eq!((done, *asked.lock().expect("not poisoned")), (2, 2));
    assert_eq!(got[4].refused(), (Status::Failed, "reason.tokens".to_owned()));
}

#[test]
fn a10_a_model_that_never_answers_ends_the_run_at_its_deadline() {
    let silent = TcpListener::bind("127.0.0.1:0").expect("a port");
    let (host, notes) = host(silent.local_addr().expect("bound"), |config| config);
    let short = MUCH.replace("max_execution_time_ms: 60000", "max_execution_time_ms: 300");
    let (got, outcome) = reason_under(&format!("capabilities: [reason]\n{short}"), &generous(), host);
    assert_eq!(got.expect_err("no answer"), Code::LimitTime);
    assert!(outcome.usage.wall_ms.is_some_and(|wall| wall < 5000.0), "{:?}", outcome.usage);
    let noted = notes.0.lock().expect("not poisoned").clone();
    assert_eq!(noted.lines().count(), 2, "{noted}");
}
