//! Every mistake of a manifest is told, at once, at its place, and within a bound.

use vak_model::Code;
use vak_package::{ManifestDocument, ManifestError};

/// A manifest without mistakes.
const GOOD: &str = r#"name: square
version: "1.0.0"
description: Squares a number
module: square.wasm
capabilities:
  - compute
  - fs.read: ["data/**"]
features: [simd]
limits:
  max_fuel: 1000
  max_stack_kib: 64
exports:
  - name: execute
    input_schema: { type: object, properties: { x: { type: number } } }
  - name: other
    output_schema: { type: number }
tests:
  - name: two
    input: { x: 2 }
    output: { y: 4 }
  - { name: none, export: other, input: {}, error: {}, max_fuel: 5 }
signature: null
"#;

fn told(error: &ManifestError) -> Vec<(u64, u64, String)> {
    let one = |mistake: &vak_package::Mistake| {
        let at = mistake.position().expect("a place");
        (at.line, at.column, mistake.to_string())
    };
    error.mistakes().map(one).collect()
}

#[test]
fn a_manifest_without_mistakes_is_read() {
    assert!(ManifestDocument::check_yaml(GOOD).is_ok());
}

#[test]
fn every_mistake_is_told_with_its_line_its_column_and_what_would_be_right() {
    use Code::{
        ManifestInvalid as Invalid, ManifestLimit as Limit, ManifestSchema as Schema, ManifestSyntax as Syntax,
    };
    for (from, to, code, line, column, text) in [
        ("name: square", "nam: square", Invalid, 1, 1, "`nam` is not a key of a manifest: did you mean `name`?"),
        (
            "signature: null",
            "colour: red",
            Invalid,
            22,
            1,
            "`colour` is not a key of a manifest: a manifest has `name`, ",
        ),
        ("name: square\n", "", Invalid, 1, 1, "a manifest has no `name`: add `name: my-skill`"),
        ("name: square", "name: Square", Invalid, 1, 1, "`Square` is not a skill name: use 1 to 64 of a-z"),
        ("\"1.0.0\"", "1.0", Invalid, 2, 1, "`version` is a number: it must be text: put it in quotes"),
        ("\"1.0.0\"", "one", Invalid, 2, 1, "`one` is not a version: write MAJOR.MINOR.PATCH"),
        (
            "Squares a number",
            "\"\\e[31m\"",
            Invalid,
            3,
            1,
            "text contains U+001B, which is not printable: leave it out",
        ),
        ("Squares a number", "[]", Invalid, 3, 1, "`description` is a list: it must be text"),
        (
            "module: square.wasm",
            "module: ../x",
            Invalid,
            4,
            1,
            "`../x` is no path inside the skill's folder: write a relative",
        ),
        ("  - compute", "  - wasi", Invalid, 6, 5, "`wasi` is not a capability: there are compute, fs.read"),
        ("  - compute", "  - comptue", Invalid, 6, 5, "`comptue` is not a capability: did you mean `compute`?"),
        ("  - compute", "  - 7", Invalid, 6, 5, "this entry is a number: it must be a capability's name"),
        ("  - compute", "  - fs.read", Invalid, 6, 5, "`fs.read` needs a list of what it may reach: for example"),
        ("  - compute", "  - { log: [x] }", Invalid, 6, 5, "`log` takes no list: write `log` alone"),
        (
            "  - compute",
            "  - { log: null, kv: null }",
            Invalid,
            6,
            5,
            "this entry does not name one capability: name exactly",
        ),
        ("  - compute", "  - { log: null, optional: 1 }", Invalid, 6, 18, "`optional` is a number: it must be `true`"),
        ("  - compute", "  - { compute: null, optional: true }", Invalid, 6, 5, "`compute` cannot be optional: leave"),
        ("  - compute", "  - fs.read: [x]", Invalid, 7, 5, "`fs.read` is listed twice: list it once"),
        ("[\"data/**\"]", "[\"\"]", Invalid, 7, 5, "the list of `fs.read` is too long, or holds what can't be printed"),
        ("[\"data/**\"]", "[a, 5]", Invalid, 7, 18, "this entry is a number: it must be text: put it in quotes"),
        ("[simd]", "[threads]", Invalid, 8, 12, "`threads` is not a feature: `simd` is the only one there is"),
        (
            "max_fuel: 1000",
            "max_fuel: 0",
            Limit,
            10,
            3,
            "`max_fuel` is 0, which never means \"no limit\": state at least 1",
        ),
        ("max_fuel: 1000", "max_fuel: -1", Limit, 10, 3, "-1 is not a whole number: write one, of at least 1"),
        ("max_fuel: 1000", "max_fuel: 1.5", Limit, 10, 3, "1.5 is not a whole number"),
        ("max_fuel: 1000", "max_fuel: \"5\"", Limit, 10, 3, "`max_fuel` is text: it must be a whole number"),
        (
            "max_fuel: 1000",
            "max_feul: 5",
            Limit,
            10,
            3,
            "`max_feul` is not a key of `limits`: did you mean `max_fuel`?",
        ),
        (
            "max_fuel: 1000",
            "max_handles: 5000",
            Limit,
            10,
            3,
            "`max_handles` is 5000, above its ceiling: state at most 4096",
        ),
        (
            "max_fuel: 1000",
            "max_fuel: 9007199254740993",
            Syntax,
            10,
            3,
            "an integer beyond 2^53 - 1 has no exact JSON form",
        ),
        (
            "max_fuel: 1000",
            "max_fuel: 1_000",
            Syntax,
            10,
            13,
            "readers disagree about this number: write it as JSON does",
        ),
        (
            "max_stack_kib: 64",
            "max_stack_kib: 65",
            Limit,
            11,
            3,
            "`max_stack_kib` is 65, and no stack has that size: it can be",
        ),
        (
            "  - name: execute",
            "  - nam: execute",
            Invalid,
            13,
            5,
            "`nam` is not a key of an export: did you mean `name`?",
        ),
        (
            "  - name: execute",
            "  - name: vak_alloc",
            Invalid,
            13,
            5,
            "`vak_alloc` is reserved by the ABI: choose another",
        ),
        ("  - name: execute", "  - name: a-b", Invalid, 13, 5, "`a-b` is not a function name: use 1 to 64 of a-z"),
        (
            "  - name: other\n",
            "  - name: execute\n  - name: other\n",
            Invalid,
            15,
            5,
            "`execute` is listed twice: give each a name of its own",
        ),
        ("type: number } } }", "type: nope } } }", Schema, 14, 54, "the `input_schema` of `execute` can't be used"),
        (
            "{ type: number }\ntests",
            "{ $ref: x }\ntests",
            Schema,
            16,
            5,
            "the `output_schema` of `other` can't be used: `$ref`",
        ),
        (
            "{ x: 2 }",
            "{ x: two }",
            Schema,
            19,
            14,
            "the input of the test `two` breaks the `input_schema` of `execute` at `/x`",
        ),
        ("    input: { x: 2 }\n", "", Invalid, 18, 5, "a test has no `input`: add `input: {}`"),
        (
            "    output: { y: 4 }",
            "    error: 1\n    output: 2",
            Invalid,
            18,
            5,
            "a test has both `output` and `error`: keep one",
        ),
        (
            "    output: { y: 4 }\n",
            "",
            Invalid,
            18,
            5,
            "a test has neither `output` nor `error`: add what must come out",
        ),
        (
            "    output: { y: 4 }",
            "    ouput: 4",
            Invalid,
            20,
            5,
            "`ouput` is not a key of a test: did you mean `output`?",
        ),
        ("name: none", "name: two", Invalid, 21, 7, "`two` is listed twice: give each a name of its own"),
        ("export: other", "export: third", Invalid, 21, 19, "`third` is not among the exports: call an export"),
        ("max_fuel: 5 }", "max_fuel: 0 }", Invalid, 21, 56, "`max_fuel` is 0: state at least 1, or leave it out"),
        (
            "error: {}",
            "output: no",
            Schema,
            21,
            45,
            "the output of the test `none` breaks the `output_schema` of `other` at `/`",
        ),
        (
            "signature: null",
            "signature: { format: 1, manifest_sha256: a, module_sha256: b, value: c }",
            Invalid,
            22,
            14,
            "`format` is",
        ),
        (
            "signature: null",
            "name: again",
            Syntax,
            22,
            1,
            "duplicate mapping key: name: state it once; it is in line 1 already",
        ),
    ] {
        assert!(GOOD.contains(from), "{from}");
        let error = ManifestDocument::check_yaml(&GOOD.replacen(from, to, 1)).expect_err(to);
        let told = told(&error);
        assert_eq!(told.len(), 1, "{to}: {told:?}");
        assert_eq!((error.code(), told[0].0, told[0].1), (code, line, column), "{to}: {told:?}");
        assert!(told[0].2.starts_with(text), "{to}: {told:?}");
    }
}

#[test]
fn all_mistakes_are_told_at_once_in_the_order_of_the_text() {
    let mut text = GOOD.to_owned();
    for (from, to) in [
        ("\"1.0.0\"", "one"),
        ("  - compute", "  - wasi"),
        ("max_fuel: 1000", "max_fuel: 1_000"),
        ("max_stack_kib: 64", "max_stack_kib: 0"),
        ("type: number } } }", "type: nope } } }"),
        ("name: other", "name: execute"),
        ("output: { y: 4 }", "ouput: 4"),
        ("input: {}", "input: {}, input: {}"),
        ("signature: null", "licence: MIT"),
    ] {
        text = text.replacen(from, to, 1);
    }
    let error = ManifestDocument::check_yaml(&text).expect_err("mistakes");
    let lines: Vec<_> = told(&error).iter().map(|(line, ..)| *line).collect();
    // Line 21 has the doubled key, and calls what is no export any more.
    assert_eq!(lines, [2, 6, 10, 11, 14, 15, 20, 21, 21, 22], "{:#?}", told(&error));
    assert_eq!((error.count(), error.left_out()), (10, 0));
    assert!(error.to_string().ends_with("(and 9 more mistakes)"), "{error}");
}

#[test]
fn schemas_and_cases_are_told_beside_parts_that_can_t_be_read() {
    let text = GOOD.replace("name: square\n", "name: 5\n").replace("{ x: 2 }", "{ x: two }");
    let error = ManifestDocument::check_yaml(&text).expect_err("mistakes");
    assert_eq!(told(&error).len(), 2, "{error}");
    // Whoever only runs the skill compiles the schemas when a call needs them.
    assert_eq!(ManifestDocument::from_yaml(&text).expect_err("no name").count(), 1);
    assert!(ManifestDocument::from_yaml(&GOOD.replace("{ x: 2 }", "{ x: two }")).is_ok());
}

#[test]
fn a_manifest_full_of_mistakes_has_a_bounded_number_of_short_ones_listed() {
    let many = |entry: &str, count: usize| entry.repeat(count);
    let numbers = many("9007199254740993,", 8_000);
    for text in [
        format!("[{}]", many("1_0,", 40_000)),
        format!("{{{}}}", (0..20_000).map(|i| format!("k{i}: 1,")).collect::<String>()),
        format!("exports: [{}]", many("[],", 40_000)),
        format!("tests: [{}]", many("{},", 40_000)),
        format!("? {}\n: [{numbers}]", "k".repeat(100_000)),
        format!("? {}\n: {{a: {{b: [{numbers}]}}}}", "k/".repeat(50_000)),
        format!("name: \"{}\"\nlimits: \"{}\"", "\\u202e".repeat(10_000), "x".repeat(100_000)),
    ] {
        let error = ManifestDocument::check_yaml(&text).expect_err("mistakes");
        assert!(error.mistakes().count() <= 20);
        assert_eq!(error.mistakes().count() + error.left_out(), error.count());
        let longest = error.mistakes().map(|mistake| mistake.to_string().len() + mistake.pointer().len()).max();
        assert!(longest < Some(8_000), "{longest:?}");
    }
}

#[test]
fn a_manifest_lists_a_bounded_number_of_functions_and_cases() {
    let exports = |count: u32| (0..count).map(|n| format!("  - name: f{n}\n")).collect::<String>();
    let tests =
        |count: u32| (0..count).map(|n| format!("  - {{ name: t{n}, input: 1, output: 1 }}\n")).collect::<String>();
    let refusal = |exports: &str, tests: &str| {
        let text =
            format!("name: n\nversion: 1.0.0\ndescription: d\nmodule: n.wasm\nexports:\n{exports}tests:\n{tests}");
        ManifestDocument::check_yaml(&text).err().map(|error| error.to_string())
    };
    assert_eq!(refusal(&exports(256), &tests(1024)), None);
    let told = |count: u32, most: u32| Some(format!("the list has {count} entries: at most {most} are allowed"));
    assert_eq!(refusal(&exports(257), &tests(1)), told(257, 256));
    assert_eq!(refusal(&exports(1), &tests(1025)), told(1025, 1024));
}

#[test]
fn a_mapping_is_no_list_of_its_values_and_a_name_no_mapping() {
    for (from, to) in [
        ("  - name: execute\n    input_schema: { type: object, properties: { x: { type: number } } }", "  - [execute]"),
        ("features: [simd]", "features: [{ simd: null }]"),
        ("  - name: two\n    input: { x: 2 }\n    output: { y: 4 }", "  - [two, null, {}, 4]"),
        ("signature: null", "signature: [a, b, c, [], d]"),
    ] {
        assert!(GOOD.contains(from), "{from}");
        assert!(ManifestDocument::from_yaml(&GOOD.replace(from, to)).is_err(), "{to}");
    }
}

#[test]
fn what_an_artefact_carries_is_refused_for_the_same_mistakes() {
    let good = ManifestDocument::from_yaml(GOOD).expect("valid");
    let text = String::from_utf8(good.canonical().to_vec()).expect("UTF-8");
    let bad = text.replace("\"max_fuel\":1000", "\"max_fuel\":0").replace("\"name\":\"square\"", "\"name\":\"Square\"");
    let error = ManifestDocument::from_canonical(bad.as_bytes()).expect_err("mistakes");
    assert_eq!(error.count(), 2);
    assert!(error.mistakes().all(|mistake| mistake.position().is_none()));
    let pointers: Vec<_> = error.mistakes().map(vak_package::Mistake::pointer).collect();
    assert_eq!(pointers, ["/name", "/limits/max_fuel"]);
}

/// The mistakes of a host call, each with its line: the call's own is 10.
#[test]
fn every_mistake_of_a_host_call_is_told_at_its_place() {
    let head = "name: n\nversion: 1.0.0\ndescription: d\nmodule: n.wasm\nexports: [{ name: execute }]\ntests:\n  - name: t\n    \
                input: {}\n    output: 1\n    host:";
    let listed = "`text`, `json`, `base64`";
    for (line, at, wrong) in [
        (
            "call: fs_reed\n        response: { text: a }",
            (11, 9),
            "`fs_reed` is not a host call: did you mean `fs_read`?",
        ),
        ("call: launch\n        response: { text: a }", (11, 9), "`launch` is not a host call: there are `fs_read`, "),
        ("response: { text: a }", (11, 9), "a host call has no `call`: add `call: fs_read`"),
        ("call: kv_get", (11, 9), "a host call has no answer: add `response`, `failed` or `denied`"),
        (
            "call: kv_get\n        respons: { text: a }",
            (12, 9),
            "`respons` is not a key of a host call: did you mean `response`?",
        ),
        (
            "call: kv_get\n        response: { text: a }\n        denied: { code: a.b }",
            (11, 9),
            "a host call has more than one answer: keep one of `response`, `failed`, `denied`",
        ),
        ("call: kv_get\n        response: {}", (12, 9), &format!("a response states no bytes: add one of {listed}")),
        (
            "call: kv_get\n        response: { text: a, json: 1 }",
            (12, 9),
            &format!("the bytes are stated more than once: keep one of {listed}"),
        ),
        ("call: kv_get\n        response: { base64: a }", (12, 21), "the text is not base64: "),
        (
            "call: kv_get\n        response: { text: 1 }",
            (12, 21),
            "`text` is a number: it must be text: put it in quotes",
        ),
        ("call: kv_get\n        response: { head: {}, text: a }", (12, 21), "`head` is not a key of a response: "),
        ("call: http_fetch\n        response: { text: a }", (12, 9), "a response of `http_fetch` has no `head`: "),
        ("call: kv_get\n        request: [a]\n        response: { text: a }", (12, 9), "`request` is a list: "),
        (
            "call: kv_set\n        body: a\n        response: { text: a }",
            (12, 9),
            "`body` is text: a body is a mapping ",
        ),
        ("call: kv_set\n        body: {}\n        response: { text: a }", (12, 9), "a body states no bytes: "),
        ("call: kv_get\n        failed: { code: Gone }", (12, 19), "`Gone` is not a code: "),
        ("call: kv_get\n        failed: {}", (12, 9), "an error has no `code`: add `code: fs.not_found`"),
        ("call: kv_get\n        denied: { code: a.b, message: \"\\e\" }", (12, 30), "text contains U+001B"),
    ] {
        let error = ManifestDocument::from_yaml(&format!("{head}\n      - {line}\n")).expect_err(line);
        let told = told(&error);
        let [(row, column, text)] = &told[..] else { panic!("{line}: {told:?}") };
        assert_eq!((*row, *column), at, "{line}: {text}");
        assert!(text.starts_with(wrong), "{line}: {text}");
        assert_eq!(error.code(), Code::ManifestInvalid);
    }
    let error = ManifestDocument::from_yaml(&format!("{head} true\n")).expect_err("no list");
    assert_eq!(told(&error), [(10, 5, "`host` is a boolean: it must be a list".to_owned())]);
}

#[test]
fn a_golden_case_states_no_more_host_calls_than_it_may() {
    let read = |count: usize| {
        let lines = "{ call: clock_now, response: { json: 1 } },".repeat(count);
        let head = "name: n\nversion: 1.0.0\ndescription: d\nmodule: n.wasm\nexports: [{ name: execute }]\n";
        ManifestDocument::from_yaml(&format!("{head}tests: [{{ name: t, input: 1, output: 1, host: [{lines}] }}]"))
    };
    assert_eq!(read(1024).expect("a manifest").manifest().tests[0].host.as_ref().map(Vec::len), Some(1024));
    assert_eq!(read(1025).expect_err("too many").first().right(), Some("at most 1024 are allowed"));
}
