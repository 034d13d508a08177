//! What a module is made of, written into it: the section `.dep-v0`, as cargo-auditable has it.
//!
//! JSON, compressed by zlib, with every package and what it needs, sorted: the same source and lock file give the same
//! bytes. Names and versions stand in it, and no places. It is put in before the module is signed.

use auditable_serde::{DependencyKind, Package, Source, VersionInfo};
use miniz_oxide::deflate::compress_to_vec_zlib;
use wasm_encoder::{CustomSection, Section};

use crate::crates::{Crate, Crates, Kind, Origin};

/// The section's name.
pub(crate) const SECTION: &str = ".dep-v0";

/// How hard the list is compressed: as cargo-auditable does it.
const LEVEL: u8 = 7;

/// The version of the list in which macros count as what builds need.
const FORMAT: u32 = 1;

/// `module` with the list of `crates` as its last section.
///
/// # Errors
/// The list has no form in JSON.
pub(crate) fn put(module: &[u8], crates: &Crates) -> Result<Vec<u8>, serde_json::Error> {
    let packages = crates.packages.iter().map(package).collect();
    let json = serde_json::to_vec(&VersionInfo { packages, format: FORMAT })?;
    let mut whole = module.to_vec();
    CustomSection { name: SECTION.into(), data: compress_to_vec_zlib(&json, LEVEL).into() }.append_to(&mut whole);
    Ok(whole)
}

fn package(one: &Crate) -> Package {
    Package {
        name: one.name.clone(),
        version: one.version.clone(),
        source: match one.origin {
            Origin::CratesIo => Source::CratesIo,
            Origin::Git => Source::Git,
            Origin::Registry => Source::Registry,
            Origin::Local => Source::Local,
        },
        kind: match one.kind {
            Kind::Runtime => DependencyKind::Runtime,
            Kind::Build => DependencyKind::Build,
        },
        dependencies: one.dependencies.clone(),
        root: one.root,
    }
}
