//! What one store may grow to, and what it has used.

use vak_model::{Denial, Effect, LimitKind, Limits};
use wasmtime::ResourceLimiter;

use crate::host::Funnel;

/// The data of every store: the sums that no single memory or table may hide, and their peak.
#[derive(Debug)]
pub(crate) struct Meter {
    memory_max: u64,
    memory: u64,
    elements_max: u64,
    elements: u64,
    peak: u64,
    host_calls_max: u64,
    host_calls: u64,
    /// What host functions go through; a skill that imports none has none.
    funnel: Option<Box<Funnel>>,
}

/// A limit was reached inside the engine; travels through it as the cause of a trap.
#[derive(Clone, Copy, Debug, thiserror::Error)]
#[error("limit reached: {0}")]
pub(crate) struct LimitHit(pub(crate) LimitKind);

/// The host could not provide what the limits allow; travels through the engine likewise.
#[derive(Clone, Copy, Debug, thiserror::Error)]
#[error("the host has no memory")]
pub(crate) struct HostMemoryGone;

/// What one element of a table costs the host.
const ELEMENT_BYTES: u64 = 8;

/// All that 32-bit pointers reach: the maximum of a memory that declares none.
const ADDRESS_SPACE: usize = 1 << 32;

impl Meter {
    pub(crate) fn new(limits: &Limits) -> Self {
        Self {
            memory_max: limits.memory_bytes(),
            memory: 0,
            elements_max: limits.get(LimitKind::Table),
            elements: 0,
            peak: 0,
            host_calls_max: limits.get(LimitKind::HostCalls),
            host_calls: 0,
            funnel: None,
        }
    }

    /// Counts one host call.
    pub(crate) const fn count_host_call(&mut self) -> Result<(), LimitHit> {
        if self.host_calls == self.host_calls_max {
            return Err(LimitHit(LimitKind::HostCalls));
        }
        self.host_calls += 1;
        Ok(())
    }

    /// Lets host functions act, by one way alone.
    pub(crate) fn lead_through(&mut self, funnel: Funnel) {
        self.funnel = Some(Box::new(funnel));
    }

    /// The way that host functions act by.
    pub(crate) fn funnel(&mut self) -> wasmtime::Result<&mut Funnel> {
        self.funnel.as_deref_mut().ok_or_else(|| wasmtime::Error::msg("a host function has nothing behind it"))
    }

    /// What host functions were denied, the first few.
    pub(crate) fn take_denied(&mut self) -> Vec<(Effect, Denial)> {
        self.funnel.take().map(|funnel| funnel.into_denied()).unwrap_or_default()
    }

    /// Host calls made so far.
    pub(crate) const fn host_calls(&self) -> u64 {
        self.host_calls
    }

    /// The largest sum of all memories and tables so far, in bytes.
    pub(crate) const fn peak(&self) -> u64 {
        self.peak
    }

    fn note_peak(&mut self) {
        self.peak = self.peak.max(self.memory + self.elements * ELEMENT_BYTES);
    }
}

/// The sum after a part has grown from `current` to `desired`, if it is within `max`.
fn grown(sum: u64, current: usize, desired: usize, max: u64) -> Option<u64> {
    let sum = sum.saturating_sub(current as u64).checked_add(desired as u64)?;
    (sum <= max).then_some(sum)
}

impl ResourceLimiter for Meter {
    fn memory_growing(&mut self, current: usize, desired: usize, maximum: Option<usize>) -> wasmtime::Result<bool> {
        if maximum.is_some_and(|maximum| maximum < ADDRESS_SPACE && desired > maximum) {
            return Ok(false);
        }
        self.memory = grown(self.memory, current, desired, self.memory_max).ok_or(LimitHit(LimitKind::Memory))?;
        self.note_peak();
        Ok(true)
    }

    fn memory_grow_failed(&mut self, _: wasmtime::Error) -> wasmtime::Result<()> {
        Err(HostMemoryGone.into())
    }

    fn table_growing(&mut self, current: usize, desired: usize, maximum: Option<usize>) -> wasmtime::Result<bool> {
        if maximum.is_some_and(|maximum| desired > maximum) {
            return Ok(false);
        }
        self.elements = grown(self.elements, current, desired, self.elements_max).ok_or(LimitHit(LimitKind::Table))?;
        self.note_peak();
        Ok(true)
    }

    fn table_grow_failed(&mut self, _: wasmtime::Error) -> wasmtime::Result<()> {
        Err(HostMemoryGone.into())
    }
}
