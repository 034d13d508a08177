//! Bytes to artefact and back: the only crate that takes untrusted WebAssembly and untrusted manifests apart.
//!
//! Everything that arrives here is hostile. Reading is bounded before it allocates, one pass of a validating parser
//! looks at every byte, and what comes out is a [`Package`]: well-formed, within bounds, with a canonical manifest whose
//! exports the module has and whose capabilities cover its imports. [`Package::open`] alone leaves the bodies of functions
//! to [`Artefact::check_bodies`], which the runtime calls before it compiles. Whether anybody vouches for a package is for
//! `vak-trust`.
//!
//! This crate runs nothing and asks no network.

mod bounds;
mod build_record;
mod canonical;
mod document;
mod file;
mod folder;
mod golden;
mod host_lines;
mod inclusion;
mod inspect;
mod json;
mod manifest;
mod manifest_text;
mod mistakes;
mod module_id;
mod numbers;
mod operator;
mod package;
mod reader;
mod sbom;
mod scan;
mod schema;
mod signature_block;
mod text_memory;
mod write;
mod yaml;

pub use bounds::{Bounds, ScanError};
pub use build_record::{GoldenRecord, build_record};
pub use document::ManifestDocument;
pub use file::{FileError, read_file};
pub use folder::{FolderError, ModuleFile, SkillFolder, read_module};
pub use inclusion::{Difference, Inclusion};
pub use inspect::{Interface, InterfaceError};
pub use json::{JsonError, parse_json};
pub use manifest_text::Position;
pub use mistakes::{ManifestError, Mistake};
pub use module_id::{module_id, sha256};
pub use package::{Artefact, Package, PackageError, RawModule, Specimen};
pub use sbom::{Dependency, SbomError, dependencies};
pub use scan::{ExportType, FuncType, Import, ImportType, Scanned, features};
pub use schema::{Schema, SchemaError, SchemaViolation};
pub use signature_block::{SignatureBlockError, signature_block};
pub use text_memory::TextMemory;
pub use write::{embed_manifest, embed_signature};
pub use yaml::YamlDocument;
