//! How much one run, or one skill's store, can have of the operator's disk.

use std::sync::atomic::{AtomicU64, Ordering};

/// How much one run writes to files at most, in bytes.
pub const FS_WRITTEN_BYTES: u64 = 64 << 20;

/// How many files and folders one run makes at most.
pub const FS_MADE: u64 = 1000;

/// The longest value of a store, in bytes.
pub(super) const KV_VALUE_BYTES: usize = 1 << 20;

/// How many keys a store has at most.
pub(super) const KV_KEYS: u64 = 10_000;

/// How much a store holds at most, in bytes of keys and values.
pub const KV_BYTES: u64 = 16 << 20;

/// Something of which a run has so much and no more.
pub(super) struct Budget {
    spent: AtomicU64,
    max: u64,
}

/// It is used up.
pub(super) struct UsedUp;

impl Budget {
    pub(super) const fn of(max: u64) -> Self {
        Self { spent: AtomicU64::new(0), max }
    }

    /// Takes some of it, if there is as much left.
    pub(super) fn take(&self, amount: u64) -> Result<(), UsedUp> {
        let add = |spent: u64| spent.checked_add(amount).filter(|sum| *sum <= self.max);
        self.spent.fetch_update(Ordering::Relaxed, Ordering::Relaxed, add).map(drop).map_err(|_| UsedUp)
    }
}
