//! The command `vak-run`.

fn main() -> std::process::ExitCode {
    vak_runtime::compiler_main(std::env::args_os()).unwrap_or_else(vak_cli::main::<vak_run::Cli>)
}
