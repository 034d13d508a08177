//! What a trust root says.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use vak_model::{SkillName, Text};

use super::{Denied, InvalidPattern, SkillPattern};
use crate::key::{PublicKey, TufKeyId};
use crate::note::VerifierKey;
use crate::time::Timestamp;

/// One version of a trust root. It is complete and consistent in itself; whether enough root keys have signed it is what
/// [`super::SignedRoot`] says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TrustRoot {
    pub(super) version: u64,
    pub(super) expires: Timestamp,
    pub(super) keys: BTreeMap<TufKeyId, TrustedKey>,
    pub(super) roles: BTreeMap<KeyRole, RoleKeys>,
    pub(super) logs: BTreeSet<VerifierKey>,
    pub(super) witness_policy: Option<String>,
    pub(super) denied: Denied,
}

/// A key that the root knows, be it trusted or revoked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TrustedKey {
    /// The key.
    pub key: PublicKey,
    /// Whose it is, for people.
    pub label: Option<Text>,
    /// From when on it counts; from ever, if none.
    pub valid_from: Option<Timestamp>,
    /// From when on it counts no more; never, if none.
    pub valid_until: Option<Timestamp>,
    /// That it must not be trusted any more.
    pub revoked: Option<Revocation>,
}

/// That a key must not be trusted any more.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Revocation {
    /// From when on.
    pub at: Timestamp,
    /// Why.
    pub reason: RevocationReason,
}

/// Why a key is revoked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum RevocationReason {
    /// Somebody else may have it. Nothing that it signed counts, whenever that was: a signature does not say when it
    /// was made.
    Compromised,
    /// It is out of use. It counts until then.
    Retired,
}

/// What a key is worth at some time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyState {
    /// It counts.
    Good,
    /// Its time has not come.
    NotYet,
    /// Its time is over.
    Expired,
    /// It is revoked.
    Revoked(RevocationReason),
}

/// What keys may do.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum KeyRole {
    /// Sign the trust root.
    Root,
    /// Sign how a skill was built.
    Builder,
    /// Sign receipts of runs.
    Runtime,
    /// Sign skills with these names.
    Publisher(SkillPattern),
}

/// Keys, and how many of them are needed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RoleKeys {
    /// The keys, each of them in the root's list.
    pub keys: BTreeSet<TufKeyId>,
    /// How many different ones must have signed.
    pub threshold: usize,
}

impl TrustRoot {
    /// The version; the first is 1.
    #[must_use]
    pub const fn version(&self) -> u64 {
        self.version
    }

    /// When it has to be replaced.
    #[must_use]
    pub const fn expires(&self) -> Timestamp {
        self.expires
    }

    /// Whether it has to be replaced.
    #[must_use]
    pub fn is_expired(&self, now: Timestamp) -> bool {
        now >= self.expires
    }

    /// All keys that it knows, revoked ones among them.
    pub fn keys(&self) -> impl Iterator<Item = &TrustedKey> {
        self.keys.values()
    }

    /// What it knows of a key.
    #[must_use]
    pub fn key(&self, id: TufKeyId) -> Option<&TrustedKey> {
        self.keys.get(&id)
    }

    /// All roles and their keys.
    pub fn roles(&self) -> impl Iterator<Item = (&KeyRole, &RoleKeys)> {
        self.roles.iter()
    }

    /// The role whose pattern fits the name of a skill best, and it alone: more keys of a wider pattern don't count.
    #[must_use]
    pub fn publisher(&self, name: Option<&SkillName>) -> Option<(&SkillPattern, &RoleKeys)> {
        let publishers = self.roles.iter().filter_map(|(role, keys)| match role {
            KeyRole::Publisher(pattern) => Some((pattern.fit(name)?, (pattern, keys))),
            KeyRole::Root | KeyRole::Builder | KeyRole::Runtime => None,
        });
        publishers.max_by_key(|(fit, _)| *fit).map(|(_, role)| role)
    }

    /// The logs whose checkpoints count.
    pub fn logs(&self) -> impl Iterator<Item = &VerifierKey> {
        self.logs.iter()
    }

    /// Which witnesses must have seen a checkpoint, in the language of C2SP's tlog-policy.
    #[must_use]
    pub fn witness_policy(&self) -> Option<&str> {
        self.witness_policy.as_deref()
    }

    /// What is denied, whoever vouches for it.
    #[must_use]
    pub const fn denied(&self) -> &Denied {
        &self.denied
    }

    /// The public keys of a role, and how many are needed.
    pub(super) fn signers(&self, role: &KeyRole) -> (BTreeSet<PublicKey>, usize) {
        let Some(role) = self.roles.get(role) else { return (BTreeSet::new(), usize::MAX) };
        (role.keys.iter().filter_map(|id| Some(self.keys.get(id)?.key)).collect(), role.threshold)
    }
}

impl TrustedKey {
    /// A key that counts from ever to ever.
    #[must_use]
    pub const fn new(key: PublicKey) -> Self {
        Self { key, label: None, valid_from: None, valid_until: None, revoked: None }
    }

    /// What the key is worth at `now`.
    #[must_use]
    pub fn state(&self, now: Timestamp) -> KeyState {
        match self.revoked {
            Some(Revocation { reason: RevocationReason::Compromised, .. }) => {
                return KeyState::Revoked(RevocationReason::Compromised);
            }
            Some(Revocation { reason: RevocationReason::Retired, at }) if now >= at => {
                return KeyState::Revoked(RevocationReason::Retired);
            }
            _ => {}
        }
        if self.valid_from.is_some_and(|from| now < from) {
            return KeyState::NotYet;
        }
        if self.valid_until.is_some_and(|until| now >= until) {
            return KeyState::Expired;
        }
        KeyState::Good
    }
}

impl fmt::Display for RevocationReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Compromised => "compromised",
            Self::Retired => "retired",
        })
    }
}

impl fmt::Display for KeyRole {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Root => f.write_str("root"),
            Self::Builder => f.write_str("builder"),
            Self::Runtime => f.write_str("runtime"),
            Self::Publisher(pattern) => write!(f, "publisher:{pattern}"),
        }
    }
}

/// The text is no role that keys can have.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidRole {
    /// Not one of the roles.
    #[error("`{0}` is not a role: there are root, builder, runtime and publisher:NAMES")]
    Unknown(String),
    /// A publisher of names that skills can't have.
    #[error(transparent)]
    Pattern(#[from] InvalidPattern),
}

impl FromStr for KeyRole {
    type Err = InvalidRole;

    fn from_str(text: &str) -> Result<Self, InvalidRole> {
        match text {
            "root" => Ok(Self::Root),
            "builder" => Ok(Self::Builder),
            "runtime" => Ok(Self::Runtime),
            _ => match text.strip_prefix("publisher:") {
                Some(pattern) => Ok(Self::Publisher(pattern.parse()?)),
                None => Err(InvalidRole::Unknown(vak_model::printable(text, 80))),
            },
        }
    }
}
