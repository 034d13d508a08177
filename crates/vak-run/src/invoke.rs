//! Calling a plain function of a module that has no manifest.

use serde_json::Value;
use serde_json::value::RawValue;
use vak_cli::{Failure, Ui};
use vak_model::{Code, Status};
use vak_package::{Artefact, Bounds, RawModule};
use vak_runtime::{InvalidArgument, Number};

use crate::args::RunArgs;
use crate::audit::{Audit, Ended};
use crate::failures;
use crate::load::read_module;
use crate::locate::{Location, Places, locate};
use crate::report::{Report, SkillReport, show_stats};
use crate::run::conclude;
use crate::runtime::{Purpose, runtime};
use crate::trust::{Subject, admit};

pub(crate) fn run(args: &RunArgs, ui: &mut Ui) -> Result<(), Failure> {
    let mut report = Report::new();
    let result = recorded(args, ui, &mut report).and_then(|numbers| finish(&numbers, args, ui, &mut report));
    conclude(result, args.json.json, ui, report)
}

fn recorded(args: &RunArgs, ui: &mut Ui, report: &mut Report) -> Result<Vec<Number>, Failure> {
    let mut audit = Audit::open(args, "invoke")?;
    audit.input(args.args.join(" ").as_bytes());
    let numbers = invoke(args, ui, report, &mut audit);
    audit.end(numbers, report, |_| Ended { status: Status::Ok, exit: 0, output: None })
}

fn invoke(args: &RunArgs, ui: &mut Ui, report: &mut Report, audit: &mut Audit) -> Result<Vec<Number>, Failure> {
    let (word, function) = (args.skill.as_deref().unwrap_or_default(), args.invoke.as_deref().unwrap_or_default());
    let Location::File(file) = locate(word, &Places::from_process()?)? else {
        return Err(Failure::new(Code::UsageArguments, format!("`{word}` is a folder: --invoke takes a .wasm file")));
    };
    let module = RawModule::read(read_module(&file)?, &Bounds::default());
    let module = module.map_err(|error| failures::package(&error, &file))?;
    let digest = module.id().to_string();
    report.skill = Some(SkillReport { name: None, version: None, digest, signers: Vec::new() });
    report.export = Some(function.to_owned());
    let title = format!("`{}`", file.display());
    let admitted = admit(module, &Subject { title, file, key_hints: Vec::new() }, &args.admission(), ui)?;
    report.signed_by(admitted.signers());
    let limits = args.limits.request().map_err(|error| Failure::of(Code::UsageArguments, &error))?;
    let runtime = runtime(Purpose::Calls, args.cache, ui)?;
    let compiled = runtime.compile_raw(&admitted, &limits).map_err(|error| Failure::of(error.code(), &error))?;
    audit.start(report)?;
    let invoked = pollster::block_on(compiled.invoke(function, &args.args));
    let outcome = invoked.map_err(|error| invalid(&error))?;
    if args.stats {
        show_stats(report, &outcome.usage, compiled.limits(), ui)?;
    }
    report.usage = outcome.usage;
    outcome.result.map_err(|error| Failure::of(error.code(), &error))
}

fn invalid(error: &InvalidArgument) -> Failure {
    let code = match error {
        InvalidArgument::NoFunction(_) => Code::UsageExport,
        InvalidArgument::NotNumbers(_) | InvalidArgument::Count { .. } | InvalidArgument::Number { .. } => {
            Code::UsageArguments
        }
    };
    Failure::of(code, error)
}

fn finish(numbers: &[Number], args: &RunArgs, ui: &mut Ui, report: &mut Report) -> Result<(), Failure> {
    let values: Vec<_> = numbers.iter().map(json).collect();
    let output = match <[Value; 1]>::try_from(values) {
        Ok([value]) => value,
        Err(values) if values.is_empty() => Value::Null,
        Err(values) => Value::Array(values),
    };
    if !args.json.json {
        return Ok(ui.json(&output)?);
    }
    let output = RawValue::from_string(output.to_string()).map_err(|error| Failure::of(Code::InternalBug, &error))?;
    report.output = Some(output);
    Ok(())
}

/// A number as JSON; floats that JSON has no number for are text.
fn json(number: &Number) -> Value {
    let float = |value: f64| {
        serde_json::Number::from_f64(value).map_or_else(|| Value::String(value.to_string()), Value::Number)
    };
    match *number {
        Number::I32(value) => value.into(),
        Number::I64(value) => value.into(),
        Number::F32(value) => float(value.into()),
        Number::F64(value) => float(value),
    }
}
