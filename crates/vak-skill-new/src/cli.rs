//! The command line.

use std::path::PathBuf;

use clap::Parser;
use vak_cli::{EXIT_STATUS, Failure, JsonArgs, Tool, Ui, quote};
use vak_model::SkillName;

use crate::create::{Made, Order, create};
use crate::language::Language;
use crate::report::Report;
use crate::sdk::Sdk;

const EXAMPLES: &str = "\
Examples:
  vak-skill-new hello                          make the skill `hello` in the folder `hello`
  cd hello && vak-skill-build && vak-run . --allow-unsigned
                                               build it and run it, as it is
  vak-skill-new acme/word-count --dir skills   make `acme/word-count` in `skills/word-count`
  vak-skill-new hello --lang c                 write it in C instead of Rust
  vak-skill-new hello --sdk path:DIR --json    with the guest kit in DIR; report as JSON";

/// Make a skill: a folder that builds, tests and runs at once, to be changed into what you want
///
/// The folder is called as the skill is, without its owner, and its path is printed on stdout. In it are the source, the
/// manifest with schemas, limits and golden cases, a script that checks it all, and the guest kit that a skill in Rust or
/// C is compiled with. Nothing there needs this tool any more, or a checkout of VAK.
///
/// What is there is never overwritten: the folder must be new or empty.
#[derive(Clone, Debug, Parser)]
#[command(name = "vak-skill-new", version, after_help = format!("{EXAMPLES}\n\n{EXIT_STATUS}"))]
pub struct Cli {
    /// The skill's name: a-z, 0-9 and -, optionally after an owner and a slash
    #[arg(value_name = "NAME")]
    name: String,
    /// The language to write it in
    #[arg(long, value_enum, default_value_t)]
    lang: Language,
    /// Make the skill's folder in this one
    #[arg(long, value_name = "DIR", default_value = ".")]
    dir: PathBuf,
    /// Where the guest kit is: `vendored` puts a copy into the project, `path:DIR` names the folder of the
    /// crate vak-guest
    #[arg(long, value_name = "vendored|path:DIR", default_value = "vendored")]
    sdk: Sdk,
    #[command(flatten)]
    json: JsonArgs,
}

impl Tool for Cli {
    fn run(self, ui: &mut Ui) -> Result<(), Failure> {
        let order = Order { name: self.name, language: self.lang, dir: self.dir, sdk: self.sdk };
        let made = create(&order).map_err(Failure::from);
        if self.json.json { report(&order, made, ui) } else { tell(&order, &made?, ui) }
    }
}

/// For scripts.
fn report(order: &Order, made: Result<Made, Failure>, ui: &mut Ui) -> Result<(), Failure> {
    match made {
        Ok(made) => Ok(ui.json(&Report::made(&made))?),
        Err(failure) => {
            let name = order.name.parse::<SkillName>().ok();
            ui.report(&Report::failed(name.as_ref(), &failure), Some(failure.clone()))
        }
    }
}

/// For people, and one line for `$(...)`.
fn tell(order: &Order, made: &Made, ui: &mut Ui) -> Result<(), Failure> {
    let (kit, own): (Vec<_>, Vec<_>) = made.files.iter().partition(|file| file.starts_with("sdk/"));
    let own: Vec<_> = own.into_iter().map(String::as_str).collect();
    ui.note(&format!("made `{}`, a skill in {}", made.name, order.language.name()))?;
    ui.note(&format!("  files: {}", own.join(", ")))?;
    if !kit.is_empty() {
        ui.note(&format!("  sdk: the guest kit, {} files in sdk/", kit.len()))?;
    }
    let folder = made.folder.to_string_lossy();
    ui.note(&format!("  next: cd {} && vak-skill-build && vak-run . --allow-unsigned", quote(&folder)))?;
    Ok(ui.line(&folder)?)
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn the_command_line_is_well_formed_and_explained() {
        let mut command = Cli::command();
        command.clone().debug_assert();
        assert!(command.get_arguments().all(|argument| argument.get_help().is_some()));
        let help = command.render_long_help().to_string();
        assert!(help.contains("Examples:") && help.contains("Exit status:"), "{help}");
    }

    #[test]
    fn what_is_not_said_is_rust_here_with_the_kit() {
        let cli = Cli::try_parse_from(["vak-skill-new", "hello"]).expect("defaults");
        assert_eq!((cli.lang, cli.dir, cli.sdk), (Language::Rust, PathBuf::from("."), Sdk::Vendored));
        assert!(Cli::try_parse_from(["vak-skill-new"]).is_err());
        assert!(Cli::try_parse_from(["vak-skill-new", "hello", "--lang", "cobol"]).is_err());
        assert!(Cli::try_parse_from(["vak-skill-new", "hello", "--sdk", "1.0.0"]).is_err());
    }
}
