//! The command `vak-run`.

fn main() -> std::process::ExitCode {
    vak_cli::main::<vak_run::Cli>()
}
