//! Requests: one line of JSON, and a body behind it.

use std::sync::Arc;

use serde::de::DeserializeOwned;
use vak_model::GuestPath;

use crate::failure::Failure;
use crate::world::Body;

/// The longest line, in bytes: it is parsed, which is dearer than copying.
const MAX_LINE_BYTES: usize = 64 << 10;

/// The longest line of a function whose request is a list, in bytes.
pub(super) const MAX_LIST_BYTES: usize = 1 << 20;

/// The largest request, in bytes: a line, and the largest body that is written at a time.
pub(super) const MAX_REQUEST_BYTES: u32 = (16 << 20) + (64 << 10);

/// How much of what is wrong with a request a guest is told, in characters.
const MAX_MESSAGE: usize = 200;

/// A request as a guest has written it.
pub(super) struct Request {
    bytes: Arc<Vec<u8>>,
}

impl Request {
    pub(super) fn new(bytes: Vec<u8>) -> Self {
        Self { bytes: Arc::new(bytes) }
    }

    /// The request of a function that takes no body.
    pub(super) fn alone<T: DeserializeOwned>(&self) -> Result<T, Failure> {
        self.within(MAX_LINE_BYTES)
    }

    /// The same, of a function whose request is a list.
    pub(super) fn within<T: DeserializeOwned>(&self, max: usize) -> Result<T, Failure> {
        let (line, rest) = self.split();
        if rest < self.bytes.len() {
            return Err(Failure::RequestInvalid("it takes no body".to_owned()));
        }
        parse(&self.bytes[..line], max)
    }

    /// The request of a function that takes a body, and the body.
    pub(super) fn with_body<T: DeserializeOwned>(&self) -> Result<(T, Body), Failure> {
        let (line, rest) = self.split();
        Ok((parse(&self.bytes[..line], MAX_LINE_BYTES)?, Body::after(Arc::clone(&self.bytes), rest)))
    }

    /// All of it, shared.
    pub(super) fn whole(&self) -> Body {
        Body::after(Arc::clone(&self.bytes), 0)
    }

    /// Where the line ends, and where the body begins.
    fn split(&self) -> (usize, usize) {
        let end = self.bytes.iter().position(|byte| *byte == b'\n');
        end.map_or((self.bytes.len(), self.bytes.len()), |end| (end, end + 1))
    }
}

fn parse<T: DeserializeOwned>(line: &[u8], max: usize) -> Result<T, Failure> {
    if line.len() > max {
        return Err(Failure::RequestInvalid(format!("its line has {} bytes, more than {max}", line.len())));
    }
    serde_json::from_slice(line)
        .map_err(|error| Failure::RequestInvalid(vak_model::printable(&error.to_string(), MAX_MESSAGE)))
}

/// A path as a guest writes it.
pub(super) fn path(text: &str) -> Result<GuestPath, Failure> {
    Ok(GuestPath::try_from(text)?)
}
