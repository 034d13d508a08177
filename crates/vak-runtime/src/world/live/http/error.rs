//! What went wrong with a request, as a guest may know it.

use std::error::Error;

use super::names::Refused;
use crate::failure::Failure;
use crate::world::WorldError;

/// What an error of the client's means. Nothing of its text reaches the guest: it may name addresses of this network.
pub(super) fn classify(error: &reqwest::Error) -> WorldError {
    if let Some(refused) = cause::<Refused>(error) {
        return match refused {
            Refused::Unknown => Failure::HttpResolve.into(),
            Refused::Reserved(reserved) => WorldError::Address(*reserved),
        };
    }
    if cause::<rustls::Error>(error).is_some() {
        return Failure::HttpTls.into();
    }
    if error.is_connect() { Failure::HttpConnect.into() } else { Failure::HttpProtocol.into() }
}

/// The first cause of that type.
fn cause<T: Error + 'static>(error: &reqwest::Error) -> Option<&T> {
    let mut next: Option<&(dyn Error + 'static)> = Some(error);
    while let Some(error) = next {
        if let Some(found) = error.downcast_ref() {
            return Some(found);
        }
        // An error of input and output says of what it holds only what that was caused by.
        next = match error.downcast_ref::<std::io::Error>().and_then(std::io::Error::get_ref) {
            Some(held) => Some(held),
            None => error.source(),
        };
    }
    None
}
