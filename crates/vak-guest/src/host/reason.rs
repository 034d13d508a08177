//! Asking the operator's model: the capability `reason`.
//!
//! Which model answers, where, and how much it may be asked is the operator's affair. What it says is no fact, and not the
//! same every time; a text that it is given can tell it what to say. So a skill checks it like any input.
//!
//! ```
//! use vak_guest::{Error, reason};
//!
//! fn title(text: &str) -> Result<String, Error> {
//!     let answer = reason::Request::new()
//!         .system("Answer with a title for the user's text, of at most eight words.")
//!         .user(text)
//!         .max_tokens(30)
//!         .send()?;
//!     if !answer.is_whole() {
//!         return Err("the model found no end".into());
//!     }
//!     Ok(answer.text.trim().to_owned())
//! }
//!
//! let mut host = vak_guest::mock::Host::new().completion("On Foxes\n");
//! assert_eq!(host.run(|| title("The quick brown fox")), Ok("On Foxes".to_owned()));
//! assert_eq!(host.conversations()[0][1].content, "The quick brown fox");
//! ```

use serde::{Deserialize, Serialize};

use super::{HostError, ask as ask_host};
use crate::imports::reason;

/// Who says a part of a conversation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// Whoever sets the task.
    System,
    /// Whoever asks.
    User,
    /// The model.
    Assistant,
}

/// One part of a conversation.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Message {
    /// Who says it.
    pub role: Role,
    /// What is said.
    pub content: String,
}

/// What has been used, in tokens.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
pub struct Tokens {
    /// Those of the conversation.
    pub input: u64,
    /// Those of the answer.
    pub output: u64,
}

/// Why an answer ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Finish {
    /// The model had no more to say.
    Stop,
    /// It could not say more: the answer is cut off.
    Length,
}

/// What a model says.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
pub struct Answer {
    /// What it says.
    pub text: String,
    /// What that has used of what the run may use.
    pub tokens: Tokens,
    /// What the operator calls the model.
    pub model: String,
    /// Why it ends.
    pub finish: Finish,
}

impl Answer {
    /// Whether the model came to an end, and was not cut off.
    #[must_use]
    pub fn is_whole(&self) -> bool {
        self.finish == Finish::Stop
    }
}

/// A conversation that is being put together: 1 to 64 messages, 256 KiB of them together.
#[derive(Clone, Debug, Default, Serialize)]
#[must_use]
pub struct Request {
    messages: Vec<Message>,
    #[serde(skip_serializing_if = "Option::is_none")]
    max_tokens: Option<u32>,
}

impl Request {
    /// A conversation without messages.
    pub const fn new() -> Self {
        Self { messages: Vec::new(), max_tokens: None }
    }

    /// With a task.
    pub fn system(self, content: impl Into<String>) -> Self {
        self.with(Role::System, content.into())
    }

    /// With what is asked.
    pub fn user(self, content: impl Into<String>) -> Self {
        self.with(Role::User, content.into())
    }

    /// With what the model has said before.
    pub fn assistant(self, content: impl Into<String>) -> Self {
        self.with(Role::Assistant, content.into())
    }

    fn with(mut self, role: Role, content: String) -> Self {
        self.messages.push(Message { role, content });
        self
    }

    /// With a bound on the answer, in tokens, 1 at least. The operator's own holds as well, and alone by default.
    pub const fn max_tokens(mut self, tokens: u32) -> Self {
        self.max_tokens = Some(tokens);
        self
    }

    /// Asks.
    ///
    /// # Errors
    /// `reason.tokens` or `reason.cost`, if the run may not use so much; `reason.endpoint`, `reason.answer` and the codes of
    /// HTTP, if there is no answer; `host.unavailable`, if there is no model; denied, if the skill may not ask.
    pub fn send(&self) -> Result<Answer, HostError> {
        ask_host(reason, self, &[])
    }
}

/// What the model says to one question.
///
/// # Errors
/// As [`Request::send`].
pub fn ask(question: &str) -> Result<String, HostError> {
    Ok(Request::new().user(question).send()?.text)
}
