//! Skills in the text format of WebAssembly: one file, which needs no toolchain.

use std::path::Path;

use vak_cli::Place;
use vak_package::{Bounds, read_file};

use crate::Error;
use crate::project::Compiled;
use crate::source::below;

/// The file that makes a folder a project in WAT, and the whole of its source.
pub(crate) const SOURCE: &str = "src/skill.wat";

/// The crate that turns the text into a module, as builds name it.
const TRANSLATOR: &str = "wat 1.254.2";

/// The text of a module, translated.
#[derive(Clone, Debug)]
pub struct WatProject {
    module: Vec<u8>,
}

impl WatProject {
    /// Reads and translates the text in `dir`.
    pub(crate) fn find(dir: &Path) -> Result<Self, Error> {
        let file = below(dir, SOURCE);
        let text = read_file(&file, Bounds::default().file_bytes as u64)?;
        let text = String::from_utf8(text).map_err(|_| Error::NotText(file.clone()))?;
        let module = wat::Parser::new().parse_str(None, &text).map_err(|error| mistake(&file, &error))?;
        Ok(Self { module })
    }

    /// The module.
    pub(crate) fn compile(&self) -> Compiled {
        Compiled { module: self.module.clone(), toolchain: TRANSLATOR.to_owned() }
    }
}

/// What is wrong, in one line behind its place.
fn mistake(file: &Path, error: &wat::Error) -> Error {
    let text = error.to_string();
    let mut lines = text.lines().map(str::trim);
    let what = lines.next().unwrap_or_default().to_owned();
    Error::Wat { place: Place::new(file, lines.find_map(position)), what }
}

/// Line and column of `--> FILE:LINE:COLUMN`, the only form in which the crate tells them.
fn position(line: &str) -> Option<(u64, u64)> {
    let mut parts = line.strip_prefix("--> ")?.rsplitn(3, ':');
    let column = parts.next()?.parse().ok()?;
    Some((parts.next()?.parse().ok()?, column))
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    fn find(text: impl AsRef<[u8]>) -> Result<WatProject, Error> {
        let folder = tempfile::tempdir().expect("a folder");
        fs::create_dir(folder.path().join("src")).expect("a folder");
        fs::write(folder.path().join(SOURCE), text).expect("written");
        WatProject::find(folder.path())
    }

    #[test]
    fn a_text_becomes_a_module() {
        let compiled = find("(module)").expect("a module").compile();
        assert_eq!(compiled.module, b"\0asm\x01\0\0\0");
    }

    #[test]
    fn a_mistake_is_told_with_its_line_and_column() {
        for (text, says) in [
            ("(module\n  (func call $nowhere))", "line 2, column 14: unknown func: failed to find name `$nowhere`"),
            ("(module\n\n(fun))", "line 3, column 2: expected valid module field"),
            ("(module (func (i32.const \u{e9})))", "line 1, column 26: "),
            ("(module", "line 1, column 8: expected `)`"),
            ("", "line 1, column 1: expected at least one module field"),
        ] {
            let error = find(text).expect_err(text).to_string();
            let (_, told) = error.split_once("skill.wat` ").expect("its place");
            assert!(told.starts_with(says), "{told}");
            assert_eq!(told.lines().count(), 1, "{told}");
        }
    }

    #[test]
    fn what_is_no_text_is_refused_even_if_it_is_a_module() {
        assert!(matches!(find(b"\xff\xfe"), Err(Error::NotText(_))));
        assert!(matches!(find(b"\0asm\x01\0\0\0"), Err(Error::Wat { .. })));
    }

    #[test]
    fn deep_nesting_does_not_overflow_the_stack() {
        let nested = |inner: &str| format!("(module {} {})", inner.repeat(100_000), ")".repeat(100_000));
        for deep in ["(func (block ", "(type (func (param ", "(import (", "((", "(elem (item ", "(@a ("] {
            // Whether it is an error is the crate's affair: it returns.
            let _ = find(nested(deep));
        }
    }

    #[test]
    fn the_version_that_builds_name_is_the_one_that_is_linked() {
        let (name, version) = TRANSLATOR.split_once(' ').expect("name and version");
        let entry = format!("name = \"{name}\"\nversion = \"{version}\"");
        assert!(include_str!("../../../Cargo.lock").contains(&entry), "TRANSLATOR is out of date");
    }
}
