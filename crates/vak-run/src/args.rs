//! What can be typed.

use std::path::PathBuf;

use clap::{Args, CommandFactory, Parser, Subcommand};
use vak_cli::{EXIT_STATUS, Failure, JsonArgs, LimitArgs, Tool, TrustArgs, Ui, UnsignedArgs, quote};
use vak_model::Code;

use crate::audit::AuditArgs;
use crate::grants::GrantArgs;
use crate::listen::ListenArgs;
use crate::trust::Door;
use crate::{audit_verbs, doctor, golden, invoke, list, prove, run, skill_help, store};

/// Run a skill: one signed WebAssembly file that says what it may do, and can do nothing else
#[derive(Debug, Parser)]
#[command(
    name = "vak-run",
    version,
    disable_help_flag = true,
    disable_help_subcommand = true,
    args_conflicts_with_subcommands = true
)]
#[command(
    override_usage = "vak-run [OPTIONS] SKILL\n       vak-run [OPTIONS] FILE.wasm --invoke NAME [--args N...]\n       vak-run <COMMAND>"
)]
#[command(after_long_help = format!("\
SKILL is a path (a .wasm file, or a folder with a skill.yaml) if there is one,
else a name such as `calculator` or `calculator@1.0.0`, looked up in the nearest
folder `skills` from here upward, then in the store; without a version it is the
newest there that is no pre-release. `name:calculator` is always a name. What a
`skills.lock` lists must be what it says.

What runs must be signed by keys that the trust root of this machine, or --trust,
entitles to the skill's name.

Examples:
  vak-run calculator --input '{{\"operation\":\"add\",\"a\":2,\"b\":3}}'
  vak-run ./skills/calculator --input @question.json --stats
  vak-run calculator --trust alice.pub --json
  vak-run calculator --input @question.json --profile profile.json
  vak-run calculator --help
  vak-run calculator --allow-unsigned --golden
  vak-run calculator --prove-limits
  vak-run counter --allow-kv --record-host case.yaml
  vak-run counter --allow-kv --learn learned
  vak-run plain.wasm --allow-unsigned --invoke add --args 2 3

{EXIT_STATUS}"))]
pub struct Cli {
    #[command(subcommand)]
    verb: Option<Verb>,
    #[command(flatten)]
    run: RunArgs,
}

#[derive(Debug, Subcommand)]
enum Verb {
    List(list::Args),
    Doctor(doctor::Args),
    Store(store::Args),
    Audit(audit_verbs::Args),
}

/// Whether compiled code is kept.
#[derive(Args, Clone, Copy, Debug)]
pub(crate) struct CacheArgs {
    /// Compile anew, and keep nothing of it
    #[arg(long)]
    pub(crate) no_cache: bool,
}

/// Whether the limits are tried.
#[derive(Args, Clone, Copy, Debug)]
pub(crate) struct ProveArgs {
    /// Try each limit of the skill by a probe of VAK's own, show what was seen of it, and fail if one does not bind
    ///
    /// Probes run in processes of their own under the skill's manifest and the grants given here, with other folders, store
    /// and network. The skill itself is not run.
    #[arg(long, conflicts_with_all = ["export", "input", "invoke", "stats", "profile", "golden", "explain", "record_host", "learn"])]
    pub(crate) prove_limits: bool,
    /// Be the process of one probe
    #[arg(long, hide = true, requires = "prove_limits")]
    pub(crate) probe: bool,
}

/// The words of a run.
#[derive(Args, Debug)]
pub(crate) struct RunArgs {
    /// The skill: a path or a name
    #[arg(value_name = "SKILL")]
    pub(crate) skill: Option<String>,
    /// The function to call; the manifest's first one by default
    #[arg(long, value_name = "NAME", conflicts_with = "invoke")]
    pub(crate) export: Option<String>,
    /// The input: JSON, @FILE, or - for stdin; {} by default
    #[arg(long, value_name = "JSON", conflicts_with = "invoke", allow_hyphen_values = true)]
    pub(crate) input: Option<String>,
    /// Call a plain function of a module without a manifest
    #[arg(long, value_name = "NAME")]
    pub(crate) invoke: Option<String>,
    /// The numbers that the plain function takes
    #[arg(long, value_name = "N", num_args = 1.., requires = "invoke", allow_negative_numbers = true)]
    pub(crate) args: Vec<String>,
    #[command(flatten)]
    pub(crate) json: JsonArgs,
    /// Show on stderr what the run used
    #[arg(long)]
    pub(crate) stats: bool,
    /// Write to this file where the run spends its fuel, for the Firefox Profiler, and show the dearest functions
    ///
    /// Open the file at https://profiler.firefox.com, which keeps it in the browser. Functions have names if the skill was
    /// built with `vak-skill-build --names`. The run takes longer, and as much fuel as ever.
    #[arg(long, value_name = "FILE", conflicts_with = "invoke")]
    pub(crate) profile: Option<PathBuf>,
    /// Run the golden cases of the manifest, and fail if one is red
    #[arg(long, conflicts_with_all = ["export", "input", "invoke", "stats", "profile"])]
    pub(crate) golden: bool,
    #[command(flatten)]
    pub(crate) listen: ListenArgs,
    #[command(flatten)]
    pub(crate) prove: ProveArgs,
    #[command(flatten)]
    pub(crate) cache: CacheArgs,
    #[command(flatten)]
    pub(crate) trust: TrustArgs,
    #[command(flatten)]
    pub(crate) unsigned: UnsignedArgs,
    #[command(flatten)]
    pub(crate) audit: AuditArgs,
    /// Show this help; with a SKILL, that skill's functions, schemas, limits and an example
    #[arg(long, short)]
    help: bool,
    // From here on arguments stand below headings of their own.
    #[command(flatten)]
    pub(crate) limits: LimitArgs,
    #[command(flatten)]
    pub(crate) grants: GrantArgs,
}

impl RunArgs {
    /// The flags that say who is let in, as a command has them.
    pub(crate) fn door(&self) -> String {
        let trust = self.trust.trust.as_ref().map(|file| format!(" --trust {}", quote(&file.to_string_lossy())));
        let unsigned = if self.unsigned.allow_unsigned { " --allow-unsigned" } else { "" };
        trust.unwrap_or_default() + unsigned
    }

    /// Who is let in to run.
    pub(crate) fn admission(&self) -> Door<'_> {
        let word = quote(self.skill.as_deref().unwrap_or_default());
        let rest = self.invoke.as_ref().map(|name| format!(" --invoke {}", quote(name))).unwrap_or_default();
        Door {
            trust: &self.trust,
            unsigned: self.unsigned,
            open: format!("vak-run {word} --allow-unsigned{rest}"),
            purpose: "run it unsigned, for development",
        }
    }
}

impl Tool for Cli {
    fn run(self, ui: &mut Ui) -> Result<(), Failure> {
        match (self.verb, &self.run.skill) {
            (Some(Verb::List(args)), _) => list::run(&args, ui),
            (Some(Verb::Doctor(args)), _) => doctor::run(&args, ui),
            (Some(Verb::Store(args)), _) => store::run(&args, ui),
            (Some(Verb::Audit(args)), _) => audit_verbs::run(&args, ui),
            (None, Some(_)) if self.run.help => skill_help::run(&self.run, ui),
            (None, Some(_)) if self.run.invoke.is_some() => invoke::run(&self.run, ui),
            (None, Some(_)) if self.run.prove.prove_limits => prove::run(&self.run, ui),
            (None, Some(_)) if self.run.grants.explain => run::explain(&self.run, ui),
            (None, Some(_)) if self.run.golden => golden::run(&self.run, ui),
            (None, Some(_)) => run::run(&self.run, ui),
            (None, None) if self.run.help => Ok(ui.line(Self::command().render_long_help().to_string().trim_end())?),
            (None, None) => Err(Failure::new(Code::UsageArguments, "no skill is named")
                .next("vak-run list", "see the skills here")
                .next("vak-run --help", "see what else can be done")),
        }
    }
}
