//! What is said at the end of a build or a check.

use std::time::{Duration, Instant};

use vak_cli::{Failure, Ui, quote};

use crate::provenance::{Wish, Witness};
use crate::report::Report;
use crate::{Built, Order, Placed, Problems, Source, Trial, build};

/// What became of a build, or of a check, which builds nothing.
#[derive(Debug)]
pub(crate) struct End {
    built: Option<Built>,
    trial: Option<Trial>,
    failures: Vec<Failure>,
    /// How many mistakes of the manifest there are besides.
    left_out: usize,
    hopeless: bool,
    source: Option<Source>,
    elapsed: Duration,
}

impl End {
    /// Builds, or only checks.
    pub(crate) fn of(order: &Order, check: bool, wish: Option<&Wish>, ui: &mut Ui) -> Self {
        let begun = Instant::now();
        // What can't be signed is told before anything is built.
        let witness = match wish.map(|wish| Witness::prepare(wish, order)).transpose() {
            Ok(witness) => witness,
            Err(failure) => return Self::before(failure, order, begun),
        };
        let outcome = if check { order.check().map(|_| None) } else { build(order, ui).map(Some) };
        let hopeless = outcome.as_ref().is_err_and(Problems::are_of_the_environment);
        let left_out = outcome.as_ref().map_or_else(Problems::left_out, |_| 0);
        let (built, trial, mut failures) = match outcome {
            Ok(built) => {
                let trial = built.as_ref().map(|built| built.trial.clone());
                (built, trial, Vec::new())
            }
            Err(problems) => (None, problems.trial().cloned(), problems.into_failures()),
        };
        if let (Some(witness), Some(built)) = (&witness, &built) {
            failures.extend(witness.write(built, order).err());
        }
        let source = Source::read(&order.dir).ok();
        Self { built, trial, failures, left_out, hopeless, source, elapsed: begun.elapsed() }
    }

    /// Nothing was begun.
    fn before(failure: Failure, order: &Order, begun: Instant) -> Self {
        Self {
            built: None,
            trial: None,
            failures: vec![failure],
            left_out: 0,
            hopeless: true,
            source: Source::read(&order.dir).ok(),
            elapsed: begun.elapsed(),
        }
    }

    /// Whether no change of the source could make it better.
    pub(crate) const fn is_hopeless(&self) -> bool {
        self.hopeless
    }

    /// The skill's name and version, if its manifest can be read.
    pub(crate) fn skill(&self) -> Option<String> {
        self.source.as_ref().map(|source| format!("{} {}", source.manifest().name, source.manifest().version))
    }

    /// For scripts.
    pub(crate) fn report(&self) -> Report<'_> {
        let manifest = self.source.as_ref().map(Source::manifest);
        Report::of(manifest, self.built.as_ref(), self.trial.as_ref(), &self.failures, self.left_out, self.elapsed)
    }

    /// The failure to exit with, which was shown.
    pub(crate) fn verdict(self) -> Result<(), Failure> {
        self.failures.into_iter().next().map_or(Ok(()), |first| Err(first.silent()))
    }

    /// For people, and one line for `$(...)`.
    pub(crate) fn tell(&self, order: &Order, ui: &mut Ui) -> Result<(), Failure> {
        if let Some(trial) = &self.trial {
            show(trial, ui)?;
        }
        for failure in &self.failures {
            ui.failure(failure)?;
        }
        if let Some(count) = self.count() {
            ui.note(&count)?;
        }
        match &self.built {
            Some(built) => {
                self.summary(built, order).iter().try_for_each(|line| ui.note(line))?;
                ui.line(&built.path.to_string_lossy())?;
            }
            None if self.failures.is_empty() => ui.line("ok")?,
            None => self.trial.iter().try_for_each(|trial| ui.note(&format!("size: {}", trial.size())))?,
        }
        Ok(())
    }

    /// How many mistakes there are, if more than one.
    fn count(&self) -> Option<String> {
        let (told, all) = (self.failures.len(), self.failures.len() + self.left_out);
        match self.left_out {
            0 if all < 2 => None,
            0 => Some(format!("{all} mistakes")),
            _ => Some(format!("{all} mistakes, of which {told} are shown")),
        }
    }

    fn summary(&self, built: &Built, order: &Order) -> Vec<String> {
        let done = match built.placed {
            Placed::Written => "built",
            Placed::Unchanged | Placed::Signed => "unchanged:",
        };
        let runs = if order.out.is_some() { &built.path } else { &order.dir };
        let mut lines = vec![
            format!("{done} {} in {:.1} s", self.skill().unwrap_or_default(), self.elapsed.as_secs_f64()),
            format!("  module: {}", built.id),
            format!("  size: {}", built.trial.size()),
        ];
        if !order.quiet {
            let unsigned = if built.placed == Placed::Signed { "" } else { " --allow-unsigned" };
            lines.push(format!("  next: vak-run {}{unsigned}", quote(&runs.to_string_lossy())));
        }
        lines
    }
}

fn show(trial: &Trial, ui: &mut Ui) -> Result<(), Failure> {
    if let Some(table) = trial.table() {
        ui.note_table(&table)?;
    }
    if let Some(rest) = trial.rest() {
        ui.note(&rest)?;
    }
    Ok(())
}
