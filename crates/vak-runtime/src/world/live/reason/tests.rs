//! Against servers of the tests' own, on this machine.

use std::io::Write as _;
use std::net::Ipv4Addr;
use std::time::Duration;

use vak_model::LimitKind;

use super::*;
use crate::world::Role;
use crate::world::live::http::tests::Server;

const LATE: Duration = Duration::from_secs(60);

fn saying(text: &str, input: u64, output: u64) -> String {
    let usage = serde_json::json!({ "prompt_tokens": input, "completion_tokens": output });
    let choice = serde_json::json!({ "message": { "role": "assistant", "content": text }, "finish_reason": "stop" });
    ok(&serde_json::json!({ "model": "another\u{1b}[31m", "choices": [choice], "usage": usage }).to_string())
}

fn ok(body: &str) -> String {
    format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n{body}", body.len())
}

fn server(answer: String) -> Server {
    Server::at((Ipv4Addr::LOCALHOST, 0), move |_, stream| stream.write_all(answer.as_bytes()))
}

fn config(server: &Server) -> ReasonConfig {
    ReasonConfig::new(&format!("http://{}/v1", server.address), "tiny").expect("an endpoint")
}

fn user(content: &str, max_tokens: Option<u32>) -> Reason {
    Reason { messages: vec![Message { role: Role::User, content: content.to_owned() }], max_tokens }
}

fn complete(reasoner: &Reasoner, request: &Reason) -> Result<serde_json::Value, WorldError> {
    let response = pollster::block_on(reasoner.complete(request, Instant::now() + LATE))?;
    Ok(serde_json::from_slice(&response.into_bytes()).expect("JSON"))
}

/// What is left of a budget, in tokens.
fn left(reasoner: &Reasoner) -> u64 {
    let all = Tokens { input: u64::MAX, output: 0 };
    match reasoner.budget.reserve(all) {
        Err(Failure::ReasonTokens { left, .. }) => left,
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_conversation_is_completed_as_the_operator_says() {
    let server = server(saying("42", 9, 3));
    let reasoner = Reasoner::new(config(&server).key("sk-s3cret-key").expect("a key"));
    let answer = complete(&reasoner, &user("6 * 7?", Some(20))).expect("an answer");
    let expected = serde_json::json!({
        "text": "42", "tokens": { "input": 9, "output": 3 }, "model": "tiny", "finish": "stop"
    });
    assert_eq!(answer, expected);
    let seen = server.seen().remove(0);
    assert!(seen.starts_with("POST /v1/chat/completions HTTP/1.1\r\n"), "{seen}");
    assert!(seen.contains("\r\nauthorization: Bearer sk-s3cret-key\r\n"), "{seen}");
    let (_, body) = seen.split_once("\r\n\r\n").expect("a body");
    let sent = serde_json::json!({
        "model": "tiny", "messages": [{ "role": "user", "content": "6 * 7?" }],
        "max_tokens": 20, "temperature": 0, "seed": 0, "stream": false
    });
    assert_eq!(serde_json::from_str::<serde_json::Value>(body).expect("JSON"), sent);
}

#[test]
fn a_skill_narrows_the_bound_of_an_answer_and_never_widens_it() {
    let server = server(saying("a", 1, 1));
    let reasoner = Reasoner::new(config(&server).max_tokens(50).expect("a bound"));
    for (asked, sent) in [(None, 50), (Some(7), 7), (Some(50), 50), (Some(u32::MAX), 50)] {
        complete(&reasoner, &user("a", asked)).expect("an answer");
        let seen = server.seen().pop().expect("asked");
        assert!(seen.contains(&format!("\"max_tokens\":{sent},")), "{asked:?}: {seen}");
    }
}

#[test]
fn a_run_spends_no_more_tokens_than_it_may_whatever_the_endpoint_says() {
    // An endpoint that says that it costs nothing.
    let free = server(saying(&"word ".repeat(16), 0, 0));
    let reasoner = Reasoner::new(config(&free).total_tokens(200).and_then(|c| c.max_tokens(100)).expect("bounds"));
    let answer = complete(&reasoner, &user(&"a".repeat(40), None)).expect("an answer");
    assert_eq!(answer["tokens"], serde_json::json!({ "input": 6, "output": 10 }));
    assert_eq!(left(&reasoner), 184);
    let mut calls = 1;
    while complete(&reasoner, &user(&"a".repeat(40), None)).is_ok() {
        calls += 1;
        assert!(calls < 10, "it is never used up");
    }
    assert_eq!((calls, free.seen().len()), (2, 2), "what is refused is not sent");
    // One that says that it costs more than anybody has.
    let greedy = server(saying("a", u64::MAX, u64::MAX));
    let reasoner = Reasoner::new(config(&greedy));
    complete(&reasoner, &user("a", None)).expect("an answer");
    let refused = complete(&reasoner, &user("a", Some(1)));
    assert!(matches!(refused, Err(WorldError::Failed(Failure::ReasonTokens { left: 0, .. }))), "{refused:?}");
    // One that says nothing of it.
    let silent = server(ok(r#"{"choices":[{"message":{"content":"a"},"finish_reason":"length"}]}"#));
    let reasoner = Reasoner::new(config(&silent).total_tokens(1000).expect("a bound"));
    complete(&reasoner, &user("a", Some(100))).expect("an answer");
    assert_eq!(left(&reasoner), 1000 - 100 - 33);
}

#[test]
fn a_run_costs_no_more_than_it_may() {
    let server = server(saying("a", 40, 100));
    let price: Price = "1:10".parse().expect("a price");
    // A call reserves 36 + 100 * 10 millionths, and costs 40 + 1000.
    let config = config(&server).max_cost(price, "0.002").and_then(|config| config.max_tokens(100));
    let reasoner = Reasoner::new(config.expect("bounds"));
    assert!(complete(&reasoner, &user("abcd", None)).is_ok());
    let refused = complete(&reasoner, &user("abcd", None));
    assert!(matches!(refused, Err(WorldError::Failed(Failure::ReasonCost))), "{refused:?}");
    assert!(complete(&reasoner, &user("abcd", Some(90))).is_ok(), "less is still to be had");
    assert_eq!(server.seen().len(), 2);
}

#[test]
fn what_is_no_answer_is_told_apart_and_costs_what_it_may_have_cost() {
    // It would be one, if it were shorter.
    let long = saying(&"a".repeat(MAX_ANSWER_BYTES), 1, 1);
    let deep = ok(&"[".repeat(10_000));
    let all = 100 + 33;
    for (answer, code, cost) in [
        ("HTTP/1.1 429 Too Many\r\ncontent-length: 2\r\n\r\n{}".to_owned(), "reason.endpoint", 2),
        ("HTTP/1.1 500 No\r\ncontent-length: 0\r\n\r\n".to_owned(), "reason.endpoint", 2),
        ("HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nhello".to_owned(), "reason.answer", all),
        (deep, "reason.answer", all),
        (long, "reason.answer", all),
        (ok("{}"), "reason.answer", all),
        ("HTTP/1.1 200 OK\r\ncontent-length: 50\r\n\r\n{}".to_owned(), "http.protocol", all),
        ("no HTTP\r\n\r\n".to_owned(), "http.protocol", all),
    ] {
        let server = server(answer.clone());
        let reasoner = Reasoner::new(config(&server).total_tokens(1000).expect("a bound"));
        match complete(&reasoner, &user("a", Some(100))) {
            Err(WorldError::Failed(failure)) => assert_eq!(failure.code(), code, "{answer:.60}"),
            other => panic!("{answer:.60}: {other:?}"),
        }
        assert_eq!(1000 - left(&reasoner), cost, "{answer:.60}");
    }
}

#[test]
fn g7_where_an_endpoint_sends_a_request_on_to_nothing_goes() {
    let other = server(saying("a", 1, 1));
    for status in [301, 302, 303, 307, 308] {
        let location = format!("http://{}/v1/chat/completions", other.address);
        let first = server(format!("HTTP/1.1 {status} X\r\nlocation: {location}\r\ncontent-length: 0\r\n\r\n"));
        let reasoner = Reasoner::new(config(&first).key("sk-s3cret-key").expect("a key"));
        let refused = complete(&reasoner, &user("a", None));
        let expected = Failure::ReasonEndpoint { status };
        assert!(matches!(&refused, Err(WorldError::Failed(failure)) if *failure == expected), "{refused:?}");
    }
    assert!(other.seen().is_empty());
}

#[test]
fn a_key_that_comes_back_is_taken_out_in_whatever_spelling() {
    let key = "sk-s3cret/key+1";
    let escaped: String = key.chars().map(|c| format!("\\u{:04x}", u32::from(c))).collect();
    let bodies = [
        saying(&format!("a {key} b Bearer {key}"), 1, 1),
        ok(&format!(
            r#"{{"choices":[{{"message":{{"content":"{escaped} sk-s3cret\/key+1"}},"finish_reason":"stop"}}]}}"#
        )),
    ];
    for body in bodies {
        let server = server(body);
        let reasoner = Reasoner::new(config(&server).key(key).expect("a key"));
        let answer = complete(&reasoner, &user("a", None)).expect("an answer").to_string();
        assert!(answer.contains("[secret REASON_KEY]") && !answer.contains("s3cret/key"), "{answer}");
    }
    let reasoner = Reasoner::new(config(&server(String::new())).key(key).expect("a key"));
    assert!(!format!("{reasoner:?}").contains("s3cret/key"));
}

#[test]
fn an_address_that_the_operator_writes_is_dialled_and_a_name_that_leads_there_is_not() {
    let server = server(saying("a", 1, 1));
    assert!(complete(&Reasoner::new(config(&server)), &user("a", None)).is_ok());
    let base = format!("http://localhost:{}/v1", server.address.port());
    let reasoner = Reasoner::new(ReasonConfig::new(&base, "tiny").expect("an endpoint"));
    let refused = complete(&reasoner, &user("a", None));
    // Where this machine has no name for itself there is no address at all.
    let not_sent = matches!(refused, Err(WorldError::Address(_) | WorldError::Failed(Failure::HttpResolve)));
    assert!(not_sent, "{refused:?}");
    assert_eq!(left(&reasoner), ReasonConfig::TOTAL_TOKENS, "what was not sent costs nothing");
    assert_eq!(server.seen().len(), 1);
}

#[test]
fn a10_an_endpoint_that_never_answers_ends_at_the_deadline_and_has_cost_all_that_was_reserved() {
    let silent = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let base = format!("http://{}/", silent.local_addr().expect("bound"));
    let config = ReasonConfig::new(&base, "tiny").and_then(|config| config.total_tokens(1000)).expect("an endpoint");
    let reasoner = Reasoner::new(config);
    let ended =
        pollster::block_on(reasoner.complete(&user("a", Some(100)), Instant::now() + Duration::from_millis(200)));
    assert!(matches!(ended, Err(WorldError::Limit(LimitKind::Time))), "{ended:?}");
    assert_eq!(left(&reasoner), 1000 - 133);
}
