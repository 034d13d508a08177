//! `cargo xtask`: the project's own tasks, as CI runs them.

use std::process::ExitCode;

fn main() -> ExitCode {
    xtask::main()
}
