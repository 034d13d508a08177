//! The benches, as one table of ratios that is held against the contracts of docs/benchmarks.md.
//!
//! Absolute figures move from machine to machine, so a contract is a ratio of two numbers of one run: VAK's, and that of the
//! bare engine doing the same work. The page is the one place where contracts stand.

mod contract;
mod estimates;
mod page;
mod table;

use std::fs;
use std::time::SystemTime;

use cargo_metadata::camino::Utf8PathBuf;

use self::contract::contracts;
use self::estimates::Estimates;
use self::table::Table;
use crate::error::Error;
use crate::process::Task;
use crate::skills;
use crate::tidy::report;
use crate::workspace::Workspace;

/// The page with the contracts, and with the numbers that `--write` puts there.
const PAGE: &str = "docs/benchmarks.md";

/// Run the benches, and print what VAK costs beside the bare engine
///
/// Builds the tools, the calculator and the floor's process first. Criterion writes its reports with plots to
/// target/criterion/report/index.html. The contracts are those of docs/benchmarks.md.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  cargo xtask bench                       everything, and the table
  cargo xtask bench sandbox/call --quick  the calls alone, with few samples
  cargo xtask bench --check               fails if a contract is exceeded
  cargo xtask bench --last --write        puts the numbers of the last run into docs/benchmarks.md")]
pub(crate) struct Args {
    /// Measure only what has this in its name, such as `sandbox/call`
    #[arg(value_name = "FILTER")]
    filter: Option<String>,
    /// Fail if a contract is exceeded, or not measured although no filter leaves it out
    #[arg(long)]
    check: bool,
    /// Take few samples: the order of magnitude, in a fraction of the time
    #[arg(long)]
    quick: bool,
    /// Measure nothing: take the numbers that are there from earlier runs
    #[arg(long, conflicts_with = "quick")]
    last: bool,
    /// Print the table as JSON
    #[arg(long)]
    json: bool,
    /// Put machine, commit and numbers into docs/benchmarks.md
    #[arg(long, conflicts_with = "filter")]
    write: bool,
}

pub(crate) fn run(workspace: &Workspace, args: &Args) -> Result<(), Error> {
    let path = workspace.root.join(PAGE);
    let page = fs::read_to_string(&path);
    let page = page.map_err(|source| Error::File { doing: "reading", path: path.clone().into(), source })?;
    let contracts = contracts(&page).map_err(mend)?;
    let since = if args.last { SystemTime::UNIX_EPOCH } else { measure(workspace, args)? };
    let estimates = Estimates::read(&criterion_home(workspace), since)?;
    let table = Table::new(contracts, &estimates, args.filter.is_none());
    if args.json {
        println!("{}", table.json());
    } else {
        print!("{}", table.text());
        println!("\nplots: {}", criterion_home(workspace).join("report/index.html"));
    }
    if args.write {
        let written = page::with_numbers(&page, &table, &estimates, &page::Machine::here(workspace)?).map_err(mend)?;
        fs::write(&path, written).map_err(|source| Error::File { doing: "writing", path: path.into(), source })?;
    }
    let broken = if args.check { table.broken(PAGE) } else { Vec::new() };
    report(broken, &format!("find what has become slower, or change the contract in `{PAGE}` and say why there"))
}

fn mend(what: String) -> Error {
    Error::Unknown(format!("{PAGE} {what}"), format!("mend `{PAGE}`"))
}

/// Where criterion writes.
fn criterion_home(workspace: &Workspace) -> Utf8PathBuf {
    workspace.bin_dir.with_file_name("criterion")
}

/// Builds what is measured, and measures it; gives the time before the first measurement.
fn measure(workspace: &Workspace, args: &Args) -> Result<SystemTime, Error> {
    Task::cargo(workspace).args(["build", "--release", "--workspace", "--bins", "--example", "floor_process"]).run()?;
    skills::build_one(workspace, "calculator")?;
    let since = SystemTime::now();
    let few: &[&str] =
        if args.quick { &["--warm-up-time", "0.3", "--measurement-time", "1", "--sample-size", "20"] } else { &[] };
    Task::cargo(workspace)
        .args([
            "bench",
            "--workspace",
            "--bench",
            "sandbox",
            "--bench",
            "trust",
            "--bench",
            "decide",
            "--bench",
            "audit",
            "--",
        ])
        .args(args.filter.iter())
        .args(few)
        .env("CRITERION_HOME", criterion_home(workspace).as_str())
        .on_stderr()
        .run()?;
    Ok(since)
}
