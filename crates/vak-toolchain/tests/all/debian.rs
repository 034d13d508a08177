//! Which packages are chosen, from lists as `apt-cache` prints them.

use vak_toolchain::{InstallPlan, NoPlan};

use crate::machine::Machine;

/// A release whose own compiler is old and that got a newer one for its browsers.
const TWO_COMPILERS: &[(&str, &str)] = &[
    ("rustc", "1.63.0+dfsg1-2+b1"),
    ("rust-src", "1.63.0+dfsg1-2"),
    ("rustc-web", "1.196.0+dfsg1-1~deb12u2"),
    ("rust-web-src", "1.196.0+dfsg1-1~deb12u2"),
    ("lld-9", "1:9.0.1-1"),
    ("lld-22", "1:22.1.8-1~deb12u1"),
    ("lld-23", "(none)"),
    ("lldb-30", "1:30.0-1"),
];

/// A machine that offers these packages, for a user with this number.
fn debian(packages: &[(&str, &str)], user: &str) -> Machine {
    let names: String = packages.iter().map(|(name, _)| format!("{name}\n")).collect();
    let policy = packages.iter().map(|(name, version)| {
        let table = format!("  Version table:\n     {version} 500\n        500 mirror/debian stable/main Packages");
        format!("{name}) echo '{name}:\n  Installed: (none)\n  Candidate: {version}\n{table}\n     0.1 400';;\n")
    });
    let policy: String = policy.collect();
    let apt_cache = format!(
        "case $1 in\npkgnames) echo '{names}' | grep \"^$2\" || :;;\n\
         policy) shift; for name do case $name in\n{policy}esac; done;;\nesac"
    );
    let machine = Machine::new().script("bin/apt-get", "exit 1").script("bin/apt-cache", &apt_cache);
    machine.script("bin/id", &format!("echo {user}"))
}

fn plan(machine: &Machine) -> Result<InstallPlan, NoPlan> {
    InstallPlan::for_debian(&machine.search.path_dirs)
}

#[test]
fn the_newest_compiler_with_its_own_source_and_the_newest_linker_are_chosen() {
    let plan = plan(&debian(TWO_COMPILERS, "0")).expect("a plan");
    assert_eq!(plan.packages(), ["rustc-web", "rust-web-src", "lld-22"]);
    let commands: Vec<String> = plan.commands().iter().map(|words| words.join(" ")).collect();
    assert_eq!(
        commands,
        ["apt-get update", "apt-get install -y --no-install-recommends --no-remove rustc-web rust-web-src lld-22"]
    );
}

#[test]
fn a_rebuilt_compiler_matches_its_source_and_a_numbered_one_has_its_own() {
    for (compiler, source, version, of_source) in [
        ("rustc", "rust-src", "1.196.0+dfsg1-2+b1", "1.196.0+dfsg1-2"),
        ("rustc-1.196", "rust-1.196-src", "1.196.0-0ubuntu1", "1.196.0-0ubuntu1"),
    ] {
        let machine = debian(&[(compiler, version), (source, of_source), ("lld-20", "1:20")], "0");
        assert_eq!(plan(&machine).expect("a plan").packages(), [compiler, source, "lld-20"]);
    }
}

#[test]
fn a_system_that_offers_nothing_that_would_do_says_what_is_missing() {
    let compiler = [("rustc", "1.196.0-1"), ("rust-src", "1.196.0-1")];
    let other_source = [("rustc", "1.196.0-1"), ("rust-src", "1.195.0-1"), ("lld-22", "1:22")];
    let old = [("rustc", "1.63.0-1"), ("rust-src", "1.63.0-1"), ("lld-22", "1:22")];
    for (packages, says) in [
        (&[][..], "the package lists are empty: run `apt-get update`"),
        (&compiler[..1], "no `rustc` package is offered with a source package of the same version"),
        (&other_source, "no `rustc` package is offered with a source package of the same version"),
        (&compiler, "no `lld` package is offered"),
        (&old, "the newest `rustc` package with its source is `rustc` 1.63.0, older than "),
    ] {
        let refusal = plan(&debian(packages, "0")).expect_err("no plan").to_string();
        assert!(refusal.starts_with(says), "{refusal}");
    }
    assert!(matches!(plan(&Machine::new()), Err(NoPlan::NotDebian)));
}

#[test]
fn a_user_who_is_not_root_gets_the_command_for_root() {
    let machine = debian(TWO_COMPILERS, "1000");
    let command = "sudo apt-get install rustc-web rust-web-src lld-22";
    let refusal = plan(&machine).expect_err("not root");
    assert_eq!(refusal.to_string(), format!("installing packages needs root: run `{command}`"));
    assert!(machine.refusal().ends_with(&format!("\n  next: {command}")));
    assert!(debian(TWO_COMPILERS, "0").refusal().ends_with(&format!("\n  next: {}", &command["sudo ".len()..])));
}

#[test]
fn for_c_the_newest_clang_with_the_linker_of_its_number_is_chosen() {
    let offers = [("clang", "1:14"), ("clang-14", "1:14"), ("clang-22", "1:22"), ("clang-23", "1:23")];
    let others = [("clang-format-24", "1:24"), ("lld-14", "1:14"), ("lld-22", "1:22"), ("lld-24", "1:24")];
    let all = [&offers[..], &others].concat();
    let plan = |packages: &[(&str, &str)], user| InstallPlan::of_clang(&debian(packages, user).search.path_dirs);
    assert_eq!(plan(&all, "0").expect("a plan").packages(), ["clang-22", "lld-22"]);
    let refusal = plan(&all, "1000").expect_err("not root").to_string();
    assert_eq!(refusal, "installing packages needs root: run `sudo apt-get install clang-22 lld-22`");
    assert!(matches!(plan(&offers, "0"), Err(NoPlan::NoClang)));
    assert!(matches!(plan(&[], "0"), Err(NoPlan::NoLists)));
    assert!(matches!(InstallPlan::of_clang(&Machine::new().search.path_dirs), Err(NoPlan::NotDebian)));
}
