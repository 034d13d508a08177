//! From a value tree to a [`Manifest`]: the only way there is to one, for `skill.yaml` and for what artefacts carry.

use std::collections::BTreeSet;
use std::num::NonZeroU64;

use serde_json::Value;
use vak_model::{
    Advice, Capability, CapabilityRequest, Determinism, Export, ExportName, Feature, GoldenCase, GoldenResult,
    InvalidCapability, LimitKind, LimitRequest, Manifest, SignatureBlock,
};

use crate::host_lines;
use crate::mistakes::Read;
use crate::reader::{Mapping, Reader, did_you_mean, nearest};

const KEYS: &[&str] = &[
    "name",
    "version",
    "description",
    "author",
    "license",
    "module",
    "capabilities",
    "features",
    "determinism",
    "limits",
    "exports",
    "tests",
    "signature",
];

/// Reads a whole manifest.
pub(crate) fn manifest<'v>(reader: &mut Reader<'v>, value: &'v Value) -> Read<Manifest> {
    let parts = reader.mapping(value, "a manifest", KEYS)?;
    let name = parts.required(reader, "name", "my-skill", Reader::text);
    let version = parts.required(reader, "version", "\"0.1.0\"", Reader::text);
    let description = parts.required(reader, "description", "what it does, in one line", Reader::text);
    let author = parts.optional(reader, "author", Reader::text);
    let license = parts.optional(reader, "license", Reader::text);
    let module = parts.required(reader, "module", "target/my-skill.wasm", Reader::text);
    let capabilities = parts.optional(reader, "capabilities", capabilities);
    let features = parts.optional(reader, "features", |reader, value| reader.list(value, feature));
    let determinism = parts.optional(reader, "determinism", determinism);
    let limits = parts.optional(reader, "limits", limits);
    let exports = parts.required(reader, "exports", "[{ name: execute }]", exports);
    let callable = callable(&parts);
    let tests = parts.optional(reader, "tests", |reader, value| tests(reader, value, callable.as_ref()));
    let signature = parts.nullable(reader, "signature", signature);
    Ok(Manifest {
        name: name?,
        version: version?,
        description: description?,
        author: author?,
        license: license?,
        module: module?,
        capabilities: capabilities?,
        features: features?,
        determinism: determinism?,
        limits: limits?,
        exports: exports?,
        tests: tests?,
        signature: signature?,
    })
}

fn capabilities<'v>(reader: &mut Reader<'v>, value: &'v Value) -> Read<Vec<CapabilityRequest>> {
    let mut seen = BTreeSet::new();
    reader.list(value, |reader, value| {
        let request = capability(reader, value)?;
        if seen.insert(request.capability) {
            return Ok(request);
        }
        Err(reader.refuse(&format!("`{}` is listed twice", request.capability), "list it once"))
    })
}

/// A capability's name, or a mapping of the name to what it wants to reach.
fn capability<'v>(reader: &mut Reader<'v>, value: &'v Value) -> Read<CapabilityRequest> {
    let (capability, scope, optional) = match value {
        Value::String(name) => (named(reader, name)?, None, false),
        Value::Object(map) => {
            let optional = map.get("optional").map(|value| reader.below("optional", |reader| boolean(reader, value)));
            let mut names = map.iter().filter(|(key, _)| *key != "optional");
            let (Some((key, value)), None) = (names.next(), names.next()) else {
                return Err(reader.refuse("this entry does not name one capability", "name exactly one in each"));
            };
            let read = reader.below(key, |reader| {
                let capability = named(reader, key);
                let scope = if value.is_null() { Ok(None) } else { scope(reader, value).map(Some) };
                Ok((capability?, scope?))
            });
            let optional = optional.unwrap_or(Ok(false));
            let (capability, scope) = read?;
            (capability, scope, optional?)
        }
        other => return Err(reader.refuse_kind(other, "it must be a capability's name, alone or with a list")),
    };
    CapabilityRequest::new(capability, scope, optional).map_err(|error| reader.refuse_for(&error))
}

fn named(reader: &mut Reader<'_>, name: &str) -> Read<Capability> {
    name.parse().map_err(|error: InvalidCapability| match nearest(name, &Capability::ALL.map(Capability::name)) {
        Some(meant) => reader.refuse(&error.wrong(), &did_you_mean(meant)),
        None => reader.refuse_for(&error),
    })
}

fn scope<'v>(reader: &mut Reader<'v>, value: &'v Value) -> Read<Vec<String>> {
    reader.list(value, |reader, value| reader.string(value))
}

fn boolean(reader: &mut Reader<'_>, value: &Value) -> Read<bool> {
    value.as_bool().ok_or_else(|| reader.refuse_kind(value, "it must be `true` or `false`"))
}

fn feature(reader: &mut Reader<'_>, value: &Value) -> Read<Feature> {
    match reader.string(value)?.as_str() {
        "simd" => Ok(Feature::Simd),
        other => {
            let wrong = format!("`{}` is not a feature", vak_model::printable(other, 80));
            Err(reader.refuse(&wrong, "`simd` is the only one there is"))
        }
    }
}

fn determinism(reader: &mut Reader<'_>, value: &Value) -> Read<Determinism> {
    match reader.string(value)?.as_str() {
        "exact" => Ok(Determinism::Exact),
        "portable" => Ok(Determinism::Portable),
        other => {
            let wrong = format!("`{}` is no kind of determinism", vak_model::printable(other, 80));
            Err(reader.refuse(&wrong, "write `exact` or `portable`"))
        }
    }
}

fn limits<'v>(reader: &mut Reader<'v>, value: &'v Value) -> Read<LimitRequest> {
    let parts = reader.mapping(value, "`limits`", &LimitKind::ALL.map(LimitKind::manifest_key))?;
    let mut request = LimitRequest::none();
    let mut all = Ok(());
    for kind in LimitKind::ALL {
        let stated = parts.value(kind.manifest_key());
        let read =
            stated.map(|value| reader.below(kind.manifest_key(), |reader| limit(reader, kind, value, &mut request)));
        all = all.and(read.unwrap_or(Ok(())));
    }
    all.map(|()| request)
}

fn limit(reader: &mut Reader<'_>, kind: LimitKind, value: &Value, request: &mut LimitRequest) -> Read<()> {
    let stated = whole_number(reader, value)?;
    request.set(kind, stated).map_err(|error| reader.refuse_for(&error))
}

fn whole_number(reader: &mut Reader<'_>, value: &Value) -> Read<u64> {
    match (value.as_u64(), value) {
        (Some(number), _) => Ok(number),
        (None, Value::Number(number)) => {
            Err(reader.refuse(&format!("{number} is not a whole number"), "write one, of at least 1"))
        }
        (None, other) => Err(reader.refuse_kind(other, "it must be a whole number of at least 1")),
    }
}

fn exports<'v>(reader: &mut Reader<'v>, value: &'v Value) -> Read<Vec<Export>> {
    let mut names = BTreeSet::new();
    let exports = reader.list(value, |reader, value| {
        let distinct = distinct(reader, value, &mut names);
        let export = export(reader, value);
        distinct.and(export)
    })?;
    match exports.len() {
        0 => Err(reader.refuse("`exports` is empty", "a skill has at least one function: add `- name: execute`")),
        count => at_most(reader, count, Manifest::MAX_EXPORTS).map(|()| exports),
    }
}

fn export<'v>(reader: &mut Reader<'v>, value: &'v Value) -> Read<Export> {
    let parts = reader.mapping(value, "an export", &["name", "description", "input_schema", "output_schema"])?;
    let name = parts.required(reader, "name", "execute", Reader::text);
    let description = parts.optional(reader, "description", Reader::text);
    let input_schema = parts.nullable(reader, "input_schema", any);
    let output_schema = parts.nullable(reader, "output_schema", any);
    Ok(Export { name: name?, description: description?, input_schema: input_schema?, output_schema: output_schema? })
}

pub(crate) fn any(_: &mut Reader<'_>, value: &Value) -> Read<Value> {
    Ok(value.clone())
}

/// What golden cases may call, unless that can't be told.
fn callable<'v>(manifest: &Mapping<'v>) -> Option<BTreeSet<&'v str>> {
    manifest.value("exports")?.as_array()?.iter().map(|export| export.get("name")?.as_str()).collect()
}

fn tests<'v>(reader: &mut Reader<'v>, value: &'v Value, callable: Option<&BTreeSet<&str>>) -> Read<Vec<GoldenCase>> {
    let mut names = BTreeSet::new();
    let tests = reader.list(value, |reader, value| {
        let distinct = distinct(reader, value, &mut names);
        let test = test(reader, value, callable);
        distinct.and(test)
    })?;
    at_most(reader, tests.len(), Manifest::MAX_TESTS).map(|()| tests)
}

fn test<'v>(reader: &mut Reader<'v>, value: &'v Value, callable: Option<&BTreeSet<&str>>) -> Read<GoldenCase> {
    let parts = reader.mapping(value, "a test", &["name", "export", "input", "output", "error", "max_fuel", "host"])?;
    let name = parts.required(reader, "name", "what it shows", Reader::text);
    let export = parts.nullable(reader, "export", |reader, value| called(reader, value, callable));
    let input = parts.required(reader, "input", "{}", any);
    let expected = expected(reader, &parts);
    let max_fuel = parts.nullable(reader, "max_fuel", fuel);
    let host = parts.nullable(reader, "host", host_lines::lines);
    let (max_fuel, host) = (max_fuel?, host?);
    Ok(GoldenCase { name: name?, export: export?, input: input?, expected: expected?, max_fuel, host })
}

fn called(reader: &mut Reader<'_>, value: &Value, callable: Option<&BTreeSet<&str>>) -> Read<ExportName> {
    let name: ExportName = reader.text(value)?;
    match callable {
        Some(names) if !names.contains(name.as_str()) => {
            Err(reader.refuse(&format!("`{name}` is not among the exports"), "call an export that the manifest lists"))
        }
        _ => Ok(name),
    }
}

/// One of `output` and `error`; an answer of null is one too.
fn expected<'v>(reader: &mut Reader<'v>, parts: &Mapping<'v>) -> Read<GoldenResult> {
    match (parts.value("output"), parts.value("error")) {
        (Some(output), None) => Ok(GoldenResult::Output(output.clone())),
        (None, Some(error)) => Ok(GoldenResult::Error(error.clone())),
        (Some(_), Some(_)) => Err(reader.refuse("a test has both `output` and `error`", "keep one of them")),
        (None, None) => Err(parts
            .misspelt("output")
            .or(parts.misspelt("error"))
            .unwrap_or_else(|| reader.refuse("a test has neither `output` nor `error`", "add what must come out"))),
    }
}

fn fuel(reader: &mut Reader<'_>, value: &Value) -> Read<NonZeroU64> {
    let fuel = whole_number(reader, value)?;
    NonZeroU64::new(fuel).ok_or_else(|| reader.refuse("`max_fuel` is 0", "state at least 1, or leave it out"))
}

fn signature<'v>(reader: &mut Reader<'v>, value: &'v Value) -> Read<SignatureBlock> {
    let keys = &["format", "manifest_sha256", "module_sha256", "keys", "value"];
    let parts = reader.mapping(value, "a signature", keys)?;
    let mut text = |key| parts.required(reader, key, "…", Reader::string);
    let [format, manifest_sha256, module_sha256, value] =
        ["format", "manifest_sha256", "module_sha256", "value"].map(&mut text);
    let keys = parts.optional(reader, "keys", |reader, value| reader.list(value, Reader::string));
    Ok(SignatureBlock {
        format: format?,
        manifest_sha256: manifest_sha256?,
        module_sha256: module_sha256?,
        keys: keys?,
        value: value?,
    })
}

/// Refuses an entry whose name another one before it has.
fn distinct<'v>(reader: &mut Reader<'v>, entry: &'v Value, names: &mut BTreeSet<&'v str>) -> Read<()> {
    match entry.get("name").and_then(Value::as_str) {
        Some(name) if !names.insert(name) => {
            let wrong = format!("`{}` is listed twice", vak_model::printable(name, 80));
            Err(reader.below("name", |reader| reader.refuse(&wrong, "give each a name of its own")))
        }
        _ => Ok(()),
    }
}

pub(crate) fn at_most(reader: &mut Reader<'_>, count: usize, most: usize) -> Read<()> {
    if count <= most {
        return Ok(());
    }
    Err(reader.refuse(&format!("the list has {count} entries"), &format!("at most {most} are allowed")))
}
