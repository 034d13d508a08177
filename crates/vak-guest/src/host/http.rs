//! HTTP requests: the capability `net.http`.
//!
//! A request goes where the manifest asks for and the operator allows, `--allow-net api.example.com`, and nowhere else. An
//! answer with a status such as 404 is an answer; an error says that there is none.
//!
//! ```
//! use vak_guest::{Error, http};
//!
//! fn title(url: &str) -> Result<Option<String>, Error> {
//!     let answer = http::get(url)?;
//!     if !answer.is_ok() {
//!         return Err(format!("status {}", answer.status).into());
//!     }
//!     let text = String::from_utf8_lossy(&answer.body);
//!     let title = text.split_once("<title>").and_then(|(_, rest)| rest.split_once("</title>"));
//!     Ok(title.map(|(title, _)| title.to_owned()))
//! }
//!
//! let mut host = vak_guest::mock::Host::new().page("https://a.test/", 200, "<title>A</title>");
//! assert_eq!(host.run(|| title("https://a.test/")), Ok(Some("A".to_owned())));
//! ```

use serde::{Deserialize, Serialize};

use super::{HostError, ask_bytes_of};
use crate::Error;
use crate::imports::http_fetch;
use crate::json;

/// What came back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// Such as 200.
    pub status: u16,
    /// Where the answer is from: another place than was asked for, if the request was sent on.
    pub url: String,
    /// Pairs of name, in lower case, and value. Each byte of a value is the character of that number.
    pub headers: Vec<(String, String)>,
    /// The body as it was sent.
    pub body: Vec<u8>,
}

impl Answer {
    /// Whether the status is one from 200 to 299.
    #[must_use]
    pub fn is_ok(&self) -> bool {
        (200..300).contains(&self.status)
    }

    /// The body, as JSON.
    ///
    /// # Errors
    /// It is no JSON, or none of that form.
    pub fn json<T: serde::de::DeserializeOwned>(&self) -> Result<T, Error> {
        json::read(&self.body)
            .map_err(|error| format_args!("the answer is no JSON of the expected form: {error}").into())
    }

    /// The first header of that name, which is in lower case.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(other, _)| other == name).map(|(_, value)| value.as_str())
    }
}

/// A request that is being put together.
#[derive(Clone, Debug)]
#[must_use]
pub struct Request<'a> {
    line: Line<'a>,
    body: &'a [u8],
}

#[derive(Clone, Debug, Serialize)]
struct Line<'a> {
    method: &'a str,
    url: &'a str,
    headers: Vec<(&'a str, &'a str)>,
    max_bytes: u64,
    redirects: &'static str,
}

#[derive(Deserialize)]
struct Head {
    status: u16,
    url: String,
    headers: Vec<(String, String)>,
}

/// The most that one request takes of an answer, in bytes.
const MOST: u64 = 16 << 20;

impl<'a> Request<'a> {
    /// A request with a method, such as `PUT`, and a whole URL.
    pub const fn new(method: &'a str, url: &'a str) -> Self {
        let line = Line { method, url, headers: Vec::new(), max_bytes: MOST, redirects: "follow" };
        Self { line, body: &[] }
    }

    /// With a header. Those of the connection, such as `host`, are the host's.
    pub fn header(mut self, name: &'a str, value: &'a str) -> Self {
        self.line.headers.push((name, value));
        self
    }

    /// With a body, of at most 16 MiB. Default: none.
    pub const fn body(mut self, body: &'a [u8]) -> Self {
        self.body = body;
        self
    }

    /// With another bound on the answer's body, in bytes: what is longer is an error. Default: 16 MiB, which is the most.
    pub const fn max_bytes(mut self, bytes: u64) -> Self {
        self.line.max_bytes = bytes;
        self
    }

    /// Gets an answer that says where else to ask, and does not go there. Default: it goes there, five times at most.
    pub const fn stay(mut self) -> Self {
        self.line.redirects = "manual";
        self
    }

    /// Sends it.
    ///
    /// # Errors
    /// `http.connect` and the other codes of HTTP; denied, if the skill may not ask there.
    pub fn send(&self) -> Result<Answer, HostError> {
        let mut response = ask_bytes_of(http_fetch, &self.line, self.body)?;
        let line = response.iter().position(|byte| *byte == b'\n').unwrap_or(response.len());
        let body = response.split_off((line + 1).min(response.len()));
        response.truncate(line);
        let Head { status, url, headers } = json::read(&response).map_err(|error| HostError::broken(&error))?;
        Ok(Answer { status, url, headers, body })
    }
}

/// Asks for what is at a URL.
///
/// # Errors
/// As [`Request::send`].
pub fn get(url: &str) -> Result<Answer, HostError> {
    Request::new("GET", url).send()
}

/// Sends a body of a media type, such as `application/json`, to a URL.
///
/// # Errors
/// As [`Request::send`].
pub fn post(url: &str, media_type: &str, body: impl AsRef<[u8]>) -> Result<Answer, HostError> {
    Request::new("POST", url).header("content-type", media_type).body(body.as_ref()).send()
}
