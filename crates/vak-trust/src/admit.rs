//! The doors. What comes through one is an [`Admitted`], and there is no other way to make one.

use std::collections::BTreeSet;

use vak_model::{Code, Digest, SkillName, Text};
use vak_package::Artefact;

use crate::key::PublicKey;
use crate::root::{KeyState, RevocationReason, RoleKeys, SignedRoot, SkillPattern, TrustedKey};
use crate::section::SectionError;
use crate::time::Timestamp;
use crate::trust::Trust;
use crate::verify;

/// An artefact that passed one of the two doors. What it holds can't be changed any more.
#[derive(Clone, Debug)]
pub struct Admitted<A> {
    artefact: A,
    standing: Standing,
}

/// Through which door an artefact came.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Standing {
    /// Those whom the operator trusts vouch for it.
    Signed(Signed),
    /// Nobody trusted vouches for it, for this reason; the operator let it in all the same.
    Unsigned(AdmitError),
}

/// Who vouches for an artefact, and by whose word they may.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Signed {
    /// The keys that count, each once, and at least as many as are needed.
    pub signers: Vec<Signer>,
    /// The trust root that says so; none if the operator named one key.
    pub root: Option<RootUsed>,
}

/// A key that vouches for an artefact.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Signer {
    /// The key.
    pub key: PublicKey,
    /// Whose it is, by the trust root.
    pub label: Option<Text>,
}

/// The trust root that decided.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RootUsed {
    /// Its version.
    pub version: u64,
    /// Its fingerprint.
    pub fingerprint: Digest,
    /// Whether it should have been replaced already.
    pub expired: bool,
}

/// Why an artefact is not admitted. The messages follow "`name` is ...".
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AdmitError {
    /// There is no signature.
    #[error("not signed")]
    Unsigned,
    /// The signature is not of the form.
    #[error("signed, and the signature is malformed: {0}")]
    Malformed(&'static str),
    /// The signature is of a form that is not taken here.
    #[error("signed in a form that is not taken: {0}")]
    Unsupported(&'static str),
    /// The signature is for other bytes.
    #[error("not what was signed: its signature is for other bytes")]
    OtherBytes,
    /// The signature says that this key made it, and it did not.
    #[error("signed, and the signature of {0} is broken")]
    Broken(PublicKey),
    /// Nothing is known of the keys that signed.
    #[error("signed, and no key that signed it is known")]
    Unknown,
    /// The keys are known, for other skills or other purposes.
    #[error("signed with {}, trusted for something else", list(.signers))]
    NotEntitled {
        /// The known keys that signed.
        signers: Vec<PublicKey>,
    },
    /// Too few of the keys that are trusted for it.
    #[error("signed by {signed} of the {needed} keys that `publisher:{role}` needs")]
    Threshold {
        /// Whose keys count.
        role: SkillPattern,
        /// How many signed and count.
        signed: usize,
        /// How many must.
        needed: usize,
    },
    /// The key's time has not come.
    #[error("signed with {0}, which is not valid yet")]
    NotYet(PublicKey),
    /// The key's time is over.
    #[error("signed with {0}, which has expired")]
    Expired(PublicKey),
    /// The key is revoked.
    #[error("signed with {key}, which is revoked ({reason})")]
    Revoked {
        /// The key.
        key: PublicKey,
        /// Why.
        reason: RevocationReason,
    },
    /// It is denied, whoever signed it.
    #[error("denied by the trust root (`{0}`)")]
    Denied(String),
    /// Only an expired trust root would admit it.
    #[error("trusted by nothing but version {version} of a trust root, which expired at {at}")]
    RootExpired {
        /// The root's version.
        version: u64,
        /// When it expired.
        at: Timestamp,
    },
}

impl AdmitError {
    /// What the error is called.
    #[must_use]
    pub const fn code(&self) -> Code {
        match self {
            Self::Unsigned => Code::SignatureMissing,
            Self::Malformed(_) => Code::SignatureMalformed,
            Self::Unsupported(_) => Code::SignatureUnsupported,
            Self::OtherBytes | Self::Broken(_) => Code::SignatureInvalid,
            Self::Unknown | Self::NotEntitled { .. } => Code::SignatureUntrusted,
            Self::Threshold { .. } => Code::SignatureThreshold,
            Self::NotYet(_) | Self::Expired(_) => Code::SignatureExpired,
            Self::Revoked { .. } => Code::SignatureRevoked,
            Self::Denied(_) => Code::TrustDenied,
            Self::RootExpired { .. } => Code::TrustExpired,
        }
    }

    /// Whether it is only that nobody trusted vouches for the artefact, so that the operator may let it in all the same.
    /// What is broken, revoked or denied is refused for what it is.
    #[must_use]
    pub const fn is_for_want_of_trust(&self) -> bool {
        match self {
            Self::Unsigned
            | Self::Unknown
            | Self::NotEntitled { .. }
            | Self::Threshold { .. }
            | Self::NotYet(_)
            | Self::Expired(_)
            | Self::RootExpired { .. } => true,
            Self::Malformed(_)
            | Self::Unsupported(_)
            | Self::OtherBytes
            | Self::Broken(_)
            | Self::Revoked { .. }
            | Self::Denied(_) => false,
        }
    }
}

impl From<SectionError> for AdmitError {
    fn from(error: SectionError) -> Self {
        match error {
            SectionError::Malformed(what) => Self::Malformed(what),
            SectionError::Unsupported(what) => Self::Unsupported(what),
        }
    }
}

impl<A: Artefact> Admitted<A> {
    /// The artefact.
    #[must_use]
    pub const fn artefact(&self) -> &A {
        &self.artefact
    }

    /// Through which door it came.
    #[must_use]
    pub const fn standing(&self) -> &Standing {
        &self.standing
    }

    /// Who vouches for it; nobody, if it came through the loud door.
    #[must_use]
    pub fn signers(&self) -> &[Signer] {
        match &self.standing {
            Standing::Signed(signed) => &signed.signers,
            Standing::Unsigned(_) => &[],
        }
    }
}

/// Admits an artefact that those vouch for whom `trust` names, at the time `now`.
///
/// # Errors
/// See [`AdmitError`].
pub fn admit<A: Artefact>(artefact: A, trust: &Trust, now: Timestamp) -> Result<Admitted<A>, AdmitError> {
    let signed = judge(&artefact, trust, now)?;
    Ok(Admitted { artefact, standing: Standing::Signed(signed) })
}

/// Doors that skip a check. Each caller says on its own surface that it uses one.
pub mod dangerous {
    use super::{AdmitError, Admitted, Artefact, Standing, Timestamp, Trust, judge};

    /// Admits an artefact for which nobody trusted vouches, for development: one without a signature, or with a good one
    /// that does not count. What is signed by those whom `trust` names is admitted as signed.
    ///
    /// # Errors
    /// The signature is broken, a key that made it is revoked, or the artefact is denied.
    pub fn admit_unsigned<A: Artefact>(artefact: A, trust: &Trust, now: Timestamp) -> Result<Admitted<A>, AdmitError> {
        let standing = match judge(&artefact, trust, now) {
            Ok(signed) => Standing::Signed(signed),
            Err(reason) if reason.is_for_want_of_trust() => Standing::Unsigned(reason),
            Err(error) => return Err(error),
        };
        Ok(Admitted { artefact, standing })
    }
}

/// Who vouches for `artefact`, or why nobody does.
fn judge<A: Artefact>(artefact: &A, trust: &Trust, now: Timestamp) -> Result<Signed, AdmitError> {
    let root = trust.signed_root();
    if let Some(root) = root
        && let Some(denial) = root.root().denied().verdict(artefact.id(), artefact.manifest())
    {
        return Err(AdmitError::Denied(denial));
    }
    let signers = verify::signers(artefact, trust.known())?;
    if signers.is_empty() {
        return Err(AdmitError::Unknown);
    }
    match root {
        None => {
            Ok(Signed { signers: signers.into_iter().map(|key| Signer { key, label: None }).collect(), root: None })
        }
        Some(root) => {
            let name = artefact.manifest().map(|manifest| &manifest.name);
            let signed = by_root(root, &signers, name, now)?;
            if root.root().is_expired(now) && trust.refuses_expired() {
                let root = root.root();
                return Err(AdmitError::RootExpired { version: root.version(), at: root.expires() });
            }
            Ok(signed)
        }
    }
}

/// Whether enough of `signers` may vouch for a skill of that name.
fn by_root(
    signed_root: &SignedRoot,
    signers: &BTreeSet<PublicKey>,
    name: Option<&SkillName>,
    now: Timestamp,
) -> Result<Signed, AdmitError> {
    let root = signed_root.root();
    let known: Vec<_> = signers.iter().filter_map(|key| root.key(key.tuf_key_id())).collect();
    let publisher = root.publisher(name);
    let entitled = |key: &&TrustedKey| publisher.is_some_and(|(_, role)| role.keys.contains(&key.key.tuf_key_id()));
    let counted: Vec<_> =
        known.iter().copied().filter(entitled).filter(|key| key.state(now) == KeyState::Good).collect();
    match publisher {
        Some((_, role)) if counted.len() >= role.threshold => {
            let signers = counted.into_iter().map(|key| Signer { key: key.key, label: key.label.clone() }).collect();
            let (version, expired) = (root.version(), root.is_expired(now));
            let used = RootUsed { version, fingerprint: signed_root.fingerprint(), expired };
            Ok(Signed { signers, root: Some(used) })
        }
        _ => Err(shortfall(&known, publisher, counted.len(), now)),
    }
}

/// Why the keys that signed are not enough: the gravest reason first.
fn shortfall(
    known: &[&TrustedKey],
    publisher: Option<(&SkillPattern, &RoleKeys)>,
    signed: usize,
    now: Timestamp,
) -> AdmitError {
    let revoked = known.iter().find_map(|key| match key.state(now) {
        KeyState::Revoked(reason) => Some(AdmitError::Revoked { key: key.key, reason }),
        _ => None,
    });
    if let Some(revoked) = revoked {
        return revoked;
    }
    let mut entitled = known
        .iter()
        .filter(|key| publisher.is_some_and(|(_, role)| role.keys.contains(&key.key.tuf_key_id())))
        .peekable();
    let Some((role, keys)) = publisher.filter(|_| entitled.peek().is_some()) else {
        return AdmitError::NotEntitled { signers: known.iter().map(|key| key.key).collect() };
    };
    let late = entitled.find_map(|key| match key.state(now) {
        KeyState::NotYet => Some(AdmitError::NotYet(key.key)),
        KeyState::Expired => Some(AdmitError::Expired(key.key)),
        KeyState::Good | KeyState::Revoked(_) => None,
    });
    late.unwrap_or_else(|| AdmitError::Threshold { role: role.clone(), signed, needed: keys.threshold })
}

fn list(keys: &[PublicKey]) -> String {
    keys.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
}
