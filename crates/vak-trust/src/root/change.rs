//! Changing a trust root: a draft of the next version, which is then signed.

use std::collections::{BTreeMap, BTreeSet};

use super::model::{KeyRole, Revocation, RevocationReason, RoleKeys, TrustRoot, TrustedKey};
use super::{Denied, RootError, RootProposal, SignedRoot};
use crate::key::{PublicKey, TufKeyId};
use crate::note::VerifierKey;
use crate::time::Timestamp;

/// A version of a trust root that is being written. Whether it is consistent shows when it is proposed.
#[derive(Clone, Debug)]
pub struct RootDraft(TrustRoot);

impl RootDraft {
    /// The first version, with one root key.
    #[must_use]
    pub fn first(root_key: PublicKey, expires: Timestamp) -> Self {
        let id = root_key.tuf_key_id();
        let role = RoleKeys { keys: BTreeSet::from([id]), threshold: 1 };
        Self(TrustRoot {
            version: 1,
            expires,
            keys: BTreeMap::from([(id, TrustedKey::new(root_key))]),
            roles: BTreeMap::from([(KeyRole::Root, role)]),
            logs: BTreeSet::new(),
            witness_policy: None,
            denied: Denied::default(),
        })
    }

    /// The version after `current`, which says the same so far.
    #[must_use]
    pub fn after(current: &SignedRoot) -> Self {
        let root = current.root().clone();
        Self(TrustRoot { version: root.version + 1, ..root })
    }

    /// What the draft says.
    #[must_use]
    pub const fn root(&self) -> &TrustRoot {
        &self.0
    }

    /// When the version has to be replaced.
    pub const fn expire(&mut self, at: Timestamp) {
        self.0.expires = at;
    }

    /// Gives a key a role. What was known of the key, label and times, is replaced.
    ///
    /// # Errors
    /// The key is revoked: a revocation is not undone by forgetting it.
    pub fn add(&mut self, key: TrustedKey, role: KeyRole) -> Result<(), RootError> {
        self.attempt(|root| add(root, key, role))
    }

    /// Takes a role from a key, or all roles. A role without keys is gone, and so is a key without roles unless it is
    /// revoked.
    ///
    /// # Errors
    /// The key does not have it, or the rest would not reach the role's threshold.
    pub fn remove(&mut self, key: &PublicKey, role: Option<&KeyRole>) -> Result<(), RootError> {
        self.attempt(|root| remove(root, key, role))
    }

    /// Revokes a key, known or not. It stays in its roles, where it does not count: a role that vanished would leave its
    /// names to the keys of a wider one. Of the role `root` it is taken.
    ///
    /// # Errors
    /// The root keys that are left would not reach their threshold.
    pub fn revoke(&mut self, key: &PublicKey, revocation: Revocation) -> Result<(), RootError> {
        self.attempt(|root| revoke(root, key, revocation))
    }

    /// Puts a new key in the place of an old one in all of its roles, and retires the old one at `at`.
    ///
    /// # Errors
    /// The old key has no role, or the new one is revoked or has the role already.
    pub fn rotate(&mut self, old: &PublicKey, new: TrustedKey, at: Timestamp) -> Result<(), RootError> {
        self.attempt(|root| rotate(root, old, new, at))
    }

    /// Sets how many keys of a role are needed.
    ///
    /// # Errors
    /// There is no such role, or it has fewer keys.
    pub fn threshold(&mut self, role: &KeyRole, threshold: usize) -> Result<(), RootError> {
        match self.0.roles.get_mut(role) {
            Some(keys) if (1..=keys.keys.len()).contains(&threshold) => {
                keys.threshold = threshold;
                Ok(())
            }
            Some(keys) => Err(change(format!("`{role}` has {} keys, and can't need {threshold}", keys.keys.len()))),
            None => Err(change(format!("there is no role `{role}`"))),
        }
    }

    /// A change that can't be made leaves the draft as it was.
    fn attempt(&mut self, change: impl FnOnce(&mut TrustRoot) -> Result<(), RootError>) -> Result<(), RootError> {
        let mut root = self.0.clone();
        change(&mut root)?;
        self.0 = root;
        Ok(())
    }

    /// What is denied, whoever vouches for it.
    pub const fn denied(&mut self) -> &mut Denied {
        &mut self.0.denied
    }

    /// The logs whose checkpoints count.
    pub const fn logs(&mut self) -> &mut BTreeSet<VerifierKey> {
        &mut self.0.logs
    }

    /// Which witnesses must have seen a checkpoint.
    pub fn witness_policy(&mut self, policy: Option<String>) {
        self.0.witness_policy = policy;
    }

    /// The draft, ready to be signed.
    ///
    /// # Errors
    /// It is not consistent.
    pub fn propose(self) -> Result<RootProposal, RootError> {
        RootProposal::new(&self.0)
    }
}

fn add(root: &mut TrustRoot, key: TrustedKey, role: KeyRole) -> Result<(), RootError> {
    let id = not_revoked(root, &key.key)?;
    root.keys.insert(id, key);
    let role = root.roles.entry(role).or_insert_with(|| RoleKeys { keys: BTreeSet::new(), threshold: 1 });
    role.keys.insert(id);
    Ok(())
}

fn remove(root: &mut TrustRoot, key: &PublicKey, role: Option<&KeyRole>) -> Result<(), RootError> {
    let id = key.tuf_key_id();
    let mut found = false;
    for (name, keys) in &mut root.roles {
        if role.is_none_or(|role| role == name) && keys.keys.remove(&id) {
            found = true;
            if !keys.keys.is_empty() && keys.keys.len() < keys.threshold {
                return Err(change(format!("without the key {key}, `{name}` can't reach its threshold")));
            }
        }
    }
    if !found {
        return Err(change(format!("the key {key} does not have that role")));
    }
    root.roles.retain(|_, keys| !keys.keys.is_empty());
    let used = root.roles.values().any(|keys| keys.keys.contains(&id));
    if !used && root.keys.get(&id).is_some_and(|key| key.revoked.is_none()) {
        root.keys.remove(&id);
    }
    Ok(())
}

fn revoke(root: &mut TrustRoot, key: &PublicKey, revocation: Revocation) -> Result<(), RootError> {
    let id = key.tuf_key_id();
    let known = root.keys.entry(id).or_insert_with(|| TrustedKey::new(*key));
    // A compromise is never taken back to a retirement.
    if !matches!(known.revoked, Some(Revocation { reason: RevocationReason::Compromised, .. })) {
        known.revoked = Some(revocation);
    }
    let Some(role) = root.roles.get_mut(&KeyRole::Root) else { return Ok(()) };
    if role.keys.remove(&id) && role.keys.len() < role.threshold {
        return Err(change(format!("without the key {key}, `root` can't reach its threshold: rotate it")));
    }
    Ok(())
}

fn rotate(root: &mut TrustRoot, old: &PublicKey, new: TrustedKey, at: Timestamp) -> Result<(), RootError> {
    let (old_id, new_id) = (old.tuf_key_id(), not_revoked(root, &new.key)?);
    if old_id == new_id {
        return Err(change(format!("the key {old} can't take its own place")));
    }
    let mut found = false;
    for (name, role) in &mut root.roles {
        if role.keys.remove(&old_id) {
            found = true;
            if !role.keys.insert(new_id) {
                return Err(change(format!("the key {} has the role `{name}` already", new.key)));
            }
        }
    }
    if !found {
        return Err(change(format!("the key {old} has no role")));
    }
    root.keys.insert(new_id, new);
    revoke(root, old, Revocation { at, reason: RevocationReason::Retired })
}

/// The id of a key that may be given a role.
fn not_revoked(root: &TrustRoot, key: &PublicKey) -> Result<TufKeyId, RootError> {
    let id = key.tuf_key_id();
    match root.keys.get(&id) {
        Some(known) if known.revoked.is_some() => {
            Err(change(format!("the key {key} is revoked, and does not come back")))
        }
        _ => Ok(id),
    }
}

const fn change(what: String) -> RootError {
    RootError::Change(what)
}
