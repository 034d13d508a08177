//! What a host puts behind the imports of module `vak`, and the functions that are linked to them.
//!
//! A skill may import only what its manifest declares; that was checked when it was read. Nothing here acts: each
//! function reads a request and says which effect it asks for, the gate decides, and a [`World`] does it.

mod border;
mod clock;
mod fs;
mod http;
mod kv;
mod log;
mod plan;
mod random;
mod reason;
mod request;

use std::collections::BTreeSet;
use std::fmt;
use std::sync::Arc;

use vak_abi::{IMPORT_MODULE, IMPORT_TAKE};
use vak_model::{Denial, Effect, HostCall, LimitKind, Limits};
use vak_policy::Grant;
use wasmtime::{Linker, Module};

pub(crate) use self::http::check_header;
pub(crate) use self::http::parse_url;
pub(crate) use self::plan::Plan;
use self::request::Request;
use crate::failure::Failure;
use crate::gate::{Ask, Gate, Reply, Waiting};
use crate::meter::Meter;
use crate::record::Recorder;
use crate::world::{Nothing, World};

/// What stands behind one call of a skill.
pub struct Host {
    world: Option<Box<dyn World>>,
    recorder: Option<Box<dyn Recorder>>,
}

impl fmt::Debug for Host {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Host").finish_non_exhaustive()
    }
}

impl Host {
    /// Nothing: what is granted is answered with `host.unavailable`.
    #[must_use]
    pub const fn nothing() -> Self {
        Self { world: None, recorder: None }
    }

    /// A world, which the skill reaches through the gate.
    #[must_use]
    pub const fn new(world: Box<dyn World>) -> Self {
        Self { world: Some(world), recorder: None }
    }

    /// The same, and everything that the skill asks for is put on record. Default: nothing is.
    #[must_use]
    pub fn recorded_by(mut self, recorder: Box<dyn Recorder>) -> Self {
        self.recorder = Some(recorder);
        self
    }
}

/// All that host functions need in one call.
pub(crate) struct Funnel {
    gate: Gate,
    /// How much may still be logged, in bytes.
    log_left: u64,
    /// The last response that did not fit.
    kept: Option<Reply>,
}

impl fmt::Debug for Funnel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Funnel").finish_non_exhaustive()
    }
}

impl Funnel {
    pub(crate) fn new(host: Host, grant: Arc<Grant>, limits: &Limits, waiting: Waiting) -> Self {
        let Host { world, recorder } = host;
        let (world, waiting) = (world.unwrap_or_else(|| Box::new(Nothing)), Arc::new(waiting));
        let gate = Gate { grant, world, recorder, waiting, denied: Vec::new() };
        Self { gate, log_left: limits.get(LimitKind::Log), kept: None }
    }

    /// What was denied, the first few.
    pub(crate) fn into_denied(self) -> Vec<(Effect, Denial)> {
        self.gate.denied
    }
}

/// What is common to all functions when they read a request.
struct Context<'a> {
    grant: &'a Arc<Grant>,
    log_left: &'a mut u64,
}

/// Reads a request: which effect it asks for, and how that is done.
type Function = fn(Request, Context<'_>) -> Result<Ask, Failure>;

/// The function behind a host call.
const fn function(call: HostCall) -> Function {
    match call {
        HostCall::FsRead => fs::read,
        HostCall::FsList => fs::list,
        HostCall::FsStat => fs::stat,
        HostCall::FsWrite => fs::write,
        HostCall::FsRemove => fs::remove,
        HostCall::FsRename => fs::rename,
        HostCall::KvGet => kv::get,
        HostCall::KvSet => kv::set,
        HostCall::KvDelete => kv::delete,
        HostCall::KvList => kv::list,
        HostCall::Log => log::log,
        HostCall::ClockNow => clock::now,
        HostCall::Random => random::random,
        HostCall::VerifyPlan => plan::verify,
        HostCall::HttpFetch => http::first,
        HostCall::Reason => reason::reason,
    }
}

/// Links what the module imports, and says whether that is anything. That the manifest declares it is known.
pub(crate) fn link(linker: &mut Linker<Meter>, module: &Module) -> wasmtime::Result<bool> {
    let imports = module.imports().filter(|import| import.module() == IMPORT_MODULE);
    // A module may import one function twice.
    let names: BTreeSet<&str> = imports.map(|import| import.name()).collect();
    for name in &names {
        match HostCall::named(name) {
            Some(call) => border::link(linker, call, function(call))?,
            None if *name == IMPORT_TAKE => border::link_take(linker)?,
            None => {}
        }
    }
    Ok(!names.is_empty())
}
