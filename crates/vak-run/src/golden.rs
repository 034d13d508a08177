//! `vak-run SKILL --golden`: what the manifest says about the skill, held against the skill.

use serde_json::Value;
use serde_json::value::RawValue;
use vak_cli::{Failure, Table, Ui, count};
use vak_model::{Code, GoldenCase, Status};
use vak_runtime::GoldenReport;

use crate::args::RunArgs;
use crate::audit::{Audit, Ended};
use crate::report::Report;
use crate::run::{Rehearsed, conclude, rehearse};

pub(crate) fn run(args: &RunArgs, ui: &mut Ui) -> Result<(), Failure> {
    let mut report = Report::new();
    let result = recorded(args, ui, &mut report);
    conclude(result, args.json.json, ui, report)
}

/// All cases together are one run.
fn recorded(args: &RunArgs, ui: &mut Ui, report: &mut Report) -> Result<(), Failure> {
    let mut audit = Audit::open(args, "golden")?;
    let result = golden(args, ui, report, &mut audit);
    audit.end(result, report, |()| Ended { status: Status::Ok, exit: 0, output: None })
}

fn golden(args: &RunArgs, ui: &mut Ui, report: &mut Report, audit: &mut Audit) -> Result<(), Failure> {
    let Rehearsed { skill, manifest } = rehearse(args, ui, report, audit)?;
    if manifest.tests.is_empty() {
        return Err(Failure::new(Code::GoldenFailed, "the manifest has no golden cases")
            .fact("add", "at least one below `tests` in skill.yaml"));
    }
    audit.start(report)?;
    let run = |case| Some((case, pollster::block_on(skill.golden(case))?));
    let ran: Vec<_> = manifest.tests.iter().filter_map(run).collect();
    if args.json.json {
        report.output = Some(json(&ran)?);
    } else {
        ui.table(&table(&ran))?;
    }
    let red: Vec<_> = ran.iter().filter(|(_, ran)| !ran.passed()).collect();
    if red.is_empty() {
        return Ok(());
    }
    let failure = Failure::new(Code::GoldenFailed, format!("{} of {} golden cases are red", red.len(), ran.len()));
    Err(red.into_iter().fold(failure, |failure, (case, ran)| {
        let [name, expected, got] = [case.name.to_string(), ran.expected(case), ran.verdict.to_string()];
        failure.fact("red", name).fact("  expected", expected).fact("  got", got)
    }))
}

fn table(ran: &[(&GoldenCase, GoldenReport)]) -> Table {
    let mut table = Table::new(&["CASE", "RESULT", "FUEL", "OF"]);
    for (case, ran) in ran {
        let result = if ran.passed() { "ok" } else { "red" };
        let fuel = ran.fuel.map_or_else(|| "unknown".to_owned(), count);
        let max = case.max_fuel.map_or_else(String::new, |max| count(max.into()));
        table.row([case.name.to_string(), result.to_owned(), fuel, max]);
    }
    table
}

/// The cases for scripts: name, whether it passed, fuel.
fn json(ran: &[(&GoldenCase, GoldenReport)]) -> Result<Box<RawValue>, Failure> {
    let cases: Vec<Value> = ran
        .iter()
        .map(|(case, ran)| {
            serde_json::json!({ "name": case.name, "passed": ran.passed(), "fuel": ran.fuel, "max_fuel": case.max_fuel })
        })
        .collect();
    RawValue::from_string(Value::Array(cases).to_string()).map_err(|error| Failure::of(Code::InternalBug, &error))
}
