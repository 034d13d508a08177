//! What can be put on record, and what an entry is made of.
//!
//! An entry says what happened without repeating what was said: inputs, outputs and everything else that may be a secret
//! are a length and a digest, as there is no way to hand them over whole ([`Value::payload`]). Texts are a stranger's; they
//! are cut and escaped before they are written down.

use std::fmt;
use std::str::FromStr;

use sha2::{Digest as _, Sha256};
use vak_model::Digest;

/// The longest text that an entry holds whole, in bytes: a guest's text must not be able to fill a record by itself.
const MAX_TEXT_BYTES: usize = 1024;

/// How much of a longer text is shown, in characters.
const SHOWN: usize = 256;

/// What an entry is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Kind {
    /// A skill is about to run, or was asked for and refused.
    ExecStart,
    /// It has ended, however it ended.
    ExecEnd,
    /// A host call was decided upon, and if it was allowed, is about to be made.
    HostCall,
    /// It was made, and this came of it.
    HostCallEnd,
    /// A writer found more than the last checkpoint covers, and has cut it off.
    Recovered,
}

impl Kind {
    /// Every kind.
    pub const ALL: &[Self] = &[Self::ExecStart, Self::ExecEnd, Self::HostCall, Self::HostCallEnd, Self::Recovered];

    /// What entries call it.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::ExecStart => "exec.start",
            Self::ExecEnd => "exec.end",
            Self::HostCall => "hostcall",
            Self::HostCallEnd => "hostcall.end",
            Self::Recovered => "log.recovered",
        }
    }

    /// The kind that says how an intent of this kind came out.
    #[must_use]
    pub const fn outcome(self) -> Option<Self> {
        match self {
            Self::ExecStart => Some(Self::ExecEnd),
            Self::HostCall => Some(Self::HostCallEnd),
            Self::ExecEnd | Self::HostCallEnd | Self::Recovered => None,
        }
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}

/// The text is no name of a kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("no kind of entry: there are exec.start, exec.end, hostcall, hostcall.end and log.recovered")]
pub struct InvalidKind;

impl FromStr for Kind {
    type Err = InvalidKind;

    fn from_str(text: &str) -> Result<Self, InvalidKind> {
        Self::ALL.iter().find(|kind| kind.word() == text).copied().ok_or(InvalidKind)
    }
}

/// Identifies one run of a skill: a random UUID of version 4, another one for every run.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RunId([u8; 16]);

/// The system gave no random numbers, or the text is no run's id.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidRunId {
    /// No random numbers.
    #[error("the system gave no random numbers for a run's id")]
    NoEntropy,
    /// Not of the form.
    #[error("not the id of a run: write it as the log does, 8-4-4-4-12 hex digits")]
    Form,
}

impl RunId {
    /// An id that nobody else has.
    ///
    /// # Errors
    /// The system gives no random numbers.
    pub fn random() -> Result<Self, InvalidRunId> {
        let mut bytes = [0; 16];
        getrandom::fill(&mut bytes).map_err(|_| InvalidRunId::NoEntropy)?;
        bytes[6] = bytes[6] & 0x0f | 0x40;
        bytes[8] = bytes[8] & 0x3f | 0x80;
        Ok(Self(bytes))
    }

    /// The id as it is written: 8-4-4-4-12 hex digits.
    pub(crate) fn text(self) -> [u8; 36] {
        const DIGITS: &[u8; 16] = b"0123456789abcdef";
        let mut text = [b'-'; 36];
        let mut at = 0;
        for (i, byte) in self.0.iter().enumerate() {
            at += usize::from(matches!(i, 4 | 6 | 8 | 10));
            text[at] = DIGITS[usize::from(byte >> 4)];
            text[at + 1] = DIGITS[usize::from(byte & 15)];
            at += 2;
        }
        text
    }
}

impl fmt::Display for RunId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&String::from_utf8_lossy(&self.text()))
    }
}

impl fmt::Debug for RunId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for RunId {
    type Err = InvalidRunId;

    fn from_str(text: &str) -> Result<Self, InvalidRunId> {
        let mut bytes = [0; 16];
        let hex: String = text.chars().filter(|c| *c != '-').collect();
        let read = base16ct::lower::decode(&hex, &mut bytes).map(<[u8]>::len);
        let id = Self(bytes);
        if read == Ok(16) && id.to_string() == text { Ok(id) } else { Err(InvalidRunId::Form) }
    }
}

/// What an entry is about besides its kind; what is not known is left out.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Subject {
    /// The skill's module.
    pub module: Option<Digest>,
    /// Its manifest.
    pub manifest: Option<Digest>,
    /// The operator's policy.
    pub policy: Option<Digest>,
}

/// One value of an entry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Value(pub(crate) Inner);

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Inner {
    Text(String),
    /// A text that was cut or escaped: what is left of it, and the digest and length of the whole.
    Altered(String, Digest, u64),
    Payload(Digest, u64),
    Number(u64),
    Flag(bool),
    List(Vec<Value>),
}

impl Value {
    /// A text that the host itself made, or that a stranger may have chosen: it is kept as it is if it is short and
    /// printable, and otherwise cut and escaped, with the digest and the length of the whole beside it.
    #[must_use]
    pub fn text(text: &str) -> Self {
        Self::lossy(text.as_bytes())
    }

    /// The same of bytes that may be no text at all.
    #[must_use]
    pub fn lossy(bytes: &[u8]) -> Self {
        let plain = bytes.iter().all(|byte| matches!(byte, b' '..=b'~'));
        if bytes.len() <= MAX_TEXT_BYTES && plain {
            return Self(Inner::Text(String::from_utf8_lossy(bytes).into_owned()));
        }
        // No more is looked at than can be shown.
        let beginning = String::from_utf8_lossy(&bytes[..bytes.len().min(MAX_TEXT_BYTES)]);
        let shown = vak_model::printable(&beginning, SHOWN);
        if shown.as_bytes() == bytes {
            return Self(Inner::Text(shown));
        }
        Self(Inner::Altered(shown, digest(bytes), bytes.len() as u64))
    }

    /// What must not be in the log, such as an input, an output or a file's contents: its digest and its length.
    #[must_use]
    pub fn payload(bytes: &[u8]) -> Self {
        Self(Inner::Payload(digest(bytes), bytes.len() as u64))
    }

    /// A digest.
    #[must_use]
    pub fn digest(digest: &Digest) -> Self {
        Self(Inner::Text(digest.to_string()))
    }

    /// A number. Those above 2^53, which readers of JSON disagree about, are written as a text.
    #[must_use]
    pub fn number(number: u64) -> Self {
        Self(if number <= 1 << 53 { Inner::Number(number) } else { Inner::Text(number.to_string()) })
    }

    /// Yes or no.
    #[must_use]
    pub const fn flag(flag: bool) -> Self {
        Self(Inner::Flag(flag))
    }

    /// Several values.
    #[must_use]
    pub fn list(values: impl IntoIterator<Item = Self>) -> Self {
        Self(Inner::List(values.into_iter().collect()))
    }
}

fn digest(bytes: &[u8]) -> Digest {
    Digest::from_bytes(Sha256::digest(bytes).into())
}

/// Something to be put on record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Record {
    pub(crate) kind: Kind,
    pub(crate) run: RunId,
    pub(crate) seq: u64,
    pub(crate) subject: Subject,
    /// By their keys, in the order that entries have them in.
    pub(crate) data: Vec<(&'static str, Value)>,
}

impl Record {
    /// Adds a value, if there is one. Keys are lower-case words, each given once.
    #[must_use]
    pub fn with(mut self, key: &'static str, value: impl Into<Option<Value>>) -> Self {
        debug_assert!(self.data.iter().all(|(other, _)| *other != key), "`{key}` is given twice");
        if let Some(value) = value.into() {
            let place = self.data.partition_point(|(other, _)| *other < key);
            self.data.insert(place, (key, value));
        }
        self
    }

    /// Says what it is about.
    #[must_use]
    pub const fn about(mut self, subject: Subject) -> Self {
        self.subject = subject;
        self
    }

    /// Its number within its run.
    #[must_use]
    pub const fn seq(&self) -> u64 {
        self.seq
    }
}

/// The records of one run, which it numbers from 0.
#[derive(Debug)]
pub struct Trail {
    run: RunId,
    next: u64,
}

impl Trail {
    /// The trail of a run that has none yet.
    #[must_use]
    pub const fn new(run: RunId) -> Self {
        Self { run, next: 0 }
    }

    /// Whose trail it is.
    #[must_use]
    pub const fn run(&self) -> RunId {
        self.run
    }

    /// The run's next record.
    pub fn record(&mut self, kind: Kind) -> Record {
        let seq = self.next;
        self.next += 1;
        Record { kind, run: self.run, seq, subject: Subject::default(), data: Vec::new() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn l21_no_two_runs_have_the_same_id() {
        let ids: std::collections::BTreeSet<_> = (0..1000).map(|_| RunId::random().expect("random")).collect();
        assert_eq!(ids.len(), 1000);
        for id in ids {
            let text = id.to_string();
            assert_eq!(text.parse(), Ok(id));
            assert_eq!((&text[14..15], text.len()), ("4", 36));
            assert_eq!(text.to_uppercase().parse::<RunId>().is_ok(), !text.contains(|c: char| c.is_ascii_lowercase()));
        }
        for bad in ["", "0", "00000000-0000-4000-8000-00000000000", "000000000-000-4000-8000-000000000000"] {
            assert_eq!(bad.parse::<RunId>(), Err(InvalidRunId::Form), "{bad}");
        }
    }

    #[test]
    fn kinds_are_read_back_from_their_words_and_every_intent_has_an_outcome() {
        for kind in Kind::ALL {
            assert_eq!(kind.word().parse(), Ok(*kind));
        }
        assert_eq!("exec".parse::<Kind>(), Err(InvalidKind));
        assert_eq!(Kind::ExecStart.outcome(), Some(Kind::ExecEnd));
        assert_eq!(Kind::HostCall.outcome(), Some(Kind::HostCallEnd));
    }

    #[test]
    fn texts_are_kept_whole_if_nothing_is_wrong_with_them() {
        for good in ["", "plain", "Grüße, 世界", &"x".repeat(MAX_TEXT_BYTES)] {
            assert_eq!(Value::text(good), Value(Inner::Text(good.to_owned())));
        }
        let long = "ü".repeat(400);
        for bad in [&b"a\nb"[..], b"\x1b[31m", b"\xff", b"\xc2\x9b", long.as_bytes(), &[b'x'; MAX_TEXT_BYTES + 1]] {
            let Value(Inner::Altered(shown, whole, bytes)) = Value::lossy(bad) else { panic!("{bad:?}") };
            assert!(shown.chars().all(|c| !c.is_control()) && shown.len() < 3000, "{shown}");
            assert_eq!((whole, bytes), (digest(bad), bad.len() as u64));
        }
    }
}
