//! The command `vak-skill-verify`.

fn main() -> std::process::ExitCode {
    vak_cli::main::<vak_skill_verify::Cli>()
}
