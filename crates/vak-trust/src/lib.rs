//! Who vouches for an artefact, and the only way to an [`Admitted`] one.
//!
//! What runs has to be admitted first, and what is admitted carries how: there is one door, [`admit`], and beside it the
//! loud [`dangerous::admit_unsigned`] for development. Nothing else makes an [`Admitted`], so nothing else can be
//! compiled. This crate links no engine.
//!
//! Signatures cannot be checked yet. So [`admit`] refuses everything, and an artefact that carries a signature
//! is refused by both doors: an unchecked signature is never taken for a good one.
//!
//! An artefact cannot be admitted by hand:
//!
//! ```compile_fail,E0451
//! fn forge(package: vak_package::Package) -> vak_trust::Admitted<vak_package::Package> {
//!     vak_trust::Admitted { artefact: package, standing: vak_trust::Standing::Unsigned }
//! }
//! ```

use vak_model::Code;
use vak_package::Artefact;

/// An artefact that passed one of the two doors. What it holds can't be changed any more.
#[derive(Clone, Debug)]
pub struct Admitted<A> {
    artefact: A,
    standing: Standing,
}

/// Through which door an artefact came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// Nobody vouches for it; the operator let it in all the same.
    Unsigned,
}

/// Why an artefact is not admitted.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AdmitError {
    /// There is no signature.
    #[error("not signed")]
    Unsigned,
    /// There is a signature, and nothing here that can check it.
    #[error("signed, and its signature can't be checked yet")]
    Unsupported,
}

impl AdmitError {
    /// What the error is called.
    #[must_use]
    pub const fn code(&self) -> Code {
        match self {
            Self::Unsigned => Code::SignatureMissing,
            Self::Unsupported => Code::SignatureUnsupported,
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
    pub const fn standing(&self) -> Standing {
        self.standing
    }
}

/// Admits an artefact whose signatures satisfy the operator.
///
/// # Errors
/// Always, as long as signatures can't be checked; see [`AdmitError`].
pub fn admit<A: Artefact>(artefact: A) -> Result<Admitted<A>, AdmitError> {
    Err(if artefact.carries_signature() { AdmitError::Unsupported } else { AdmitError::Unsigned })
}

/// Doors that skip a check. Each caller says on its own surface that it uses one.
pub mod dangerous {
    use super::{AdmitError, Admitted, Artefact, Standing};

    /// Admits an artefact that nobody has signed, for development.
    ///
    /// # Errors
    /// An artefact that carries a signature: it must be checked, not skipped.
    pub fn admit_unsigned<A: Artefact>(artefact: A) -> Result<Admitted<A>, AdmitError> {
        if artefact.carries_signature() {
            return Err(AdmitError::Unsupported);
        }
        Ok(Admitted { artefact, standing: Standing::Unsigned })
    }
}

#[cfg(test)]
mod tests {
    use vak_package::{Bounds, RawModule};

    use super::*;

    fn module(sections: &[u8]) -> RawModule {
        RawModule::read([b"\0asm\x01\0\0\0", sections].concat(), &Bounds::default()).expect("a module")
    }

    #[test]
    fn an_unsigned_artefact_passes_only_the_loud_door() {
        assert_eq!(admit(module(b"")).expect_err("unsigned"), AdmitError::Unsigned);
        assert_eq!(dangerous::admit_unsigned(module(b"")).expect("admitted").standing(), Standing::Unsigned);
    }

    #[test]
    fn a_signature_that_nobody_can_check_passes_neither_door() {
        let signed = || module(b"\0\x0b\x09signature!");
        assert_eq!(admit(signed()).expect_err("unchecked"), AdmitError::Unsupported);
        assert_eq!(dangerous::admit_unsigned(signed()).expect_err("unchecked"), AdmitError::Unsupported);
    }
}
