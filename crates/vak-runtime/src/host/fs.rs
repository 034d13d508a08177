//! Files: what `fs_read`, `fs_list`, `fs_stat`, `fs_write`, `fs_remove` and `fs_rename` ask for.

use serde::Deserialize;
use vak_model::Effect;

use super::Context;
use super::request::{Request, path};
use crate::failure::Failure;
use crate::gate::Ask;
use crate::world::{FsRead, FsWrite, WriteMode};

/// The most that is read at a time, in bytes: the host holds it once before the guest does.
pub(super) const MAX_READ_BYTES: usize = 16 << 20;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Read {
    path: String,
    #[serde(default)]
    offset: u64,
    #[serde(default = "max_read")]
    length: u64,
}

const fn max_read() -> u64 {
    MAX_READ_BYTES as u64
}

pub(super) fn read(request: Request, _: Context<'_>) -> Result<Ask, Failure> {
    let Read { path: name, offset, length } = request.alone()?;
    let path = path(&name)?;
    // Never more than is given at a time, whatever is asked for.
    let length = usize::try_from(length).unwrap_or(MAX_READ_BYTES).min(MAX_READ_BYTES);
    let read = FsRead { path: path.clone(), offset, length };
    let effect = Effect::FsRead { path };
    Ok(Ask { effect, body: None, act: Box::new(move |world, permit| world.fs_read(permit, read)) })
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Named {
    path: String,
}

pub(super) fn list(request: Request, _: Context<'_>) -> Result<Ask, Failure> {
    let Named { path: name } = request.alone()?;
    let path = path(&name)?;
    let effect = Effect::FsList { path: path.clone() };
    Ok(Ask { effect, body: None, act: Box::new(move |world, permit| world.fs_list(permit, path)) })
}

pub(super) fn stat(request: Request, _: Context<'_>) -> Result<Ask, Failure> {
    let Named { path: name } = request.alone()?;
    let path = path(&name)?;
    let effect = Effect::FsStat { path: path.clone() };
    Ok(Ask { effect, body: None, act: Box::new(move |world, permit| world.fs_stat(permit, path)) })
}

pub(super) fn remove(request: Request, _: Context<'_>) -> Result<Ask, Failure> {
    let Named { path: name } = request.alone()?;
    let path = path(&name)?;
    let effect = Effect::FsRemove { path: path.clone() };
    Ok(Ask { effect, body: None, act: Box::new(move |world, permit| world.fs_remove(permit, path)) })
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Write {
    path: String,
    #[serde(default = "replace")]
    mode: WriteMode,
}

const fn replace() -> WriteMode {
    WriteMode::Replace
}

pub(super) fn write(request: Request, _: Context<'_>) -> Result<Ask, Failure> {
    let (Write { path: name, mode }, contents) = request.with_body()?;
    let path = path(&name)?;
    let effect = Effect::FsWrite { path: path.clone(), bytes: contents.as_slice().len() as u64 };
    let body = Some(contents.clone());
    let write = FsWrite { path, mode, contents };
    Ok(Ask { effect, body, act: Box::new(move |world, permit| world.fs_write(permit, write)) })
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Rename {
    from: String,
    to: String,
}

pub(super) fn rename(request: Request, _: Context<'_>) -> Result<Ask, Failure> {
    let Rename { from, to } = request.alone()?;
    let (from, to) = (path(&from)?, path(&to)?);
    let effect = Effect::FsRename { from: from.clone(), to: to.clone() };
    Ok(Ask { effect, body: None, act: Box::new(move |world, permit| world.fs_rename(permit, from, to)) })
}
