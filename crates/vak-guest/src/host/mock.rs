//! A host for unit tests: files, a store, a clock and dice of a test's own.
//!
//! On the author's machine every host call of a skill goes to the host that the test has made, and is denied where there
//! is none. It is called as the real one is, with the same bytes, and keeps the rules that a skill can get wrong: forms of
//! paths and keys, sizes, what is there and what is not. It has no links, no quotas and no policies.
//!
//! ```
//! use vak_guest::{Error, fs, mock::Host};
//!
//! fn execute(path: &str) -> Result<usize, Error> {
//!     let contents = fs::read(path)?;
//!     fs::write("out/length.txt", contents.len().to_string())?;
//!     Ok(contents.len())
//! }
//!
//! let mut host = Host::new().file("notes/a.txt", "hello");
//! assert_eq!(host.run(|| execute("notes/a.txt")), Ok(5));
//! assert_eq!(host.contents_of("out/length.txt"), Some(&b"5"[..]));
//!
//! let refused = Host::new().deny("fs.read").run(|| execute("notes/a.txt")).expect_err("denied");
//! assert!(refused.message().starts_with("policy.ungranted: "));
//! ```

mod answer;

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet, VecDeque};

use vak_abi::{Response, Status};

use super::log::Level;
use super::reason::Message;

/// A host for unit tests. A new one has no files and no keys, allows every call, and its clock stands at 0.
#[derive(Debug, Default)]
pub struct Host {
    files: BTreeMap<String, Vec<u8>>,
    values: BTreeMap<String, Vec<u8>>,
    /// What is at a URL: a status and a body.
    pages: BTreeMap<String, (u16, Vec<u8>)>,
    requests: Vec<(String, String, Vec<u8>)>,
    /// What the model has still to say, and what it was asked.
    completions: VecDeque<String>,
    conversations: Vec<Vec<Message>>,
    lines: Vec<(Level, String)>,
    unix_ms: u64,
    /// What the stream of random bytes goes on from.
    random: u64,
    denied: BTreeSet<String>,
    /// There is no host: every call is denied.
    is_nobody: bool,
    /// What is said to some calls, whatever they ask for: a host that does not keep to the rules.
    #[cfg(test)]
    pub(super) says: BTreeMap<&'static str, Vec<u8>>,
    /// The response that the last call had no room for.
    kept: Option<(Status, Vec<u8>)>,
}

thread_local! {
    /// The host of the test that runs in this thread.
    static HOST: RefCell<Option<Host>> = const { RefCell::new(None) };
}

impl Host {
    /// A host with nothing in it.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    fn nobody() -> Self {
        Self { is_nobody: true, ..Self::default() }
    }

    /// With a file. Its folders are there by that.
    #[must_use]
    pub fn file(mut self, path: &str, contents: impl AsRef<[u8]>) -> Self {
        self.files.insert(path.to_owned(), contents.as_ref().to_vec());
        self
    }

    /// With a value in the store.
    #[must_use]
    pub fn value(mut self, key: &str, value: impl AsRef<[u8]>) -> Self {
        self.values.insert(key.to_owned(), value.as_ref().to_vec());
        self
    }

    /// With an answer at a URL, to whatever method and headers. What is nowhere is `http.connect`.
    #[must_use]
    pub fn page(mut self, url: &str, status: u16, body: impl AsRef<[u8]>) -> Self {
        self.pages.insert(url.to_owned(), (status, body.as_ref().to_vec()));
        self
    }

    /// With what the model says to the next question. With several, they are its answers in that order; after the last one
    /// there is no model, `host.unavailable`.
    #[must_use]
    pub fn completion(mut self, text: &str) -> Self {
        self.completions.push_back(text.to_owned());
        self
    }

    /// With a clock that stands, at so many milliseconds since 1970. Default: 0.
    #[must_use]
    pub fn clock(mut self, unix_ms: u64) -> Self {
        self.unix_ms = unix_ms;
        self
    }

    /// With another stream of random bytes, the same in every run. It is not the one that `vak-run --seed` gives. Default: 0.
    #[must_use]
    pub fn seed(mut self, seed: u64) -> Self {
        self.random = seed;
        self
    }

    /// Denies a capability, such as `fs.write`, or one host call, such as `fs_remove`.
    #[must_use]
    pub fn deny(mut self, name: &str) -> Self {
        self.denied.insert(name.to_owned());
        self
    }

    /// Runs a part of a test with this host.
    pub fn run<T>(&mut self, test: impl FnOnce() -> T) -> T {
        let before = HOST.replace(Some(std::mem::take(self)));
        let result = test();
        *self = HOST.replace(before).unwrap_or_default();
        result
    }

    /// What is in a file.
    #[must_use]
    pub fn contents_of(&self, path: &str) -> Option<&[u8]> {
        self.files.get(path).map(Vec::as_slice)
    }

    /// What the store has under a key.
    #[must_use]
    pub fn value_of(&self, key: &str) -> Option<&[u8]> {
        self.values.get(key).map(Vec::as_slice)
    }

    /// The HTTP requests that were made: method, URL and body, the first one first.
    #[must_use]
    pub fn requests(&self) -> &[(String, String, Vec<u8>)] {
        &self.requests
    }

    /// What the model was asked, the first conversation first.
    #[must_use]
    pub fn conversations(&self) -> &[Vec<Message>] {
        &self.conversations
    }

    /// The lines that were logged, the first one first.
    #[must_use]
    pub fn lines(&self) -> &[(Level, String)] {
        &self.lines
    }

    fn call(&mut self, name: &str, request: &[u8], out: &mut [u8]) -> i64 {
        self.kept = Some(self.answer(name, request));
        self.take(out)
    }

    /// Gives the response that is kept, which goes if there is room for it.
    fn take(&mut self, out: &mut [u8]) -> i64 {
        let Some((status, response)) = self.kept.take() else { return packed(Status::Failed, &[]) };
        let answer = packed(status, &response);
        match out.get_mut(..response.len()) {
            Some(room) => room.copy_from_slice(&response),
            None => self.kept = Some((status, response)),
        }
        answer
    }
}

fn packed(status: Status, response: &[u8]) -> i64 {
    Response { status, len: u32::try_from(response.len()).unwrap_or(u32::MAX) }.pack()
}

/// What a host function does, natively.
pub(crate) fn call(name: &str, request: &[u8], out: &mut [u8]) -> i64 {
    HOST.with_borrow_mut(|host| host.get_or_insert_with(Host::nobody).call(name, request, out))
}

/// What `vak.take` does, natively.
pub(crate) fn take(out: &mut [u8]) -> i64 {
    HOST.with_borrow_mut(|host| host.get_or_insert_with(Host::nobody).take(out))
}
