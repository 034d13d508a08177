use proptest::prelude::*;
use proptest::sample::{select, subsequence};
use serde_json::json;

use super::*;

/// What must come of a pair.
#[derive(Debug)]
enum Expected {
    Holds,
    /// It breaks, at this part: this value is allowed by the first schema and not by the second.
    Breaks(&'static str, Value),
    /// It is open, because of this part.
    Open(&'static str),
}

use Expected::{Breaks, Holds, Open};

/// The validator itself, asked without anything of ours.
fn allows(schema: &Value, value: &Value) -> bool {
    jsonschema::options().offline().build(schema).expect("a schema").is_valid(value)
}

fn object(properties: Value) -> Value {
    json!({ "type": "object", "properties": properties })
}

#[expect(clippy::too_many_lines, reason = "a table")]
fn pairs() -> Vec<(Value, Value, Expected)> {
    let text = || json!({ "type": "string" });
    vec![
        // Everything, nothing, and the same.
        (json!(true), json!(true), Holds),
        (json!({}), json!(true), Holds),
        (text(), json!({}), Holds),
        (text(), text(), Holds),
        (json!(false), json!({ "type": "null" }), Holds),
        (text(), json!(false), Breaks("", json!("x"))),
        (json!({}), text(), Breaks("/type", json!(1))),
        // What decides nothing.
        (text(), json!({ "type": "string", "title": "T", "description": "D", "default": 1, "examples": [2] }), Holds),
        (json!({ "type": "string", "$comment": "x" }), text(), Holds),
        // Types.
        (text(), json!({ "type": ["string", "null"] }), Holds),
        (json!({ "type": ["null", "string"] }), json!({ "type": ["string", "null"] }), Holds),
        (json!({ "type": ["string", "null"] }), text(), Breaks("/type", json!(null))),
        (json!({ "type": "integer" }), json!({ "type": "number" }), Holds),
        (json!({ "type": "number" }), json!({ "type": "integer" }), Breaks("/type", json!(0.5))),
        (json!({ "type": "number", "minimum": 1, "maximum": 1 }), json!({ "type": "integer" }), Open("/type")),
        (text(), json!({ "type": "object" }), Breaks("/type", json!("x"))),
        // Lists of values.
        (json!({ "enum": ["a"] }), json!({ "enum": ["b", "a"] }), Holds),
        (json!({ "enum": ["a", "b"] }), json!({ "enum": ["a"] }), Breaks("", json!("b"))),
        (json!({ "const": 1 }), json!({ "enum": [1, 2] }), Holds),
        (json!({ "const": 3 }), json!({ "const": 4 }), Breaks("", json!(3))),
        (json!({ "enum": ["a", 7] }), text(), Breaks("", json!(7))),
        (json!({ "enum": ["a", 7], "type": "string" }), text(), Holds),
        (json!({ "enum": ["ab", "c"] }), json!({ "pattern": "^[a-c]+$" }), Holds),
        (json!({ "type": "boolean" }), json!({ "enum": [true, false, null] }), Holds),
        (json!({ "type": "boolean" }), json!({ "const": true }), Breaks("", json!(false))),
        (text(), json!({ "enum": ["a"] }), Breaks("", json!("x"))),
        (json!({ "type": "integer", "minimum": 1, "maximum": 2 }), json!({ "enum": [1, 2] }), Open("")),
        // Ranges.
        (json!({ "minimum": 1 }), json!({ "minimum": 0 }), Holds),
        (json!({ "minimum": 0 }), json!({ "minimum": 1 }), Breaks("/minimum", json!(0))),
        (json!({ "exclusiveMinimum": 0 }), json!({ "minimum": 0 }), Holds),
        (json!({ "minimum": 0 }), json!({ "exclusiveMinimum": 0 }), Breaks("/minimum", json!(0))),
        (json!({ "type": "integer", "exclusiveMinimum": 0 }), json!({ "minimum": 1 }), Holds),
        (json!({ "type": "number", "exclusiveMinimum": 0 }), json!({ "minimum": 1 }), Breaks("/minimum", json!(0.5))),
        (json!({ "type": "integer", "maximum": 2.5 }), json!({ "exclusiveMaximum": 3 }), Holds),
        (json!({ "maximum": 10 }), json!({ "maximum": 9 }), Breaks("/maximum", json!(10))),
        (json!({ "type": "number" }), json!({ "maximum": 9 }), Breaks("/maximum", json!(10))),
        (text(), json!({ "type": "string", "maximum": 9 }), Holds),
        (json!({ "minimum": 2, "exclusiveMinimum": 2 }), json!({ "exclusiveMinimum": 2 }), Holds),
        // Lengths.
        (json!({ "type": "string", "maxLength": 3 }), json!({ "maxLength": 4 }), Holds),
        (json!({ "type": "string", "maxLength": 3 }), json!({ "maxLength": 2 }), Breaks("/maxLength", json!("abc"))),
        (text(), json!({ "minLength": 1 }), Breaks("/minLength", json!(""))),
        (json!({ "type": "array", "minItems": 2 }), json!({ "minItems": 1.0 }), Holds),
        (json!({ "type": "array" }), json!({ "maxItems": 1 }), Breaks("/maxItems", json!([1, 2]))),
        (json!({ "type": "object", "required": ["a", "b"] }), json!({ "minProperties": 2 }), Holds),
        (json!({ "type": "object" }), json!({ "minProperties": 1 }), Breaks("/minProperties", json!({}))),
        // Items.
        (json!({ "type": "array", "items": { "type": "integer" } }), json!({ "items": { "type": "number" } }), Holds),
        (json!({ "type": "array" }), json!({ "items": { "type": "number" } }), Breaks("/items/type", json!(["x"]))),
        (json!({ "type": "array", "maxItems": 0 }), json!({ "items": { "type": "number" } }), Holds),
        (
            json!({ "type": "array", "prefixItems": [text()], "items": { "type": "number" } }),
            json!({ "type": "array", "items": { "type": "number" } }),
            Open("/items"),
        ),
        (
            json!({ "type": "array", "prefixItems": [text()], "items": { "type": "integer" } }),
            json!({ "type": "array", "prefixItems": [text()], "items": { "type": "number" } }),
            Holds,
        ),
        // Properties.
        (object(json!({ "a": text() })), object(json!({ "a": { "type": ["string", "null"] } })), Holds),
        (object(json!({ "a": {} })), object(json!({ "a": text() })), Breaks("/properties/a/type", json!({"a": 1}))),
        (object(json!({})), object(json!({ "a": text() })), Breaks("/properties/a/type", json!({"a": 1}))),
        (json!({ "type": "object", "additionalProperties": false }), object(json!({ "a": text() })), Holds),
        (
            object(json!({ "a": text() })),
            json!({ "type": "object", "properties": { "a": text() }, "additionalProperties": false }),
            Breaks("/additionalProperties", json!({ "b": 1 })),
        ),
        (
            json!({ "type": "object", "properties": { "a": text() }, "additionalProperties": false }),
            json!({ "type": "object", "properties": { "a": text(), "b": text() }, "additionalProperties": false }),
            Holds,
        ),
        (
            json!({ "type": "object", "properties": { "a": text(), "b": text() }, "additionalProperties": false }),
            json!({ "type": "object", "properties": { "a": text() }, "additionalProperties": false }),
            Breaks("/properties/b", json!({ "b": "x" })),
        ),
        (
            json!({ "type": "object", "properties": { "a": text() }, "additionalProperties": { "type": "integer" } }),
            json!({ "type": "object", "additionalProperties": { "type": ["number", "string"] } }),
            Holds,
        ),
        // Required properties.
        (json!({ "type": "object", "required": ["a", "b"] }), json!({ "required": ["b"] }), Holds),
        (json!({ "type": "object" }), json!({ "required": ["a"] }), Breaks("/required", json!({}))),
        (json!({ "type": "array" }), json!({ "required": ["a"] }), Holds),
        // Patterns of names make additional properties of some names and not of others.
        (
            json!({ "type": "object", "patternProperties": { "^x": {} }, "additionalProperties": false }),
            json!({ "type": "object", "additionalProperties": false }),
            Open("/additionalProperties"),
        ),
        (
            json!({ "type": "object", "patternProperties": { "^x": {} }, "additionalProperties": false }),
            json!({ "type": "object", "patternProperties": { "^x": {} }, "additionalProperties": text() }),
            Holds,
        ),
        // References are followed.
        (json!({ "$defs": { "t": text() }, "$ref": "#/$defs/t" }), text(), Holds),
        (
            json!({ "$defs": { "t": text() }, "items": { "$ref": "#/$defs/t" } }),
            json!({ "$defs": { "t": { "type": "null" } }, "items": { "$ref": "#/$defs/t" } }),
            Breaks("/items/type", json!(["x"])),
        ),
        (
            json!({ "$defs": { "t": text() }, "allOf": [{ "$ref": "#/$defs/t" }] }),
            json!({ "$defs": { "t": { "type": "null" } }, "allOf": [{ "$ref": "#/$defs/t" }] }),
            Open("/allOf"),
        ),
        // What is not decided: the same words are the same, and more words are more.
        (json!({ "pattern": "^a" }), json!({ "pattern": "^a" }), Holds),
        (
            json!({ "type": "string", "pattern": "^a", "minLength": 2 }),
            json!({ "pattern": "^a", "minLength": 1 }),
            Holds,
        ),
        (json!({ "type": "string", "pattern": "^a" }), text(), Holds),
        (json!({ "pattern": "^ab" }), json!({ "pattern": "^a" }), Open("/pattern")),
        (text(), json!({ "type": "string", "format": "date" }), Open("/format")),
        (json!({ "multipleOf": 4 }), json!({ "multipleOf": 2 }), Open("/multipleOf")),
        (json!({ "anyOf": [text()] }), text(), Open("/type")),
        (json!({ "not": text() }), json!({ "not": { "type": ["string", "null"] } }), Open("/not")),
        (json!({ "type": "array", "uniqueItems": true }), json!({ "uniqueItems": true }), Holds),
        // The same words, among others that change what they mean.
        (
            json!({ "type": "array", "contains": text(), "minContains": 0 }),
            json!({ "type": "array", "contains": text() }),
            Open("/contains"),
        ),
        (
            json!({ "if": { "minimum": 5 }, "then": { "maximum": 9 } }),
            json!({ "if": { "minimum": 3 }, "then": { "maximum": 9 } }),
            Open("/if"),
        ),
        (
            json!({ "type": "object", "properties": { "a": {}, "b": {} }, "unevaluatedProperties": false }),
            json!({ "type": "object", "properties": { "a": {} }, "unevaluatedProperties": false }),
            Open("/unevaluatedProperties"),
        ),
        // What can't be used.
        (text(), json!({ "type": "texts" }), Open("")),
        (json!({ "$ref": "#" }), text(), Open("")),
    ]
}

#[test]
fn pairs_of_schemas_are_decided_as_the_table_says_and_as_the_validator_sees_it() {
    let pairs = pairs();
    assert!(pairs.len() >= 40, "{}", pairs.len());
    for (narrow, wide, expected) in pairs {
        let found = Inclusion::of(Some(&narrow), Some(&wide));
        let told = format!("{narrow} in {wide}: {found:?}");
        match expected {
            Holds => assert!(found.holds(), "{told}"),
            Breaks(pointer, witness) => {
                assert!(allows(&narrow, &witness) && !allows(&wide, &witness), "{witness} is no witness: {told}");
                assert!(found.breaks.iter().any(|one| one.pointer == pointer), "{pointer}: {told}");
            }
            Open(pointer) => {
                assert_eq!(found.breaks, [], "{told}");
                assert!(found.undecided.iter().any(|one| one.pointer == pointer), "{pointer}: {told}");
            }
        }
    }
}

#[test]
fn no_schema_allows_everything() {
    let text = json!({ "type": "string" });
    assert!(Inclusion::of(Some(&text), None).holds() && Inclusion::of(None, None).holds());
    assert_eq!(Inclusion::of(None, Some(&text)).breaks[0].pointer, "/type");
}

#[test]
fn what_is_found_is_bounded_and_names_are_cut_and_escaped() {
    let many: Map<_, _> =
        (0..2000).map(|i| (format!("{i}\u{1b}/{}", "x".repeat(100)), json!({ "type": "null" }))).collect();
    let (few, many) = (json!({ "additionalProperties": { "properties": many } }), object(Value::Object(many.clone())));
    let found = Inclusion::of(Some(&json!({ "type": "object" })), Some(&many));
    assert_eq!(found.breaks.len(), MAX_FOUND);
    let pointer = &found.breaks[0].pointer;
    assert!(pointer.len() < 100 && pointer.contains("\\u{1b}~1"), "{pointer}");
    let started = Inclusion::of(Some(&few), Some(&many));
    assert!(!started.holds());
}

/// Small schemas of all decided keywords, and some others.
fn schema() -> impl Strategy<Value = Value> {
    let kinds = subsequence(vec!["null", "boolean", "integer", "number", "string", "array", "object"], 1..4);
    let number = || (-4..8_i32).prop_map(|half| json!(f64::from(half) / 2.0));
    let length = || (0..3_u32).prop_map(|length| json!(length));
    let leaf = prop_oneof![
        4 => kinds.prop_map(|kinds| json!({ "type": kinds })),
        1 => any::<bool>().prop_map(Value::Bool),
        1 => subsequence(vec![json!(null), json!(0), json!(1), json!("a"), json!("ab"), json!([]), json!({})], 1..4)
            .prop_map(|values| json!({ "enum": values })),
        1 => number().prop_map(|value| json!({ "const": value })),
        1 => select(vec![json!({"pattern": "^a"}), json!({"multipleOf": 2}), json!({"uniqueItems": true})]),
    ];
    leaf.prop_recursive(3, 24, 4, move |inner| {
        let limits = (
            select(vec!["minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum"]),
            number(),
            select(vec!["minLength", "maxLength", "minItems", "maxItems", "minProperties", "maxProperties"]),
            length(),
        );
        let named = || proptest::collection::btree_map(select(vec!["a", "b", "xc"]), inner.clone(), 0..3);
        let required = subsequence(vec!["a", "b", "xc"], 0..3);
        let others = proptest::option::of(inner.clone());
        let lists = (proptest::option::of(inner.clone()), proptest::option::weighted(0.2, inner.clone()));
        let patterns = proptest::option::weighted(0.3, inner.clone());
        (inner.clone(), limits, named(), required, others, lists, patterns).prop_map(
            |(base, (range, number, of, length), named, required, others, (items, prefix), patterns)| {
                let mut map = base.as_object().cloned().unwrap_or_default();
                map.insert(range.to_owned(), number);
                map.insert(of.to_owned(), length);
                map.insert("properties".to_owned(), json!(named));
                map.insert("required".to_owned(), json!(required));
                map.extend(others.map(|schema| ("additionalProperties".to_owned(), schema)));
                map.extend(items.map(|schema| ("items".to_owned(), schema)));
                map.extend(prefix.map(|schema| ("prefixItems".to_owned(), json!([schema]))));
                map.extend(patterns.map(|schema| ("patternProperties".to_owned(), json!({ "^x": schema }))));
                Value::Object(map)
            },
        )
    })
}

fn value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::Bool),
        (-6..12_i32).prop_map(|half| json!(f64::from(half) / 2.0)),
        (-3..6_i32).prop_map(|number| json!(number)),
        "[ab]{0,3}".prop_map(Value::String),
    ];
    leaf.prop_recursive(2, 12, 3, |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..3).prop_map(Value::Array),
            proptest::collection::btree_map(select(vec!["a", "b", "xc", "d"]), inner, 0..4).prop_map(|map| json!(map)),
        ]
    })
}

/// The schema with one of its parts made narrower or wider, so that pairs are near each other.
fn changed(schema: &Value, path: &[usize], with: Value) -> Value {
    let Some((first, rest)) = path.split_first() else { return with };
    let mut schema = schema.clone();
    match &mut schema {
        Value::Object(map) if !map.is_empty() => {
            let key = map.keys().nth(first % map.len()).expect("not empty").clone();
            match (rest.is_empty() || !matches!(map[&key], Value::Object(_)), key.as_str()) {
                (true, "properties" | "patternProperties" | "prefixItems") | (true, "enum" | "required") => {
                    drop(map.remove(&key))
                }
                (true, "items" | "additionalProperties") => drop(map.insert(key, with)),
                (true, _) => drop(map.remove(&key)),
                (false, _) => {
                    let inner = changed(&map[&key], rest, with);
                    map.insert(key, inner);
                }
            }
            schema
        }
        _ => with,
    }
}

/// The names of properties that the generated schemas speak of, and one that none does.
const NAMES: [&str; 5] = ["a", "b", "xc", "xd", "d"];

/// How many values are looked at for the innermost parts of the schemas; twice as many for those around them.
const MAX_WITNESSES: usize = 24;

/// Values at the edges of what these schemas say, of which many are allowed by one of them: by the random ones, few are.
/// Both schemas are asked about each part, since a value has to be allowed by the first to show where the second refuses.
fn witnesses(schemas: &[&Value], depth: usize) -> Vec<Value> {
    let maps: Vec<_> = schemas.iter().filter_map(|schema| schema.as_object()).collect();
    let mut values = vec![json!(null), json!(true), json!(0), json!(0.5), json!(""), json!("a"), json!([]), json!({})];
    for map in &maps {
        values.extend(map.get("enum").and_then(Value::as_array).into_iter().flatten().cloned());
        values.extend(map.get("const").cloned());
        for (_, limit) in map.iter().filter(|(key, _)| key.to_lowercase().ends_with("imum")) {
            let near = |limit: f64| [-1.0, -0.5, 0.0, 0.5, 1.0].map(|off| json!(limit + off));
            values.extend(limit.as_f64().map(near).into_iter().flatten());
        }
    }
    values.extend((0..4).map(|length| json!("a".repeat(length))));
    if depth > 0 {
        values.extend(arrays(&maps, depth));
        values.extend(objects(&maps, depth));
    }
    let mut some = Vec::new();
    // From each end in turn, so that scalars, arrays and objects are among what is kept.
    while let Some(value) =
        if some.len() % 2 == 0 { values.pop() } else { (!values.is_empty()).then(|| values.remove(0)) }
    {
        if some.len() == MAX_WITNESSES << depth {
            break;
        }
        if !some.contains(&value) {
            some.push(value);
        }
    }
    some
}

/// Lists of up to three elements, each at each place.
fn arrays(maps: &[&Map<String, Value>], depth: usize) -> Vec<Value> {
    let prefix = maps.iter().filter_map(|map| map.get("prefixItems")?.as_array()).flatten();
    let parts: Vec<_> = maps.iter().filter_map(|map| map.get("items")).chain(prefix).collect();
    let elements = witnesses(&parts, depth - 1);
    let mut lists: Vec<_> = elements.iter().map(|one| vec![one.clone()]).collect();
    for fill in elements.iter().take(6) {
        lists.extend((2..4).map(|length| vec![fill.clone(); length]));
    }
    lists.extend(elements.iter().zip(elements.iter().rev()).map(|(one, other)| vec![one.clone(), other.clone()]));
    lists.into_iter().map(Value::Array).collect()
}

/// Objects with what a schema requires, and each property in turn with each value at its edges.
fn objects(maps: &[&Map<String, Value>], depth: usize) -> Vec<Value> {
    let of_name = |name: &str| {
        let parts = maps.iter().flat_map(|map| {
            let own = map.get("properties").and_then(|named| named.get(name));
            let pattern = map.get("patternProperties").and_then(|patterns| patterns.get("^x"));
            [own, pattern.filter(|_| name.starts_with('x')), map.get("additionalProperties")]
        });
        witnesses(&parts.flatten().collect::<Vec<_>>(), depth - 1)
    };
    let properties: Vec<_> = NAMES.iter().map(|name| (*name, of_name(name))).collect();
    let mut objects = Vec::new();
    for map in maps {
        let required: Vec<_> = map.get("required").and_then(Value::as_array).into_iter().flatten().collect();
        let mut of_properties = (*map).clone();
        of_properties.retain(|key, _| key.ends_with("roperties") && !key.starts_with('m'));
        let of_properties = Value::Object(of_properties);
        // A part that refers to the whole can't be used alone; no value is looked for there.
        let alone_in = jsonschema::options().offline().build(&of_properties);
        let mut base = Map::new();
        for (name, values) in properties.iter().filter(|(name, _)| required.contains(&&json!(name))) {
            let fits = |value: &&Value| {
                let alone = Value::Object(Map::from_iter([((*name).to_owned(), (*value).clone())]));
                alone_in.as_ref().is_ok_and(|validator| validator.is_valid(&alone))
            };
            base.extend(values.iter().find(fits).map(|value| ((*name).to_owned(), value.clone())));
        }
        for (name, values) in &properties {
            objects.extend(values.iter().map(|value| {
                let mut object = base.clone();
                object.insert((*name).to_owned(), value.clone());
                object
            }));
        }
        objects.push(base);
    }
    objects.into_iter().map(Value::Object).collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 3000, ..ProptestConfig::default() })]

    #[test]
    fn what_is_said_to_be_included_is_and_no_value_shows_otherwise(
        one in schema(),
        other in schema(),
        path in proptest::collection::vec(0..8_usize, 1..4),
        near: bool,
        swap: bool,
        values in proptest::collection::vec(value(), 24),
    ) {
        let other = if near { changed(&one, &path, other) } else { other };
        let (narrow, wide) = if swap { (other, one) } else { (one, other) };
        let usable = |schema: &Value| Schema::compile(schema).is_ok();
        prop_assume!(usable(&narrow) && usable(&wide));
        if Inclusion::of(Some(&narrow), Some(&wide)).holds() {
            let validator = |schema| jsonschema::options().offline().build(schema).expect("a schema");
            let (narrower, wider) = (validator(&narrow), validator(&wide));
            for value in values.iter().chain(&witnesses(&[&narrow, &wide], 2)) {
                if narrower.is_valid(value) {
                    prop_assert!(wider.is_valid(value), "{value}: {narrow} is not in {wide}");
                }
            }
        }
    }
}

/// What the property is worth: where one schema is not in the other, the values at the edges show it.
#[test]
fn values_at_the_edges_show_what_breaks() {
    let breaking = pairs().into_iter().filter(|(_, _, expected)| matches!(expected, Breaks(..)));
    let (mut shown, mut all) = (0, 0);
    for (narrow, wide, _) in breaking {
        all += 1;
        let edges = witnesses(&[&narrow, &wide], 2);
        shown += usize::from(edges.iter().any(|value| allows(&narrow, value) && !allows(&wide, value)));
    }
    assert!(shown * 10 >= all * 8, "{shown} of {all}");
}
