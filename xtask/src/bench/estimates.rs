//! What criterion has written, the median of each bench; and beside it, in folders called `bytes`, what is no time.

use std::collections::BTreeMap;
use std::fs;
use std::io::ErrorKind;
use std::time::SystemTime;

use cargo_metadata::camino::Utf8Path;
use serde_json::Value;

use crate::error::Error;

/// The medians of all benches, by their ids.
#[derive(Debug, Default)]
pub(super) struct Estimates(pub(super) BTreeMap<String, Number>);

/// What was measured.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Number {
    Nanoseconds(f64),
    Bytes(f64),
}

impl Number {
    pub(super) const fn value(self) -> f64 {
        match self {
            Self::Nanoseconds(value) | Self::Bytes(value) => value,
        }
    }

    /// With three digits and a unit.
    pub(super) fn shown(self) -> String {
        let units: &[(f64, &str)] = match self {
            Self::Nanoseconds(_) => &[(1e9, "s"), (1e6, "ms"), (1e3, "us"), (1.0, "ns")],
            Self::Bytes(_) => &[(1_048_576.0, "MiB"), (1024.0, "KiB"), (1.0, "B")],
        };
        let value = self.value();
        let (size, unit) = units.iter().find(|(size, _)| value >= *size).or(units.last()).unwrap_or(&(1.0, ""));
        format!("{} {unit}", three_digits(value / size))
    }
}

/// A number with three digits that count.
pub(super) fn three_digits(value: f64) -> String {
    let decimals = if value >= 100.0 {
        0
    } else if value >= 10.0 {
        1
    } else {
        2
    };
    format!("{value:.decimals$}")
}

impl Estimates {
    /// Reads what was written below `home` since then.
    pub(super) fn read(home: &Utf8Path, since: SystemTime) -> Result<Self, Error> {
        let mut found = Self::default();
        found.visit(home, since, 0)?;
        Ok(found)
    }

    pub(super) fn get(&self, id: &str) -> Option<Number> {
        self.0.get(id).copied()
    }

    fn visit(&mut self, folder: &Utf8Path, since: SystemTime, depth: usize) -> Result<(), Error> {
        let failed = |source| Error::File { doing: "reading", path: folder.into(), source };
        let entries = match folder.read_dir_utf8() {
            Err(error) if depth == 0 && error.kind() == ErrorKind::NotFound => return Ok(()),
            entries => entries.map_err(failed)?,
        };
        for entry in entries {
            let entry = entry.map_err(failed)?;
            let below = entry.path();
            match entry.file_name() {
                "new" | "bytes" => self.0.extend(bench(below, since)),
                "base" | "report" => {}
                _ if below.is_dir() => self.visit(below, since, depth + 1)?,
                _ => {}
            }
        }
        Ok(())
    }
}

/// The id and the median of a bench; nothing if it is older, or not criterion's.
fn bench(folder: &Utf8Path, since: SystemTime) -> Option<(String, Number)> {
    let file = folder.join("estimates.json");
    if fs::metadata(&file).ok()?.modified().ok()? < since {
        return None;
    }
    let json = |file: &Utf8Path| -> Option<Value> { serde_json::from_slice(&fs::read(file).ok()?).ok() };
    let (id, estimates) = (json(&folder.join("benchmark.json"))?, json(&file)?);
    let median = estimates["median"]["point_estimate"].as_f64()?;
    let number = match estimates["unit"].as_str() {
        Some("bytes") => Number::Bytes(median),
        _ => Number::Nanoseconds(median),
    };
    Some((id["full_id"].as_str()?.to_owned(), number))
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn write(home: &Utf8Path, folder: &str, id: &str, estimates: &str) {
        let folder = home.join(folder);
        fs::create_dir_all(&folder).expect("a folder");
        fs::write(folder.join("benchmark.json"), format!(r#"{{"full_id":"{id}"}}"#)).expect("written");
        fs::write(folder.join("estimates.json"), estimates).expect("written");
    }

    #[test]
    fn the_new_medians_are_read_by_id_and_nothing_else() {
        let place = tempfile::tempdir().expect("a folder");
        let home = Utf8Path::from_path(place.path()).expect("UTF-8");
        let median = |value: f64| format!(r#"{{"mean":{{"point_estimate":9}},"median":{{"point_estimate":{value}}}}}"#);
        write(home, "s_call/vak/new", "s/call/vak", &median(5000.5));
        write(home, "s_call/vak/base", "s/call/vak", &median(1.0));
        write(home, "s_threads/vak/2/new", "s/threads/vak/2", &median(7.0));
        write(home, "s_live/vak/bytes", "s/live/vak", r#"{"unit":"bytes","median":{"point_estimate":4096}}"#);
        write(home, "s_broken/new", "s/broken", "{");
        let read = Estimates::read(home, SystemTime::UNIX_EPOCH).expect("readable");
        assert_eq!(read.0.keys().collect::<Vec<_>>(), ["s/call/vak", "s/live/vak", "s/threads/vak/2"]);
        assert_eq!(read.get("s/call/vak"), Some(Number::Nanoseconds(5000.5)));
        assert_eq!(read.get("s/live/vak"), Some(Number::Bytes(4096.0)));
        let later = SystemTime::now() + Duration::from_secs(60);
        assert!(Estimates::read(home, later).expect("readable").0.is_empty(), "what an earlier run has left");
        assert!(Estimates::read(&home.join("none"), later).expect("nothing measured yet").0.is_empty());
    }

    #[test]
    fn numbers_have_three_digits_and_a_unit() {
        for (number, shown) in [
            (Number::Nanoseconds(5.0), "5.00 ns"),
            (Number::Nanoseconds(12_345.0), "12.3 us"),
            (Number::Nanoseconds(234_567_890.0), "235 ms"),
            (Number::Bytes(45_000.0), "43.9 KiB"),
            (Number::Nanoseconds(0.0), "0.00 ns"),
        ] {
            assert_eq!(number.shown(), shown);
        }
    }
}
