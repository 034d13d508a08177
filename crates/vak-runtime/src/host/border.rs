//! The way of a host call: from four numbers of a guest's to a request, and from a reply to bytes in its memory.

use vak_abi::{EXPORT_MEMORY, IMPORT_MODULE, IMPORT_TAKE, Response, Status};
use vak_model::HostCall;
use wasmtime::{Caller, Extern, Linker, Memory, Trap};

use super::request::{MAX_REQUEST_BYTES, Request};
use super::{Context, Function, Funnel, http};
use crate::error::ContractError;
use crate::failure::Failure;
use crate::gate::{Reply, Stop, guarded};
use crate::guest::range;
use crate::meter::Meter;

/// What a host call costs in fuel before it does anything, so that a guest cannot call for nothing.
const CALL_FUEL: u64 = 500;

/// How many bytes of a request or a response one unit of fuel pays for.
const BYTES_PER_FUEL: u64 = 4;

/// Links a host call to its function.
pub(super) fn link(linker: &mut Linker<Meter>, call: HostCall, function: Function) -> wasmtime::Result<()> {
    linker.func_wrap_async(
        IMPORT_MODULE,
        call.name(),
        move |mut caller: Caller<'_, Meter>, (req, req_len, out, cap): (u32, u32, u32, u32)| {
            Box::new(async move {
                let call =
                    Call { asks: call, request: Block { ptr: req, len: req_len }, room: Block { ptr: out, len: cap } };
                call.serve(&mut caller, function).await
            })
        },
    )?;
    Ok(())
}

/// Links the function that copies out a response which did not fit.
pub(super) fn link_take(linker: &mut Linker<Meter>) -> wasmtime::Result<()> {
    linker.func_wrap(IMPORT_MODULE, IMPORT_TAKE, |mut caller: Caller<'_, Meter>, out: u32, cap: u32| {
        let room = Block { ptr: out, len: cap };
        room.check(memory(&mut caller)?.data(&caller))?;
        let len = caller.data_mut().funnel()?.kept.as_ref().map_or(0, |reply| reply.bytes.len());
        charge(&mut caller, CALL_FUEL + pay(if len <= cap as usize { len } else { 0 }))?;
        let Some(reply) = caller.data_mut().funnel()?.kept.take() else {
            return Ok(Response { status: Status::Failed, len: 0 }.pack());
        };
        let packed = deliver(&mut caller, room, &reply)?;
        caller.data_mut().funnel()?.kept = Some(reply);
        Ok(packed)
    })?;
    Ok(())
}

/// A part of a guest's memory, as the guest says; nothing of it is true until it is checked.
#[derive(Clone, Copy)]
struct Block {
    ptr: u32,
    len: u32,
}

impl Block {
    /// Where it lies, if it does.
    fn check(self, memory: &[u8]) -> Result<std::ops::Range<usize>, ContractError> {
        let Self { ptr, len } = self;
        let outside = ContractError::HostPointer { ptr, len, memory: memory.len() };
        range(ptr, len).filter(|range| range.end <= memory.len()).ok_or(outside)
    }
}

struct Call {
    asks: HostCall,
    request: Block,
    room: Block,
}

impl Call {
    async fn serve(self, caller: &mut Caller<'_, Meter>, function: Function) -> wasmtime::Result<i64> {
        caller.data_mut().count_host_call()?;
        let request = self.take_request(caller)?;
        let funnel = caller.data_mut().funnel()?;
        funnel.kept = None;
        let reply = match request {
            Err(failure) => Reply::failed(&failure),
            Ok(request) => funnel.answer(self.asks, request, function).await?,
        };
        charge(caller, pay(reply.bytes.len()))?;
        let packed = deliver(caller, self.room, &reply)?;
        if reply.bytes.len() > self.room.len as usize {
            caller.data_mut().funnel()?.kept = Some(reply);
        }
        Ok(packed)
    }

    /// Checks both blocks before anything is done, has the guest pay, and copies the request.
    fn take_request(&self, caller: &mut Caller<'_, Meter>) -> wasmtime::Result<Result<Request, Failure>> {
        let memory = memory(caller)?;
        let request = self.request.check(memory.data(&*caller))?;
        self.room.check(memory.data(&*caller))?;
        charge(caller, CALL_FUEL + pay(request.len()))?;
        if request.len() > MAX_REQUEST_BYTES as usize {
            return Ok(Err(Failure::RequestSize { bytes: self.request.len, max: MAX_REQUEST_BYTES }));
        }
        Ok(Ok(Request::new(memory.data(&*caller)[request].to_vec())))
    }
}

impl Funnel {
    /// From a request to a reply. A panic anywhere on the way ends the run, and nothing else.
    async fn answer(&mut self, asks: HostCall, request: Request, function: Function) -> Result<Reply, Stop> {
        let Self { gate, log_left, .. } = self;
        let waiting = std::sync::Arc::clone(&gate.waiting);
        let answered = guarded(&waiting, async {
            if asks == HostCall::HttpFetch {
                return http::fetch(gate, request).await;
            }
            match function(request, Context { grant: &gate.grant.clone(), log_left }) {
                Ok(ask) => gate.perform(ask).await,
                Err(failure) => Ok(Reply::failed(&failure)),
            }
        });
        answered.await.unwrap_or_else(|broken| Err(Stop::Broken(broken)))
    }
}

/// Writes a reply to where the guest wants it, if it fits there, and says how long it is.
fn deliver(caller: &mut Caller<'_, Meter>, room: Block, reply: &Reply) -> wasmtime::Result<i64> {
    // No reply is as long as that: the largest is what `fs_read` gives at a time.
    let len = u32::try_from(reply.bytes.len()).map_err(|error| Stop::Broken(error.to_string()))?;
    if len <= room.len {
        // The memory is looked up anew: it may have moved since the blocks were checked.
        let memory = memory(caller)?.data_mut(&mut *caller);
        let place = Block { ptr: room.ptr, len }.check(memory)?;
        memory[place].copy_from_slice(&reply.bytes);
    }
    Ok(Response { status: reply.status, len }.pack())
}

fn memory(caller: &mut Caller<'_, Meter>) -> wasmtime::Result<Memory> {
    let memory = caller.get_export(EXPORT_MEMORY).and_then(Extern::into_memory);
    memory.ok_or_else(|| wasmtime::Error::msg("a checked export is gone"))
}

/// What so many bytes cost.
const fn pay(bytes: usize) -> u64 {
    (bytes as u64).div_ceil(BYTES_PER_FUEL)
}

fn charge(caller: &mut Caller<'_, Meter>, fuel: u64) -> wasmtime::Result<()> {
    let left = caller.get_fuel()?.checked_sub(fuel).ok_or(Trap::OutOfFuel)?;
    caller.set_fuel(left)
}
