//! What the mock answers, call by call.

use std::collections::BTreeSet;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use vak_abi::Status;

use super::Host;
use crate::host::log::Level;
use crate::host::plan::{Action, Decision, Verdict};
use crate::host::reason::{Answer as Completion, Finish, Message, Tokens};
use crate::json;

/// The most bytes of a read.
const MOST_READ: usize = 16 << 20;
/// The most bytes of a value.
const MOST_VALUE: usize = 1 << 20;
/// The most bytes of a conversation.
const MOST_SAID: usize = 256 << 10;
/// How many keys a page has.
const PAGE: usize = 1000;
/// What can be asked for, by capability.
const CALLS: [(&str, &[&str]); 9] = [
    ("fs.read", &["fs_read", "fs_list", "fs_stat"]),
    ("fs.write", &["fs_write", "fs_remove", "fs_rename"]),
    ("net.http", &["http_fetch"]),
    ("kv", &["kv_get", "kv_set", "kv_delete", "kv_list"]),
    ("log", &["log"]),
    ("clock", &["clock_now"]),
    ("random", &["random"]),
    ("verify_plan", &["verify_plan"]),
    ("reason", &["reason"]),
];

/// A response, or the code of a failure.
type Answer = Result<Vec<u8>, &'static str>;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Read {
    path: String,
    offset: usize,
    length: usize,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Path {
    path: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Write {
    path: String,
    mode: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Rename {
    from: String,
    to: String,
}

#[derive(Deserialize)]
struct Fetch {
    method: String,
    url: String,
}

#[derive(Serialize)]
struct Fetched<'a> {
    status: u16,
    url: &'a str,
    headers: [(&'static str, String); 1],
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Key {
    key: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Range {
    prefix: String,
    after: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Line {
    level: Level,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Draw {
    length: usize,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Plan {
    actions: Vec<Action>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Conversation {
    messages: Vec<Message>,
    #[serde(default)]
    max_tokens: Option<u32>,
}

#[derive(Serialize)]
struct Report<'a> {
    code: &'a str,
    message: &'a str,
}

#[derive(Serialize)]
struct Nothing {}

#[derive(Serialize)]
struct Stat {
    kind: &'static str,
    size: usize,
    links: u64,
}

#[derive(Serialize)]
struct Entries<'a> {
    entries: Vec<Entry<'a>>,
}

#[derive(Serialize, PartialEq, Eq, PartialOrd, Ord)]
struct Entry<'a> {
    name: &'a str,
    kind: &'static str,
}

#[derive(Serialize)]
struct Deleted {
    existed: bool,
}

#[derive(Serialize)]
struct Keys<'a> {
    keys: Vec<&'a str>,
    more: bool,
}

#[derive(Serialize)]
struct Time {
    unix_ms: u64,
}

impl Host {
    pub(super) fn answer(&mut self, name: &str, request: &[u8]) -> (Status, Vec<u8>) {
        let report = |code, message| json::write(&Report { code, message }).unwrap_or_default();
        if self.is_nobody {
            let message = "no host is here: a test makes one with `vak_guest::mock::Host`";
            return (Status::Denied, report("policy.ungranted", message));
        }
        if self.denies(name) {
            return (Status::Denied, report("policy.ungranted", &format!("the test's host denies `{name}`")));
        }
        let line_end = request.iter().position(|byte| *byte == b'\n').unwrap_or(request.len());
        let (line, body) = request.split_at(line_end);
        match self.act(name, line, body.get(1..).unwrap_or_default()) {
            Ok(response) => (Status::Done, response),
            Err(code) => (Status::Failed, report(code, &String::from_utf8_lossy(line))),
        }
    }

    fn denies(&self, call: &str) -> bool {
        self.denied.contains(call) || capability(call).is_some_and(|capability| self.denied.contains(capability))
    }

    fn act(&mut self, name: &str, line: &[u8], body: &[u8]) -> Answer {
        #[cfg(test)]
        if let Some(said) = self.says.get(name) {
            return Ok(said.clone());
        }
        match name {
            "fs_read" => self.fs_read(&asked(line)?),
            "fs_list" => self.fs_list(&asked(line)?),
            "fs_stat" => self.fs_stat(&asked(line)?),
            "fs_write" => self.fs_write(asked(line)?, body),
            "fs_remove" => self.fs_remove(&asked(line)?),
            "fs_rename" => self.fs_rename(&asked(line)?),
            "http_fetch" => self.fetch(asked(line)?, body),
            "kv_get" => self.values.get(&key(line)?).cloned().ok_or("kv.not_found"),
            "kv_set" => self.kv_set(key(line)?, body),
            "kv_delete" => given(&Deleted { existed: self.values.remove(&key(line)?).is_some() }),
            "kv_list" => self.kv_list(&asked(line)?),
            "log" => self.log(&asked(line)?, body),
            "clock_now" => given(&Time { unix_ms: self.unix_ms }),
            "random" => self.draw(&asked(line)?),
            "verify_plan" => self.verify_plan(asked(line)?),
            "reason" => self.reason(asked(line)?),
            _ => Err("request.invalid"),
        }
    }

    fn fs_read(&self, Read { path, offset, length }: &Read) -> Answer {
        let rest = self.regular(path)?.get(*offset..).unwrap_or_default();
        Ok(rest.get(..(*length).min(MOST_READ)).unwrap_or(rest).to_vec())
    }

    fn fs_list(&self, Path { path }: &Path) -> Answer {
        if !self.is_folder(well_formed(path)?) {
            return Err(if self.files.contains_key(path) { "fs.not_folder" } else { "fs.not_found" });
        }
        let entries = self.below(path).map(|rest| match rest.split_once('/') {
            Some((name, _)) => Entry { name, kind: "folder" },
            None => Entry { name: rest, kind: "file" },
        });
        let entries: BTreeSet<_> = entries.collect();
        given(&Entries { entries: entries.into_iter().collect() })
    }

    fn fs_stat(&self, Path { path }: &Path) -> Answer {
        if self.is_folder(well_formed(path)?) {
            return given(&Stat { kind: "folder", size: 0, links: 1 });
        }
        given(&Stat { kind: "file", size: self.regular(path)?.len(), links: 1 })
    }

    fn fs_write(&mut self, Write { path, mode }: Write, body: &[u8]) -> Answer {
        if self.is_folder(well_formed(&path)?) {
            return Err("fs.not_regular");
        }
        match (mode.as_str(), self.files.contains_key(&path)) {
            ("create", true) => return Err("fs.exists"),
            ("create" | "replace", _) => drop(self.files.insert(path, body.to_vec())),
            ("append", _) => self.files.entry(path).or_default().extend_from_slice(body),
            _ => return Err("request.invalid"),
        }
        given(&Nothing {})
    }

    fn fs_remove(&mut self, Path { path }: &Path) -> Answer {
        if self.is_folder(well_formed(path)?) {
            return Err("fs.not_empty");
        }
        self.files.remove(path).ok_or("fs.not_found")?;
        given(&Nothing {})
    }

    fn fs_rename(&mut self, Rename { from, to }: &Rename) -> Answer {
        well_formed(from)?;
        if self.is_folder(well_formed(to)?) {
            return Err("fs.not_regular");
        }
        let moved =
            |path: &str| path == from || path.strip_prefix(from.as_str()).is_some_and(|rest| rest.starts_with('/'));
        let paths: Vec<_> = self.files.keys().filter(|path| moved(path)).cloned().collect();
        if paths.is_empty() {
            return Err("fs.not_found");
        }
        for path in paths {
            let contents = self.files.remove(&path).unwrap_or_default();
            self.files.insert(path.replacen(from.as_str(), to, 1), contents);
        }
        given(&Nothing {})
    }

    /// The paths below a folder, without its own.
    fn below<'a>(&'a self, folder: &str) -> impl Iterator<Item = &'a str> {
        let start = if folder == "." { String::new() } else { format!("{folder}/") };
        self.files.keys().filter_map(move |path| path.strip_prefix(&start))
    }

    fn is_folder(&self, path: &str) -> bool {
        path == "." || self.below(path).next().is_some()
    }

    fn regular(&self, path: &str) -> Result<&[u8], &'static str> {
        match self.files.get(well_formed(path)?) {
            Some(contents) => Ok(contents),
            None if self.is_folder(path) => Err("fs.not_regular"),
            None => Err("fs.not_found"),
        }
    }

    fn fetch(&mut self, Fetch { method, url, .. }: Fetch, body: &[u8]) -> Answer {
        if !url.starts_with("https://") && !url.starts_with("http://") {
            return Err("http.url");
        }
        let (status, page) = self.pages.get(&url).cloned().ok_or("http.connect")?;
        let headers = [("content-length", page.len().to_string())];
        let mut response = given(&Fetched { status, url: &url, headers })?;
        response.push(b'\n');
        response.extend_from_slice(&page);
        self.requests.push((method, url, body.to_vec()));
        Ok(response)
    }

    fn kv_set(&mut self, key: String, body: &[u8]) -> Answer {
        if body.len() > MOST_VALUE {
            return Err("kv.quota");
        }
        self.values.insert(key, body.to_vec());
        given(&Nothing {})
    }

    fn kv_list(&self, Range { prefix, after }: &Range) -> Answer {
        let wanted = |key: &&str| key.starts_with(prefix.as_str()) && *key > after.as_str();
        let mut keys: Vec<_> = self.values.keys().map(String::as_str).filter(wanted).take(PAGE + 1).collect();
        let more = keys.len() > PAGE;
        keys.truncate(PAGE);
        given(&Keys { keys, more })
    }

    fn log(&mut self, Line { level }: &Line, body: &[u8]) -> Answer {
        let text = String::from_utf8(body.to_vec()).map_err(|_| "request.invalid")?;
        self.lines.push((*level, text));
        given(&Nothing {})
    }

    fn draw(&mut self, Draw { length }: &Draw) -> Answer {
        if !(1..=65_536).contains(length) {
            return Err("random.length");
        }
        Ok(std::iter::repeat_with(|| self.next_random()).take(*length).collect())
    }

    /// The next byte of `SplitMix64`.
    fn next_random(&mut self) -> u8 {
        self.random = self.random.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.random ^ (self.random >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (mixed >> 56) as u8
    }

    fn verify_plan(&self, Plan { actions }: Plan) -> Answer {
        let actions: Vec<_> = actions.iter().map(|action| self.decide(action)).collect();
        given(&Verdict { allowed: actions.iter().all(|decision| decision.allowed), actions })
    }

    /// A token is four bytes here, and no answer is longer than was asked for.
    fn reason(&mut self, Conversation { messages, max_tokens }: Conversation) -> Answer {
        let bytes: usize = messages.iter().map(|message| message.content.len()).sum();
        if messages.is_empty() || messages.len() > 64 || bytes > MOST_SAID || max_tokens == Some(0) {
            return Err("request.invalid");
        }
        let mut text = self.completions.pop_front().ok_or("host.unavailable")?;
        self.conversations.push(messages);
        let most = max_tokens.map_or(usize::MAX, |tokens| (tokens as usize).saturating_mul(4));
        let finish = if text.len() > most { Finish::Length } else { Finish::Stop };
        text.truncate(text.floor_char_boundary(most));
        let tokens = Tokens { input: bytes.div_ceil(4) as u64, output: text.len().div_ceil(4) as u64 };
        given(&Completion { text, tokens, model: "mock".to_owned(), finish })
    }

    fn decide(&self, Action { r#type, target, .. }: &Action) -> Decision {
        let (code, reason) = match r#type.as_str() {
            call if capability(call).is_none() => (Some("plan.unknown"), "no host call is called that"),
            call if call.starts_with("fs_") && well_formed(target).is_err() => (Some("plan.target"), "no path"),
            call if self.denies(call) => (Some("policy.ungranted"), "the test's host denies it"),
            _ => (None, "the test's host allows it"),
        };
        Decision { allowed: code.is_none(), code: code.map(str::to_owned), policies: Vec::new(), reason: reason.into() }
    }
}

/// The capability that covers a call.
fn capability(call: &str) -> Option<&'static str> {
    CALLS.iter().find(|(_, calls)| calls.contains(&call)).map(|(capability, _)| *capability)
}

fn asked<T: DeserializeOwned>(line: &[u8]) -> Result<T, &'static str> {
    json::read(line).map_err(|_| "request.invalid")
}

fn given(response: &impl Serialize) -> Answer {
    json::write(response).map_err(|_| "host.response")
}

/// The path, if it has the one spelling that it can have.
fn well_formed(path: &str) -> Result<&str, &'static str> {
    let is_part =
        |part: &str| !matches!(part, "" | "." | "..") && part.len() <= 255 && !part.chars().any(char::is_control);
    let fine = path == "." || (path.len() <= 4096 && path.split('/').all(is_part));
    if fine { Ok(path) } else { Err("path.invalid") }
}

fn key(line: &[u8]) -> Result<String, &'static str> {
    let Key { key } = asked(line)?;
    let fine = (1..=512).contains(&key.len()) && !key.chars().any(char::is_control);
    if fine { Ok(key) } else { Err("kv.key") }
}
