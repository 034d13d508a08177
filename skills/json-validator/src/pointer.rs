//! JSON Pointer, RFC 6901: one value of many by its path.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};

use crate::mistake::Refusal;
use crate::parse::parse;
use crate::value::Value;

/// Where to look, and for what: `{"json":"{\"a\":[1]}","pointer":"/a/0"}`.
#[derive(Deserialize)]
pub(crate) struct Input<'a> {
    #[serde(borrow)]
    json: Cow<'a, str>,
    #[serde(borrow)]
    pointer: Cow<'a, str>,
}

/// `{"found":true,"value":1}` or `{"found":false}`.
#[derive(Serialize)]
pub(crate) struct Output {
    found: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    value: Option<Value>,
}

/// The deepest value that can be given: hosts read 127 levels, and the output is one of them.
const MAX_DEPTH: usize = 126;

pub(crate) fn extract(Input { json, pointer }: Input<'_>) -> Result<Output, Refusal> {
    let tokens = tokens(&pointer)?;
    let root = parse(&json).map_err(|mistake| mistake.refuse(&json))?;
    let value = tokens.iter().try_fold(&root, |value, token| step(value, token));
    if value.is_some_and(|value| value.depth() > MAX_DEPTH) {
        return Err(Refusal::plain(format!("the value is nested deeper than {MAX_DEPTH} levels")));
    }
    Ok(Output { found: value.is_some(), value: value.cloned() })
}

/// The names and indices that a pointer is made of, without their escapes.
fn tokens(pointer: &str) -> Result<Vec<String>, Refusal> {
    if pointer.is_empty() {
        return Ok(Vec::new());
    }
    let Some(path) = pointer.strip_prefix('/') else {
        return Err(Refusal::plain("pointer: is neither empty nor begins with `/`"));
    };
    path.split('/').map(unescape).collect()
}

/// `~1` is `/` and `~0` is `~`, and nothing else may follow a `~`.
fn unescape(token: &str) -> Result<String, Refusal> {
    let mut parts = token.split('~');
    let mut name = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let (escaped, rest) = match part.as_bytes().first() {
            Some(b'0') => ('~', part.get(1..)),
            Some(b'1') => ('/', part.get(1..)),
            _ => return Err(Refusal::plain("pointer: a `~` is not followed by 0 or 1")),
        };
        name.push(escaped);
        name.push_str(rest.unwrap_or_default());
    }
    Ok(name)
}

fn step<'a>(value: &'a Value, token: &str) -> Option<&'a Value> {
    match value {
        Value::Object(object) => object.get(token),
        Value::Array(items) => items.get(index(token)?),
        _ => None,
    }
}

/// An index as section 4 has it: digits alone, without a leading zero.
fn index(token: &str) -> Option<usize> {
    let is_plain = token.bytes().all(|byte| byte.is_ascii_digit()) && (token == "0" || !token.starts_with('0'));
    if is_plain { token.parse().ok() } else { None }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(json: &str, pointer: &str) -> Result<Option<Value>, Refusal> {
        extract(Input { json: json.into(), pointer: pointer.into() }).map(|output| output.value)
    }

    #[test]
    fn the_pointers_of_rfc_6901_section_5_give_what_it_says() {
        let document = r#"{"foo":["bar","baz"],"":0,"a/b":1,"c%d":2,"e^f":3,"g|h":4,"i\\j":5,"k\"l":6," ":7,"m~n":8}"#;
        for (pointer, value) in [
            ("", document),
            ("/foo", r#"["bar","baz"]"#),
            ("/foo/0", r#""bar""#),
            ("/", "0"),
            ("/a~1b", "1"),
            ("/c%d", "2"),
            ("/e^f", "3"),
            ("/g|h", "4"),
            ("/i\\j", "5"),
            ("/k\"l", "6"),
            ("/ ", "7"),
            ("/m~0n", "8"),
        ] {
            assert_eq!(found(document, pointer), Ok(parse(value).ok()), "{pointer}");
        }
    }

    #[test]
    fn what_is_not_there_is_not_found_and_null_is() {
        for pointer in ["/b", "/a/2", "/a/-", "/a/01", "/a/+1", "/a/", "/a/1e0", "/a/0/x", "/a/99999999999999999999"] {
            assert_eq!(found(r#"{"a":[0,1]}"#, pointer), Ok(None), "{pointer}");
        }
        assert_eq!(found(r#"{"a":null}"#, "/a"), Ok(Some(Value::Null)));
    }

    #[test]
    fn escapes_are_resolved_once_from_the_left() {
        assert_eq!(tokens("/~01/~10/~0~1"), Ok(vec!["~1".to_owned(), "/0".to_owned(), "~/".to_owned()]));
    }

    #[test]
    fn a_pointer_of_another_form_is_an_error() {
        for pointer in ["a", "#/a", " /a", "/~", "/~2", "/a~", "/~ü"] {
            assert!(found("{}", pointer).is_err(), "{pointer}");
        }
    }

    #[test]
    fn a_value_too_deep_to_give_is_an_error() {
        let nested = |levels| "[".repeat(levels) + &"]".repeat(levels);
        assert!(found(&nested(126), "").is_ok_and(|value| value.is_some()));
        assert!(found(&nested(127), "").is_err());
        assert!(found(&nested(128), "/0/0").is_ok_and(|value| value.is_some()));
    }
}
