//! What stands behind a run: the folders that were given, a store, a clock, chance, and lines on stderr.

use std::sync::Arc;

use vak_cli::{Failure, Home, Ui};
use vak_model::{Capability, Code, Denial, Effect};
use vak_policy::{GoesInto, Grant, Principal};
use vak_runtime::{Host, HttpClient, LiveConfig, LogLevel, LogSink};

use crate::audit::Audit;
use crate::grants::Given;
use crate::listen::Listeners;

/// What one run needs besides its skill.
pub(crate) struct Stage {
    pub(crate) given: Given,
    pub(crate) grant: Grant,
    pub(crate) principal: Principal,
}

impl Stage {
    /// The world as the operator shows it, with everything that is asked of it put on record.
    pub(crate) fn host(
        &self,
        seed: Option<u64>,
        audit: &Audit,
        listeners: &Listeners,
        ui: &Ui,
    ) -> Result<Host, Failure> {
        let mut world =
            LiveConfig::new().log(Box::new(Lines { ui: ui.side(), skill: self.principal.name.to_string() }));
        for mount in &self.given.folders {
            let shown = world.folder(mount.name.clone(), &mount.folder);
            world = shown.map_err(|error| Failure::of(Code::FileRead, &error))?;
        }
        world = world.kv(Home::from_env().state.join("kv"), &self.principal);
        world = world.http(Arc::new(HttpClient::new(self.given.http.clone())));
        world = self.given.reason.iter().cloned().fold(world, LiveConfig::reason);
        self.say_no_model(ui)?;
        world = seed.into_iter().fold(world, LiveConfig::seed);
        let host = Host::new(Box::new(world.build()));
        Ok(match listeners.recorder(audit.recorder()) {
            Some(recorder) => host.recorded_by(recorder),
            None => host,
        })
    }

    /// Says that the skill may ask a model, and that there is none.
    fn say_no_model(&self, ui: &Ui) -> Result<(), Failure> {
        if self.given.reason.is_some() || !self.grant.holds(Capability::Reason) {
            return Ok(());
        }
        let mut ui = ui.side();
        ui.note("warning: the skill may ask a model, and none is named")?;
        Ok(ui.note("  next: --reason-url https://api.example.com/v1 --reason-model NAME    names one")?)
    }

    /// Says what was denied, and what would allow it.
    pub(crate) fn say_denied(&self, denied: &[(Effect, Denial)], ui: &mut Ui) -> Result<(), Failure> {
        for (i, (effect, denial)) in denied.iter().enumerate() {
            if denied.iter().take(i).any(|(before, _)| before == effect) {
                continue;
            }
            let advice = self.grant.advice(effect, denial);
            ui.note(&format!("denied: {} (import `vak.{}`)", advice.reason, effect.call()))?;
            if let Some(line) = advice.line {
                let (verb, place) = match advice.goes_into {
                    GoesInto::Manifest => ("asks for it", "below `capabilities:` in skill.yaml, by its author"),
                    GoesInto::Policy => ("allows it", "in the policy"),
                    GoesInto::CommandLine => ("allows it", "on the command line"),
                };
                ui.note(&format!("  next: {line}      {verb}, {place}"))?;
            }
        }
        Ok(())
    }
}

/// A skill's lines, as it writes them. Each begins with whose it is: none passes for one of the tool's own.
struct Lines {
    ui: Ui,
    skill: String,
}

impl LogSink for Lines {
    fn line(&mut self, level: LogLevel, text: &str) {
        // Nobody reads them any more; the run goes on, since its answer may still be read.
        let _ = self.ui.note(&format!("[{}] {}: {text}", self.skill, level.word()));
    }
}
