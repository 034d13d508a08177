//! The languages that a skill can be written in.

use clap::ValueEnum;

use crate::create::File;
use crate::error::Error;
use crate::name::Name;
use crate::sdk::Kit;
use crate::{c, rust, wat};

/// What a project begins with.
pub(crate) const VERSION: &str = "0.1.0";

/// The manifest, which says the same in each language.
pub(crate) const MANIFEST: &str = include_str!("../templates/skill.yaml.in");

/// A language, and with it a template.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum Language {
    /// Rust, with the guest kit
    #[default]
    Rust,
    /// C, with the guest kit's header `vak.h`
    C,
    /// WebAssembly's own text format, without a kit
    Wat,
}

/// What a template is filled with.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Plan<'a> {
    /// The skill's name.
    pub(crate) name: &'a Name,
    /// Where the kit is.
    pub(crate) kit: &'a Kit,
}

impl Language {
    /// What people call it.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Rust => "Rust",
            Self::C => "C",
            Self::Wat => "WAT",
        }
    }

    /// The project's files, the kit's among them.
    pub(crate) fn files(self, plan: &Plan<'_>) -> Result<Vec<File>, Error> {
        match self {
            Self::Rust => rust::files(plan),
            Self::C => c::files(plan),
            Self::Wat => wat::files(plan),
        }
    }
}

#[cfg(test)]
mod tests {
    use vak_package::ManifestDocument;

    use super::*;

    fn rendered(language: Language, word: &str, kit: &Kit) -> Vec<File> {
        let name = Name::parse(word).expect(word);
        language.files(&Plan { name: &name, kit }).expect("a project")
    }

    /// Every project that there can be, but for its name.
    fn kinds() -> [(Language, Kit); 5] {
        let at = || Kit::At("../kit".into());
        [
            (Language::Rust, Kit::Vendored),
            (Language::Rust, at()),
            (Language::C, Kit::Vendored),
            (Language::C, at()),
            (Language::Wat, Kit::Vendored),
        ]
    }

    fn text<'f>(files: &'f [File], path: &str) -> &'f str {
        files.iter().find(|file| file.path == path).map_or_else(|| panic!("no {path}"), |file| &file.text)
    }

    #[test]
    fn no_hole_is_left_in_any_file() {
        for (language, kit) in kinds() {
            let files = rendered(language, "acme/word-count", &kit);
            for File { path, text, .. } in files.iter().filter(|file| !file.path.starts_with("sdk/")) {
                assert!(!text.contains("{{") && !text.contains("}}"), "{language:?} {path}: {text}");
                assert!(text.ends_with('\n') && !text.ends_with("\n\n"), "{language:?} {path}");
            }
        }
    }

    #[test]
    fn the_manifest_is_one_for_every_name_and_language() {
        for (language, kit) in kinds() {
            for word in ["hello", "acme/word-count", "3", "1-2", "true", "null", "no", "match"] {
                let files = rendered(language, word, &kit);
                let document = ManifestDocument::from_yaml(text(&files, "skill.yaml")).expect(word);
                let manifest = document.manifest();
                assert_eq!(manifest.name.as_str(), word);
                assert_eq!(manifest.version.to_string(), VERSION);
                // What is built is ignored by git.
                let folder = manifest.module.as_str().split('/').next().expect("a folder");
                assert_eq!(text(&files, ".gitignore"), format!("/{folder}\n"));
            }
        }
    }

    #[test]
    fn the_golden_cases_have_an_error_and_another_alphabet() {
        let files = rendered(Language::Wat, "hello", &Kit::Vendored);
        let document = ManifestDocument::from_yaml(text(&files, "skill.yaml")).expect("a manifest");
        let cases = &document.manifest().tests;
        assert!(cases.iter().any(|case| matches!(case.expected, vak_model::GoldenResult::Error(_))));
        assert!(cases.iter().any(|case| !case.input.to_string().is_ascii()));
        assert!(cases.iter().all(|case| case.max_fuel.is_some()));
    }

    #[test]
    fn each_project_has_what_an_author_looks_for() {
        for (language, kit) in kinds() {
            let files = rendered(language, "hello", &kit);
            for path in ["README.md", "skill.yaml", ".gitignore"] {
                text(&files, path);
            }
            assert!(files.iter().any(|file| file.path == "ci.sh" && file.executable), "{language:?}");
            assert_eq!(
                files.iter().any(|file| file.path == "sdk/LICENSE"),
                kit == Kit::Vendored && language != Language::Wat
            );
        }
    }
}
