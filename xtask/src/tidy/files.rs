//! What may lie in the repository, and what may stand in its text.

use super::Violation;
use crate::tree::{File, Tree};

/// Larger files belong elsewhere: everybody clones them for ever.
const MAX_BYTES: usize = 512 * 1024;
/// A binary's `main.rs` only calls its library, so that tests can.
const MAX_MAIN_LINES: usize = 15;
/// Artefacts are built from source, never kept.
const ARTEFACTS: &[&str] = &[".wasm", ".cwasm", ".so", ".a", ".zip", ".gz"];
/// Folders that exist on somebody's machine only. (Written in two parts: this file is checked as well.)
const MACHINE_PATHS: &[&str] = &[concat!("/wo", "rk/"), concat!("/ro", "ot/")];
/// What stands for code that is not there, or for a test that is switched off without a reason.
const UNFINISHED: &[&str] = &[concat!("to", "do!("), concat!("unimpl", "emented!("), concat!("#[ign", "ore]")];
/// The lint that is denied everywhere; a file that may leave the compiler's checks has to lift it.
const FENCE: &str = concat!("unsafe", "_code");
/// Who may lift it: the guest's border with its host, the one module that loads compiled code, and what loads code for the
/// bench's floor.
const MAY_BE_UNSAFE: &[&str] =
    &["crates/vak-guest/src/", "crates/vak-runtime/src/code.rs", "crates/vak-runtime/benches/sandbox/bare_code.rs"];

/// Every file follows the rules above.
pub(super) fn check(tree: &Tree) -> Vec<Violation> {
    tree.files.iter().flat_map(check_file).collect()
}

fn check_file(file: &File) -> Vec<Violation> {
    let mut violations = Vec::new();
    let mut say = |what: String| violations.push(Violation::new(&file.path, what));
    if file.bytes.len() > MAX_BYTES {
        say(format!("is {} bytes: no file here may be larger than {MAX_BYTES}", file.bytes.len()));
    }
    if ARTEFACTS.iter().any(|ending| file.path.ends_with(ending)) || file.text().is_none() {
        say("is a binary file: keep what it is made from, and let the build make it".to_owned());
    }
    let Some(text) = file.text() else { return violations };
    if is_main(&file.path) && text.lines().count() > MAX_MAIN_LINES {
        say(format!("has more than {MAX_MAIN_LINES} lines: move them to the library, where tests can call them"));
    }
    let lines = (1..).zip(text.lines()).flat_map(|(number, line)| check_line(&file.path, number, line));
    violations.extend(lines);
    violations
}

fn is_main(path: &str) -> bool {
    path.ends_with("/src/main.rs")
}

fn check_line(path: &str, number: usize, line: &str) -> Vec<Violation> {
    let machine = MACHINE_PATHS
        .iter()
        .filter(|found| names_path(line, found))
        .map(|found| format!("names `{found}`, a folder of one machine: write a path that is relative to the root"));
    let is_rust = path.ends_with(".rs");
    let unfinished = UNFINISHED
        .iter()
        .filter(|found| is_rust && line.contains(*found))
        .map(|found| format!("has `{found}`: finish it, or say in an issue why not"));
    let may = MAY_BE_UNSAFE.iter().any(|start| path.starts_with(start));
    let fenced = (is_rust && !may && lifts_the_fence(line))
        .then(|| format!("lifts the lint `{FENCE}`: only the files listed in xtask/src/tidy/files.rs may"));
    machine.chain(unfinished).chain(fenced).map(|what| Violation::new(format!("{path}:{number}"), what)).collect()
}

/// Whether `line` has the absolute path `start`, and not as the middle of a longer one.
fn names_path(line: &str, start: &str) -> bool {
    let continues = |c: char| c.is_alphanumeric() || "._-~}>)*".contains(c);
    line.match_indices(start).any(|(at, _)| !line[..at].ends_with(continues))
}

fn lifts_the_fence(line: &str) -> bool {
    let code = line.split("//").next().unwrap_or_default();
    code.contains(FENCE) && !code.contains("deny(") && !code.contains("forbid(")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tree::tests::tree;

    fn places(path: &str, text: &str) -> Vec<String> {
        check(&tree(&[(path, text)])).into_iter().map(|violation| violation.place).collect()
    }

    #[test]
    fn binaries_and_large_files_are_refused() {
        assert_eq!(places("skills/x/x.wasm", "(module)"), ["skills/x/x.wasm"]);
        assert_eq!(places("docs/picture", "a\0b"), ["docs/picture"]);
        assert_eq!(places("docs/long.md", &"x".repeat(MAX_BYTES)), [""; 0]);
        assert_eq!(places("docs/long.md", &"x".repeat(MAX_BYTES + 1)), ["docs/long.md"]);
    }

    #[test]
    fn a_main_file_is_short() {
        assert_eq!(places("crates/vak-run/src/main.rs", &"\n".repeat(15)), [""; 0]);
        assert_eq!(places("crates/vak-run/src/main.rs", &"\n".repeat(16)), ["crates/vak-run/src/main.rs"]);
        assert_eq!(places("crates/vak-run/src/lib.rs", &"\n".repeat(16)), [""; 0]);
    }

    #[test]
    fn a_machine_path_is_found_with_its_line_and_a_relative_one_is_not() {
        for path in MACHINE_PATHS {
            assert_eq!(places("README.md", &format!("fine\ncd '{path}x'")), ["README.md:2"]);
            assert_eq!(places("README.md", &format!("cd some{path}x and ..{path}x")), [""; 0]);
        }
    }

    #[test]
    fn unfinished_code_is_found_in_rust_only() {
        for word in UNFINISHED {
            assert_eq!(places("crates/a/src/lib.rs", word), ["crates/a/src/lib.rs:1"]);
            assert_eq!(places("docs/a.md", word), [""; 0]);
        }
        assert_eq!(places("crates/a/src/lib.rs", "#[ignore = \"needs a network\"]"), [""; 0]);
    }

    #[test]
    fn only_the_listed_files_may_leave_the_compilers_checks() {
        for code in [format!("#![allow({FENCE})]"), format!("    #[expect({FENCE}, reason = \"x\")]")] {
            assert_eq!(places("crates/vak-run/src/lib.rs", &code), ["crates/vak-run/src/lib.rs:1"], "{code}");
            assert_eq!(places("crates/vak-guest/src/lib.rs", &code), [""; 0], "{code}");
        }
        assert_eq!(places("crates/vak-run/src/lib.rs", &format!("#![forbid({FENCE})] // {FENCE}")), [""; 0]);
    }

    #[test]
    fn the_fence_is_up_in_the_whole_workspace() {
        let manifest = include_str!("../../../Cargo.toml");
        assert!(manifest.lines().any(|line| line.starts_with(&format!("{FENCE} = \"deny\""))));
    }
}
