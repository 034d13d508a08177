//! Against servers of the tests' own, on this machine: what is said by hand is what a hostile server says.

mod tls;

use std::io::{self, Read as _, Write as _};
use std::net::{IpAddr, Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use vak_model::{HostName, HttpHost, HttpMethod, HttpScheme, HttpUrl, LimitKind};
use vak_policy::Reserved;

use super::*;
use crate::failure::Failure;
use crate::world::Body;

const SOON: Duration = Duration::from_millis(300);
const LATE: Duration = Duration::from_secs(60);

/// A server, and what it was asked.
pub(in crate::world::live) struct Server {
    pub(in crate::world::live) address: SocketAddr,
    seen: Arc<Mutex<Vec<String>>>,
}

impl Server {
    /// Answers at a host of this machine as `say` does, which gets the number of the connection.
    pub(in crate::world::live) fn at(
        address: impl Into<SocketAddr>,
        say: impl Fn(usize, &mut TcpStream) -> io::Result<()> + Send + 'static,
    ) -> Self {
        let listener = TcpListener::bind(address.into()).expect("a port");
        let (address, seen) = (listener.local_addr().expect("bound"), Arc::new(Mutex::new(Vec::new())));
        let asked = Arc::clone(&seen);
        thread::spawn(move || {
            for (number, stream) in listener.incoming().enumerate() {
                let Ok(mut stream) = stream else { return };
                asked.lock().expect("not poisoned").push(heard(&mut stream));
                // Whoever asked may be gone.
                let _ = say(number, &mut stream);
            }
        });
        Self { address, seen }
    }

    pub(in crate::world::live) fn saying(text: &'static str) -> Self {
        Self::at((Ipv4Addr::LOCALHOST, 0), move |_, stream| stream.write_all(text.as_bytes()))
    }

    pub(in crate::world::live) fn seen(&self) -> Vec<String> {
        self.seen.lock().expect("not poisoned").clone()
    }

    fn url(&self) -> HttpUrl {
        let host = HttpHost::Address(self.address.ip());
        HttpUrl::new(HttpScheme::Http, host, self.address.port(), "/a?b=c").expect("a URL")
    }
}

/// A request's head, and as much of a body as it says.
fn heard(stream: &mut TcpStream) -> String {
    let (mut bytes, mut byte) = (Vec::new(), [0]);
    while !bytes.ends_with(b"\r\n\r\n") && stream.read_exact(&mut byte).is_ok() {
        bytes.push(byte[0]);
    }
    let head = String::from_utf8_lossy(&bytes).into_owned();
    let length = head.lines().find_map(|line| line.strip_prefix("content-length: ")?.parse().ok()).unwrap_or(0);
    let mut body = vec![0; length];
    let read = stream.read_exact(&mut body).map(|()| String::from_utf8_lossy(&body).into_owned());
    head + &read.unwrap_or_default()
}

/// Names that have one list of addresses at a time.
#[derive(Default)]
struct Table {
    lists: Vec<Vec<IpAddr>>,
    asked: AtomicUsize,
}

impl Names for Table {
    fn addresses(&self, _: &str) -> io::Result<Vec<IpAddr>> {
        let number = self.asked.fetch_add(1, Ordering::SeqCst);
        Ok(self.lists.get(number).or(self.lists.last()).cloned().unwrap_or_default())
    }
}

fn address(text: &str) -> IpAddr {
    text.parse().expect("an address")
}

/// A stand-in for the internet: of all addresses, 127.0.0.2 is taken for public.
fn only_two(address: IpAddr) -> Option<Reserved> {
    if address == IpAddr::V4(Ipv4Addr::new(127, 0, 0, 2)) { None } else { vak_policy::reserved(address) }
}

fn client_of(lists: &[&[&str]]) -> (HttpClient, Arc<Table>) {
    let lists = lists.iter().map(|list| list.iter().map(|text| address(text)).collect()).collect();
    let table = Arc::new(Table { lists, asked: AtomicUsize::new(0) });
    let names: Arc<dyn Names> = Arc::clone(&table) as _;
    (HttpClient::new(HttpConfig { judge: only_two, ..HttpConfig::default().names(names) }), table)
}

fn get(url: HttpUrl) -> HttpFetch {
    HttpFetch {
        method: HttpMethod::Get,
        url,
        headers: Vec::new(),
        body: Body::empty(),
        max_bytes: 1000,
        follow: false,
        named_address: true,
    }
}

fn named(url: &HttpUrl, host: &str) -> HttpUrl {
    let host = HttpHost::Name(HostName::try_from(host).expect(host));
    HttpUrl::new(url.scheme(), host, url.port(), url.target()).expect("a URL")
}

fn fetch(client: &HttpClient, fetch: HttpFetch, within: Duration) -> Result<(serde_json::Value, Vec<u8>), WorldError> {
    let response = pollster::block_on(client.fetch(fetch, Instant::now() + within))?.into_bytes();
    let end = response.iter().position(|byte| *byte == b'\n').expect("a line");
    Ok((serde_json::from_slice(&response[..end]).expect("JSON"), response[end + 1..].to_vec()))
}

/// What comes of asking a server that says this.
fn answer(text: &'static str) -> Result<(serde_json::Value, Vec<u8>), WorldError> {
    let server = Server::saying(text);
    fetch(&HttpClient::new(HttpConfig::default()), get(server.url()), LATE)
}

/// What comes of asking a server that says this again and again.
fn flood(
    first: &'static str,
    again: &'static str,
    within: Duration,
) -> Result<(serde_json::Value, Vec<u8>), WorldError> {
    let server = Server::at((Ipv4Addr::LOCALHOST, 0), move |_, stream| {
        stream.write_all(first.as_bytes())?;
        loop {
            stream.write_all(again.as_bytes())?;
        }
    });
    fetch(&HttpClient::new(HttpConfig::default()), get(server.url()), within)
}

#[test]
fn a_request_is_sent_as_it_was_judged_and_the_answer_is_given_as_it_is() {
    let server = Server::saying("HTTP/1.1 200 OK\r\ncontent-length: 3\r\nx-a: 1\r\nX-A: \u{fc}\r\n\r\na\0b");
    let post = HttpFetch {
        method: HttpMethod::Post,
        headers: vec![("x-key".to_owned(), "v".to_owned())],
        body: Body::of(b"the body".to_vec()),
        ..get(server.url())
    };
    let (head, body) = fetch(&HttpClient::new(HttpConfig::default()), post, LATE).expect("done");
    assert_eq!(body, b"a\0b");
    assert_eq!((head["status"].as_u64(), head["url"].as_str()), (Some(200), Some(server.url().to_string().as_str())));
    // Each byte of a header is a character: the two of `ü` in UTF-8.
    let headers = serde_json::json!([["content-length", "3"], ["x-a", "1"], ["x-a", "\u{c3}\u{bc}"]]);
    assert_eq!(head["headers"], headers);
    let seen = server.seen().remove(0);
    assert!(seen.starts_with("POST /a?b=c HTTP/1.1\r\n") && seen.ends_with("\r\n\r\nthe body"), "{seen}");
    for line in [format!("host: {}", server.address), "x-key: v".to_owned(), "content-length: 8".to_owned()] {
        assert!(seen.contains(&format!("\r\n{line}\r\n")), "{seen}");
    }
    for absent in ["accept-encoding", "cookie", "referer", "connection"] {
        assert!(!seen.contains(absent), "{seen}");
    }
}

#[test]
fn g1_g3_an_address_in_the_url_is_judged_before_it_is_dialled() {
    let server = Server::saying("HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n");
    let client = HttpClient::new(HttpConfig::default());
    for (host, why) in [
        ("127.0.0.1", Reserved::Loopback),
        ("::ffff:127.0.0.1", Reserved::Loopback),
        ("0.0.0.0", Reserved::Unspecified),
        ("169.254.169.254", Reserved::LinkLocal),
        ("fd00:ec2::254", Reserved::Private),
        ("10.0.0.1", Reserved::Private),
    ] {
        let url = HttpUrl::new(HttpScheme::Http, HttpHost::Address(address(host)), server.address.port(), "/");
        let refused = fetch(&client, HttpFetch { named_address: false, ..get(url.expect(host)) }, LATE);
        assert!(matches!(refused, Err(WorldError::Address(reserved)) if reserved == why), "{host}: {refused:?}");
    }
    assert!(server.seen().is_empty());
    assert!(fetch(&client, get(server.url()), LATE).is_ok(), "the operator has named it");
    assert_eq!(server.seen().len(), 1);
}

#[test]
fn g5_a_name_with_one_address_that_may_not_be_dialled_is_not_dialled_at_all() {
    let server = Server::at((Ipv4Addr::new(127, 0, 0, 2), 0), |_, stream| {
        stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n")
    });
    for (list, why) in [
        (&["127.0.0.1"][..], Reserved::Loopback),
        (&["127.0.0.2", "127.0.0.1"], Reserved::Loopback),
        (&["127.0.0.2", "10.0.0.1"], Reserved::Private),
        (&["::ffff:169.254.169.254", "127.0.0.2"], Reserved::LinkLocal),
    ] {
        // Naming an address is about the address: it opens nothing for a name.
        let refused = fetch(&client_of(&[list]).0, get(named(&server.url(), "api.example.com")), LATE);
        assert!(matches!(refused, Err(WorldError::Address(reserved)) if reserved == why), "{list:?}: {refused:?}");
    }
    let unknown = fetch(&client_of(&[&[]]).0, get(named(&server.url(), "api.example.com")), LATE);
    assert!(matches!(unknown, Err(WorldError::Failed(Failure::HttpResolve))), "{unknown:?}");
    assert!(server.seen().is_empty());
}

#[test]
fn g6_a_name_is_resolved_once_and_the_connection_goes_there() {
    let ok = |_, stream: &mut TcpStream| stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n");
    let public = Server::at((Ipv4Addr::new(127, 0, 0, 2), 0), ok);
    let private = Server::at((Ipv4Addr::LOCALHOST, public.address.port()), ok);
    let (client, table) = client_of(&[&["127.0.0.2"], &["127.0.0.1"]]);
    let url = named(&public.url(), "rebinding.example.com");
    assert!(fetch(&client, get(url.clone()), LATE).is_ok());
    assert_eq!((table.asked.load(Ordering::SeqCst), public.seen().len()), (1, 1));
    assert!(public.seen()[0].contains("host: rebinding.example.com:"), "{:?}", public.seen());
    // The second request asks anew, since no connection is kept, and is judged anew.
    assert!(matches!(fetch(&client, get(url), LATE), Err(WorldError::Address(Reserved::Loopback))));
    assert!(private.seen().is_empty());
}

#[test]
fn g10_headers_without_number_or_end_are_an_error() {
    let many: &'static str =
        Box::leak(format!("HTTP/1.1 200 OK\r\n{}\r\n", "a: b\r\n".repeat(100_000)).into_boxed_str());
    let long: &'static str =
        Box::leak(format!("HTTP/1.1 200 OK\r\na: {}\r\n\r\n", "b".repeat(70_000)).into_boxed_str());
    let some = |count| -> &'static str {
        let headers = "a: b\r\n".repeat(count);
        Box::leak(format!("HTTP/1.1 200 OK\r\n{headers}content-length: 0\r\n\r\n").into_boxed_str())
    };
    assert!(answer(some(127)).is_ok());
    assert!(matches!(answer(some(128)), Err(WorldError::Failed(Failure::HttpProtocol))));
    assert!(matches!(answer(many), Err(WorldError::Failed(Failure::HttpProtocol))));
    assert!(matches!(answer(long), Err(WorldError::Failed(Failure::HttpHeaders { .. }))));
    for (first, again) in [("HTTP/1.1 200 OK\r\n", "a: b\r\n"), ("HTTP/1.1 200 OK\r\na: ", "bbbbbbbb")] {
        let flooded = flood(first, again, LATE);
        assert!(matches!(flooded, Err(WorldError::Failed(Failure::HttpProtocol))), "{flooded:?}");
    }
}

#[test]
fn g11_a_body_is_no_longer_than_it_may_be_and_no_shorter_than_it_should() {
    let exactly: &'static str =
        Box::leak(format!("HTTP/1.1 200 OK\r\ncontent-length: 1000\r\n\r\n{}", "a".repeat(1000)).into_boxed_str());
    assert_eq!(answer(exactly).expect("done").1.len(), 1000);
    for first in ["HTTP/1.1 200 OK\r\n\r\n", "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n"] {
        let again = if first.contains("chunked") { "4\r\naaaa\r\n" } else { "aaaa" };
        let flooded = flood(first, again, LATE);
        assert!(matches!(flooded, Err(WorldError::Failed(Failure::HttpBody { max: 1000 }))), "{flooded:?}");
    }
    let said = answer("HTTP/1.1 200 OK\r\ncontent-length: 1000000000000000000\r\n\r\na");
    assert!(matches!(said, Err(WorldError::Failed(Failure::HttpBody { max: 1000 }))), "{said:?}");
    for text in [
        "HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nabc",
        "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nFFFFFFFFFFFFFFFF\r\nabc",
        "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n3\r\nabc\r\n",
        "HTTP/1.1 200 OK\r\ncontent-length: 3\r\ncontent-length: 4\r\n\r\nabcd",
        "HTTP/1.1 200",
        "",
        "SSH-2.0-x\r\n",
    ] {
        let short = answer(text);
        assert!(matches!(short, Err(WorldError::Failed(Failure::HttpProtocol))), "{text:?}: {short:?}");
    }
}

#[test]
fn g11_g13_what_trickles_or_never_begins_ends_at_the_deadline() {
    let trickle = |first: &'static str, again: &'static str| {
        let (release, held) = std::sync::mpsc::channel::<()>();
        let held = Mutex::new(held);
        let server = Server::at((Ipv4Addr::LOCALHOST, 0), move |_, stream| {
            stream.write_all(first.as_bytes())?;
            let held = held.lock().expect("not poisoned");
            while held.recv_timeout(Duration::from_millis(20)) == Err(std::sync::mpsc::RecvTimeoutError::Timeout) {
                stream.write_all(again.as_bytes())?;
            }
            Ok(())
        });
        let ended = fetch(&HttpClient::new(HttpConfig::default()), get(server.url()), SOON);
        drop(release);
        ended
    };
    for (first, again) in [
        ("", ""),
        ("HTTP/1.1 200 OK\r\n", "a"),
        ("HTTP/1.1 200 OK\r\n\r\n", "a"),
        ("", "HTTP/1.1 100 Continue\r\n\r\n"),
    ] {
        let begun = Instant::now();
        let ended = trickle(first, again);
        assert!(begun.elapsed() < SOON + Duration::from_secs(4), "{first:?}");
        assert!(matches!(ended, Err(WorldError::Limit(LimitKind::Time))), "{first:?}: {ended:?}");
    }
    let flooded = flood("", "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\n\r\n", SOON);
    assert!(matches!(flooded, Err(WorldError::Limit(LimitKind::Time))), "{flooded:?}");
}

#[test]
fn g12_nothing_is_unpacked() {
    let (head, body) =
        answer("HTTP/1.1 200 OK\r\ncontent-encoding: gzip\r\ncontent-length: 4\r\n\r\n\u{1f}xyz").expect("done");
    assert_eq!((head["headers"][0][1].as_str(), body.as_slice()), (Some("gzip"), &b"\x1fxyz"[..]));
}

#[test]
fn g7_the_library_follows_nothing_and_a_body_that_sends_on_is_not_read() {
    let server = Server::saying("HTTP/1.1 302 Found\r\nlocation: /b\r\ncontent-length: 9000000\r\n\r\n");
    let client = HttpClient::new(HttpConfig::default());
    let (head, body) = fetch(&client, HttpFetch { follow: true, ..get(server.url()) }, LATE).expect("done");
    assert_eq!((head["status"].as_u64(), body.len(), server.seen().len()), (Some(302), 0, 1));
}

#[test]
fn g17_this_process_is_not_reached_even_by_a_named_address() {
    let server = Server::saying("HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n");
    let port = server.address.port();
    for own in [server.address, SocketAddr::from(([0, 0, 0, 0], port)), SocketAddr::from(([0; 16], port))] {
        let client = HttpClient::new(HttpConfig::default().own(own));
        let refused = fetch(&client, get(server.url()), LATE);
        assert!(matches!(refused, Err(WorldError::Address(Reserved::Loopback))), "{own}: {refused:?}");
    }
    let own = SocketAddr::from(([127, 0, 0, 2], port));
    let client = HttpClient::new(HttpConfig { judge: |_| None, ..HttpConfig::default().own(own) });
    assert!(fetch(&client, get(server.url()), LATE).is_ok(), "another address is another's");
    let names = Arc::new(Table { lists: vec![vec![address("127.0.0.2")]], asked: AtomicUsize::new(0) });
    let config = HttpConfig { judge: only_two, ..HttpConfig::default().names(names).own(own) };
    let refused = fetch(&HttpClient::new(config), get(named(&server.url(), "me.example.com")), LATE);
    assert!(matches!(refused, Err(WorldError::Address(Reserved::Loopback))), "{refused:?}");
}

#[test]
fn a_server_that_speaks_no_tls_gets_no_request() {
    let server = Server::saying("HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n");
    let url = HttpUrl::new(HttpScheme::Https, HttpHost::Address(server.address.ip()), server.address.port(), "/secret");
    let client = HttpClient::new(HttpConfig::default().roots(Vec::new()));
    // The server reads until a line ends that none of TLS's does: it is the client that gives up.
    let refused = fetch(&client, get(url.expect("a URL")), SOON);
    assert!(refused.is_err(), "{refused:?}");
    assert!(server.seen().iter().all(|seen| !seen.contains("secret")), "{:?}", server.seen());
}

#[test]
fn a_closed_port_is_no_server() {
    let closed = TcpListener::bind("127.0.0.1:0").expect("a port").local_addr().expect("bound");
    let url = HttpUrl::new(HttpScheme::Http, HttpHost::Address(closed.ip()), closed.port(), "/").expect("a URL");
    let refused = fetch(&HttpClient::new(HttpConfig::default()), get(url), LATE);
    assert!(matches!(refused, Err(WorldError::Failed(Failure::HttpConnect))), "{refused:?}");
}

#[test]
fn nothing_is_started_before_the_first_request() {
    let client = HttpClient::new(HttpConfig::default());
    assert!(client.net.lock().expect("not poisoned").is_none());
    let url = HttpUrl::new(HttpScheme::Http, HttpHost::Address(address("10.0.0.1")), 80, "/").expect("a URL");
    let refused = fetch(&client, HttpFetch { named_address: false, ..get(url) }, LATE);
    assert!(refused.is_err() && client.net.lock().expect("not poisoned").is_none());
}

/// What a child process of the next test does.
const PROXIED: &str = "VAK_TEST_PROXIED_URL";

#[test]
fn g14_a_proxy_in_the_environment_is_not_asked() {
    if let Ok(url) = std::env::var(PROXIED) {
        let (host, port) = url.split_once(' ').expect("an address");
        let host = HttpHost::Address(address(host));
        let url = HttpUrl::new(HttpScheme::Http, host, port.parse().expect("a port"), "/direct").expect("a URL");
        assert!(fetch(&HttpClient::new(HttpConfig::default()), get(url), LATE).is_ok());
        return;
    }
    let ok = "HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n";
    let (server, proxy) = (Server::saying(ok), Server::saying(ok));
    let mut child = std::process::Command::new(std::env::current_exe().expect("this test"));
    child.args(["--exact", "world::live::http::tests::g14_a_proxy_in_the_environment_is_not_asked"]);
    for name in ["HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy", "HTTPS_PROXY"] {
        child.env(name, format!("http://{}", proxy.address));
    }
    child.env_remove("NO_PROXY").env_remove("no_proxy").env_remove("REQUEST_METHOD");
    child.env(PROXIED, format!("{} {}", server.address.ip(), server.address.port()));
    let output = child.output().expect("run");
    assert!(output.status.success(), "{output:?}");
    assert_eq!((server.seen().len(), proxy.seen().len()), (1, 0), "{:?}", proxy.seen());
}

const KEY: &str = "s3cret-value";

/// What a server hears, and what a guest gets of its answer, if requests to it carry a secret in `x-key`.
fn carrying(headers: &[(&str, &str)], answer: &'static str) -> (String, Result<String, WorldError>) {
    let server = Server::saying(answer);
    let secret = Secret::new("KEY", &server.address.to_string(), "X-Key", KEY).expect("a secret");
    let client = HttpClient::new(HttpConfig::default().secrets(vec![secret]));
    let headers = headers.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    let got = fetch(&client, HttpFetch { headers, ..get(server.url()) }, LATE);
    let got = got.map(|(head, body)| format!("{head} {}", String::from_utf8_lossy(&body)));
    (server.seen().remove(0), got)
}

#[test]
fn a_secret_is_sent_and_what_echoes_it_does_not_reach_the_guest() {
    let echo = "HTTP/1.1 200 OK\r\nx-echo: a s3cret-value\r\ncontent-length: 25\r\n\r\n<s3cret-value> %73 s3cret";
    let (heard, got) = carrying(&[("x-key", "the guest's"), ("x-other", "kept")], echo);
    assert!(heard.contains("\r\nx-key: s3cret-value\r\n") && heard.contains("x-other: kept"), "{heard}");
    assert!(!heard.contains("the guest's"), "{heard}");
    let got = got.expect("done");
    assert!(
        !got.contains(KEY) && got.contains("a [secret KEY]") && got.ends_with("<[secret KEY]> %73 s3cret"),
        "{got}"
    );
}

#[test]
fn an_answer_that_could_hide_a_secret_is_not_asked_for_and_not_given() {
    let ok = "HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n";
    let (heard, got) = carrying(&[("accept-encoding", "gzip"), ("range", "bytes=0-3"), ("if-range", "x")], ok);
    assert!(got.is_ok() && !heard.contains("gzip") && !heard.contains("range"), "{heard}");
    let (_, got) = carrying(&[], "HTTP/1.1 200 OK\r\ncontent-encoding: gzip\r\ncontent-length: 1\r\n\r\nx");
    assert!(matches!(got, Err(WorldError::Failed(Failure::HttpEncoding))), "{got:?}");
    let (_, got) = carrying(&[], "HTTP/1.1 200 OK\r\ncontent-encoding: identity\r\ncontent-length: 1\r\n\r\nx");
    assert!(got.is_ok());
}

#[test]
fn a_secret_stays_with_its_port() {
    let (server, other) = (Server::saying("HTTP/1.1 204 No Content\r\n\r\n"), "127.0.0.1:1");
    let secret = Secret::new("KEY", other, "x-key", KEY).expect("a secret");
    let client = HttpClient::new(HttpConfig::default().secrets(vec![secret]));
    assert!(fetch(&client, get(server.url()), LATE).is_ok());
    assert!(!server.seen()[0].contains("x-key"));
}
