//! How VAK's tools speak to people and scripts: shared arguments, folders, errors, output and exit codes.
//!
//! This is the only crate that prints or exits. It knows nothing of packages, trust or engines: a tool turns what its
//! libraries say into a [`Failure`], and this crate shows it the same way everywhere. It never decides whether
//! something may happen.

mod args;
mod failure;
mod format;
mod generate;
mod home;
mod main_loop;
mod quote;
mod ui;

pub use args::{JsonArgs, LimitArgs, TrustArgs, UnsignedArgs};
pub use failure::{Failure, Next, Place, PlacedFailure};
pub use format::{bytes, count, millis};
pub use home::{Home, VAK_HOME};
pub use main_loop::{EXIT_STATUS, Tool, main};
pub use quote::quote;
pub use ui::{Progress, Table, Ui};
