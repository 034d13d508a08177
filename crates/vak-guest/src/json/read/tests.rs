//! What is read and refused, held against `serde_json`.

use std::collections::BTreeMap;
use std::fmt::Debug;

use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_json::{Value, json};

use super::{MAX_DEPTH, read};

/// Reads as `serde_json` does, or refuses as it does.
#[track_caller]
fn same<'de, T: Deserialize<'de> + PartialEq + Debug>(text: &'de str) {
    let expected = serde_json::from_str::<T>(text);
    match read::<T>(text.as_bytes()) {
        Ok(value) => assert_eq!(Some(value), expected.ok(), "{text}"),
        Err(error) => assert!(expected.is_err(), "{text}: {error}"),
    }
}

#[derive(Debug, Deserialize, PartialEq)]
#[serde(deny_unknown_fields)]
struct Point<'a> {
    x: i32,
    #[serde(default)]
    y: Option<f32>,
    #[serde(borrow, default)]
    name: Option<std::borrow::Cow<'a, str>>,
}

#[derive(Debug, Deserialize, PartialEq)]
enum Shape {
    Unit,
    Newtype(u8),
    Tuple(u8, bool),
    Struct { a: Option<u8> },
}

#[derive(Debug, Deserialize, PartialEq)]
#[serde(tag = "kind", rename_all = "lowercase")]
enum Tagged {
    One { value: f64 },
    Two { value: Vec<Shape> },
}

#[test]
fn texts_are_read_and_refused_as_serde_json_does() {
    for text in [
        "null",
        "true",
        "false",
        " 1 ",
        "-1",
        "1.5",
        "-0",
        "0",
        "\"a\"",
        "[]",
        "{}",
        "[1,2]",
        "\t[ 1 ,\r\n2 ] ",
        r#"{"a":1,"b":[{"c":null}]}"#,
        r#"{"":{"":""}}"#,
        "[[[]]]",
        "18446744073709551616",
        "-9223372036854775809",
        "",
        " ",
        "nul",
        "nulll",
        "tru",
        "1 2",
        "[1,]",
        "[,1]",
        "[1 2]",
        "[",
        "]",
        "{",
        "}",
        r#"{"a"}"#,
        r#"{"a":}"#,
        r#"{"a":1,}"#,
        r#"{,"a":1}"#,
        r#"{"a":1 "b":2}"#,
        "{1:2}",
        "[1}",
        r#"{"a":1]"#,
        "'a'",
        "01",
        "1.",
        ".5",
        "+1",
        "1e",
        "1e+",
        "--1",
        "-",
        "0x1",
        "NaN",
        "Infinity",
        "1e999",
        "-1e999",
        "/**/1",
        "\u{feff}1",
        "\"",
        "\"\\",
        "\"\n\"",
        "\u{a0}1",
        "1\0",
    ] {
        same::<Value>(text);
    }
}

#[test]
fn types_are_read_and_refused_as_serde_json_does() {
    for text in [
        r#"{"x":1}"#,
        r#"{"x":1,"y":0.1,"name":"n"}"#,
        r#"{"x":-1,"y":null,"name":"\u00e9"}"#,
        r#"{"y":1}"#,
        "[1,2,null]",
        r#"{"x":1,"z":1}"#,
        r#"{"x":1,"x":1}"#,
        r#"{"x":2147483648}"#,
        r#"{"x":"1"}"#,
        r#"{"x":1.5}"#,
        r#"{"x":1,"y":1e39}"#,
        "[1]",
        "[1,2,null,4]",
        "null",
    ] {
        same::<Point<'_>>(text);
    }
    for text in [
        r#""Unit""#,
        r#"{"Newtype":1}"#,
        r#"{"Tuple":[1,true]}"#,
        r#"{"Struct":{"a":null}}"#,
        r#"{"Unit":null}"#,
        r#""Newtype""#,
        r#"{"Newtype":256}"#,
        r#"{"Tuple":[1]}"#,
        r#"{"Tuple":[1,true,2]}"#,
        r#"{"Struct":{}}"#,
        r#"{"Unit":1}"#,
        r#"{"Other":1}"#,
        r#""Other""#,
        "{}",
        r#"{"Newtype":1,"Unit":null}"#,
        "1",
        "null",
        r#""\u0055nit""#,
    ] {
        same::<Shape>(text);
    }
    for text in
        [r#"{"kind":"one","value":1}"#, r#"{"value":[{"Newtype":1},"Unit"],"kind":"two"}"#, r#"{"kind":"three"}"#, "{}"]
    {
        same::<Tagged>(text);
    }
    same::<(u8, char, (), [bool; 2])>(r#"[255,"é",null,[true,false]]"#);
    same::<char>(r#""ab""#);
    same::<u128>("340282366920938463463374607431768211455");
    same::<i128>("-170141183460469231731687303715884105728");
    same::<BTreeMap<i16, u8>>(r#"{"-1":1,"2":2}"#);
    same::<BTreeMap<u64, u8>>(r#"{"x":1}"#);
    same::<BTreeMap<bool, u8>>(r#"{"true":1}"#);
    same::<BTreeMap<Option<char>, u8>>(r#"{"k":1}"#);
    same::<Option<Option<u8>>>("null");
    same::<IgnoredAny>(r#"{"a":[1,{"b":"\n"}]}"#);
}

#[test]
fn numbers_are_the_nearest_to_what_is_written() {
    for bits in crate::json::tests::random().take(20_000) {
        let value = f64::from_bits(bits);
        if value.is_finite() {
            assert_eq!(read::<f64>(format!("{value:e}").as_bytes()).map(f64::to_bits), Ok(bits));
        }
    }
    let halfway = "9007199254740993.00000000000000000000000000000000000000000000000001";
    assert_eq!(read::<f64>(halfway.as_bytes()), Ok(9_007_199_254_740_994.0));
    assert_eq!(read::<f64>(b"5e-324"), Ok(5e-324));
    assert_eq!(read::<f64>(b"-0").map(f64::to_bits), Ok((-0.0_f64).to_bits()));
    assert_eq!(read::<u64>(b"18446744073709551615"), Ok(u64::MAX));
    assert_eq!(read::<i64>(b"-9223372036854775808"), Ok(i64::MIN));
}

#[test]
fn an_integer_is_one_however_it_is_written() {
    assert_eq!(read::<(u8, i64, i32, u64)>(b"[5.0, -1e3, -0, 9.007199254740992e15]"), Ok((5, -1000, 0, 1 << 53)));
    for bad in ["5.5", "1e-1", "1e300", "-1.0", "256.0", "9007199254740993e1"] {
        assert!(read::<u8>(bad.as_bytes()).is_err(), "{bad}");
    }
}

#[test]
fn strings_are_read_with_every_escape() {
    for text in [
        r#""\" \\ \/ \b \f \n \r \t \u00e9 \u00E9 \ud83d\ude00 \u0000 世界""#,
        r#""\ud83d""#,
        r#""\ude00""#,
        r#""\ud83d\ud83d""#,
        r#""\ud83d\n""#,
        r#""\ud83dx""#,
        r#""\x41""#,
        r#""\u12""#,
        r#""\u12g4""#,
        r#""\u+123""#,
        r#""\u00é""#,
        "\"\u{1f}\"",
        "\"\u{7f}\"",
        "\"世",
        "\"\\é\"",
    ] {
        same::<String>(text);
    }
    assert!(read::<String>(b"\"\xff\"").is_err());
    assert_eq!(read::<&str>("\"世界\"".as_bytes()), Ok("世界"));
}

#[test]
fn every_cut_and_every_changed_byte_is_read_or_refused_as_serde_json_does() {
    let text = r#"{"a":[1,-2.5e+3,"\u00e9\n",null,true,{"b":false}],"c":""}"#;
    for at in 0..text.len() {
        same::<Value>(&text[..at]);
        same::<IgnoredAny>(&text[..at]);
        for byte in 0..0x80_u8 {
            let mut bytes = text.as_bytes().to_vec();
            bytes[at] = byte;
            let changed = std::str::from_utf8(&bytes).expect("ASCII");
            same::<Value>(changed);
            same::<IgnoredAny>(changed);
        }
    }
}

#[test]
fn deep_nesting_is_an_error_and_not_an_overflow() {
    let nested = |depth| "[".repeat(depth) + &"]".repeat(depth);
    assert!(read::<Value>(nested(usize::from(MAX_DEPTH)).as_bytes()).is_ok());
    assert!(read::<Value>(nested(usize::from(MAX_DEPTH) + 1).as_bytes()).is_err());
    assert!(read::<Value>("[".repeat(100_000).as_bytes()).is_err());
    assert!(read::<IgnoredAny>(nested(usize::from(MAX_DEPTH)).as_bytes()).is_ok());
    assert!(read::<IgnoredAny>(nested(usize::from(MAX_DEPTH) + 1).as_bytes()).is_err());
    assert!(read::<IgnoredAny>("{\"\":".repeat(100_000).as_bytes()).is_err());
    let wide = format!("[{}1]", "[],{},".repeat(1000));
    assert!(read::<Value>(wide.as_bytes()).is_ok(), "siblings are not nested");
}

#[test]
fn an_error_says_what_and_where() {
    let error = |text: &str| read::<Point<'_>>(text.as_bytes()).expect_err("refused");
    assert_eq!(error(r#"{"x":"one"}"#), "invalid type: a string, expected i32 at byte 5");
    assert_eq!(error(r#"{"y":1}"#), "missing field `x` at byte 6");
    assert_eq!(error(r#"{"x":1"#), "expected a comma at byte 6");
    assert_eq!(read::<Value>(b"[1] 2"), Err("trailing characters at byte 4".to_owned()));
    assert_eq!(read::<Value>(br#"{"a":1}"#), Ok(json!({"a": 1})));
}
