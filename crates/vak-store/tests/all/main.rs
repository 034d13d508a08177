//! What the store promises, shown on small skills.

mod killed;
mod layouts;
mod locks;
mod stores;

use std::path::Path;

use vak_package::{Artefact as _, Bounds, ManifestDocument, Package};
use vak_store::{Added, OnConflict, Store, StoreError};
use vak_trust::{Admitted, Earlier, PublisherKey, Timestamp, Trust, dangerous, sign};

/// A skill that does nothing; the number makes another module of it.
fn package(reference: &str, number: u32) -> Package {
    let (name, version) = reference.split_once('@').expect("a version");
    let yaml = format!(
        "name: {name}\nversion: \"{version}\"\ndescription: A test\nmodule: test.wasm\nexports: [{{ name: execute }}]\n"
    );
    let text = format!(
        r#"(module
            (memory (export "memory") 1)
            (func (export "vak_alloc") (param i32) (result i32) i32.const {number})
            (func (export "execute") (param i32 i32) (result i64) i64.const 0))"#
    );
    let document = ManifestDocument::from_yaml(&yaml).expect("a manifest");
    Package::pack(wat::parse_str(text).expect("valid text"), &document, &Bounds::default()).expect("a package")
}

fn key(seed: u8) -> PublisherKey {
    PublisherKey::from_seed(&[seed; 32])
}

/// The same artefact with a signature of that key.
fn signed(package: &Package, seed: u8) -> Package {
    let bytes = sign(package, &key(seed), Earlier::Keep).expect("signed");
    Package::read(bytes, &Bounds::default()).expect("a package")
}

fn admitted(package: Package) -> Admitted<Package> {
    dangerous::admit_unsigned(package, &Trust::key(key(7).public()), Timestamp::EPOCH).expect("admitted")
}

fn add(store: &Store, package: Package) -> Result<Added, StoreError> {
    store.add(&admitted(package), OnConflict::Refuse)
}

/// The names in a store, each of which gives the artefact that the index says.
fn names(store: &Store) -> Vec<String> {
    let entries = store.entries().expect("a whole index");
    let check = |entry: &vak_store::Entry| {
        let package = store.load(entry).expect("whole").expect("there");
        assert_eq!((package.id(), package.bytes().len() as u64), (entry.digest, entry.size));
        entry.reference().to_string()
    };
    entries.iter().map(check).collect()
}

fn files(folder: &Path) -> Vec<String> {
    let names = std::fs::read_dir(folder).expect("a folder").map(|file| file.expect("readable").file_name());
    let mut names: Vec<_> = names.map(|name| name.to_string_lossy().into_owned()).collect();
    names.sort();
    names
}
