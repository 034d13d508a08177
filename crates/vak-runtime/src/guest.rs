//! The exchange of bytes with a guest. Every pointer and length that a guest gives is checked in 64 bits before anything
//! is allocated or copied.

use vak_abi::{Answer, EXPORT_ALLOC, EXPORT_FAILURE, EXPORT_MEMORY, FAILURE_BYTES, Verdict};
use wasmtime::{Extern, Func, Instance, Memory, Module, ModuleExport, Store, TypedFunc};

use crate::error::{CallError, ContractError, TrapKind};
use crate::gate::Stop;
use crate::meter::{HostMemoryGone, LimitHit, Meter};
use vak_model::{LimitKind, Limits};

/// How a guest has spoken. What it said is not checked for being JSON yet.
pub(crate) enum Said {
    /// The function has returned.
    Answer(crate::Answer),
    /// It has executed `unreachable`, and has left what looks like an error of its own.
    LastWords(Vec<u8>),
}

/// The three exports that a call needs, and the instance for the one that it may need.
pub(crate) struct Guest {
    instance: Instance,
    memory: Memory,
    alloc: TypedFunc<u32, u32>,
    entry: TypedFunc<(u32, u32), i64>,
}

/// Where a module has the exports of every call. Names are looked up once and not at every call.
pub(crate) struct Places {
    memory: ModuleExport,
    alloc: ModuleExport,
}

impl Places {
    pub(crate) fn of(module: &Module) -> wasmtime::Result<Self> {
        Ok(Self { memory: place(module, EXPORT_MEMORY)?, alloc: place(module, EXPORT_ALLOC)? })
    }
}

/// Where a module has an export that the reader of artefacts has seen.
pub(crate) fn place(module: &Module, export: &str) -> wasmtime::Result<ModuleExport> {
    module.get_export_index(export).ok_or_else(gone)
}

fn gone() -> wasmtime::Error {
    wasmtime::Error::msg("a checked export is gone")
}

impl Guest {
    /// The reader of artefacts has checked names and types; this takes them.
    pub(crate) fn of(
        instance: &Instance,
        store: &mut Store<Meter>,
        places: &Places,
        entry: &ModuleExport,
    ) -> wasmtime::Result<Self> {
        let mut find = |place: &ModuleExport| instance.get_module_export(&mut *store, place);
        let memory = find(&places.memory).and_then(Extern::into_memory).ok_or_else(gone)?;
        let alloc: Func = find(&places.alloc).and_then(Extern::into_func).ok_or_else(gone)?;
        let entry: Func = find(entry).and_then(Extern::into_func).ok_or_else(gone)?;
        let (alloc, entry) = (alloc.typed(&*store)?, entry.typed(&*store)?);
        Ok(Self { instance: *instance, memory, alloc, entry })
    }

    /// Has the guest make room for the input, and copies it there.
    pub(crate) async fn give(
        &self,
        store: &mut Store<Meter>,
        input: &[u8],
        limits: &Limits,
    ) -> Result<(u32, u32), CallError> {
        let len = u32::try_from(input.len()).map_err(|error| CallError::Internal(error.to_string()))?;
        let ptr = self.alloc.call_async(&mut *store, len).await.map_err(|error| classify(&error, limits))?;
        let memory = self.memory.data_mut(&mut *store);
        let broken = ContractError::Alloc { ptr, len: input.len(), memory: memory.len() };
        if ptr == 0 && len > 0 {
            return Err(broken.into());
        }
        let block = range(ptr, len).and_then(|range| memory.get_mut(range)).ok_or(broken)?;
        block.copy_from_slice(input);
        Ok((ptr, len))
    }

    /// Calls the function that answers, and copies the answer out. If it trapped as a panic does, nothing of the guest
    /// runs any more, and its memory may hold the error that it could not return.
    pub(crate) async fn ask(
        &self,
        store: &mut Store<Meter>,
        (ptr, len): (u32, u32),
        limits: &Limits,
    ) -> Result<Said, CallError> {
        match self.entry.call_async(&mut *store, (ptr, len)).await.map_err(|error| classify(&error, limits)) {
            Ok(packed) => self.copy_out(store, Answer::unpack(packed), limits).map(Said::Answer),
            Err(trap @ CallError::Trap(TrapKind::Unreachable)) => {
                self.last_words(store, limits).map(Said::LastWords).ok_or(trap)
            }
            Err(error) => Err(error),
        }
    }

    /// The error that the guest has left where ABI 1 lets it, if there is one within the limits.
    fn last_words(&self, store: &mut Store<Meter>, limits: &Limits) -> Option<Vec<u8>> {
        let at = self.instance.get_global(&mut *store, EXPORT_FAILURE)?.get(&mut *store).i32()?;
        let left = self.memory.data(&*store).get(range(at.cast_unsigned(), FAILURE_BYTES)?)?;
        let answer = Answer::unpack(i64::from_le_bytes(left.try_into().ok()?));
        match answer.verdict {
            Verdict::Failed => self.copy_out(store, answer, limits).ok().map(crate::Answer::into_bytes),
            Verdict::Done => None,
        }
    }

    /// Copies out what an answer points to, if it lies in the memory and is no longer than allowed.
    fn copy_out(
        &self,
        store: &Store<Meter>,
        Answer { verdict, ptr, len }: Answer,
        limits: &Limits,
    ) -> Result<crate::Answer, CallError> {
        let memory = self.memory.data(store);
        let bytes = range(ptr, len).and_then(|range| memory.get(range)).ok_or(ContractError::OutputPointer {
            ptr,
            len,
            memory: memory.len(),
        })?;
        let max = limits.get(LimitKind::Output);
        if u64::from(len) > max {
            return Err(CallError::Limit { kind: LimitKind::Output, limit: max });
        }
        Ok(crate::Answer::new(verdict, bytes.to_vec()))
    }
}

pub(crate) fn range(ptr: u32, len: u32) -> Option<std::ops::Range<usize>> {
    let end = u64::from(ptr) + u64::from(len);
    Some(usize::try_from(ptr).ok()?..usize::try_from(end).ok()?)
}

/// Whether the system refused memory, anywhere below the error.
pub(crate) fn is_out_of_memory(error: &wasmtime::Error) -> bool {
    error.chain().any(|cause| {
        cause.downcast_ref::<rustix::io::Errno>() == Some(&rustix::io::Errno::NOMEM)
            || cause.downcast_ref::<std::io::Error>().is_some_and(|io| io.kind() == std::io::ErrorKind::OutOfMemory)
    })
}

/// What an error of the engine's means for the call.
pub(crate) fn classify(error: &wasmtime::Error, limits: &Limits) -> CallError {
    let limit = |kind| CallError::Limit { kind, limit: limits.get(kind) };
    if let Some(LimitHit(kind)) = error.downcast_ref::<LimitHit>() {
        return limit(*kind);
    }
    match error.downcast_ref::<Stop>() {
        Some(Stop::Limit(kind)) => return limit(*kind),
        Some(Stop::Record(error)) => return CallError::Record(error.clone()),
        Some(Stop::Broken(message)) => return CallError::Internal(message.clone()),
        None => {}
    }
    if let Some(ContractError::HostPointer { ptr, len, memory }) = error.downcast_ref::<ContractError>() {
        return ContractError::HostPointer { ptr: *ptr, len: *len, memory: *memory }.into();
    }
    if error.is::<HostMemoryGone>() {
        return CallError::HostMemory;
    }
    if error.is::<wasmtime::PoolConcurrencyLimitError>() {
        return CallError::Busy;
    }
    match error.downcast_ref::<wasmtime::Trap>() {
        Some(wasmtime::Trap::OutOfFuel) => limit(LimitKind::Fuel),
        Some(wasmtime::Trap::Interrupt) => limit(LimitKind::Time),
        Some(trap) => CallError::Trap(TrapKind::of(*trap)),
        None if is_out_of_memory(error) => CallError::HostMemory,
        None => CallError::Internal(vak_model::printable(&format!("{error:#}"), 400)),
    }
}
