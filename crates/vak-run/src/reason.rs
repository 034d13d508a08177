//! Which model answers what a skill asks, and what that may cost: by flags, and by nothing that a skill says.

use std::sync::Arc;

use clap::Args;
use vak_cli::Failure;
use vak_model::Code;
use vak_runtime::{InvalidReason, ReasonConfig, Reasoner};

use crate::secrets;

/// The model behind the host call `reason`.
#[derive(Args, Clone, Debug)]
#[command(next_help_heading = "The model that a skill may ask")]
pub(crate) struct ReasonArgs {
    /// Have the model behind this endpoint answer, which speaks as OpenAI's does, such as https://api.example.com/v1
    #[arg(long, value_name = "URL", requires = "reason_model")]
    pub(crate) reason_url: Option<String>,
    /// What the endpoint calls the model
    #[arg(long, value_name = "NAME", requires = "reason_url")]
    pub(crate) reason_model: Option<String>,
    /// Send the endpoint a key that the skill never sees: that of a variable, or file:PATH, or what command:LINE prints
    #[arg(long, value_name = "env:VAR", requires = "reason_url")]
    pub(crate) reason_key: Option<String>,
    /// How long an answer is at most, in tokens; 1024 by default
    #[arg(long, value_name = "N", requires = "reason_url")]
    pub(crate) reason_max_tokens: Option<u32>,
    /// How many tokens a run sends and gets at most; 100000 by default
    #[arg(long, value_name = "N", requires = "reason_url")]
    pub(crate) reason_total_tokens: Option<u64>,
    /// What a million tokens cost, sent and received
    #[arg(long, value_name = "IN:OUT", requires = "reason_max_cost")]
    pub(crate) reason_price: Option<String>,
    /// What a run costs at most, such as 0.05, in the currency of --reason-price
    #[arg(long, value_name = "AMOUNT", requires_all = ["reason_url", "reason_price"])]
    pub(crate) reason_max_cost: Option<String>,
}

impl ReasonArgs {
    /// What asks the model, if there is one. It lasts for one run, and so does what may be spent.
    pub(crate) fn reasoner(&self) -> Result<Option<Arc<Reasoner>>, Failure> {
        let Some(url) = &self.reason_url else { return Ok(None) };
        let model = self.reason_model.as_deref().unwrap_or_default();
        let mut config = ReasonConfig::new(url, model).map_err(|error| match error {
            InvalidReason::Model => wrong("reason-model", model, error),
            _ => wrong("reason-url", url, error),
        })?;
        if let Some(source) = &self.reason_key {
            let key = secrets::value("reason-key", source)?;
            config = config.key(&key).map_err(|error| wrong("reason-key", source, error))?;
        }
        if let Some(tokens) = self.reason_max_tokens {
            config = config.max_tokens(tokens).map_err(|error| wrong("reason-max-tokens", "0", error))?;
        }
        if let Some(tokens) = self.reason_total_tokens {
            config = config.total_tokens(tokens).map_err(|error| wrong("reason-total-tokens", "0", error))?;
        }
        if let (Some(price), Some(max)) = (&self.reason_price, &self.reason_max_cost) {
            let cost = price.parse().map_err(|error| wrong("reason-price", price, error))?;
            config = config.max_cost(cost, max).map_err(|error| wrong("reason-max-cost", max, error))?;
        }
        Ok(Some(Arc::new(Reasoner::new(config))))
    }
}

/// A flag that can't be used. Its word is shown, which names a key and never is one.
fn wrong(flag: &str, word: &str, error: InvalidReason) -> Failure {
    let failure =
        Failure::new(Code::UsageArguments, format!("--{flag} `{}`: {error}", vak_model::printable(word, 200)));
    match error {
        InvalidReason::Open => failure.next("--reason-url https://api.example.com/v1", "sends the key over TLS"),
        _ => failure,
    }
}
