//! Asking the host: a request goes out as bytes, and what comes back is a value or a [`HostError`].

pub mod clock;
mod error;
pub mod fs;
pub mod http;
pub mod kv;
pub mod log;
#[cfg(not(target_arch = "wasm32"))]
pub mod mock;
pub mod plan;
pub mod random;
pub mod reason;
#[cfg(test)]
mod tests;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use vak_abi::{Response, Status};

pub use error::HostError;

use crate::imports::{Import, take};
use crate::json;

/// How long a response may be that needs no memory of its own, in bytes. Most are `{}`.
const SMALL: usize = 256;

/// The response of a host function that has nothing to say.
#[derive(Deserialize)]
struct Nothing {}

/// A response, which is what was asked for.
enum Reply {
    /// So many bytes of the room that was offered.
    Here(usize),
    /// It was too long for that.
    Taken(Vec<u8>),
}

/// Asks for a value.
fn ask<T: DeserializeOwned>(import: Import, request: &impl Serialize, body: &[u8]) -> Result<T, HostError> {
    with_response(import, request, body, |response| json::read(response).map_err(|error| HostError::broken(&error)))?
}

/// Asks for bytes.
fn ask_bytes(import: Import, request: &impl Serialize) -> Result<Vec<u8>, HostError> {
    ask_bytes_of(import, request, &[])
}

/// Asks for bytes, with a body.
fn ask_bytes_of(import: Import, request: &impl Serialize, body: &[u8]) -> Result<Vec<u8>, HostError> {
    with_response(import, request, body, <[u8]>::to_vec)
}

fn with_response<T>(
    import: Import,
    request: &impl Serialize,
    body: &[u8],
    read: impl FnOnce(&[u8]) -> T,
) -> Result<T, HostError> {
    let mut room = [0; SMALL];
    Ok(match exchange(import, &encode(request, body)?, &mut room)? {
        Reply::Here(len) => read(room.get(..len).unwrap_or_default()),
        Reply::Taken(response) => read(&response),
    })
}

/// The bytes of a request: a line of JSON, and the body behind it.
fn encode(request: &impl Serialize, body: &[u8]) -> Result<Vec<u8>, HostError> {
    let mut bytes = json::write(request).map_err(|error| HostError::unwritten(&error))?;
    if !body.is_empty() {
        bytes.reserve_exact(1 + body.len());
        bytes.push(b'\n');
        bytes.extend_from_slice(body);
    }
    Ok(bytes)
}

/// Asks, with `room` for the response.
fn exchange(import: Import, request: &[u8], room: &mut [u8]) -> Result<Reply, HostError> {
    let packed = import(request, room);
    let Some(Response { status, len }) = Response::unpack(packed) else {
        return Err(HostError::broken("an unknown status"));
    };
    let len = len as usize;
    let reply = if len <= room.len() { Reply::Here(len) } else { Reply::Taken(taken(packed, len)?) };
    let bytes = match &reply {
        Reply::Here(len) => room.get(..*len).unwrap_or_default(),
        Reply::Taken(bytes) => bytes,
    };
    match status {
        Status::Done => Ok(reply),
        Status::Denied => Err(HostError::denied(bytes)),
        Status::Failed => Err(HostError::failed(bytes)),
    }
}

/// The response that was too long, if the host still has the one that it announced.
fn taken(packed: i64, len: usize) -> Result<Vec<u8>, HostError> {
    let mut bytes = vec![0; len];
    if take(&mut bytes) == packed { Ok(bytes) } else { Err(HostError::broken("another one than was announced")) }
}
