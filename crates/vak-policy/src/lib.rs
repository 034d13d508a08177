//! May it: what a skill's manifest asks for, what the operator gives, and what comes of both.
//!
//! A [`Grant`] is made once for a skill, of its manifest and the [`Operator`]'s word, and decides every [`Effect`] of its
//! calls. What is in both is allowed, all else denied. This crate is pure: it reads no file, no clock and no environment.
//!
//! [`Effect`]: vak_model::Effect

mod grant;
mod operator;
mod scope;

pub use grant::{Grant, GrantError, Principal};
pub use operator::{Allowance, Operator};
pub use scope::InvalidScope;
