//! The table: each contract with the numbers of a run.

use serde_json::{Value, json};

use super::contract::{Beside, Contract};
use super::estimates::{Estimates, Number, three_digits};
use crate::tidy::Violation;

/// The rows that a run has numbers for, and those that it should have had.
#[derive(Debug)]
pub(super) struct Table(Vec<Row>);

#[derive(Debug)]
struct Row {
    contract: Contract,
    numbers: Option<(Number, Number)>,
}

/// What became of a contract.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Verdict {
    Kept,
    Exceeded,
    /// One of its numbers is missing.
    Unmeasured,
    /// It promises nothing.
    Free,
}

impl Verdict {
    const fn word(self) -> &'static str {
        match self {
            Self::Kept => "ok",
            Self::Exceeded => "NOT OK",
            Self::Unmeasured => "not measured",
            Self::Free => "",
        }
    }
}

/// The names of the columns.
const HEAD: [&str; 6] = ["what", "VAK", "floor", "ratio", "at most", "result"];

impl Table {
    /// The rows of a run. Unless it was meant to be `whole`, rows that it has no numbers for are left out.
    pub(super) fn new(contracts: Vec<Contract>, estimates: &Estimates, whole: bool) -> Self {
        let rows = contracts.into_iter().map(|contract| {
            let beside = match &contract.beside {
                Beside::Id(id) => estimates.get(id),
                Beside::Bytes(bytes) => Some(Number::Bytes(*bytes)),
            };
            Row { numbers: estimates.get(&contract.ours).zip(beside), contract }
        });
        Self(rows.filter(|row| whole || row.numbers.is_some()).collect())
    }

    /// For a terminal: columns of equal width.
    pub(super) fn text(&self) -> String {
        let lines: Vec<[String; 6]> =
            [HEAD.map(|head| head.to_uppercase())].into_iter().chain(self.0.iter().map(Row::cells)).collect();
        let width = |column: usize| lines.iter().map(|cells| cells[column].chars().count()).max().unwrap_or(0);
        let widths: Vec<usize> = (0..HEAD.len()).map(width).collect();
        let line = |cells: &[String; 6]| {
            let cells = cells.iter().zip(&widths).enumerate().map(|(column, (cell, width))| match column {
                0 | 5 => format!("{cell:width$}"),
                _ => format!("{cell:>width$}"),
            });
            format!("{}\n", cells.collect::<Vec<_>>().join("  ").trim_end())
        };
        lines.iter().map(line).collect()
    }

    /// For a page.
    pub(super) fn markdown(&self) -> String {
        let line = |cells: &[String]| format!("| {} |\n", cells.join(" | "));
        let head = line(&HEAD.map(str::to_owned)) + "|---|---|---|---|---|---|\n";
        head + &self.0.iter().map(|row| line(&row.cells())).collect::<String>()
    }

    /// For scripts: nanoseconds or bytes.
    pub(super) fn json(&self) -> String {
        let rows: Vec<Value> = self.0.iter().map(Row::json).collect();
        json!({ "benches": rows }).to_string()
    }

    /// The contracts that the run has not kept.
    pub(super) fn broken(&self, page: &str) -> Vec<Violation> {
        let broken = |row: &Row| {
            let Contract { line, ours, beside, .. } = &row.contract;
            let beside = match beside {
                Beside::Id(id) => format!("`{id}`"),
                Beside::Bytes(_) => "the number of the contract".to_owned(),
            };
            let [.., ratio, most, _] = row.cells();
            let what = match row.verdict() {
                Verdict::Exceeded => format!("`{ours}` is {ratio} times {beside}: at most {most} is promised"),
                Verdict::Unmeasured => format!("`{ours}` or {beside} was not measured"),
                Verdict::Kept | Verdict::Free => return None,
            };
            Some(Violation::new(format!("{page}:{line}"), what))
        };
        self.0.iter().filter_map(broken).collect()
    }
}

impl Row {
    fn verdict(&self) -> Verdict {
        match (self.contract.most, self.numbers) {
            (None, _) => Verdict::Free,
            (Some(_), None) => Verdict::Unmeasured,
            (Some(most), Some((ours, beside))) if most.allows(ours.value(), beside.value()) => Verdict::Kept,
            (Some(_), Some(_)) => Verdict::Exceeded,
        }
    }

    fn ratio(&self) -> Option<f64> {
        self.numbers.map(|(ours, beside)| ours.value() / beside.value())
    }

    fn cells(&self) -> [String; 6] {
        let shown = |number: Option<Number>| number.map_or_else(|| "-".to_owned(), Number::shown);
        let most = self.contract.most.map_or_else(String::new, |most| match most.plus_ns {
            0.0 => most.times.to_string(),
            plus => format!("{} + {} ms", most.times, plus / 1e6),
        });
        [
            self.contract.what.clone(),
            shown(self.numbers.map(|(ours, _)| ours)),
            shown(self.numbers.map(|(_, beside)| beside)),
            self.ratio().map_or_else(|| "-".to_owned(), three_digits),
            most,
            self.verdict().word().to_owned(),
        ]
    }

    fn json(&self) -> Value {
        let Contract { what, ours, beside, most, .. } = &self.contract;
        let (value, other) = self.numbers.unzip();
        json!({
            "what": what,
            "vak": { "id": ours, "median": value.map(Number::value) },
            "floor": {
                "id": match beside { Beside::Id(id) => Some(id), Beside::Bytes(_) => None },
                "median": other.map(Number::value),
            },
            "unit": value.map(|number| match number { Number::Nanoseconds(_) => "ns", Number::Bytes(_) => "bytes" }),
            "ratio": self.ratio(),
            "at_most": most.map(|most| json!({ "times": most.times, "plus_ns": most.plus_ns })),
            "ok": match self.verdict() {
                Verdict::Kept => Some(true),
                Verdict::Exceeded | Verdict::Unmeasured => Some(false),
                Verdict::Free => None,
            },
        })
    }
}

#[cfg(test)]
mod tests {
    use super::super::contract::Most;
    use super::*;

    fn contract(line: usize, ours: &str, times: Option<f64>) -> Contract {
        Contract {
            line,
            what: format!("what {ours} costs"),
            ours: ours.to_owned(),
            beside: Beside::Id("s/floor".to_owned()),
            most: times.map(|times| Most { times, plus_ns: 0.0 }),
        }
    }

    fn table(whole: bool) -> Table {
        let numbers = [("s/floor", 5000.0), ("s/good", 6000.0), ("s/bad", 9000.0)];
        let numbers = numbers.map(|(id, ns)| (id.to_owned(), Number::Nanoseconds(ns)));
        let contracts = vec![
            contract(3, "s/good", Some(1.3)),
            contract(4, "s/bad", Some(1.3)),
            contract(5, "s/bad", None),
            contract(6, "s/none", Some(1.3)),
        ];
        Table::new(contracts, &Estimates(numbers.into()), whole)
    }

    #[test]
    fn the_table_says_both_numbers_their_ratio_and_what_was_promised() {
        assert_eq!(
            table(false).text(),
            "\
WHAT                   VAK    FLOOR  RATIO  AT MOST  RESULT
what s/good costs  6.00 us  5.00 us   1.20      1.3  ok
what s/bad costs   9.00 us  5.00 us   1.80      1.3  NOT OK
what s/bad costs   9.00 us  5.00 us   1.80
"
        );
    }

    #[test]
    fn only_what_is_promised_can_be_broken_and_what_is_missing_is() {
        let broken = |whole| table(whole).broken("p.md").iter().map(ToString::to_string).collect::<Vec<_>>();
        let exceeded = "p.md:4: `s/bad` is 1.80 times `s/floor`: at most 1.3 is promised";
        assert_eq!(broken(false), [exceeded]);
        assert_eq!(broken(true), [exceeded, "p.md:6: `s/none` or `s/floor` was not measured"]);
    }

    #[test]
    fn bytes_are_held_against_a_number_of_the_page() {
        let contract = Contract { beside: Beside::Bytes(65_536.0), ..contract(1, "s/live", Some(1.0)) };
        let broken = |bytes| {
            let numbers = [("s/live".to_owned(), Number::Bytes(bytes))];
            Table::new(vec![contract.clone()], &Estimates(numbers.into()), true).broken("p.md").len()
        };
        assert_eq!([broken(65_536.0), broken(65_537.0)], [0, 1]);
    }

    #[test]
    fn the_json_has_every_number_in_its_smallest_unit() {
        let json: Value = serde_json::from_str(&table(true).json()).expect("JSON");
        let rows = &json["benches"];
        assert_eq!(rows[0]["vak"], json!({ "id": "s/good", "median": 6000.0 }));
        assert_eq!(rows[0]["ok"], json!(true));
        assert_eq!((&rows[1]["ok"], &rows[2]["ok"]), (&json!(false), &Value::Null));
        assert_eq!((&rows[3]["ok"], &rows[3]["ratio"]), (&json!(false), &Value::Null));
    }

    #[test]
    fn the_markdown_is_one_table() {
        let lines: Vec<String> = table(false).markdown().lines().map(str::to_owned).collect();
        assert_eq!(lines.len(), 5);
        assert_eq!(lines[2], "| what s/good costs | 6.00 us | 5.00 us | 1.20 | 1.3 | ok |");
    }
}
