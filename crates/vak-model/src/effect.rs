//! What a guest wants to do to the world, before anybody has decided whether it may.

use std::fmt;

use serde_json::{Map, Value};

use crate::advice::{self, Advice};
use crate::{HostCall, HttpMethod, HttpUrl, printable};

/// A path as guests and policies write it: relative, `/` between its parts, and one spelling for one place. `.` is the
/// top.
///
/// It says nothing about what lies there: links are the business of whoever opens it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct GuestPath(String);

/// The text is no path of a guest's.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidPath {
    /// Empty, or more than [`GuestPath::MAX_BYTES`] bytes.
    Length(usize),
    /// It begins with `/`.
    Absolute,
    /// A part is empty, `.` or `..`.
    Part,
    /// A part has more than [`GuestPath::MAX_PART_BYTES`] bytes.
    PartLength,
    /// A control character, or one that reorders text.
    Unprintable,
}

impl Advice for InvalidPath {
    fn wrong(&self) -> String {
        match self {
            Self::Length(0) => "the path is empty".to_owned(),
            Self::Length(bytes) => format!("the path has {bytes} bytes"),
            Self::Absolute => "the path is absolute".to_owned(),
            Self::Part => "a part of the path is empty, `.` or `..`".to_owned(),
            Self::PartLength => "a part of the path is too long".to_owned(),
            Self::Unprintable => "the path has a character that can't be printed".to_owned(),
        }
    }

    fn right(&self) -> String {
        match self {
            Self::Length(_) => format!("write 1 to {} bytes, `.` for the top", GuestPath::MAX_BYTES),
            Self::Absolute | Self::Part => "write it from the top, such as `data/notes.txt`".to_owned(),
            Self::PartLength => format!("write at most {} bytes", GuestPath::MAX_PART_BYTES),
            Self::Unprintable => "leave it out".to_owned(),
        }
    }
}

impl fmt::Display for InvalidPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        advice::display(self, f)
    }
}

impl GuestPath {
    /// The longest path, in bytes.
    pub const MAX_BYTES: usize = 4096;

    /// The longest part of one, in bytes: what file systems take.
    pub const MAX_PART_BYTES: usize = 255;

    /// The top.
    #[must_use]
    pub fn top() -> Self {
        Self(".".to_owned())
    }

    /// The path's own text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether this is the top.
    #[must_use]
    pub fn is_top(&self) -> bool {
        self.0 == "."
    }

    /// What is left of the path below `folder`: `.` for the folder itself; nothing if it is not below.
    #[must_use]
    pub fn below(&self, folder: &Self) -> Option<Self> {
        if folder.is_top() {
            return Some(self.clone());
        }
        match self.0.strip_prefix(folder.as_str())? {
            "" => Some(Self::top()),
            rest => rest.strip_prefix('/').map(|rest| Self(rest.to_owned())),
        }
    }
}

impl TryFrom<&str> for GuestPath {
    type Error = InvalidPath;

    fn try_from(text: &str) -> Result<Self, InvalidPath> {
        if text.is_empty() || text.len() > Self::MAX_BYTES {
            return Err(InvalidPath::Length(text.len()));
        }
        if text.starts_with('/') {
            return Err(InvalidPath::Absolute);
        }
        if printable(text, usize::MAX) != text {
            return Err(InvalidPath::Unprintable);
        }
        if text == "." {
            return Ok(Self::top());
        }
        for part in text.split('/') {
            match part {
                "" | "." | ".." => return Err(InvalidPath::Part),
                part if part.len() > Self::MAX_PART_BYTES => return Err(InvalidPath::PartLength),
                _ => {}
            }
        }
        Ok(Self(text.to_owned()))
    }
}

impl fmt::Display for GuestPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The name of a value in a skill's own store.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct KvKey(String);

/// The text is no key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a key: use 1 to {} bytes, all printable", KvKey::MAX_BYTES)]
pub struct InvalidKey;

impl KvKey {
    /// The longest key, in bytes.
    pub const MAX_BYTES: usize = 512;

    /// The key's own text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<&str> for KvKey {
    type Error = InvalidKey;

    fn try_from(text: &str) -> Result<Self, InvalidKey> {
        let fits = (1..=Self::MAX_BYTES).contains(&text.len()) && printable(text, usize::MAX) == text;
        if fits { Ok(Self(text.to_owned())) } else { Err(InvalidKey) }
    }
}

impl fmt::Display for KvKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// One thing that a guest wants to do. It holds what a policy may look at, and never contents.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Effect {
    /// Reads a part of a file.
    FsRead {
        /// The file.
        path: GuestPath,
    },
    /// Lists a folder.
    FsList {
        /// The folder.
        path: GuestPath,
    },
    /// Says what a file or folder is.
    FsStat {
        /// The file or folder.
        path: GuestPath,
    },
    /// Makes, replaces or continues a file.
    FsWrite {
        /// The file.
        path: GuestPath,
        /// How much is written, in bytes.
        bytes: u64,
    },
    /// Removes a file, or an empty folder.
    FsRemove {
        /// The file or folder.
        path: GuestPath,
    },
    /// Gives a file or folder another name. It must be allowed for both names.
    FsRename {
        /// The old name.
        from: GuestPath,
        /// The new one.
        to: GuestPath,
    },
    /// Makes an HTTP request, or follows where one is sent on to.
    HttpFetch {
        /// What the server is asked to do.
        method: HttpMethod,
        /// Where the request goes.
        url: HttpUrl,
        /// How long its body is, in bytes.
        bytes: u64,
    },
    /// Reads a value of the skill's own store.
    KvGet {
        /// Its key.
        key: KvKey,
    },
    /// Writes one.
    KvSet {
        /// Its key.
        key: KvKey,
        /// Its length, in bytes.
        bytes: u64,
    },
    /// Removes one.
    KvDelete {
        /// Its key.
        key: KvKey,
    },
    /// Lists the keys that begin with a text.
    KvList {
        /// The text; empty for all keys.
        prefix: String,
    },
    /// Writes a line for the operator.
    Log {
        /// Its length, in bytes.
        bytes: u64,
    },
    /// Reads the time of day.
    ClockNow,
    /// Draws random bytes.
    Random {
        /// How many.
        bytes: u64,
    },
    /// Asks how an agent's planned actions would be decided.
    VerifyPlan {
        /// How many actions the plan has.
        actions: u64,
    },
    /// Has the operator's model complete a conversation.
    Reason {
        /// How long the messages are together, in bytes.
        bytes: u64,
    },
}

/// What one effect acts on, as a policy names it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Resource<'a> {
    /// A file or folder.
    Path(&'a GuestPath),
    /// Where an HTTP request goes.
    Url(&'a HttpUrl),
    /// A value of the skill's own store, or the prefix of several.
    Key(&'a str),
    /// Nothing that has a name.
    Host,
}

impl Effect {
    /// The host call that asks for it.
    #[must_use]
    pub const fn call(&self) -> HostCall {
        match self {
            Self::FsRead { .. } => HostCall::FsRead,
            Self::FsList { .. } => HostCall::FsList,
            Self::FsStat { .. } => HostCall::FsStat,
            Self::FsWrite { .. } => HostCall::FsWrite,
            Self::FsRemove { .. } => HostCall::FsRemove,
            Self::FsRename { .. } => HostCall::FsRename,
            Self::HttpFetch { .. } => HostCall::HttpFetch,
            Self::KvGet { .. } => HostCall::KvGet,
            Self::KvSet { .. } => HostCall::KvSet,
            Self::KvDelete { .. } => HostCall::KvDelete,
            Self::KvList { .. } => HostCall::KvList,
            Self::Log { .. } => HostCall::Log,
            Self::ClockNow => HostCall::ClockNow,
            Self::Random { .. } => HostCall::Random,
            Self::VerifyPlan { .. } => HostCall::VerifyPlan,
            Self::Reason { .. } => HostCall::Reason,
        }
    }

    /// What it acts on: it must be allowed for each of them.
    pub fn resources(&self) -> impl Iterator<Item = Resource<'_>> {
        let (first, second) = match self {
            Self::FsRead { path }
            | Self::FsList { path }
            | Self::FsStat { path }
            | Self::FsWrite { path, .. }
            | Self::FsRemove { path } => (Resource::Path(path), None),
            Self::FsRename { from, to } => (Resource::Path(from), Some(Resource::Path(to))),
            Self::HttpFetch { url, .. } => (Resource::Url(url), None),
            Self::KvGet { key } | Self::KvSet { key, .. } | Self::KvDelete { key } => {
                (Resource::Key(key.as_str()), None)
            }
            Self::KvList { prefix } => (Resource::Key(prefix), None),
            Self::Log { .. } | Self::ClockNow | Self::Random { .. } | Self::VerifyPlan { .. } | Self::Reason { .. } => {
                (Resource::Host, None)
            }
        };
        std::iter::once(first).chain(second)
    }

    /// The fields of the request that say what it acts on, as the call takes them. A line of a log, a plan and the clock have
    /// none.
    #[must_use]
    pub fn request(&self) -> Map<String, Value> {
        let fields: Vec<(&str, Value)> = match self {
            Self::FsRead { path }
            | Self::FsList { path }
            | Self::FsStat { path }
            | Self::FsWrite { path, .. }
            | Self::FsRemove { path } => vec![("path", path.as_str().into())],
            Self::FsRename { from, to } => vec![("from", from.as_str().into()), ("to", to.as_str().into())],
            Self::HttpFetch { method, url, .. } => {
                vec![("method", method.word().into()), ("url", url.to_string().into())]
            }
            Self::KvGet { key } | Self::KvSet { key, .. } | Self::KvDelete { key } => {
                vec![("key", key.as_str().into())]
            }
            Self::KvList { prefix } => vec![("prefix", prefix.as_str().into())],
            Self::Random { bytes } => vec![("length", (*bytes).into())],
            Self::Log { .. } | Self::ClockNow | Self::VerifyPlan { .. } | Self::Reason { .. } => Vec::new(),
        };
        fields.into_iter().map(|(key, value)| (key.to_owned(), value)).collect()
    }

    /// How many bytes go out, or are asked for, where a call says so.
    #[must_use]
    pub const fn bytes(&self) -> Option<u64> {
        match self {
            Self::FsWrite { bytes, .. }
            | Self::HttpFetch { bytes, .. }
            | Self::KvSet { bytes, .. }
            | Self::Log { bytes }
            | Self::Random { bytes }
            | Self::Reason { bytes } => Some(*bytes),
            _ => None,
        }
    }
}

/// What is asked for, as a person reads it: `fs_write out/a.txt (12 bytes)`.
impl fmt::Display for Effect {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.call())?;
        match self {
            Self::FsRename { from, to } => write!(f, " {from} to {to}")?,
            Self::VerifyPlan { actions } => write!(f, " ({actions} actions)")?,
            Self::HttpFetch { method, url, .. } => write!(f, " {method} {url}")?,
            _ => {
                for resource in self.resources() {
                    match resource {
                        Resource::Path(path) => write!(f, " {path}")?,
                        Resource::Url(url) => write!(f, " {url}")?,
                        Resource::Key(key) => write!(f, " {key:?}")?,
                        Resource::Host => {}
                    }
                }
            }
        }
        self.bytes().map_or(Ok(()), |bytes| write!(f, " ({bytes} bytes)"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn path(text: &str) -> GuestPath {
        GuestPath::try_from(text).expect(text)
    }

    #[test]
    fn a_path_has_one_spelling() {
        let long = format!("{}/x", "y".repeat(256));
        for (text, error) in [
            ("", InvalidPath::Length(0)),
            ("/etc/passwd", InvalidPath::Absolute),
            ("..", InvalidPath::Part),
            ("a/../b", InvalidPath::Part),
            ("a/./b", InvalidPath::Part),
            ("./a", InvalidPath::Part),
            ("a//b", InvalidPath::Part),
            ("a/", InvalidPath::Part),
            ("a\0b", InvalidPath::Unprintable),
            ("a\nb", InvalidPath::Unprintable),
            ("a\u{202e}b", InvalidPath::Unprintable),
            ("\u{1b}[31m", InvalidPath::Unprintable),
            (&long, InvalidPath::PartLength),
        ] {
            assert_eq!(GuestPath::try_from(text), Err(error), "{text:?}");
        }
        assert_eq!(GuestPath::try_from("x".repeat(4097).as_str()), Err(InvalidPath::Length(4097)));
        for text in [".", "a", "a b/c.", "a/::$DATA", "COM1", "...", "ä/é", "c:\\x"] {
            assert_eq!(path(text).as_str(), text);
        }
    }

    #[test]
    fn what_lies_beside_a_folder_is_not_below_it() {
        assert_eq!(path("work/a/b").below(&path("work")), Some(path("a/b")));
        assert_eq!(path("work").below(&path("work")), Some(GuestPath::top()));
        assert_eq!(path("work-evil/x").below(&path("work")), None);
        assert_eq!(path("x").below(&path("work")), None);
        assert_eq!(path("x/y").below(&GuestPath::top()), Some(path("x/y")));
    }

    #[test]
    fn a_key_is_short_and_printable() {
        for text in ["", "a\0", "a\nb", &"k".repeat(513)] {
            assert_eq!(KvKey::try_from(text), Err(InvalidKey), "{text:?}");
        }
        assert!(KvKey::try_from("a/../b").is_ok(), "a key is no path");
    }

    #[test]
    fn an_effect_reads_as_what_it_does() {
        let write = Effect::FsWrite { path: path("out/a.txt"), bytes: 12 };
        assert_eq!(write.to_string(), "fs_write out/a.txt (12 bytes)");
        let rename = Effect::FsRename { from: path("a"), to: path("b") };
        assert_eq!(rename.to_string(), "fs_rename a to b");
        assert_eq!(rename.resources().count(), 2);
        assert_eq!(Effect::KvList { prefix: String::new() }.to_string(), "kv_list \"\"");
        assert_eq!(Effect::ClockNow.to_string(), "clock_now");
        assert_eq!(Effect::Reason { bytes: 7 }.to_string(), "reason (7 bytes)");
    }
}
