//! Who hears what a skill asks of its host, besides the log: what it was, how it was decided, and what came of it.

use std::path::PathBuf;

use clap::Args;
use vak_cli::{Failure, Ui};
use vak_model::{Decision, Effect, Limits, Manifest};
use vak_runtime::{Outcome, RecordError, Recorder, Summary};

use crate::learn::Lesson;
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
    /// Write to this folder the least that the run needed, as parts of a manifest and as a policy; later runs add to it
    ///
    /// Nothing is allowed by this: give the skill what it may have, as ever. What is denied is told in these files too, and
    /// is no part of what they state.
    #[arg(long, value_name = "FOLDER", conflicts_with_all = ["golden", "invoke"])]
    pub(crate) learn: Option<PathBuf>,
}

/// All who listen to one run.
#[derive(Default)]
pub(crate) struct Listeners {
    recording: Option<Recording>,
    lesson: Option<Lesson>,
}

impl Listeners {
    /// Those that the flags ask for. What they could not write later is found out here, before anything is run.
    pub(crate) fn of(args: &ListenArgs, manifest: &Manifest) -> Result<Self, Failure> {
        let recording = args.record_host.as_deref().map(Recording::new).transpose()?;
        let lesson = args.learn.as_deref().map(|folder| Lesson::new(folder, manifest)).transpose()?;
        Ok(Self { recording, lesson })
    }

    /// What hears the calls: first what may end the run, the log.
    pub(crate) fn recorder(&self, log: Option<Box<dyn Recorder>>) -> Option<Box<dyn Recorder>> {
        let recording = self.recording.as_ref().map(Recording::recorder);
        let lesson = self.lesson.as_ref().map(Lesson::recorder);
        let mut all: Vec<_> = log.into_iter().chain(recording).chain(lesson).collect();
        if all.len() > 1 { Some(Box::new(All(all))) } else { all.pop() }
    }

    /// Tells the outcome to all.
    pub(crate) fn finish(
        self,
        input: &[u8],
        outcome: &Outcome,
        (report, limits): (&Report, &Limits),
        manifest: &Manifest,
        ui: &mut Ui,
    ) -> Result<(), Failure> {
        let Self { recording, lesson } = self;
        lesson.map_or(Ok(()), |lesson| lesson.finish(outcome, limits, manifest, ui))?;
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
