//! The trust root: which keys may vouch for which skills, until when, and what is denied whoever vouches for it.
//!
//! Its shape is that of TUF's root role, in a DSSE envelope. A root is followed only by the next version, signed by
//! enough root keys of both; so whoever trusts one version needs nothing else to trust the next.

mod change;
mod deny;
mod model;
mod pattern;
mod signed;
mod wire;

pub use change::RootDraft;
pub use deny::{Denied, DeniedSkill, InvalidDenial};
pub use model::{InvalidRole, KeyRole, KeyState, Revocation, RevocationReason, RoleKeys, TrustRoot, TrustedKey};
pub use pattern::{InvalidPattern, SkillPattern};
pub use signed::{RootError, RootProposal, SignedRoot};
