//! Where a pattern matches, and what lies between.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};
use vak_guest::Error;

use crate::pattern::compile;

/// A pattern and the text that it is held against: `{"pattern":"\\d+","text":"a1"}`.
#[derive(Deserialize)]
pub(crate) struct Input<'a> {
    #[serde(borrow)]
    pattern: Cow<'a, str>,
    #[serde(borrow)]
    text: Cow<'a, str>,
}

/// The same, with a bound on how much is wanted.
#[derive(Deserialize)]
pub(crate) struct Limited<'a> {
    #[serde(borrow)]
    pattern: Cow<'a, str>,
    #[serde(borrow)]
    text: Cow<'a, str>,
    limit: Option<usize>,
}

/// Whether there is a match: `{"matches":true}`.
#[derive(Serialize)]
pub(crate) struct Verdict {
    matches: bool,
}

/// A part of the text, and the bytes of its UTF-8 where it begins and ends.
#[derive(Serialize)]
pub(crate) struct Span {
    start: usize,
    end: usize,
    text: String,
}

/// All matches, or the first of them.
#[derive(Serialize)]
pub(crate) struct Matches {
    matches: Vec<Span>,
    /// Whether there are more matches than were wanted.
    truncated: bool,
}

/// What lies between the matches.
#[derive(Serialize)]
pub(crate) struct Parts {
    parts: Vec<String>,
}

/// The groups of the first match; null where there is no match.
#[derive(Serialize)]
pub(crate) struct Captures {
    captures: Option<Vec<Option<Group>>>,
}

/// What a group matched; group 0 is the whole match.
#[derive(Serialize)]
pub(crate) struct Group {
    index: usize,
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<String>,
    start: usize,
    end: usize,
    text: String,
}

/// How many matches `find_all` gives if nobody says.
const DEFAULT_MATCHES: usize = 100;

impl From<regex::Match<'_>> for Span {
    fn from(found: regex::Match<'_>) -> Self {
        Self { start: found.start(), end: found.end(), text: found.as_str().to_owned() }
    }
}

pub(crate) fn matches(Input { pattern, text }: Input<'_>) -> Result<Verdict, Error> {
    Ok(Verdict { matches: compile(&pattern)?.is_match(&text) })
}

pub(crate) fn find_all(Limited { pattern, text, limit }: Limited<'_>) -> Result<Matches, Error> {
    let regex = compile(&pattern)?;
    let mut found = regex.find_iter(&text);
    let matches = found.by_ref().take(limit.unwrap_or(DEFAULT_MATCHES)).map(Span::from).collect();
    Ok(Matches { matches, truncated: found.next().is_some() })
}

pub(crate) fn split(Limited { pattern, text, limit }: Limited<'_>) -> Result<Parts, Error> {
    let regex = compile(&pattern)?;
    let parts = regex.splitn(&text, limit.unwrap_or(usize::MAX));
    Ok(Parts { parts: parts.map(str::to_owned).collect() })
}

pub(crate) fn captures(Input { pattern, text }: Input<'_>) -> Result<Captures, Error> {
    let regex = compile(&pattern)?;
    let captures = regex.captures(&text).map(|found| {
        let groups = found.iter().zip(regex.capture_names()).enumerate();
        groups.map(|(index, (part, name))| part.map(|part| Group::new(index, name, part))).collect()
    });
    Ok(Captures { captures })
}

impl Group {
    fn new(index: usize, name: Option<&str>, part: regex::Match<'_>) -> Self {
        let Span { start, end, text } = part.into();
        Self { index, name: name.map(str::to_owned), start, end, text }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What a caller gets, with single quotes for double ones on both sides.
    macro_rules! call {
        ($function:ident, $input:expr) => {
            vak_guest::answer($input.replace('\'', "\"").as_bytes(), $function)
                .map(|json| String::from_utf8(json).expect("JSON is UTF-8").replace('"', "'"))
                .map_err(|json| String::from_utf8(json).expect("JSON is UTF-8"))
                .expect("an output")
        };
    }

    #[test]
    fn a_match_may_lie_anywhere_unless_it_is_anchored() {
        for (pattern, text, matches) in [
            ("b", "abc", true),
            ("^b", "abc", false),
            ("^a.c$", "abc", true),
            ("", "", true),
            (r"(?i)straße", "STRAßE", true),
            (r"^\w+$", "größe世界", true),
            ("a.b", "a\nb", false),
            ("(?s)a.b", "a\nb", true),
        ] {
            let input = Input { pattern: pattern.into(), text: text.into() };
            assert_eq!(super::matches(input).expect("a verdict").matches, matches, "{pattern} {text:?}");
        }
    }

    #[test]
    fn places_are_bytes_of_utf_8() {
        let found = call!(find_all, r"{'pattern':'[a-z]+','text':'ü a 世 bc'}");
        let expected =
            "{'matches':[{'start':3,'end':4,'text':'a'},{'start':9,'end':11,'text':'bc'}],'truncated':false}";
        assert_eq!(found, expected);
    }

    #[test]
    fn the_limit_bounds_the_matches_and_says_if_there_are_more() {
        let count = |text: &str, limit| {
            let found = find_all(Limited { pattern: "a".into(), text: text.into(), limit }).expect("matches");
            (found.matches.len(), found.truncated)
        };
        assert_eq!(count("aaa", Some(3)), (3, false));
        assert_eq!(count("aaa", Some(2)), (2, true));
        assert_eq!(count(&"a".repeat(100), None), (100, false));
        assert_eq!(count(&"a".repeat(101), None), (100, true));
        assert_eq!(count("bbb", Some(1)), (0, false));
    }

    #[test]
    fn an_empty_match_lies_between_characters_never_within_one() {
        let found = call!(find_all, "{'pattern':'x*','text':'ü'}");
        assert_eq!(
            found,
            "{'matches':[{'start':0,'end':0,'text':''},{'start':2,'end':2,'text':''}],'truncated':false}"
        );
    }

    #[test]
    fn a_split_keeps_empty_parts_and_leaves_the_rest_in_the_last() {
        assert_eq!(call!(split, "{'pattern':',','text':'a,,b,'}"), "{'parts':['a','','b','']}");
        assert_eq!(call!(split, "{'pattern':', *','text':'a, b,c','limit':2}"), "{'parts':['a','b,c']}");
        assert_eq!(call!(split, "{'pattern':',','text':'a,b','limit':1}"), "{'parts':['a,b']}");
        assert_eq!(call!(split, "{'pattern':',','text':''}"), "{'parts':['']}");
    }

    #[test]
    fn captures_list_every_group_of_the_first_match() {
        let found = call!(captures, "{'pattern':'(?<key>[a-z]+)=([0-9]+)?(;)?','text':'é k=;'}");
        let expected = "{'captures':[{'index':0,'start':3,'end':6,'text':'k=;'},\
            {'index':1,'name':'key','start':3,'end':4,'text':'k'},null,{'index':3,'start':5,'end':6,'text':';'}]}";
        assert_eq!(found, expected);
        assert_eq!(call!(captures, "{'pattern':'x','text':'é'}"), "{'captures':null}");
    }

    #[test]
    fn patterns_that_make_backtrackers_hang_take_linear_time() {
        let text = "a".repeat(50_000);
        for pattern in ["(a*)*b", "(a|aa)+$b", "(a|a)*b", "(.*)(.*)(.*)(.*)b"] {
            let input = Input { pattern: pattern.into(), text: text.as_str().into() };
            assert!(!matches(input).expect("a verdict").matches, "{pattern}");
        }
    }
}
