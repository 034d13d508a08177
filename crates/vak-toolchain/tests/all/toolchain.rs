//! What a found toolchain does to cargo.

use std::collections::BTreeMap;
use std::process::Command;

use vak_toolchain::{StandardLibrary, Toolchain, encode_flags, profile, standard_flags};

use crate::machine::Machine;

fn settings(toolchain: &Toolchain) -> (Vec<String>, BTreeMap<String, Option<String>>) {
    let mut cargo = Command::new("cargo");
    cargo.arg("build").env("RUSTFLAGS", "-Cdebuginfo=2").env("CARGO_TARGET_DIR", "out");
    toolchain.configure(&mut cargo);
    let text = |text: &std::ffi::OsStr| text.to_string_lossy().into_owned();
    let variables = cargo.get_envs().map(|(name, value)| (text(name), value.map(text))).collect();
    (cargo.get_args().map(text).collect(), variables)
}

#[test]
fn an_installed_target_needs_the_compiler_and_the_target_only() {
    let machine = Machine::new().compiler("current", "1.96.0").own_linker("current").target("current");
    let (arguments, variables) = settings(&machine.find().expect("a toolchain"));
    assert_eq!(arguments, ["build", "--target", "wasm32-unknown-unknown"]);
    assert_eq!(variables["RUSTC"], Some(machine.path("current/bin/rustc").display().to_string()));
    assert_eq!(
        (&variables["RUSTC_BOOTSTRAP"], &variables["CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_LINKER"]),
        (&None, &None)
    );
}

#[test]
fn a_standard_library_from_source_is_asked_for_with_its_linker() {
    let machine = Machine::new().compiler("current", "1.96.0").source("current").file("bin/wasm-ld-22");
    let toolchain = machine.find().expect("a toolchain");
    let (arguments, variables) = settings(&toolchain);
    assert_eq!(arguments, ["build", "--target", "wasm32-unknown-unknown", "-Zbuild-std=std,panic_abort"]);
    assert_eq!(variables["RUSTC_BOOTSTRAP"].as_deref(), Some("1"));
    let linker = machine.path("bin/wasm-ld-22").display().to_string();
    assert_eq!(variables["CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_LINKER"], Some(linker));
    assert_eq!(toolchain.standard_library(), StandardLibrary::FromSource);
    assert_eq!(toolchain.sysroot_source(), Some(machine.path("current/lib/rustlib/src/rust")));
    assert_eq!(toolchain.version(), "rustc 1.96.0 (fake)");
}

#[test]
fn foreign_settings_do_not_reach_cargo_and_the_callers_target_folder_does() {
    let machine = Machine::new().compiler("current", "1.96.0").own_linker("current").target("current");
    let (_, variables) = settings(&machine.find().expect("a toolchain"));
    for removed in
        ["RUSTFLAGS", "CARGO_ENCODED_RUSTFLAGS", "RUSTC_WRAPPER", "CARGO_BUILD_TARGET", "CARGO_PROFILE_RELEASE_LTO"]
    {
        assert_eq!(variables[removed], None, "{removed}");
    }
    assert_eq!(variables["CARGO_TARGET_DIR"].as_deref(), Some("out"));
}

#[test]
fn the_proof_is_built_as_skills_are_and_offline_only_without_the_source() {
    let machine = Machine::new().compiler("current", "1.96.0").source("current").file("bin/wasm-ld-22");
    machine.find().expect("a toolchain");
    let machine = machine.target("current");
    machine.find().expect("a toolchain");
    let compiler = "RUSTC=@/current/bin/rustc";
    let flags = standard_flags(&machine.search.cargo_home, Some(&machine.path("current/lib/rustlib/src/rust")));
    let flags = encode_flags(&flags).to_string_lossy().replace(&machine.path("").display().to_string(), "@/");
    let build =
        format!("LINKER=@/bin/wasm-ld-22 FLAGS={flags} ARGS=build --release --lib --target wasm32-unknown-unknown");
    let profile = profile().join(" ");
    assert_eq!(
        machine.builds(),
        [
            format!("{compiler} BOOTSTRAP=1 {build} -Zbuild-std=std,panic_abort {profile}"),
            format!("{compiler} BOOTSTRAP= {build} {profile} --offline"),
        ]
    );
}
