//! The threat model's promises: every row is in its table, and every row that claims a test has it.

mod ids;
mod table;

use std::collections::HashMap;

use self::table::{Held, Row};
use crate::error::Error;
use crate::tidy::{Violation, report};
use crate::tree::Tree;
use crate::workspace::Workspace;

/// The page with the table.
const PAGE: &str = "docs/threat-model.md";

/// Check that the threat model lists every known attack, and that the tests it names exist
///
/// Each table of docs/threat-model.md whose first column is `id` and that has a column `test` is read. Its cell is
/// the word `later`, or names of tests in backticks: `path::of::the_test`, or the path of a file with a case.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {}

pub(crate) fn run(workspace: &Workspace, _: &Args) -> Result<(), Error> {
    verify(workspace)
}

/// Fails if a row is missing or doubled, or if a test that a row names does not exist.
pub(crate) fn verify(workspace: &Workspace) -> Result<(), Error> {
    let tree = Tree::load(workspace)?;
    let rows = tree.files.iter().find(|file| file.path == PAGE).and_then(|file| file.text()).map(table::rows);
    let rows = rows.ok_or_else(|| {
        Error::Unknown(format!("there is no `{PAGE}`"), "write it, with a row for each attack".to_owned())
    })?;
    report(check(&rows, &tree), &format!("mend the table in `{PAGE}`, or write the test that it promises"))?;
    let later = rows.iter().filter(|row| row.held == Held::Later).count();
    println!("threats: {} rows, {} held by tests, {later} for later", rows.len(), rows.len() - later);
    Ok(())
}

fn check(rows: &[Row], tree: &Tree) -> Vec<Violation> {
    let mut count: HashMap<&str, usize> = HashMap::new();
    for row in rows {
        *count.entry(&row.id).or_default() += 1;
    }
    let all = ids::all();
    let missing = all
        .iter()
        .filter(|id| !count.contains_key(id.as_str()))
        .map(|id| Violation::new(PAGE, format!("row {id} is missing: no known attack is forgotten silently")));
    let mut found: Vec<Violation> = missing.collect();
    for row in rows {
        let mut say = |what: String| found.push(Violation::new(format!("{PAGE}:{}", row.line), what));
        if count[row.id.as_str()] > 1 {
            say(format!("row {} is there {} times", row.id, count[row.id.as_str()]));
        }
        if !all.contains(&row.id) {
            say(format!("row {} is not in the list of xtask/src/threats/ids.rs", row.id));
        }
        wrong_cell(&row.held, tree).into_iter().for_each(|what| say(format!("row {}: {what}", row.id)));
    }
    found
}

fn wrong_cell(held: &Held, tree: &Tree) -> Vec<String> {
    match held {
        Held::Later => Vec::new(),
        Held::Unclear(cell) => vec![format!("`{cell}` is neither `later` nor names of tests in backticks")],
        Held::By(tests) => tests
            .iter()
            .filter(|test| !exists(test, tree))
            .map(|test| format!("the test `{test}` does not exist"))
            .collect(),
    }
}

/// A file of that path, or a test function of that name in one of the Rust files.
fn exists(test: &str, tree: &Tree) -> bool {
    if test.contains('/') {
        return tree.has(test);
    }
    let function = format!("fn {}(", test.rsplit("::").next().unwrap_or(test));
    tree.rust().any(|(_, text)| has_test(text, &function))
}

/// Whether `function` stands in `text` below an attribute that makes it a test.
fn has_test(text: &str, function: &str) -> bool {
    let lines: Vec<&str> = text.lines().map(str::trim).collect();
    let is_here = |line: &str| line.contains(function) && !line.starts_with("//");
    lines.iter().enumerate().filter(|(_, line)| is_here(line)).any(|(at, _)| {
        let above = lines[..at].iter().rev().take_while(|line| line.starts_with("#[") || line.starts_with("//"));
        above.into_iter().any(|line| line.starts_with("#[") && line.ends_with("test]"))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tree::tests::tree;

    fn row(id: &str, held: Held) -> Row {
        Row { id: id.to_owned(), line: 1, held }
    }

    fn all_later() -> Vec<Row> {
        ids::all().iter().map(|id| row(id, Held::Later)).collect()
    }

    fn found(rows: &[Row]) -> Vec<String> {
        let tree = tree(&[
            ("crates/a/tests/all/main.rs", "#[test]\n#[cfg(unix)]\nfn a_loop_is_stopped() {}\n\nfn helper() {}"),
            ("crates/a/tests/cli/loop.case", ""),
        ]);
        check(rows, &tree).iter().map(ToString::to_string).collect()
    }

    #[test]
    fn a_table_with_every_row_once_is_complete() {
        assert_eq!(found(&all_later()), [""; 0]);
    }

    #[test]
    fn a_row_that_is_missing_doubled_or_unknown_is_named() {
        let mut rows = all_later();
        rows.retain(|row| row.id != "B7");
        rows.extend([row("A1", Held::Later), row("Z9", Held::Later)]);
        let found = found(&rows).join("\n");
        assert!(found.contains("row B7 is missing"), "{found}");
        assert!(found.contains("row A1 is there 2 times"), "{found}");
        assert!(found.contains("row Z9 is not in the list"), "{found}");
    }

    #[test]
    fn a_test_is_a_function_or_a_file_that_exists() {
        let held = |names: &[&str]| {
            let mut rows = all_later();
            rows[0].held = Held::By(names.iter().map(|name| (*name).to_owned()).collect());
            found(&rows).len()
        };
        assert_eq!(held(&["a::all::a_loop_is_stopped", "crates/a/tests/cli/loop.case", "a_loop_is_stopped"]), 0);
        assert_eq!(held(&["a::all::loop_is_stopped", "crates/a/tests/cli/l.case", "a_loop", "helper"]), 4);
    }

    #[test]
    fn a_cell_with_other_words_is_refused() {
        let mut rows = all_later();
        rows[0].held = Held::Unclear("soon".to_owned());
        assert_eq!(
            found(&rows),
            ["docs/threat-model.md:1: row A1: `soon` is neither `later` nor names of tests in backticks"]
        );
    }
}
