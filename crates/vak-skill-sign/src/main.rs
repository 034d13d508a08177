//! The command `vak-skill-sign`.

fn main() -> std::process::ExitCode {
    vak_cli::main::<vak_skill_sign::Cli>()
}
