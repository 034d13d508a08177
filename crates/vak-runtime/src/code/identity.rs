//! What code is bound to: the exact compiler and its settings, and the module that it was compiled from.

use std::hash::{Hash as _, Hasher};

use sha2::{Digest as _, Sha256};
use vak_model::{Digest, ModuleId};
use wasmtime::Engine;

use crate::{ENGINE_VERSION, Profile};

/// Identifies an engine as a compiler: its version, profile, target and processor. It changes when code compiled before
/// may be other code than it would compile now.
///
/// The engine's own check on loading is not enough: it takes code that was compiled with other settings for NaNs or for
/// optimisation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Identity(Digest);

/// Names an entry of the cache: the code of one module, compiled by one engine, or what one text was read as.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct EntryName([u8; 32]);

impl Identity {
    /// Of an engine that was made for `profile`.
    pub(crate) fn of(engine: &Engine, profile: Profile) -> Self {
        let mut settings = HashInto(Sha256::new());
        engine.precompile_compatibility_hash().hash(&mut settings);
        let (profile, settings) = (profile.digest(), settings.0.finalize());
        let parts = [ENGINE_VERSION.as_bytes(), profile.as_bytes(), &settings];
        Self(vak_package::sha256(&joined("vak-engine-1", &parts)))
    }

    pub(super) const fn of_digest(digest: Digest) -> Self {
        Self(digest)
    }

    pub(super) const fn digest(&self) -> &Digest {
        &self.0
    }

    /// The name of the code that this engine makes of a module.
    pub(crate) fn entry(&self, module: ModuleId) -> EntryName {
        let name = joined("vak-code-1", &[self.0.as_bytes(), module.0.as_bytes()]);
        EntryName(*vak_package::sha256(&name).as_bytes())
    }
}

impl EntryName {
    /// Names what a text was read as. The number is raised whenever a text may be read as another value than before.
    pub(crate) fn of_text(text: &str) -> Self {
        let name = joined("vak-text-1", &[env!("CARGO_PKG_VERSION").as_bytes(), text.as_bytes()]);
        Self(*vak_package::sha256(&name).as_bytes())
    }

    pub(super) const fn bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// The name of the entry's file.
    pub(super) fn file(&self) -> String {
        base16(&self.0)
    }
}

/// Lower-case hexadecimal digits.
pub(super) fn base16(bytes: &[u8]) -> String {
    let digit = |nibble: u8| char::from_digit(nibble.into(), 16).unwrap_or('0');
    bytes.iter().flat_map(|byte| [digit(byte >> 4), digit(byte & 15)]).collect()
}

/// A label and parts, each with its length before it, so that no two lists of parts are the same bytes.
fn joined(label: &str, parts: &[&[u8]]) -> Vec<u8> {
    let all = std::iter::once(label.as_bytes()).chain(parts.iter().copied());
    all.flat_map(|part| (part.len() as u64).to_le_bytes().into_iter().chain(part.iter().copied())).collect()
}

/// Feeds what is hashed to SHA-256.
struct HashInto(Sha256);

impl Hasher for HashInto {
    fn write(&mut self, bytes: &[u8]) {
        self.0.update(bytes);
    }

    /// Nobody asks for it: the digest is taken instead.
    fn finish(&self) -> u64 {
        0
    }
}

#[cfg(test)]
mod tests {
    use wasmtime::{Config, OptLevel};

    use super::*;

    /// The name of one module's code, compiled by an engine with one more setting than the profile's.
    fn name(profile: Profile, change: impl FnOnce(&mut Config)) -> EntryName {
        let mut config = profile.config();
        change(&mut config);
        let engine = Engine::new(&config).expect("an engine");
        Identity::of(&engine, profile).entry(ModuleId(Digest::from_bytes([1; 32])))
    }

    #[test]
    fn n3_each_setting_that_changes_code_changes_the_name_of_its_entry() {
        let changes: [fn(&mut Config); 7] = [
            |_| (),
            |config| _ = config.cranelift_nan_canonicalization(true),
            |config| _ = config.cranelift_opt_level(OptLevel::None),
            |config| _ = config.consume_fuel(false),
            |config| _ = config.epoch_interruption(false),
            |config| _ = config.memory_reservation(1 << 20),
            |config| _ = config.wasm_simd(false),
        ];
        let mut names = changes.map(|change| name(Profile::Exact, change).file()).to_vec();
        names.push(name(Profile::Portable, |_| ()).file());
        let different: std::collections::BTreeSet<_> = names.iter().collect();
        assert_eq!(different.len(), names.len(), "{names:?}");
        assert_eq!(names[0], name(Profile::Exact, |_| ()).file());
    }

    #[test]
    fn how_instances_get_their_memory_and_stacks_does_not_change_the_name() {
        let stacks = |config: &mut Config| _ = config.max_wasm_stack(64 << 10).async_stack_size(1 << 20);
        let pool = |config: &mut Config| _ = config.allocation_strategy(wasmtime::PoolingAllocationConfig::new());
        assert_eq!(name(Profile::Exact, stacks), name(Profile::Exact, |_| ()));
        assert_eq!(name(Profile::Exact, pool), name(Profile::Exact, |_| ()));
    }

    #[test]
    fn parts_do_not_run_into_each_other() {
        assert_ne!(joined("a", &[b"bc", b"d"]), joined("a", &[b"b", b"cd"]));
        assert_eq!(base16(&[0, 0x1f, 0xff]), "001fff");
    }
}
