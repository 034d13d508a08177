//! The skill's own store: what `kv_get`, `kv_set`, `kv_delete` and `kv_list` ask for.

use serde::Deserialize;
use vak_model::{Effect, InvalidKey, KvKey};

use super::Context;
use super::request::Request;
use crate::failure::Failure;
use crate::gate::Ask;
use crate::world::KvList;

/// The most keys that are listed at a time.
const MAX_LISTED: usize = 1000;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Keyed {
    key: String,
}

fn key(text: &str) -> Result<KvKey, Failure> {
    Ok(KvKey::try_from(text)?)
}

pub(super) fn get(request: Request, _: Context<'_>) -> Result<Ask, Failure> {
    let Keyed { key: name } = request.alone()?;
    let key = key(&name)?;
    let effect = Effect::KvGet { key: key.clone() };
    Ok(Ask { effect, body: None, act: Box::new(move |world, permit| world.kv_get(permit, key)) })
}

pub(super) fn set(request: Request, _: Context<'_>) -> Result<Ask, Failure> {
    let (Keyed { key: name }, value) = request.with_body()?;
    let key = key(&name)?;
    let effect = Effect::KvSet { key: key.clone(), bytes: value.as_slice().len() as u64 };
    let body = Some(value.clone());
    Ok(Ask { effect, body, act: Box::new(move |world, permit| world.kv_set(permit, key, value)) })
}

pub(super) fn delete(request: Request, _: Context<'_>) -> Result<Ask, Failure> {
    let Keyed { key: name } = request.alone()?;
    let key = key(&name)?;
    let effect = Effect::KvDelete { key: key.clone() };
    Ok(Ask { effect, body: None, act: Box::new(move |world, permit| world.kv_delete(permit, key)) })
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct List {
    #[serde(default)]
    prefix: String,
    #[serde(default)]
    after: String,
    #[serde(default = "max_listed")]
    limit: u64,
}

const fn max_listed() -> u64 {
    MAX_LISTED as u64
}

pub(super) fn list(request: Request, _: Context<'_>) -> Result<Ask, Failure> {
    let List { prefix, after, limit } = request.alone()?;
    // What no key begins with, or comes behind, is no question; it would be on record as it is.
    for text in [&prefix, &after] {
        if !text.is_empty() && KvKey::try_from(text.as_str()).is_err() {
            return Err(InvalidKey.into());
        }
    }
    let limit = usize::try_from(limit).unwrap_or(MAX_LISTED).min(MAX_LISTED);
    let effect = Effect::KvList { prefix: prefix.clone() };
    let list = KvList { prefix, after, limit };
    Ok(Ask { effect, body: None, act: Box::new(move |world, permit| world.kv_list(permit, list)) })
}
