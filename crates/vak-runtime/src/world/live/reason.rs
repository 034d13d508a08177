//! A model, as it is: an endpoint that speaks as OpenAI's does, of the operator's choosing in all its parts.
//!
//! Nothing that a skill says is about who answers, or how much that may cost. What a call can use at most is reserved before
//! it is made, so that none goes beyond what the operator gives, whatever becomes of it.

mod answer;
mod budget;
mod config;

use std::fmt;
use std::time::Instant;

use serde::{Deserialize, Serialize};
use vak_model::{HttpHost, HttpMethod, HttpUrl};

use self::answer::{Completion, Finish};
use self::budget::{Budget, Tokens};
pub use self::config::{InvalidReason, Price, ReasonConfig};
use super::http::HttpClient;
use crate::failure::Failure;
use crate::world::{Body, HttpFetch, Message, Reason, Response, WorldError};

/// How long an endpoint's answer is at most, in bytes.
const MAX_ANSWER_BYTES: usize = 1 << 20;

/// Asks a model. What it may spend is shared by all that share it, and used up some time.
pub struct Reasoner {
    client: HttpClient,
    url: HttpUrl,
    model: String,
    max_tokens: u32,
    budget: Budget,
}

impl fmt::Debug for Reasoner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Reasoner").field("model", &self.model).finish_non_exhaustive()
    }
}

/// What an endpoint is sent. Temperature and seed are for runs that can be compared; no endpoint promises the same twice.
#[derive(Serialize)]
struct Question<'a> {
    model: &'a str,
    messages: &'a [Message],
    max_tokens: u32,
    temperature: u8,
    seed: u8,
    stream: bool,
}

/// What a guest gets.
#[derive(Serialize)]
struct Answer<'a> {
    text: String,
    tokens: Tokens,
    model: &'a str,
    finish: Finish,
}

impl Reasoner {
    /// What asks as `config` says. Nothing is started before the first call.
    #[must_use]
    pub fn new(config: ReasonConfig) -> Self {
        let ReasonConfig { url, model, key, max_tokens, total_tokens, bill, http } = config;
        let client = HttpClient::new(http.secrets(key.into_iter().collect()));
        Self { client, url, model, max_tokens, budget: Budget::new(total_tokens, bill) }
    }

    /// Has a conversation completed, once: nothing is tried again.
    pub(super) async fn complete(&self, request: &Reason, deadline: Instant) -> Result<Response, WorldError> {
        let max_tokens = request.max_tokens.unwrap_or(self.max_tokens).min(self.max_tokens);
        let most = Tokens::most(request, max_tokens);
        let reserved = self.budget.reserve(most)?;
        let answered = self.client.fetch(self.fetch(request, max_tokens)?, deadline).await;
        let (status, body) = match answered {
            Ok(response) => parts(response)?,
            Err(error) => {
                if was_not_sent(&error) {
                    reserved.settle(Tokens::default());
                }
                return Err(as_answer(error));
            }
        };
        if !(200..300).contains(&status) {
            reserved.settle(Tokens::least(request, ""));
            return Err(Failure::ReasonEndpoint { status }.into());
        }
        // What can't be read has cost as much as it could.
        let Completion { text, finish, said } = answer::read(&body)?;
        let tokens = said.map_or(most, |said| said.at_least(Tokens::least(request, &text)));
        reserved.settle(tokens);
        Ok(Response::json(&Answer { text: self.client.redact(text), tokens, model: &self.model, finish }))
    }

    fn fetch(&self, request: &Reason, max_tokens: u32) -> Result<HttpFetch, WorldError> {
        let Self { model, url, .. } = self;
        let messages = &request.messages;
        let question = Question { model, messages, max_tokens, temperature: 0, seed: 0, stream: false };
        let body = serde_json::to_vec(&question).map_err(|error| WorldError::Broken(error.to_string()))?;
        let json = "application/json".to_owned();
        let headers = ["accept", "content-type"].map(|name| (name.to_owned(), json.clone()));
        Ok(HttpFetch {
            method: HttpMethod::Post,
            url: url.clone(),
            headers: headers.to_vec(),
            body: Body::of(body),
            max_bytes: MAX_ANSWER_BYTES,
            follow: false,
            // The operator has written it: it may be one of this machine's. A name says nothing of where it leads.
            named_address: matches!(url.host(), HttpHost::Address(_)),
        })
    }
}

/// Whether the endpoint can't have seen anything of a request.
const fn was_not_sent(error: &WorldError) -> bool {
    matches!(error, WorldError::Address(_) | WorldError::Failed(Failure::HttpResolve | Failure::HttpConnect))
}

/// An answer that is too long is none.
fn as_answer(error: WorldError) -> WorldError {
    match error {
        WorldError::Failed(Failure::HttpBody { .. }) => Failure::ReasonAnswer("it is too long").into(),
        error => error,
    }
}

/// The status and the body, of what the client gives.
fn parts(response: Response) -> Result<(u16, Vec<u8>), WorldError> {
    #[derive(Deserialize)]
    struct Head {
        status: u16,
    }
    let mut line = response.into_bytes();
    let end = line.iter().position(|byte| *byte == b'\n').unwrap_or(line.len());
    let body = line.split_off((end + 1).min(line.len()));
    let head: Head = serde_json::from_slice(&line).map_err(|error| WorldError::Broken(error.to_string()))?;
    Ok((head.status, body))
}

#[cfg(test)]
mod tests;
