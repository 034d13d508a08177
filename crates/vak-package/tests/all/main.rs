//! What the reader of artefacts promises, shown on small modules.

mod bounds;
mod interface;
mod malformed;
mod mistakes;
mod oracle;
mod sections;

use vak_package::{Bounds, ManifestDocument, Package, PackageError};

/// A skill that does nothing, as text.
pub(crate) const SKILL: &str = r#"(module
    (memory (export "memory") 1)
    (func (export "vak_alloc") (param i32) (result i32) i32.const 0)
    (func (export "execute") (param i32 i32) (result i64) i64.const 0))"#;

pub(crate) fn wasm(text: &str) -> Vec<u8> {
    wat::parse_str(text).expect("valid text")
}

pub(crate) fn manifest(more: &str) -> ManifestDocument {
    let yaml = format!(
        "name: test\nversion: \"1.0.0\"\ndescription: A test\nmodule: test.wasm\nexports: [{{ name: execute }}]\n{more}"
    );
    ManifestDocument::from_yaml(&yaml).expect("a valid manifest")
}

pub(crate) fn pack(text: &str, more: &str) -> Result<Package, PackageError> {
    Package::pack(wasm(text), &manifest(more), &Bounds::default())
}
