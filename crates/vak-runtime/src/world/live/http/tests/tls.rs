//! Servers that speak TLS: only one that the roots vouch for, by the name that was asked for, hears a request.

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpListener};
use std::sync::{Arc, Mutex};
use std::thread;

use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{ServerConfig, ServerConnection, Stream};

use super::*;

/// A root, for these tests alone.
const ROOT: &str = "\
    3082018030820125a003020102021436c6239798a3d2e62a7ca290fefc1d6eb0274f27300a06082a8648ce3d040302301431123010060355\
    04030c097465737420726f6f743020170d3236313132313231333130375a180f32313236313032383231333130375a301431123010060355\
    04030c097465737420726f6f743059301306072a8648ce3d020106082a8648ce3d030107034200046ad960cd911267bdd56fa6bc96f8e853\
    7195833d47f198e3475000fea9f779b7dcb956dd659c63bb68caa20de6ec40b0036d940f59c43ceb3daf52d594d7f287a3533051301d0603\
    551d0e0416041472a84bf83be05adec1aac8fcc427250232c6a400301f0603551d2304183016801472a84bf83be05adec1aac8fcc4272502\
    32c6a400300f0603551d130101ff040530030101ff300a06082a8648ce3d0403020349003046022100e18f6f35893f1c6dcc786da280244a\
    ae9d26fa419794a512398bb4cdbe4a3b4d0221008d5e5ca4cbb13fb653dc6fcb866068dcaa22a4ff65842f88428370f16b19d297";

/// What it says of a server at 127.0.0.1 and `api.example.com`.
const SERVER: &str = "\
    308201ad30820153a003020102021463e86b0aae079549e6ac04071b6e1db5b65d0361300a06082a8648ce3d040302301431123010060355\
    04030c097465737420726f6f743020170d3236313132313231333130375a180f32313236313032383231333130375a300f310d300b060355\
    04030c04746573743059301306072a8648ce3d020106082a8648ce3d030107034200048781dfbbd337f98616aba438a4a20328fc6e38aa40\
    dac0fb4aa0e72a1103e3ff099088adad679099ffb34c88c9a6d1a0e50ff54de8b7583066da410135155df5a3818530818230200603551d11\
    0419301787047f000001820f6170692e6578616d706c652e636f6d30090603551d130402300030130603551d25040c300a06082b06010505\
    070301301d0603551d0e0416041476268a0fa6eadc8c609b0efd2de5dd64a2c4a050301f0603551d2304183016801472a84bf83be05adec1\
    aac8fcc427250232c6a400300a06082a8648ce3d0403020348003045022100bb1db5d6c73435e72133897a2bd9b67c549e7532a0c85964df\
    e749bcf41d5a3c02207cdc9d20f3fda58cc591e04b64eb21b872a777e6eb664e6f397b8b3b5c2b4091";

/// The server's key, which is no secret.
const KEY_OF_SERVER: &str = "\
    308187020100301306072a8648ce3d020106082a8648ce3d030107046d306b0201010420a4350234a99c4e7ffc9cd2a454284a19c643603d\
    8603b95b61d1c65082d0151ea144034200048781dfbbd337f98616aba438a4a20328fc6e38aa40dac0fb4aa0e72a1103e3ff099088adad67\
    9099ffb34c88c9a6d1a0e50ff54de8b7583066da410135155df5";

fn bytes(hex: &str) -> Vec<u8> {
    let digit = |at: usize| hex.get(at..at + 2).and_then(|pair| u8::from_str_radix(pair, 16).ok()).expect("hex");
    (0..hex.len()).step_by(2).map(digit).collect()
}

/// A server that answers one request after the other, and what it heard.
fn server() -> (SocketAddr, Arc<Mutex<Vec<String>>>) {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ServerConfig::builder_with_provider(provider).with_safe_default_protocol_versions().expect("versions");
    let key = PrivateKeyDer::try_from(bytes(KEY_OF_SERVER)).expect("a key");
    let config = config.with_no_client_auth().with_single_cert(vec![CertificateDer::from(bytes(SERVER))], key);
    let (config, listener) = (Arc::new(config.expect("a server")), TcpListener::bind("127.0.0.1:0").expect("a port"));
    let (address, seen) = (listener.local_addr().expect("bound"), Arc::new(Mutex::new(Vec::new())));
    let heard = Arc::clone(&seen);
    thread::spawn(move || {
        for stream in listener.incoming() {
            let Ok(mut stream) = stream else { return };
            let mut tls = ServerConnection::new(Arc::clone(&config)).expect("a connection");
            let mut tls = Stream::new(&mut tls, &mut stream);
            let (mut head, mut byte) = (Vec::new(), [0]);
            while !head.ends_with(b"\r\n\r\n") && tls.read_exact(&mut byte).is_ok() {
                head.push(byte[0]);
            }
            if !head.is_empty() {
                heard.lock().expect("not poisoned").push(String::from_utf8_lossy(&head).into_owned());
                let _ = tls.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n");
            }
        }
    });
    (address, seen)
}

fn https(host: HttpHost, port: u16) -> HttpUrl {
    HttpUrl::new(HttpScheme::Https, host, port, "/").expect("a URL")
}

#[test]
fn a_server_that_nobody_vouches_for_hears_no_request() {
    let (address, seen) = server();
    let host = || HttpHost::Address(address.ip());
    for (roots, why) in [(Some(Vec::new()), "no roots"), (Some(vec![bytes(SERVER)]), "no root"), (None, "the system's")]
    {
        let config = match roots {
            Some(roots) => HttpConfig::default().roots(roots),
            None => HttpConfig::default(),
        };
        let refused = fetch(&HttpClient::new(config), get(https(host(), address.port())), LATE);
        assert!(matches!(refused, Err(WorldError::Failed(Failure::HttpTls))), "{why}: {refused:?}");
    }
    assert!(seen.lock().expect("not poisoned").is_empty());
    let client = HttpClient::new(HttpConfig::default().roots(vec![bytes(ROOT)]));
    let done = fetch(&client, get(https(host(), address.port())), LATE);
    assert!(done.is_ok(), "{done:?}");
    assert_eq!(seen.lock().expect("not poisoned").len(), 1);
}

#[test]
fn a_server_is_vouched_for_by_the_name_that_was_asked_for() {
    let (address, seen) = server();
    let names: Arc<dyn Names> = Arc::new(Table { lists: vec![vec![address.ip()]], ..Table::default() });
    let config = HttpConfig { judge: |_| None, ..HttpConfig::default().names(names).roots(vec![bytes(ROOT)]) };
    let client = HttpClient::new(config);
    for (name, fits) in [("api.example.com", true), ("other.example.com", false), ("example.com", false)] {
        let host = HttpHost::Name(HostName::try_from(name).expect(name));
        let answer = fetch(&client, get(https(host, address.port())), LATE);
        assert_eq!(answer.is_ok(), fits, "{name}: {answer:?}");
    }
    assert_eq!(seen.lock().expect("not poisoned").len(), 1);
}
