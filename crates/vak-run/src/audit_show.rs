//! `vak-run audit show`: the entries of the log, and which of them have no outcome.

use std::collections::VecDeque;

use serde::Serialize;
use serde_json::value::RawValue;
use vak_audit::{Entry, Kind, LogReader, Open, ReadError, RunId};
use vak_cli::{Failure, JsonArgs, Ui};
use vak_model::{Code, SkillName};

use crate::audit_verbs::{LogArgs, unreadable};

/// Show the entries of the log
#[derive(clap::Args, Debug)]
#[command(after_long_help = "\
The order is that of the log; the times are those of a clock that nobody vouches for. A beginning without an end is shown as
unknown: the run was killed, or goes on. The log is verified first; if it is not as it was written, that is the last thing
said, and the exit status.

Examples:
  vak-run audit show --last 10
  vak-run audit show --skill calculator --kind exec.end
  vak-run audit show --json

Exit status:
  0 shown · 3 there is no log · 9 the log is not as it was written")]
pub(crate) struct Args {
    /// Only the entries of this run
    #[arg(long, value_name = "ID")]
    run: Option<RunId>,
    /// Only the entries about this skill
    #[arg(long, value_name = "NAME")]
    skill: Option<SkillName>,
    /// Only entries of this kind, such as exec.end
    #[arg(long, value_name = "KIND")]
    kind: Option<Kind>,
    /// Only the last so many
    #[arg(long, value_name = "N")]
    last: Option<usize>,
    #[command(flatten)]
    log: LogArgs,
    #[command(flatten)]
    json: JsonArgs,
    /// Print help
    #[arg(long, short, action = clap::ArgAction::HelpLong)]
    help: Option<bool>,
}

/// An entry as scripts get it: one line each.
#[derive(Debug, Serialize)]
struct Shown<'a> {
    number: u64,
    /// Whether it is an intent whose outcome is not on record.
    unknown: bool,
    entry: &'a RawValue,
}

/// Why showing ended.
enum Ended {
    Read(ReadError),
    Output(Failure),
}

impl From<ReadError> for Ended {
    fn from(error: ReadError) -> Self {
        Self::Read(error)
    }
}

pub(crate) fn run(args: &Args, ui: &mut Ui) -> Result<(), Failure> {
    let log = args.log.open()?;
    let verified = log.check(None).map(drop);
    let shown = show(&log, args, ui);
    let end = |error: &ReadError| unreadable(error);
    verified.map_err(|error| end(&error))?;
    shown.map_err(|ended| match ended {
        Ended::Read(error) => end(&error),
        Ended::Output(failure) => failure,
    })
}

fn show(log: &LogReader, args: &Args, ui: &mut Ui) -> Result<(), Ended> {
    let open = log.open_intents()?;
    let mut last = VecDeque::new();
    log.each(0, |number, bytes| {
        if !args.wants(bytes) {
            return Ok(());
        }
        let Some(most) = args.last else { return print(number, bytes, &open, args, ui).map_err(Ended::Output) };
        last.push_back((number, bytes.to_vec()));
        if last.len() > most {
            last.pop_front();
        }
        Ok::<_, Ended>(())
    })?;
    last.iter().try_for_each(|(number, bytes)| print(*number, bytes, &open, args, ui).map_err(Ended::Output))
}

impl Args {
    fn wants(&self, bytes: &[u8]) -> bool {
        if self.run.is_none() && self.skill.is_none() && self.kind.is_none() {
            return true;
        }
        let Some(entry) = Entry::read(bytes) else { return false };
        self.run.is_none_or(|run| entry.run == run.to_string())
            && self.kind.is_none_or(|kind| entry.kind == kind.word())
            && self.skill.as_ref().is_none_or(|name| entry.text("skill") == Some(name.to_string().as_str()))
    }
}

fn print(number: u64, bytes: &[u8], open: &Open, args: &Args, ui: &mut Ui) -> Result<(), Failure> {
    let unknown = open.contains(number);
    if args.json.json {
        let entry = serde_json::from_slice(bytes).map_err(|error| Failure::of(Code::AuditMismatch, &error))?;
        return Ok(ui.json(&Shown { number, unknown, entry })?);
    }
    let line = Entry::read(bytes).map_or_else(|| "an entry of another form".to_owned(), |entry| line(&entry, unknown));
    Ok(ui.line(&format!("{number:>6}  {line}"))?)
}

fn line(entry: &Entry, unknown: bool) -> String {
    let what = match entry.kind.parse() {
        Ok(Kind::HostCall) => host_call(entry),
        Ok(Kind::HostCallEnd) => host_call_end(entry),
        Ok(Kind::Recovered) => {
            let bytes = entry.data.get("bytes").map(ToString::to_string).unwrap_or_default();
            format!("{bytes} bytes behind the last checkpoint were cut off")
        }
        Ok(Kind::ExecStart | Kind::ExecEnd) | Err(_) => execution(entry),
    };
    let unknown = if unknown { "  unknown: no end is on record" } else { "" };
    format!("{}  {:<13}  {}  {what}{unknown}", entry.t, entry.kind, entry.run)
}

/// Which skill and which function of it, and how that ended.
fn execution(entry: &Entry) -> String {
    let name = entry.text("skill").or_else(|| entry.text("asked")).unwrap_or("-");
    let version = entry.text("version").map(|version| format!("@{version}")).unwrap_or_default();
    let export = entry.text("export").map(|export| format!(" {export}")).unwrap_or_default();
    let end = entry.text("status").map(|status| format!("  {status}{}", code(entry))).unwrap_or_default();
    format!("{name}{version}{export}{end}")
}

/// What was asked for, and what was decided.
fn host_call(entry: &Entry) -> String {
    let mut asked = entry.text("call").unwrap_or("-").to_owned();
    for key in ["method", "url", "path", "key", "to"] {
        if let Some(text) = entry.text(key) {
            asked = format!("{asked} {text}");
        }
    }
    let allowed = entry.data.get("allowed").and_then(serde_json::Value::as_bool);
    let decided = if allowed == Some(true) { "allowed" } else { "denied" };
    format!("{asked}  {decided}{}", code(entry))
}

/// How it came out.
fn host_call_end(entry: &Entry) -> String {
    let of = entry.data.get("of").map(ToString::to_string).unwrap_or_default();
    format!("of {of}  {}{}", entry.text("ended").unwrap_or("-"), code(entry))
}

fn code(entry: &Entry) -> String {
    entry.text("code").map(|code| format!(" ({code})")).unwrap_or_default()
}
