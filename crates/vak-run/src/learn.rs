//! `--learn`: the least that runs of a skill needed, as a manifest and as a policy state it.
//!
//! Nothing is opened for it: what the operator does not give is denied here as always, and then it was not needed by any run
//! that ended well. What was denied is told apart, and is never part of what is stated.

mod notes;
mod scopes;
mod told;

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use vak_cli::{Failure, Ui, quote};
use vak_model::{Code, Decision, Effect, LimitKind, Limits, Manifest, Usage};
use vak_runtime::{Ended, Outcome, RecordError, Recorder, Summary};

use self::notes::{Notes, Use, Uses};

/// What lies in the folder: what was seen, and what is made of it.
const NOTES: &str = "notes.json";
const MANIFEST: &str = "skill.yaml";
const POLICY: &str = "policy.cedar";

/// What one run has shown.
#[derive(Default)]
struct Seen {
    uses: Uses,
    denied: Uses,
    /// The effect whose outcome is not known yet.
    open: Option<Effect>,
    log_bytes: u64,
}

struct Ear(Arc<Mutex<Seen>>);

impl Recorder for Ear {
    fn intent(&mut self, effect: &Effect, decision: &Decision) -> Result<(), RecordError> {
        let mut seen = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        match decision {
            Decision::Denied(denial) => {
                seen.open = None;
                seen.denied.add(Use::denied(effect, denial.ground.word()));
            }
            Decision::Allowed { .. } => seen.open = Some(effect.clone()),
        }
        Ok(())
    }

    fn outcome(&mut self, result: &Summary<'_>) -> Result<(), RecordError> {
        let mut seen = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(effect) = seen.open.take() else { return Ok(()) };
        match result.ended {
            // A world denied it: more of the same grant would not help.
            Ended::Escaped | Ended::Reserved | Ended::Denied => {
                seen.denied.add(Use::denied(&effect, result.ended.code().unwrap_or_default()));
            }
            _ => seen.uses.add(Use::of(&effect)),
        }
        if let (Effect::Log { .. }, Some(line)) = (&effect, result.request) {
            let line = vak_model::printable(&String::from_utf8_lossy(line), usize::MAX);
            seen.log_bytes += line.len() as u64 + 1;
        }
        Ok(())
    }
}

/// A run that is learned from.
pub(crate) struct Lesson {
    folder: PathBuf,
    notes: Notes,
    seen: Arc<Mutex<Seen>>,
}

impl Lesson {
    /// A lesson that goes on from what the folder holds. It is read before anything is run.
    pub(crate) fn new(folder: &Path, manifest: &Manifest) -> Result<Self, Failure> {
        let notes = Notes::read(&folder.join(NOTES), &manifest.name)?;
        fs::create_dir_all(folder).map_err(|error| unwritable(folder, &error))?;
        Ok(Self { folder: folder.to_owned(), notes, seen: Arc::default() })
    }

    pub(crate) fn recorder(&self) -> Box<dyn Recorder> {
        Box::new(Ear(Arc::clone(&self.seen)))
    }

    /// Adds the run to what is known, and states all of it anew.
    pub(crate) fn finish(
        self,
        outcome: &Outcome,
        limits: &Limits,
        manifest: &Manifest,
        ui: &mut Ui,
    ) -> Result<(), Failure> {
        let Self { folder, notes, seen } = self;
        let seen = std::mem::take(&mut *seen.lock().unwrap_or_else(PoisonError::into_inner));
        let Some(mut notes) = notes.and_run(seen.uses, seen.denied) else {
            let message = format!("`{}` has no room for all that the skill asked for", folder.display());
            return Err(Failure::new(Code::FileWrite, message).fact(
                "room",
                format!("{} different calls of {} bytes in all", notes::MAX_USES, notes::MAX_BYTES / 4),
            ));
        };
        if let Ok(answer) = &outcome.result {
            notes.used(&quantities(&outcome.usage, answer.bytes().len() as u64, seen.log_bytes), limits);
        }
        let text = notes.text().map_err(|error| Failure::of(Code::InternalBug, &error))?;
        for (name, text) in
            [(NOTES, text), (MANIFEST, told::manifest(&notes, manifest)), (POLICY, told::policy(&notes))]
        {
            write(&folder.join(name), &text).map_err(|error| unwritable(&folder, &error))?;
        }
        say(&folder, &notes, ui)
    }
}

/// What a run has used, of what has a limit and is measured.
fn quantities(usage: &Usage, output: u64, log: u64) -> [(LimitKind, Option<u64>); 6] {
    let pages = usage.peak_memory_bytes.map(|bytes| bytes.div_ceil(64 << 10));
    [
        (LimitKind::Fuel, usage.fuel),
        (LimitKind::Time, usage.wall_ms.map(|ms| ms.ceil() as u64)),
        (LimitKind::Memory, pages),
        (LimitKind::Output, Some(output)),
        (LimitKind::Log, Some(log)),
        (LimitKind::HostCalls, usage.host_calls),
    ]
}

fn say(folder: &Path, notes: &Notes, ui: &mut Ui) -> Result<(), Failure> {
    let runs = if notes.runs() == 1 { "1 run".to_owned() } else { format!("{} runs", notes.runs()) };
    let denied = match notes.denied().len() {
        0 => String::new(),
        1 => "; 1 call was denied, and is not part of it".to_owned(),
        more => format!("; {more} calls were denied, and are not part of it"),
    };
    let shown = folder.display();
    ui.note(&format!("learned: {shown}/{MANIFEST} and {shown}/{POLICY}, from {runs}{denied}"))?;
    let policy = quote(&folder.join(POLICY).to_string_lossy());
    Ok(ui.note(&format!("  next: vak-run SKILL --policy {policy}      runs it with no more than that"))?)
}

fn unwritable(folder: &Path, error: &std::io::Error) -> Failure {
    Failure::new(Code::FileWrite, format!("failed to write to `{}`", folder.display())).caused_by(error)
}

/// Puts a file in its place: whole, or not at all, and for its owner alone.
fn write(path: &Path, text: &str) -> std::io::Result<()> {
    use std::io::Write as _;
    let folder = path.parent().unwrap_or(Path::new("."));
    let mut file = tempfile::Builder::new().prefix(".vak-").tempfile_in(folder)?;
    file.write_all(text.as_bytes())?;
    file.persist(path).map(drop).map_err(|error| error.error)
}
