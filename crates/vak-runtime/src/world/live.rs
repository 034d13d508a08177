//! The world as it is: the operator's folders, the skill's own store, the system's clock and its random numbers.

mod fs;
pub(crate) mod http;
mod kv;
pub(crate) mod quota;
mod random;
pub(crate) mod reason;

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::SystemTime;

use serde::Serialize;
use vak_model::{GuestPath, KvKey};
use vak_policy::Principal;

use self::fs::{Folders, Last};
use self::http::HttpClient;
use self::kv::Store;
use self::random::Random;
use self::reason::Reasoner;
use super::{
    Body, FsRead, FsWrite, HttpFetch, KvList, LogLevel, Reason, Response, World, WorldError, WorldFuture, nothing,
};
use crate::gate::{Attempt, Judge, Permit};

/// Where the lines go that skills write for the operator.
pub trait LogSink: Send {
    /// Takes a line; nothing in it needs escaping any more.
    fn line(&mut self, level: LogLevel, text: &str);
}

/// What a [`LiveWorld`] shows to a skill; nothing of it but clock and random numbers unless it is named here.
#[derive(Default)]
pub struct LiveConfig {
    folders: Folders,
    store: Option<Store>,
    http: Option<Arc<HttpClient>>,
    reason: Option<Arc<Reasoner>>,
    log: Option<Box<dyn LogSink>>,
    random: Random,
}

impl std::fmt::Debug for LiveConfig {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("LiveConfig").finish_non_exhaustive()
    }
}

impl LiveConfig {
    /// An empty world, in which only the clock goes and random numbers are the system's.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Shows the folder at `path` under a name of the guest's. It is opened here and now: what its path means later does
    /// not matter. Default: no folder.
    ///
    /// # Errors
    /// It can't be opened, or is no folder.
    pub fn folder(mut self, name: GuestPath, path: &Path) -> Result<Self, WorldError> {
        self.folders.add(name, path)?;
        Ok(self)
    }

    /// Keeps the skill's store in a file below `dir`, which is made when it is first used. The file's name comes from the
    /// skill's; that of a skill which nobody signed is another one. Default: no store.
    #[must_use]
    pub fn kv(mut self, dir: PathBuf, principal: &Principal) -> Self {
        self.store = Some(Store::new(&dir, principal));
        self
    }

    /// Makes its HTTP requests by a client, which any number of calls share. Default: it makes none.
    #[must_use]
    pub fn http(mut self, client: Arc<HttpClient>) -> Self {
        self.http = Some(client);
        self
    }

    /// Has its conversations completed by a model. All calls that share the reasoner share what it may spend. Default: there
    /// is no model.
    #[must_use]
    pub fn reason(mut self, reasoner: Arc<Reasoner>) -> Self {
        self.reason = Some(reasoner);
        self
    }

    /// Where its lines go. Default: nowhere.
    #[must_use]
    pub fn log(mut self, sink: Box<dyn LogSink>) -> Self {
        self.log = Some(sink);
        self
    }

    /// Draws random numbers from a stream that this begins, the same each time. Default: from the system.
    #[must_use]
    pub fn seed(mut self, seed: u64) -> Self {
        self.random = Random::seeded(seed);
        self
    }

    /// The world, for one call.
    #[must_use]
    pub fn build(self) -> LiveWorld {
        let Self { folders, store, http, reason, log, random } = self;
        LiveWorld { folders: Arc::new(folders), store: store.map(Arc::new), http, reason, log, random }
    }
}

/// The world as it is, for one call: its quotas are those of one run.
pub struct LiveWorld {
    folders: Arc<Folders>,
    store: Option<Arc<Store>>,
    http: Option<Arc<HttpClient>>,
    reason: Option<Arc<Reasoner>>,
    log: Option<Box<dyn LogSink>>,
    random: Random,
}

impl std::fmt::Debug for LiveWorld {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("LiveWorld").finish_non_exhaustive()
    }
}

/// Has a thread do it with the folders.
fn on_folders<'a>(
    folders: &Arc<Folders>,
    permit: Permit,
    act: impl Fn(&Folders, &Judge) -> Result<Response, WorldError> + Send + Clone + 'static,
) -> WorldFuture<'a> {
    let (folders, judge) = (Arc::clone(folders), permit.judge());
    Box::pin(async move { permit.on_a_thread(move || Attempt::Done(act(&folders, &judge))).await })
}

/// Has a thread do it with the store, if there is one.
fn on_store<'a>(
    store: Option<&Arc<Store>>,
    permit: Permit,
    act: impl Fn(&Store) -> Attempt<Response> + Send + Clone + 'static,
) -> WorldFuture<'a> {
    let Some(store) = store else { return nothing() };
    let store = Arc::clone(store);
    Box::pin(async move { permit.on_a_thread(move || act(&store)).await })
}

fn ready<'a>(done: Result<Response, WorldError>) -> WorldFuture<'a> {
    Box::pin(std::future::ready(done))
}

impl World for LiveWorld {
    fn fs_read(&mut self, permit: Permit, request: FsRead) -> WorldFuture<'_> {
        on_folders(&self.folders, permit, move |folders, judge| {
            folders.follow(&request.path, Last::Followed, judge)?;
            folders.read(&request)
        })
    }

    fn fs_list(&mut self, permit: Permit, path: GuestPath) -> WorldFuture<'_> {
        on_folders(&self.folders, permit, move |folders, judge| {
            folders.follow(&path, Last::Followed, judge)?;
            folders.list(&path)
        })
    }

    fn fs_stat(&mut self, permit: Permit, path: GuestPath) -> WorldFuture<'_> {
        on_folders(&self.folders, permit, move |folders, judge| {
            folders.follow(&path, Last::Followed, judge)?;
            folders.stat(&path)
        })
    }

    fn fs_write(&mut self, permit: Permit, request: FsWrite) -> WorldFuture<'_> {
        on_folders(&self.folders, permit, move |folders, judge| {
            folders.follow(&request.path, Last::Followed, judge)?;
            folders.write(&request)
        })
    }

    fn fs_remove(&mut self, permit: Permit, path: GuestPath) -> WorldFuture<'_> {
        on_folders(&self.folders, permit, move |folders, judge| {
            folders.follow(&path, Last::Itself, judge)?;
            folders.remove(&path)
        })
    }

    fn fs_rename(&mut self, permit: Permit, from: GuestPath, to: GuestPath) -> WorldFuture<'_> {
        on_folders(&self.folders, permit, move |folders, judge| {
            folders.follow(&from, Last::Itself, judge)?;
            folders.follow(&to, Last::Itself, judge)?;
            folders.rename(&from, &to)
        })
    }

    fn http_fetch(&mut self, permit: Permit, request: HttpFetch) -> WorldFuture<'_> {
        let Some(client) = &self.http else { return nothing() };
        let (client, deadline) = (Arc::clone(client), permit.deadline());
        drop(permit);
        Box::pin(async move { client.fetch(request, deadline).await })
    }

    fn kv_get(&mut self, permit: Permit, key: KvKey) -> WorldFuture<'_> {
        on_store(self.store.as_ref(), permit, move |store| store.get(&key))
    }

    fn kv_set(&mut self, permit: Permit, key: KvKey, value: Body) -> WorldFuture<'_> {
        on_store(self.store.as_ref(), permit, move |store| store.set(&key, value.as_slice()))
    }

    fn kv_delete(&mut self, permit: Permit, key: KvKey) -> WorldFuture<'_> {
        on_store(self.store.as_ref(), permit, move |store| store.delete(&key))
    }

    fn kv_list(&mut self, permit: Permit, request: KvList) -> WorldFuture<'_> {
        on_store(self.store.as_ref(), permit, move |store| store.list(&request))
    }

    fn log(&mut self, permit: Permit, level: LogLevel, text: String) -> WorldFuture<'_> {
        drop(permit);
        if let Some(sink) = &mut self.log {
            sink.line(level, &text);
        }
        ready(Ok(Response::done()))
    }

    fn clock_now(&mut self, permit: Permit) -> WorldFuture<'_> {
        #[derive(Serialize)]
        struct Now {
            unix_ms: u64,
        }
        drop(permit);
        // A clock that is set before 1970 is at its beginning.
        let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
        ready(Ok(Response::json(&Now { unix_ms: u64::try_from(now.as_millis()).unwrap_or(u64::MAX) })))
    }

    fn random(&mut self, permit: Permit, bytes: usize) -> WorldFuture<'_> {
        drop(permit);
        ready(self.random.draw(bytes).map(Response::bytes))
    }

    fn reason(&mut self, permit: Permit, request: Reason) -> WorldFuture<'_> {
        let Some(reasoner) = &self.reason else { return nothing() };
        let (reasoner, deadline) = (Arc::clone(reasoner), permit.deadline());
        drop(permit);
        Box::pin(async move { reasoner.complete(&request, deadline).await })
    }
}
