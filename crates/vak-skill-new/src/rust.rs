//! The template in Rust.

use crate::create::File;
use crate::language::Plan;
use crate::template::render;
use crate::{inherit, lock};

/// What a project begins with.
const VERSION: &str = "0.1.0";

/// The names under which `Cargo.toml` lists what the skill needs.
const NEEDS: &[&str] = &["serde", "vak-guest"];

/// The files, of which every hole is filled.
pub(crate) fn files(plan: &Plan<'_>) -> Vec<File> {
    let (package, library, serde) = (plan.name.package(), plan.name.library(), inherit::dependency("serde"));
    let values = [
        ("name", plan.name.skill().as_str()),
        ("package", &package),
        ("library", &library),
        ("version", VERSION),
        ("edition", inherit::setting("edition")),
        ("rust-version", inherit::setting("rust-version")),
        ("rust", inherit::setting("rust-version").trim_matches('"')),
        ("serde", &serde),
        ("kit", plan.kit),
        ("workspace", if plan.vendored { VENDORED_WORKSPACE } else { WORKSPACE }),
        ("sdk", if plan.vendored { VENDORED_SDK } else { SDK }),
    ];
    let file = |path: &'static str, template: &str| File::new(path, render(template, &values));
    let mut files = vec![
        file("Cargo.toml", include_str!("../templates/rust/Cargo.toml.in")),
        file("skill.yaml", include_str!("../templates/rust/skill.yaml.in")),
        file("src/lib.rs", include_str!("../templates/rust/lib.rs")),
        file("README.md", include_str!("../templates/rust/README.md.in")),
        file("ci.sh", include_str!("../templates/rust/ci.sh")).executable(),
        file(".gitignore", include_str!("../templates/rust/gitignore")),
    ];
    // Of a kit elsewhere only cargo knows what it needs.
    if plan.vendored {
        files.push(File::new("Cargo.lock", lock::lock(&package, VERSION, NEEDS)));
    }
    files
}

/// The kit in the project is no member of its workspace, so that `cargo test` and `cargo fmt` are about the skill.
const VENDORED_WORKSPACE: &str = "[workspace]\nexclude = [\"sdk\"]";
const WORKSPACE: &str = "[workspace]";

const VENDORED_SDK: &str =
    "- `sdk/`: the guest kit that the skill is compiled with, as it was when this project was made";
const SDK: &str = "- `Cargo.toml`: what the skill is compiled with, among it the path of the guest kit";

#[cfg(test)]
mod tests {
    use vak_package::ManifestDocument;

    use super::*;
    use crate::name::Name;

    fn rendered(word: &str, vendored: bool) -> Vec<File> {
        let name = Name::parse(word).expect(word);
        files(&Plan { name: &name, kit: "{ path = \"sdk/vak-guest\" }", vendored })
    }

    fn text<'f>(files: &'f [File], path: &str) -> &'f str {
        files.iter().find(|file| file.path == path).map_or_else(|| panic!("no {path}"), |file| &file.text)
    }

    #[test]
    fn no_hole_is_left_in_any_file() {
        for vendored in [true, false] {
            for File { path, text, .. } in rendered("acme/word-count", vendored) {
                assert!(!text.contains("{{") && !text.contains("}}"), "{path}: {text}");
                assert!(text.ends_with('\n') && !text.ends_with("\n\n"), "{path}");
            }
        }
    }

    #[test]
    fn the_manifest_is_one_for_every_name() {
        for word in ["hello", "acme/word-count", "3", "1-2", "true", "null", "no", "match"] {
            let files = rendered(word, true);
            let document = ManifestDocument::from_yaml(text(&files, "skill.yaml")).expect(word);
            let manifest = document.manifest();
            assert_eq!(manifest.name.as_str(), word);
            assert_eq!(manifest.version.to_string(), VERSION);
            let library = Name::parse(word).expect(word).library();
            assert!(manifest.module.as_str().ends_with(&format!("/{library}.wasm")), "{}", manifest.module.as_str());
            assert!(text(&files, "Cargo.toml").contains(&format!("name = \"{library}\"")));
        }
    }

    #[test]
    fn the_golden_cases_have_an_error_and_another_alphabet() {
        let files = rendered("hello", true);
        let document = ManifestDocument::from_yaml(text(&files, "skill.yaml")).expect("a manifest");
        let cases = &document.manifest().tests;
        assert!(cases.iter().any(|case| matches!(case.expected, vak_model::GoldenResult::Error(_))));
        assert!(cases.iter().any(|case| !case.input.to_string().is_ascii()));
        assert!(cases.iter().all(|case| case.max_fuel.is_some()));
    }

    #[test]
    fn a_lock_comes_with_the_kit() {
        let has_lock = |files: &[File]| files.iter().any(|file| file.path == "Cargo.lock");
        assert!(has_lock(&rendered("hello", true)) && !has_lock(&rendered("hello", false)));
    }
}
