//! How a build did beside the build before: its golden cases, what they used, its size.

use serde::Serialize;
use vak_cli::{Table, bytes, count};

/// How many cases are shown one by one, however they went. Of more, those that are red or have changed.
const SHOWN: usize = 12;

/// An artefact's golden cases and size, each with what it was in the build before.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Trial {
    /// The cases, in the manifest's order.
    pub cases: Vec<CaseResult>,
    /// How large the artefact is, in bytes.
    pub size: u64,
    /// How large the one before was.
    pub size_before: Option<u64>,
}

/// How one golden case went.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct CaseResult {
    /// Its name in the manifest.
    pub name: String,
    /// Whether it gave what it must.
    pub passed: bool,
    /// The fuel that it used.
    pub fuel: Option<u64>,
    /// The fuel that it used in the build before.
    pub fuel_before: Option<u64>,
}

impl CaseResult {
    fn is_as_before(&self) -> bool {
        self.passed && self.fuel == self.fuel_before
    }
}

impl Trial {
    /// The cases as a table, numbers at the right; none if there is nothing to show.
    pub(crate) fn table(&self) -> Option<Table> {
        let rows: Vec<_> = self.shown().map(cells).collect();
        let header = ["CASE", "RESULT", "FUEL", "CHANGE"];
        let width = |i: usize| rows.iter().map(|row| row[i].len()).max().unwrap_or(0).max(header[i].len());
        let right = |i: usize, cell: &str| format!("{cell:>width$}", width = width(i));
        let mut table = Table::new(&[header[0], header[1], &right(2, header[2]), &right(3, header[3])]);
        for [name, result, fuel, change] in &rows {
            table.row([name.clone(), result.clone(), right(2, fuel), right(3, change)]);
        }
        (!rows.is_empty()).then_some(table)
    }

    fn shown(&self) -> impl Iterator<Item = &CaseResult> {
        let all = self.cases.len() <= SHOWN;
        self.cases.iter().filter(move |case| all || !case.is_as_before())
    }

    /// How many cases there are, if not all of them are in the table.
    pub(crate) fn rest(&self) -> Option<String> {
        let (all, shown) = (self.cases.len(), self.shown().count());
        let red = self.cases.iter().filter(|case| !case.passed).count();
        (shown < all).then(|| format!("{all} cases: {} ok, {red} red; {} as before", all - red, all - shown))
    }

    /// The size, and how it has changed.
    pub(crate) fn size(&self) -> String {
        match change(self.size_before, Some(self.size)).as_str() {
            "" => bytes(self.size),
            change => format!("{} ({change})", bytes(self.size)),
        }
    }
}

fn cells(case: &CaseResult) -> [String; 4] {
    let result = if case.passed { "ok" } else { "red" };
    let fuel = case.fuel.map_or_else(|| "unknown".to_owned(), count);
    [case.name.clone(), result.to_owned(), fuel, change(case.fuel_before, case.fuel)]
}

/// `+3.1 %`, `-0.4 %`, or nothing where nothing changed.
fn change(old: Option<u64>, new: Option<u64>) -> String {
    match (old, new) {
        (Some(old), Some(new)) if old != new && old > 0 => {
            format!("{:+.1} %", (new as f64 - old as f64) / old as f64 * 100.0)
        }
        _ => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn case(name: &str, passed: bool, fuel: u64, before: Option<u64>) -> CaseResult {
        CaseResult { name: name.to_owned(), passed, fuel: Some(fuel), fuel_before: before }
    }

    fn trial(cases: Vec<CaseResult>) -> Trial {
        Trial { cases, size: 2048, size_before: Some(1024) }
    }

    #[test]
    fn changes_are_shown_in_percent_and_only_where_there_are_any() {
        for (old, new, expected) in [
            (Some(1000), Some(1031), "+3.1 %"),
            (Some(1000), Some(900), "-10.0 %"),
            (Some(1000), Some(1000), ""),
            (None, Some(1), ""),
            (Some(1000), None, ""),
            (Some(0), Some(1), ""),
        ] {
            assert_eq!(change(old, new), expected, "{old:?} {new:?}");
        }
    }

    #[test]
    fn few_cases_are_shown_all_in_aligned_columns() {
        let cases = vec![case("greets", true, 12_500, Some(12_500)), case("adds", false, 110, Some(100))];
        assert_eq!(
            trial(cases).table().expect("a table").to_string(),
            "CASE    RESULT    FUEL   CHANGE\ngreets  ok      12,500\nadds    red        110  +10.0 %\n"
        );
    }

    #[test]
    fn of_many_cases_those_are_shown_that_are_red_or_changed() {
        let mut cases = vec![case("same", true, 5, Some(5)); 20];
        assert!(trial(cases.clone()).table().is_none());
        assert_eq!(trial(cases.clone()).rest().as_deref(), Some("20 cases: 20 ok, 0 red; 20 as before"));
        cases.push(case("red", false, 5, Some(5)));
        cases.push(case("dear", true, 6, Some(5)));
        cases.push(case("new", true, 6, None));
        let many = trial(cases);
        let shown: Vec<_> = many.shown().map(|case| case.name.as_str()).collect();
        assert_eq!(shown, ["red", "dear", "new"]);
        assert_eq!(many.rest().as_deref(), Some("23 cases: 22 ok, 1 red; 20 as before"));
        assert_eq!(trial(Vec::new()).rest(), None);
    }

    #[test]
    fn a_size_says_how_it_has_changed() {
        assert_eq!(trial(Vec::new()).size(), "2 KiB (+100.0 %)");
        assert_eq!(Trial { size_before: None, ..trial(Vec::new()) }.size(), "2 KiB");
    }
}
