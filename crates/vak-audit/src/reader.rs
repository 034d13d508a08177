//! Reading a log: anybody's, and while it is written.
//!
//! A reader looks at what the checkpoint covers and at nothing else, so it never sees half an entry. Files that are full
//! don't change; those that are not are opened at once, together with the checkpoint that they belong to.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Read};
use std::os::fd::OwnedFd;
use std::os::unix::fs::FileExt;
use std::path::Path;
use std::sync::Arc;

use rustix::fs::{Mode, OFlags, openat};

use crate::bundle::{Rest, rest};
use crate::checkpoint::{Checkpoint, LogIdentity};
use crate::disk::read_bounded;
use crate::error::{Mismatch, ReadError, Wrong};
use crate::layout::{CHECKPOINT, LEVELS, Row, TILE, WIDTH};
use crate::proof::LogProof;
use crate::tail::MAX_CHECKPOINT_BYTES;
use crate::tree::{Hash, Subtrees, inclusion, root_of_inclusion};

/// How often the checkpoint may change while the files beside it are opened.
const MAX_ATTEMPTS: usize = 1000;

/// How much of what no checkpoint covers is looked at, in bytes.
const MAX_REST_BYTES: u64 = 16 << 20;

const TILE_BYTES: u64 = WIDTH * Hash::BYTES as u64;

/// A log that is open for reading, as it was when it was opened.
#[derive(Debug)]
pub struct LogReader {
    folder: OwnedFd,
    checkpoint: Checkpoint,
    signed: String,
    /// The tile that is not full, for each level.
    tiles: Vec<Vec<u8>>,
    /// The bundle that is not full, and perhaps what a writer has added since.
    bundle: Option<Arc<File>>,
}

impl LogReader {
    /// Opens the log in `folder`, if its checkpoint is signed by `log`.
    ///
    /// # Errors
    /// There is none, it can't be read, or its checkpoint does not count.
    pub fn open(folder: &Path, log: &LogIdentity) -> Result<Self, ReadError> {
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
        let fd = rustix::fs::open(folder, flags, Mode::empty()).map_err(|errno| match errno {
            rustix::io::Errno::NOENT => ReadError::Missing(folder.to_owned()),
            errno => ReadError::Io { path: folder.display().to_string(), source: errno.into() },
        })?;
        let mut reader = Self {
            folder: fd,
            checkpoint: Checkpoint { origin: String::new(), size: 0, root: Hash::empty() },
            signed: String::new(),
            tiles: Vec::new(),
            bundle: None,
        };
        for _ in 0..MAX_ATTEMPTS {
            let before = std::mem::take(&mut reader.signed);
            reader.read_checkpoint(folder, log)?;
            match reader.open_ends() {
                // A writer has taken the name away, and has put another checkpoint in place before it did.
                Err(ReadError::Mismatch(_)) if reader.signed != before => {}
                opened => return opened.map(|()| reader),
            }
        }
        Err(Mismatch::of(CHECKPOINT, Wrong::Missing).into())
    }

    /// What the log states of itself.
    #[must_use]
    pub const fn checkpoint(&self) -> &Checkpoint {
        &self.checkpoint
    }

    /// The checkpoint as it was signed: what to keep for a later look.
    #[must_use]
    pub fn signed_checkpoint(&self) -> &str {
        &self.signed
    }

    fn read_checkpoint(&mut self, folder: &Path, log: &LogIdentity) -> Result<(), ReadError> {
        let Some(file) = self.open_if_there(CHECKPOINT)? else {
            let begun =
                rustix::fs::accessat(&self.folder, TILE, rustix::fs::Access::EXISTS, rustix::fs::AtFlags::empty());
            return Err(match begun {
                Ok(()) => Mismatch::of(CHECKPOINT, Wrong::Missing).into(),
                Err(_) => ReadError::Missing(folder.to_owned()),
            });
        };
        let signed = read_bounded(&file, MAX_CHECKPOINT_BYTES).map_err(failed(CHECKPOINT))?;
        let refused = |error| Mismatch::of(CHECKPOINT, Wrong::Checkpoint(error));
        self.checkpoint = Checkpoint::open(&signed, log).map_err(refused)?;
        self.signed = String::from_utf8_lossy(&signed).into_owned();
        Ok(())
    }

    /// Opens the files that are not full.
    fn open_ends(&mut self) -> Result<(), ReadError> {
        self.tiles.clear();
        for row in (0..u64::BITS / LEVELS).map(Row::Hashes) {
            let parts = row.parts(self.checkpoint.size);
            if parts == 0 {
                break;
            }
            let name = row.file(parts / WIDTH, parts % WIDTH);
            let end = if parts % WIDTH == 0 { Vec::new() } else { self.read_tile(&name, parts % WIDTH)? };
            self.tiles.push(end);
        }
        let (index, parts) = (self.checkpoint.size / WIDTH, self.checkpoint.size % WIDTH);
        let name = Row::Entries.file(index, parts);
        self.bundle = self.open_if_there(&name)?.map(Arc::new);
        if parts == 0 && self.bundle.is_none() {
            // What a writer has filled at once behind the checkpoint has no other name.
            self.bundle = self.open_if_there(&Row::Entries.file(index, WIDTH))?.map(Arc::new);
        }
        if parts > 0 && self.bundle.is_none() {
            return Err(Mismatch::of(name, Wrong::Missing).into());
        }
        Ok(())
    }

    fn open_if_there(&self, path: &str) -> Result<Option<File>, ReadError> {
        let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC | OFlags::NOCTTY;
        let file = match openat(&self.folder, path, flags, Mode::empty()) {
            Ok(file) => File::from(file),
            Err(rustix::io::Errno::NOENT) => return Ok(None),
            Err(errno) => return Err(failed(path)(errno.into())),
        };
        let metadata = file.metadata().map_err(failed(path))?;
        if metadata.is_file() { Ok(Some(file)) } else { Err(failed(path)(io::Error::other("not a regular file"))) }
    }

    fn read_tile(&self, name: &str, parts: u64) -> Result<Vec<u8>, ReadError> {
        let file = self.open_if_there(name)?.ok_or_else(|| Mismatch::of(name, Wrong::Missing))?;
        let mut bytes = read_bounded(&file, TILE_BYTES).map_err(failed(name))?;
        let covered = parts as usize * Hash::BYTES;
        if bytes.len() < covered {
            return Err(Mismatch::of(name, Wrong::Short).into());
        }
        // A tile that is not full may have grown since its checkpoint.
        bytes.truncate(covered);
        Ok(bytes)
    }

    /// The tile number `index` of a level, and its name.
    pub(crate) fn tile(&self, level: u32, index: u64) -> Result<(String, Vec<u8>), ReadError> {
        let row = Row::Hashes(level);
        let parts = row.parts(self.checkpoint.size);
        if index == parts / WIDTH {
            let end = self.tiles.get(level as usize).cloned().unwrap_or_default();
            return Ok((row.file(index, parts % WIDTH), end));
        }
        let name = row.full(index);
        let bytes = self.read_tile(&name, WIDTH)?;
        Ok((name, bytes))
    }

    /// The entries of the bundle number `index`.
    pub(crate) fn bundle(&self, index: u64) -> Result<Entries, ReadError> {
        let size = self.checkpoint.size;
        let parts = if index == size / WIDTH { size % WIDTH } else { WIDTH };
        let name = Row::Entries.file(index, parts);
        let file = match &self.bundle {
            Some(end) if parts < WIDTH => Arc::clone(end),
            _ => Arc::new(self.open_if_there(&name)?.ok_or_else(|| Mismatch::of(&name, Wrong::Missing))?),
        };
        let source = BufReader::with_capacity(64 * 1024, At { file, at: 0 });
        Ok(Entries { name, source, next: index * WIDTH, left: parts, offset: 0, entry: Vec::new() })
    }

    /// How many bundles there are.
    pub(crate) const fn bundles(&self) -> u64 {
        self.checkpoint.size.div_ceil(WIDTH)
    }

    /// The entry of that number, as bytes.
    ///
    /// # Errors
    /// There is none, or it can't be read.
    pub fn entry(&self, index: u64) -> Result<Vec<u8>, ReadError> {
        let size = self.checkpoint.size;
        if index >= size {
            return Err(ReadError::NoEntry { index, size });
        }
        let mut entries = self.bundle(index / WIDTH)?;
        while let Some((number, _, entry)) = entries.next()? {
            if number == index {
                return Ok(entry.to_vec());
            }
        }
        Err(ReadError::NoEntry { index, size })
    }

    /// Shows `visit` every entry from number `from` on.
    ///
    /// # Errors
    /// An entry can't be read, or whatever `visit` fails with.
    pub fn each<E: From<ReadError>>(
        &self,
        from: u64,
        mut visit: impl FnMut(u64, &[u8]) -> Result<(), E>,
    ) -> Result<(), E> {
        for index in from / WIDTH..self.bundles() {
            let mut entries = self.bundle(index)?;
            while let Some((number, _, entry)) = entries.next()? {
                if number >= from {
                    visit(number, entry)?;
                }
            }
        }
        Ok(())
    }

    /// The proof that the entry of that number is in the log, with the entry.
    ///
    /// # Errors
    /// There is none, or what was read does not lead to the checkpoint's root.
    pub fn prove(&self, index: u64) -> Result<LogProof, ReadError> {
        let entry = self.entry(index)?;
        let size = self.checkpoint.size;
        let hashes = inclusion(&mut Tiles(self), index, size)?;
        if root_of_inclusion(Hash::leaf(&entry), index, size, &hashes) != Some(self.checkpoint.root) {
            return Err(Mismatch::of(CHECKPOINT, Wrong::Root).entry(index).into());
        }
        Ok(LogProof { extra: Some(entry), index, hashes, checkpoint: self.signed.clone() })
    }

    /// What lies behind the entries that the checkpoint covers; `covered` is where they end in the last bundle.
    pub(crate) fn rest(&self, covered: u64) -> Result<Rest, ReadError> {
        let Some(file) = &self.bundle else { return Ok(Rest::default()) };
        let name = Row::Entries.file(self.checkpoint.size / WIDTH, self.checkpoint.size % WIDTH);
        let bytes = file.metadata().map_err(failed(&name))?.len().saturating_sub(covered);
        let mut behind = Vec::new();
        let source = At { file: Arc::clone(file), at: covered };
        source.take(bytes.min(MAX_REST_BYTES)).read_to_end(&mut behind).map_err(failed(&name))?;
        Ok(Rest { complete: rest(&behind, 0).complete, bytes })
    }
}

/// The tiles of a log, as the source of its subtrees.
struct Tiles<'a>(&'a LogReader);

impl Subtrees for Tiles<'_> {
    type Error = ReadError;

    fn subtree(&mut self, height: u32, index: u64) -> Result<Hash, ReadError> {
        if !height.is_multiple_of(LEVELS) {
            let (left, right) = (self.subtree(height - 1, 2 * index)?, self.subtree(height - 1, 2 * index + 1)?);
            return Ok(Hash::node(&left, &right));
        }
        let (name, bytes) = self.0.tile(height / LEVELS, index / WIDTH)?;
        let hash = hash_at(&bytes, index % WIDTH);
        hash.ok_or_else(|| Mismatch::of(name, Wrong::Short).into())
    }
}

/// The hash at a place of a tile.
pub(crate) fn hash_at(tile: &[u8], place: u64) -> Option<Hash> {
    let from = usize::try_from(place).ok()? * Hash::BYTES;
    tile.get(from..)?.first_chunk().map(|chunk| Hash::from_bytes(*chunk))
}

/// An entry's number, where it begins in its bundle, and its bytes.
pub(crate) type Numbered<'a> = (u64, u64, &'a [u8]);

/// The entries of a bundle, one after the other.
#[derive(Debug)]
pub(crate) struct Entries {
    pub(crate) name: String,
    source: BufReader<At>,
    next: u64,
    left: u64,
    offset: u64,
    entry: Vec<u8>,
}

impl Entries {
    /// The next entry.
    pub(crate) fn next(&mut self) -> Result<Option<Numbered<'_>>, ReadError> {
        if self.left == 0 {
            return Ok(None);
        }
        let (number, offset) = (self.next, self.offset);
        let mut length = [0; 2];
        self.fill(&mut length)?;
        let length = u16::from_be_bytes(length);
        let mut entry = std::mem::take(&mut self.entry);
        entry.resize(length.into(), 0);
        self.fill(&mut entry)?;
        self.entry = entry;
        self.offset += 2 + u64::from(length);
        self.next += 1;
        self.left -= 1;
        Ok(Some((number, offset, &self.entry)))
    }

    fn fill(&mut self, into: &mut [u8]) -> Result<(), ReadError> {
        self.source.read_exact(into).map_err(|error| match error.kind() {
            io::ErrorKind::UnexpectedEof => {
                Mismatch::of(&self.name, Wrong::Short).entry(self.next).at(self.offset).into()
            }
            _ => failed(&self.name)(error),
        })
    }

    /// Where the entries that were read end.
    pub(crate) const fn offset(&self) -> u64 {
        self.offset
    }

    /// Whether the bundle goes on.
    pub(crate) fn has_more(&mut self) -> Result<bool, ReadError> {
        Ok(!self.source.fill_buf().map_err(failed(&self.name))?.is_empty())
    }
}

/// A file that is read from a place of its own, so that it can be shared.
#[derive(Debug)]
struct At {
    file: Arc<File>,
    at: u64,
}

impl Read for At {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let read = self.file.read_at(into, self.at)?;
        self.at += read as u64;
        Ok(read)
    }
}

fn failed(path: &str) -> impl FnOnce(io::Error) -> ReadError {
    let path = path.to_owned();
    move |source| ReadError::Io { path, source }
}
