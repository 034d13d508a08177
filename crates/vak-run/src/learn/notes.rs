//! What runs have shown so far, and the file that keeps it. Whatever is read from there is checked as if a stranger had
//! written it: it ends up in manifests and policies.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::path::Path;

use serde::{Deserialize, Serialize};
use vak_cli::Failure;
use vak_model::{Capability, Code, Effect, GuestPath, HostCall, HttpMethod, LimitKind, Limits, Resource, SkillName};
use vak_package::read_file;
use vak_policy::UrlPattern;

use crate::failures;

/// The most calls that are kept, each once.
pub(crate) const MAX_USES: usize = 10_000;

/// The most bytes of the file, and of what is kept.
pub(crate) const MAX_BYTES: usize = 4 << 20;

/// The version of the file's form.
const VERSION: u32 = 1;

/// A host call, and what it was about.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Use {
    /// The name of the host call.
    pub(crate) call: String,
    /// Paths, a key, or the pattern of a URL and a method.
    pub(crate) of: Vec<String>,
    /// Why it was denied; nothing, if it was not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) code: Option<String>,
    pub(crate) times: u64,
}

impl Use {
    pub(crate) fn of(effect: &Effect) -> Self {
        let of = effect.resources().filter_map(|resource| match resource {
            Resource::Path(path) => Some(path.as_str().to_owned()),
            Resource::Url(url) => Some(without_query(&url.to_string())),
            Resource::Key(key) => Some(key.to_owned()),
            Resource::Host => None,
        });
        let method = if let Effect::HttpFetch { method, .. } = effect { Some(method.word().to_owned()) } else { None };
        Self { call: effect.call().name().to_owned(), of: of.chain(method).collect(), code: None, times: 1 }
    }

    pub(crate) fn denied(effect: &Effect, code: &str) -> Self {
        Self { code: Some(code.to_owned()), ..Self::of(effect) }
    }

    fn bytes(&self) -> usize {
        // With what JSON puts around it.
        self.of.iter().map(|of| of.len() + 4).sum::<usize>() + self.call.len() + 80
    }

    /// The call, if this could have been seen in a run.
    pub(crate) fn checked(&self) -> Option<HostCall> {
        let call = HostCall::named(&self.call)?;
        let is_path = |text: &String| GuestPath::try_from(text.as_str()).is_ok();
        let is_plain = |text: &String| vak_model::printable(text, 600) == *text;
        let fits = match (call.capability(), self.of.as_slice()) {
            (Capability::FsRead | Capability::FsWrite, [from, to]) => {
                call == HostCall::FsRename && is_path(from) && is_path(to)
            }
            (Capability::FsRead | Capability::FsWrite, [path]) => call != HostCall::FsRename && is_path(path),
            (Capability::NetHttp, [url, method]) => {
                UrlPattern::of_url(url).is_ok() && HttpMethod::named(method).is_some()
            }
            (Capability::Kv, [key]) => is_plain(key),
            (Capability::FsRead | Capability::FsWrite | Capability::NetHttp | Capability::Kv, _) => false,
            (_, of) => of.is_empty(),
        };
        (fits && self.code.as_ref().is_none_or(is_plain)).then_some(call)
    }

    /// The call as people read it.
    pub(crate) fn shown(&self) -> String {
        let words: Vec<&str> = std::iter::once(&self.call).chain(&self.of).map(String::as_str).collect();
        let times = if self.times == 1 { String::new() } else { format!(", {} times", self.times) };
        format!("{}{times}", vak_model::printable(&words.join(" "), 200))
    }
}

/// The URL as a pattern: its query may be another one, which is not part of what is learned.
fn without_query(url: &str) -> String {
    url.split_once('?').map_or_else(|| url.to_owned(), |(before, _)| format!("{before}?*"))
}

/// Calls, each once, within a bound.
#[derive(Debug, Default)]
pub(crate) struct Uses {
    times: BTreeMap<(String, Vec<String>, Option<String>), u64>,
    bytes: usize,
    is_full: bool,
}

impl Uses {
    /// Adds a call, or that it was made again. What there is no room for is left out.
    pub(crate) fn add(&mut self, one: Use) {
        let (bytes, is_full) = (self.bytes + one.bytes(), self.times.len() >= MAX_USES);
        match self.times.entry((one.call, one.of, one.code)) {
            Entry::Occupied(mut same) => *same.get_mut() = same.get().saturating_add(one.times),
            Entry::Vacant(_) if is_full || bytes > MAX_BYTES / 4 => self.is_full = true,
            Entry::Vacant(new) => {
                new.insert(one.times);
                self.bytes = bytes;
            }
        }
    }

    /// All of them; nothing if there was no room for some.
    pub(crate) fn finish(self) -> Option<Vec<Use>> {
        let all = self.times.into_iter().map(|((call, of, code), times)| Use { call, of, code, times });
        (!self.is_full).then(|| all.collect())
    }

    fn merged(one: Vec<Use>, other: Vec<Use>) -> Option<Vec<Use>> {
        let mut all = Self::default();
        one.into_iter().chain(other).for_each(|one| all.add(one));
        all.finish()
    }
}

/// The most that was used of one limit.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Used {
    limit: String,
    most: u64,
    /// What held for the runs: the skill did with no more.
    of: u64,
}

/// What runs of one skill have shown.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Notes {
    version: u32,
    skill: String,
    runs: u64,
    uses: Vec<Use>,
    denied: Vec<Use>,
    used: Vec<Used>,
}

impl Notes {
    pub(crate) fn new(skill: &SkillName) -> Self {
        let skill = skill.to_string();
        Self { version: VERSION, skill, runs: 0, uses: Vec::new(), denied: Vec::new(), used: Vec::new() }
    }

    /// What the file holds of that skill; nothing, if there is no file.
    pub(crate) fn read(path: &Path, skill: &SkillName) -> Result<Self, Failure> {
        if path.symlink_metadata().is_err_and(|error| error.kind() == std::io::ErrorKind::NotFound) {
            return Ok(Self::new(skill));
        }
        let bytes = read_file(path, MAX_BYTES as u64).map_err(|error| failures::file(&error, Code::FileRead))?;
        let refused = |why: String| {
            let message = format!("`{}` is not what `vak-run --learn` has written", path.display());
            Failure::new(Code::FileRead, message)
                .fact("why", why)
                .next("vak-run SKILL --learn FOLDER", "begins anew, in another folder")
        };
        let notes: Self =
            serde_json::from_slice(&bytes).map_err(|error| refused(vak_model::printable(&error.to_string(), 200)))?;
        if notes.skill != skill.as_str() {
            return Err(refused(format!("it is about `{}`", vak_model::printable(&notes.skill, 140))));
        }
        notes.mistake().map_or(Ok(notes), |mistake| Err(refused(mistake.to_owned())))
    }

    fn mistake(&self) -> Option<&'static str> {
        let is_known = |used: &Used| limit(&used.limit).is_some() && used.of > 0;
        if self.version != VERSION {
            Some("its version is another one")
        } else if self.uses.len() > MAX_USES || self.denied.len() > MAX_USES || self.used.len() > LimitKind::ALL.len() {
            Some("it has too many entries")
        } else if self.uses.iter().chain(&self.denied).any(|one| one.checked().is_none()) {
            Some("it names a call that no skill can make")
        } else if self.uses.iter().any(|one| one.code.is_some()) || !self.used.iter().all(is_known) {
            Some("its entries are none of a run")
        } else {
            None
        }
    }

    /// Adds the calls of a run; nothing if there is no room for them.
    pub(crate) fn and_run(self, uses: Uses, denied: Uses) -> Option<Self> {
        let runs = self.runs.saturating_add(1);
        let uses = Uses::merged(self.uses, uses.finish()?)?;
        Some(Self { runs, uses, denied: Uses::merged(self.denied, denied.finish()?)?, ..self })
    }

    /// Notes what a run that ended well has used, and what it could have used.
    pub(crate) fn used(&mut self, quantities: &[(LimitKind, Option<u64>)], limits: &Limits) {
        for (kind, most) in quantities {
            let (limit, of) = (kind.manifest_key(), limits.get(*kind));
            let most = most.unwrap_or(0);
            match self.used.iter_mut().find(|used| used.limit == limit) {
                Some(used) => (used.most, used.of) = (used.most.max(most), used.of.max(of)),
                None => self.used.push(Used { limit: limit.to_owned(), most, of }),
            }
        }
    }

    pub(crate) fn skill(&self) -> &str {
        &self.skill
    }

    pub(crate) const fn runs(&self) -> u64 {
        self.runs
    }

    pub(crate) fn uses(&self) -> &[Use] {
        &self.uses
    }

    pub(crate) fn denied(&self) -> &[Use] {
        &self.denied
    }

    /// Each limit with the most that was used of it, and what held.
    pub(crate) fn quantities(&self) -> impl Iterator<Item = (LimitKind, u64, u64)> {
        self.used.iter().filter_map(|used| Some((limit(&used.limit)?, used.most, used.of)))
    }

    pub(crate) fn text(&self) -> serde_json::Result<String> {
        Ok(serde_json::to_string_pretty(self)? + "\n")
    }
}

fn limit(key: &str) -> Option<LimitKind> {
    LimitKind::ALL.into_iter().find(|kind| kind.manifest_key() == key)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Notes with this in the place of their calls.
    fn read(uses: &str, rest: &str) -> Option<String> {
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("notes.json");
        let text = format!(r#"{{"version":1,"skill":"s","runs":1,"uses":[{uses}],"denied":[],"used":[]{rest}}}"#);
        std::fs::write(&file, text).expect("written");
        let skill = "s".parse().expect("a name");
        Notes::read(&file, &skill).err().map(|failure| failure.one_line())
    }

    #[test]
    fn what_is_read_back_is_what_a_run_can_show_or_nothing() {
        let one = |call: &str, of: &str| format!(r#"{{"call":"{call}","of":[{of}],"times":1}}"#);
        for (call, of) in [
            ("fs_read", r#""notes/a.txt""#),
            ("fs_rename", r#""a","b""#),
            ("http_fetch", r#""https://a.test/x?*","GET""#),
            ("kv_list", r#""""#),
            ("log", ""),
        ] {
            assert_eq!(read(&one(call, of), ""), None, "{call}");
        }
        for (call, of) in [
            ("fs_read", r#""../a""#),
            ("fs_read", r#""a\nb""#),
            ("fs_read", ""),
            ("fs_read", r#""a","b""#),
            ("fs_rename", r#""a""#),
            ("http_fetch", r#""https://a.test/x\" }; permit(principal, action, resource); //","GET""#),
            ("http_fetch", r#""https://a.test/","GET\n""#),
            ("http_fetch", r#""https://a.test/""#),
            ("kv_get", r#""a\u2028b""#),
            ("log", r#""a""#),
            ("format_disk", ""),
        ] {
            assert!(read(&one(call, of), "").is_some(), "{call} {of}");
        }
        for rest in [r#","more":1"#, r#","version":1"#] {
            assert!(read("", rest).is_some(), "{rest}");
        }
        assert!(read(&one("log", "").replace("}", r#","code":"a.b"}"#), "").is_some(), "what was denied is no use");
    }

    #[test]
    fn what_there_is_no_room_for_is_no_lesson() {
        let effect =
            |n: usize| Effect::KvGet { key: vak_model::KvKey::try_from(n.to_string().as_str()).expect("a key") };
        let full = |count: usize| {
            let mut uses = Uses::default();
            (0..count).for_each(|n| uses.add(Use::of(&effect(n % (MAX_USES + 1)))));
            uses.finish()
        };
        assert_eq!(full(MAX_USES).map(|uses| uses.len()), Some(MAX_USES));
        assert!(full(MAX_USES + 1).is_none());
    }
}
