//! Which clang is taken, and what is said if none is.

use std::path::PathBuf;

use vak_toolchain::{Clang, ClangSearch, Patience, Step};

use crate::machine::Machine;

/// A clang of some release that writes an empty object.
fn clang(machine: Machine, path: &str, release: &str) -> Machine {
    let body = format!(
        r#"
case "$*" in
  --version) echo "Debian clang version {release} (fake)"; echo "Target: here";;
  *) echo "clang CPATH=$CPATH $*" >> @/cargo.log; : > proof.o;;
esac"#
    );
    machine.script(path, &body)
}

/// A linker that writes the header of a module, unless it is told by its name that it can't.
fn linker(machine: Machine, path: &str) -> Machine {
    machine.script(path, r#"echo "${0##*/} $*" >> @/cargo.log; printf '\000asm\001\000\000\000' > proof.wasm"#)
}

fn search(machine: &Machine) -> ClangSearch {
    let path_dirs = vec![machine.path("bin"), machine.path("more")];
    let cache_dir = machine.path("cache");
    ClangSearch { configured: None, linker: None, path_dirs, cache_dir, patience: Patience::default() }
}

fn refusal(machine: &Machine, search: &ClangSearch) -> String {
    let refusal = search.find(&mut |_| {}).expect_err("no compiler").to_string();
    refusal.replace(&machine.path("").display().to_string(), "@/")
}

fn names(clang: &Clang) -> [String; 2] {
    [clang.path(), clang.linker_path()].map(|path| path.file_name().expect("a name").to_string_lossy().into_owned())
}

#[test]
fn a_pair_of_one_release_is_preferred_and_then_the_newest() {
    for (compilers, linkers, taken) in [
        (&["clang-14", "clang-22"][..], &["wasm-ld-14", "wasm-ld-22"][..], ["clang-22", "wasm-ld-22"]),
        (&["clang-14", "clang-22"], &["wasm-ld-14"], ["clang-14", "wasm-ld-14"]),
        (&["clang-9", "clang-14"], &["wasm-ld-22", "wasm-ld-21"], ["clang-14", "wasm-ld-22"]),
        (&["clang", "clang-14"], &["wasm-ld"], ["clang", "wasm-ld"]),
        (&["clang", "clang-format-22", "clang-22.bak"], &["wasm-ld-22"], ["clang", "wasm-ld-22"]),
    ] {
        let mut machine = Machine::new();
        for name in compilers {
            machine = clang(machine, &format!("bin/{name}"), "1.0");
        }
        for name in linkers {
            machine = linker(machine, &format!("more/{name}"));
        }
        let found = search(&machine).find(&mut |_| {}).expect("a compiler");
        assert_eq!(names(&found), taken, "{compilers:?} {linkers:?}");
        assert_eq!(found.version(), "Debian clang version 1.0 (fake)");
    }
}

#[test]
fn a_compiler_that_does_not_build_is_passed_over_and_named_if_there_is_no_other() {
    let without_wasm = |machine: Machine| {
        machine
            .script("bin/clang-22", "[ $1 = --version ] && echo clang 22 || { echo 'error: no target' >&2; exit 1; }")
    };
    let machine = without_wasm(linker(Machine::new(), "bin/wasm-ld-22"));
    let title = "no clang here can build WebAssembly";
    let tried = "tried the compiler `@/bin/clang-22`: `@/bin/clang-22` failed: error: no target";
    let next = "next: install clang, and LLVM's linker for WebAssembly, `wasm-ld`";
    assert_eq!(refusal(&machine, &search(&machine)), [title, tried, next].join("\n  "));
    let machine = clang(machine, "bin/clang-14", "14");
    assert_eq!(names(&search(&machine).find(&mut |_| {}).expect("a compiler")), ["clang-14", "wasm-ld-22"]);
}

#[test]
fn what_is_missing_is_named() {
    let no_module = |machine: Machine| clang(machine, "bin/clang", "1").script("bin/wasm-ld", ": > proof.wasm");
    for (machine, reason) in [
        (Machine::new(), "the compiler `clang`: neither `clang` nor `clang-N` is in the search path"),
        (
            clang(Machine::new(), "bin/clang", "1"),
            "`@/bin/clang`: no linker: neither `wasm-ld` nor `wasm-ld-N` is in the search path",
        ),
        (
            linker(Machine::new().script("bin/clang", "echo gcc 1"), "bin/wasm-ld"),
            "`@/bin/clang` does not answer like clang",
        ),
        (no_module(Machine::new()), "the build left no WebAssembly module at "),
    ] {
        let refusal = refusal(&machine, &search(&machine));
        assert!(refusal.contains(reason), "{refusal}");
    }
}

#[test]
fn what_was_configured_is_the_only_thing_tried() {
    let machine = clang(linker(Machine::new(), "bin/wasm-ld-22"), "bin/clang-22", "22");
    let configured = |path: &str| ClangSearch { configured: Some(machine.path(path)), ..search(&machine) };
    let refused = refusal(&machine, &configured("nowhere/clang"));
    assert!(refused.contains("tried the configured toolchain: `@/nowhere/clang` can't be run"), "{refused}");
    assert!(refused.ends_with("next: correct or remove the configured compiler (`VAK_WASM_CLANG`, `VAK_WASM_LINKER`)"));
    let machine = clang(machine.script("mine/wasm-ld", "exit 1"), "mine/clang", "mine");
    let chosen = |linker: Option<PathBuf>| ClangSearch {
        configured: Some(machine.path("mine/clang")),
        linker,
        ..search(&machine)
    };
    let found = chosen(None).find(&mut |_| {}).expect("a compiler");
    assert_eq!(names(&found), ["clang", "wasm-ld-22"]);
    assert!(refusal(&machine, &chosen(Some(machine.path("mine/wasm-ld")))).contains("`@/mine/wasm-ld` failed"));
    assert!(refusal(&machine, &chosen(Some(machine.path("none")))).contains("linker `@/none` does not exist"));
}

#[test]
fn a_proof_counts_until_compiler_or_linker_change() {
    let steps = |machine: &Machine| {
        let mut remembered = false;
        let step = |step: Step<'_>| remembered |= matches!(step, Step::Remembered(_));
        search(machine).find(&mut { step }).expect("a compiler");
        remembered
    };
    let machine = clang(linker(Machine::new(), "bin/wasm-ld-22"), "bin/clang-22", "22");
    assert_eq!([steps(&machine), steps(&machine)], [false, true]);
    let machine = clang(machine, "bin/clang-22", "22.1");
    assert_eq!([steps(&machine), steps(&machine)], [false, true]);
    let machine = machine.script("bin/wasm-ld-22", "# another\nprintf '\\000asm\\001\\000\\000\\000' > proof.wasm");
    assert_eq!([steps(&machine), steps(&machine)], [false, true]);
}

#[test]
fn the_compiler_is_told_the_target_and_hears_nothing_of_the_environment() {
    let machine = clang(linker(Machine::new(), "bin/wasm-ld-22"), "bin/clang-22", "22");
    let found = search(&machine).find(&mut |_| {}).expect("a compiler");
    assert_eq!(
        machine.builds(),
        [
            "clang CPATH= --target=wasm32-unknown-unknown -ffreestanding -nostdlibinc -c proof.c -o proof.o",
            "wasm-ld-22 --no-entry proof.o -o proof.wasm",
        ]
    );
    for command in [found.compiler(), found.linker()] {
        for variable in ["CPATH", "CCC_OVERRIDE_OPTIONS", "COMPILER_PATH"] {
            assert!(command.get_envs().any(|(name, value)| name == variable && value.is_none()), "{variable}");
        }
    }
}
