//! A manifest's schemas compiled, and its golden cases held against them, without running anything.
//!
//! Whoever runs a skill compiles the schemas that a call needs, when it needs them. This is for authors: all schemas and
//! all cases, also those beside a part that can't be read.

use serde_json::Value;
use vak_model::{Code, Manifest};

use crate::reader::Reader;
use crate::schema::Schema;

/// An export's name and schemas. None stands for any value, and for a schema that is noted already.
struct Schemas<'v> {
    export: &'v str,
    input: Option<Schema>,
    output: Option<Schema>,
}

/// Notes every schema that can't be used, and every golden case that its schema does not allow.
pub(crate) fn check<'v>(reader: &mut Reader<'v>, manifest: &'v Value) {
    let exports = entries(manifest, "exports", Manifest::MAX_EXPORTS);
    let exports = reader.below("exports", |reader| reader.each(exports, compile));
    let tests = entries(manifest, "tests", Manifest::MAX_TESTS);
    reader.below("tests", |reader| reader.each(tests, |reader, test| hold(reader, test, &exports)));
}

/// The first `most` entries of a list; what is no list has none.
fn entries<'v>(manifest: &'v Value, key: &str, most: usize) -> &'v [Value] {
    let items = manifest.get(key).and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
    &items[..items.len().min(most)]
}

fn name(entry: &Value) -> &str {
    entry.get("name").and_then(Value::as_str).unwrap_or_default()
}

fn compile<'v>(reader: &mut Reader<'v>, export: &'v Value) -> Schemas<'v> {
    let mut one = |key: &'static str| {
        let schema = export.get(key).filter(|schema| !schema.is_null())?;
        let error = match Schema::compile(schema) {
            Ok(schema) => return Some(schema),
            Err(error) => error,
        };
        let wrong = format!("the `{key}` of `{}` can't be used: {error}", vak_model::printable(name(export), 80));
        let right = "write a JSON Schema of draft 2020-12, whole in itself";
        reader.below(key, |reader| reader.refuse_as(Code::ManifestSchema, error.pointer(), &wrong, right));
        None
    };
    Schemas { export: name(export), input: one("input_schema"), output: one("output_schema") }
}

/// An error that a case expects is the skill's own: no schema speaks of it.
fn hold<'v>(reader: &mut Reader<'v>, test: &'v Value, exports: &[Schemas<'v>]) {
    let called = match test.get("export").and_then(Value::as_str) {
        Some(name) => exports.iter().find(|schemas| schemas.export == name),
        None => exports.first(),
    };
    let Some(Schemas { export, input, output }) = called else { return };
    for (key, schema) in [("input", input), ("output", output)] {
        let (Some(value), Some(schema)) = (test.get(key), schema) else { continue };
        let Err(violation) = schema.check(value) else { continue };
        let [shown, export] = [name(test), export].map(|name| vak_model::printable(name, 80));
        let wrong = format!("the {key} of the test `{shown}` breaks the `{key}_schema` of `{export}` {violation}");
        let right = "correct the one or the other";
        reader.below(key, |reader| reader.refuse_as(Code::ManifestSchema, &violation.pointer, &wrong, right));
    }
}
