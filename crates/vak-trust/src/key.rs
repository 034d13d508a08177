//! Keys. A key is its 32 public bytes; every key id is derived from them and is a hint, never a reason to trust.

mod file;
mod openssh;
mod public;
mod public_text;
mod secret;
mod secret_text;

pub use file::{KeyFileError, create_key_file, create_public_file, read_key_file};
pub use public::{InvalidKey, InvalidKeyId, PublicKey, TufKeyId, WasmKeyId};
pub use public_text::PublicKeyForm;
pub use secret::{
    Builder, BuilderKey, Log, LogKey, NoEntropy, Publisher, PublisherKey, Role, Root, RootKey, Runtime, RuntimeKey,
    SecretKey, Witness, WitnessKey,
};
pub use secret_text::SecretKeyError;
