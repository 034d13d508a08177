//! From the bytes of an input to the bytes of an answer.

use serde::{Deserialize, Serialize};

use crate::{Error, json};

/// Calls a skill's function as the host does: `Ok` is the JSON of its output, `Err` the JSON of its own error.
///
/// [`export!`](crate::export!) does this on the skill's side of the border; in a unit test it shows the very bytes that a
/// caller gets.
///
/// # Errors
/// The function's own error; or an [`Error`] because the input does not fit the type, or the output has no JSON.
pub fn answer<'a, I, O, E>(input: &'a [u8], function: impl FnOnce(I) -> Result<O, E>) -> Result<Vec<u8>, Vec<u8>>
where
    I: Deserialize<'a>,
    O: Serialize,
    E: Serialize,
{
    match function(json::read(input).map_err(|error| refusal("input", &error))?) {
        Ok(output) => json::write(&output).map_err(|error| refusal("output", &error)),
        Err(error) => Err(json::write(&error).unwrap_or_else(|error| refusal("error", &error))),
    }
}

/// The skill's own error for JSON that could not be read or written.
pub(crate) fn refusal(what: &str, reason: &str) -> Vec<u8> {
    let error = Error::from(format_args!("{what}: {reason}"));
    json::write(&error).unwrap_or_else(|_| br#"{"error":"error: no JSON"}"#.to_vec())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(answer: Result<Vec<u8>, Vec<u8>>) -> Result<String, String> {
        let text = |bytes| String::from_utf8(bytes).expect("JSON is UTF-8");
        answer.map(text).map_err(text)
    }

    fn half(number: f64) -> Result<f64, Error> {
        if number < 0.0 { Err("negative".into()) } else { Ok(number / 2.0) }
    }

    #[test]
    fn output_and_error_are_told_apart() {
        assert_eq!(text(answer(b"5", half)), Ok("2.5".to_owned()));
        assert_eq!(text(answer(b"-5", half)), Err(r#"{"error":"negative"}"#.to_owned()));
    }

    #[test]
    fn an_error_is_whatever_the_skill_serializes() {
        #[derive(Serialize)]
        #[serde(tag = "error", rename_all = "snake_case")]
        enum Refusal {
            TooLarge { max: u32 },
        }
        let refuse = |(): ()| Err::<(), _>(Refusal::TooLarge { max: 7 });
        assert_eq!(text(answer(b"null", refuse)), Err(r#"{"error":"too_large","max":7}"#.to_owned()));
    }

    #[test]
    fn an_input_of_another_type_is_the_skill_s_own_error() {
        for bad in [&br#""five""#[..], b"", b"5 5", b"{", b"\xff", b"[5]", b"null"] {
            let error = text(answer(bad, half)).expect_err("refused");
            assert!(error.starts_with(r#"{"error":"input: "#), "{error}");
        }
    }

    #[test]
    fn what_has_no_json_is_an_error_and_never_null() {
        for number in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY] {
            let error = text(answer(b"null", |(): ()| Ok::<_, Error>(number))).expect_err("refused");
            assert_eq!(error, r#"{"error":"output: a number is not finite"}"#);
        }
        let error = text(answer(b"null", |(): ()| Err::<(), _>(f64::NAN))).expect_err("refused");
        assert_eq!(error, r#"{"error":"error: a number is not finite"}"#);
    }

    #[test]
    fn text_can_be_borrowed_from_the_input() {
        fn length(text: &str) -> Result<usize, Error> {
            Ok(text.chars().count())
        }
        assert_eq!(text(answer("\"世界\"".as_bytes(), length)), Ok("2".to_owned()));
    }
}
