//! The manifest's schemas, and the golden cases held against them, without running anything.

use serde_json::Value;
use vak_model::{Export, GoldenCase, GoldenResult};
use vak_package::Schema;

use crate::{Error, Source};

/// An export's schemas. None stands for any value, and for a schema that is reported already.
struct Schemas {
    input: Option<Schema>,
    output: Option<Schema>,
}

/// Everything that is wrong with schemas and golden cases, in the order of the exports, then of the cases.
pub(crate) fn check(source: &Source) -> Vec<Error> {
    let mut errors = Vec::new();
    let exports = &source.manifest().exports;
    let schemas: Vec<_> =
        exports.iter().enumerate().map(|(i, export)| compile(source, i, export, &mut errors)).collect();
    for (i, case) in source.manifest().tests.iter().enumerate() {
        // The manifest's own check has made sure that there is such an export.
        let called = |export: &Export| case.export.as_ref().is_none_or(|name| *name == export.name);
        let Some(export) = exports.iter().position(called) else { continue };
        check_case(source, i, case, (&exports[export], &schemas[export]), &mut errors);
    }
    errors
}

fn compile(source: &Source, index: usize, export: &Export, errors: &mut Vec<Error>) -> Schemas {
    let mut one = |which: &str, schema: Option<&Value>| match Schema::compile(schema?) {
        Ok(schema) => Some(schema),
        Err(error) => {
            let what = format!("the `{which}` of `{}` can't be used: {error}", export.name);
            errors.push(Error::Schema { place: source.place(&format!("/exports/{index}/{which}")), what });
            None
        }
    };
    Schemas {
        input: one("input_schema", export.input_schema.as_ref()),
        output: one("output_schema", export.output_schema.as_ref()),
    }
}

fn check_case(
    source: &Source,
    index: usize,
    case: &GoldenCase,
    (export, schemas): (&Export, &Schemas),
    errors: &mut Vec<Error>,
) {
    let mut check = |part: &str, value: &Value, schema: Option<&Schema>| {
        let Some(Err(violation)) = schema.map(|schema| schema.check(value)) else { return };
        let place = source.place(&format!("/tests/{index}/{part}{}", violation.pointer));
        let what = format!(
            "the {part} of the test `{}` breaks the `{part}_schema` of `{}` {violation}",
            case.name, export.name
        );
        errors.push(Error::Schema { place, what });
    };
    check("input", &case.input, schemas.input.as_ref());
    match &case.expected {
        GoldenResult::Output(output) => check("output", output, schemas.output.as_ref()),
        // A failure's JSON is the skill's own: no schema speaks of it.
        GoldenResult::Error(_) => {}
    }
}
