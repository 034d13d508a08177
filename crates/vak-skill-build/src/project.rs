//! What a skill is written in, and how that becomes a module.
//!
//! A language is known by its files alone. All that follows, from the manifest to the golden cases, is the same for each.

use std::path::{Path, PathBuf};

use vak_cli::{Home, Ui};
use vak_model::SkillName;

use crate::{CProject, Error, Order, Problems, RustProject, Variation, WatProject, rust, wat};

/// A skill's source code.
#[derive(Clone, Debug)]
pub enum Project {
    /// A cargo package.
    Rust(RustProject),
    /// Sources for clang.
    C(CProject),
    /// The text of a module.
    Wat(WatProject),
}

/// What is compiled, and with what.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Job<'a> {
    /// Whose source it is.
    pub(crate) skill: &'a SkillName,
    /// Where VAK keeps what can be made again.
    pub(crate) home: &'a Home,
    /// The toolchain for Rust that the author chose.
    pub(crate) toolchain: Option<&'a str>,
    /// Whether the compiler shall only speak of what is wrong.
    pub(crate) quiet: bool,
    /// Whether functions keep their names, which the text of a module always does.
    pub(crate) names: bool,
    /// The circumstances, none of which may show in the module.
    pub(crate) variation: &'a Variation,
}

/// A module that is nobody's artefact yet, and what made it.
#[derive(Debug)]
pub(crate) struct Compiled {
    pub(crate) module: Vec<u8>,
    /// The compiler and its version: another one makes other bytes.
    pub(crate) toolchain: String,
}

impl Project {
    /// The source code in the order's folder; `cargo` is asked about a package of Rust.
    ///
    /// # Errors
    /// There is none, or that of several languages; or it is known to be wrong without compiling it.
    pub(crate) fn find(order: &Order, cargo: &Path) -> Result<Self, Error> {
        let language = Language::of(&order.dir)?;
        match language {
            Language::Rust => RustProject::find(&order.dir, cargo).map(Self::Rust),
            _ if order.toolchain.is_some() => Err(Error::OtherLanguage(language.name())),
            Language::C => CProject::find(&order.dir).map(Self::C),
            Language::Wat => WatProject::find(&order.dir).map(Self::Wat),
        }
    }

    /// What the author should know before it is compiled.
    pub(crate) fn warning(&self) -> Option<&'static str> {
        match self {
            Self::Rust(project) => project.warning(),
            Self::C(_) | Self::Wat(_) => None,
        }
    }

    /// The folders in which the source code lies, beside the skill's own.
    pub(crate) fn sources(&self) -> &[PathBuf] {
        match self {
            Self::Rust(project) => &project.sources,
            Self::C(_) | Self::Wat(_) => &[],
        }
    }

    /// The files elsewhere that decide about the module too: those of the workspace's root.
    pub(crate) fn files(&self) -> Vec<PathBuf> {
        match self {
            Self::Rust(project) => ["Cargo.toml", "Cargo.lock"].map(|name| project.root.join(name)).into(),
            Self::C(_) | Self::Wat(_) => Vec::new(),
        }
    }

    /// Makes the module.
    pub(crate) fn compile(&self, job: &Job<'_>, ui: &mut Ui) -> Result<Compiled, Problems> {
        match self {
            Self::Rust(project) => project.compile(job, ui),
            Self::C(project) => project.compile(job, ui),
            Self::Wat(project) => Ok(project.compile()),
        }
    }
}

/// A language that skills are written in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Language {
    Rust,
    C,
    Wat,
}

impl Language {
    const ALL: [Self; 3] = [Self::Rust, Self::C, Self::Wat];

    /// The one language of the source code in `dir`.
    fn of(dir: &Path) -> Result<Self, Error> {
        let found: Vec<_> = Self::ALL.into_iter().filter(|language| language.is_in(dir)).collect();
        let files = |languages: &[Self]| languages.iter().map(|language| language.files()).collect();
        match found[..] {
            [language] => Ok(language),
            [] => Err(Error::NoProject { dir: dir.to_owned(), looked_for: files(&Self::ALL) }),
            _ => Err(Error::SeveralProjects { dir: dir.to_owned(), found: files(&found) }),
        }
    }

    /// Whether the file is there that makes a folder a project of this language.
    fn is_in(self, dir: &Path) -> bool {
        match self {
            Self::Rust => dir.join(rust::MARK).is_file(),
            Self::C => CProject::is_in(dir),
            Self::Wat => dir.join(wat::SOURCE).is_file(),
        }
    }

    /// That file, and what it means.
    const fn files(self) -> &'static str {
        match self {
            Self::Rust => "`Cargo.toml` (Rust)",
            Self::C => "`src/*.c` (C)",
            Self::Wat => "`src/skill.wat` (WAT)",
        }
    }

    const fn name(self) -> &'static str {
        match self {
            Self::Rust => "Rust",
            Self::C => "C",
            Self::Wat => "WAT",
        }
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    fn language(files: &[&str]) -> Result<Language, Error> {
        let folder = tempfile::tempdir().expect("a folder");
        fs::create_dir(folder.path().join("src")).expect("a folder");
        files.iter().for_each(|file| fs::write(folder.path().join(file), "").expect("written"));
        Language::of(folder.path())
    }

    #[test]
    fn a_language_is_known_by_its_files() {
        for (files, expected) in
            [(&["Cargo.toml", "src/lib.rs"][..], Language::Rust), (&["src/skill.wat", "src/other.wat"], Language::Wat)]
        {
            assert_eq!(language(files).expect("one language"), expected, "{files:?}");
        }
    }

    #[test]
    fn what_is_missing_and_what_is_too_much_is_named() {
        for files in [&[][..], &["src/lib.rs"], &["hello.c"], &["src/hello.h"], &["skill.wat"], &["src/other.wat"]] {
            let Err(error @ Error::NoProject { .. }) = language(files) else { panic!("{files:?}") };
            for language in Language::ALL {
                assert!(error.to_string().contains(language.files()), "{error}");
            }
        }
        for (files, found) in [
            (&["Cargo.toml", "src/skill.wat"][..], "`Cargo.toml` (Rust), `src/skill.wat` (WAT)"),
            (&["Cargo.toml", "src/native.c"], "`Cargo.toml` (Rust), `src/*.c` (C)"),
            (&["src/a.c", "src/skill.wat"], "`src/*.c` (C), `src/skill.wat` (WAT)"),
        ] {
            let error = language(files).expect_err("two languages").to_string();
            assert!(error.ends_with(&format!("in several languages: {found}")), "{error}");
        }
    }
}
