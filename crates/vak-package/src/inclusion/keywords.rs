//! Which keywords are decided, which decide nothing, and which mean the same wherever they stand.

/// Those whose meaning is compared.
pub(super) const DECIDED: &[&str] = &[
    "additionalProperties",
    "const",
    "enum",
    "exclusiveMaximum",
    "exclusiveMinimum",
    "items",
    "maxItems",
    "maxLength",
    "maxProperties",
    "maximum",
    "minItems",
    "minLength",
    "minProperties",
    "minimum",
    "properties",
    "required",
    "type",
];

/// Those that allow and refuse nothing.
pub(super) const SILENT: &[&str] = &[
    "$comment",
    "$defs",
    "$schema",
    "default",
    "definitions",
    "deprecated",
    "description",
    "examples",
    "readOnly",
    "title",
    "writeOnly",
];

/// The keywords that must be the same for this one to mean the same, this one among them; none, if its meaning depends on
/// what stands around it, or is not known.
pub(super) fn self_contained(keyword: &str) -> &'static [&'static str] {
    match keyword {
        "allOf" => &["allOf"],
        "anyOf" => &["anyOf"],
        "contains" | "minContains" | "maxContains" => &["contains", "minContains", "maxContains"],
        "dependentRequired" => &["dependentRequired"],
        "dependentSchemas" => &["dependentSchemas"],
        "format" => &["format"],
        "if" | "then" | "else" => &["if", "then", "else"],
        "multipleOf" => &["multipleOf"],
        "not" => &["not"],
        "oneOf" => &["oneOf"],
        "pattern" => &["pattern"],
        "patternProperties" => &["patternProperties"],
        "prefixItems" => &["prefixItems"],
        "propertyNames" => &["propertyNames"],
        "uniqueItems" => &["uniqueItems"],
        _ => &[],
    }
}
