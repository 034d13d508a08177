//! Asking a model: the guest says what is to be completed, and nothing of by whom.

use serde::Deserialize;
use vak_model::Effect;

use super::Context;
use super::request::{MAX_LIST_BYTES, Request};
use crate::failure::Failure;
use crate::gate::Ask;
use crate::world::{Message, Reason};

/// The longest conversation, in messages.
const MAX_MESSAGES: usize = 64;

/// How long all messages are together at most, in bytes.
const MAX_BYTES: u64 = 256 << 10;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Line {
    messages: Vec<Message>,
    #[serde(default)]
    max_tokens: Option<u32>,
}

pub(super) fn reason(request: Request, _: Context<'_>) -> Result<Ask, Failure> {
    let reason = read(&request)?;
    let effect = Effect::Reason { bytes: reason.bytes() };
    // The record has a digest of what was asked; the line is all there is of it.
    let body = Some(request.whole());
    Ok(Ask { effect, body, act: Box::new(move |world, permit| world.reason(permit, reason)) })
}

fn read(request: &Request) -> Result<Reason, Failure> {
    let Line { messages, max_tokens } = request.within(MAX_LIST_BYTES)?;
    let invalid = |what: String| Err(Failure::RequestInvalid(what));
    if !(1..=MAX_MESSAGES).contains(&messages.len()) {
        return invalid(format!("it has {} messages, not 1 to {MAX_MESSAGES}", messages.len()));
    }
    if max_tokens == Some(0) {
        return invalid("`max_tokens` is 1 at least".to_owned());
    }
    let reason = Reason { messages, max_tokens };
    match reason.bytes() {
        bytes if bytes > MAX_BYTES => invalid(format!("its messages have {bytes} bytes, more than {MAX_BYTES}")),
        _ => Ok(reason),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ask(line: &str) -> Result<Reason, Failure> {
        read(&Request::new(line.as_bytes().to_vec()))
    }

    fn messages(count: usize, bytes: usize) -> String {
        let message = format!("{{\"role\":\"user\",\"content\":\"{}\"}}", "a".repeat(bytes));
        format!("{{\"messages\":[{}]}}", vec![message; count].join(","))
    }

    #[test]
    fn a_conversation_is_no_longer_than_it_may_be() {
        assert_eq!(ask(&messages(64, 4096)).map(|reason| reason.bytes()), Ok(256 << 10));
        for line in [messages(0, 0), messages(65, 1), messages(1, (256 << 10) + 1), messages(64, 4097)] {
            assert!(matches!(ask(&line), Err(Failure::RequestInvalid(_))), "{line:.60}");
        }
    }

    #[test]
    fn a_request_says_nothing_of_who_completes_it() {
        let message = r#""messages":[{"role":"user","content":"a"}]"#;
        assert!(ask(&format!("{{{message},\"max_tokens\":5}}")).is_ok());
        for line in [
            format!("{{{message},\"model\":\"other\"}}"),
            format!("{{{message},\"url\":\"http://127.0.0.1/\"}}"),
            format!("{{{message},\"temperature\":1}}"),
            format!("{{{message},\"max_tokens\":0}}"),
            format!("{{{message},\"max_tokens\":-1}}"),
            format!("{{{message},\"max_tokens\":4294967296}}"),
            format!("{{{message},{message}}}"),
            format!("{{{message}}}\nbody"),
            r#"{"messages":[{"role":"tool","content":"a"}]}"#.to_owned(),
            r#"{"messages":[{"role":"user","content":["a"]}]}"#.to_owned(),
            r#"{"messages":[{"role":"user","content":"a","name":"b"}]}"#.to_owned(),
            r#"{"prompt":"a"}"#.to_owned(),
        ] {
            assert!(matches!(ask(&line), Err(Failure::RequestInvalid(_))), "{line}");
        }
    }
}
