//! What an artefact says it is made of: the list that cargo-auditable puts into programs.
//!
//! It is the section `.dep-v0`: JSON, compressed by zlib. The signature covers it like any other section. Whether it is
//! true is for whoever built the artefact to answer for.

use auditable_serde::{DependencyKind, VersionInfo};
use vak_model::Code;
use wasmparser::{Parser, Payload};

/// The section's name.
const SECTION: &str = ".dep-v0";

/// The largest section that is looked at, in bytes: lists of a thousand crates take a hundredth of it.
const MAX_PACKED: usize = 1 << 20;

/// The largest list that is unpacked, in bytes: a small section can hold a very long one.
const MAX_UNPACKED: usize = 8 << 20;

/// One thing that an artefact is made of.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, serde::Serialize)]
pub struct Dependency {
    /// Its name.
    pub name: String,
    /// Its version.
    pub version: String,
    /// Where it is from, such as `crates.io`.
    pub source: String,
    /// Whether it is in the artefact, and not only what has made it.
    pub runtime: bool,
    /// Whether it is the skill's own package.
    pub root: bool,
}

/// Why an artefact's list can't be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SbomError {
    /// It is there twice.
    #[error("the module has two `.dep-v0` sections")]
    Doubled,
    /// It is larger than lists may be.
    #[error("the list of dependencies is larger than {0} bytes")]
    TooLarge(usize),
    /// It is not of the form.
    #[error("the list of dependencies is malformed: {0}")]
    Malformed(String),
}

impl SbomError {
    /// What the error is called.
    #[must_use]
    pub const fn code(&self) -> Code {
        Code::SbomMalformed
    }
}

/// The list inside a module, sorted, if there is one.
///
/// # Errors
/// See [`SbomError`].
pub fn dependencies(module: &[u8]) -> Result<Option<Vec<Dependency>>, SbomError> {
    let mut packed = None;
    for payload in Parser::new(0).parse_all(module) {
        let payload = payload.map_err(|error| malformed(&error))?;
        if let Payload::CustomSection(section) = &payload
            && section.name() == SECTION
            && packed.replace(section.data()).is_some()
        {
            return Err(SbomError::Doubled);
        }
    }
    packed.map(read).transpose()
}

fn read(packed: &[u8]) -> Result<Vec<Dependency>, SbomError> {
    if packed.len() > MAX_PACKED {
        return Err(SbomError::TooLarge(MAX_PACKED));
    }
    let unpacked = miniz_oxide::inflate::decompress_to_vec_zlib_with_limit(packed, MAX_UNPACKED);
    let unpacked = unpacked.map_err(|error| match error.status {
        miniz_oxide::inflate::TINFLStatus::HasMoreOutput => SbomError::TooLarge(MAX_UNPACKED),
        _ => malformed(&error),
    })?;
    let info: VersionInfo = serde_json::from_slice(&unpacked).map_err(|error| malformed(&error))?;
    let mut all: Vec<_> = info.packages.into_iter().map(Dependency::from).collect();
    all.sort();
    Ok(all)
}

impl From<auditable_serde::Package> for Dependency {
    fn from(package: auditable_serde::Package) -> Self {
        Self {
            name: package.name,
            version: package.version.to_string(),
            source: String::from(package.source),
            runtime: package.kind == DependencyKind::Runtime,
            root: package.root,
        }
    }
}

fn malformed(error: &dyn std::fmt::Display) -> SbomError {
    SbomError::Malformed(vak_model::printable(&error.to_string(), 200))
}

#[cfg(test)]
mod tests {
    use wasm_encoder::{CustomSection, Module};

    use super::*;

    const LIST: &str = r#"{"packages":[{"name":"square","version":"0.1.0","source":"local","dependencies":[1],"root":true},
        {"name":"serde","version":"1.0.200","source":"crates.io","kind":"build"}]}"#;

    fn module(sections: &[&[u8]]) -> Vec<u8> {
        let mut module = Module::new();
        for data in sections {
            module.section(&CustomSection { name: SECTION.into(), data: (*data).into() });
        }
        module.finish()
    }

    fn packed(list: &[u8]) -> Vec<u8> {
        miniz_oxide::deflate::compress_to_vec_zlib(list, 6)
    }

    #[test]
    fn a_list_is_read_as_cargo_auditable_writes_it() {
        let found = dependencies(&module(&[&packed(LIST.as_bytes())])).expect("a list").expect("there");
        let told: Vec<_> =
            found.iter().map(|one| (one.name.as_str(), one.version.as_str(), one.runtime, one.root)).collect();
        assert_eq!(told, [("serde", "1.0.200", false, false), ("square", "0.1.0", true, true)]);
        assert_eq!(dependencies(&module(&[])), Ok(None));
    }

    #[test]
    fn a_list_that_grows_is_cut_off_and_one_that_is_none_is_refused() {
        let bomb = packed(&vec![b' '; MAX_UNPACKED + 1]);
        assert!(bomb.len() < 100_000, "{}", bomb.len());
        assert_eq!(dependencies(&module(&[&bomb])), Err(SbomError::TooLarge(MAX_UNPACKED)));
        assert_eq!(dependencies(&module(&[&vec![0; MAX_PACKED + 1]])), Err(SbomError::TooLarge(MAX_PACKED)));
        let one = packed(LIST.as_bytes());
        assert_eq!(dependencies(&module(&[&one, &one])), Err(SbomError::Doubled));
        let cyclic = LIST.replace(r#""kind":"build""#, r#""dependencies":[0]"#);
        for bad in [packed(b"{}"), packed(cyclic.as_bytes()), LIST.as_bytes().to_vec(), one[..20].to_vec(), Vec::new()]
        {
            assert!(matches!(dependencies(&module(&[&bad])), Err(SbomError::Malformed(_))), "{bad:?}");
        }
    }
}
