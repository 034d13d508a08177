//! Running a skill, from the word that names it to the answer on stdout.

use std::io::{IsTerminal, Read};
use std::path::Path;

use serde_json::value::RawValue;
use vak_abi::Verdict;
use vak_cli::{Failure, Ui, quote};
use vak_model::{Code, Manifest, Status};
use vak_package::{Artefact, Package, TextMemory, read_file};
use vak_policy::{Grant, Principal};
use vak_runtime::{Answer, CompiledSkill, PreparedSkill, Rehearsal, Runtime};
use vak_trust::Admitted;

use crate::args::RunArgs;
use crate::audit::{Audit, Ended};
use crate::explain;
use crate::failures;
use crate::grants;
use crate::host::Stage;
use crate::listen::Listeners;
use crate::load::{Loaded, load, open};
use crate::locate::{Location, Places, locate};
use crate::profile;
use crate::report::{Report, SkillReport, show_stats};
use crate::runtime::{self, Purpose};
use crate::trust::{Subject, admit};

/// The largest input that is read, in bytes; the runtime's own bound.
const MAX_INPUT_BYTES: u64 = 16 << 20;

pub(crate) fn run(args: &RunArgs, ui: &mut Ui) -> Result<(), Failure> {
    let mut report = Report::new();
    let result = recorded(args, ui, &mut report).and_then(|answer| finish(&answer, args, ui, &mut report));
    conclude(result, args.json.json, ui, report)
}

/// With `--json`, prints the report in the place of everything else.
pub(crate) fn conclude(
    result: Result<(), Failure>,
    json: bool,
    ui: &mut Ui,
    mut report: Report,
) -> Result<(), Failure> {
    if !json {
        return result;
    }
    if let Err(failure) = &result {
        report.status = failure.code().fault().status();
        report.error = Some(failure.clone());
    }
    ui.report(&report, result.err())
}

/// The run, and its record: its end is in the log before anybody gets the answer.
fn recorded(args: &RunArgs, ui: &mut Ui, report: &mut Report) -> Result<Answer, Failure> {
    let mut audit = Audit::open(args, "run")?;
    let answer = answer(args, ui, report, &mut audit);
    audit.end(answer, report, |answer| match answer.verdict() {
        Verdict::Done => Ended { status: Status::Ok, exit: 0, output: Some(answer.bytes()) },
        Verdict::Failed => {
            let code = Code::SkillFailed;
            Ended { status: Status::Failed, exit: code.exit_code(), output: Some(answer.bytes()) }
        }
    })
}

/// The whole chain; each step takes what only the step before can make.
fn answer(args: &RunArgs, ui: &mut Ui, report: &mut Report, audit: &mut Audit) -> Result<Answer, Failure> {
    let input = read_input(args.input.as_deref())?;
    audit.input(&input);
    let Prepared { skill, manifest, stage } = prepare(args, ui, report, audit)?;
    let listeners = Listeners::of(&args.listen, &manifest)?;
    let export = args.export.clone().or_else(|| manifest.exports.first().map(|export| export.name.to_string()));
    let export = export.unwrap_or_default();
    report.export = Some(export.clone());
    audit.start(report)?;
    let host = stage.host(args.grants.seed, audit, &listeners, ui)?;
    let outcome = match &args.profile {
        None => pollster::block_on(skill.call_in(&export, &input, host)),
        Some(file) => profile::call(&skill, &input, host, file, report, ui)?,
    };
    stage.say_denied(&outcome.denied, ui)?;
    listeners.finish(&input, &outcome, (&*report, skill.limits()), &manifest, ui)?;
    if args.stats {
        show_stats(report, &outcome.usage, skill.limits(), ui)?;
    }
    // The process is about to end, and the system takes everything back at once: no thread is waited for.
    std::mem::forget(skill);
    report.usage = outcome.usage;
    outcome.result.map_err(|error| failures::call(&error, args, &manifest))
}

/// A skill that can be called, and what it is called with.
pub(crate) struct Prepared {
    pub(crate) skill: PreparedSkill,
    pub(crate) manifest: Manifest,
    pub(crate) stage: Stage,
}

/// From the word that names a skill to one that can be called.
pub(crate) fn prepare(
    args: &RunArgs,
    ui: &mut Ui,
    report: &mut Report,
    audit: &mut Audit,
) -> Result<Prepared, Failure> {
    let location = locate(args.skill.as_deref().unwrap_or_default(), &Places::from_process()?)?;
    // What is malformed is called that first, wherever it is and whatever else is wrong.
    prepare_at(&location, args, ui, report, audit).map_err(|failure| load(&location).err().unwrap_or(failure))
}

fn prepare_at(
    location: &Location,
    args: &RunArgs,
    ui: &mut Ui,
    report: &mut Report,
    audit: &mut Audit,
) -> Result<Prepared, Failure> {
    let purpose = args.profile.as_ref().map_or(Purpose::Calls, |_| Purpose::Profile);
    let runtime = runtime::quiet(purpose, args.cache)?;
    let admission = admit_at(location, &runtime, args, ui, report, audit)?;
    let stage = stage(&admission, args, audit)?;
    let Admission { admitted, manifest, .. } = admission;
    runtime::warn(&runtime, ui)?;
    let compiled = compile(&runtime, &admitted, args, ui)?;
    let skill = compiled.prepare(&stage.grant).map_err(|error| Failure::of(error.code(), &error))?;
    Ok(Prepared { skill, manifest, stage })
}

/// A skill that is ready for its golden cases.
pub(crate) struct Rehearsed {
    pub(crate) skill: Rehearsal,
    pub(crate) manifest: Manifest,
}

/// From the word that names a skill to its golden cases. The operator's word counts only for those that don't state what
/// their host calls are answered.
pub(crate) fn rehearse(
    args: &RunArgs,
    ui: &mut Ui,
    report: &mut Report,
    audit: &mut Audit,
) -> Result<Rehearsed, Failure> {
    let location = locate(args.skill.as_deref().unwrap_or_default(), &Places::from_process()?)?;
    let rehearsed = rehearse_at(&location, args, ui, report, audit);
    rehearsed.map_err(|failure| load(&location).err().unwrap_or(failure))
}

fn rehearse_at(
    location: &Location,
    args: &RunArgs,
    ui: &mut Ui,
    report: &mut Report,
    audit: &mut Audit,
) -> Result<Rehearsed, Failure> {
    let runtime = runtime::quiet(Purpose::Calls, args.cache)?;
    let admission = admit_at(location, &runtime, args, ui, report, audit)?;
    let tests = &admission.manifest.tests;
    let needs_grant = tests.is_empty() || tests.iter().any(|case| case.host.is_none());
    let stage = if needs_grant { Some(stage(&admission, args, audit)?) } else { None };
    let Admission { admitted, manifest, .. } = admission;
    runtime::warn(&runtime, ui)?;
    let compiled = compile(&runtime, &admitted, args, ui)?;
    let skill = compiled.rehearse(stage.as_ref().map(|stage| &stage.grant));
    let skill = skill.map_err(|error| Failure::of(error.code(), &error))?;
    Ok(Rehearsed { skill, manifest })
}

/// What the operator gives the skill.
fn stage(admission: &Admission, args: &RunArgs, audit: &mut Audit) -> Result<Stage, Failure> {
    let Admission { manifest, principal, .. } = admission;
    let given = args.grants.given()?;
    audit.policy(given.policy);
    let command = format!("vak-run {}{}", quote(args.skill.as_deref().unwrap_or_default()), args.door());
    let grant = Grant::new(manifest, principal, &given.operator);
    let grant = grant.map_err(|error| grants::refused(&error, &command, manifest, principal, &given))?;
    Ok(Stage { given, grant, principal: principal.clone() })
}

/// A skill that was let in, as policies know it.
pub(crate) struct Admission {
    pub(crate) admitted: Admitted<Package>,
    manifest: Manifest,
    pub(crate) principal: Principal,
}

/// Lets a skill in as a run does, for what is done in its place: it is not run.
pub(crate) fn admit_alone(args: &RunArgs, ui: &mut Ui) -> Result<Admission, Failure> {
    let location = locate(args.skill.as_deref().unwrap_or_default(), &Places::from_process()?)?;
    let runtime = runtime::quiet(Purpose::Calls, args.cache)?;
    let (mut report, mut audit) = (Report::new(), Audit::none(args)?);
    admit_at(&location, &runtime, args, ui, &mut report, &mut audit)
}

fn admit_at(
    location: &Location,
    memory: &dyn TextMemory,
    args: &RunArgs,
    ui: &mut Ui,
    report: &mut Report,
    audit: &mut Audit,
) -> Result<Admission, Failure> {
    let Loaded { package, file, key_hints } = open(location, memory)?;
    report.skill = Some(skill_report(&package));
    audit.skill(&package);
    let manifest = package.document().manifest().clone();
    let title = format!("`{}` {}", manifest.name, manifest.version);
    let admitted = admit(package, &Subject { title, file, key_hints }, &args.admission(), ui)?;
    report.signed_by(admitted.signers());
    let principal = principal(&admitted, &manifest);
    Ok(Admission { admitted, manifest, principal })
}

/// Shows what the skill would get, and leaves it at that: nothing is run, and nothing recorded.
pub(crate) fn explain(args: &RunArgs, ui: &mut Ui) -> Result<(), Failure> {
    let Admission { manifest, principal, .. } = admit_alone(args, ui)?;
    explain::show(&manifest, &principal, &args.grants.given()?.operator, args.json.json, ui)
}

/// Puts the answer where it belongs. The skill's own failure is an answer too, and an exit code.
fn finish(answer: &Answer, args: &RunArgs, ui: &mut Ui, report: &mut Report) -> Result<(), Failure> {
    if args.json.json {
        // The report is one line. White space between values is all that a line's end can be in strict JSON.
        let text = String::from_utf8_lossy(answer.bytes()).replace(['\n', '\r'], " ");
        let output = RawValue::from_string(text).map_err(|error| Failure::of(Code::InternalBug, &error))?;
        report.output = Some(output);
    } else {
        ui.answer(answer.bytes())?;
    }
    match answer.verdict() {
        Verdict::Done => Ok(()),
        Verdict::Failed => {
            Err(Failure::new(Code::SkillFailed, "the skill reported a failure: its error is the output"))
        }
    }
}

fn skill_report(package: &Package) -> SkillReport {
    let manifest = package.document().manifest();
    SkillReport {
        name: Some(manifest.name.to_string()),
        version: Some(manifest.version.to_string()),
        digest: package.id().to_string(),
        signers: Vec::new(),
    }
}

/// The skill, as policies know it.
fn principal(admitted: &Admitted<Package>, manifest: &Manifest) -> Principal {
    let signers = admitted.signers().iter().map(|signer| signer.key.to_string()).collect();
    Principal {
        name: manifest.name.clone(),
        version: manifest.version.clone(),
        module: Some(admitted.artefact().id()),
        signers,
    }
}

fn compile(
    runtime: &Runtime,
    admitted: &Admitted<Package>,
    args: &RunArgs,
    ui: &mut Ui,
) -> Result<CompiledSkill, Failure> {
    let limits = args.limits.request().map_err(|error| Failure::of(Code::UsageArguments, &error))?;
    let compiled = runtime.compile(admitted, &limits).map_err(|error| Failure::of(error.code(), &error))?;
    for narrowed in compiled.narrowed() {
        let (flag, unit) = (narrowed.kind.flag(), narrowed.kind.unit());
        ui.note(&format!(
            "note: --{flag} asks for {}, the manifest allows {}: {} {unit} holds",
            narrowed.asked, narrowed.holds, narrowed.holds
        ))?;
    }
    Ok(compiled)
}

/// The input's bytes: as typed, from a file, or from stdin.
fn read_input(input: Option<&str>) -> Result<Vec<u8>, Failure> {
    match input {
        None => Ok(b"{}".to_vec()),
        Some("-") if std::io::stdin().is_terminal() => {
            let failure = Failure::new(Code::UsageArguments, "`--input -` reads from a pipe, and stdin is a terminal");
            Err(failure.next("echo '{}' | vak-run SKILL --input -", "pipe the input in"))
        }
        Some("-") => {
            let mut bytes = Vec::new();
            let read = std::io::stdin().lock().take(MAX_INPUT_BYTES + 1).read_to_end(&mut bytes);
            read.map_err(|error| {
                Failure::new(Code::FileRead, "failed to read the input from stdin").caused_by(&error)
            })?;
            Ok(bytes)
        }
        Some(input) => match input.strip_prefix('@') {
            Some(path) => {
                read_file(Path::new(path), MAX_INPUT_BYTES).map_err(|error| failures::file(&error, Code::InputSize))
            }
            None => Ok(input.as_bytes().to_vec()),
        },
    }
}

/// The folder that the tool was started in.
pub(crate) fn here() -> Result<std::path::PathBuf, Failure> {
    std::env::current_dir()
        .map_err(|error| Failure::new(Code::FileRead, "failed to find the current folder").caused_by(&error))
}
