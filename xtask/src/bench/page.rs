//! Writing the numbers of a run into docs/benchmarks.md.

use std::fs;

use super::estimates::Estimates;
use super::table::Table;
use crate::error::Error;
use crate::process::Task;
use crate::workspace::Workspace;

/// Between these the page is written by this; the rest is written by people.
const BEGIN: &str = "<!-- measured by `cargo xtask bench --write`; do not edit -->";
const END: &str = "<!-- /measured -->";

/// What the numbers were measured on.
#[derive(Debug)]
pub(super) struct Machine {
    pub(super) processor: String,
    pub(super) kernel: String,
    pub(super) compiler: String,
    pub(super) commit: String,
    pub(super) day: String,
}

impl Machine {
    /// This machine, today, at the commit that is checked out.
    pub(super) fn here(workspace: &Workspace) -> Result<Self, Error> {
        let say = |program: &str, args: &[&str]| -> Result<String, Error> {
            let said = Task::program(workspace, program).args(args).stdout()?;
            Ok(String::from_utf8_lossy(&said).trim().to_owned())
        };
        let changed = if say("git", &["status", "--porcelain"])?.is_empty() { "" } else { " with changes" };
        Ok(Self {
            processor: processor(&fs::read_to_string("/proc/cpuinfo").unwrap_or_default()),
            kernel: say("uname", &["-sr"])?,
            compiler: say("rustc", &["--version"])?,
            commit: say("git", &["rev-parse", "--short=12", "HEAD"])? + changed,
            day: say("date", &["-u", "+%F"])?,
        })
    }
}

/// How many processors there are, and what they call themselves.
fn processor(cpuinfo: &str) -> String {
    let names: Vec<&str> = cpuinfo.lines().filter_map(|line| line.strip_prefix("model name")).collect();
    let name = names.first().map_or("unknown", |name| name.trim_start_matches(['\t', ' ', ':']));
    format!("{} x {name}", names.len())
}

/// The page with new numbers between the markers.
pub(super) fn with_numbers(
    page: &str,
    table: &Table,
    estimates: &Estimates,
    machine: &Machine,
) -> Result<String, String> {
    let missing = || format!("has no line `{BEGIN}` with `{END}` after it");
    let (before, rest) = page.split_once(BEGIN).ok_or_else(missing)?;
    let (_, after) = rest.split_once(END).ok_or_else(missing)?;
    let Machine { processor, kernel, compiler, commit, day } = machine;
    let all: String = estimates.0.iter().map(|(id, number)| format!("| `{id}` | {} |\n", number.shown())).collect();
    Ok(format!(
        "{before}{BEGIN}\n
Measured on {day} at commit {commit}: {processor}, {kernel}, {compiler}.\n
{}
All medians:\n
| bench | median |\n|---|---|\n{all}
{END}{after}",
        table.markdown()
    ))
}

#[cfg(test)]
mod tests {
    use super::super::estimates::Number;
    use super::*;

    fn machine() -> Machine {
        let word = |text: &str| text.to_owned();
        Machine {
            processor: word("2 x Fast"),
            kernel: word("Linux 6"),
            compiler: word("rustc 1"),
            commit: word("abc"),
            day: word("2026-01-02"),
        }
    }

    #[test]
    fn only_what_is_between_the_markers_changes_and_writing_twice_changes_nothing() {
        let page = format!("# Title\n\n{BEGIN}\nold\n{END}\n\nend\n");
        let estimates = Estimates([("s/a".to_owned(), Number::Nanoseconds(5.0))].into());
        let table = Table::new(Vec::new(), &estimates, true);
        let write = |page: &str| with_numbers(page, &table, &estimates, &machine()).expect("markers");
        let once = write(&page);
        assert!(once.starts_with(&format!("# Title\n\n{BEGIN}\n\nMeasured on 2026-01-02 at commit abc: 2 x Fast")));
        assert!(once.contains("| `s/a` | 5.00 ns |\n") && !once.contains("old"), "{once}");
        assert!(once.ends_with(&format!("{END}\n\nend\n")));
        assert_eq!(write(&once), once);
        assert!(with_numbers("# Title\n", &table, &estimates, &machine()).is_err());
    }

    #[test]
    fn processors_are_counted_and_named() {
        assert_eq!(processor("model name\t: A B\nflags\t: x\nmodel name\t: A B\n"), "2 x A B");
        assert_eq!(processor(""), "0 x unknown");
    }

    #[test]
    fn the_page_of_this_repository_has_the_markers() {
        let page = include_str!("../../../docs/benchmarks.md");
        assert!(page.split_once(BEGIN).is_some_and(|(_, rest)| rest.contains(END)));
    }
}
