//! The command line.

use clap::{Parser, Subcommand};
use vak_cli::{EXIT_STATUS, Failure, Tool, Ui};

use crate::elsewhere::{AttachArgs, DigestArgs};
use crate::keygen::KeygenArgs;
use crate::sign::SignArgs;
use crate::trust::TrustArgs;

const EXAMPLES: &str = "\
Examples:
  vak-skill-sign keygen --trust-self            make a key, once, and trust it on this machine
  vak-skill-sign target/wasm32-unknown-unknown/release/hello.wasm
  vak-skill-sign hello.wasm --key colleague.pem --add
  vak-skill-sign hello.wasm --key env:SIGNING_KEY --require-golden --json
  vak-skill-sign hello.wasm --signer 'token-sign --slot 1' --public-key token.pub
  vak-skill-sign trust show";

/// Sign a skill's artefact, make keys, and keep the trust root
///
/// The signature covers the module with its manifest inside. The manifest is the nearest skill.yaml, in the module's
/// folder or above, whose `module` it is; it is put inside if it is not there yet. The module's file is replaced, whole or
/// not at all, and the `signature` in skill.yaml is filled in place. The same key and artefact give the same bytes.
///
/// No code of the skill is run. What nobody should sign is refused: a module that imports more than its manifest declares,
/// one that differs from its skill.yaml, one whose golden cases were red when it was built.
#[derive(Debug, Parser)]
#[command(
    name = "vak-skill-sign",
    version,
    args_conflicts_with_subcommands = true,
    subcommand_negates_reqs = true,
    after_long_help = format!("{EXAMPLES}\n\n{EXIT_STATUS}")
)]
pub struct Cli {
    #[command(flatten)]
    sign: SignArgs,
    #[command(subcommand)]
    verb: Option<Verb>,
}

#[derive(Debug, Subcommand)]
enum Verb {
    Keygen(KeygenArgs),
    Digest(DigestArgs),
    Attach(AttachArgs),
    Trust(TrustArgs),
}

impl Tool for Cli {
    fn run(self, ui: &mut Ui) -> Result<(), Failure> {
        match self.verb {
            Some(Verb::Keygen(args)) => args.run(ui),
            Some(Verb::Digest(args)) => args.run(ui),
            Some(Verb::Attach(args)) => args.run(ui),
            Some(Verb::Trust(args)) => args.run(ui),
            None => self.sign.run(ui),
        }
    }
}

#[cfg(test)]
mod tests {
    use clap::{Command, CommandFactory};

    use super::*;

    fn explained(command: &Command) {
        let name = command.get_name();
        assert!(command.get_about().is_some(), "{name}");
        assert!(command.get_arguments().all(|argument| argument.get_help().is_some()), "{name}");
        command.get_subcommands().filter(|sub| sub.get_name() != "help").for_each(explained);
    }

    #[test]
    fn the_command_line_is_well_formed_and_explained() {
        let mut command = Cli::command();
        command.clone().debug_assert();
        explained(&command);
        let help = command.render_long_help().to_string();
        assert!(help.contains("Examples:") && help.contains("Exit status:"), "{help}");
    }

    #[test]
    fn words_that_contradict_each_other_are_refused() {
        for words in [
            &[][..],
            &["a.wasm", "b.wasm"],
            &["a.wasm", "--signer", "x"],
            &["a.wasm", "--public-key", "x"],
            &["a.wasm", "--signer", "x", "--public-key", "x", "--key", "y"],
            &["a.wasm", "--signer-timeout", "0s", "--signer", "x", "--public-key", "x"],
            &["a.wasm", "--passphrase", "secret"],
            &["attach", "a.wasm", "--signature", "s"],
            &["trust"],
        ] {
            assert!(Cli::try_parse_from([&["vak-skill-sign"], words].concat()).is_err(), "{words:?}");
        }
        for words in [&["a.wasm"][..], &["a.wasm", "--add"], &["./keygen"], &["keygen"], &["trust", "show"]] {
            let cli =
                Cli::try_parse_from([&["vak-skill-sign"], words].concat()).unwrap_or_else(|error| panic!("{error}"));
            assert_eq!(cli.sign.is_asked_for(), cli.verb.is_none(), "{words:?}");
        }
    }
}
