//! The command line's cases.

use std::collections::BTreeSet;
use std::path::Path;

use clap::{Command, CommandFactory};
use vak_testkit::Suite;

#[test]
fn every_case_prints_and_exits_as_it_says() {
    Suite::of_package(env!("CARGO_MANIFEST_DIR"), env!("CARGO_BIN_EXE_vak-skill-sign")).run();
}

#[test]
fn every_flag_occurs_in_a_case() {
    let mut flags = BTreeSet::new();
    collect(&vak_skill_sign::Cli::command(), &mut flags);
    assert!(flags.len() > 25, "{flags:?}");
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cli");
    assert_eq!(vak_testkit::unused_flags(&folder, &flags.into_iter().collect::<Vec<_>>()), Vec::<String>::new());
}

/// The flags of a command and of its verbs.
fn collect(command: &Command, flags: &mut BTreeSet<String>) {
    flags.extend(command.get_arguments().filter_map(|arg| arg.get_long()).map(|long| format!("--{long}")));
    command.get_subcommands().for_each(|verb| collect(verb, flags));
}
