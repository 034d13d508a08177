//! Secret keys, named by what they are for.

use std::fmt;
use std::marker::PhantomData;

use ed25519_dalek::{Signer as _, SigningKey};
use zeroize::Zeroizing;

use super::PublicKey;

/// What a key is for. A key of one role can't be used where another is asked for.
pub trait Role: sealed::Sealed {
    /// The role's name, as trust roots write it.
    const NAME: &'static str;
}

mod sealed {
    pub trait Sealed {}
}

macro_rules! roles {
    ($($(#[doc = $doc:literal])+ $role:ident, $key:ident, $name:literal;)+) => {
        $(
            $(#[doc = $doc])+
            #[derive(Clone, Copy, Debug)]
            pub enum $role {}

            impl sealed::Sealed for $role {}

            impl Role for $role {
                const NAME: &'static str = $name;
            }

            #[doc = concat!("The secret key of the role `", $name, "`.")]
            pub type $key = SecretKey<$role>;
        )+
    };
}

roles! {
    /// Signs skills.
    Publisher, PublisherKey, "publisher";
    /// Signs trust roots.
    Root, RootKey, "root";
    /// Signs how a skill was built.
    Builder, BuilderKey, "builder";
    /// Signs receipts of runs.
    Runtime, RuntimeKey, "runtime";
    /// Signs checkpoints of a log, and must sign nothing else: their form has no prefix of its own.
    Log, LogKey, "log";
    /// Signs that it has seen a checkpoint.
    Witness, WitnessKey, "witness";
}

/// A secret key for one role. It is overwritten when dropped, and never shown.
///
/// Keys of different roles don't mix:
///
/// ```compile_fail,E0308
/// fn sign_a_skill(_: &vak_trust::PublisherKey) {}
/// sign_a_skill(&vak_trust::RootKey::from_seed(&[7; 32]));
/// ```
pub struct SecretKey<R: Role> {
    key: SigningKey,
    role: PhantomData<R>,
}

/// The system gave no random bytes.
#[derive(Clone, Copy, Debug, thiserror::Error)]
#[error("the system gave no random bytes for a key: {0}")]
pub struct NoEntropy(getrandom::Error);

impl<R: Role> SecretKey<R> {
    /// A new key, from the system's random numbers.
    ///
    /// # Errors
    /// There are none.
    pub fn generate() -> Result<Self, NoEntropy> {
        let mut seed = Zeroizing::new([0; 32]);
        getrandom::fill(seed.as_mut()).map_err(NoEntropy)?;
        Ok(Self::from_seed(&seed))
    }

    /// The key that RFC 8032 derives from a seed.
    #[must_use]
    pub fn from_seed(seed: &[u8; 32]) -> Self {
        Self { key: SigningKey::from_bytes(seed), role: PhantomData }
    }

    /// The public key. It is always derived from the secret one, never taken from elsewhere: signing under another
    /// public key would give the secret away.
    #[must_use]
    pub fn public(&self) -> PublicKey {
        PublicKey::of_secret(self.key.verifying_key())
    }

    pub(crate) fn seed(&self) -> &[u8; 32] {
        self.key.as_bytes()
    }

    pub(crate) fn sign(&self, message: &[u8]) -> [u8; 64] {
        self.key.sign(message).to_bytes()
    }
}

impl<R: Role> fmt::Debug for SecretKey<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SecretKey({}, {})", R::NAME, self.public())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn v7_a_secret_key_is_never_shown() {
        let key = PublisherKey::from_seed(&[7; 32]);
        let shown = format!("{key:?} {key:#?}");
        assert_eq!(shown.matches("SecretKey(publisher, ed25519:6kps").count(), 2);
        for spelling in ["0707", "BwcH", "7, 7", "07, 07"] {
            assert!(!shown.contains(spelling), "{shown}");
        }
    }

    #[test]
    fn generated_keys_differ_and_sign() {
        let (one, other) = (RootKey::generate().expect("random"), RootKey::generate().expect("random"));
        assert_ne!(one.public(), other.public());
        assert!(one.public().verifies(b"message", &one.sign(b"message")));
        assert!(!other.public().verifies(b"message", &one.sign(b"message")));
    }
}
