//! What host calls act on: the world itself, or whatever a host puts in its place.
//!
//! Nothing here is live: [`live`] is the one place below this crate's host functions that touches files, clocks and
//! stores.

pub(crate) mod http;
pub(crate) mod live;
pub(crate) mod reason;
pub(crate) mod recorded;

use std::future::Future;
use std::io;
use std::pin::Pin;
use std::sync::Arc;

use serde::Serialize;
use vak_model::{Code, GuestPath, HostErrorLine, KvKey, LimitKind};
use vak_policy::Reserved;

pub use self::http::HttpFetch;
pub(crate) use self::http::{MAX_HTTP_BYTES, Sent};
pub use self::reason::{Message, Reason, Role};
use crate::failure::Failure;
use crate::gate::Permit;
use crate::host::Plan;

/// What an effect of the world's comes to, some time.
pub type WorldFuture<'a> = Pin<Box<dyn Future<Output = Result<Response, WorldError>> + Send + 'a>>;

/// The response to a host call that was done, as the guest gets it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Response(Vec<u8>);

impl Response {
    /// Bytes as they are.
    #[must_use]
    pub const fn bytes(bytes: Vec<u8>) -> Self {
        Self(bytes)
    }

    /// A JSON value. A value that can't be written, which none here is, becomes `null`.
    #[must_use]
    pub fn json(value: &impl Serialize) -> Self {
        Self(serde_json::to_vec(value).unwrap_or_else(|_| b"null".to_vec()))
    }

    /// `{}`: done, and nothing to say.
    #[must_use]
    pub fn done() -> Self {
        Self(b"{}".to_vec())
    }

    pub(crate) fn into_bytes(self) -> Vec<u8> {
        self.0
    }
}

/// Why the world did not do it.
#[derive(Debug, thiserror::Error)]
pub enum WorldError {
    /// It can't be done; the guest is told why.
    #[error("{0}")]
    Failed(#[from] Failure),
    /// The path leads out of the folder that it begins in, or within it to where it is not allowed; the guest is told that this
    /// is denied.
    #[error("the path leads out of what was granted")]
    Escapes,
    /// The host's address is none that may be dialled; the guest is told that this is denied.
    #[error("the host has {}", .0.reason())]
    Address(Reserved),
    /// A golden case states this answer, and nothing was tried.
    #[error("{0}")]
    Stated(Stated),
    /// A limit was reached; the run ends.
    #[error("limit reached: {0}")]
    Limit(LimitKind),
    /// The host itself broke down; the run ends.
    #[error("{0}")]
    Broken(String),
    /// A folder that is to be shown to skills can't be opened: the operator's fault, before anything runs.
    #[error("the folder `{path}` can't be opened")]
    Folder {
        /// Its path.
        path: String,
        /// Why.
        source: io::Error,
    },
}

/// An error that is stated for the guest, and that no world has met.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Stated {
    /// It can't be done.
    #[error("{}", .0.message)]
    Failed(HostErrorLine),
    /// It is not allowed.
    #[error("{}", .0.message)]
    Denied(HostErrorLine),
}

impl WorldError {
    /// What the error is called where a host shows it.
    #[must_use]
    pub const fn code(&self) -> Code {
        match self {
            Self::Failed(_) | Self::Folder { .. } | Self::Stated(Stated::Failed(_)) => Code::FileRead,
            Self::Escapes | Self::Address(_) | Self::Stated(Stated::Denied(_)) => Code::CapabilityDenied,
            Self::Limit(kind) => kind.code(),
            Self::Broken(_) => Code::InternalBug,
        }
    }
}

/// The body of a request: it is copied out of the guest once, and shared after that.
#[derive(Clone, Debug)]
pub struct Body {
    request: Arc<Vec<u8>>,
    from: usize,
}

impl Body {
    /// What comes after the first `from` bytes of a request.
    pub(crate) const fn after(request: Arc<Vec<u8>>, from: usize) -> Self {
        Self { request, from }
    }

    /// Bytes of the host's own.
    pub(crate) fn of(bytes: Vec<u8>) -> Self {
        Self { request: Arc::new(bytes), from: 0 }
    }

    /// Nothing.
    pub(crate) fn empty() -> Self {
        Self::of(Vec::new())
    }

    /// The bytes.
    #[must_use]
    pub fn as_slice(&self) -> &[u8] {
        self.request.get(self.from..).unwrap_or_default()
    }
}

/// What `fs_read` asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FsRead {
    /// The file.
    pub path: GuestPath,
    /// The first byte.
    pub offset: u64,
    /// How many bytes at most.
    pub length: usize,
}

/// What happens to what has the name already.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum WriteMode {
    /// There must be nothing.
    Create,
    /// It is replaced as a whole.
    Replace,
    /// It is continued.
    Append,
}

/// What `fs_write` asks for.
#[derive(Clone, Debug)]
pub struct FsWrite {
    /// The file.
    pub path: GuestPath,
    /// What happens to what has the name already.
    pub mode: WriteMode,
    /// What is written.
    pub contents: Body,
}

/// What `kv_list` asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KvList {
    /// How the keys begin.
    pub prefix: String,
    /// Only keys behind this one.
    pub after: String,
    /// How many at most.
    pub limit: usize,
}

/// What `verify_plan` asks for, and what the grant says to it.
#[derive(Clone, Debug)]
pub struct PlanCheck {
    plan: Plan,
    verdict: Response,
}

impl PlanCheck {
    pub(crate) const fn new(plan: Plan, verdict: Response) -> Self {
        Self { plan, verdict }
    }

    /// The request, with all that it leaves out.
    pub(crate) fn into_request(self) -> serde_json::Value {
        serde_json::to_value(&self.plan).unwrap_or_default()
    }
}

/// How much a line in the log matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LogLevel {
    /// For the skill's author.
    Debug,
    /// For whoever wants to know.
    Info,
    /// For whoever runs the skill.
    Warn,
    /// Something went wrong.
    Error,
}

impl LogLevel {
    /// The word for it.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Debug => "debug",
            Self::Info => "info",
            Self::Warn => "warn",
            Self::Error => "error",
        }
    }
}

fn nothing<'a>() -> WorldFuture<'a> {
    Box::pin(std::future::ready(Err(Failure::Unavailable.into())))
}

/// What stands behind host calls, one method each. A method that is not there answers that nothing stands behind it.
///
/// Each takes a [`Permit`] by value, which only the gate makes: for an effect that was allowed and is on record. The
/// future may be dropped before it is done, when the time of a run is over; what was begun then ends by itself.
pub trait World: Send {
    /// Reads a part of a file.
    fn fs_read(&mut self, permit: Permit, request: FsRead) -> WorldFuture<'_> {
        drop((permit, request));
        nothing()
    }

    /// Lists a folder.
    fn fs_list(&mut self, permit: Permit, path: GuestPath) -> WorldFuture<'_> {
        drop((permit, path));
        nothing()
    }

    /// Says what a file or folder is.
    fn fs_stat(&mut self, permit: Permit, path: GuestPath) -> WorldFuture<'_> {
        drop((permit, path));
        nothing()
    }

    /// Makes, replaces or continues a file.
    fn fs_write(&mut self, permit: Permit, request: FsWrite) -> WorldFuture<'_> {
        drop((permit, request));
        nothing()
    }

    /// Removes a file, a link or an empty folder.
    fn fs_remove(&mut self, permit: Permit, path: GuestPath) -> WorldFuture<'_> {
        drop((permit, path));
        nothing()
    }

    /// Gives a file or folder another name.
    fn fs_rename(&mut self, permit: Permit, from: GuestPath, to: GuestPath) -> WorldFuture<'_> {
        drop((permit, from, to));
        nothing()
    }

    /// Makes one HTTP request, and follows nothing.
    fn http_fetch(&mut self, permit: Permit, request: HttpFetch) -> WorldFuture<'_> {
        drop((permit, request));
        nothing()
    }

    /// Reads a value of the skill's own store.
    fn kv_get(&mut self, permit: Permit, key: KvKey) -> WorldFuture<'_> {
        drop((permit, key));
        nothing()
    }

    /// Writes one.
    fn kv_set(&mut self, permit: Permit, key: KvKey, value: Body) -> WorldFuture<'_> {
        drop((permit, key, value));
        nothing()
    }

    /// Removes one.
    fn kv_delete(&mut self, permit: Permit, key: KvKey) -> WorldFuture<'_> {
        drop((permit, key));
        nothing()
    }

    /// Lists keys.
    fn kv_list(&mut self, permit: Permit, request: KvList) -> WorldFuture<'_> {
        drop((permit, request));
        nothing()
    }

    /// Writes a line for the operator; nothing in `text` needs escaping any more.
    fn log(&mut self, permit: Permit, level: LogLevel, text: String) -> WorldFuture<'_> {
        drop((permit, level, text));
        nothing()
    }

    /// Reads the time of day.
    fn clock_now(&mut self, permit: Permit) -> WorldFuture<'_> {
        drop(permit);
        nothing()
    }

    /// Draws random bytes.
    fn random(&mut self, permit: Permit, bytes: usize) -> WorldFuture<'_> {
        drop((permit, bytes));
        nothing()
    }

    /// Has a model complete a conversation. The response is `{"text","tokens":{"input","output"},"model","finish"}`.
    fn reason(&mut self, permit: Permit, request: Reason) -> WorldFuture<'_> {
        drop((permit, request));
        nothing()
    }

    /// Says what would be decided about a plan. That is known by now, and is the answer of every world that is one.
    fn verify_plan(&mut self, permit: Permit, check: PlanCheck) -> WorldFuture<'_> {
        // The permit was for deciding, and nothing else comes of it.
        drop(permit);
        Box::pin(std::future::ready(Ok(check.verdict)))
    }
}

/// A world in which there is nothing.
pub(crate) struct Nothing;

impl World for Nothing {}
