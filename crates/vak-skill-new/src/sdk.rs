//! The guest kit, and how a project comes by it.

use std::path::{Path, PathBuf};
use std::str::FromStr;

use crate::create::File;
use crate::error::Error;
use crate::inherit;

/// Where a project's guest kit is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Sdk {
    /// In the project, from inside this tool.
    Vendored,
    /// In a folder of the author's.
    Path(PathBuf),
}

impl FromStr for Sdk {
    type Err = String;

    fn from_str(word: &str) -> Result<Self, String> {
        match word.strip_prefix("path:") {
            None if word == "vendored" => Ok(Self::Vendored),
            Some(folder) if !folder.is_empty() => Ok(Self::Path(folder.into())),
            _ => Err("write `vendored`, or `path:DIR` with the folder of the crate vak-guest".to_owned()),
        }
    }
}

/// A crate of the kit: its name, its `Cargo.toml` in this repository, and its sources by their paths.
pub(crate) struct Crate {
    pub(crate) name: &'static str,
    pub(crate) manifest: &'static str,
    sources: &'static [(&'static str, &'static str)],
}

macro_rules! travelling {
    ($name:literal: $($path:literal),+) => {
        Crate {
            name: $name,
            manifest: include_str!(concat!("../../", $name, "/Cargo.toml")),
            sources: &[$(($path, include_str!(concat!("../../", $name, "/", $path)))),+],
        }
    };
}

/// The crates that travel inside this tool. A test holds the list against the files of the repository.
pub(crate) const CRATES: &[Crate] = &[
    travelling!("vak-abi": "src/lib.rs"),
    travelling!("vak-guest":
        "src/alloc.rs",
        "src/answer.rs",
        "src/border.rs",
        "src/error.rs",
        "src/export.rs",
        "src/host.rs",
        "src/host/clock.rs",
        "src/host/error.rs",
        "src/host/fs.rs",
        "src/host/http.rs",
        "src/host/kv.rs",
        "src/host/log.rs",
        "src/host/mock.rs",
        "src/host/mock/answer.rs",
        "src/host/plan.rs",
        "src/host/random.rs",
        "src/host/reason.rs",
        "src/host/tests.rs",
        "src/imports.rs",
        "src/json.rs",
        "src/json/read.rs",
        "src/json/read/big.rs",
        "src/json/read/float.rs",
        "src/json/read/float/tests.rs",
        "src/json/read/items.rs",
        "src/json/read/key.rs",
        "src/json/read/number.rs",
        "src/json/read/reader.rs",
        "src/json/read/tests.rs",
        "src/json/read/text.rs",
        "src/json/read/value.rs",
        "src/json/read/variant.rs",
        "src/json/write.rs",
        "src/lib.rs",
        "src/panic.rs"
    ),
];

/// The crate that a skill depends on.
const GUEST: &str = "vak-guest";

/// Whoever passes the sources on passes the licence on with them.
const LICENCE: &str = include_str!("../../../LICENSE");

/// Where the header for C lies in the crate's folder, and its text.
const HEADER: &str = "include/vak.h";
const HEADER_TEXT: &str = include_str!("../../vak-guest/include/vak.h");

/// The files of the kit for C in a project.
pub(crate) fn vendored_header() -> Vec<File> {
    vec![File::new("sdk/LICENSE", LICENCE), File::new("sdk/vak.h", HEADER_TEXT)]
}

/// The files of the kit for Rust in a project: `sdk/` and all below it.
pub(crate) fn vendored() -> Vec<File> {
    let mut files = vec![File::new("sdk/LICENSE", LICENCE)];
    for Crate { name, manifest, sources } in CRATES {
        files.push(File::new(format!("sdk/{name}/Cargo.toml"), inherit::standalone(manifest)));
        files.extend(sources.iter().map(|(path, text)| File::new(format!("sdk/{name}/{path}"), *text)));
    }
    files
}

/// A kit that is there, seen from a project.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Kit {
    /// In the project: its files are among the project's.
    Vendored,
    /// In this folder, by the way from the project's folder to the crate's.
    At(PathBuf),
}

impl Sdk {
    /// The kit for a project in `folder`, which is absolute.
    pub(crate) fn find(&self, folder: &Path) -> Result<Kit, Error> {
        match self {
            Self::Vendored => Ok(Kit::Vendored),
            Self::Path(sdk) => Ok(Kit::At(relative(&checked(sdk)?, folder))),
        }
    }
}

impl Kit {
    /// What a `Cargo.toml` in the project's folder says of the crate.
    pub(crate) fn dependency(&self) -> Result<String, Error> {
        let path = match self {
            Self::Vendored => Path::new("sdk").join(GUEST),
            Self::At(way) => way.clone(),
        };
        // What JSON escapes in a text, and how, is good TOML too.
        Ok(format!("{{ path = {} }}", serde_json::Value::from(text(&path)?)))
    }

    /// What an `#include` in the project's folder `src` says of the header.
    pub(crate) fn include(&self) -> Result<String, Error> {
        let path = match self {
            Self::Vendored => Path::new("../sdk/vak.h").to_owned(),
            Self::At(way) => Path::new("..").join(way).join(HEADER),
        };
        match text(&path)? {
            // There is no way to write these in an `#include`.
            text if text.contains(['"', '\\', '\n']) => Err(Error::no_sdk(&path, "an `#include` can't name its path")),
            text => Ok(text.to_owned()),
        }
    }
}

fn text(path: &Path) -> Result<&str, Error> {
    path.to_str().ok_or_else(|| Error::no_sdk(path, "its path is not UTF-8"))
}

/// The folder, absolute, if the kit's crate is in it.
fn checked(folder: &Path) -> Result<PathBuf, Error> {
    let manifest = std::fs::read_to_string(folder.join("Cargo.toml"))
        .map_err(|error| Error::no_sdk(folder, &format!("its `Cargo.toml` can't be read: {error}")))?;
    if !manifest.lines().any(|line| line.replace(' ', "") == format!("name=\"{GUEST}\"")) {
        return Err(Error::no_sdk(folder, &format!("its `Cargo.toml` is of another crate than {GUEST}")));
    }
    folder.canonicalize().map_err(|error| Error::no_sdk(folder, &error.to_string()))
}

/// The way to `path` from `folder`, both absolute.
fn relative(path: &Path, folder: &Path) -> PathBuf {
    let shared = path.iter().zip(folder.iter()).take_while(|(a, b)| a == b).count();
    let up = folder.iter().skip(shared).map(|_| "..".as_ref());
    up.chain(path.iter().skip(shared)).collect()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_source_of_the_kit_travels() {
        for Crate { name, sources, .. } in CRATES {
            let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(name);
            let listed: BTreeSet<_> = sources.iter().map(|(path, _)| root.join(path)).collect();
            let mut there = BTreeSet::new();
            collect(&root.join("src"), &mut there);
            assert_eq!(listed, there, "mend the list of `{name}` in src/sdk.rs");
        }
    }

    fn collect(folder: &Path, files: &mut BTreeSet<PathBuf>) {
        for entry in folder.read_dir().expect("a folder") {
            let path = entry.expect("readable").path();
            if path.is_dir() { collect(&path, files) } else { assert!(files.insert(path)) }
        }
    }

    #[test]
    fn every_crate_that_the_kit_needs_travels_and_inherits_nothing() {
        for Crate { name, manifest, .. } in CRATES {
            let alone = inherit::standalone(manifest);
            assert!(!alone.contains("workspace"), "{name}: {alone}");
            let own = |needed: &&str| needed.starts_with("vak-");
            for needed in inherit::dependencies(manifest).into_iter().filter(own) {
                assert!(CRATES.iter().any(|other| other.name == needed), "{name} needs {needed}");
            }
        }
    }

    #[test]
    fn a_kit_elsewhere_is_named_by_the_way_to_it() {
        for (path, folder, way) in
            [("/a/sdk", "/a/b/hello", "../../sdk"), ("/a/sdk", "/b", "../a/sdk"), ("/a/hello/sdk", "/a/hello", "sdk")]
        {
            assert_eq!(relative(Path::new(path), Path::new(folder)), Path::new(way));
        }
        let guest = Path::new(env!("CARGO_MANIFEST_DIR")).join("../vak-guest").canonicalize().expect("a folder");
        let kit = Sdk::Path(guest.clone()).find(guest.parent().expect("a parent")).expect("the kit");
        assert_eq!(kit.dependency().expect("a way"), r#"{ path = "vak-guest" }"#);
        assert_eq!(kit.include().expect("a way"), "../vak-guest/include/vak.h");
        assert!(guest.join(HEADER).is_file());
    }

    #[test]
    fn what_is_not_the_kit_is_refused_with_the_reason() {
        let here = Path::new(env!("CARGO_MANIFEST_DIR"));
        for (folder, reason) in [(here.to_owned(), "of another crate"), (here.join("src"), "can't be read")] {
            let error = Sdk::Path(folder).find(Path::new("/x")).expect_err("refused");
            assert!(error.to_string().contains(reason), "{error}");
        }
        for way in ["a\"b", "a\\b", "a\nb"] {
            assert!(Kit::At(way.into()).include().is_err(), "{way}");
        }
    }

    #[test]
    fn the_words_for_a_kit() {
        assert_eq!("vendored".parse(), Ok(Sdk::Vendored));
        assert_eq!("path:a/b".parse(), Ok(Sdk::Path("a/b".into())));
        for word in ["", "path:", "path", "1.0.0", "Vendored"] {
            assert!(word.parse::<Sdk>().is_err(), "{word}");
        }
    }
}
