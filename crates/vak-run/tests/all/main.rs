//! The command line's cases.

mod compile;
mod journey;
mod net;
mod processes;
mod profile;
mod prove;
mod reason;
mod replaced;
mod stacks;
mod trust;

use std::path::Path;

use clap::CommandFactory;
use vak_testkit::Suite;

#[test]
fn every_case_prints_and_exits_as_it_says() {
    Suite::of_package(env!("CARGO_MANIFEST_DIR"), env!("CARGO_BIN_EXE_vak-run")).run();
}

#[test]
fn every_flag_occurs_in_a_case() {
    let mut flags = Vec::new();
    collect(&vak_run::Cli::command(), &mut flags);
    assert!(flags.len() > 15, "{flags:?}");
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cli");
    assert_eq!(vak_testkit::unused_flags(&folder, &flags), Vec::<String>::new());
}

fn collect(command: &clap::Command, flags: &mut Vec<String>) {
    flags.extend(command.get_arguments().filter_map(|arg| arg.get_long()).map(|long| format!("--{long}")));
    command.get_subcommands().for_each(|sub| collect(sub, flags));
}
