//! Runs skills: the shared core of every host of VAK, and the only crate that links an engine.
//!
//! A run is a chain of types, and no step can be skipped, because each step's value is made only by the step before:
//! `bytes -> Package -> Admitted<Package> -> CompiledSkill -> PreparedSkill -> Outcome`. This crate holds no private
//! key, reads no environment variable, prints nothing, and lets nothing of a guest survive its call.
//!
//! ```
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # use vak_model::LimitRequest;
//! # use vak_runtime::Grant;
//! # use vak_package::{Bounds, ManifestDocument, Package};
//! # use vak_runtime::{Runtime, RuntimeConfig};
//! # use vak_trust::{Timestamp, Trust};
//! # let module = wat::parse_str(r#"(module
//! #     (memory (export "memory") 1)
//! #     (func (export "vak_alloc") (param i32) (result i32) i32.const 1024)
//! #     (func (export "echo") (param $ptr i32) (param $len i32) (result i64)
//! #         (i64.or (i64.shl (i64.extend_i32_u (local.get $ptr)) (i64.const 32)) (i64.extend_i32_u (local.get $len)))))"#)?;
//! # let skill_yaml = r#"{ name: echo, version: "1.0.0", description: Echoes, module: echo.wasm, exports: [{ name: echo }] }"#;
//! let manifest = ManifestDocument::from_yaml(skill_yaml)?;
//! let package = Package::pack(module, &manifest, &Bounds::default())?;
//! // Nobody vouches for it: for development only. `vak_trust::admit` asks for signatures that the operator trusts.
//! let admitted = vak_trust::dangerous::admit_unsigned(package, &Trust::nobody(), Timestamp::EPOCH)?;
//! let grant = Grant::from_nobody(manifest.manifest())?; // the operator allows nothing but computing
//! let runtime = Runtime::new(RuntimeConfig::default())?;
//! let skill = runtime.compile(&admitted, &LimitRequest::none())?.prepare(&grant)?;
//! let outcome = pollster::block_on(skill.call("echo", br#"{"hello":"world"}"#));
//! assert_eq!(outcome.result?.bytes(), br#"{"hello":"world"}"#);
//! # Ok(())
//! # }
//! ```
//!
//! What nobody admitted can't be compiled:
//!
//! ```compile_fail,E0308
//! fn skip(runtime: &vak_runtime::Runtime, package: &vak_package::Package) {
//!     let _ = runtime.compile(package, &vak_model::LimitRequest::none());
//! }
//! ```
//!
//! What was not compiled from an admitted package can't be prepared, and what was not prepared can't be called:
//!
//! ```compile_fail,E0451
//! fn forge(manifest: vak_model::Manifest, code: vak_runtime::CompiledSkill) -> vak_runtime::CompiledSkill {
//!     vak_runtime::CompiledSkill { manifest, ..code }
//! }
//! ```
//!
//! ```compile_fail,E0599
//! async fn skip(compiled: vak_runtime::CompiledSkill) {
//!     compiled.call("execute", b"{}").await;
//! }
//! ```

mod alarm;
mod call;
mod code;
mod compile;
mod config;
mod engine;
mod error;
mod failure;
mod gate;
mod golden;
mod guest;
mod host;
mod invoke;
mod meter;
mod prepare;
mod profile;
mod record;
mod sampler;
mod samples;
mod ticker;
mod watch;
mod workers;
mod world;

pub use call::{Answer, Outcome};
pub use code::{CacheError, CacheSize, CompileWith, compiler_main};
pub use compile::{CompiledModule, CompiledSkill};
pub use config::{Allocation, CacheConfig, CompileBounds, Pool, RuntimeConfig};
pub use engine::Runtime;
pub use error::{CallError, CompileError, ContractError, EngineError, InputError, PrepareError, TrapKind};
pub use failure::Failure;
pub use gate::Permit;
pub use golden::{GoldenReport, GoldenVerdict, Rehearsal};
pub use host::Host;
pub use invoke::{InvalidArgument, InvokeOutcome, Number};
pub use prepare::PreparedSkill;
pub use profile::Profile;
pub use record::{AuditRecorder, Ended, RecordError, Recorder, Summary};
pub use samples::{Function, FunctionCost, Sample, Samples, Stack};
pub use vak_policy::{Allowance, Grant, GrantError, Operator, Principal};
pub use world::live::http::{HttpClient, HttpConfig, InvalidSecret, Names, Secret, SystemNames};
pub use world::live::quota::{FS_MADE, FS_WRITTEN_BYTES, KV_BYTES};
pub use world::live::reason::{InvalidReason, Price, ReasonConfig, Reasoner};
pub use world::live::{LiveConfig, LiveWorld, LogSink};
pub use world::recorded::HostMismatch;
pub use world::{
    Body, FsRead, FsWrite, HttpFetch, KvList, LogLevel, Message, PlanCheck, Reason, Response, Role, Stated, World,
    WorldError, WorldFuture, WriteMode,
};

/// The exact version of the engine that this crate is built with.
pub const ENGINE_VERSION: &str = "48.0.8";
