//! HTTP as it is: one thread for all requests of a client, which dials none but judged addresses.

mod client;
mod error;
mod names;
mod secret;
mod thread;

use std::fmt;
use std::net::{IpAddr, SocketAddr};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use vak_model::HttpHost;
use vak_policy::Reserved;

use self::client::Clients;
use self::names::{Judge, is_here};
pub use self::names::{Names, SystemNames};
pub use self::secret::{InvalidSecret, Secret};
use self::thread::Net;
use crate::world::{HttpFetch, Response, WorldError};

/// How HTTP requests of skills are made.
#[derive(Clone)]
pub struct HttpConfig {
    names: Arc<dyn Names>,
    /// DER of the certificates that vouch for servers; none for those of the system.
    roots: Option<Vec<Vec<u8>>>,
    /// Where this process listens.
    own: Vec<SocketAddr>,
    secrets: Arc<Vec<Secret>>,
    judge: fn(IpAddr) -> Option<Reserved>,
}

impl Default for HttpConfig {
    fn default() -> Self {
        Self {
            names: Arc::new(SystemNames),
            roots: None,
            own: Vec::new(),
            secrets: Arc::default(),
            judge: vak_policy::reserved,
        }
    }
}

impl fmt::Debug for HttpConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HttpConfig").finish_non_exhaustive()
    }
}

impl HttpConfig {
    /// Who knows the addresses of hosts. Default: the system.
    #[must_use]
    pub fn names(mut self, names: Arc<dyn Names>) -> Self {
        self.names = names;
        self
    }

    /// Certificates, in DER, that alone vouch for servers. Default: those of the system.
    #[must_use]
    pub fn roots(mut self, roots: Vec<Vec<u8>>) -> Self {
        self.roots = Some(roots);
        self
    }

    /// What requests carry that no skill may know. Default: nothing.
    #[must_use]
    pub fn secrets(mut self, secrets: Vec<Secret>) -> Self {
        self.secrets = Arc::new(secrets);
        self
    }

    /// An address at which this process itself listens: no skill is connected to it, whatever the operator has named. With
    /// an unspecified address it is the port, at all addresses of this machine. Default: none.
    #[must_use]
    pub fn own(mut self, address: SocketAddr) -> Self {
        self.own.push(address);
        self
    }
}

/// What makes HTTP requests for skills. Nothing is started before the first; it ends when the client is dropped. A client
/// serves any number of calls at once. Its connections serve one request each, so that no skill meets another's.
pub struct HttpClient {
    config: HttpConfig,
    clients: Arc<Clients>,
    net: Mutex<Option<Arc<Net>>>,
}

impl fmt::Debug for HttpClient {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HttpClient").finish_non_exhaustive()
    }
}

impl HttpClient {
    /// A client, which is not started yet.
    #[must_use]
    pub fn new(config: HttpConfig) -> Self {
        let judge = Judge { judge: config.judge, own: config.own.clone() };
        let clients = Arc::new(Clients::new(Arc::clone(&config.names), judge, config.roots.clone()));
        Self { config, clients, net: Mutex::new(None) }
    }

    /// Makes one request. If this is dropped, the connection is closed.
    pub(super) async fn fetch(&self, fetch: HttpFetch, deadline: Instant) -> Result<Response, WorldError> {
        self.judge(&fetch)?;
        let net = self.net()?;
        let (clients, secrets) = (Arc::clone(&self.clients), Arc::clone(&self.config.secrets));
        net.run(deadline, async move { clients.send(fetch, &secrets).await }).await
    }

    /// Takes the secrets out of what was read from an answer: with its escapes resolved it could hold them all the same.
    pub(super) fn redact(&self, text: String) -> String {
        let mut bytes = text.into_bytes();
        self.config.secrets.iter().for_each(|secret| secret.redact(&mut bytes));
        // What is put in is ASCII, in the place of ASCII.
        String::from_utf8(bytes).unwrap_or_default()
    }

    /// Judges an address that the URL itself has: nothing resolves it, so that no resolver could.
    fn judge(&self, fetch: &HttpFetch) -> Result<(), WorldError> {
        let HttpHost::Address(address) = *fetch.url.host() else { return Ok(()) };
        let port = fetch.url.port();
        if self.config.own.iter().any(|own| own.port() == port && is_here(*own, address)) {
            return Err(WorldError::Address(Reserved::Loopback));
        }
        match (self.config.judge)(address) {
            Some(reserved) if !fetch.named_address => Err(WorldError::Address(reserved)),
            _ => Ok(()),
        }
    }

    fn net(&self) -> Result<Arc<Net>, WorldError> {
        let mut net = self.net.lock().unwrap_or_else(PoisonError::into_inner);
        match &*net {
            Some(net) => Ok(Arc::clone(net)),
            None => Ok(Arc::clone(net.insert(Arc::new(Net::start()?)))),
        }
    }
}

#[cfg(test)]
pub(super) mod tests;
