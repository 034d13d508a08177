//! How everything that goes into a module is compiled.
//!
//! The proof of a toolchain and the build of a skill say the same to cargo: what one proves then holds for the other, and
//! a standard library that the proof compiled need not be compiled again.

use std::ffi::{OsStr, OsString};
use std::path::Path;

/// The profile that every skill is built with, whatever its workspace says: small, and whole-program optimised.
const PROFILE: &[(&str, &str)] = &[
    ("opt-level", "\"s\""),
    ("lto", "\"fat\""),
    ("codegen-units", "1"),
    ("panic", "\"abort\""),
    ("strip", "\"symbols\""),
    ("debug", "false"),
    ("incremental", "false"),
];

/// What stands between two flags in `CARGO_ENCODED_RUSTFLAGS`.
const SEPARATOR: &str = "\u{1f}";

/// The profile as arguments of cargo.
#[must_use]
pub fn profile() -> Vec<String> {
    PROFILE.iter().flat_map(|(key, value)| ["--config".to_owned(), format!("profile.release.{key}={value}")]).collect()
}

/// The flags for the standard library: nothing in them is of a single project. They take the folders of this machine out
/// of what is compiled: cargo's home, and that of the standard library's source, if there is one.
#[must_use]
pub fn standard_flags(cargo_home: &Path, standard_source: Option<&Path>) -> Vec<OsString> {
    let registry = remap(&cargo_home.join("registry/src"), "/cargo/registry");
    let standard = standard_source.map(|source| remap(source, "/rustc/src"));
    [registry].into_iter().chain(standard).collect()
}

/// Flags as `CARGO_ENCODED_RUSTFLAGS` holds them.
#[must_use]
pub fn encode_flags(flags: &[OsString]) -> OsString {
    flags.join(OsStr::new(SEPARATOR))
}

fn remap(from: &Path, to: &str) -> OsString {
    [OsStr::new("--remap-path-prefix="), from.as_os_str(), OsStr::new("="), OsStr::new(to)].into_iter().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_setting_of_the_profile_is_said_to_cargo() {
        let arguments = profile();
        assert_eq!(arguments.len(), 2 * PROFILE.len());
        for setting in [
            "opt-level=\"s\"",
            "lto=\"fat\"",
            "codegen-units=1",
            "panic=\"abort\"",
            "strip=\"symbols\"",
            "debug=false",
            "incremental=false",
        ] {
            assert!(arguments.contains(&format!("profile.release.{setting}")), "{setting}");
        }
    }

    #[test]
    fn no_folder_of_the_machine_is_left_in_the_standard_library() {
        let flags = standard_flags(Path::new("/home/x/.cargo"), Some(Path::new("/usr/lib/src")));
        let expected = [
            "--remap-path-prefix=/home/x/.cargo/registry/src=/cargo/registry",
            "--remap-path-prefix=/usr/lib/src=/rustc/src",
        ];
        assert_eq!(flags, expected);
        assert_eq!(encode_flags(&flags).to_string_lossy(), expected.join("\u{1f}"));
    }
}
