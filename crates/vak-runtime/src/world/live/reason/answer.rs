//! What an endpoint says: hostile until it is read.

use serde::Serialize;
use serde_json::Value;

use super::budget::Tokens;
use crate::failure::Failure;

/// Why a completion ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Finish {
    /// The model had no more to say.
    Stop,
    /// It may not say more.
    Length,
}

/// What of an answer is taken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Completion {
    pub(super) text: String,
    pub(super) finish: Finish,
    /// What it has cost, if the endpoint says so.
    pub(super) said: Option<Tokens>,
}

/// Reads an answer: as strictly as all JSON is read, with bounds on its depth and its parts.
pub(super) fn read(body: &[u8]) -> Result<Completion, Failure> {
    let value = vak_package::parse_json(body).map_err(|_| Failure::ReasonAnswer("it is not JSON"))?;
    let text = value.pointer("/choices/0/message/content").and_then(Value::as_str);
    let finish = match value.pointer("/choices/0/finish_reason").and_then(Value::as_str) {
        Some("stop") => Finish::Stop,
        Some("length") => Finish::Length,
        _ => return Err(Failure::ReasonAnswer("it does not end in a way that is known")),
    };
    let said = |name| value.pointer(name).and_then(Value::as_u64);
    let said = said("/usage/prompt_tokens").zip(said("/usage/completion_tokens"));
    Ok(Completion {
        text: text.ok_or(Failure::ReasonAnswer("it has no text"))?.to_owned(),
        finish,
        said: said.map(|(input, output)| Tokens { input, output }),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_that_is_none_is_refused() {
        let deep = format!("{}{}", "[".repeat(100_000), "]".repeat(100_000));
        let deep_inside =
            format!(r#"{{"choices":[{{"message":{{"content":"a"}},"finish_reason":"stop"}}],"x":{deep}}}"#);
        for (body, why) in [
            ("", "it is not JSON"),
            ("<html>", "it is not JSON"),
            ("\u{feff}{}", "it is not JSON"),
            (r#"{"choices":[],"choices":[]}"#, "it is not JSON"),
            (&deep, "it is not JSON"),
            (&deep_inside, "it is not JSON"),
            ("null", "it does not end in a way that is known"),
            ("{}", "it does not end in a way that is known"),
            (r#"{"choices":[]}"#, "it does not end in a way that is known"),
            (r#"{"choices":[{"message":{"content":"a"}}]}"#, "it does not end in a way that is known"),
            (
                r#"{"choices":[{"message":{"content":"a"},"finish_reason":"content_filter"}]}"#,
                "it does not end in a way that is known",
            ),
            (r#"{"choices":[{"message":{"content":null},"finish_reason":"stop"}]}"#, "it has no text"),
            (r#"{"choices":[{"message":{"content":["a"]},"finish_reason":"stop"}]}"#, "it has no text"),
            (r#"{"choices":[{"finish_reason":"stop"}]}"#, "it has no text"),
        ] {
            assert_eq!(read(body.as_bytes()), Err(Failure::ReasonAnswer(why)), "{body:.80}");
        }
        assert_eq!(read(b"{\"a\":\"\xff\"}"), Err(Failure::ReasonAnswer("it is not JSON")));
    }

    #[test]
    fn what_an_answer_says_of_its_cost_is_whole_or_not_there() {
        for (usage, said) in [
            (r#"{"prompt_tokens":7,"completion_tokens":2,"total_tokens":9}"#, Some(Tokens { input: 7, output: 2 })),
            (r#"{"prompt_tokens":7}"#, None),
            (r#"{"prompt_tokens":-7,"completion_tokens":2}"#, None),
            (r#"{"prompt_tokens":7.5,"completion_tokens":2}"#, None),
            (r#"{"prompt_tokens":"7","completion_tokens":2}"#, None),
            ("null", None),
        ] {
            let body =
                format!(r#"{{"choices":[{{"message":{{"content":"a"}},"finish_reason":"length"}}],"usage":{usage}}}"#);
            let expected = Completion { text: "a".to_owned(), finish: Finish::Length, said };
            assert_eq!(read(body.as_bytes()), Ok(expected), "{usage}");
        }
    }
}
