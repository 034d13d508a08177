//! Files and folders: the capabilities `fs.read` and `fs.write`.
//!
//! A path is relative, with `/` between its parts; its first part is a name that the operator has given, as in
//! `--allow-read notes`. What is larger than memory is read in parts, by [`read_part`].
//!
//! ```
//! use vak_guest::{Error, fs};
//!
//! fn longest(folder: &str) -> Result<Option<String>, Error> {
//!     let mut longest = None;
//!     for entry in fs::list(folder)? {
//!         if entry.kind == fs::Kind::File {
//!             let size = fs::stat(&format!("{folder}/{}", entry.name))?.size;
//!             longest = longest.max(Some((size, entry.name)));
//!         }
//!     }
//!     Ok(longest.map(|(_, name)| name))
//! }
//!
//! let mut host = vak_guest::mock::Host::new().file("notes/a.txt", "short").file("notes/b.txt", "longer");
//! assert_eq!(host.run(|| longest("notes")), Ok(Some("b.txt".to_owned())));
//! ```

use serde::{Deserialize, Serialize};

use super::{HostError, Nothing, Reply, ask, encode, exchange};
use crate::imports::{Import, fs_list, fs_read, fs_remove, fs_rename, fs_stat, fs_write};

/// How much of a file one call asks for, in bytes.
const PART: usize = 1 << 20;

/// The most that one call gives, in bytes.
const MOST: usize = 16 << 20;

/// How much memory is made ready for a file, in bytes, because of a size that is only said.
const LARGEST_GUESS: u64 = 16 << 20;

/// Pointers end here: no file that is larger fits the memory.
const LARGEST: u64 = i32::MAX as u64;

/// What a name stands for.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// A regular file.
    File,
    /// A folder.
    Folder,
    /// A symbolic link.
    Link,
    /// What can't be opened: a FIFO, a socket, a device.
    Other,
}

/// A name in a folder.
#[derive(Clone, Debug, Deserialize, PartialEq, Eq)]
pub struct Entry {
    /// The name, without the folder's path.
    pub name: String,
    /// What it stands for.
    pub kind: Kind,
}

/// What is known of a file or folder without opening it.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq)]
pub struct Stat {
    /// What it is.
    pub kind: Kind,
    /// Its size in bytes, which may be another one when it is read.
    pub size: u64,
    /// How many names it has.
    pub links: u64,
}

#[derive(Serialize)]
struct Path<'a> {
    path: &'a str,
}

#[derive(Serialize)]
struct Part<'a> {
    path: &'a str,
    offset: u64,
    length: usize,
}

#[derive(Serialize)]
struct Write<'a> {
    path: &'a str,
    mode: &'static str,
}

#[derive(Serialize)]
struct Rename<'a> {
    from: &'a str,
    to: &'a str,
}

#[derive(Deserialize)]
struct Entries {
    entries: Vec<Entry>,
}

/// The whole of a file.
///
/// # Errors
/// `fs.not_found`, `fs.not_regular` and the other codes of files; denied, if the skill may not.
pub fn read(path: &str) -> Result<Vec<u8>, HostError> {
    let mut contents = vec![0; room_for(path, stat(path)?.size)?];
    let mut at = 0;
    loop {
        let room = contents.get_mut(at..).unwrap_or_default();
        let room_len = room.len().min(PART);
        let len = match part(path, at as u64, PART, room.get_mut(..room_len).unwrap_or_default())? {
            Reply::Here(len) => len,
            Reply::Taken(more) => {
                contents.truncate(at);
                contents.extend_from_slice(&more);
                more.len()
            }
        };
        at += len;
        if len < PART {
            contents.truncate(at);
            return Ok(contents);
        }
    }
}

/// How much memory to begin with: a vector that grows in between leaves a copy behind each time.
fn room_for(path: &str, said: u64) -> Result<usize, HostError> {
    // The last byte of a large file is there, or its size is not what it is said to be.
    let is_sure = said <= LARGEST_GUESS || read_part(path, said - 1, &mut [0])? == 1;
    Ok(said.min(if is_sure { LARGEST } else { LARGEST_GUESS }) as usize)
}

/// Reads from `offset` on into `buffer`, and says how many bytes that were: fewer than it has room for only where the
/// file ends, or beyond 16 MiB.
///
/// # Errors
/// As [`read`].
pub fn read_part(path: &str, offset: u64, buffer: &mut [u8]) -> Result<usize, HostError> {
    match part(path, offset, buffer.len().min(MOST), buffer)? {
        Reply::Here(len) => Ok(len),
        Reply::Taken(_) => Err(HostError::broken("more than was asked for")),
    }
}

fn part(path: &str, offset: u64, length: usize, room: &mut [u8]) -> Result<Reply, HostError> {
    exchange(fs_read, &encode(&Part { path, offset, length }, &[])?, room)
}

/// What lies in a folder, sorted by name; at most 10,000 entries.
///
/// # Errors
/// `fs.not_found`, `fs.not_folder`, `fs.too_many` and the other codes of files; denied, if the skill may not.
pub fn list(path: &str) -> Result<Vec<Entry>, HostError> {
    ask(fs_list, &Path { path }, &[]).map(|Entries { entries }| entries)
}

/// What a file or folder is, and how large.
///
/// # Errors
/// `fs.not_found` and the other codes of files; denied, if the skill may not.
pub fn stat(path: &str) -> Result<Stat, HostError> {
    ask(fs_stat, &Path { path }, &[])
}

/// Writes a file: makes it, or puts the new contents in the place of the old ones all at once. Folders on the way are made.
///
/// # Errors
/// `fs.quota`, `fs.no_space` and the other codes of files; denied, if the skill may not.
pub fn write(path: &str, contents: impl AsRef<[u8]>) -> Result<(), HostError> {
    put(path, "replace", contents.as_ref())
}

/// Makes a file, which must not be there.
///
/// # Errors
/// `fs.exists` if it is; otherwise as [`write()`].
pub fn create(path: &str, contents: impl AsRef<[u8]>) -> Result<(), HostError> {
    put(path, "create", contents.as_ref())
}

/// Writes behind what is in a file, which is made if it is not there.
///
/// # Errors
/// As [`write()`].
pub fn append(path: &str, contents: impl AsRef<[u8]>) -> Result<(), HostError> {
    put(path, "append", contents.as_ref())
}

fn put(path: &str, mode: &'static str, contents: &[u8]) -> Result<(), HostError> {
    done(fs_write, &Write { path, mode }, contents)
}

/// Removes a file, a link or an empty folder.
///
/// # Errors
/// `fs.not_found`, `fs.not_empty` and the other codes of files; denied, if the skill may not.
pub fn remove(path: &str) -> Result<(), HostError> {
    done(fs_remove, &Path { path }, &[])
}

/// Gives a file or folder another name in the same folder of the operator's, in the place of what has that name.
///
/// # Errors
/// `fs.not_found` and the other codes of files; denied, if the skill may not.
pub fn rename(from: &str, to: &str) -> Result<(), HostError> {
    done(fs_rename, &Rename { from, to }, &[])
}

fn done(import: Import, request: &impl Serialize, body: &[u8]) -> Result<(), HostError> {
    ask(import, request, body).map(|Nothing {}| ())
}
