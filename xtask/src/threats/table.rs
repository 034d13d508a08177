//! Reading the tables of the threat model.

/// One row of a table with the columns `id` and `test`.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Row {
    /// What the first column says.
    pub(super) id: String,
    /// The line of the page, from 1.
    pub(super) line: usize,
    /// What the test column says.
    pub(super) held: Held,
}

/// What holds a row's promise.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Held {
    /// Nothing yet.
    Later,
    /// These tests.
    By(Vec<String>),
    /// It can't be told.
    Unclear(String),
}

/// The rows of all tables whose header begins with `id` and has a column `test`.
pub(super) fn rows(page: &str) -> Vec<Row> {
    let mut rows = Vec::new();
    let mut header: Option<Header> = None;
    for (line, text) in (1..).zip(page.lines()) {
        let Some(cells) = cells(text) else {
            header = None;
            continue;
        };
        match header {
            None => header = Some(Header::read(&cells)),
            Some(Header { test: Some(test) }) if !is_rule(&cells) => rows.push(Row::read(&cells, test, line)),
            Some(_) => {}
        }
    }
    rows
}

/// The first line of a table.
#[derive(Clone, Copy)]
struct Header {
    /// The column with the tests, if this is a table of threats.
    test: Option<usize>,
}

impl Header {
    fn read(cells: &[String]) -> Self {
        let is_table = cells.first().is_some_and(|cell| cell == "id");
        Self { test: cells.iter().position(|cell| cell == "test").filter(|_| is_table) }
    }
}

impl Row {
    fn read(cells: &[String], test: usize, line: usize) -> Self {
        let cell = |column: usize| cells.get(column).map_or("", String::as_str);
        Self { id: cell(0).to_owned(), line, held: Held::read(cell(test)) }
    }
}

impl Held {
    fn read(cell: &str) -> Self {
        if cell == "later" {
            return Self::Later;
        }
        let parts: Vec<&str> = cell.split('`').collect();
        let (outside, inside): (Vec<_>, Vec<_>) = parts.iter().enumerate().partition(|(i, _)| i % 2 == 0);
        let separators = outside.iter().all(|(_, text)| text.chars().all(|c| c == ',' || c == ' '));
        let names: Vec<String> = inside.iter().map(|(_, name)| (**name).to_owned()).collect();
        let named = parts.len() % 2 == 1 && !names.is_empty() && names.iter().all(|name| is_name(name));
        if separators && named { Self::By(names) } else { Self::Unclear(cell.to_owned()) }
    }
}

fn is_name(name: &str) -> bool {
    !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric() || "_:/.-".contains(c))
}

/// The cells of a line `| a | b |`, with `\|` inside a cell read as `|`.
fn cells(line: &str) -> Option<Vec<String>> {
    let inner = line.trim().strip_prefix('|')?;
    let mut cells = vec![String::new()];
    let mut letters = inner.chars().peekable();
    while let Some(letter) = letters.next() {
        match letter {
            '\\' if letters.peek() == Some(&'|') => cells.last_mut()?.extend(letters.next()),
            '|' => cells.push(String::new()),
            other => cells.last_mut()?.push(other),
        }
    }
    if cells.last()?.trim().is_empty() {
        cells.pop();
    }
    Some(cells.iter().map(|cell| cell.trim().to_owned()).collect())
}

/// The line `|---|---|` under a header.
fn is_rule(cells: &[String]) -> bool {
    cells.iter().all(|cell| !cell.is_empty() && cell.chars().all(|c| c == '-' || c == ':'))
}

#[cfg(test)]
mod tests {
    use super::*;

    const PAGE: &str = "\
# Threats
| id | attack | test |
|---|:---|---|
| A1 | `loop` | `runtime::a_loop_ends`, `crates/x/tests/cli/a.case` |
| A2 | a \\| b | later |

| word | meaning | test |
|---|---|---|
| B1 | another table | later |

| id | attack | answer | test |
|---|---|---|---|
| C1 | bomb | refused | later, perhaps |
";

    #[test]
    fn the_rows_of_every_table_of_threats_are_read_and_no_others() {
        let names = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
        let row = |id: &str, line, held| Row { id: id.to_owned(), line, held };
        assert_eq!(
            rows(PAGE),
            [
                row("A1", 4, Held::By(names(&["runtime::a_loop_ends", "crates/x/tests/cli/a.case"]))),
                row("A2", 5, Held::Later),
                row("C1", 13, Held::Unclear("later, perhaps".to_owned())),
            ]
        );
    }

    #[test]
    fn a_cell_must_be_later_or_names_in_backticks() {
        for unclear in ["", "Later", "`later", "a_test", "`a test`", "`a`; `b`", "``", "see `a`"] {
            assert_eq!(Held::read(unclear), Held::Unclear(unclear.to_owned()), "{unclear}");
        }
        assert_eq!(Held::read("`a`, `b::c` `d/e.case`"), Held::By(vec!["a".into(), "b::c".into(), "d/e.case".into()]));
    }

    #[test]
    fn a_row_that_is_too_short_has_an_unclear_test() {
        let short = rows("| id | test |\n|---|---|\n| A1 |\n");
        assert_eq!(short[0].held, Held::Unclear(String::new()));
    }
}
