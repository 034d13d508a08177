//! What stands behind the imports of module `vak`.
//!
//! A skill may import only what its manifest declares; that was checked when it was read. Of those imports, only the
//! denials of capabilities that it can do without are here: no capability can be granted yet.

use vak_abi::IMPORT_MODULE;
use vak_model::{Capability, Manifest};
use vak_policy::Grant;
use wasmtime::{Caller, Linker};

use crate::error::PrepareError;
use crate::meter::Meter;

/// What a host call costs in fuel before it does anything, so that a guest cannot call for nothing.
const CALL_FUEL: u64 = 500;

/// `status << 32 | len`: denied, with nothing more to say.
const DENIED: i64 = 1 << 32;

/// Refuses capabilities that are asked for and held, and that nothing here stands behind.
pub(crate) fn available(manifest: &Manifest, grant: &Grant) -> Result<(), PrepareError> {
    let unavailable = |capability: &Capability| {
        *capability != Capability::Compute && manifest.requests(*capability) && grant.holds(*capability)
    };
    Capability::ALL.into_iter().find(unavailable).map_or(Ok(()), |held| Err(PrepareError::Unavailable(held)))
}

/// Links a denial for every import that the manifest calls optional and the grant does not hold.
pub(crate) fn link(linker: &mut Linker<Meter>, manifest: &Manifest, grant: &Grant) -> wasmtime::Result<()> {
    let denied = |capability: &Capability| manifest.requests(*capability) && !grant.holds(*capability);
    for call in Capability::ALL.into_iter().filter(denied).flat_map(Capability::calls) {
        linker.func_wrap(IMPORT_MODULE, call.name(), deny)?;
    }
    Ok(())
}

fn deny(mut caller: Caller<'_, Meter>, _req: i32, _req_len: i32, _out: i32, _cap: i32) -> wasmtime::Result<i64> {
    caller.data_mut().count_host_call()?;
    let left = caller.get_fuel()?.checked_sub(CALL_FUEL).ok_or(wasmtime::Trap::OutOfFuel)?;
    caller.set_fuel(left)?;
    Ok(DENIED)
}
