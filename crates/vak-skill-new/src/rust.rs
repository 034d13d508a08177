//! The template in Rust.

use crate::create::File;
use crate::error::Error;
use crate::language::{MANIFEST, Plan, VERSION};
use crate::sdk::Kit;
use crate::template::render;
use crate::{inherit, lock, sdk};

/// The names under which `Cargo.toml` lists what the skill needs.
const NEEDS: &[&str] = &["serde", "vak-guest"];

/// The files, of which every hole is filled.
pub(crate) fn files(plan: &Plan<'_>) -> Result<Vec<File>, Error> {
    let (package, library, serde) = (plan.name.package(), plan.name.library(), inherit::dependency("serde"));
    let (kit, vendored) = (plan.kit.dependency()?, *plan.kit == Kit::Vendored);
    let module = format!("target/wasm32-unknown-unknown/release/{library}.wasm");
    let values = [
        ("name", plan.name.skill().as_str()),
        ("package", &package),
        ("library", &library),
        ("version", VERSION),
        ("module", &module),
        ("exported", "`vak_guest::export!` in src/lib.rs"),
        ("edition", inherit::setting("edition")),
        ("rust-version", inherit::setting("rust-version")),
        ("rust", inherit::setting("rust-version").trim_matches('"')),
        ("serde", &serde),
        ("kit", &kit),
        ("workspace", if vendored { VENDORED_WORKSPACE } else { WORKSPACE }),
        ("sdk", if vendored { VENDORED_SDK } else { SDK }),
    ];
    let file = |path: &'static str, template: &str| File::new(path, render(template, &values));
    let mut files = vec![
        file("Cargo.toml", include_str!("../templates/rust/Cargo.toml.in")),
        file("skill.yaml", MANIFEST),
        file("src/lib.rs", include_str!("../templates/rust/lib.rs")),
        file("README.md", include_str!("../templates/rust/README.md.in")),
        file("ci.sh", include_str!("../templates/rust/ci.sh")).executable(),
        file(".gitignore", include_str!("../templates/rust/gitignore")),
    ];
    // Of a kit elsewhere only cargo knows what it needs.
    if vendored {
        files.push(File::new("Cargo.lock", lock::lock(&package, VERSION, NEEDS)));
        files.extend(sdk::vendored());
    }
    Ok(files)
}

/// The kit in the project is no member of its workspace, so that `cargo test` and `cargo fmt` are about the skill.
const VENDORED_WORKSPACE: &str = "[workspace]\nexclude = [\"sdk\"]";
const WORKSPACE: &str = "[workspace]";

const VENDORED_SDK: &str =
    "- `sdk/`: the guest kit that the skill is compiled with, as it was when this project was made";
const SDK: &str = "- `Cargo.toml`: what the skill is compiled with, among it the path of the guest kit";

#[cfg(test)]
mod tests {
    use super::*;
    use crate::name::Name;

    fn rendered(word: &str, kit: &Kit) -> Vec<File> {
        files(&Plan { name: &Name::parse(word).expect(word), kit }).expect("a project")
    }

    #[test]
    fn the_module_is_where_cargo_puts_the_library() {
        for (word, library) in [("acme/word-count", "word_count"), ("3", "skill_3"), ("match", "skill_match")] {
            let files = rendered(word, &Kit::Vendored);
            let has = |path, text: &str| files.iter().any(|file| file.path == path && file.text.contains(text));
            assert!(has("Cargo.toml", &format!("name = \"{library}\"")), "{word}");
            assert!(has("skill.yaml", &format!("/release/{library}.wasm")), "{word}");
        }
    }

    #[test]
    fn a_lock_comes_with_the_kit() {
        let has_lock = |kit| rendered("hello", &kit).iter().any(|file| file.path == "Cargo.lock");
        assert!(has_lock(Kit::Vendored) && !has_lock(Kit::At("../kit".into())));
    }
}
