//! Which numbers and which depth a value tree may have, so that its canonical form means the same to every reader.

use serde_json::Value;
use vak_model::Code;

use crate::manifest_text::MAX_DEPTH;
use crate::reader::Reader;

/// Integers beyond this have no exact place in a double (RFC 8785, section 3.2.2.3).
const MAX_SAFE_INTEGER: f64 = 9_007_199_254_740_991.0;

/// Notes numbers without an exact double, and nesting beyond [`MAX_DEPTH`].
pub(crate) fn check<'v>(reader: &mut Reader<'v>, value: &'v Value) {
    if reader.depth() == MAX_DEPTH && (value.is_array() || value.is_object()) {
        refuse(reader, "more than 32 levels", "put less within each other");
        return;
    }
    match value {
        Value::Number(number) => {
            if number.as_f64().is_none_or(|n| n.fract() == 0.0 && n.abs() > MAX_SAFE_INTEGER) {
                let right = "write a smaller one, or put it in quotes";
                refuse(reader, "an integer beyond 2^53 - 1 has no exact JSON form", right);
            }
        }
        Value::Array(items) => drop(reader.each(items, check)),
        Value::Object(map) => map.iter().for_each(|(key, item)| reader.below(key, |reader| check(reader, item))),
        Value::Null | Value::Bool(_) | Value::String(_) => {}
    }
}

fn refuse(reader: &mut Reader<'_>, wrong: &str, right: &str) {
    reader.refuse_as(Code::ManifestSyntax, "", wrong, right);
}
