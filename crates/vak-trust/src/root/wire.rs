//! A trust root as JSON. What is unknown is refused: it might be what a later version calls a revocation.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};
use serde_json::Value;
use vak_model::Text;
use vak_package::parse_json;

use super::model::{KeyRole, Revocation, RoleKeys, TrustRoot, TrustedKey};
use super::{Denied, RootError};
use crate::key::{PublicKey, TufKeyId};
use crate::note::VerifierKey;
use crate::time::Timestamp;

/// The most keys of a root: each entry of a signature that names no key is tried with all of them.
const MAX_KEYS: usize = 256;

/// The most roles.
const MAX_ROLES: usize = 1_024;

/// The most things that are denied, of each kind.
const MAX_DENIED: usize = 4_096;

/// The longest witness policy, in bytes.
const MAX_POLICY_BYTES: usize = 16 * 1024;

/// Beyond this, not every reader of JSON reads the same number.
const MAX_VERSION: u64 = 1 << 53;

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct WireRoot {
    #[serde(rename = "_type")]
    kind: String,
    spec_version: String,
    version: u64,
    expires: Timestamp,
    keys: BTreeMap<TufKeyId, WireKey>,
    roles: BTreeMap<String, Value>,
    #[serde(default)]
    denied: Denied,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct WireKey {
    keytype: String,
    scheme: String,
    keyval: WireKeyValue,
    #[serde(rename = "x-vak", default, skip_serializing_if = "WireNotes::is_empty")]
    notes: WireNotes,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct WireKeyValue {
    public: String,
}

#[derive(Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct WireNotes {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    label: Option<Text>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    valid_from: Option<Timestamp>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    valid_until: Option<Timestamp>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    revoked: Option<Revocation>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct WireRole {
    keyids: Vec<TufKeyId>,
    threshold: usize,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct WireLog {
    vkeys: Vec<VerifierKey>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct WireWitness {
    policy: String,
}

impl TrustRoot {
    /// Reads what an envelope holds.
    pub(super) fn from_json(json: &[u8]) -> Result<Self, RootError> {
        let value = parse_json(json).map_err(|error| malformed(&error.to_string()))?;
        let wire: WireRoot = from_value(value)?;
        if wire.kind != "root" || wire.spec_version != "1.0" {
            return Err(malformed("it is not a root of specification version 1.0"));
        }
        let keys = wire.keys.into_iter().map(read_key).collect::<Result<_, _>>()?;
        let mut root = Self {
            version: wire.version,
            expires: wire.expires,
            keys,
            roles: BTreeMap::new(),
            logs: BTreeSet::new(),
            witness_policy: None,
            denied: wire.denied,
        };
        wire.roles.into_iter().try_for_each(|(name, role)| root.read_role(&name, role))?;
        root.check()?;
        Ok(root)
    }

    /// The root as canonical JSON.
    pub(super) fn to_json(&self) -> Result<Vec<u8>, RootError> {
        self.check()?;
        let mut roles = BTreeMap::new();
        for (role, keys) in &self.roles {
            let wire = WireRole { keyids: keys.keys.iter().copied().collect(), threshold: keys.threshold };
            roles.insert(role.to_string(), to_value(&wire)?);
        }
        if !self.logs.is_empty() {
            roles.insert("log".to_owned(), to_value(&WireLog { vkeys: self.logs.iter().cloned().collect() })?);
        }
        if let Some(policy) = &self.witness_policy {
            roles.insert("witness".to_owned(), to_value(&WireWitness { policy: policy.clone() })?);
        }
        let wire = WireRoot {
            kind: "root".to_owned(),
            spec_version: "1.0".to_owned(),
            version: self.version,
            expires: self.expires,
            keys: self.keys.iter().map(|(id, key)| (*id, write_key(key))).collect(),
            roles,
            denied: self.denied.clone(),
        };
        serde_json_canonicalizer::to_vec(&wire).map_err(|error| malformed(&error.to_string()))
    }

    fn read_role(&mut self, name: &str, role: Value) -> Result<(), RootError> {
        match name {
            "log" => self.logs = from_value::<WireLog>(role)?.vkeys.into_iter().collect(),
            "witness" => self.witness_policy = Some(from_value::<WireWitness>(role)?.policy),
            _ => {
                let name: KeyRole = name.parse().map_err(|error| malformed(&format!("{error}")))?;
                let wire: WireRole = from_value(role)?;
                let keys: BTreeSet<_> = wire.keyids.iter().copied().collect();
                if keys.len() != wire.keyids.len() {
                    return Err(malformed(&format!("the role `{name}` lists a key twice")));
                }
                self.roles.insert(name, RoleKeys { keys, threshold: wire.threshold });
            }
        }
        Ok(())
    }

    /// That the parts agree with each other.
    fn check(&self) -> Result<(), RootError> {
        if self.version == 0 || self.version > MAX_VERSION {
            return Err(malformed("its version is not a number from 1 to 2^53"));
        }
        let policy_fits = self.witness_policy.as_ref().is_none_or(|policy| policy.len() <= MAX_POLICY_BYTES);
        let denied_fits = self.denied.modules.len().max(self.denied.skills.len()) <= MAX_DENIED;
        if self.keys.len() > MAX_KEYS || self.roles.len() > MAX_ROLES || !denied_fits || !policy_fits {
            return Err(malformed("it has more parts than allowed: 256 keys, 1,024 roles, 4,096 denials of each kind"));
        }
        self.keys.values().try_for_each(check_key)?;
        self.roles.iter().try_for_each(|(name, role)| self.check_role(name, role))?;
        self.check_root_role()
    }

    fn check_role(&self, name: &KeyRole, role: &RoleKeys) -> Result<(), RootError> {
        if role.threshold == 0 || role.threshold > role.keys.len() {
            return Err(malformed(&format!(
                "the role `{name}` needs {} of {} keys, which is never or always so",
                role.threshold,
                role.keys.len()
            )));
        }
        match role.keys.iter().find(|id| !self.keys.contains_key(id)) {
            Some(id) => Err(malformed(&format!("the role `{name}` lists the key {id}, which is not among the keys"))),
            None => Ok(()),
        }
    }

    /// Root keys hold without limit until another version takes them away. A window or a revocation that did nothing
    /// would look like one that does.
    fn check_root_role(&self) -> Result<(), RootError> {
        let Some(role) = self.roles.get(&KeyRole::Root) else { return Err(malformed("it has no role `root`")) };
        let plain = |key: &TrustedKey| key.valid_from.or(key.valid_until).is_none() && key.revoked.is_none();
        match role.keys.iter().filter_map(|id| self.keys.get(id)).find(|key| !plain(key)) {
            Some(key) => Err(malformed(&format!(
                "the root key {} is revoked or has a time: take it out of the role `root` instead",
                key.key
            ))),
            None => Ok(()),
        }
    }
}

fn read_key((id, wire): (TufKeyId, WireKey)) -> Result<(TufKeyId, TrustedKey), RootError> {
    if wire.keytype != "ed25519" || wire.scheme != "ed25519" {
        return Err(malformed(&format!("the key {id} is not of Ed25519")));
    }
    let mut bytes = [0; 32];
    let decoded = base16ct::lower::decode(&wire.keyval.public, &mut bytes).map(<[u8]>::len);
    if decoded != Ok(bytes.len()) {
        return Err(malformed(&format!("the key {id} has not 64 lower-case hexadecimal digits")));
    }
    let key = PublicKey::from_bytes(&bytes).map_err(|error| malformed(&format!("the key {id} is none: {error}")))?;
    if key.tuf_key_id() != id {
        return Err(malformed(&format!("the key {id} has another id: {}", key.tuf_key_id())));
    }
    let WireNotes { label, valid_from, valid_until, revoked } = wire.notes;
    Ok((id, TrustedKey { key, label, valid_from, valid_until, revoked }))
}

fn write_key(key: &TrustedKey) -> WireKey {
    WireKey {
        keytype: "ed25519".to_owned(),
        scheme: "ed25519".to_owned(),
        keyval: WireKeyValue { public: key.key.to_hex() },
        notes: WireNotes {
            label: key.label.clone(),
            valid_from: key.valid_from,
            valid_until: key.valid_until,
            revoked: key.revoked,
        },
    }
}

fn check_key(key: &TrustedKey) -> Result<(), RootError> {
    match (key.valid_from, key.valid_until) {
        (Some(from), Some(until)) if from >= until => {
            Err(malformed(&format!("the key {} is valid until before it is valid", key.key)))
        }
        _ => Ok(()),
    }
}

impl WireNotes {
    const fn is_empty(&self) -> bool {
        self.label.is_none() && self.valid_from.is_none() && self.valid_until.is_none() && self.revoked.is_none()
    }
}

fn from_value<T: for<'de> Deserialize<'de>>(value: Value) -> Result<T, RootError> {
    serde_json::from_value(value).map_err(|error| malformed(&error.to_string()))
}

fn to_value<T: Serialize>(value: &T) -> Result<Value, RootError> {
    serde_json::to_value(value).map_err(|error| malformed(&error.to_string()))
}

fn malformed(what: &str) -> RootError {
    RootError::Malformed(vak_model::printable(what, 300))
}
