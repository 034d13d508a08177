//! The time of day: what `clock_now` asks for.

use serde::Deserialize;
use vak_model::Effect;

use super::Context;
use super::request::Request;
use crate::failure::Failure;
use crate::gate::Ask;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Nothing {}

pub(super) fn now(request: Request, _: Context<'_>) -> Result<Ask, Failure> {
    let Nothing {} = request.alone()?;
    Ok(Ask { effect: Effect::ClockNow, body: None, act: Box::new(|world, permit| world.clock_now(permit)) })
}
