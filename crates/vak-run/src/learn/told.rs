//! What was learned, as a manifest and as a policy state it, each line with the call that needed it.
//!
//! Names in it are the skill's own: they were checked when they were asked for, and are in quotes.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::net::Ipv4Addr;

use vak_model::{Capability, HostCall, LimitKind, Manifest, printable};
use vak_policy::UrlPattern;

use super::notes::{Notes, Use};
use super::scopes::{Place, place_of, places};

/// The most keys of a store that a policy names for one call.
const MAX_KEYS: usize = 8;

/// The most URLs that the list of a manifest may have.
const MAX_URLS: usize = 64;

/// The least time that is stated, in milliseconds: a machine may be busy.
const LEAST_MS: u64 = 100;

/// What lies below `capabilities:` and `limits:` of a manifest.
pub(crate) fn manifest(notes: &Notes, manifest: &Manifest) -> String {
    let mut text = head(notes, "#");
    let all = of_capabilities(notes);
    text.push_str(if all.is_empty() { "capabilities: []\n" } else { "capabilities:\n" });
    for (capability, uses) in &all {
        let lines = if capability.is_scoped() { scope(*capability, uses) } else { Vec::new() };
        if lines.is_empty() {
            let _ = writeln!(text, "  - {capability}  # {}", reason(uses.iter().copied()));
        } else {
            let _ = writeln!(text, "  - {capability}:");
            for (entry, why) in lines {
                let _ = writeln!(text, "      - {}  # {why}", quoted(&entry));
            }
        }
    }
    limits(notes, &mut text);
    remarks(notes, manifest, &all, &mut text);
    text
}

fn head(notes: &Notes, mark: &str) -> String {
    let runs = if notes.runs() == 1 { "1 run".to_owned() } else { format!("{} runs", notes.runs()) };
    format!("{mark} What {runs} of `{}` needed, learned by `vak-run --learn`.\n", notes.skill())
}

fn of_capabilities(notes: &Notes) -> BTreeMap<Capability, Vec<&Use>> {
    let mut all: BTreeMap<Capability, Vec<&Use>> = BTreeMap::new();
    for one in notes.uses() {
        if let Some(call) = HostCall::named(&one.call) {
            all.entry(call.capability()).or_default().push(one);
        }
    }
    all
}

/// The entries of a capability's list, each with what needed it.
fn scope(capability: Capability, uses: &[&Use]) -> Vec<(String, String)> {
    if capability == Capability::NetHttp {
        let of = |one: &&Use| url_of(one).map(str::to_owned);
        let urls: BTreeSet<String> = uses.iter().filter_map(of).collect();
        let origins = urls.len() > MAX_URLS;
        let urls: BTreeSet<String> = urls.iter().map(|url| if origins { origin(url) } else { url.clone() }).collect();
        let why = |entry: &String| {
            let begins = entry.trim_end_matches('*');
            reason(uses.iter().copied().filter(|one| url_of(one).is_some_and(|url| url.starts_with(begins))))
        };
        return urls.iter().map(|entry| (entry.clone(), why(entry))).collect();
    }
    let paths: BTreeSet<String> = uses.iter().flat_map(|one| &one.of).cloned().collect();
    let places = places(&paths);
    let why = |place: &Place| {
        let is_there = |one: &&Use| one.of.iter().any(|path| place_of(&places, path) == Some(place));
        reason(uses.iter().copied().filter(is_there))
    };
    places.iter().map(|place| (place.pattern(), why(place))).collect()
}

fn url_of(one: &Use) -> Option<&str> {
    one.of.first().map(String::as_str)
}

/// All that a server has.
fn origin(url: &str) -> String {
    let path = url.find("://").and_then(|at| url.get(at + 3..)?.find('/').map(|path| at + 3 + path));
    format!("{}/*", path.and_then(|path| url.get(..path)).unwrap_or(url))
}

/// The first call that needed something, and how many others did.
fn reason<'u>(mut uses: impl Iterator<Item = &'u Use>) -> String {
    let first = uses.next().map(Use::shown).unwrap_or_default();
    match uses.count() {
        0 => first,
        more => format!("{first}; and {more} other calls"),
    }
}

fn limits(notes: &Notes, text: &mut String) {
    let mut lines = notes.quantities().peekable();
    if lines.peek().is_some() {
        text.push_str("limits:\n");
    }
    for (kind, most, of) in lines {
        let least = if kind == LimitKind::Time { LEAST_MS } else { 1 };
        let stated = with_margin(most).max(least).min(of);
        let _ = writeln!(text, "  {}: {stated}  # {most} at most", kind.manifest_key());
    }
}

/// A quarter more, rounded up to two digits that are not zero.
fn with_margin(most: u64) -> u64 {
    let wanted = most.saturating_add(most.div_ceil(4));
    let mut unit = 1_u64;
    while wanted / unit >= 100 {
        unit = unit.saturating_mul(10);
    }
    wanted.div_ceil(unit).saturating_mul(unit)
}

/// What is not stated, and why.
fn remarks(notes: &Notes, manifest: &Manifest, needed: &BTreeMap<Capability, Vec<&Use>>, text: &mut String) {
    let asked = manifest.capabilities.iter().map(|request| request.capability);
    let unused: Vec<&str> = asked
        .filter(|capability| *capability != Capability::Compute && !needed.contains_key(capability))
        .map(Capability::name)
        .collect();
    if !unused.is_empty() {
        let _ = writeln!(text, "# The manifest asks for these as well, and no run needed them: {}.", unused.join(", "));
        text.push_str("# What the module imports has to stay in the manifest.\n");
    }
    denied(notes, "#", text);
}

fn denied(notes: &Notes, mark: &str, text: &mut String) {
    if !notes.denied().is_empty() {
        let _ = writeln!(text, "{mark} Asked for and denied, and so no part of this:");
    }
    for one in notes.denied() {
        let code = printable(one.code.as_deref().unwrap_or_default(), 80);
        let _ = writeln!(text, "{mark}   {} ({code})", one.shown());
    }
}

/// A policy that permits what was done, and nothing else.
pub(crate) fn policy(notes: &Notes) -> String {
    let mut text = head(notes, "//");
    let mut calls: BTreeMap<HostCall, Vec<&Use>> = BTreeMap::new();
    for one in notes.uses() {
        if let Some(call) = HostCall::named(&one.call) {
            calls.entry(call).or_default().push(one);
        }
    }
    let skill = quoted(notes.skill());
    for (call, uses) in &calls {
        for (what, why) in resources(*call, uses) {
            let _ =
                writeln!(text, "permit(principal == Skill::{skill}, action == Action::\"{call}\", {what};  // {why}");
        }
    }
    denied(notes, "//", &mut text);
    text
}

/// What a call was about: the end of a policy's head with its conditions, and what needed it.
fn resources(call: HostCall, uses: &[&Use]) -> Vec<(String, String)> {
    let keyed = |kind: &str| {
        let one = |one: &&Use| (format!("resource == {kind}::{})", quoted(&one.of.concat())), one.shown());
        uses.iter().map(one).collect()
    };
    match call.capability() {
        Capability::FsRead | Capability::FsWrite => paths(uses),
        Capability::NetHttp => urls(uses),
        Capability::Kv if uses.len() <= MAX_KEYS => keyed("Key"),
        _ => vec![("resource)".to_owned(), reason(uses.iter().copied()))],
    }
}

fn paths(uses: &[&Use]) -> Vec<(String, String)> {
    let paths: BTreeSet<String> = uses.iter().flat_map(|one| &one.of).cloned().collect();
    let places = places(&paths);
    let policy = |place: &Place| {
        let is_there = |one: &&Use| one.of.iter().any(|path| place_of(&places, path) == Some(place));
        let what = match place {
            Place::One(path) => format!("resource == Path::{})", quoted(path)),
            Place::In(folder) | Place::Below(folder) if !folder.is_empty() => {
                format!("resource in Path::{})", quoted(folder))
            }
            Place::In(_) | Place::Below(_) | Place::All => "resource)".to_owned(),
        };
        (what, reason(uses.iter().copied().filter(is_there)))
    };
    places.iter().map(policy).collect()
}

/// Each URL with its methods. An address that is not one of the public internet takes a flag as well.
fn urls(uses: &[&Use]) -> Vec<(String, String)> {
    let policy = |one: &&Use| {
        let [url, method] = one.of.as_slice() else { return None };
        let conditions = UrlPattern::of_url(url).ok()?.conditions();
        let what = format!("resource is Url) when {{ {conditions} && context.method == {} }}", quoted(method));
        let host = url.split("://").nth(1).and_then(|rest| rest.split(['/', ':']).next()).unwrap_or_default();
        let is_address = host.starts_with('[') || host.parse::<Ipv4Addr>().is_ok();
        let flag = if is_address { "; an address that is reserved takes --allow-net as well" } else { "" };
        Some((what, format!("{}{flag}", one.shown())))
    };
    uses.iter().filter_map(policy).collect()
}

/// Text as YAML and Cedar write it, of which all can be printed.
fn quoted(text: &str) -> String {
    format!("\"{}\"", text.replace('\\', r"\\").replace('"', "\\\""))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_limit_is_a_quarter_more_in_a_number_that_can_be_read() {
        for (most, stated) in
            [(0, 0), (1, 2), (10, 13), (79, 99), (80, 100), (81, 110), (16_196, 21_000), (1_000_000, 1_300_000)]
        {
            assert_eq!(with_margin(most), stated, "{most}");
        }
        assert!(with_margin(u64::MAX) >= u64::MAX / 10);
    }
}
