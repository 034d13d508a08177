//! What stands in a module.

use std::fs;
use std::path::Path;
use std::process::Command;

use serde_json::Value;

use crate::five::{LIBRARY, MANIFEST, home, write};

/// Generated source that says where it lies, as the place of every panic in it would.
const SCRIPT: &str = r##"fn main() {
    let text = r#"static OUTPUT: &[u8] = concat!("\"", file!(), "\"").as_bytes();"#;
    std::fs::write(std::path::Path::new(&std::env::var_os("OUT_DIR").unwrap()).join("output.rs"), text).unwrap();
}
"##;

/// Builds the skill in `folder`; its module, or why it can't be built here.
fn build(folder: &Path) -> Result<Vec<u8>, Value> {
    write(folder);
    let generated = "include!(concat!(env!(\"OUT_DIR\"), \"/output.rs\"));";
    let library = LIBRARY.replace("static OUTPUT: [u8; 1] = *b\"5\";", generated).replace("<< 32 | 1", "<< 32 | 5");
    fs::write(folder.join("lib.rs"), library).expect("written");
    fs::write(folder.join("build.rs"), SCRIPT).expect("written");
    let (manifest, _) = MANIFEST.split_once("tests:").expect("a manifest with tests");
    fs::write(folder.join("skill.yaml"), manifest).expect("written");
    let output = Command::new(env!("CARGO_BIN_EXE_vak-skill-build"))
        .arg("--json")
        .current_dir(folder)
        .env("VAK_HOME", home())
        .env_remove("CARGO_TARGET_DIR")
        .output()
        .expect("it runs");
    let mut report: Value = serde_json::from_slice(&output.stdout).expect("a report");
    match report["path"].as_str() {
        Some(path) => Ok(fs::read(folder.join(path)).expect("a module")),
        None => Err(report["error"].take()),
    }
}

#[expect(clippy::print_stderr, reason = "a test that is skipped says why")]
#[test]
fn a_module_is_the_same_in_whichever_folder_and_names_none() {
    let [one, other] = [(); 2].map(|()| tempfile::tempdir().expect("a folder"));
    let module = match build(one.path()) {
        Ok(module) => module,
        Err(error) if error["code"] == "toolchain.missing" => {
            eprintln!("skipped: there is no compiler for WebAssembly here: {}", error["message"]);
            return;
        }
        Err(error) => panic!("{error}"),
    };
    let has = |text: &str| module.windows(text.len()).any(|part| part == text.as_bytes());
    assert!(has("/build/") && has("/out/output.rs"), "the place of generated source stands in it");
    assert!(!has(&one.path().display().to_string()));
    assert_eq!(Ok(module), build(other.path()));
}
