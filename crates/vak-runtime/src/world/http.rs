//! What `http_fetch` asks of a world.

use vak_model::{HttpMethod, HttpUrl};

use super::Body;

/// The most that is sent or received in one request, in bytes.
pub(crate) const MAX_HTTP_BYTES: usize = 16 << 20;

/// One HTTP request, to one place. The response is a line of JSON, `{"status","url","headers"}`, and the body's bytes.
#[derive(Clone, Debug)]
pub struct HttpFetch {
    /// What the server is asked to do.
    pub method: HttpMethod,
    /// Where it goes: what was judged, and nothing else.
    pub url: HttpUrl,
    /// Headers by their names in lower case, checked: none is about the connection.
    pub headers: Vec<(String, String)>,
    /// What is sent.
    pub body: Body,
    /// How much of a body is taken, in bytes; more is an error.
    pub max_bytes: usize,
    /// Whether the host goes where the server sends it on to, by another request; then this one's body is of no use.
    pub follow: bool,
    /// Whether the operator has named the very address in the URL: then it may be one that is reserved.
    pub named_address: bool,
}

/// An answer that sends the request on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Sent {
    /// 301 and 302: a `POST` becomes a `GET`.
    Elsewhere,
    /// 303: the answer lies elsewhere, and is fetched.
    ToAnswer,
    /// 307 and 308: the same request again.
    AsItIs,
}

impl Sent {
    /// What an answer with that status does.
    pub(crate) const fn on(status: u16) -> Option<Self> {
        Some(match status {
            301 | 302 => Self::Elsewhere,
            303 => Self::ToAnswer,
            307 | 308 => Self::AsItIs,
            _ => return None,
        })
    }

    /// Whether the next request is a `GET` without a body.
    pub(crate) const fn becomes_get(self, method: HttpMethod) -> bool {
        match self {
            Self::Elsewhere => matches!(method, HttpMethod::Post),
            Self::ToAnswer => !matches!(method, HttpMethod::Get | HttpMethod::Head),
            Self::AsItIs => false,
        }
    }
}
