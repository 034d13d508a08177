//! The command line's cases, and each check by itself.

mod checks;
mod formats;
mod provenance;
mod upgrade;

use std::path::Path;

use clap::CommandFactory;
use vak_testkit::Suite;

#[test]
fn every_case_prints_and_exits_as_it_says() {
    Suite::of_package(env!("CARGO_MANIFEST_DIR"), env!("CARGO_BIN_EXE_vak-skill-verify")).run();
}

#[test]
fn every_flag_occurs_in_a_case() {
    let command = vak_skill_verify::Cli::command();
    let flags: Vec<_> =
        command.get_arguments().filter_map(|arg| arg.get_long()).map(|long| format!("--{long}")).collect();
    assert!(flags.len() >= 3, "{flags:?}");
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cli");
    assert_eq!(vak_testkit::unused_flags(&folder, &flags), Vec::<String>::new());
}
