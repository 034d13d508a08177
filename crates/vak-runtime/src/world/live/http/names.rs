//! From names to addresses: each is looked up once for a request, and all that it has are judged.

use std::fmt;
use std::io;
use std::net::{IpAddr, SocketAddr, ToSocketAddrs as _, UdpSocket};
use std::sync::Arc;

use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use vak_policy::Reserved;

/// How many addresses of a name are looked at: a name with more is no host's.
const MAX_ADDRESSES: usize = 64;

/// Who knows the addresses of hosts.
pub trait Names: Send + Sync + 'static {
    /// The addresses of a host. It may block.
    ///
    /// # Errors
    /// The name is not known, or nobody can be asked.
    fn addresses(&self, name: &str) -> io::Result<Vec<IpAddr>>;
}

/// The system's own resolver.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemNames;

impl Names for SystemNames {
    fn addresses(&self, name: &str) -> io::Result<Vec<IpAddr>> {
        // The dot says that the name is whole: no domain of this machine's is put behind it.
        let found = (format!("{name}."), 0).to_socket_addrs()?;
        Ok(found.map(|address| address.ip()).collect())
    }
}

/// Which addresses may be dialled.
#[derive(Clone)]
pub(super) struct Judge {
    pub(super) judge: fn(IpAddr) -> Option<Reserved>,
    /// Where this process listens.
    pub(super) own: Vec<SocketAddr>,
}

impl Judge {
    /// All of a name's addresses, if each may be dialled. A name says nothing about ports: it leads to no machine that this
    /// process listens on.
    fn all(&self, addresses: Vec<IpAddr>) -> Result<Vec<IpAddr>, Refused> {
        if addresses.is_empty() || addresses.len() > MAX_ADDRESSES {
            return Err(Refused::Unknown);
        }
        for address in &addresses {
            if let Some(reserved) = (self.judge)(*address) {
                return Err(Refused::Reserved(reserved));
            }
            if self.own.iter().any(|own| is_here(*own, *address)) {
                return Err(Refused::Reserved(Reserved::Loopback));
            }
        }
        Ok(addresses)
    }
}

/// Whether what listens at `own` is reached by `address`.
pub(super) fn is_here(own: SocketAddr, address: IpAddr) -> bool {
    let address = address.to_canonical();
    // A machine gives out its own addresses, and no others; nothing is sent by asking for one.
    let of_this_machine = || UdpSocket::bind((address, 0)).is_ok();
    own.ip().to_canonical() == address || own.ip().is_unspecified() && of_this_machine()
}

/// Why a name leads nowhere.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Refused {
    Unknown,
    Reserved(Reserved),
}

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unknown => f.write_str("the name has no address"),
            Self::Reserved(reserved) => write!(f, "the name has {}", reserved.reason()),
        }
    }
}

impl std::error::Error for Refused {}

/// The one resolver that connections are made with: what it does not give is not dialled.
pub(super) struct Judged {
    pub(super) names: Arc<dyn Names>,
    pub(super) judge: Judge,
}

impl Resolve for Judged {
    fn resolve(&self, name: Name) -> Resolving {
        let (names, judge, name) = (Arc::clone(&self.names), self.judge.clone(), name.as_str().to_owned());
        Box::pin(async move {
            let found = tokio::task::spawn_blocking(move || names.addresses(&name)).await?;
            let addresses = judge.all(found.map_err(|_| Refused::Unknown)?)?;
            // The port is the URL's.
            let addresses: Addrs = Box::new(addresses.into_iter().map(|address| SocketAddr::new(address, 0)));
            Ok::<_, Box<dyn std::error::Error + Send + Sync>>(addresses)
        })
    }
}
