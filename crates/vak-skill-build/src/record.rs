//! What is kept of a build beside its artefact: which module, how large, how its golden cases went.
//!
//! The record is a note for the author and for tools that come after; nothing is trusted for standing in it.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use vak_package::read_file;

use crate::golden::Ran;
use crate::place::Destination;
use crate::{Built, CaseResult, Error, Trial};

/// The largest record that is read back, in bytes.
const MAX_BYTES: u64 = 1 << 20;

/// How much more fuel than before a case may use, in percent.
const TOLERANCE: u64 = 5;

/// The file `<artefact>.build.json`.
#[derive(Debug, Default, Serialize, Deserialize)]
struct Record {
    module: String,
    size_bytes: u64,
    toolchain: String,
    cases: Vec<Case>,
}

#[derive(Debug, Serialize, Deserialize)]
struct Case {
    name: String,
    passed: bool,
    fuel: Option<u64>,
    /// The fuel that later builds are held against.
    baseline: Option<u64>,
}

/// Keeps how the cases went, and judges it beside the build before.
pub(crate) fn keep(built: &Built, ran: &[Ran], file: &Destination, accept_fuel: bool) -> Result<Trial, Error> {
    let before = read(file);
    let record = Record {
        module: built.id.to_string(),
        size_bytes: built.size,
        toolchain: built.toolchain.clone(),
        cases: cases(ran, &before, accept_fuel),
    };
    let text = serde_json::to_vec_pretty(&record).map_err(|error| Error::Output(error.into()))?;
    file.write(&text).map_err(|source| Error::Write { path: file.path().to_owned(), source })?;
    judge(ran, &record, compare(&record, &before))
}

fn compare(record: &Record, before: &Record) -> Trial {
    let fuel_before: BTreeMap<_, _> = before.cases.iter().map(|case| (&case.name, case.fuel)).collect();
    let compare = |case: &Case| CaseResult {
        name: case.name.clone(),
        passed: case.passed,
        fuel: case.fuel,
        fuel_before: fuel_before.get(&case.name).copied().flatten(),
    };
    Trial {
        cases: record.cases.iter().map(compare).collect(),
        size: record.size_bytes,
        size_before: Some(before.size_bytes).filter(|size| *size > 0),
    }
}

/// The record of the build before. One that can't be read is none.
fn read(file: &Destination) -> Record {
    let bytes = read_file(file.path(), MAX_BYTES).ok();
    bytes.and_then(|bytes| serde_json::from_slice(&bytes).ok()).unwrap_or_default()
}

/// A baseline moves only down, or when told to: small rises don't add up unseen.
fn cases(ran: &[Ran], before: &Record, accept_fuel: bool) -> Vec<Case> {
    let baselines: BTreeMap<_, _> = before.cases.iter().map(|case| (&case.name, case.baseline)).collect();
    ran.iter()
        .map(|Ran { name, fuel, red }| {
            let old = baselines.get(name).copied().flatten().filter(|_| !accept_fuel);
            let baseline = match (old, *fuel) {
                (Some(old), Some(new)) => Some(old.min(new)),
                (old, new) => old.or(new),
            };
            Case { name: name.clone(), passed: red.is_none(), fuel: *fuel, baseline }
        })
        .collect()
}

fn judge(ran: &[Ran], record: &Record, trial: Trial) -> Result<Trial, Error> {
    let red: Vec<_> = ran
        .iter()
        .filter_map(|Ran { name, red, .. }| red.clone().map(|[expected, got]| [name.clone(), expected, got]))
        .collect();
    if !red.is_empty() {
        return Err(Error::Golden { red, of: ran.len(), trial: Box::new(trial) });
    }
    let risen: Vec<_> = record.cases.iter().filter(|case| rose(case)).map(|case| format!("`{}`", case.name)).collect();
    if risen.is_empty() { Ok(trial) } else { Err(Error::Fuel { risen: risen.join(", "), trial: Box::new(trial) }) }
}

fn rose(case: &Case) -> bool {
    match (case.baseline, case.fuel) {
        (Some(baseline), Some(fuel)) => u128::from(fuel) * 100 > u128::from(baseline) * u128::from(100 + TOLERANCE),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ran(fuel: u64) -> Vec<Ran> {
        vec![Ran { name: "a".to_owned(), fuel: Some(fuel), red: None }]
    }

    /// The record after builds that used this much fuel, one after the other.
    fn after(fuels: &[u64], accept_last: bool) -> Record {
        fuels.iter().enumerate().fold(Record::default(), |before, (i, fuel)| {
            let accept = accept_last && i + 1 == fuels.len();
            Record { cases: cases(&ran(*fuel), &before, accept), ..Record::default() }
        })
    }

    fn fails(fuels: &[u64], accept_last: bool) -> bool {
        let last = *fuels.last().expect("a build");
        judge(&ran(last), &after(fuels, accept_last), Trial::default()).is_err()
    }

    #[test]
    fn a_rise_of_more_than_five_percent_fails_until_it_is_accepted() {
        assert!(!fails(&[1000], false));
        assert!(!fails(&[1000, 1050], false));
        assert!(fails(&[1000, 1051], false));
        assert!(fails(&[1000, 1051, 1051], false), "building again does not accept it");
        assert!(!fails(&[1000, 1051], true));
        assert!(!fails(&[1000, 500, 525], false));
    }

    #[test]
    fn small_rises_do_not_add_up_unseen() {
        assert!(fails(&[1000, 1040, 1080], false));
    }

    #[test]
    fn a_red_case_fails_with_what_it_must_give_and_what_it_gave() {
        let red = Some(["5".to_owned(), "6".to_owned()]);
        let ran = [Ran { name: "a".to_owned(), fuel: Some(1), red }];
        let record = Record { cases: cases(&ran, &Record::default(), false), ..Record::default() };
        let Err(Error::Golden { red, of: 1, trial }) = judge(&ran, &record, compare(&record, &Record::default()))
        else {
            panic!("it is red")
        };
        assert_eq!(red, [["a", "5", "6"]]);
        assert_eq!(trial.cases.len(), 1, "it is shown all the same");
    }

    #[test]
    fn each_case_stands_beside_the_same_one_of_the_build_before() {
        let before = Record { size_bytes: 7, ..after(&[1000], false) };
        let mut now = ran(900);
        now.push(Ran { name: "new".to_owned(), fuel: Some(5), red: None });
        let record = Record { size_bytes: 8, cases: cases(&now, &before, false), ..Record::default() };
        let trial = compare(&record, &before);
        assert_eq!((trial.size, trial.size_before), (8, Some(7)));
        let fuel: Vec<_> = trial.cases.iter().map(|case| (case.fuel, case.fuel_before)).collect();
        assert_eq!(fuel, [(Some(900), Some(1000)), (Some(5), None)]);
        assert_eq!(compare(&record, &Record::default()).size_before, None);
    }
}
