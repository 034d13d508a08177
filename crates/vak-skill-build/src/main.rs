//! The tool's process; everything else is in the library, where tests can call it.

use std::process::ExitCode;

fn main() -> ExitCode {
    vak_runtime::compiler_main(std::env::args_os()).unwrap_or_else(vak_cli::main::<vak_skill_build::Cli>)
}
