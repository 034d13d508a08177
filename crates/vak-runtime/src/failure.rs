//! Why a host call that may be made could not be: what guests are told, and nothing of the host beyond it.

use std::io;

use vak_model::{InvalidKey, InvalidPath, InvalidUrl};

/// Why a host call failed. The guest gets the code and the message, so that neither may hold a path of the host's.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Failure {
    /// The request is not one that the function takes.
    #[error("the request is not one that this function takes: {0}")]
    RequestInvalid(String),
    /// The request is larger than requests may be.
    #[error("the request has {bytes} bytes, more than {max}")]
    RequestSize {
        /// Its size.
        bytes: u32,
        /// The bound.
        max: u32,
    },
    /// The text is no path.
    #[error("{0}")]
    PathInvalid(#[from] InvalidPath),
    /// It is the operator's own folder, or lies above it: it stays as it is.
    #[error("the operator's own folders stay as they are")]
    PathFixed,
    /// Nothing has that name.
    #[error("there is nothing of that name")]
    NotFound,
    /// Something has that name.
    #[error("there is something of that name")]
    Exists,
    /// It is no regular file.
    #[error("it is no regular file")]
    NotRegular,
    /// It is no folder.
    #[error("it is no folder")]
    NotFolder,
    /// The folder is not empty.
    #[error("the folder is not empty")]
    NotEmpty,
    /// The folder has more entries than are listed.
    #[error("the folder has more than {0} entries")]
    TooMany(usize),
    /// The two names do not lie in one folder of the operator's.
    #[error("the two names lie in different folders of the operator's")]
    OtherFolder,
    /// The disk is full.
    #[error("there is no space left")]
    NoSpace,
    /// The run has written as much, or made as many files and folders, as it may.
    #[error("the run has written as much as it may")]
    FsQuota,
    /// The system refused for another reason.
    #[error("the file system refused: {0}")]
    FsIo(io::ErrorKind),
    /// The text is no URL that can be asked for.
    #[error("{0}")]
    HttpUrl(#[from] InvalidUrl),
    /// No method is called that.
    #[error("the method is none of GET, HEAD, POST, PUT, PATCH, DELETE and OPTIONS")]
    HttpMethod,
    /// A header can't be sent, or there are too many.
    #[error("the headers can't be sent: {0}")]
    HttpHeader(String),
    /// The answer sends the request on to where it does not go.
    #[error("the answer sends the request on, and {0}")]
    HttpRedirect(&'static str),
    /// The request was sent on too often.
    #[error("the request was sent on more than {0} times")]
    HttpRedirects(u8),
    /// Nobody knows an address of the host.
    #[error("the host's name has no address")]
    HttpResolve,
    /// The server does not answer at its address.
    #[error("the server can't be reached")]
    HttpConnect,
    /// The server is not who it should be, or does not speak TLS.
    #[error("no TLS connection to the server could be made")]
    HttpTls,
    /// What the server says is no answer, or ends too early.
    #[error("what the server says is no whole HTTP answer")]
    HttpProtocol,
    /// The headers of the answer are too long.
    #[error("the headers of the answer have more than {max} bytes")]
    HttpHeaders {
        /// The bound.
        max: usize,
    },
    /// The answer is packed, and could hold a secret of the operator's.
    #[error("the answer is packed, and can't be looked through for the operator's secrets")]
    HttpEncoding,
    /// A body is too long.
    #[error("the body has more than {max} bytes")]
    HttpBody {
        /// The bound.
        max: usize,
    },
    /// The store has no value of that key.
    #[error("there is no value of that key")]
    KeyNotFound,
    /// The text is no key.
    #[error("{0}")]
    KeyInvalid(#[from] InvalidKey),
    /// The value or the store would be larger than it may be.
    #[error("the store holds as much as it may")]
    KvQuota,
    /// The store can't be read or written.
    #[error("the store can't be used")]
    KvIo,
    /// So many random bytes are not given at once.
    #[error("{bytes} random bytes are not given at once: ask for 1 to {max}")]
    RandomLength {
        /// What was asked for.
        bytes: u64,
        /// The most that is given.
        max: u64,
    },
    /// The endpoint of the model answers with a status that is no success.
    #[error("the model's endpoint answers with the status {status}")]
    ReasonEndpoint {
        /// The status.
        status: u16,
    },
    /// The endpoint's answer is none.
    #[error("the model's endpoint gives no answer that can be used: {0}")]
    ReasonAnswer(&'static str),
    /// The run has used the tokens that it may, or too few are left.
    #[error("the call may need {needed} tokens, and the run has {left} left")]
    ReasonTokens {
        /// What the call may need at most.
        needed: u64,
        /// What is left.
        left: u64,
    },
    /// The run has cost as much as it may, or the call could cost more than is left.
    #[error("the call may cost more than the run has left")]
    ReasonCost,
    /// The call may be made, and nothing stands behind it here.
    #[error("nothing stands behind this function here")]
    Unavailable,
}

impl Failure {
    /// The stable word for it.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::RequestInvalid(_) => "request.invalid",
            Self::RequestSize { .. } => "request.size",
            Self::PathInvalid(_) => "path.invalid",
            Self::PathFixed => "path.fixed",
            Self::NotFound => "fs.not_found",
            Self::Exists => "fs.exists",
            Self::NotRegular => "fs.not_regular",
            Self::NotFolder => "fs.not_folder",
            Self::NotEmpty => "fs.not_empty",
            Self::TooMany(_) => "fs.too_many",
            Self::OtherFolder => "fs.other_folder",
            Self::NoSpace => "fs.no_space",
            Self::FsQuota => "fs.quota",
            Self::FsIo(_) => "fs.io",
            Self::HttpUrl(_) => "http.url",
            Self::HttpMethod => "http.method",
            Self::HttpHeader(_) => "http.header",
            Self::HttpRedirect(_) => "http.redirect",
            Self::HttpRedirects(_) => "http.redirects",
            Self::HttpResolve => "http.resolve",
            Self::HttpConnect => "http.connect",
            Self::HttpTls => "http.tls",
            Self::HttpProtocol => "http.protocol",
            Self::HttpHeaders { .. } => "http.headers",
            Self::HttpEncoding => "http.encoding",
            Self::HttpBody { .. } => "http.body",
            Self::KeyNotFound => "kv.not_found",
            Self::KeyInvalid(_) => "kv.key",
            Self::KvQuota => "kv.quota",
            Self::KvIo => "kv.io",
            Self::RandomLength { .. } => "random.length",
            Self::ReasonEndpoint { .. } => "reason.endpoint",
            Self::ReasonAnswer(_) => "reason.answer",
            Self::ReasonTokens { .. } => "reason.tokens",
            Self::ReasonCost => "reason.cost",
            Self::Unavailable => "host.unavailable",
        }
    }
}
