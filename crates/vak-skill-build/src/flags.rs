//! What cargo and the compiler are told, so that the module's bytes depend on its source and the compiler alone.

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

/// One page of memory for the stack, in the place of Rust's 1 MiB: the manifest's memory is for the skill's data.
const STACK: &str = "-Clink-arg=-zstack-size=65536";

/// What stands between two flags in `CARGO_ENCODED_RUSTFLAGS`.
const SEPARATOR: &str = "\u{1f}";

/// The profile as arguments of cargo.
pub(crate) fn profile() -> Vec<String> {
    PROFILE.iter().flat_map(|(key, value)| ["--config".to_owned(), format!("profile.release.{key}={value}")]).collect()
}

/// Folders of this machine that would otherwise stand in the module.
#[derive(Clone, Debug)]
pub(crate) struct Places<'a> {
    /// Cargo's home.
    pub(crate) cargo_home: &'a Path,
    /// The folder of the standard library's source, if there is one.
    pub(crate) standard_source: Option<&'a Path>,
}

/// The flags for the standard library: nothing in them is of a single project.
pub(crate) fn for_standard_library(places: &Places<'_>) -> Vec<OsString> {
    let registry = remap(&places.cargo_home.join("registry/src"), "/cargo/registry");
    let standard = places.standard_source.map(|source| remap(source, "/rustc/src"));
    [registry].into_iter().chain(standard).collect()
}

/// The flags for a skill: the same for every one of them, so that the crates that many need do for all. What differs,
/// the folder, is told the compiler by other means.
pub(crate) fn for_skill(places: &Places<'_>, sysroot: Option<&Path>) -> Vec<OsString> {
    let sysroot = sysroot.map(|folder| joined("--sysroot=", folder.as_os_str(), ""));
    [STACK.into()].into_iter().chain(for_standard_library(places)).chain(sysroot).collect()
}

/// Flags as `CARGO_ENCODED_RUSTFLAGS` holds them.
pub(crate) fn encode(flags: &[OsString]) -> OsString {
    flags.join(OsStr::new(SEPARATOR))
}

fn remap(from: &Path, to: &str) -> OsString {
    joined("--remap-path-prefix=", from.as_os_str(), &format!("={to}"))
}

fn joined(before: &str, middle: &OsStr, after: &str) -> OsString {
    [OsStr::new(before), middle, OsStr::new(after)].into_iter().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn places() -> Places<'static> {
        Places { cargo_home: Path::new("/home/x/.cargo"), standard_source: Some(Path::new("/usr/lib/src")) }
    }

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
    fn no_folder_of_the_machine_is_left() {
        let flags = for_skill(&places(), Some(Path::new("/cache/sys")));
        assert_eq!(
            flags,
            [
                "-Clink-arg=-zstack-size=65536",
                "--remap-path-prefix=/home/x/.cargo/registry/src=/cargo/registry",
                "--remap-path-prefix=/usr/lib/src=/rustc/src",
                "--sysroot=/cache/sys",
            ]
        );
    }

    #[test]
    fn the_standard_library_is_built_alike_for_every_project() {
        let flags = for_standard_library(&places());
        assert!(flags.iter().all(|flag| !flag.to_string_lossy().ends_with("=.")), "{flags:?}");
        assert_eq!(encode(&flags).to_string_lossy().matches('\u{1f}').count(), 1);
    }
}
