//! The command line's cases.

use vak_testkit::Suite;

#[test]
fn every_case_prints_and_exits_as_it_says() {
    Suite::of_package(env!("CARGO_MANIFEST_DIR"), env!("CARGO_BIN_EXE_vak-skill-sign")).run();
}
