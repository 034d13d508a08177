//! A skill that is really built: it says five, and needs no crate.

use std::fs;
use std::path::{Path, PathBuf};

pub(crate) const MANIFEST: &str = "\
name: five
version: \"0.1.0\"
description: Says five
module: target/five.wasm
exports:
  - name: execute
tests:
  - { name: says five, input: 1, output: 5 }
";

const PACKAGE: &str = "\
[package]
name = \"five\"
version = \"0.1.0\"
edition = \"2024\"

[workspace]

[lib]
path = \"lib.rs\"
crate-type = [\"cdylib\"]
";

/// ABI 1 with nothing around it: room for an input, and the address and length of an output.
pub(crate) const LIBRARY: &str = "\
static mut ROOM: [u8; 64] = [0; 64];
static OUTPUT: [u8; 1] = *b\"5\";

#[unsafe(no_mangle)]
pub extern \"C\" fn vak_alloc(_len: i32) -> i32 {
    (&raw mut ROOM) as i32
}

#[unsafe(no_mangle)]
pub extern \"C\" fn execute(_ptr: i32, _len: i32) -> i64 {
    (OUTPUT.as_ptr() as i64) << 32 | 1
}
";

/// Writes the skill into a folder.
pub(crate) fn write(folder: &Path) {
    for (name, text) in [("skill.yaml", MANIFEST), ("Cargo.toml", PACKAGE), ("lib.rs", LIBRARY)] {
        fs::write(folder.join(name), text).expect("written");
    }
}

/// Where the standard library may be already: the `VAK_HOME` of whoever runs the tests, else that of this checkout.
pub(crate) fn home() -> PathBuf {
    let named = std::env::var_os("VAK_HOME").filter(|home| !home.is_empty()).map(PathBuf::from);
    named.unwrap_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("../../.vak"))
}
