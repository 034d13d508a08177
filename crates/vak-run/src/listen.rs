//! Who hears what a skill asks of its host, besides the log: what it was, how it was decided, and what came of it.

use std::path::PathBuf;

use clap::Args;
use vak_cli::{Failure, Ui};
use vak_model::{Decision, Effect, Manifest};
use vak_runtime::{Outcome, RecordError, Recorder, Summary};

use crate::record_host::Recording;
use crate::report::Report;

/// What is kept of a run.
#[derive(Args, Clone, Debug)]
pub(crate) struct ListenArgs {
    /// Write the run to a new file as a golden case, with its host calls and what each was answered
    ///
    /// The file holds what the skill read and wrote, and is for you alone. What is in it goes below `tests:` in skill.yaml; then
    /// the case needs nothing of the world any more. If there is such a file, nothing is run.
    #[arg(long, value_name = "FILE", conflicts_with_all = ["golden", "invoke"])]
    pub(crate) record_host: Option<PathBuf>,
}

/// All who listen to one run.
#[derive(Default)]
pub(crate) struct Listeners {
    recording: Option<Recording>,
}

impl Listeners {
    /// Those that the flags ask for. What they could not write later is found out here, before anything is run.
    pub(crate) fn of(args: &ListenArgs) -> Result<Self, Failure> {
        Ok(Self { recording: args.record_host.as_deref().map(Recording::new).transpose()? })
    }

    /// What hears the calls: first what may end the run, the log.
    pub(crate) fn recorder(&self, log: Option<Box<dyn Recorder>>) -> Option<Box<dyn Recorder>> {
        let recording = self.recording.as_ref().map(Recording::recorder);
        let mut all: Vec<_> = log.into_iter().chain(recording).collect();
        if all.len() > 1 { Some(Box::new(All(all))) } else { all.pop() }
    }

    /// Tells the outcome to all.
    pub(crate) fn finish(
        self,
        input: &[u8],
        outcome: &Outcome,
        report: &Report,
        manifest: &Manifest,
        ui: &mut Ui,
    ) -> Result<(), Failure> {
        let Self { recording } = self;
        let export = report.export.as_deref().unwrap_or_default();
        recording.map_or(Ok(()), |recording| recording.finish(export, input, &outcome.result, manifest, ui))
    }
}

/// Several recorders, in their order: what one can't record does not happen.
struct All(Vec<Box<dyn Recorder>>);

impl Recorder for All {
    fn intent(&mut self, effect: &Effect, decision: &Decision) -> Result<(), RecordError> {
        self.0.iter_mut().try_for_each(|one| one.intent(effect, decision))
    }

    fn outcome(&mut self, result: &Summary<'_>) -> Result<(), RecordError> {
        self.0.iter_mut().try_for_each(|one| one.outcome(result))
    }
}
