//! From an admitted artefact to machine code.

use std::sync::Arc;
use std::time::{Duration, Instant};

use vak_model::{LimitRequest, Limits, Manifest, ModuleId, Narrowed};
use vak_package::{Artefact, Package, RawModule};
use vak_trust::Admitted;
use wasmtime::Module;

use crate::Runtime;
use crate::engine::TickingEngine;
use crate::error::CompileError;

/// Machine code with the engine that it belongs to and the limits that it runs under.
#[derive(Debug)]
pub(crate) struct Compiled {
    pub(crate) module: Module,
    pub(crate) engine: Arc<TickingEngine>,
    pub(crate) limits: Limits,
    pub(crate) compile_time: Duration,
    pub(crate) id: ModuleId,
    narrowed: Vec<Narrowed>,
}

/// A skill's code. Made only from an admitted package.
#[derive(Debug)]
pub struct CompiledSkill {
    pub(crate) compiled: Compiled,
    pub(crate) manifest: Manifest,
}

/// A raw module's code. Made only from an admitted module.
#[derive(Debug)]
pub struct CompiledModule {
    pub(crate) compiled: Compiled,
}

impl Runtime {
    /// Compiles a skill, to run under the least of what its manifest, the operator and the caller state.
    ///
    /// This can't be stopped once it has begun; the reader's bounds keep it short.
    ///
    /// # Errors
    /// The engine refuses the module, or there is no engine for its stack class.
    pub fn compile(&self, admitted: &Admitted<Package>, caller: &LimitRequest) -> Result<CompiledSkill, CompileError> {
        let package = admitted.artefact();
        let manifest = package.document().manifest().clone();
        let stated = Limits::of_manifest(&manifest.limits);
        Ok(CompiledSkill { compiled: self.compile_within(package, &stated, caller)?, manifest })
    }

    /// Compiles a raw module, to run under what the caller states, defaults for the rest, and the operator's limits.
    ///
    /// # Errors
    /// As [`Runtime::compile`].
    pub fn compile_raw(
        &self,
        admitted: &Admitted<RawModule>,
        caller: &LimitRequest,
    ) -> Result<CompiledModule, CompileError> {
        let stated = Limits::of_manifest(caller);
        Ok(CompiledModule { compiled: self.compile_within(admitted.artefact(), &stated, &LimitRequest::none())? })
    }

    fn compile_within(
        &self,
        artefact: &impl Artefact,
        stated: &Limits,
        caller: &LimitRequest,
    ) -> Result<Compiled, CompileError> {
        let (operated, _) = stated.narrow(&self.config.operator_limits);
        let (limits, narrowed) = operated.narrow(caller);
        let engine = self.engine(limits.stack())?;
        let started = Instant::now();
        let module = Module::from_binary(&engine.engine, artefact.bytes())
            .map_err(|error| CompileError::Refused(vak_model::printable(&format!("{error:#}"), 400)))?;
        Ok(Compiled { module, engine, limits, compile_time: started.elapsed(), id: artefact.id(), narrowed })
    }
}

impl CompiledSkill {
    /// The limits that calls run under.
    #[must_use]
    pub const fn limits(&self) -> &Limits {
        &self.compiled.limits
    }

    /// What the caller asked for in vain: limits that hold at less.
    #[must_use]
    pub fn narrowed(&self) -> &[Narrowed] {
        &self.compiled.narrowed
    }

    /// How long compiling took.
    #[must_use]
    pub const fn compile_time(&self) -> Duration {
        self.compiled.compile_time
    }

    /// Which artefact the code was compiled from.
    #[must_use]
    pub const fn id(&self) -> ModuleId {
        self.compiled.id
    }
}

impl CompiledModule {
    /// The limits that calls run under.
    #[must_use]
    pub const fn limits(&self) -> &Limits {
        &self.compiled.limits
    }

    /// How long compiling took.
    #[must_use]
    pub const fn compile_time(&self) -> Duration {
        self.compiled.compile_time
    }
}
