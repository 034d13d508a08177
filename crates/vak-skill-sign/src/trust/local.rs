//! The trust root and the root key that lie on this machine.

use std::path::PathBuf;

use vak_cli::{Failure, Home};
use vak_trust::{
    KeyRole, PublicKey, Root, RootDraft, RootKey, RootProposal, SignedRoot, SkillPattern, Timestamp, TrustStore,
    TrustedKey,
};

use crate::failures;
use crate::keygen::{make_folder, make_key};
use crate::keys::{KeySource, PassphraseArgs, key_folder};

/// What helps those whose root key is not here.
const NAME: (&str, &str) = ("--root-key FILE", "names the root key");

/// What helps those who make a key where the root key is not.
const LATER: (&str, &str) =
    ("vak-skill-sign trust add KEY --role 'publisher:*' --root-key FILE", "trusts a key that is there");

/// How long a trust root is good for unless somebody says otherwise: a year, in seconds.
const YEAR: u64 = 365 * 24 * 60 * 60;

/// The store of this machine's trust root.
pub(super) fn store() -> TrustStore {
    TrustStore::at(Home::from_env().config.join("trust"))
}

/// Where the root key lies unless somebody says otherwise. It signs nothing but trust roots.
fn root_key_path() -> PathBuf {
    key_folder().join("root.pem")
}

/// Reads the root keys to sign with: those named, or the one that lies here.
pub(super) fn root_keys(named: &[KeySource], passphrase: &PassphraseArgs) -> Result<Vec<RootKey>, Failure> {
    let default = [KeySource::File(root_key_path())];
    let sources = if named.is_empty() { &default } else { named };
    sources.iter().map(|source| source.read::<Root>(passphrase, NAME)).collect()
}

/// The proposal with the signatures of all `keys`.
pub(super) fn signed(proposal: RootProposal, keys: &[RootKey]) -> RootProposal {
    keys.iter().fold(proposal, |proposal, key| proposal.sign(key))
}

/// Makes the first trust root; with the root key that is named or lies here, else with a new one.
pub(super) fn make(
    named: Option<&KeySource>,
    passphrase: &PassphraseArgs,
    expires: Timestamp,
) -> Result<SignedRoot, Failure> {
    let store = store();
    if store.load().map_err(|error| failures::store(&error))?.is_some() {
        let there = vak_trust::StoreError::Exists(store.path());
        return Err(failures::store(&there).next("vak-skill-sign trust show", "shows it"));
    }
    let key = root_key(named, passphrase)?;
    let proposal = RootDraft::first(key.public(), expires).propose().map_err(|error| failures::root(&error))?;
    let root = proposal.sign(&key).complete().map_err(|error| failures::root(&error))?;
    store.install(&root).map_err(|error| failures::store(&error))?;
    Ok(root)
}

fn root_key(named: Option<&KeySource>, passphrase: &PassphraseArgs) -> Result<RootKey, Failure> {
    let path = root_key_path();
    if named.is_none() && path.symlink_metadata().is_err() {
        make_folder(&key_folder())?;
        let passphrase = passphrase.value()?;
        return Ok(make_key::<Root>(&path, passphrase.as_deref().map(Vec::as_slice))?.0);
    }
    let source = named.cloned().unwrap_or(KeySource::File(path));
    source.read(passphrase, NAME)
}

/// A year after `now`.
pub(super) fn in_a_year(now: Timestamp) -> Timestamp {
    Timestamp::from_unix(now.unix().saturating_add(YEAR)).unwrap_or(now)
}

/// The trust root and what is needed to change it.
#[derive(Debug)]
pub(crate) struct Local {
    current: SignedRoot,
    key: RootKey,
}

impl Local {
    /// This machine's trust root, which is made if there is none.
    pub(crate) fn open_or_make(now: Timestamp) -> Result<Self, Failure> {
        let none = PassphraseArgs::default();
        let current = match store().load().map_err(|error| failures::store(&error))? {
            Some(root) => root,
            None => make(None, &none, in_a_year(now))?,
        };
        let key = KeySource::File(root_key_path()).read::<Root>(&none, LATER)?;
        Ok(Self { current, key })
    }

    /// Trusts `key` for skills of every name; answers the version that does.
    pub(crate) fn trust(self, key: PublicKey) -> Result<u64, Failure> {
        let every = KeyRole::Publisher(SkillPattern::every());
        let mut draft = RootDraft::after(&self.current);
        let change = draft.add(TrustedKey::new(key), every).and_then(|()| draft.propose());
        let proposal = change.map_err(|error| failures::root(&error))?.sign(&self.key);
        let root = store().update([proposal]).map_err(|error| failures::store(&error))?;
        Ok(root.root().version())
    }
}
