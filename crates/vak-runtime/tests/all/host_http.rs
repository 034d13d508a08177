//! `http_fetch` from a guest's side: each place that a request goes to is asked for, decided and recorded.

use std::io::{BufRead as _, BufReader, Write as _};
use std::net::{SocketAddr, TcpListener};
use std::sync::{Arc, Mutex};
use std::thread;

use vak_abi::Status;
use vak_model::{Capability, Code, Decision, Effect, HostCall};
use vak_runtime::{
    Allowance, Ended, Host, HttpClient, HttpConfig, LiveConfig, Operator, Outcome, RecordError, Recorder, Summary,
};

use crate::asking::{Got, MUCH, granted, module, read};
use crate::code;

/// A server at an address of this machine that answers each path with a text of its own.
struct Server {
    address: SocketAddr,
    seen: Arc<Mutex<Vec<String>>>,
}

impl Server {
    fn at(host: &str, answer: impl Fn(&str) -> String + Send + 'static) -> Self {
        let listener = TcpListener::bind((host, 0)).expect("a port");
        let (address, seen) = (listener.local_addr().expect("bound"), Arc::new(Mutex::new(Vec::new())));
        let asked = Arc::clone(&seen);
        thread::spawn(move || {
            for stream in listener.incoming() {
                let Ok(mut stream) = stream else { return };
                let lines: Vec<String> =
                    BufReader::new(&stream).lines().map_while(Result::ok).take_while(|line| !line.is_empty()).collect();
                let path = lines.first().and_then(|line| line.split(' ').nth(1)).unwrap_or_default().to_owned();
                asked.lock().expect("not poisoned").push(lines.join("\n"));
                let _ = stream.write_all(answer(&path).as_bytes());
            }
        });
        Self { address, seen }
    }

    fn seen(&self) -> Vec<String> {
        self.seen.lock().expect("not poisoned").clone()
    }
}

fn ok(body: &str) -> String {
    format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n{body}", body.len())
}

fn sent_on(to: &str) -> String {
    format!("HTTP/1.1 302 Found\r\nlocation: {to}\r\ncontent-length: 0\r\n\r\n")
}

#[derive(Clone, Default)]
struct Notes(Arc<Mutex<Vec<String>>>);

impl Recorder for Notes {
    fn intent(&mut self, effect: &Effect, decision: &Decision) -> Result<(), RecordError> {
        let allowed = if decision.is_allowed() { "allowed" } else { "denied" };
        self.0.lock().expect("not poisoned").push(format!("{effect}: {allowed}"));
        Ok(())
    }

    fn outcome(&mut self, result: &Summary<'_>) -> Result<(), RecordError> {
        let Summary { ended, .. } = result;
        self.0.lock().expect("not poisoned").push(format!(
            "{}{}",
            ended.word(),
            ended.code().map_or("", |_| " with a code")
        ));
        Ok(())
    }
}

/// What a guest gets that asks for this, if its manifest asks for `scope` and the operator allows `allowed`.
fn fetch(scope: &[String], allowed: &[String], request: &str) -> (Result<Got, Code>, Outcome, Vec<String>) {
    let yaml = format!("capabilities: [{{ net.http: {}, optional: true }}]\n{MUCH}", serde_json::json!(scope));
    fetch_under(&yaml, allowed, request)
}

fn fetch_under(yaml: &str, allowed: &[String], request: &str) -> (Result<Got, Code>, Outcome, Vec<String>) {
    let operator = allowed.iter().fold(Operator::nothing(), |operator, word| {
        operator.allow(Allowance::Net(word.parse().unwrap_or_else(|error| panic!("{word}: {error}"))))
    });
    let skill = granted(&module(&[("http_fetch", request.as_bytes())]), yaml, &operator);
    let (client, notes) = (Arc::new(HttpClient::new(HttpConfig::default())), Notes::default());
    let host = Host::new(Box::new(LiveConfig::new().http(client).build())).recorded_by(Box::new(notes.clone()));
    let outcome = pollster::block_on(skill.call_in("execute", b"{}", host));
    let got = if outcome.result.is_ok() { Ok(()) } else { Err(code(&outcome)) };
    let got = got.map(|()| read(outcome.result.as_ref().expect("an answer").bytes()).remove(0));
    let notes = notes.0.lock().expect("not poisoned").clone();
    (got, outcome, notes)
}

fn get(url: &str) -> String {
    format!("{{\"url\":\"{url}\",\"headers\":[[\"authorization\",\"Bearer x\"],[\"accept\",\"text/plain\"]]}}")
}

fn all_of(server: &Server) -> String {
    format!("http://{}/*", server.address)
}

#[test]
fn a_granted_request_is_done_and_its_twins_are_denied() {
    let server = Server::at("127.0.0.1", |_| ok("hello"));
    let (url, host) = (format!("http://{}/a", server.address), server.address.to_string());
    let (got, outcome, notes) = fetch(&[all_of(&server)], std::slice::from_ref(&host), &get(&url));
    let got = got.expect("an answer").text();
    let head = format!("{{\"status\":200,\"url\":\"{url}\",\"headers\":[[\"content-length\",\"5\"]]}}");
    assert_eq!(got, format!("{head}\nhello"));
    assert_eq!(notes, [format!("http_fetch GET {url} (0 bytes): allowed"), "done".to_owned()]);
    assert!(outcome.denied.is_empty());
    assert_eq!(server.seen().len(), 1);
    let elsewhere = ["http://127.0.0.1:1/*".to_owned()];
    for (scope, allowed, word) in [
        (&[all_of(&server)][..], &[][..], "policy.ungranted"),
        (&[all_of(&server)], &["127.0.0.1:1".to_owned()], "policy.ungranted"),
        (&elsewhere, std::slice::from_ref(&host), "policy.unrequested"),
    ] {
        let (got, outcome, _) = fetch(scope, allowed, &get(&url));
        assert_eq!(got.expect("an answer").refused(), (Status::Denied, word.to_owned()));
        assert_eq!(outcome.denied.first().map(|(effect, _)| effect.call()), Some(HostCall::HttpFetch));
    }
    assert_eq!(server.seen().len(), 1, "what is denied is not sent");
}

#[test]
fn g3_all_of_the_net_is_not_this_machine() {
    let server = Server::at("127.0.0.1", |_| ok("hello"));
    let yaml = format!("capabilities: [{{ net.http: [\"{}\"] }}]\n{MUCH}", all_of(&server));
    let request = get(&format!("http://{}/", server.address));
    let operator = Operator::nothing().allow(Allowance::All(Capability::NetHttp));
    let skill = granted(&module(&[("http_fetch", request.as_bytes())]), &yaml, &operator);
    let client = Arc::new(HttpClient::new(HttpConfig::default()));
    let notes = Notes::default();
    let host = Host::new(Box::new(LiveConfig::new().http(client).build())).recorded_by(Box::new(notes.clone()));
    let outcome = pollster::block_on(skill.call_in("execute", b"{}", host));
    let got = read(outcome.result.expect("an answer").bytes()).remove(0);
    assert_eq!(got.refused(), (Status::Denied, "http.address".to_owned()));
    assert_eq!(notes.0.lock().expect("not poisoned")[1..], ["denied with a code"]);
    assert!(server.seen().is_empty());
    assert_eq!(Ended::Reserved.code(), Some("http.address"));
}

#[test]
fn g7_each_hop_is_decided_and_recorded_and_keeps_its_secrets() {
    let second = Server::at("127.0.0.2", |_| ok("there"));
    let to = format!("http://{}/b", second.address);
    let location = to.clone();
    let first = Server::at("127.0.0.1", move |_| sent_on(&location));
    let from = format!("http://{}/a", first.address);
    let hosts = [first.address.to_string(), second.address.to_string()];
    let (got, _, notes) = fetch(&[all_of(&first), all_of(&second)], &hosts, &get(&from));
    let got = got.expect("an answer").text();
    assert!(got.contains(&format!("\"url\":\"{to}\"")) && got.ends_with("\nthere"), "{got}");
    let asked = |url: &str, how: &str| format!("http_fetch GET {url} (0 bytes): {how}");
    assert_eq!(notes, [asked(&from, "allowed"), "done".to_owned(), asked(&to, "allowed"), "done".to_owned()]);
    assert!(first.seen()[0].contains("authorization: Bearer x"), "{:?}", first.seen());
    assert!(!second.seen()[0].contains("authorization"), "{:?}", second.seen());
    assert!(second.seen()[0].contains("accept: text/plain"), "{:?}", second.seen());
    for (scope, allowed, word) in [
        (&[all_of(&first)][..], &hosts[..], "policy.unrequested"),
        (&[all_of(&first), all_of(&second)], &hosts[..1], "policy.ungranted"),
    ] {
        let (got, outcome, notes) = fetch(scope, allowed, &get(&from));
        assert_eq!(got.expect("an answer").refused(), (Status::Denied, word.to_owned()));
        assert_eq!(notes[2..], [asked(&to, "denied"), "denied".to_owned()]);
        assert_eq!(outcome.denied.len(), 1);
    }
    assert_eq!(second.seen().len(), 1, "a hop that is denied is not made");
    let manual = format!("{{\"url\":\"{from}\",\"redirects\":\"manual\"}}");
    let (got, ..) = fetch(&[all_of(&first), all_of(&second)], &hosts, &manual);
    assert!(got.expect("an answer").text().contains("\"status\":302"));
}

#[test]
fn g7_a_loop_ends_after_five_hops() {
    let server = Server::at("127.0.0.1", |_| sent_on("/again"));
    let request = get(&format!("http://{}/a", server.address));
    let (got, ..) = fetch(&[all_of(&server)], &[server.address.to_string()], &request);
    assert_eq!(got.expect("an answer").refused(), (Status::Failed, "http.redirects".to_owned()));
    assert_eq!(server.seen().len(), 6);
}

#[test]
fn g7_a_redirect_that_leads_astray_is_not_followed() {
    for location in ["file:///etc/passwd", "gopher://127.0.0.1/", "http://user@127.0.0.1/", "http://[::1"] {
        let server = Server::at("127.0.0.1", move |_| sent_on(location));
        let request = get(&format!("http://{}/a", server.address));
        let (got, ..) = fetch(&[all_of(&server)], &[server.address.to_string()], &request);
        assert_eq!(got.expect("an answer").refused(), (Status::Failed, "http.redirect".to_owned()), "{location}");
    }
    for location in ["http://169.254.169.254/latest/meta-data", "http://127.0.0.1:1/", "//0x7f.1:1/"] {
        let server = Server::at("127.0.0.1", move |_| sent_on(location));
        let request = get(&format!("http://{}/a", server.address));
        let (got, ..) = fetch(&[all_of(&server)], &[server.address.to_string()], &request);
        assert_eq!(got.expect("an answer").refused(), (Status::Denied, "policy.unrequested".to_owned()), "{location}");
    }
}

#[test]
fn g9_a_request_that_is_none_is_not_sent() {
    let server = Server::at("127.0.0.1", |_| ok("hello"));
    let url = format!("http://{}/", server.address);
    for (request, word) in [
        (format!("{{\"url\":\"{url}\",\"method\":\"GET\\r\\nx: y\"}}"), "http.method"),
        (format!("{{\"url\":\"{url}\",\"method\":\"CONNECT\"}}"), "http.method"),
        (format!("{{\"url\":\"{url}\",\"method\":\"get\"}}"), "http.method"),
        (format!("{{\"url\":\"{url}\",\"headers\":[[\"host\",\"evil.test\"]]}}"), "http.header"),
        (format!("{{\"url\":\"{url}\",\"headers\":[[\"x\",\"a\\r\\nhost: evil\"]]}}"), "http.header"),
        (format!("{{\"url\":\"{url}\\r\\nx: y\"}}"), "http.url"),
        ("{\"url\":\"file:///etc/passwd\"}".to_owned(), "http.url"),
        (format!("{{\"url\":\"{url}\",\"proxy\":\"x\"}}"), "request.invalid"),
    ] {
        let (got, ..) = fetch(&[all_of(&server)], &[server.address.to_string()], &request);
        assert_eq!(got.expect("an answer").refused(), (Status::Failed, word.to_owned()), "{word}");
    }
    assert!(server.seen().is_empty());
}

#[test]
fn g11_max_bytes_is_the_guest_s_own_bound() {
    let server = Server::at("127.0.0.1", |_| ok("hello"));
    let url = format!("http://{}/", server.address);
    for (max, fits) in [(5, true), (4, false), (0, false)] {
        let request = format!("{{\"url\":\"{url}\",\"max_bytes\":{max}}}");
        let (got, ..) = fetch(&[all_of(&server)], &[server.address.to_string()], &request);
        let got = got.expect("an answer");
        match fits {
            true => assert!(got.text().ends_with("\nhello")),
            false => assert_eq!(got.refused(), (Status::Failed, "http.body".to_owned())),
        }
    }
}

#[test]
fn g11_a_server_that_never_answers_ends_the_run_at_its_deadline() {
    let silent = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = silent.local_addr().expect("bound");
    let yaml = format!(
        "capabilities: [{{ net.http: [\"http://{address}/*\"] }}]\n{}",
        MUCH.replace("max_execution_time_ms: 60000", "max_execution_time_ms: 300")
    );
    let (got, outcome, notes) = fetch_under(&yaml, &[address.to_string()], &get(&format!("http://{address}/")));
    assert_eq!(got.expect_err("no answer"), Code::LimitTime);
    assert!(outcome.usage.wall_ms.is_some_and(|wall| wall < 5000.0), "{:?}", outcome.usage);
    assert_eq!(notes.len(), 2, "{notes:?}");
}

#[test]
fn a_plan_s_request_is_decided_and_not_made() {
    let server = Server::at("127.0.0.1", |_| ok("hello"));
    let yaml = format!(
        "capabilities: [{{ net.http: [\"{}\"], optional: true }}, {{ verify_plan: null }}]\n{MUCH}",
        all_of(&server)
    );
    let action = |url: &str| format!("{{\"type\":\"http_fetch\",\"target\":\"{url}\"}}");
    let inside = action(&format!("http://{}/a", server.address));
    let plan = format!("{{\"actions\":[{inside},{},{}]}}", action("http://127.0.0.1:1/"), action("not a URL"));
    let operator = Operator::nothing()
        .allow(Allowance::All(Capability::VerifyPlan))
        .allow(Allowance::Net(server.address.to_string().parse().expect("a pattern")));
    let skill = granted(&module(&[("verify_plan", plan.as_bytes())]), &yaml, &operator);
    let host = Host::new(Box::new(LiveConfig::new().build()));
    let outcome = pollster::block_on(skill.call_in("execute", b"{}", host));
    let verdict = read(outcome.result.expect("an answer").bytes()).remove(0).json();
    let allowed: Vec<_> = verdict["actions"].as_array().expect("actions").iter().map(|one| &one["code"]).collect();
    assert_eq!(serde_json::json!(allowed), serde_json::json!([null, "policy.unrequested", "plan.target"]));
    assert!(server.seen().is_empty());
}
