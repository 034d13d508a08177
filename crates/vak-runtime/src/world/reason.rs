//! What `reason` asks of a world.

use serde::{Deserialize, Serialize};

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

/// A conversation that a model is to complete. Which model, where and with what key is no affair of the guest's.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reason {
    /// The parts, of which there is one at least.
    pub messages: Vec<Message>,
    /// How long the completion may be, in tokens; the operator's own bound holds as well.
    pub max_tokens: Option<u32>,
}

impl Reason {
    /// How long the messages are together, in bytes.
    #[must_use]
    pub fn bytes(&self) -> u64 {
        self.messages.iter().map(|message| message.content.len() as u64).sum()
    }
}
