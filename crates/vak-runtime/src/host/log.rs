//! Lines for the operator: what `log` asks for.

use serde::Deserialize;
use vak_model::{Effect, LimitKind};

use super::Context;
use super::request::Request;
use crate::failure::Failure;
use crate::gate::Ask;
use crate::world::{LogLevel, WorldError};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Head {
    #[serde(default = "info")]
    level: LogLevel,
}

const fn info() -> LogLevel {
    LogLevel::Info
}

/// One call is one line: what could end it, or rewrite a screen, is escaped. The line counts as it is written, with its end.
pub(super) fn log(request: Request, context: Context<'_>) -> Result<Ask, Failure> {
    let (Head { level }, body) = request.with_body()?;
    let text = std::str::from_utf8(body.as_slice());
    let text = text.map_err(|_| Failure::RequestInvalid("its text is not UTF-8".to_owned()))?;
    let effect = Effect::Log { bytes: text.len() as u64 };
    // A text that is too long as it is need not be escaped to know.
    let line = (text.len() as u64 <= *context.log_left).then(|| vak_model::printable(text, usize::MAX));
    let left = line.as_ref().and_then(|line| context.log_left.checked_sub(line.len() as u64 + 1));
    *context.log_left = left.unwrap_or(0);
    let line = left.and(line);
    Ok(Ask {
        effect,
        body: Some(body),
        act: Box::new(move |world, permit| match line {
            Some(line) => world.log(permit, level, line),
            None => Box::pin(std::future::ready(Err(WorldError::Limit(LimitKind::Log)))),
        }),
    })
}
