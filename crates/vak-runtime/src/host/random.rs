//! Random bytes: what `random` asks for.

use serde::Deserialize;
use vak_model::Effect;

use super::Context;
use super::request::Request;
use crate::failure::Failure;
use crate::gate::Ask;

/// The most that is drawn at a time, in bytes.
const MAX_RANDOM_BYTES: u64 = 65_536;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Draw {
    length: u64,
}

pub(super) fn random(request: Request, _: Context<'_>) -> Result<Ask, Failure> {
    let Draw { length: bytes } = request.alone()?;
    let refused = Failure::RandomLength { bytes, max: MAX_RANDOM_BYTES };
    let length = usize::try_from(bytes).ok().filter(|_| (1..=MAX_RANDOM_BYTES).contains(&bytes)).ok_or(refused)?;
    let effect = Effect::Random { bytes };
    Ok(Ask { effect, body: None, act: Box::new(move |world, permit| world.random(permit, length)) })
}
