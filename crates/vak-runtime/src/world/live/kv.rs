//! The stores of skills: a file each, of which one process at a time is the owner.

use std::fs::{DirBuilder, File, OpenOptions};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use redb::backends::FileBackend;
use redb::{Builder, Database, DatabaseError, ReadableDatabase as _, ReadableTable as _, ReadableTableMetadata as _};
use redb::{TableDefinition, TableError};
use rustix::fs::OFlags;
use serde::Serialize;
use vak_model::KvKey;
use vak_policy::Principal;

use super::quota::{KV_BYTES, KV_KEYS, KV_VALUE_BYTES};
use super::{KvList, Response, WorldError};
use crate::failure::Failure;
use crate::gate::Attempt;

/// Values by their keys.
const VALUES: TableDefinition<'_, &str, &[u8]> = TableDefinition::new("values");

/// Under [`BYTES`], how long all keys and values are together.
const TOTALS: TableDefinition<'_, &str, u64> = TableDefinition::new("totals");
const BYTES: &str = "bytes";

/// How much of a store is kept in memory, in bytes.
const CACHE_BYTES: usize = 4 << 20;

/// The store of one skill. It is opened when it is first used, and held until the run ends.
pub(super) struct Store {
    file: PathBuf,
    open: Mutex<Option<Database>>,
}

#[derive(Serialize)]
struct Deleted {
    existed: bool,
}

#[derive(Serialize)]
struct Keys {
    keys: Vec<String>,
    more: bool,
}

impl Store {
    /// The name of the file comes from the skill's, of which every character but `/` can be in a file's name as it is.
    pub(super) fn new(dir: &Path, principal: &Principal) -> Self {
        let kind = if principal.signers.is_empty() { "unsigned" } else { "signed" };
        let name = principal.name.to_string().replace('/', "+");
        Self { file: dir.join(kind).join(format!("{name}.redb")), open: Mutex::new(None) }
    }

    pub(super) fn get(&self, key: &KvKey) -> Attempt<Response> {
        self.with(|database| {
            let values = match database.begin_read()?.open_table(VALUES) {
                Err(TableError::TableDoesNotExist(_)) => return Ok(Err(Failure::KeyNotFound)),
                values => values?,
            };
            let value = values.get(key.as_str())?.map(|value| value.value().to_vec());
            Ok(value.map(Response::bytes).ok_or(Failure::KeyNotFound))
        })
    }

    pub(super) fn set(&self, key: &KvKey, value: &[u8]) -> Attempt<Response> {
        if value.len() > KV_VALUE_BYTES {
            return Attempt::Done(Err(Failure::KvQuota.into()));
        }
        self.with(|database| {
            let change = database.begin_write()?;
            {
                let (mut values, mut totals) = (change.open_table(VALUES)?, change.open_table(TOTALS)?);
                let length = |value: usize| (key.as_str().len() + value) as u64;
                let before = values.insert(key.as_str(), value)?.map_or(0, |old| length(old.value().len()));
                let sum = totals.get(BYTES)?.map_or(0, |sum| sum.value());
                let sum = sum.saturating_sub(before) + length(value.len());
                // What is not committed was never there.
                if values.len()? > KV_KEYS || sum > KV_BYTES {
                    return Ok(Err(Failure::KvQuota));
                }
                totals.insert(BYTES, sum)?;
            }
            change.commit()?;
            Ok(Ok(Response::done()))
        })
    }

    pub(super) fn delete(&self, key: &KvKey) -> Attempt<Response> {
        self.with(|database| {
            let change = database.begin_write()?;
            let before = {
                let (mut values, mut totals) = (change.open_table(VALUES)?, change.open_table(TOTALS)?);
                let before = values.remove(key.as_str())?.map(|old| (key.as_str().len() + old.value().len()) as u64);
                let sum = totals.get(BYTES)?.map_or(0, |sum| sum.value());
                totals.insert(BYTES, sum.saturating_sub(before.unwrap_or(0)))?;
                before
            };
            change.commit()?;
            Ok(Ok(Response::json(&Deleted { existed: before.is_some() })))
        })
    }

    pub(super) fn list(&self, request: &KvList) -> Attempt<Response> {
        let KvList { prefix, after, limit } = request;
        self.with(|database| {
            let mut keys = Vec::new();
            let values = match database.begin_read()?.open_table(VALUES) {
                Err(TableError::TableDoesNotExist(_)) => return Ok(Ok(Response::json(&Keys { keys, more: false }))),
                values => values?,
            };
            for entry in values.range::<&str>(prefix.max(after).as_str()..)? {
                let (key, _) = entry?;
                let key = key.value();
                if key == after && !after.is_empty() {
                    continue;
                }
                if !key.starts_with(prefix.as_str()) {
                    break;
                }
                if keys.len() == *limit {
                    return Ok(Ok(Response::json(&Keys { keys, more: true })));
                }
                keys.push(key.to_owned());
            }
            Ok(Ok(Response::json(&Keys { keys, more: false })))
        })
    }

    /// Does it in the store, which is opened if it is not yet. Of the store's own errors guests learn nothing.
    fn with(&self, act: impl FnOnce(&Database) -> Result<Result<Response, Failure>, redb::Error>) -> Attempt<Response> {
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        let database = match open.take().map_or_else(|| self.open_file(), Ok) {
            Ok(database) => open.insert(database),
            Err(DatabaseError::DatabaseAlreadyOpen) => return Attempt::Later,
            Err(_) => return Attempt::Done(Err(Failure::KvIo.into())),
        };
        let done = act(database).unwrap_or(Err(Failure::KvIo));
        Attempt::Done(done.map_err(WorldError::from))
    }

    /// Opens the file, which must be a regular one: no link, and no pipe that somebody has put there.
    fn open_file(&self) -> Result<Database, DatabaseError> {
        let io = |error: std::io::Error| DatabaseError::Storage(error.into());
        if let Some(folder) = self.file.parent() {
            DirBuilder::new().recursive(true).mode(0o700).create(folder).map_err(io)?;
        }
        let flags = (OFlags::NOFOLLOW | OFlags::NONBLOCK).bits().cast_signed();
        let mut options = OpenOptions::new();
        options.read(true).write(true).create(true).truncate(false).mode(0o600).custom_flags(flags);
        let file: File = options.open(&self.file).map_err(io)?;
        if !file.metadata().map_err(io)?.is_file() {
            return Err(io(std::io::ErrorKind::InvalidInput.into()));
        }
        let backend = FileBackend::new(file)?;
        Builder::new().set_cache_size(CACHE_BYTES).create_with_backend(backend)
    }
}
