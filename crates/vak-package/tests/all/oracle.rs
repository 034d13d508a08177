//! The reader of manifests against another one, made of derived forms: the two must agree about every manifest.
//!
//! This one stops at the first mistake and knows no places, so that there is little in it that could be wrong.

use std::collections::{BTreeMap, BTreeSet};
use std::num::NonZeroU64;

use base64ct::{Base64, Encoding as _};
use proptest::prelude::*;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use vak_model::{
    CapabilityRequest, Contents, Determinism, Export, ExportName, Feature, GoldenCase, GoldenResult, HostAnswer,
    HostCall, HostErrorLine, HostLine, LimitKind, LimitRequest, Manifest, ModulePath, SignatureBlock, SkillName,
    SkillVersion, Text,
};
use vak_package::ManifestDocument;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ManifestForm {
    name: SkillName,
    version: SkillVersion,
    description: Text,
    #[serde(default)]
    author: Text,
    #[serde(default)]
    license: Text,
    module: ModulePath,
    #[serde(default)]
    capabilities: Vec<Value>,
    #[serde(default)]
    features: Vec<String>,
    #[serde(default)]
    determinism: DeterminismForm,
    #[serde(default)]
    limits: BTreeMap<String, u64>,
    exports: Vec<Value>,
    #[serde(default)]
    tests: Vec<Value>,
    signature: Option<Value>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "lowercase")]
enum DeterminismForm {
    #[default]
    Exact,
    Portable,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ExportForm {
    name: ExportName,
    #[serde(default)]
    description: Text,
    input_schema: Option<Value>,
    output_schema: Option<Value>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct CaseForm {
    name: Text,
    export: Option<ExportName>,
    input: Value,
    #[serde(default, deserialize_with = "present")]
    output: Option<Value>,
    #[serde(default, deserialize_with = "present")]
    error: Option<Value>,
    max_fuel: Option<NonZeroU64>,
    host: Option<Vec<Value>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct HostForm {
    call: String,
    #[serde(default)]
    request: serde_json::Map<String, Value>,
    body: Option<Value>,
    #[serde(default, deserialize_with = "present")]
    response: Option<Value>,
    #[serde(default, deserialize_with = "present")]
    failed: Option<Value>,
    #[serde(default, deserialize_with = "present")]
    denied: Option<Value>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ErrorForm {
    code: String,
    message: Option<Text>,
}

/// A key that is there has a value, even if that is null.
fn present<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Option<Value>, D::Error> {
    Value::deserialize(deserializer).map(Some)
}

/// A derived form, of a mapping alone: serde takes a list of the values for one, too.
fn form<T: DeserializeOwned>(value: &Value) -> Option<T> {
    value.is_object().then(|| serde_json::from_value(value.clone()).ok())?
}

fn capability(value: &Value) -> Option<CapabilityRequest> {
    let request = |name: &str, scope, optional| CapabilityRequest::new(name.parse().ok()?, scope, optional).ok();
    let Value::Object(map) = value else { return request(value.as_str()?, None, false) };
    let optional = map.get("optional").map_or(Some(false), Value::as_bool)?;
    let names: Vec<_> = map.keys().filter(|key| *key != "optional").collect();
    let [name] = names[..] else { return None };
    request(name, serde_json::from_value(map[name].clone()).ok()?, optional)
}

fn limits(stated: &BTreeMap<String, u64>) -> Option<LimitRequest> {
    let mut request = LimitRequest::none();
    for (key, value) in stated {
        let kind = LimitKind::ALL.into_iter().find(|kind| kind.manifest_key() == key)?;
        request.set(kind, *value).ok()?;
    }
    Some(request)
}

fn export(value: &Value) -> Option<Export> {
    let ExportForm { name, description, input_schema, output_schema } = form(value)?;
    Some(Export { name, description, input_schema, output_schema })
}

fn case(value: &Value) -> Option<GoldenCase> {
    let CaseForm { name, export, input, output, error, max_fuel, host } = form(value)?;
    let expected = match (output, error) {
        (Some(output), None) => GoldenResult::Output(output),
        (None, Some(error)) => GoldenResult::Error(error),
        _ => return None,
    };
    let host = match host {
        Some(lines) => Some(lines.iter().map(host_line).collect::<Option<_>>()?),
        None => None,
    };
    Some(GoldenCase { name, export, input, expected, max_fuel, host })
}

fn host_line(value: &Value) -> Option<HostLine> {
    let HostForm { call, request, body, response, failed, denied } = form(value)?;
    let call = HostCall::named(&call)?;
    let body = match body {
        Some(body) => Some(contents(&body)?),
        None => None,
    };
    let answer = match (response, failed, denied) {
        (Some(mut response), None, None) if call == HostCall::HttpFetch => {
            let parts = response.as_object_mut()?;
            let mut bytes = bytes(Contents::Json(parts.remove("head")?));
            bytes.push(b'\n');
            if !parts.is_empty() {
                bytes.extend(self::bytes(contents(&response)?));
            }
            HostAnswer::Done(bytes)
        }
        (Some(response), None, None) => HostAnswer::Done(bytes(contents(&response)?)),
        (None, Some(failed), None) => HostAnswer::Failed(host_error(&failed)?),
        (None, None, Some(denied)) => HostAnswer::Denied(host_error(&denied)?),
        _ => return None,
    };
    Some(HostLine { call, request, body, answer })
}

fn contents(value: &Value) -> Option<Contents> {
    let parts = value.as_object()?;
    let (form, value) = parts.iter().next().filter(|_| parts.len() == 1)?;
    match (form.as_str(), value) {
        ("text", Value::String(text)) => Some(Contents::Bytes(text.clone().into_bytes())),
        ("base64", Value::String(text)) => Base64::decode_vec(text).ok().map(Contents::Bytes),
        ("json", value) => Some(Contents::Json(value.clone())),
        _ => None,
    }
}

fn bytes(contents: Contents) -> Vec<u8> {
    match contents {
        Contents::Bytes(bytes) => bytes,
        Contents::Json(value) => serde_json_canonicalizer::to_vec(&value).expect("JSON"),
    }
}

fn host_error(value: &Value) -> Option<HostErrorLine> {
    let ErrorForm { code, message } = form(value)?;
    let message = message.unwrap_or_else(|| Text::try_from("as the golden case states".to_owned()).expect("a line"));
    HostErrorLine::is_code(&code).then_some(HostErrorLine { code, message })
}

/// The manifest that a value stands for.
fn oracle(value: &Value) -> Option<Manifest> {
    let parts: ManifestForm = form(value)?;
    let features =
        parts.features.iter().map(|name| (name == "simd").then_some(Feature::Simd)).collect::<Option<_>>()?;
    let signature: Option<SignatureBlock> = match parts.signature {
        Some(signature) => Some(form(&signature)?),
        None => None,
    };
    let manifest = Manifest {
        name: parts.name,
        version: parts.version,
        description: parts.description,
        author: parts.author,
        license: parts.license,
        module: parts.module,
        capabilities: parts.capabilities.iter().map(capability).collect::<Option<_>>()?,
        features,
        determinism: match parts.determinism {
            DeterminismForm::Exact => Determinism::Exact,
            DeterminismForm::Portable => Determinism::Portable,
        },
        limits: limits(&parts.limits)?,
        exports: parts.exports.iter().map(export).collect::<Option<_>>()?,
        tests: parts.tests.iter().map(case).collect::<Option<_>>()?,
        signature,
    };
    agrees(&manifest).then_some(manifest)
}

/// Whether the parts agree with each other.
fn agrees(manifest: &Manifest) -> bool {
    let names: BTreeSet<_> = manifest.exports.iter().map(|export| export.name.as_str()).collect();
    let cases: BTreeSet<_> = manifest.tests.iter().map(|case| case.name.as_str()).collect();
    let capabilities: BTreeSet<_> = manifest.capabilities.iter().map(|request| request.capability).collect();
    let called = manifest.tests.iter().filter_map(|case| case.export.as_ref());
    (1..=256).contains(&manifest.exports.len())
        && manifest.tests.len() <= 1024
        && names.len() == manifest.exports.len()
        && cases.len() == manifest.tests.len()
        && capabilities.len() == manifest.capabilities.len()
        && called.into_iter().all(|export| names.contains(export.as_str()))
}

/// A manifest that has every key.
fn whole() -> Value {
    json!({
        "name": "acme/square", "version": "1.0.0", "description": "Squares", "author": "A", "license": "MIT",
        "module": "target/square.wasm",
        "capabilities": ["compute", { "fs.read": ["a", "b"], "optional": true }, { "log": null, "optional": false }],
        "features": ["simd"],
        "determinism": "portable",
        "limits": { "max_fuel": 1000, "max_stack_kib": 64, "max_handles": 5 },
        "exports": [
            { "name": "execute", "description": "d", "input_schema": { "type": "object" }, "output_schema": true },
            { "name": "other" },
        ],
        "tests": [
            { "name": "one", "export": "other", "input": {}, "output": null, "max_fuel": 5 },
            { "name": "two", "input": 1, "error": "e", "host": [
                { "call": "kv_set", "request": { "key": "k" }, "body": { "base64": "/w==" }, "response": { "json": {} } },
                { "call": "fs_read", "failed": { "code": "fs.not_found", "message": "gone" } },
                { "call": "log", "body": { "json": [1] }, "denied": { "code": "policy.ungranted" } },
                { "call": "http_fetch", "response": { "head": { "status": 200 }, "text": "hi" } },
            ] },
            { "name": "three", "input": 1, "output": 1, "host": [] },
        ],
        "signature": { "format": "f", "manifest_sha256": "a", "module_sha256": "b", "keys": ["k"], "value": "v" },
    })
}

/// Values to put in the place of others, many of which are right somewhere.
fn any_value() -> impl Strategy<Value = Value> {
    let words = [
        "",
        "execute",
        "other",
        "Execute",
        "memory",
        "compute",
        "log",
        "fs.read",
        "wasi",
        "simd",
        "1.0.0",
        "1",
        "a/b",
        "../x",
        "one",
        "\u{1b}",
        "name",
        "max_fuel",
        "kv_set",
        "http_fetch",
        "aGk=",
        "aGk",
        "fs.not_found",
        "path.Escapes",
    ];
    let numbers = [json!(0), json!(1), json!(-1), json!(64), json!(1.5), json!(40_000), json!(1_000_000_000)];
    let objects = [
        json!({}),
        json!({"name": "third"}),
        json!({"log": null}),
        json!({"kv": ["a"]}),
        json!({"fs.write": ["a"]}),
        json!({"name": "x", "input": 0, "output": 0}),
        json!({"max_fuel": 7}),
        json!({"optional": true}),
        json!({"text": "a"}),
        json!({"base64": "aGk="}),
        json!({"json": null}),
        json!({"code": "fs.not_found"}),
        json!({"call": "kv_get", "response": {"text": ""}}),
    ];
    prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        prop::sample::select(words.to_vec()).prop_map(Value::from),
        prop::sample::select(numbers.to_vec()),
        prop::sample::select(objects.to_vec()),
        prop::sample::select(vec![
            json!([]),
            json!(["a"]),
            json!(["compute"]),
            json!([[]]),
            json!([1]),
            json!(["execute"])
        ]),
    ]
}

#[derive(Clone, Debug)]
enum Change {
    /// Another value in the place of a part.
    Put(Value),
    /// A part less.
    Remove,
    /// An entry more in a list or mapping: under a known key, or one that nobody knows.
    Add(&'static str, Value),
    /// The last entry of a list once more.
    Repeat,
}

fn any_change() -> impl Strategy<Value = Change> {
    let keys = [
        "name",
        "nam",
        "export",
        "output",
        "error",
        "max_fuel",
        "optional",
        "log",
        "input_schema",
        "max_log_bytes",
        "host",
        "text",
        "json",
        "base64",
        "head",
        "request",
        "body",
        "response",
        "failed",
        "denied",
        "code",
        "message",
    ];
    prop_oneof![
        4 => any_value().prop_map(Change::Put),
        2 => Just(Change::Remove),
        3 => (prop::sample::select(keys.to_vec()), any_value()).prop_map(|(key, value)| Change::Add(key, value)),
        1 => Just(Change::Repeat),
    ]
}

/// Every part's JSON Pointer.
fn parts(value: &Value, pointer: &str, found: &mut Vec<String>) {
    found.push(pointer.to_owned());
    match value {
        Value::Array(items) => {
            items.iter().enumerate().for_each(|(i, item)| parts(item, &format!("{pointer}/{i}"), found))
        }
        Value::Object(map) => map.iter().for_each(|(key, item)| parts(item, &format!("{pointer}/{key}"), found)),
        _ => {}
    }
}

fn change(whole: &mut Value, at: prop::sample::Index, change: &Change) {
    let mut found = Vec::new();
    parts(whole, "", &mut found);
    let pointer = at.get(&found).clone();
    let part = whole.pointer_mut(&pointer);
    match (change, part) {
        (Change::Put(value), Some(part)) => *part = value.clone(),
        (Change::Add(key, value), Some(Value::Object(map))) => drop(map.insert((*key).to_owned(), value.clone())),
        (Change::Add(_, value), Some(Value::Array(items))) => items.push(value.clone()),
        (Change::Repeat, Some(Value::Array(items))) => items.extend(items.last().cloned()),
        (Change::Remove, _) => {
            let Some((around, key)) = pointer.rsplit_once('/') else { return };
            match whole.pointer_mut(around) {
                Some(Value::Object(map)) => drop(map.remove(key)),
                Some(Value::Array(items)) => drop(items.remove(key.parse().expect("a number"))),
                _ => {}
            }
        }
        _ => {}
    }
}

#[test]
fn both_take_a_manifest_with_every_key() {
    let document = ManifestDocument::from_yaml(&whole().to_string()).expect("valid");
    assert_eq!(Some(document.manifest()), oracle(&whole()).as_ref());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn both_take_and_refuse_the_same(changes in prop::collection::vec((any::<prop::sample::Index>(), any_change()), 1..4)) {
        let mut value = whole();
        for (at, one) in &changes {
            change(&mut value, *at, one);
        }
        let read = ManifestDocument::from_yaml(&value.to_string());
        let expected = oracle(&value);
        let got = read.as_ref().ok().map(ManifestDocument::manifest);
        prop_assert_eq!(got, expected.as_ref(), "{}: {:?}", value, read.as_ref().err());
        if let Ok(document) = read {
            value.as_object_mut().map(|map| map.remove("signature"));
            let again = ManifestDocument::from_canonical(document.canonical());
            prop_assert!(again.is_ok_and(|again| again.manifest().name == document.manifest().name));
        }
        // The stricter reading never takes what the other refuses, and neither panics.
        let checked = ManifestDocument::check_yaml(&value.to_string());
        prop_assert!(checked.is_err() || expected.is_some());
    }
}
