//! State that stays from call to call: the capability `kv`.
//!
//! Each skill has a store of its own, by its name, and no other skill's. A key is text of 1 to 512 bytes, a value at most
//! 1 MiB; a store holds 10,000 keys and 16 MiB in all.
//!
//! ```
//! use vak_guest::{Error, kv};
//!
//! fn visits() -> Result<u64, Error> {
//!     let before = match kv::get("visits")? {
//!         Some(value) => String::from_utf8(value)?.parse()?,
//!         None => 0,
//!     };
//!     kv::set("visits", (before + 1).to_string())?;
//!     Ok(before + 1)
//! }
//!
//! let mut host = vak_guest::mock::Host::new().value("visits", "41");
//! assert_eq!(host.run(visits), Ok(42));
//! assert_eq!(host.value_of("visits"), Some(&b"42"[..]));
//! ```

use serde::{Deserialize, Serialize};

use super::{HostError, Nothing, ask, ask_bytes};
use crate::imports::{kv_delete, kv_get, kv_list, kv_set};

#[derive(Serialize)]
struct Key<'a> {
    key: &'a str,
}

#[derive(Serialize)]
struct Range<'a> {
    prefix: &'a str,
    after: &'a str,
}

#[derive(Deserialize)]
struct Keys {
    keys: Vec<String>,
    more: bool,
}

#[derive(Deserialize)]
struct Deleted {
    existed: bool,
}

/// The value of a key; none, if there is no such key.
///
/// # Errors
/// `kv.key`, `kv.io`; denied, if the skill may not.
pub fn get(key: &str) -> Result<Option<Vec<u8>>, HostError> {
    match ask_bytes(kv_get, &Key { key }) {
        Ok(value) => Ok(Some(value)),
        Err(error) if error.is_not_found() => Ok(None),
        Err(error) => Err(error),
    }
}

/// Sets the value of a key, which may be there or not.
///
/// # Errors
/// `kv.key`, `kv.quota`, `kv.io`; denied, if the skill may not.
pub fn set(key: &str, value: impl AsRef<[u8]>) -> Result<(), HostError> {
    ask(kv_set, &Key { key }, value.as_ref()).map(|Nothing {}| ())
}

/// Deletes a key, and says whether it was there.
///
/// # Errors
/// `kv.key`, `kv.io`; denied, if the skill may not.
pub fn delete(key: &str) -> Result<bool, HostError> {
    ask(kv_delete, &Key { key }, &[]).map(|Deleted { existed }| existed)
}

/// All keys that begin with `prefix`, sorted; each thousand of them is a call.
///
/// # Errors
/// `kv.key`, `kv.io`; denied, if the skill may not.
pub fn list(prefix: &str) -> Result<Vec<String>, HostError> {
    let mut all = Vec::new();
    loop {
        let after = all.last().map_or("", String::as_str);
        let Keys { mut keys, more } = ask(kv_list, &Range { prefix, after }, &[])?;
        // A host that has more and gives none of it would be asked for ever.
        let is_last = !more || keys.is_empty();
        all.append(&mut keys);
        if is_last {
            return Ok(all);
        }
    }
}
