//! The writer: what is put into it in a wrong order is the skill's own error, and never malformed JSON.

use crate::probe::ask_each;

#[test]
fn whatever_is_put_where_it_does_not_belong_is_told() {
    let deep = "[".repeat(128);
    let cases = [
        ("1", r#"0"#),
        ("[111)", "[1,2,3]"),
        ("{k1k[)k{k1))", r#"{"k":2,"k":[],"k":{"k":9}}"#),
        ("", r#"{"error":"output: not complete"}"#),
        ("[1", r#"{"error":"output: not complete"}"#),
        ("{k1", r#"{"error":"output: not complete"}"#),
        ("11", r#"{"error":"output: more than one value"}"#),
        ("[)1", r#"{"error":"output: more than one value"}"#),
        (")", r#"{"error":"output: an end without a beginning"}"#),
        ("[))", r#"{"error":"output: an end without a beginning"}"#),
        ("{1)", r#"{"error":"output: a member without a key"}"#),
        ("{kk1)", r#"{"error":"output: a key without a value"}"#),
        ("{k)", r#"{"error":"output: a key without a value"}"#),
        ("[k1)", r#"{"error":"output: a key outside of an object"}"#),
        ("k1", r#"{"error":"output: a key outside of an object"}"#),
        ("[0)", r#"{"error":"output: a value that is not there"}"#),
        ("[x)", r#"{"error":"output: a text that is not UTF-8"}"#),
        ("[i)", r#"{"error":"output: a number is not finite"}"#),
        (&deep, r#"{"error":"output: too many collections within each other"}"#),
    ];
    let Some(answers) = ask_each('p', &cases.map(|(letters, _)| letters)) else { return };
    for ((letters, expected), answer) in cases.into_iter().zip(answers) {
        assert_eq!(answer, expected, "{letters}");
    }
}
