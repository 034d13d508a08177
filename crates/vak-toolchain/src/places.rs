//! Finding programs in the folders that the caller named.

use std::cmp::Reverse;
use std::collections::BTreeSet;
use std::env::consts::EXE_SUFFIX;
use std::path::{Path, PathBuf};

/// The first program called `name` in `dirs`.
pub(crate) fn program(dirs: &[PathBuf], name: &str) -> Option<PathBuf> {
    dirs.iter().map(|dir| dir.join(format!("{name}{EXE_SUFFIX}"))).find(|path| path.is_file())
}

/// The newest `wasm-ld-N` in `dirs`; a plain `wasm-ld`, whose version its name doesn't tell, if there is no other.
pub(crate) fn wasm_linker(dirs: &[PathBuf]) -> Option<PathBuf> {
    let mut found = numbered(dirs, "wasm-ld");
    found.sort_by_key(|(version, _)| Reverse(*version));
    found.into_iter().next().map(|(_, path)| path)
}

/// Every `NAME-N` in `dirs` with its number, and every plain `NAME` with 0.
pub(crate) fn numbered(dirs: &[PathBuf], name: &str) -> Vec<(u32, PathBuf)> {
    let number = |file: &str| match file.strip_prefix(name)? {
        "" => Some(0),
        suffix => suffix.strip_prefix('-')?.parse::<u32>().ok(),
    };
    files(dirs).filter_map(|(file, path)| Some((number(&file)?, path))).collect()
}

/// Every `rustc` and `rustc-1.2` in `dirs`, each file once.
pub(crate) fn compilers(dirs: &[PathBuf]) -> Vec<PathBuf> {
    let mut known = BTreeSet::new();
    files(dirs)
        .filter(|(name, _)| is_compiler(name))
        .filter(|(_, path)| known.insert(path.canonicalize().unwrap_or_else(|_| path.clone())))
        .map(|(_, path)| path)
        .collect()
}

fn is_compiler(name: &str) -> bool {
    let numbered = |suffix: &str| !suffix.is_empty() && suffix.bytes().all(|b| b.is_ascii_digit() || b == b'.');
    name == "rustc" || name.strip_prefix("rustc-").is_some_and(numbered)
}

/// The files of each folder by name, without the suffix of programs. Folders that can't be read hold none.
fn files(dirs: &[PathBuf]) -> impl Iterator<Item = (String, PathBuf)> {
    dirs.iter().flat_map(|dir| {
        let mut files: Vec<_> = names(dir).map(|name| (name.clone(), dir.join(name + EXE_SUFFIX))).collect();
        files.retain(|(_, path)| path.is_file());
        files.sort();
        files
    })
}

fn names(dir: &Path) -> impl Iterator<Item = String> {
    let entries = dir.read_dir().into_iter().flatten().flatten();
    let names = entries.filter_map(|entry| entry.file_name().into_string().ok());
    names.filter_map(|name| name.strip_suffix(EXE_SUFFIX).map(str::to_owned))
}

#[cfg(all(test, unix))]
mod tests {
    use std::fs;
    use std::os::unix::fs::symlink;

    use super::*;

    fn folder(names: &[&str]) -> tempfile::TempDir {
        let dir = tempfile::tempdir().expect("a folder");
        names.iter().for_each(|name| fs::write(dir.path().join(name), "").expect("a file"));
        dir
    }

    #[test]
    fn the_linker_with_the_highest_number_is_taken() {
        for (names, taken) in [
            (&["wasm-ld-9", "wasm-ld-22", "wasm-ld-14", "wasm-ld"][..], Some("wasm-ld-22")),
            (&["wasm-ld", "wasm-ldx", "wasm-ld-22.bak"], Some("wasm-ld")),
            (&["lld-22", "wasm-ld-x"], None),
        ] {
            let dir = folder(names);
            let found = wasm_linker(&["/nowhere".into(), dir.path().into()]);
            assert_eq!(found, taken.map(|name| dir.path().join(name)), "{names:?}");
        }
    }

    #[test]
    fn each_compiler_is_found_once_however_often_its_folder_is_named() {
        let dir = folder(&["rustc", "rustc-1.90", "rustc-demangle", "rustc-", "rustdoc"]);
        let other = folder(&[]);
        symlink(dir.path().join("rustc"), other.path().join("rustc")).expect("a link");
        let found = compilers(&[dir.path().into(), other.path().into(), dir.path().into()]);
        assert_eq!(found, [dir.path().join("rustc"), dir.path().join("rustc-1.90")]);
    }

    #[test]
    fn a_folder_is_not_a_program() {
        let dir = folder(&[]);
        fs::create_dir(dir.path().join("rustup")).expect("a folder");
        assert_eq!(program(&[dir.path().into()], "rustup"), None);
    }
}
