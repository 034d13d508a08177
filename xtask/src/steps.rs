//! The steps of a longer task: announced, timed, and named when they fail.

use std::time::{Duration, Instant};

use crate::error::Error;
use crate::process::bold;

/// The account of a task with several steps.
#[derive(Debug)]
pub(crate) struct Steps {
    again: fn(&str) -> String,
    total: usize,
    done: Vec<(&'static str, Duration)>,
}

impl Steps {
    /// An account for `total` steps; `again` names the command that goes on at a step that failed.
    pub(crate) fn new(total: usize, again: fn(&str) -> String) -> Self {
        Self { again, total, done: Vec::new() }
    }

    /// Runs one step between its header and its time.
    pub(crate) fn step<T>(&mut self, step: &'static str, act: impl FnOnce() -> Result<T, Error>) -> Result<T, Error> {
        eprintln!("{}", bold(&format!("\n[{}/{}] {step}", self.done.len() + 1, self.total)));
        let start = Instant::now();
        let result = act();
        self.done.push((step, start.elapsed()));
        eprintln!("      {} after {}", if result.is_ok() { "done" } else { "FAILED" }, seconds(start.elapsed()));
        result.map_err(|source| Error::Step { step, source: Box::new(source), next: (self.again)(step) })
    }

    /// The time of each step, and of all.
    pub(crate) fn summary(&self) -> String {
        let width = self.done.iter().map(|(step, _)| step.len()).max().unwrap_or(0).max("all".len());
        let all = self.done.iter().map(|(_, time)| *time).sum();
        self.done
            .iter()
            .chain([&("all", all)])
            .map(|(step, time)| format!("  {step:width$}  {:>9}\n", seconds(*time)))
            .collect()
    }
}

fn seconds(time: Duration) -> String {
    format!("{:.1} s", time.as_secs_f64())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failed_step_is_named_and_stays_in_the_summary() {
        let mut steps = Steps::new(2, str::to_owned);
        steps.step("first", || Ok(())).expect("it does nothing");
        let failed = steps.step("second", || Err::<(), _>(Error::Violations { count: 1, next: String::new() }));
        assert!(matches!(failed, Err(Error::Step { step: "second", .. })));
        assert!(steps.summary().contains("second"));
    }

    #[test]
    fn the_summary_adds_up() {
        let done = vec![("a", Duration::from_millis(1500)), ("b", Duration::from_secs(60))];
        let steps = Steps { again: str::to_owned, total: 2, done };
        assert_eq!(steps.summary(), "  a        1.5 s\n  b       60.0 s\n  all     61.5 s\n");
    }
}
