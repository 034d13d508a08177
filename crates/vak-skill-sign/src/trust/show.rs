//! Showing what a trust root says.

use std::path::PathBuf;

use clap::Args;
use serde::Serialize;
use vak_cli::{Failure, JsonArgs, Table, Ui};
use vak_model::{Digest, Text};
use vak_package::read_file;
use vak_trust::{
    KeyState, PublicKey, Revocation, RootProposal, SignedRoot, Timestamp, TrustRoot, TrustedKey, VerifierKey,
};

use super::{ClockArgs, end, local};
use crate::failures;

/// The largest file that is looked at for a trust root, in bytes.
pub(super) const MAX_ROOT_BYTES: u64 = 2 << 20;

/// Show what the trust root says
#[derive(Args, Debug)]
pub(super) struct ShowArgs {
    /// A trust root, or a proposal of one [default: this machine's]
    #[arg(value_name = "FILE")]
    file: Option<PathBuf>,
    #[command(flatten)]
    clock: ClockArgs,
    #[command(flatten)]
    json: JsonArgs,
}

#[derive(Debug, Serialize)]
struct View {
    version: u64,
    expires: Timestamp,
    expired: bool,
    /// None for a proposal that too few of its own root keys have signed.
    fingerprint: Option<Digest>,
    /// The root keys that have signed it.
    signers: Vec<PublicKey>,
    roles: Vec<RoleView>,
    keys: Vec<KeyView>,
    logs: Vec<VerifierKey>,
    witness_policy: Option<String>,
    denied: Vec<String>,
}

#[derive(Debug, Serialize)]
struct RoleView {
    role: String,
    threshold: usize,
    keys: Vec<PublicKey>,
}

#[derive(Debug, Serialize)]
struct KeyView {
    key: PublicKey,
    id: String,
    roles: Vec<String>,
    label: Option<Text>,
    valid_from: Option<Timestamp>,
    valid_until: Option<Timestamp>,
    revoked: Option<Revocation>,
    state: &'static str,
}

impl ShowArgs {
    pub(super) fn run(self, ui: &mut Ui) -> Result<(), Failure> {
        end(self.view(), self.json, ui, View::tell)
    }

    fn view(&self) -> Result<View, Failure> {
        let now = self.clock.now()?;
        let proposal = match &self.file {
            Some(file) => {
                let json = read_file(file, MAX_ROOT_BYTES).map_err(|error| failures::file(&error))?;
                RootProposal::read(&json)
            }
            None => {
                let root = local::store().require().map_err(|error| failures::store(&error))?;
                RootProposal::read(&root.to_json())
            }
        };
        let proposal = proposal.map_err(|error| failures::root(&error))?;
        let signers = proposal.signers(None).into_iter().collect();
        let complete = proposal.clone().complete().ok();
        Ok(View::of(proposal.root(), complete.as_ref().map(SignedRoot::fingerprint), signers, now))
    }
}

impl View {
    fn of(root: &TrustRoot, fingerprint: Option<Digest>, signers: Vec<PublicKey>, now: Timestamp) -> Self {
        let known = |id| root.key(id).map(|key| key.key);
        let roles = root.roles().map(|(role, keys)| RoleView {
            role: role.to_string(),
            threshold: keys.threshold,
            keys: keys.keys.iter().copied().filter_map(known).collect(),
        });
        let roles: Vec<_> = roles.collect();
        let denied = root.denied();
        let modules = denied.modules.iter().map(ToString::to_string);
        Self {
            version: root.version(),
            expires: root.expires(),
            expired: root.is_expired(now),
            fingerprint,
            signers,
            keys: root.keys().map(|key| KeyView::of(key, &roles, now)).collect(),
            roles,
            logs: root.logs().cloned().collect(),
            witness_policy: root.witness_policy().map(str::to_owned),
            denied: modules.chain(denied.skills.iter().map(ToString::to_string)).collect(),
        }
    }

    fn tell(&self, ui: &mut Ui) -> Result<(), Failure> {
        let expired = if self.expired { " (expired)" } else { "" };
        ui.line(&format!("version {}, good until {}{expired}", self.version, self.expires))?;
        match &self.fingerprint {
            Some(fingerprint) => ui.line(&format!("fingerprint {fingerprint}"))?,
            None => ui.line(&format!("signed by too few root keys: {}", self.signers.len()))?,
        }
        self.roles().try_for_each(|line| ui.line(&line))?;
        ui.table(&self.table())?;
        self.denied.iter().try_for_each(|what| ui.line(&format!("denied {what}")))?;
        self.logs.iter().try_for_each(|log| ui.line(&format!("log {log}")))?;
        Ok(())
    }

    fn roles(&self) -> impl Iterator<Item = String> {
        self.roles.iter().map(|role| format!("{}: {} of {} keys", role.role, role.threshold, role.keys.len()))
    }

    fn table(&self) -> Table {
        let mut table = Table::new(&["KEY", "STATE", "ROLES", "LABEL"]);
        for key in &self.keys {
            let label = key.label.as_ref().map(ToString::to_string).unwrap_or_default();
            table.row([key.key.to_string(), key.state.to_owned(), key.roles.join(" "), label]);
        }
        table
    }
}

impl KeyView {
    fn of(key: &TrustedKey, roles: &[RoleView], now: Timestamp) -> Self {
        let has = |role: &&RoleView| role.keys.contains(&key.key);
        Self {
            key: key.key,
            id: key.key.tuf_key_id().to_string(),
            roles: roles.iter().filter(has).map(|role| role.role.clone()).collect(),
            label: key.label.clone(),
            valid_from: key.valid_from,
            valid_until: key.valid_until,
            revoked: key.revoked,
            state: match key.state(now) {
                KeyState::Good => "good",
                KeyState::NotYet => "not yet",
                KeyState::Expired => "expired",
                KeyState::Revoked(vak_trust::RevocationReason::Compromised) => "compromised",
                KeyState::Revoked(vak_trust::RevocationReason::Retired) => "retired",
            },
        }
    }
}
