//! Reading the contracts: a table of docs/benchmarks.md, between two markers.

/// Where the table begins, and where it ends.
const BEGIN: &str = "<!-- contracts -->";
const END: &str = "<!-- /contracts -->";

/// One row: two numbers of one run, and what their ratio may be.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Contract {
    /// The line of the page, from 1.
    pub(super) line: usize,
    /// What is measured, in words.
    pub(super) what: String,
    /// The id of VAK's number.
    pub(super) ours: String,
    /// What it is compared with.
    pub(super) beside: Beside,
    /// What is promised, if anything.
    pub(super) most: Option<Most>,
}

/// What VAK's number is compared with.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Beside {
    /// Another number of the same run.
    Id(String),
    /// So many bytes.
    Bytes(f64),
}

/// A bound: so many times the other number, and so many nanoseconds more.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Most {
    pub(super) times: f64,
    pub(super) plus_ns: f64,
}

impl Most {
    pub(super) fn allows(self, ours: f64, beside: f64) -> bool {
        ours <= beside * self.times + self.plus_ns
    }
}

/// The rows of the table, in order. What can't be understood is an error: it would promise nothing.
pub(super) fn contracts(page: &str) -> Result<Vec<Contract>, String> {
    let lines = between(page, BEGIN, END)?;
    let rows = lines.filter(|(_, text)| text.trim_start().starts_with("| ")).skip(1);
    rows.map(|(line, text)| read(line, text).map_err(|what| format!("line {line}: {what}"))).collect()
}

/// The lines between two markers, with their numbers.
fn between<'a>(page: &'a str, begin: &str, end: &str) -> Result<impl Iterator<Item = (usize, &'a str)>, String> {
    let at = |marker: &str| page.lines().position(|line| line.trim() == marker);
    match at(begin).zip(at(end)) {
        Some((first, last)) if first < last => Ok((1..).zip(page.lines()).take(last).skip(first + 1)),
        _ => Err(format!("has no `{begin}` with `{end}` after it")),
    }
}

fn read(line: usize, text: &str) -> Result<Contract, String> {
    let cells: Vec<&str> = text.trim().trim_matches('|').split('|').map(str::trim).collect();
    let [what, ours, beside, most] = cells[..] else {
        return Err(format!("a contract has 4 cells, not {}", cells.len()));
    };
    let ours = id(ours).ok_or_else(|| format!("`{ours}` is not the name of a bench in backticks"))?;
    let beside = match (id(beside), beside.strip_suffix(" KiB").and_then(number)) {
        (Some(id), _) => Beside::Id(id),
        (None, Some(kib)) => Beside::Bytes(kib * 1024.0),
        (None, None) => return Err(format!("`{beside}` is neither a bench in backticks nor a number of KiB")),
    };
    Ok(Contract { line, what: what.to_owned(), ours, beside, most: bound(most)? })
}

/// A name in backticks.
fn id(cell: &str) -> Option<String> {
    let inner = cell.strip_prefix('`')?.strip_suffix('`')?;
    (inner.contains('/') && !inner.contains(['`', ' '])).then(|| inner.to_owned())
}

/// `1.3`, `1.1 + 3 ms`, or `-` for none.
fn bound(cell: &str) -> Result<Option<Most>, String> {
    if cell == "-" {
        return Ok(None);
    }
    let (times, plus) = cell.split_once(" + ").unwrap_or((cell, "0 ms"));
    let most = number(times).zip(plus.strip_suffix(" ms").and_then(number));
    let most = most.ok_or_else(|| format!("`{cell}` is neither a ratio, nor a ratio + a time in ms, nor `-`"))?;
    Ok(Some(Most { times: most.0, plus_ns: most.1 * 1e6 }))
}

/// A number that is not negative and not infinite.
fn number(text: &str) -> Option<f64> {
    text.parse().ok().filter(|number: &f64| number.is_finite() && *number >= 0.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn page(rows: &str) -> String {
        format!(
            "# Benchmarks\n| not | this |\n{BEGIN}\n\n| what | VAK | beside | at most |\n|---|---|---|---|\n{rows}\n{END}\n"
        )
    }

    #[test]
    fn every_row_is_a_contract_with_its_line() {
        let page = page("| a call | `s/call/vak` | `s/call/floor` | 1.3 |\n| cold | `s/a` | `s/b` | 1.1 + 3 ms |");
        let read = contracts(&page).expect("a table");
        assert_eq!(
            read[0],
            Contract {
                line: 7,
                what: "a call".to_owned(),
                ours: "s/call/vak".to_owned(),
                beside: Beside::Id("s/call/floor".to_owned()),
                most: Some(Most { times: 1.3, plus_ns: 0.0 }),
            }
        );
        assert_eq!((read[1].line, read[1].most), (8, Some(Most { times: 1.1, plus_ns: 3e6 })));
        assert_eq!(read.len(), 2);
    }

    #[test]
    fn a_number_of_bytes_and_no_promise_are_told_apart() {
        let read = contracts(&page("| memory | `s/live/vak` | 64 KiB | 1 |\n| price | `s/a` | `s/b` | - |"));
        let read = read.expect("a table");
        assert_eq!((&read[0].beside, read[1].most), (&Beside::Bytes(65_536.0), None));
    }

    #[test]
    fn what_promises_nothing_is_an_error_with_its_line() {
        for (row, what) in [
            ("| a | `s/a` | `s/b` |", "4 cells"),
            ("| a | s/a | `s/b` | 1 |", "`s/a` is not the name"),
            ("| a | `s/a` | 64 | 1 |", "neither a bench"),
            ("| a | `s/a` | `s/b` | about 2 |", "neither a ratio"),
            ("| a | `s/a` | `s/b` | NaN |", "neither a ratio"),
            ("| a | `s/a` | `s/b` | -1 |", "neither a ratio"),
            ("| a | `s/a` | `s/b` | 1 + 3 s |", "neither a ratio"),
        ] {
            let error = contracts(&page(row)).expect_err(row);
            assert!(error.starts_with("line 7: ") && error.contains(what), "{row}: {error}");
        }
        assert!(contracts("| a | `s/a` | `s/b` | 1 |").expect_err("no markers").contains("has no"));
    }

    #[test]
    fn a_bound_counts_its_allowance() {
        let most = Most { times: 1.1, plus_ns: 3e6 };
        assert!(most.allows(14e6, 10e6) && !most.allows(14.1e6, 10e6));
    }

    #[test]
    fn the_page_of_this_repository_has_contracts() {
        let page = include_str!("../../../docs/benchmarks.md");
        let read = contracts(page).expect("a table");
        assert!(read.iter().filter(|contract| contract.most.is_some()).count() >= 8);
    }
}
