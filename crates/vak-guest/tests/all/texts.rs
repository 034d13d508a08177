//! Texts of all kinds: what is JSON is read whole, what is not is refused, and nothing is read outside of it.

use serde_json::{Value, json};

use crate::numbers::Bits;
use crate::probe::{NOTHING, ask_each};

const DOCUMENTS: &[&str] = &[
    r#"{"name":"Ada","list":[1,2.5,-3e-7,true,false,null],"nested":{"a":{"b":[[],{}]}}}"#,
    r#"  [ "\u00e9\ud83d\ude00\n\"\\\/\b\f\r\t" , "世界", "" ]  "#,
    r#"{"\u006eame":1,"":2,"a b":[{"x":0},{"x":-0.5e+10}]}"#,
    r#""just a text \u0000 with a zero""#,
    "[[[[[[[[[[0]]]]]]]]]]",
    "12345678901234567890123.456e-5",
    "\"\u{7f}\u{80}\u{7ff}\u{800}\u{ffff}\u{10000}\u{10ffff}\"",
];

/// Whether two values are the same, numbers by what they are and not by how they were written.
fn same(a: &Value, b: &Value) -> bool {
    match (a, b) {
        (Value::Number(a), Value::Number(b)) => {
            a.as_f64() == b.as_f64() && (a.as_i64() == b.as_i64() || !a.is_i64() || !b.is_i64())
        }
        (Value::Array(a), Value::Array(b)) => a.len() == b.len() && a.iter().zip(b).all(|(a, b)| same(a, b)),
        (Value::Object(a), Value::Object(b)) => {
            a.len() == b.len() && a.iter().all(|(name, a)| b.get(name).is_some_and(|b| same(a, b)))
        }
        (a, b) => a == b,
    }
}

/// Each text is rewritten as the value that serde_json reads from it, or refused where that refuses it.
fn hold_against_serde(texts: &[Vec<u8>]) -> [usize; 2] {
    let Some(answers) = ask_each('j', texts) else { return [1, 1] };
    let mut count = [0, 0];
    for (text, answer) in texts.iter().zip(answers) {
        let shown = String::from_utf8_lossy(&text[..text.len().min(200)]);
        match serde_json::from_slice::<Value>(text) {
            Ok(value) => {
                count[0] += 1;
                let answer = serde_json::from_str(&answer).unwrap_or_else(|error| panic!("{shown}: {error}: {answer}"));
                assert!(same(&value, &answer), "{shown}: {answer}");
            }
            Err(_) => {
                count[1] += 1;
                assert!(answer.starts_with(r#"{"error":"output: "#), "{shown}: {answer}");
            }
        }
    }
    count
}

#[test]
fn every_value_is_read_and_written_as_it_is() {
    let texts: Vec<_> = DOCUMENTS.iter().map(|text| text.as_bytes().to_vec()).collect();
    assert_ne!(hold_against_serde(&texts)[0], 0);
}

#[test]
fn every_truncation_is_refused_or_a_value_of_its_own() {
    let cut = |text: &&str| (0..text.len()).map(|end| text.as_bytes()[..end].to_vec()).collect::<Vec<_>>();
    let texts: Vec<_> = DOCUMENTS.iter().flat_map(cut).collect();
    assert_ne!(hold_against_serde(&texts)[1], 0);
}

#[test]
fn changed_texts_are_read_as_they_are_or_refused() {
    let alphabet = b"{}[]\",:\\ue0x1-+.tfn \n\x00\x1f\x7f\x80\xc0\xe0\xf4\xffd8";
    let mut bits = Bits(3);
    let mut texts = Vec::new();
    for _ in 0..20_000 {
        let mut text = DOCUMENTS[bits.below(DOCUMENTS.len())].as_bytes().to_vec();
        for _ in 0..=bits.below(3) {
            let at = bits.below(text.len());
            let byte = alphabet[bits.below(alphabet.len())];
            match bits.below(4) {
                0 => text[at] = byte,
                1 => text.insert(at, byte),
                2 => drop(text.remove(at)),
                _ => {
                    let end = at + bits.below(text.len() - at);
                    text.extend_from_within(at..end);
                }
            }
            if text.is_empty() {
                text.push(byte);
            }
        }
        texts.push(text);
    }
    let [read, refused] = hold_against_serde(&texts);
    assert!(read > 0 && refused > 0, "{read} {refused}");
}

#[test]
fn malformed_texts_are_refused() {
    let texts: Vec<Vec<u8>> = [
        &b""[..],
        b" ",
        b"{",
        b"}",
        b"[",
        b"]",
        b"[1,]",
        b"[,1]",
        b"[1 2]",
        b"{\"a\"}",
        b"{\"a\":}",
        b"{\"a\":1,}",
        b"{a:1}",
        b"{1:1}",
        b"nul",
        b"nulll",
        b"True",
        b"NaN",
        b"Infinity",
        b"-",
        b"+1",
        b"01",
        b"-01",
        b"1.",
        b".5",
        b"1e",
        b"1e+",
        b"0x10",
        b"1 1",
        b"'a'",
        b"\"",
        b"\"\\\"",
        b"\"\\",
        b"\"\\u",
        b"\"\\u12\"",
        b"\"\\u12g4\"",
        b"\"\\ud800\"",
        b"\"\\udc00\"",
        b"\"\\ud800\\u0041\"",
        b"\"\\ud800x\"",
        b"\"\\ud800\\\"",
        b"\"\\ud800\\udbff\"",
        b"\"\\x\"",
        b"\"\n\"",
        b"\"\x00\"",
        b"\"\x80\"",
        b"\"\xc0\xaf\"",
        b"\"\xc1\xbf\"",
        b"\"\xe0\x80\xaf\"",
        b"\"\xed\xa0\x80\"",
        b"\"\xf0\x80\x80\xaf\"",
        b"\"\xf4\x90\x80\x80\"",
        b"\"\xf8\x88\x80\x80\x80\"",
        b"\"\xe4\xb8",
        b"\"\xe4\xb8\"",
        b"\xef\xbb\xbf1",
        b"[1]]",
        b"{\"a\":1}}",
        b"[}",
        b"{]",
        b"\xff",
        b"1,2",
        b"[1;2]",
        b"[1,,2]",
        b"{\"a\":1 \"b\":2}",
    ]
    .map(<[u8]>::to_vec)
    .to_vec();
    let refused = texts.len();
    let [_, of] = hold_against_serde(&texts);
    assert!(of == refused || of == 1, "{of} of {refused}");
}

#[test]
fn nesting_is_bounded_as_the_host_bounds_it_and_costs_no_stack() {
    let nested = |depth: usize| [b"[".repeat(depth), b"]".repeat(depth)].concat();
    let objects = |depth: usize| [br#"{"a":"#.repeat(depth), b"0".to_vec(), b"}".repeat(depth)].concat();
    let texts = [nested(127), objects(127), nested(128), objects(128), nested(1_000_000), b"[".repeat(1_000_000)];
    let Some(answers) = ask_each('j', &texts) else { return };
    for (i, (text, answer)) in texts.iter().zip(&answers).enumerate() {
        assert_eq!(i < 2, answer.as_bytes() == text, "{i}: {answer}");
    }
}

#[test]
fn members_are_found_by_what_their_names_mean() {
    let request = json!({
        "of": { "name": 1, "": 2, "世界": [3], "na": 4, "a\"b": { "name": 5 } },
        "names": ["name", "", "世界", "nam", "names", "a\"b", "x"],
    });
    let escaped = r#"{"of":{"\u006e\u0061me":"\u00e9","\ud83d\ude00":0},"names":["name","😀","\\u006e"]}"#;
    let others = r#"{"of":[1,2],"names":["name"]}"#;
    let Some(answers) = ask_each('m', &[request.to_string().as_str(), escaped, others, "[]"]) else { return };
    let expected = [r#"[1,2,[3],null,null,{"name":5},null]"#, r#"["\u00e9",0,null]"#, "[null]", "[]"];
    assert_eq!(answers, expected);
    assert_ne!(answers[0], NOTHING);
}
