//! A schema with every reference replaced by what it refers to, and without what decides nothing.
//!
//! Only for schemas that [`crate::Schema::compile`] has taken: it refuses references that leave the schema or recurse, and
//! bounds what they expand to.

use serde_json::{Map, Value};

use super::keywords::SILENT;

/// What `schema`, a part of `root`, says.
pub(super) fn plain(root: &Value, schema: &Value) -> Value {
    let Value::Object(map) = schema else { return schema.clone() };
    let mut said = Map::new();
    for (keyword, part) in map.iter().filter(|(keyword, _)| !SILENT.contains(&keyword.as_str()) && *keyword != "$ref") {
        said.insert(keyword.clone(), below(root, keyword, part));
    }
    let Some(target) = map.get("$ref").and_then(Value::as_str).and_then(|reference| root.pointer(&reference[1..]))
    else {
        return Value::Object(said);
    };
    let target = plain(root, target);
    if said.is_empty() {
        return target;
    }
    match said.entry("allOf").or_insert_with(|| Value::Array(Vec::new())) {
        Value::Array(all) => all.push(target),
        other => *other = target,
    }
    Value::Object(said)
}

/// The part of a keyword: schemas, where it holds any.
fn below(root: &Value, keyword: &str, part: &Value) -> Value {
    match (keyword, part) {
        ("properties" | "patternProperties" | "dependentSchemas", Value::Object(named)) => {
            Value::Object(named.iter().map(|(name, schema)| (name.clone(), plain(root, schema))).collect())
        }
        ("allOf" | "anyOf" | "oneOf" | "prefixItems", Value::Array(all)) => {
            Value::Array(all.iter().map(|schema| plain(root, schema)).collect())
        }
        (
            "additionalProperties"
            | "contains"
            | "else"
            | "if"
            | "items"
            | "not"
            | "propertyNames"
            | "then"
            | "unevaluatedItems"
            | "unevaluatedProperties",
            schema,
        ) => plain(root, schema),
        _ => part.clone(),
    }
}
