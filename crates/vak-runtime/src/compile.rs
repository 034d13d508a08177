//! From an admitted artefact to machine code.

use std::sync::Arc;
use std::time::{Duration, Instant};

use vak_model::{CacheUse, Determinism, LimitKind, LimitRequest, Limits, Manifest, ModuleId, Narrowed};
use vak_package::{Artefact, Package, RawModule};
use vak_trust::Admitted;
use wasmtime::Module;

use crate::code::{self, Code};
use crate::config::Allocation;
use crate::engine::TickingEngine;
use crate::error::CompileError;
use crate::{Profile, Runtime};

/// How long a compilation waits for another process that compiles the same module. One that takes longer than this is
/// dear for everybody, and its process may be stopped.
const LONGEST_WAIT: Duration = Duration::from_secs(10);

/// Machine code with the engine that it belongs to and the limits that it runs under.
#[derive(Clone, Debug)]
pub(crate) struct Compiled {
    pub(crate) module: Module,
    pub(crate) engine: Arc<TickingEngine>,
    pub(crate) limits: Limits,
    pub(crate) compile_time: CompileTime,
    pub(crate) id: ModuleId,
    narrowed: Vec<Narrowed>,
}

/// What it took to get the code.
#[derive(Clone, Copy, Debug)]
pub(crate) struct CompileTime {
    pub(crate) spent: Duration,
    pub(crate) cache: CacheUse,
}

/// A skill's code. Made only from an admitted package.
#[derive(Clone, Debug)]
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
    /// The cache is looked at first, if there is one. Else this blocks until the compiler has ended: within the time of
    /// [`crate::CompileBounds`] in a helper, and whenever it is done in this process.
    ///
    /// # Errors
    /// The engine refuses the module, or compiling it reaches a limit; or the compiler can't be run.
    pub fn compile(&self, admitted: &Admitted<Package>, caller: &LimitRequest) -> Result<CompiledSkill, CompileError> {
        let package = admitted.artefact();
        let manifest = package.document().manifest().clone();
        let stated = Limits::of_manifest(&manifest.limits);
        let profile = match manifest.determinism {
            Determinism::Exact => Profile::Exact,
            Determinism::Portable => Profile::Portable,
        };
        Ok(CompiledSkill { compiled: self.compile_within(package, profile, &stated, caller)?, manifest })
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
        Ok(CompiledModule {
            compiled: self.compile_within(admitted.artefact(), Profile::default(), &stated, &LimitRequest::none())?,
        })
    }

    fn compile_within(
        &self,
        artefact: &impl Artefact,
        profile: Profile,
        stated: &Limits,
        caller: &LimitRequest,
    ) -> Result<Compiled, CompileError> {
        let (operated, _) = stated.narrow(&self.config.operator_limits);
        let (operated, _) = operated.narrow(&self.ceiling());
        let (limits, narrowed) = operated.narrow(caller);
        let engine = self.engine(profile, limits.stack())?;
        let started = Instant::now();
        let (module, cache) = self.module(&engine, artefact)?;
        let compile_time = CompileTime { spent: started.elapsed(), cache };
        Ok(Compiled { module, engine, limits, compile_time, id: artefact.id(), narrowed })
    }

    /// What the pool's slots hold at most, as limits.
    fn ceiling(&self) -> LimitRequest {
        let mut ceiling = LimitRequest::none();
        if let Allocation::Pooling(pool) = self.config.allocation {
            // A slot of less than a page is none that a module fits in, which loading it finds.
            let _ = ceiling.set(LimitKind::Memory, u64::from(pool.max_memory_bytes >> 16).max(1));
        }
        ceiling
    }

    /// The code of an admitted module: from the cache, or compiled and then kept there. Of several processes that need
    /// the same code at once, one compiles it.
    fn module(&self, engine: &TickingEngine, artefact: &impl Artefact) -> Result<(Module, CacheUse), CompileError> {
        let compile = || {
            // Code that is in the cache was made after this, in some earlier run.
            artefact.check_bodies()?;
            let of = (engine.profile, engine.identity);
            let code = code::compile(&self.config, &engine.engine, of, artefact.bytes())?;
            let module = load(&code, engine)?;
            Ok((code, module))
        };
        let Ok(Some(cache)) = &self.cache else { return compile().map(|(_, module)| (module, CacheUse::Off)) };
        let name = engine.identity.entry(artefact.id());
        let kept = || cache.load(&name).and_then(|code| load(&code, engine).ok());
        if let Some(module) = kept() {
            return Ok((module, CacheUse::Hit));
        }
        let _claim = cache.claim(&name, self.config.compile_bounds.time.min(LONGEST_WAIT));
        if let Some(module) = kept() {
            return Ok((module, CacheUse::Hit));
        }
        let (code, module) = compile()?;
        cache.store(&name, &code);
        Ok((module, CacheUse::Miss))
    }
}

/// Loads code that this engine has compiled. What it can refuse then is the size of what the code wants.
fn load(code: &Code, engine: &TickingEngine) -> Result<Module, CompileError> {
    code.load(&engine.engine).map_err(|error| {
        if crate::guest::is_out_of_memory(&error) {
            return CompileError::HostMemory;
        }
        CompileError::Slot(vak_model::printable(&format!("{error:#}"), 400))
    })
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

    /// How long it took to compile the code, or to load it from the cache.
    #[must_use]
    pub const fn compile_time(&self) -> Duration {
        self.compiled.compile_time.spent
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

    /// How long it took to compile the code, or to load it from the cache.
    #[must_use]
    pub const fn compile_time(&self) -> Duration {
        self.compiled.compile_time.spent
    }
}

#[cfg(test)]
mod tests {
    use vak_model::StackClass;
    use vak_package::{Bounds, ManifestDocument};
    use vak_policy::Grant;
    use vak_trust::{Timestamp, Trust};
    use wasmtime::Engine;

    use super::*;
    use crate::RuntimeConfig;

    fn admitted(determinism: &str) -> Admitted<Package> {
        let yaml = format!(
            "{{ name: a, version: \"1.0.0\", description: A, module: a.wasm, determinism: {determinism}, exports: [{{ name: execute }}] }}"
        );
        let manifest = ManifestDocument::from_yaml(&yaml).expect("valid");
        let text = r#"(module (memory (export "memory") 1) (func (export "vak_alloc") (param i32) (result i32) i32.const 0)
            (func (export "execute") (param i32 i32) (result i64) i64.const 0))"#;
        let package = Package::pack(wat::parse_str(text).expect("valid"), &manifest, &Bounds::default());
        let admitted =
            vak_trust::dangerous::admit_unsigned(package.expect("valid"), &Trust::nobody(), Timestamp::EPOCH);
        admitted.expect("unsigned")
    }

    /// A store is made of the engine that a skill is kept with: see `new_store`, which has no other.
    #[test]
    fn b12_s12_code_is_kept_with_the_engine_that_loaded_it_and_prepared_for_no_other() {
        let runtimes = [(); 2].map(|()| Runtime::new(RuntimeConfig::default()).expect("an engine"));
        let mut engines: Vec<Engine> = Vec::new();
        for runtime in &runtimes {
            for (determinism, class) in ["exact", "portable"].iter().flat_map(|d| StackClass::ALL.map(|c| (*d, c))) {
                let mut caller = LimitRequest::none();
                caller.set(LimitKind::Stack, class.kib()).expect("a class");
                let skill = runtime.compile(&admitted(determinism), &caller).expect("compiled");
                let own = skill.compiled.engine.engine.clone();
                assert!(Engine::same(skill.compiled.module.engine(), &own));
                let prepared = skill.prepare(&Grant::compute_only()).expect("prepared");
                assert!(Engine::same(prepared.pre.module().engine(), &own));
                assert!(Engine::same(&prepared.engine.engine, &own));
                if !engines.iter().any(|engine| Engine::same(engine, &own)) {
                    engines.push(own);
                }
            }
        }
        assert_eq!(engines.len(), 2 * 2 * 3, "two runtimes, two profiles, three classes: a caller can't widen a limit");
    }
}
