//! What sends requests: a library that decides nothing by itself. It follows no redirect, asks no proxy, keeps no cookie,
//! unpacks nothing, tries nothing twice.

use std::net::IpAddr;
use std::sync::Arc;

use reqwest::header::{HeaderMap, HeaderName, HeaderValue};
use reqwest::redirect::Policy;
use reqwest::{Client, Method, RequestBuilder, Response as Answer};
use rustls::pki_types::CertificateDer;
use rustls::{ClientConfig, RootCertStore};
use rustls_platform_verifier::BuilderVerifierExt as _;
use serde::Serialize;
use tokio::sync::OnceCell;
use vak_model::{HttpMethod, HttpScheme};

use super::error::classify;
use super::names::{Judge, Judged, Names};
use super::secret::{Carried, Secret};
use crate::failure::Failure;
use crate::world::{HttpFetch, Response, Sent, WorldError};

/// How many headers an answer has at most.
const MAX_HEADERS: usize = 128;

/// How long all headers of an answer are together at most, in bytes. The library reads no more than 408 KiB of them.
const MAX_HEADER_BYTES: usize = 64 << 10;

/// What servers are told of who asks, if the guest does not say.
const USER_AGENT: &str = concat!("vak/", env!("CARGO_PKG_VERSION"));

/// The clients, made when they are first needed: certificates are read for TLS alone.
pub(super) struct Clients {
    judged: Arc<Judged>,
    roots: Option<Vec<Vec<u8>>>,
    plain: OnceCell<Client>,
    tls: OnceCell<Client>,
}

#[derive(Serialize)]
struct Head<'a> {
    status: u16,
    url: String,
    headers: Vec<(&'a str, String)>,
}

impl Clients {
    pub(super) fn new(names: Arc<dyn Names>, judge: Judge, roots: Option<Vec<Vec<u8>>>) -> Self {
        let judged = Arc::new(Judged { names, judge });
        Self { judged, roots, plain: OnceCell::new(), tls: OnceCell::new() }
    }

    pub(super) async fn send(&self, mut fetch: HttpFetch, secrets: &[Secret]) -> Result<Response, WorldError> {
        let carried = Carried::of(secrets, &mut fetch);
        let client = self.client(fetch.url.scheme()).await?;
        let answer = request(client, &fetch, &carried)?.send().await.map_err(|error| classify(&error))?;
        let mut response = head(&fetch, &answer, &carried)?;
        let mut body = receive(answer, &fetch).await?;
        carried.redact(&mut body);
        response.append(&mut body);
        Ok(Response::bytes(response))
    }

    async fn client(&self, scheme: HttpScheme) -> Result<&Client, WorldError> {
        match scheme {
            HttpScheme::Http => self.plain.get_or_try_init(|| async { self.build(&Trusted::Nobody) }).await,
            HttpScheme::Https => self.tls.get_or_try_init(|| self.build_tls()).await,
        }
    }

    /// Reading the system's certificates takes a while, in which other requests go on.
    async fn build_tls(&self) -> Result<Client, WorldError> {
        let config = match &self.roots {
            Some(roots) => tls(&Trusted::These(roots)),
            None => match tokio::task::spawn_blocking(|| tls(&Trusted::System)).await {
                Ok(config) => config,
                Err(_) => return Err(WorldError::Broken("the certificates of this machine can't be read".to_owned())),
            },
        };
        self.of_config(config?, HttpScheme::Https)
    }

    fn build(&self, trusted: &Trusted<'_>) -> Result<Client, WorldError> {
        self.of_config(tls(trusted)?, HttpScheme::Http)
    }

    fn of_config(&self, config: ClientConfig, scheme: HttpScheme) -> Result<Client, WorldError> {
        let client = Client::builder()
            .tls_backend_preconfigured(config)
            .https_only(scheme == HttpScheme::Https)
            .dns_resolver(Arc::clone(&self.judged))
            .no_proxy()
            .redirect(Policy::none())
            .retry(reqwest::retry::never())
            .referer(false)
            .http1_only()
            .http1_max_headers(MAX_HEADERS)
            // A connection serves one request: nothing that a server leaves in it meets another skill.
            .pool_max_idle_per_host(0)
            .user_agent(USER_AGENT);
        client.build().map_err(|error| WorldError::Broken(format!("no client for requests: {error}")))
    }
}

/// Who vouches for servers.
enum Trusted<'a> {
    /// Nobody: there is no TLS.
    Nobody,
    /// These certificates.
    These(&'a [Vec<u8>]),
    /// Those of the system.
    System,
}

fn tls(trusted: &Trusted<'_>) -> Result<ClientConfig, WorldError> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let builder = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions();
    let builder = builder.map_err(|_| Failure::HttpTls)?;
    let roots = |certificates: &[Vec<u8>]| {
        let mut roots = RootCertStore::empty();
        roots.add_parsable_certificates(certificates.iter().map(|der| CertificateDer::from(der.clone())));
        roots
    };
    let builder = match trusted {
        Trusted::Nobody => builder.with_root_certificates(roots(&[])),
        Trusted::These(certificates) => builder.with_root_certificates(roots(certificates)),
        Trusted::System => builder.with_platform_verifier().map_err(|_| Failure::HttpTls)?,
    };
    Ok(builder.with_no_client_auth())
}

/// The request. Its URL is parsed again, by the parser that made it, and must lead to the same place.
fn request(client: &Client, fetch: &HttpFetch, carried: &Carried<'_>) -> Result<RequestBuilder, WorldError> {
    let broken = |what: &str| WorldError::Broken(format!("{what} that was judged is not what would be sent"));
    let text = fetch.url.to_string();
    let url = reqwest::Url::parse(&text).map_err(|_| broken("the URL"))?;
    let literal = matches!(fetch.url.host(), vak_model::HttpHost::Address(_));
    let host = url.host_str().unwrap_or_default();
    let is_literal = host.trim_matches(['[', ']']).parse::<IpAddr>().is_ok();
    if url.as_str() != text || literal != is_literal {
        return Err(broken("the URL"));
    }
    let mut headers = HeaderMap::with_capacity(fetch.headers.len());
    for (name, value) in &fetch.headers {
        let name = HeaderName::from_bytes(name.as_bytes()).map_err(|_| broken("a header"))?;
        headers.append(name, HeaderValue::from_str(value).map_err(|_| broken("a header"))?);
    }
    carried.add(&mut headers);
    let request = client.request(method(fetch.method), url).headers(headers);
    let body = fetch.body.as_slice();
    Ok(if body.is_empty() { request } else { request.body(body.to_vec()) })
}

const fn method(method: HttpMethod) -> Method {
    match method {
        HttpMethod::Get => Method::GET,
        HttpMethod::Head => Method::HEAD,
        HttpMethod::Post => Method::POST,
        HttpMethod::Put => Method::PUT,
        HttpMethod::Patch => Method::PATCH,
        HttpMethod::Delete => Method::DELETE,
        HttpMethod::Options => Method::OPTIONS,
    }
}

/// The line before the body.
fn head(fetch: &HttpFetch, answer: &Answer, carried: &Carried<'_>) -> Result<Vec<u8>, WorldError> {
    let bytes: usize = answer.headers().iter().map(|(name, value)| name.as_str().len() + value.len()).sum();
    if bytes > MAX_HEADER_BYTES {
        return Err(Failure::HttpHeaders { max: MAX_HEADER_BYTES }.into());
    }
    if !carried.can_look_through(answer.headers()) {
        return Err(Failure::HttpEncoding.into());
    }
    // A header's bytes are no text; each becomes the character of its number, so that none is lost.
    let text = |value: &HeaderValue| {
        let mut bytes = value.as_bytes().to_vec();
        carried.redact(&mut bytes);
        bytes.into_iter().map(char::from).collect()
    };
    let headers = answer.headers().iter().map(|(name, value)| (name.as_str(), text(value))).collect();
    let head = Head { status: answer.status().as_u16(), url: fetch.url.to_string(), headers };
    let mut line = Response::json(&head).into_bytes();
    line.push(b'\n');
    Ok(line)
}

/// The body, no longer than it may be.
async fn receive(mut answer: Answer, fetch: &HttpFetch) -> Result<Vec<u8>, WorldError> {
    let sent_on = fetch.follow && Sent::on(answer.status().as_u16()).is_some();
    if sent_on && answer.headers().contains_key("location") {
        return Ok(Vec::new());
    }
    let too_large = || WorldError::from(Failure::HttpBody { max: fetch.max_bytes });
    // What the server says of the length may refuse a body, and is believed in nothing else.
    let said = if fetch.method == HttpMethod::Head { None } else { answer.content_length() };
    if said.is_some_and(|length| length > fetch.max_bytes as u64) {
        return Err(too_large());
    }
    let mut bytes = Vec::new();
    while let Some(chunk) = answer.chunk().await.map_err(|error| classify(&error))? {
        if chunk.len() > fetch.max_bytes - bytes.len() {
            return Err(too_large());
        }
        bytes.extend_from_slice(&chunk);
    }
    Ok(bytes)
}
