//! `vak-run SKILL --prove-limits`: VAK's own probes try what the skill may not do, and others look at what comes of it.
//!
//! A probe runs where the skill would: under its manifest, with its limits, through the same gate, with what the operator
//! grants. Folders, store and network are others, so that nothing of the operator's is touched. Each probe has a process of
//! its own, which is looked at from outside; a verdict never comes from what the runtime says of itself.

mod child;
mod limits;
mod module;
mod observe;
mod order;
mod plan;
mod room;
mod trial;

use std::sync::Mutex;
use std::sync::PoisonError;
use std::sync::atomic::{AtomicUsize, Ordering};

use serde::Serialize;
use serde_json::value::RawValue;
use serde_json::{Value, json};
use vak_cli::{Failure, Table, Ui};
use vak_model::{Capability, Code, Limits};

use self::plan::Plan;
use self::trial::{Shows, Tried};
use crate::args::RunArgs;
use crate::audit::Audit;
use crate::report::Report;
use crate::run::{Prepared, conclude, prepare};

pub use self::observe::Processes;

/// How many probes run at once.
const AT_ONCE: usize = 2;

/// The program that is running, whatever has become of its file.
const THIS_PROGRAM: &str = "/proc/self/exe";

/// What is said of a skill: what its probes are held against.
#[derive(Clone, Debug)]
pub struct Declared {
    /// The limits that its calls have.
    pub limits: Limits,
    /// What its manifest asks for.
    pub asked: Vec<Capability>,
    /// What of that it is granted.
    pub held: Vec<Capability>,
    /// The names of the folders that it is shown.
    pub mounts: Vec<String>,
}

impl Declared {
    fn holds(&self, capability: Capability) -> bool {
        self.held.contains(&capability)
    }

    /// What a skill may do of a capability.
    fn word(&self, capability: Capability) -> Value {
        let word = match (self.holds(capability), self.asked.contains(&capability)) {
            (true, _) => "granted in part",
            (false, true) => "denied",
            (false, false) => "not asked for",
        };
        json!(word)
    }
}

/// What is found of a limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// It binds.
    Binds,
    /// It does not.
    DoesNotBind,
    /// Its probe shows nothing: what must work did not either.
    NotShown,
    /// Nothing could reach it.
    NotApplicable,
}

impl Verdict {
    const fn word(self) -> &'static str {
        match self {
            Self::Binds => "binds",
            Self::DoesNotBind => "DOES NOT BIND",
            Self::NotShown => "NOT SHOWN",
            Self::NotApplicable => "not applicable",
        }
    }
}

/// A limit, and what became of it.
#[derive(Clone, Debug, Serialize)]
pub struct Row {
    /// The manifest's key of a limit, or what a skill may not do.
    pub id: String,
    /// What is said of it: a number in `unit`, or a word.
    pub declared: Value,
    /// What the number counts.
    pub unit: Option<&'static str>,
    /// What was seen.
    pub observed: String,
    /// What follows from it.
    pub verdict: Verdict,
    /// How it was seen.
    pub how: &'static str,
    /// The codes by which the probes ended; nothing follows from them.
    pub ends: Vec<String>,
}

impl Row {
    fn of(plan: &Plan, tried: &[Tried]) -> Self {
        let any = |shows| tried.iter().any(|tried| tried.shows == shows);
        let verdict = if plan.trials.is_empty() {
            Verdict::NotApplicable
        } else if any(Shows::Bad) {
            Verdict::DoesNotBind
        } else if any(Shows::Nothing) {
            Verdict::NotShown
        } else {
            Verdict::Binds
        };
        let said: Vec<_> = tried.iter().map(|tried| tried.said.as_str()).collect();
        Self {
            id: plan.id.clone(),
            declared: plan.declared.clone(),
            unit: plan.unit,
            observed: said.join("; "),
            verdict,
            how: plan.how,
            ends: tried.iter().map(|tried| tried.end.clone()).collect(),
        }
    }
}

/// Tries all limits that a skill is said to have by processes in which it has those that it has.
#[must_use]
pub fn prove(declared: &Declared, processes: &Processes) -> Vec<Row> {
    let plans = plan::rows(declared);
    let trials: Vec<_> = plans.iter().flat_map(|plan| &plan.trials).collect();
    let (next, tried) = (AtomicUsize::new(0), Mutex::new(vec![None; trials.len()]));
    std::thread::scope(|scope| {
        for _ in 0..AT_ONCE {
            scope.spawn(|| {
                loop {
                    let i = next.fetch_add(1, Ordering::Relaxed);
                    let Some(trial) = trials.get(i) else { return };
                    let result = trial.run(processes, &declared.mounts, declared.holds(Capability::FsWrite));
                    let result = result.unwrap_or_else(|error| Tried::failed(&error));
                    if let Some(place) = tried.lock().unwrap_or_else(PoisonError::into_inner).get_mut(i) {
                        *place = Some(result);
                    }
                }
            });
        }
    });
    let tried = tried.into_inner().unwrap_or_else(PoisonError::into_inner);
    let mut tried = tried.into_iter().map(|tried| tried.unwrap_or_else(Tried::none));
    plans.iter().map(|plan| Row::of(plan, &tried.by_ref().take(plan.trials.len()).collect::<Vec<_>>())).collect()
}

pub(crate) fn run(args: &RunArgs, ui: &mut Ui) -> Result<(), Failure> {
    if args.prove.probe {
        return child::serve(args, ui);
    }
    let mut report = Report::new();
    let result = proved(args, ui, &mut report);
    conclude(result, args.json.json, ui, report)
}

fn proved(args: &RunArgs, ui: &mut Ui, report: &mut Report) -> Result<(), Failure> {
    // What would not run is refused as a run is; and nothing of the skill is called, so nothing is recorded.
    let mut audit = Audit::none(args)?;
    let Prepared { skill, manifest, stage } = prepare(args, ui, report, &mut audit)?;
    let declared = Declared {
        limits: skill.limits().clone(),
        asked: manifest.capabilities.iter().map(|request| request.capability).collect(),
        held: Capability::ALL.into_iter().filter(|capability| stage.grant.holds(*capability)).collect(),
        mounts: stage.given.folders.iter().map(|mount| mount.name.to_string()).collect(),
    };
    let processes = Processes {
        program: THIS_PROGRAM.into(),
        words: std::env::args_os().skip(1).collect(),
        environment: Vec::new(),
    };
    let progress = ui.spinner("trying its limits");
    let rows = prove(&declared, &processes);
    drop(progress);
    if args.json.json {
        let rows = serde_json::to_string(&rows).and_then(RawValue::from_string);
        report.output = Some(rows.map_err(|error| Failure::of(Code::InternalBug, &error))?);
    } else {
        ui.table(&table(&rows))?;
    }
    verdict(&rows)
}

fn table(rows: &[Row]) -> Table {
    let mut table = Table::new(&["LIMIT", "DECLARED", "OBSERVED", "VERDICT"]);
    for row in rows {
        let declared = match (&row.declared, row.unit) {
            (Value::Number(number), unit) => {
                format!("{} {}", vak_cli::count(number.as_u64().unwrap_or_default()), unit.unwrap_or_default())
            }
            (word, _) => word.as_str().unwrap_or_default().to_owned(),
        };
        let observed = if row.observed.is_empty() { row.how.to_owned() } else { row.observed.clone() };
        table.row([row.id.clone(), declared, observed, row.verdict.word().to_owned()]);
    }
    table
}

fn verdict(rows: &[Row]) -> Result<(), Failure> {
    let with = |verdict| rows.iter().filter(move |row| row.verdict == verdict);
    let (loose, unshown) = (with(Verdict::DoesNotBind).count(), with(Verdict::NotShown).count());
    if loose + unshown == 0 {
        return Ok(());
    }
    let said = match (loose, unshown) {
        (loose, 0) => format!("{loose} of {} limits do not bind", rows.len()),
        (0, unshown) => format!("{unshown} of {} limits could not be shown to bind", rows.len()),
        _ => format!("{loose} of {} limits do not bind, and {unshown} could not be shown to", rows.len()),
    };
    let rows = with(Verdict::DoesNotBind).chain(with(Verdict::NotShown));
    Err(rows.fold(Failure::new(Code::LimitUnbound, said), |failure, row| {
        failure.fact("limit", row.id.clone()).fact("  seen", row.observed.clone())
    }))
}
