//! May it: what a skill's manifest asks for, what the operator gives, and what comes of both.
//!
//! A [`Grant`] is made once for a skill, of its manifest and the [`Operator`]'s word, and decides every [`Effect`] of its
//! calls. What is in both is allowed, all else denied. The operator's word is a set of Cedar policies, flags of a command
//! line among them. This crate is pure: it reads no file, no clock and no environment.
//!
//! [`Effect`]: vak_model::Effect

mod address;
mod ask;
mod error;
mod explain;
mod grant;
mod operator;
mod outline;
mod reach;
mod rules;
mod scope;
mod slice;
mod stack;
mod terms;
mod url;

pub use address::{Reserved, reserved};
pub use error::{Finding, Mistake, Place, PolicyError};
pub use explain::{Advice, Explained, GoesInto, Grants, explain};
pub use grant::{Grant, GrantError, Principal};
pub use operator::{Allowance, Operator, check_policy};
pub use scope::InvalidScope;
pub use url::{InvalidPattern, UrlPattern};

/// VAK's schema for policies, in Cedar's syntax: who may ask, for what, and what a policy may look at.
#[must_use]
pub const fn schema_text() -> &'static str {
    include_str!("schema.cedarschema")
}
