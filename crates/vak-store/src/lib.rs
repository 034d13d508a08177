//! Where installed skills lie: artefacts named by their digest, an index by name and version, and lock files.
//!
//! An artefact comes in only after it was admitted, and goes out only if its bytes are those that the index names: digest
//! and length are looked at on every load, of the very bytes that are given out. Whether anybody still vouches for them is
//! asked by the caller, who has a trust root; a store that was tampered with can refuse to serve, and can't make anything
//! run that is not signed.
//!
//! Every change happens under one lock and appears whole or not at all, whenever a process is killed. This crate asks no
//! network, reads no clock and no environment, and prints nothing.

mod blobs;
mod error;
mod files;
mod index;
mod layout;
mod lock_file;
mod reference;
mod store;

pub use error::StoreError;
pub use index::Entry;
pub use layout::{LayoutError, export as export_layout, import as import_layout, is_layout};
pub use lock_file::{Drift, LOCK_FILE, LockError, LockFile, Pin};
pub use reference::SkillReference;
pub use store::{Added, OnConflict, Rebuilt, Store, StoreBounds, Swept};
