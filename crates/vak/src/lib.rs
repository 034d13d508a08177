//! The facade for hosts: everything that running a skill takes, under one name.
//!
//! This crate only re-exports. A host depends on it and finds the chain's types where it looks for them: the nouns in
//! [`model`], artefacts in [`package`], the doors in [`trust`], and the runtime in [`sandbox`].

pub use vak_model as model;
pub use vak_package as package;
pub use vak_trust as trust;

/// The sandbox: compiling, preparing and calling skills under their limits.
pub mod sandbox {
    pub use vak_runtime::*;

    #[cfg(test)]
    mod security;
    #[cfg(test)]
    mod tests;
}
