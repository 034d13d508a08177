//! What the crate promises about signatures and trust, shown on small modules.

mod admission;
mod edge_cases;
mod golden;
mod interop;
mod roots;
mod stores;
mod tamper;
mod wasmsign2_holes;

use vak_model::Code;
use vak_package::{Artefact as _, Bounds, ManifestDocument, Package};
use vak_trust::{Earlier, PublicKey, PublisherKey, RootKey, Timestamp, sign};

/// A skill that does nothing, as text.
const SKILL: &str = r#"(module
    (memory (export "memory") 1)
    (func (export "vak_alloc") (param i32) (result i32) i32.const 0)
    (func (export "execute") (param i32 i32) (result i64) i64.const 0))"#;

/// The moment at which most tests happen.
const NOW: &str = "2026-11-21T00:00:00Z";

fn time(text: &str) -> Timestamp {
    text.parse().expect(text)
}

fn key(seed: u8) -> PublisherKey {
    PublisherKey::from_seed(&[seed; 32])
}

fn public(seed: u8) -> PublicKey {
    key(seed).public()
}

fn root_key(seed: u8) -> RootKey {
    RootKey::from_seed(&[seed; 32])
}

fn manifest(name: &str, version: &str) -> ManifestDocument {
    let yaml = format!(
        "name: {name}\nversion: \"{version}\"\ndescription: A test\nmodule: test.wasm\nexports: [{{ name: execute }}]\n"
    );
    ManifestDocument::from_yaml(&yaml).expect("a valid manifest")
}

/// A skill of that name and version that nobody has signed.
fn versioned(name: &str, version: &str) -> Package {
    let module = wat::parse_str(SKILL).expect("valid text");
    Package::pack(module, &manifest(name, version), &Bounds::default()).expect("a package")
}

fn unsigned(name: &str) -> Package {
    versioned(name, "1.0.0")
}

/// The same skill with the signatures of these keys, one after the other.
fn signed_by(package: Package, seeds: &[u8]) -> Package {
    seeds.iter().fold(package, |package, seed| {
        let bytes = sign(&package, &key(*seed), Earlier::Keep).expect("signed");
        Package::read(bytes, &Bounds::default()).expect("a package")
    })
}

fn signed(name: &str, seeds: &[u8]) -> Package {
    signed_by(unsigned(name), seeds)
}

/// Reads bytes as a package, as every tool does before it looks at signatures.
fn read(bytes: Vec<u8>) -> Result<Package, Code> {
    Package::read(bytes, &Bounds::default()).map_err(|error| error.code())
}

/// The payload of the signature that a package carries.
fn payload(package: &Package) -> Vec<u8> {
    package.signature().expect("signed").to_vec()
}

/// A number as unsigned LEB128.
fn leb(number: usize) -> Vec<u8> {
    if number < 0x80 { vec![number as u8] } else { [vec![number as u8 | 0x80], leb(number >> 7)].concat() }
}

fn hex(text: &str) -> Vec<u8> {
    base16ct::lower::decode_vec(text).expect("hex")
}
