//! JSON Schemas of inputs and outputs: bounded, offline, compiled once.
//!
//! A schema comes from a stranger and runs in the host, where neither fuel nor a deadline stops it. So its cost is bounded
//! when it is compiled: references stay inside the schema and never recurse, what they expand to is counted, and patterns
//! match in linear time.

use serde_json::{Map, Value};

/// The most subschemas that a schema may have once every reference is replaced by what it refers to: validating a value
/// costs at most this many steps for each of its parts.
const MAX_EXPANDED: usize = 10_000;

/// The largest compiled pattern, in bytes: matching costs up to this much for each byte of a text.
const MAX_PATTERN_BYTES: usize = 16 * 1024;

/// The one dialect: the keywords that hold schemas are those that [`Expansion`] follows.
const DIALECT: &str = "https://json-schema.org/draft/2020-12/schema";

/// The deepest chain of references and subschemas that is followed.
const MAX_SCHEMA_DEPTH: usize = 128;

/// A schema that can't be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SchemaError {
    /// Not a JSON Schema, or one with a pattern that is not linear.
    #[error("{0}")]
    Invalid(String),
    /// A reference out of the schema.
    #[error("`$ref` can only be `#` and a JSON Pointer to another part of the schema, not `{0}`")]
    Reference(String),
    /// A schema that contains itself.
    #[error("`{0}` refers to itself: recursive schemas have no bounded cost")]
    Recursive(String),
    /// Too large once expanded.
    #[error("the schema has more than {MAX_EXPANDED} parts once its references are followed")]
    TooLarge,
    /// Another dialect, in which other keywords hold schemas.
    #[error("`$schema` can only be {DIALECT}")]
    Dialect,
    /// A keyword that would load or rename schemas.
    #[error("the keyword `{0}` is not supported")]
    Keyword(&'static str),
}

/// A value is not what the schema allows.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("at `{pointer}`: {message}", pointer = if self.pointer.is_empty() { "/" } else { &self.pointer })]
pub struct SchemaViolation {
    /// Which part of the value, as a JSON Pointer; empty for the whole.
    pub pointer: String,
    /// What is wrong with it.
    pub message: String,
}

/// A compiled schema.
#[derive(Debug)]
pub struct Schema {
    validator: jsonschema::Validator,
}

impl Schema {
    /// Compiles a schema of JSON Schema 2020-12.
    ///
    /// # Errors
    /// See [`SchemaError`].
    pub fn compile(schema: &Value) -> Result<Self, SchemaError> {
        Expansion { root: schema, parts: 0, following: Vec::new() }.visit(schema, 0)?;
        let patterns =
            jsonschema::PatternOptions::regex().size_limit(MAX_PATTERN_BYTES).dfa_size_limit(MAX_PATTERN_BYTES);
        let validator = jsonschema::options()
            .offline()
            .with_pattern_options(patterns)
            .build(schema)
            .map_err(|error| SchemaError::Invalid(describe(&error)))?;
        Ok(Self { validator })
    }

    /// Checks a value.
    ///
    /// # Errors
    /// The first part of the value that the schema does not allow.
    pub fn check(&self, value: &Value) -> Result<(), SchemaViolation> {
        self.validator.validate(value).map_err(|error| SchemaViolation {
            pointer: vak_model::printable(error.instance_path().as_str(), 200),
            message: describe(&error),
        })
    }
}

fn describe(error: &jsonschema::ValidationError<'_>) -> String {
    vak_model::printable(&error.to_string(), 300)
}

/// Counts what a schema amounts to when every reference is followed.
struct Expansion<'a> {
    root: &'a Value,
    parts: usize,
    following: Vec<&'a str>,
}

impl<'a> Expansion<'a> {
    fn visit(&mut self, schema: &'a Value, depth: usize) -> Result<(), SchemaError> {
        self.parts += 1;
        if self.parts > MAX_EXPANDED || depth > MAX_SCHEMA_DEPTH {
            return Err(SchemaError::TooLarge);
        }
        match schema {
            Value::Object(map) => {
                for keyword in ["$dynamicRef", "$recursiveRef", "$id", "id", "$anchor", "$dynamicAnchor"] {
                    if map.get(keyword).is_some_and(Value::is_string) {
                        return Err(SchemaError::Keyword(keyword));
                    }
                }
                if map.get("$schema").is_some_and(|dialect| dialect != DIALECT) {
                    return Err(SchemaError::Dialect);
                }
                if let Some(Value::String(reference)) = map.get("$ref") {
                    self.follow(reference, depth)?;
                }
                self.visit_keywords(map, depth)
            }
            Value::Array(parts) => parts.iter().try_for_each(|part| self.visit(part, depth + 1)),
            _ => Ok(()),
        }
    }

    /// Everything below a schema counts, but for values that are compared and never applied. Below `properties` and its
    /// kin the keys are names, whatever they are called.
    fn visit_keywords(&mut self, map: &'a Map<String, Value>, depth: usize) -> Result<(), SchemaError> {
        for (keyword, part) in map {
            match (keyword.as_str(), part) {
                ("$defs" | "definitions" | "enum" | "const" | "default" | "examples", _) => {}
                ("properties" | "patternProperties" | "dependentSchemas" | "dependencies", Value::Object(named)) => {
                    named.values().try_for_each(|schema| self.visit(schema, depth + 1))?;
                }
                _ => self.visit(part, depth + 1)?,
            }
        }
        Ok(())
    }

    fn follow(&mut self, reference: &'a str, depth: usize) -> Result<(), SchemaError> {
        if self.following.contains(&reference) {
            return Err(SchemaError::Recursive(vak_model::printable(reference, 80)));
        }
        let outside = || SchemaError::Reference(vak_model::printable(reference, 80));
        let pointer = reference.strip_prefix('#').ok_or_else(outside)?;
        let target = self.root.pointer(pointer).ok_or_else(outside)?;
        self.following.push(reference);
        self.visit(target, depth + 1)?;
        self.following.pop();
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn compile(schema: Value) -> Result<Schema, SchemaError> {
        Schema::compile(&schema)
    }

    #[test]
    fn a_schema_names_the_part_that_it_does_not_allow() {
        let schema = compile(json!({"type": "object", "properties": {"a": {"type": "number"}}, "required": ["a"]}))
            .expect("valid");
        assert!(schema.check(&json!({"a": 1})).is_ok());
        let violation = schema.check(&json!({"a": "x"})).expect_err("not a number");
        assert_eq!(violation.to_string(), "at `/a`: \"x\" is not of type \"number\"");
        assert!(schema.check(&json!({})).expect_err("missing").to_string().starts_with("at `/`"));
    }

    #[test]
    fn references_stay_inside_and_never_recurse() {
        for outside in ["http://example.com/schema.json", "file:///etc/passwd", "other.json", "#anchor", "#/missing"] {
            let error = compile(json!({"$ref": outside})).expect_err(outside);
            assert!(matches!(error, SchemaError::Reference(_)), "{outside}: {error}");
        }
        assert!(compile(json!({"$defs": {"n": {"type": "number"}}, "items": {"$ref": "#/$defs/n"}})).is_ok());
        for recursive in [
            json!({"$ref": "#"}),
            json!({"properties": {"next": {"$ref": "#"}}}),
            json!({"properties": {"default": {"$ref": "#"}}}),
            json!({"patternProperties": {"enum": {"$ref": "#"}}}),
            json!({"dependencies": {"default": {"$ref": "#"}}}),
            json!({"$defs": {"a": {"$ref": "#/$defs/b"}, "b": {"items": {"$ref": "#/$defs/a"}}}, "$ref": "#/$defs/a"}),
        ] {
            assert!(matches!(compile(recursive.clone()), Err(SchemaError::Recursive(_))), "{recursive}");
        }
        for keyword in ["$id", "$anchor", "$dynamicRef"] {
            assert!(matches!(compile(json!({keyword: "x"})), Err(SchemaError::Keyword(_))), "{keyword}");
        }
    }

    #[test]
    fn doubling_references_are_counted_not_expanded() {
        let mut schema = json!({"$defs": {"d0": {"type": "number"}}, "$ref": "#/$defs/d30"});
        for i in 1..=30 {
            let below = json!({"$ref": format!("#/$defs/d{}", i - 1)});
            schema["$defs"][format!("d{i}")] = json!({"allOf": [below, below]});
        }
        assert!(matches!(compile(schema), Err(SchemaError::TooLarge)));
    }

    #[test]
    fn patterns_that_could_backtrack_are_refused() {
        assert!(compile(json!({"pattern": "(?=a)b"})).is_err());
        assert!(compile(json!({"pattern": "(a)\\1"})).is_err());
        assert!(compile(json!({"pattern": "a{1000}{1000}{1000}"})).is_err());
        assert!(compile(json!({"pattern": "^[ab]*a[ab]{1500}c$"})).is_err());
        for usual in [r"^\d{4}-\d{2}-\d{2}$", r"^[a-z0-9-]{1,64}$", r"^\w+@\w+\.[a-z]{2,}$", "^sha256:[0-9a-f]{64}$"] {
            assert!(compile(json!({"pattern": usual})).is_ok(), "{usual}");
        }
        let linear = compile(json!({"pattern": "(a+)+$"})).expect("linear");
        assert!(linear.check(&json!("a".repeat(50_000) + "b")).is_err());
    }

    #[test]
    fn what_is_no_schema_is_refused() {
        for bad in [json!({"type": "nope"}), json!(5), json!({"required": "a"})] {
            assert!(compile(bad.clone()).is_err(), "{bad}");
        }
        for other in ["http://json-schema.org/draft-07/schema#", "https://json-schema.org/draft/2019-09/schema"] {
            assert_eq!(compile(json!({"$schema": other})).expect_err(other), SchemaError::Dialect);
        }
        assert!(compile(json!({"$schema": DIALECT})).is_ok());
        assert!(compile(json!(true)).is_ok());
    }
}
