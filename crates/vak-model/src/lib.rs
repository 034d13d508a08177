//! The nouns of VAK: names, digests, the manifest, capabilities, effects, decisions, limits, usage and faults.
//!
//! Every other crate speaks in these types. This crate does no I/O, reads no clock, knows no WebAssembly and no
//! cryptography: a value of these types is checked for its own form and for nothing else.

mod advice;
mod capability;
mod decision;
mod digest;
mod effect;
mod fault;
mod host_call;
mod host_line;
mod limits;
mod manifest;
mod name;
mod text;
mod url;
mod usage;

pub use advice::Advice;
pub use capability::{Capability, CapabilityRequest, InvalidCapability};
pub use decision::{Decision, Denial, Ground};
pub use digest::{Digest, InvalidDigest, ModuleId};
pub use effect::{Effect, GuestPath, InvalidKey, InvalidPath, KvKey, Resource};
pub use fault::{Code, Fault, Status};
pub use host_call::HostCall;
pub use host_line::{Contents, HostAnswer, HostErrorLine, HostLine};
pub use limits::{
    InvalidQuantity, LimitKind, LimitRequest, Limits, Narrowed, StackClass, parse_duration_ms, parse_size,
};
pub use manifest::{
    Determinism, Export, Feature, GoldenCase, GoldenResult, InvalidModulePath, Manifest, ModulePath, SignatureBlock,
};
pub use name::{ExportName, InvalidName, SkillName, SkillVersion, VersionStep};
pub use text::{InvalidText, Text, printable, printable_json};
pub use url::{HostName, HttpHost, HttpMethod, HttpScheme, HttpUrl, InvalidUrl};
pub use usage::{CacheUse, Usage};
