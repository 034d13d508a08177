//! The command `vak-skill-new`.

fn main() -> std::process::ExitCode {
    vak_cli::main::<vak_skill_new::Cli>()
}
