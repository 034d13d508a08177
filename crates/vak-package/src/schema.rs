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
    #[error("{message}")]
    Invalid {
        /// Which part of the schema, as a JSON Pointer; empty for the whole.
        pointer: String,
        /// What is wrong with it.
        message: String,
    },
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

impl SchemaError {
    /// Which part of the schema it is about, as a JSON Pointer; empty for the whole.
    #[must_use]
    pub fn pointer(&self) -> &str {
        match self {
            Self::Invalid { pointer, .. } => pointer,
            Self::Reference(_) | Self::Recursive(_) | Self::TooLarge | Self::Dialect | Self::Keyword(_) => "",
        }
    }
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

/// What checking one value may cost: a step for each part of the schema and each part of the value, and
/// [`PATTERN_STEPS`] for each pattern and each byte of text. About a second at the worst.
const MAX_STEPS: u64 = 50_000_000;

/// How many steps a pattern is taken to need for a byte of text.
const PATTERN_STEPS: u64 = 100;

/// Up to how many steps a check is done again to say what is wrong: an explanation holds copies of the value.
const MAX_EXPLAINED_STEPS: u64 = 100_000;

/// A compiled schema.
#[derive(Debug)]
pub struct Schema {
    validator: jsonschema::Validator,
    parts: u64,
    patterns: u64,
}

impl Schema {
    /// Compiles a schema of JSON Schema 2020-12.
    ///
    /// # Errors
    /// See [`SchemaError`].
    pub fn compile(schema: &Value) -> Result<Self, SchemaError> {
        let mut expansion = Expansion { root: schema, parts: 0, patterns: 0, following: Vec::new() };
        expansion.visit(schema, 0)?;
        let patterns =
            jsonschema::PatternOptions::regex().size_limit(MAX_PATTERN_BYTES).dfa_size_limit(MAX_PATTERN_BYTES);
        let validator = jsonschema::options()
            .offline()
            .with_pattern_options(patterns)
            .build(schema)
            .map_err(|error| SchemaError::Invalid { pointer: pointer(&error), message: describe(&error) })?;
        Ok(Self { validator, parts: expansion.parts as u64, patterns: expansion.patterns })
    }

    /// Checks a value.
    ///
    /// # Errors
    /// The first part of the value that the schema does not allow; the whole value, if it is too large to be checked
    /// against this schema, or to be told apart.
    pub fn check(&self, value: &Value) -> Result<(), SchemaViolation> {
        let whole = |message: &str| Err(SchemaViolation { pointer: String::new(), message: message.to_owned() });
        let steps = self.steps(value);
        if steps > MAX_STEPS {
            return whole("the value is too large to be checked against a schema of this size");
        }
        if self.validator.is_valid(value) {
            return Ok(());
        }
        if steps > MAX_EXPLAINED_STEPS {
            return whole("the value does not match");
        }
        self.validator
            .validate(value)
            .map_err(|error| SchemaViolation { pointer: pointer(&error), message: describe(&error) })
    }
}

impl Schema {
    /// What checking the value costs at most.
    fn steps(&self, value: &Value) -> u64 {
        let mut size = Size::default();
        size.add(value);
        let text = size.text.saturating_mul(self.patterns.saturating_mul(PATTERN_STEPS).saturating_add(1));
        size.parts.saturating_mul(self.parts).saturating_add(text)
    }
}

/// How large a value is: its parts, and the bytes of its texts and keys.
#[derive(Debug, Default)]
struct Size {
    parts: u64,
    text: u64,
}

impl Size {
    fn add(&mut self, value: &Value) {
        self.parts += 1;
        match value {
            Value::String(text) => self.text += text.len() as u64,
            Value::Array(items) => items.iter().for_each(|item| self.add(item)),
            Value::Object(map) => map.iter().for_each(|(key, item)| {
                self.text += key.len() as u64;
                self.add(item);
            }),
            Value::Null | Value::Bool(_) | Value::Number(_) => {}
        }
    }
}

fn pointer(error: &jsonschema::ValidationError<'_>) -> String {
    vak_model::printable(error.instance_path().as_str(), 200)
}

fn describe(error: &jsonschema::ValidationError<'_>) -> String {
    vak_model::printable(&error.to_string(), 300)
}

/// Counts what a schema amounts to when every reference is followed.
struct Expansion<'a> {
    root: &'a Value,
    parts: usize,
    patterns: u64,
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
                ("$defs" | "definitions" | "default" | "examples", _) => {}
                ("enum" | "const", values) => self.compare(values)?,
                ("pattern", _) => self.patterns += 1,
                ("patternProperties", Value::Object(named)) => {
                    self.patterns += named.len() as u64;
                    named.values().try_for_each(|schema| self.visit(schema, depth + 1))?;
                }
                ("properties" | "dependentSchemas" | "dependencies", Value::Object(named)) => {
                    named.values().try_for_each(|schema| self.visit(schema, depth + 1))?;
                }
                _ => self.visit(part, depth + 1)?,
            }
        }
        Ok(())
    }

    /// Values that a value is compared with count as well, with all their parts.
    fn compare(&mut self, values: &Value) -> Result<(), SchemaError> {
        let mut size = Size::default();
        size.add(values);
        self.parts = self.parts.saturating_add(usize::try_from(size.parts).unwrap_or(usize::MAX));
        if self.parts > MAX_EXPANDED { Err(SchemaError::TooLarge) } else { Ok(()) }
    }

    fn follow(&mut self, reference: &'a str, depth: usize) -> Result<(), SchemaError> {
        if self.following.contains(&reference) {
            return Err(SchemaError::Recursive(vak_model::printable(reference, 80)));
        }
        let outside = || SchemaError::Reference(vak_model::printable(reference, 80));
        // Percent-encoding would be decoded by whoever applies the schema, and not here: what is counted must be what runs.
        let pointer = reference.strip_prefix('#').filter(|pointer| !pointer.contains('%')).ok_or_else(outside)?;
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
    fn a_reference_in_percent_encoding_can_t_hide_what_it_means() {
        let schema = json!({"$defs": {"%61": true, "a": {"items": {"$ref": "#/$defs/%61"}}}, "$ref": "#/$defs/%61"});
        assert!(matches!(compile(schema), Err(SchemaError::Reference(_))));
    }

    #[test]
    fn what_a_check_may_cost_is_bounded_by_schema_and_value_together() {
        let branches: Vec<_> = (0..4900).map(|_| json!({"type": "object"})).collect();
        let many = compile(json!({"anyOf": branches})).expect("within the bound");
        let violation = many.check(&json!("a".repeat(1 << 20))).expect_err("no object");
        assert_eq!(violation.message, "the value does not match", "no explanation holds 4900 copies");
        let large = many.check(&json!(vec![1; 100_000])).expect_err("too large");
        assert!(large.message.contains("too large"), "{large}");

        let patterns: Vec<_> = (0..100).map(|_| json!({"pattern": "^[ab0]*$"})).collect();
        let patterns = compile(json!({"allOf": patterns})).expect("within the bound");
        assert!(patterns.check(&json!("a".repeat(1000))).is_ok());
        assert!(patterns.check(&json!("a".repeat(1 << 20))).expect_err("too large").message.contains("too large"));

        let numbers: Vec<_> = (0..30_000).collect();
        assert_eq!(compile(json!({"items": {"enum": numbers}})).expect_err("too large"), SchemaError::TooLarge);
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
        assert!(linear.check(&json!("a".repeat(50_000))).is_ok());
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
