//! Which toolchain is taken, and what is said if none is.

use std::time::{Duration, Instant};

use vak_toolchain::StandardLibrary::{FromSource, Precompiled};
use vak_toolchain::{Configured, Installs, Way};

use crate::machine::Machine;

/// What a working `rustup target add` does to the current toolchain.
const ADDS: &str = "mkdir -p @/current/lib/rustlib/wasm32-unknown-unknown/lib";

fn current() -> Machine {
    Machine::new().compiler("current", "1.96.0").own_linker("current")
}

fn other(machine: Machine) -> Machine {
    machine.compiler("other", "1.97.0").own_linker("other").look_in("other/bin")
}

#[test]
fn the_first_way_that_builds_is_taken() {
    let allowed = |machine: Machine, adding| machine.rustup(adding).installs(Installs::Allowed);
    let elsewhere = |machine: &Machine| Way::OtherCompiler(machine.path("other/bin/rustc"));
    for (machine, way, standard_library) in [
        (other(allowed(current().target("current").source("current"), ADDS)), Some(Way::InstalledTarget), Precompiled),
        (allowed(current().source("current"), ADDS), Some(Way::RustupTarget), Precompiled),
        (current().source("current").rustup(ADDS), Some(Way::InstalledSource), FromSource),
        (allowed(current().source("current"), "exit 1"), Some(Way::InstalledSource), FromSource),
        (other(current()).source("other"), None, FromSource),
        (other(current()).source("other").target("other"), None, Precompiled),
        (other(Machine::new()).source("other"), None, FromSource),
    ] {
        let way = way.unwrap_or_else(|| elsewhere(&machine));
        let toolchain = machine.find().expect("a toolchain");
        assert_eq!((toolchain.way(), toolchain.standard_library()), (&way, standard_library));
    }
}

#[test]
fn a_toolchain_that_looks_right_and_does_not_build_is_passed_over() {
    let machine = Machine::new().compiler("broken", "1.96.0").own_linker("broken").target("broken").source("broken");
    let mut machine = other(machine).target("other");
    machine.search.rustc = machine.path("broken/bin/rustc");
    let toolchain = machine.find().expect("a toolchain");
    assert_eq!(toolchain.rustc(), machine.path("other/bin/rustc"));
    assert_eq!(machine.builds().len(), 3, "target and source of the current one, then the other");
}

/// The report of a failed search, from the reasons of the three ways that are always tried, those of other compilers,
/// and what is to be done.
fn report(target: &str, rustup: &str, source: &str, others: &[&str], next: &str) -> String {
    let mut lines = vec![
        "no Rust toolchain here can build for `wasm32-unknown-unknown`".to_owned(),
        format!("tried the current toolchain's target: {target}"),
        format!("tried `rustup target add wasm32-unknown-unknown`: {rustup}"),
        format!("tried the current toolchain's source: {source}"),
    ];
    lines.extend(others.iter().map(|other| format!("tried the compiler {other}")));
    lines.push(format!("next: {next}"));
    lines.join("\n  ")
}

const NO_TARGET: &str = "`wasm32-unknown-unknown` is not installed";
const NO_RUSTUP: &str = "`rustup` is not in the search path";
const NO_SOURCE: &str = "the standard library's source is not installed: no `@/current/lib/rustlib/src/rust/library`";
const INSTALL: &str = "install `wasm32-unknown-unknown`, or the standard library's source, for your Rust toolchain";

#[test]
fn the_report_lists_each_try_with_its_reason_and_what_would_help() {
    let not_tried = "not tried: run `rustup target add wasm32-unknown-unknown`";
    let no_linker = "no linker: neither `rust-lld` in the toolchain nor `wasm-ld` in the search path";
    let no_rustc = "`@/current/bin/rustc` can't be run: No such file or directory (os error 2)";
    let no_network = "`@/bin/rustup` failed: error: no network";
    let fails = "printf 'error: \\033[31mno network\\n' >&2; exit 1";
    let other_source = format!("`@/other/bin/rustc`: {}", NO_SOURCE.replace("current", "other"));
    let bare = Machine::new().compiler("current", "1.96.0").source("current");
    for (machine, expected) in [
        (current(), report(NO_TARGET, NO_RUSTUP, NO_SOURCE, &[], INSTALL)),
        (
            current().rustup(ADDS),
            report(NO_TARGET, not_tried, NO_SOURCE, &[], "rustup target add wasm32-unknown-unknown"),
        ),
        (current().rustup(fails).installs(Installs::Allowed), report(NO_TARGET, no_network, NO_SOURCE, &[], INSTALL)),
        (bare, report(NO_TARGET, NO_RUSTUP, no_linker, &[], INSTALL)),
        (other(current()), report(NO_TARGET, NO_RUSTUP, NO_SOURCE, &[&other_source], INSTALL)),
        (Machine::new(), report(no_rustc, NO_RUSTUP, no_rustc, &[], INSTALL)),
    ] {
        assert_eq!(machine.refusal(), expected);
    }
}

#[test]
fn a_compiler_that_is_too_old_or_not_one_is_refused_before_anything_is_built() {
    for (machine, reason) in [
        (Machine::new().compiler("current", "1.63.0"), "`rustc 1.63.0 (fake)` is older than "),
        (Machine::new().script("current/bin/rustc", "echo hello"), "does not answer like a Rust compiler"),
        (Machine::new().script("current/bin/rustc", "exit 7"), "`@/current/bin/rustc` failed: exit status: 7"),
    ] {
        let machine = machine.target("current").source("current");
        let refusal = machine.refusal();
        assert!(refusal.contains(reason), "{refusal}");
        assert!(machine.builds().is_empty(), "{refusal}");
    }
}

#[test]
fn what_was_configured_is_the_only_thing_tried() {
    let working = || current().target("current").compiler("broken", "1.96.0").own_linker("broken").target("broken");
    let rustc = |machine: &Machine, path| Configured::Rustc(machine.path(path));
    for (configured, reason) in [
        (None, "`rustup` is not in the search path"),
        (Some("nowhere/rustc"), "`@/nowhere/rustc` can't be run: No such file or directory (os error 2)"),
        (Some("broken/bin/rustc"), "`@/bin/cargo` failed: error: the compiler is broken"),
    ] {
        let machine = working();
        let configured =
            configured.map_or_else(|| Configured::Toolchain("nightly".into()), |path| rustc(&machine, path));
        let title = "no Rust toolchain here can build for `wasm32-unknown-unknown`";
        let tried = format!("tried the configured toolchain: {reason}");
        let next = "next: correct or remove the configured toolchain (`VAK_WASM_RUSTC`, `VAK_WASM_LINKER`)";
        assert_eq!(machine.configured(configured).refusal(), [title, &tried, next].join("\n  "));
    }
}

#[test]
fn a_configured_toolchain_is_found_by_its_name() {
    let machine = || other(current().target("current")).source("other").rustup(ADDS);
    let named = machine().configured(Configured::Toolchain("other".into()));
    assert_eq!(named.find().expect("a toolchain").rustc(), named.path("other/bin/rustc"));
    let unknown = machine().configured(Configured::Toolchain("unknown".into())).refusal();
    assert!(unknown.contains("`@/bin/rustup` failed: error: no such toolchain"), "{unknown}");
}

#[test]
fn a_linker_is_named_where_the_compiler_brings_none() {
    let bare = || Machine::new().compiler("current", "1.96.0").source("current");
    let linked = bare().file("bin/wasm-ld-9").file("bin/wasm-ld-22");
    assert_eq!(linked.find().expect("a toolchain").linker(), Some(&*linked.path("bin/wasm-ld-22")));

    let complete = current().source("current").file("bin/wasm-ld-22");
    assert_eq!(complete.find().expect("a toolchain").linker(), None);

    let mut chosen = linked.file("mine/wasm-ld");
    chosen.search.linker = Some(chosen.path("mine/wasm-ld"));
    assert_eq!(chosen.find().expect("a toolchain").linker(), Some(&*chosen.path("mine/wasm-ld")));
    chosen.search.linker = Some(chosen.path("mine/nothing"));
    assert!(chosen.refusal().contains("the configured linker `@/mine/nothing` does not exist"));
}

#[test]
fn a_rustup_that_hangs_is_left_for_the_next_way() {
    let mut machine = current().source("current").rustup("exec sleep 30").installs(Installs::Allowed);
    machine.search.patience.install = Duration::from_millis(200);
    let begun = Instant::now();
    assert_eq!(machine.find().expect("a toolchain").way(), &Way::InstalledSource);
    assert!(begun.elapsed() < Duration::from_secs(10));
}

#[test]
fn rustup_is_not_asked_to_install_without_permission() {
    let machine = current().rustup("touch @/asked");
    machine.refusal();
    assert!(!machine.path("asked").exists());
    machine.installs(Installs::Allowed).refusal();
}

#[test]
fn the_compiler_behind_a_proxy_is_named_and_is_no_other_compiler() {
    let mut machine = current().script("bin/rustc", r#"exec @/current/bin/rustc "$@""#);
    machine.search.rustc = machine.path("bin/rustc");
    assert!(!machine.refusal().contains("tried the compiler"));
    let machine = machine.target("current");
    assert_eq!(machine.find().expect("a toolchain").rustc(), machine.path("current/bin/rustc"));
}

#[test]
fn a_proof_counts_until_something_that_it_depends_on_changes() {
    let machine = current().target("current");
    assert_eq!(machine.steps(), ["trying", "building"]);
    assert_eq!(machine.steps(), ["trying", "remembered"]);
    let machine = machine.compiler("current", "1.97.0");
    assert_eq!(machine.steps(), ["trying", "building"], "another compiler at the same path");
    machine.remove("current/lib/rustlib/wasm32-unknown-unknown/lib");
    assert!(machine.refusal().contains("is not installed"), "the target was removed");
    let machine = machine.source("current");
    let failed_first = ["trying", "failed", "trying", "failed", "trying"];
    assert_eq!(machine.steps(), [&failed_first[..], &["building"]].concat());
    assert_eq!(machine.steps(), [&failed_first[..], &["remembered"]].concat());
    machine.remove("cache");
    assert_eq!(machine.steps(), [&failed_first[..], &["building"]].concat());
}

#[test]
fn a_memory_with_other_text_is_no_proof() {
    let machine = current().target("current");
    machine.steps();
    for entry in machine.path("cache").read_dir().expect("the cache").flatten() {
        if entry.path().extension().is_some_and(|extension| extension == "proof") {
            std::fs::write(entry.path(), "another proof").expect("written");
        }
    }
    assert_eq!(machine.steps(), ["trying", "building"]);
}

#[test]
fn a_failed_proof_is_not_remembered_and_a_build_without_a_module_fails() {
    let machine = current().target("current").script("bin/cargo", "echo built >> @/cargo.log");
    for builds in [1, 2] {
        let refusal = machine.refusal();
        assert!(refusal.contains("the build left no WebAssembly module at `@/cache/target/"), "{refusal}");
        assert_eq!(machine.builds().len(), builds);
    }
}

#[test]
fn a_module_of_an_earlier_proof_is_not_taken_for_a_new_one() {
    let machine = current().target("current");
    machine.steps();
    let machine = machine.compiler("current", "1.97.0").script("bin/cargo", "exit 0");
    assert!(machine.refusal().contains("the build left no WebAssembly module"));
}
