//! JSON Merge Patch, RFC 7396.

use serde::{Deserialize, Serialize};

use crate::mistake::Refusal;
use crate::value::{Object, Value};

/// What to change, and how: `{"target":{"a":1},"patch":{"a":null,"b":2}}`.
#[derive(Deserialize)]
pub(crate) struct Input {
    target: Value,
    patch: Value,
}

/// What came out: `{"result":{"b":2}}`.
#[derive(Serialize)]
pub(crate) struct Output {
    result: Value,
}

pub(crate) fn merge_patch(Input { target, patch }: Input) -> Result<Output, Refusal> {
    Ok(Output { result: merge(target, &patch) })
}

/// The target's members keep their order; what the patch adds follows in the patch's order.
fn merge(target: Value, patch: &Value) -> Value {
    let Value::Object(patch) = patch else {
        return patch.clone();
    };
    let target = match target {
        Value::Object(target) => target,
        _ => Object::default(),
    };
    let added: Vec<_> =
        patch.iter().filter(|(key, value)| **value != Value::Null && target.get(key).is_none()).collect();
    let kept = target.into_members().into_iter().filter_map(|(key, value)| match patch.get(&key) {
        None => Some((key, value)),
        Some(Value::Null) => None,
        Some(change) => Some((key, merge(value, change))),
    });
    let added = added.into_iter().map(|(key, value)| (key.to_owned(), merge(Value::Null, value)));
    Object::new(kept.chain(added).collect()).map_or(Value::Null, Value::Object)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::parse::parse;

    fn merged(target: &str, patch: &str) -> String {
        let input = format!(r#"{{"target":{target},"patch":{patch}}}"#);
        let output = vak_guest::answer(input.as_bytes(), merge_patch).expect("a result");
        let text = String::from_utf8(output).expect("JSON is UTF-8");
        text.strip_prefix(r#"{"result":"#).and_then(|text| text.strip_suffix('}')).expect("a result").to_owned()
    }

    #[test]
    fn the_examples_of_rfc_7396_appendix_a_give_what_it_says() {
        for (target, patch, result) in [
            (r#"{"a":"b"}"#, r#"{"a":"c"}"#, r#"{"a":"c"}"#),
            (r#"{"a":"b"}"#, r#"{"b":"c"}"#, r#"{"a":"b","b":"c"}"#),
            (r#"{"a":"b"}"#, r#"{"a":null}"#, "{}"),
            (r#"{"a":"b","b":"c"}"#, r#"{"a":null}"#, r#"{"b":"c"}"#),
            (r#"{"a":["b"]}"#, r#"{"a":"c"}"#, r#"{"a":"c"}"#),
            (r#"{"a":"c"}"#, r#"{"a":["b"]}"#, r#"{"a":["b"]}"#),
            (r#"{"a":{"b":"c"}}"#, r#"{"a":{"b":"d","c":null}}"#, r#"{"a":{"b":"d"}}"#),
            (r#"{"a":[{"b":"c"}]}"#, r#"{"a":[1]}"#, r#"{"a":[1]}"#),
            (r#"["a","b"]"#, r#"["c","d"]"#, r#"["c","d"]"#),
            (r#"{"a":"b"}"#, r#"["c"]"#, r#"["c"]"#),
            (r#"{"a":"foo"}"#, "null", "null"),
            (r#"{"a":"foo"}"#, r#""bar""#, r#""bar""#),
            (r#"{"e":null}"#, r#"{"a":1}"#, r#"{"e":null,"a":1}"#),
            ("[1,2]", r#"{"a":"b","c":null}"#, r#"{"a":"b"}"#),
            ("{}", r#"{"a":{"bb":{"ccc":null}}}"#, r#"{"a":{"bb":{}}}"#),
        ] {
            assert_eq!(merged(target, patch), result, "{target} {patch}");
        }
    }

    #[test]
    fn members_keep_their_order_and_new_ones_follow() {
        assert_eq!(
            merged(r#"{"z":1,"a":2,"m":3}"#, r#"{"y":4,"m":{"ü":5},"b":6}"#),
            r#"{"z":1,"a":2,"m":{"ü":5},"y":4,"b":6}"#
        );
    }

    #[test]
    fn a_target_that_is_no_object_gives_way_at_every_level() {
        let result = merge(parse("[1]").expect("JSON"), &parse(r#"{"a":{"b":{"c":null,"d":1}}}"#).expect("JSON"));
        assert_eq!(Ok(result), parse(r#"{"a":{"b":{"d":1}}}"#));
    }
}
