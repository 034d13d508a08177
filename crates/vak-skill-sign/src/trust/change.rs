//! Changing the trust root.

use std::path::PathBuf;

use clap::{Args, ValueEnum};
use serde::Serialize;
use vak_cli::{Failure, JsonArgs, Ui, quote};
use vak_model::{Code, Digest, ModuleId, Text};
use vak_trust::{
    DeniedSkill, KeyRole, PublicKey, Revocation, RevocationReason, RootDraft, RootError, SignedRoot, Timestamp,
    TrustRoot, TrustedKey, VerifierKey,
};

use super::{ClockArgs, end, local};
use crate::failures;
use crate::keys::{KeySource, PassphraseArgs, key_source, public_key};
use crate::place;

/// Make the first trust root of this machine, with a root key
///
/// Prints its fingerprint: what others need to know to import it.
#[derive(Args, Debug)]
pub(super) struct InitArgs {
    /// The root key [default: keys/root.pem in the folder of settings, which is made if it is not there]
    #[arg(long, value_name = "FILE|-|env:NAME", value_parser = key_source)]
    root_key: Option<KeySource>,
    #[command(flatten)]
    passphrase: PassphraseArgs,
    /// When the root has to be replaced [default: in a year]
    #[arg(long, value_name = "TIME")]
    expires: Option<Timestamp>,
    #[command(flatten)]
    clock: ClockArgs,
    #[command(flatten)]
    json: JsonArgs,
}

/// What every change needs.
#[derive(Args, Debug)]
struct ChangeArgs {
    /// A root key to sign the next version with; give it again for more of them [default: keys/root.pem in the folder of
    /// settings]
    #[arg(long, value_name = "FILE|-|env:NAME", value_parser = key_source)]
    root_key: Vec<KeySource>,
    #[command(flatten)]
    passphrase: PassphraseArgs,
    /// When the new version has to be replaced [default: as the version before]
    #[arg(long, value_name = "TIME")]
    expires: Option<Timestamp>,
    /// Change nothing here: write the next version, with the signatures that it has, to this file for others to sign
    #[arg(long, value_name = "FILE")]
    propose: Option<PathBuf>,
    #[command(flatten)]
    clock: ClockArgs,
    #[command(flatten)]
    json: JsonArgs,
}

/// Give a key a role
///
/// A key that signs skills has the role publisher:NAMES, where NAMES is a skill's name or the beginning of one before a *.
/// Of several roles that fit a skill's name, the longest alone counts.
#[derive(Args, Debug)]
#[command(after_help = "\
Examples:
  vak-skill-sign trust add alice.pub --role 'publisher:acme/*'
  vak-skill-sign trust add bob.pub --role 'publisher:acme/*' --threshold 2 --valid-until 2027-12-31T00:00:00Z")]
pub(super) struct AddArgs {
    /// The public key: a file, or ed25519:...
    #[arg(value_name = "KEY")]
    key: String,
    /// What it may do: publisher:NAMES, root, builder or runtime; give it again for more roles
    #[arg(long, value_name = "ROLE", required = true)]
    role: Vec<KeyRole>,
    /// Whose key it is
    #[arg(long, value_name = "TEXT", value_parser = |text: &str| Text::try_from(text.to_owned()))]
    label: Option<Text>,
    /// From when on it counts
    #[arg(long, value_name = "TIME")]
    valid_from: Option<Timestamp>,
    /// From when on it counts no more
    #[arg(long, value_name = "TIME")]
    valid_until: Option<Timestamp>,
    /// How many keys of these roles must sign from now on
    #[arg(long, value_name = "N")]
    threshold: Option<usize>,
    #[command(flatten)]
    change: ChangeArgs,
}

/// Take one role from a key, or all
///
/// What it has signed is no longer vouched for by it. A key that others may have must be revoked instead.
#[derive(Args, Debug)]
pub(super) struct RemoveArgs {
    /// The public key: a file, or ed25519:...
    #[arg(value_name = "KEY")]
    key: String,
    /// The role to take [default: all]
    #[arg(long, value_name = "ROLE")]
    role: Option<KeyRole>,
    #[command(flatten)]
    change: ChangeArgs,
}

/// Revoke a key, for good
///
/// Of a compromised key no signature counts, whenever it was made. A retired one counts until the time of --at.
#[derive(Args, Debug)]
pub(super) struct RevokeArgs {
    /// The public key: a file, or ed25519:...
    #[arg(value_name = "KEY")]
    key: String,
    /// Why
    #[arg(long, value_name = "WHY", value_enum)]
    reason: Reason,
    #[command(flatten)]
    change: ChangeArgs,
}

/// Put a new key in the place of an old one in all its roles, and retire the old one
///
/// Where the old one is a root key, both have to sign: give --root-key twice.
#[derive(Args, Debug)]
pub(super) struct RotateArgs {
    /// The old public key: a file, or ed25519:...
    #[arg(value_name = "OLD")]
    old: String,
    /// The new public key: a file, or ed25519:...
    #[arg(value_name = "NEW")]
    new: String,
    /// Whose key the new one is
    #[arg(long, value_name = "TEXT", value_parser = |text: &str| Text::try_from(text.to_owned()))]
    label: Option<Text>,
    #[command(flatten)]
    change: ChangeArgs,
}

/// Deny artefacts or versions of skills, whoever signed them
#[derive(Args, Debug)]
#[command(after_help = "\
Examples:
  vak-skill-sign trust deny 'acme/old@<1.2.0'
  vak-skill-sign trust deny sha256:1f0c... --lift")]
pub(super) struct DenyArgs {
    /// The digest of an artefact, or a skill: acme/old, acme/old@<1.2.0, acme/old@>=2.0.0,<2.1.3
    #[arg(value_name = "WHAT", required = true, value_parser = denial)]
    what: Vec<Denial>,
    /// Take the denial back
    #[arg(long)]
    lift: bool,
    #[command(flatten)]
    change: ChangeArgs,
}

/// Say which logs' checkpoints count
#[derive(Args, Debug)]
pub(super) struct LogArgs {
    /// The log's verifier key: NAME+ID+KEY, as it publishes it
    #[arg(value_name = "VKEY", required = true)]
    key: Vec<VerifierKey>,
    /// Take it away
    #[arg(long)]
    lift: bool,
    #[command(flatten)]
    change: ChangeArgs,
}

/// Make the next version without a change, to be good for longer
#[derive(Args, Debug)]
pub(super) struct RenewArgs {
    #[command(flatten)]
    change: ChangeArgs,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Reason {
    /// Somebody else may have the key
    Compromised,
    /// It is out of use
    Retired,
}

#[derive(Clone, Debug)]
enum Denial {
    Module(ModuleId),
    Skill(DeniedSkill),
}

fn denial(text: &str) -> Result<Denial, String> {
    if text.starts_with("sha256:") {
        return text.parse().map(|digest| Denial::Module(ModuleId(digest))).map_err(|error| format!("{error}"));
    }
    text.parse().map(Denial::Skill).map_err(|error| format!("{error}"))
}

/// A version of the trust root that was made.
#[derive(Debug, Serialize)]
struct Version {
    version: u64,
    expires: Timestamp,
    /// None while it is a proposal that too few have signed.
    fingerprint: Option<Digest>,
    path: PathBuf,
    /// Whether it counts from now on.
    installed: bool,
}

impl Version {
    fn of(root: &TrustRoot, fingerprint: Option<Digest>, path: PathBuf, installed: bool) -> Self {
        Self { version: root.version(), expires: root.expires(), fingerprint, path, installed }
    }

    fn installed(root: &SignedRoot) -> Self {
        Self::of(root.root(), Some(root.fingerprint()), local::store().path(), true)
    }

    fn tell(&self, ui: &mut Ui) -> Result<(), Failure> {
        let path = self.path.display().to_string();
        let what = if self.installed { "" } else { "proposed " };
        ui.note(&format!("{what}trust root version {}, good until {}", self.version, self.expires))?;
        ui.note(&format!("  file: {path}"))?;
        if !self.installed {
            ui.note(&format!("  next: vak-skill-sign trust sign {}    each root key's owner signs it", quote(&path)))?;
            return Ok(ui.line(&path)?);
        }
        self.fingerprint.iter().try_for_each(|fingerprint| Ok(ui.line(&fingerprint.to_string())?))
    }
}

impl InitArgs {
    pub(super) fn run(self, ui: &mut Ui) -> Result<(), Failure> {
        end(self.made(), self.json, ui, Version::tell)
    }

    fn made(&self) -> Result<Version, Failure> {
        let expires = self.expires.map_or_else(|| self.clock.now().map(local::in_a_year), Ok)?;
        Ok(Version::installed(&local::make(self.root_key.as_ref(), &self.passphrase, expires)?))
    }
}

impl ChangeArgs {
    /// Makes the next version, with what `change` does to it.
    fn run(
        &self,
        ui: &mut Ui,
        change: impl FnOnce(&mut RootDraft, Timestamp) -> Result<(), Failure>,
    ) -> Result<(), Failure> {
        end(self.made(change), self.json, ui, Version::tell)
    }

    fn made(&self, change: impl FnOnce(&mut RootDraft, Timestamp) -> Result<(), Failure>) -> Result<Version, Failure> {
        let store = local::store();
        let current = store.require().map_err(|error| failures::store(&error))?;
        let mut draft = RootDraft::after(&current);
        change(&mut draft, self.clock.now()?)?;
        if let Some(expires) = self.expires {
            draft.expire(expires);
        }
        let keys = local::root_keys(&self.root_key, &self.passphrase)?;
        let proposal = local::signed(draft.propose().map_err(|error| failures::root(&error))?, &keys);
        match &self.propose {
            Some(path) => {
                place::replace(path, &proposal.to_json())?;
                Ok(Version::of(proposal.root(), None, path.clone(), false))
            }
            None => Ok(Version::installed(&store.update([proposal]).map_err(|error| failures::store(&error))?)),
        }
    }
}

fn refused(error: RootError) -> Failure {
    failures::root(&error)
}

impl AddArgs {
    pub(super) fn run(self, ui: &mut Ui) -> Result<(), Failure> {
        self.change.run(ui, |draft, _| {
            let key = self.key(draft)?;
            for role in &self.role {
                draft.add(key.clone(), role.clone()).map_err(refused)?;
            }
            let thresholds = self.threshold.iter().flat_map(|number| self.role.iter().map(|role| (role, *number)));
            thresholds.into_iter().try_for_each(|(role, number)| draft.threshold(role, number)).map_err(refused)
        })
    }

    /// What is known of the key already stays, unless it is said anew.
    fn key(&self, draft: &RootDraft) -> Result<TrustedKey, Failure> {
        let key = public_key(&self.key)?;
        let mut key = draft.root().key(key.tuf_key_id()).cloned().unwrap_or(TrustedKey::new(key));
        key.label = self.label.clone().or(key.label);
        key.valid_from = self.valid_from.or(key.valid_from);
        key.valid_until = self.valid_until.or(key.valid_until);
        Ok(key)
    }
}

impl RemoveArgs {
    pub(super) fn run(self, ui: &mut Ui) -> Result<(), Failure> {
        self.change.run(ui, |draft, _| draft.remove(&public_key(&self.key)?, self.role.as_ref()).map_err(refused))
    }
}

impl RevokeArgs {
    pub(super) fn run(self, ui: &mut Ui) -> Result<(), Failure> {
        self.change.run(ui, |draft, at| {
            let reason = match self.reason {
                Reason::Compromised => RevocationReason::Compromised,
                Reason::Retired => RevocationReason::Retired,
            };
            draft.revoke(&public_key(&self.key)?, Revocation { at, reason }).map_err(refused)
        })
    }
}

impl RotateArgs {
    pub(super) fn run(self, ui: &mut Ui) -> Result<(), Failure> {
        self.change.run(ui, |draft, at| {
            let (old, new): (PublicKey, PublicKey) = (public_key(&self.old)?, public_key(&self.new)?);
            let new = TrustedKey { label: self.label.clone(), ..TrustedKey::new(new) };
            draft.rotate(&old, new, at).map_err(refused)
        })
    }
}

impl DenyArgs {
    pub(super) fn run(self, ui: &mut Ui) -> Result<(), Failure> {
        self.change.run(ui, |draft, _| {
            let denied = draft.denied();
            self.what.iter().try_for_each(|what| {
                let changed = match (what, self.lift) {
                    (Denial::Module(id), false) => denied.modules.insert(*id),
                    (Denial::Module(id), true) => denied.modules.remove(id),
                    (Denial::Skill(skill), false) => denied.skills.insert(skill.clone()),
                    (Denial::Skill(skill), true) => denied.skills.remove(skill),
                };
                if changed { Ok(()) } else { Err(as_it_is(&what.to_string())) }
            })
        })
    }
}

impl std::fmt::Display for Denial {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Module(id) => id.fmt(f),
            Self::Skill(skill) => skill.fmt(f),
        }
    }
}

impl LogArgs {
    pub(super) fn run(self, ui: &mut Ui) -> Result<(), Failure> {
        self.change.run(ui, |draft, _| {
            let logs = draft.logs();
            self.key.iter().try_for_each(|key| {
                let changed = if self.lift { logs.remove(key) } else { logs.insert(key.clone()) };
                if changed { Ok(()) } else { Err(as_it_is(&key.to_string())) }
            })
        })
    }
}

fn as_it_is(what: &str) -> Failure {
    Failure::new(Code::TrustMalformed, format!("the trust root says so of `{what}` already"))
}

impl RenewArgs {
    pub(super) fn run(self, ui: &mut Ui) -> Result<(), Failure> {
        self.change.run(ui, |draft, now| {
            draft.expire(local::in_a_year(now));
            Ok(())
        })
    }
}
