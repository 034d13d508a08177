//! What the skill promises, seen as a caller sees it.

use serde::Serialize;
use serde::de::DeserializeOwned;
use vak_guest::Error;

use super::*;

/// The JSON of the output, or of the skill's own error.
fn call<I: DeserializeOwned, O: Serialize>(function: fn(I) -> Result<O, Error>, input: &str) -> Result<String, String> {
    let text = |bytes| String::from_utf8(bytes).expect("JSON is UTF-8");
    vak_guest::answer(input.as_bytes(), function).map_err(text).map(text)
}

fn digest(input: &str) -> Result<String, String> {
    call(sha256, input)
}

fn has_digest(digest: &str) -> Result<String, String> {
    Ok(format!(r#"{{"digest":"{digest}"}}"#))
}

/// The answer of `verify` for the MAC of RFC 4231, test case 2, with one byte changed by the mask.
fn verify_changed(byte: usize, mask: u8) -> Result<String, String> {
    let mut mac = base16ct::mixed::decode_vec(CASE_2).expect("hexadecimal");
    mac[byte] ^= mask;
    let mac = base16ct::lower::encode_string(&mac);
    let input = format!(
        r#"{{"key":{{"text":"Jefe"}},"message":{{"text":"what do ya want for nothing?"}},"mac":{{"hex":"{mac}"}}}}"#
    );
    call(verify, &input)
}

const ABC: &str = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
const EMPTY: &str = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
const CASE_2: &str = "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843";

#[test]
fn hashes_are_those_of_fips_180() {
    assert_eq!(digest(r#"{"text":"abc"}"#), has_digest(ABC));
    assert_eq!(digest(r#"{"text":""}"#), has_digest(EMPTY));
    let two_blocks = r#"{"text":"abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq"}"#;
    assert_eq!(digest(two_blocks), has_digest("248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"));
    let million = format!(r#"{{"text":"{}"}}"#, "a".repeat(1_000_000));
    assert_eq!(digest(&million), has_digest("cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0"));
}

#[test]
fn the_same_bytes_have_the_same_hash_however_they_are_written() {
    for input in [r#"{"hex":"616263"}"#, r#"{"base64":"YWJj"}"#, r#"{"text":"\u0061bc","encoding":"hex"}"#] {
        assert_eq!(digest(input), has_digest(ABC), "{input}");
    }
    for input in [r#"{"text":"é"}"#, r#"{"hex":"c3A9"}"#, r#"{"base64":"w6k="}"#] {
        assert_eq!(digest(input), digest(r#"{"hex":"C3a9"}"#), "{input}");
    }
}

#[test]
fn text_is_hashed_as_it_is_and_not_normalised() {
    assert_ne!(digest(r#"{"text":"\u00e9"}"#), digest(r#"{"text":"e\u0301"}"#));
}

#[test]
fn base64_is_written_where_it_is_asked_for() {
    let base64 = has_digest("ungWv48Bz+pBQUDeXa4iI7ADYaOWF3qctBD/YfIAFa0=");
    assert_eq!(digest(r#"{"text":"abc","encoding":"base64"}"#), base64);
}

#[test]
fn what_is_not_hexadecimal_or_base64_is_an_error_that_names_the_field() {
    for hex in ["6", "6g", "61 62", "0x61", "é"] {
        let refused = Err(r#"{"error":"hex: not hexadecimal, with two digits for each byte"}"#.to_owned());
        assert_eq!(digest(&format!(r#"{{"hex":"{hex}"}}"#)), refused, "{hex}");
    }
    for base64 in ["YW", "YWJj=", "YW-_", "YW Jj", "YWJj\\n", "YX==", "="] {
        let refused = Err(r#"{"error":"base64: not standard base64 with padding"}"#.to_owned());
        assert_eq!(digest(&format!(r#"{{"base64":"{base64}"}}"#)), refused, "{base64}");
    }
    for (key, message, mac, field) in [
        (r#""hex":"x""#, r#""text":"""#, r#""hex":"00""#, "key.hex: "),
        (r#""text":"""#, r#""base64":"x""#, r#""hex":"00""#, "message.base64: "),
        (r#""text":"""#, r#""text":"""#, r#""hex":"0""#, "mac.hex: "),
        (r#""text":"""#, r#""text":"""#, r#""hex":"00""#, "mac: "),
    ] {
        let input = format!(r#"{{"key":{{{key}}},"message":{{{message}}},"mac":{{{mac}}}}}"#);
        let error = call(verify, &input).expect_err("refused");
        assert!(error.starts_with(&format!(r#"{{"error":"{field}"#)), "{error}");
    }
}

#[test]
fn there_is_one_thing_to_hash_and_no_more() {
    for input in ["{}", r#"{"text":"a","hex":"61"}"#, r#"{"text":"","hex":"","base64":""}"#] {
        let refused = Err(r#"{"error":"exactly one of text, hex and base64 is needed"}"#.to_owned());
        assert_eq!(digest(input), refused, "{input}");
    }
}

#[test]
fn codes_are_those_of_rfc_4231() {
    let large_key = "aa".repeat(131);
    for (key, message, mac) in [
        (
            r#"{"hex":"0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b"}"#,
            r#"{"text":"Hi There"}"#,
            "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7",
        ),
        (r#"{"text":"Jefe"}"#, r#"{"base64":"d2hhdCBkbyB5YSB3YW50IGZvciBub3RoaW5nPw=="}"#, CASE_2),
        (
            &format!(r#"{{"hex":"{large_key}"}}"#),
            r#"{"text":"Test Using Larger Than Block-Size Key - Hash Key First"}"#,
            "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54",
        ),
    ] {
        let input = format!(r#"{{"key":{key},"message":{message}}}"#);
        assert_eq!(call(hmac_sha256, &input), Ok(format!(r#"{{"mac":"{mac}"}}"#)));
    }
}

#[test]
fn a_code_is_valid_for_its_message_and_key_alone() {
    let answer = |valid: bool| Ok(format!(r#"{{"valid":{valid}}}"#));
    let check = |key: &str, message: &str| {
        let input =
            format!(r#"{{"key":{{"text":"{key}"}},"message":{{"text":"{message}"}},"mac":{{"hex":"{CASE_2}"}}}}"#);
        call(verify, &input)
    };
    assert_eq!(check("Jefe", "what do ya want for nothing?"), answer(true));
    assert_eq!(check("Jeff", "what do ya want for nothing?"), answer(false));
    assert_eq!(check("Jefe", "what do ya want for nothing!"), answer(false));
}

#[test]
fn one_wrong_bit_anywhere_makes_a_code_invalid() {
    for byte in 0..32 {
        for bit in 0..8 {
            assert_eq!(verify_changed(byte, 1 << bit), Ok(r#"{"valid":false}"#.to_owned()), "byte {byte}, bit {bit}");
        }
    }
    assert_eq!(verify_changed(0, 0), Ok(r#"{"valid":true}"#.to_owned()));
}

#[test]
fn a_shortened_code_is_an_error_and_never_valid() {
    let short = &CASE_2[..32];
    let input = format!(
        r#"{{"key":{{"text":"Jefe"}},"message":{{"text":"what do ya want for nothing?"}},"mac":{{"hex":"{short}"}}}}"#
    );
    assert_eq!(call(verify, &input), Err(r#"{"error":"mac: an HMAC-SHA-256 has 32 bytes"}"#.to_owned()));
}
