//! Why a host call did not do what it was asked for.

use std::fmt::{self, Display};

use serde::Deserialize;

use crate::json;

/// Why a host call did not do what it was asked for.
///
/// `code` is a stable dotted word, one of those in section 4 of `docs/format/host-calls.md`; `message` is for people and
/// may change. A skill that goes on without what was denied matches on the variant:
///
/// ```
/// use vak_guest::{HostError, clock};
///
/// fn stamp() -> Result<Option<u64>, HostError> {
///     match clock::now_ms() {
///         Ok(now) => Ok(Some(now)),
///         Err(HostError::Denied { .. }) => Ok(None),
///         Err(error) => Err(error),
///     }
/// }
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum HostError {
    /// The skill may not: its manifest does not ask for it, nobody granted it, or a policy forbids it.
    Denied {
        /// Such as `policy.ungranted`.
        code: String,
        /// For people.
        message: String,
    },
    /// It may, and it could not be done.
    Failed {
        /// Such as `fs.not_found`; `host.response` if the host gave no response that can be read.
        code: String,
        /// For people.
        message: String,
    },
}

/// An error, as the host writes it.
#[derive(Deserialize)]
struct Report {
    code: String,
    message: String,
}

impl HostError {
    /// The stable code.
    #[must_use]
    pub fn code(&self) -> &str {
        match self {
            Self::Denied { code, .. } | Self::Failed { code, .. } => code,
        }
    }

    /// What the host says of it to people.
    #[must_use]
    pub fn message(&self) -> &str {
        match self {
            Self::Denied { message, .. } | Self::Failed { message, .. } => message,
        }
    }

    /// Whether the skill may not.
    #[must_use]
    pub fn is_denied(&self) -> bool {
        matches!(self, Self::Denied { .. })
    }

    /// Whether there is no such file, or no such key.
    #[must_use]
    pub fn is_not_found(&self) -> bool {
        matches!(self.code(), "fs.not_found" | "kv.not_found")
    }

    /// Whether there is such a file already, which was to be made.
    #[must_use]
    pub fn is_already_there(&self) -> bool {
        self.code() == "fs.exists"
    }

    /// Whether there is no room for more: a quota is used up, or the disk is full.
    #[must_use]
    pub fn is_full(&self) -> bool {
        matches!(self.code(), "fs.quota" | "fs.no_space" | "kv.quota")
    }

    pub(super) fn denied(report: &[u8]) -> Self {
        let Report { code, message } = Report::read(report);
        Self::Denied { code, message }
    }

    pub(super) fn failed(report: &[u8]) -> Self {
        let Report { code, message } = Report::read(report);
        Self::Failed { code, message }
    }

    /// The host's response is not what ABI 1 says.
    #[cold]
    pub(super) fn broken(why: &str) -> Self {
        let Report { code, message } = Report::broken(why);
        Self::Failed { code, message }
    }

    /// A request that has no JSON, and was not sent.
    #[cold]
    pub(super) fn unwritten(why: &str) -> Self {
        Self::Failed { code: "request.invalid".to_owned(), message: why.to_owned() }
    }
}

impl Report {
    fn read(report: &[u8]) -> Self {
        json::read(report).unwrap_or_else(|error| Self::broken(&error))
    }

    #[cold]
    fn broken(why: &str) -> Self {
        Self { code: "host.response".to_owned(), message: why.to_owned() }
    }
}

/// `code: message`.
impl Display for HostError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())?;
        f.write_str(": ")?;
        f.write_str(self.message())
    }
}

impl std::error::Error for HostError {}
