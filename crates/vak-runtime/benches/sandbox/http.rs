//! HTTP requests of a guest, beside the same requests by the library alone; and what a call costs while others wait for
//! servers.

use std::cell::LazyCell;
use std::future::Future;
use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpListener};
use std::pin::Pin;
use std::sync::{Arc, mpsc};
use std::task::{Context, Poll, Waker};
use std::thread;
use std::time::Duration;

use criterion::{Criterion, Throughput};
use reqwest::Client;
use rustls::{ClientConfig, RootCertStore};
use tokio::runtime::Builder;
use vak_runtime::{Allowance, Host, HttpClient, HttpConfig, LiveConfig, Operator, PreparedSkill, Runtime};

use crate::guests::{INPUT, granted, pooled, prepared};
use crate::host_call::{guest, run};

/// Requests of one measurement.
const REQUESTS: u64 = 50;

const YAML: &str = "{ name: bench, version: \"1.0.0\", description: Calls, module: bench.wasm,
    capabilities: [{ net.http: [\"http://*/*\"] }], exports: [{ name: execute }],
    limits: { max_fuel: 900000000000, max_execution_time_ms: 600000, max_memory_pages: 1024 } }";

/// A server that answers every connection once.
fn server() -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = listener.local_addr().expect("bound");
    thread::spawn(move || {
        let mut head = [0; 4096];
        for stream in listener.incoming() {
            let mut stream = stream.expect("a connection");
            // A request as short as these comes in one piece.
            let _ = stream.read(&mut head);
            let _ = stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nhello");
        }
    });
    address
}

/// A server that answers nobody, and says each time that somebody is connected.
fn silent_server() -> (SocketAddr, mpsc::Receiver<()>) {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = listener.local_addr().expect("bound");
    let (connected, seen) = mpsc::channel();
    thread::spawn(move || {
        let mut streams = Vec::new();
        for stream in listener.incoming() {
            streams.push(stream.expect("a connection"));
            let _ = connected.send(());
        }
    });
    (address, seen)
}

/// A skill that asks a server so often.
fn asking(runtime: &Runtime, address: SocketAddr, times: u64) -> PreparedSkill {
    let request = format!("{{\"url\":\"http://{address}/\"}}");
    let step =
        format!("(drop (call $f (i32.const 64) (i32.const {}) (i32.const 4096) (i32.const 1024)))", request.len());
    let operator = Operator::nothing().allow(Allowance::Net(address.to_string().parse().expect("an address")));
    granted(runtime, &guest("http_fetch", times, &step, &request), YAML, &operator)
}

fn host(client: &Arc<HttpClient>) -> Host {
    Host::new(Box::new(LiveConfig::new().http(Arc::clone(client)).build()))
}

/// The library as VAK uses it: a connection for each request, and none but these.
fn library() -> Client {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions().expect("versions");
    let config = config.with_root_certificates(RootCertStore::empty()).with_no_client_auth();
    let client = Client::builder().tls_backend_preconfigured(config).no_proxy().http1_only().pool_max_idle_per_host(0);
    client.build().expect("a client")
}

pub(crate) fn fetch(c: &mut Criterion) {
    let mut group = c.benchmark_group("sandbox/http_fetch");
    group.throughput(Throughput::Elements(REQUESTS));
    let address = server();
    let floor = LazyCell::new(|| (Builder::new_current_thread().enable_all().build().expect("a runtime"), library()));
    group.bench_function("floor", |b| {
        let (runtime, client) = &*floor;
        let url = format!("http://{address}/");
        b.iter(|| {
            runtime.block_on(async {
                for _ in 0..REQUESTS {
                    let answer = client.get(&url).send().await.expect("an answer");
                    assert_eq!(answer.bytes().await.expect("a body"), b"hello".as_slice());
                }
            });
        });
    });
    let vak = LazyCell::new(|| {
        let client = Arc::new(HttpClient::new(HttpConfig::default()));
        (asking(&pooled(1), address, REQUESTS), client)
    });
    group.bench_function("vak", |b| {
        let (skill, client) = &*vak;
        b.iter(|| run(skill, host(client)));
    });
    group.finish();
}

/// Calls that wait for a server that never answers.
pub(crate) struct Waiting {
    skill: PreparedSkill,
    client: Arc<HttpClient>,
    connected: mpsc::Receiver<()>,
}

/// How long a connection of this machine takes at most.
const PATIENCE: Duration = Duration::from_millis(50);

/// A call that is under way.
pub(crate) type Call<'a> = Pin<Box<dyn Future<Output = ()> + 'a>>;

impl Waiting {
    /// Room for so many.
    pub(crate) fn new(calls: u32) -> Self {
        allow_files();
        let (address, connected) = silent_server();
        let client = Arc::new(HttpClient::new(HttpConfig::default()));
        Self { skill: asking(&pooled(calls), address, 1), client, connected }
    }

    /// So many calls more, each of which is connected by now.
    pub(crate) fn park(&self, calls: u32) -> Vec<Call<'_>> {
        let call =
            || -> Call<'_> { Box::pin(async { drop(self.skill.call_in("execute", b"{}", host(&self.client)).await) }) };
        let mut calls: Vec<_> = (0..calls).map(|_| call()).collect();
        let mut context = Context::from_waker(Waker::noop());
        for call in &mut calls {
            // One after the other, since a server's queue is short; and again where a tick of the engine came between.
            loop {
                assert!(matches!(call.as_mut().poll(&mut context), Poll::Pending), "nobody answers");
                if self.connected.recv_timeout(PATIENCE).is_ok() {
                    break;
                }
            }
        }
        calls
    }
}

/// Lets this process have as many files open as it may.
fn allow_files() {
    use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
    let Rlimit { maximum, .. } = getrlimit(Resource::Nofile);
    setrlimit(Resource::Nofile, Rlimit { current: maximum, maximum }).expect("up to the maximum");
}

/// A call that only computes, with nobody beside it and with a thousand that wait for servers.
pub(crate) fn beside_waiting(c: &mut Criterion) {
    let Some(calculator) = crate::guests::calculator() else { return };
    let skill = LazyCell::new(|| prepared(&pooled(1), &crate::guests::without_schemas(&calculator)));
    let mut group = c.benchmark_group("sandbox/beside_waiting");
    group.bench_function("floor", |b| {
        let skill = &*skill;
        b.iter(|| pollster::block_on(skill.call("execute", INPUT)));
    });
    let waiting = LazyCell::new(|| Waiting::new(1000));
    let calls = LazyCell::new(|| waiting.park(1000));
    group.bench_function("vak", |b| {
        let skill = &*skill;
        assert_eq!(calls.len(), 1000);
        b.iter(|| pollster::block_on(skill.call("execute", INPUT)));
    });
    group.finish();
}
