//! The growing end of a log: what a writer has to know to go on, and how it goes on.
//!
//! The order on the disk is: entries, hashes, and last the checkpoint, in one step. So whatever ends a writer in between,
//! the checkpoint that is there has all that it covers, and what lies behind is cut off by the next writer, who puts on
//! record that it did. Entries are never changed; the bundle only grows, under one more name for each state.

use std::fs::File;

use sha2::{Digest as _, Sha256};
use vak_model::Digest;
use vak_trust::LogKey;

use crate::bundle::{Rest, entry_at, rest};
use crate::checkpoint::{Checkpoint, CheckpointError, LogIdentity};
use crate::disk::Disk;
use crate::encode::MAX_ENTRY_BYTES;
use crate::error::{LogError, Mismatch, Wrong};
use crate::layout::{CHECKPOINT, LEVELS, Row, TILE, UNFINISHED, WIDTH};
use crate::record::RunId;
use crate::tree::{Frontier, Hash};

/// The largest checkpoint that is read, in bytes.
pub(crate) const MAX_CHECKPOINT_BYTES: u64 = 64 * 1024;

/// The largest bundle that is read, in bytes: one that is full, and what a writer may have left behind it.
const MAX_BUNDLE_BYTES: u64 = 2 * WIDTH * (MAX_ENTRY_BYTES as u64 + 2);

/// Whether what is written is waited for until it is on the disk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Wait {
    No,
    Yes,
}

/// Entries that are not in the log yet: their bytes as a bundle has them, and where each ends.
#[derive(Debug, Default)]
pub(crate) struct Pending {
    pub(crate) bytes: Vec<u8>,
    pub(crate) ends: Vec<usize>,
    pub(crate) leaves: Vec<Hash>,
}

impl Pending {
    /// Adds the entry that `encode` writes.
    pub(crate) fn push(&mut self, encode: impl FnOnce(&mut Vec<u8>)) {
        let begin = self.bytes.len();
        self.bytes.extend_from_slice(&[0, 0]);
        encode(&mut self.bytes);
        let entry = &self.bytes[begin + 2..];
        self.leaves.push(Hash::leaf(entry));
        // The encoder keeps to the bound.
        let length = u16::try_from(entry.len()).unwrap_or(u16::MAX).to_be_bytes();
        self.bytes[begin..begin + 2].copy_from_slice(&length);
        self.ends.push(self.bytes.len());
    }

    pub(crate) const fn is_empty(&self) -> bool {
        self.ends.is_empty()
    }

    pub(crate) fn clear(&mut self) {
        self.bytes.clear();
        self.ends.clear();
        self.leaves.clear();
    }
}

/// The end of a log, as this writer has left or found it.
#[derive(Debug)]
pub(crate) struct Tail {
    origin: String,
    frontier: Frontier,
    /// The tile that is not full, for each level, if it has any hash.
    tiles: Vec<Option<Growing>>,
    /// The bundle that is not full, if it has any entry.
    bundle: Option<Growing>,
}

/// A file that is not full. It grows, and gets one more name for each state that a checkpoint covers.
#[derive(Debug)]
struct Growing {
    file: File,
    bytes: u64,
}

/// What a writer that came to no end has left behind the checkpoint, and is cut off.
#[derive(Debug)]
pub(crate) struct Leftover {
    pub(crate) rest: Rest,
    hash: Sha256,
}

impl Leftover {
    fn of(rest: Rest, bytes: &[u8]) -> Self {
        Self { rest, hash: Sha256::new_with_prefix(bytes) }
    }

    fn and(mut self, rest: Rest, bytes: &[u8]) -> Self {
        self.hash.update(bytes);
        self.rest = Rest { complete: self.rest.complete + rest.complete, bytes: self.rest.bytes + rest.bytes };
        self
    }

    pub(crate) fn digest(&self) -> Digest {
        Digest::from_bytes(self.hash.clone().finalize().into())
    }
}

/// Removes the bundles that a writer has filled or begun after the one that it filled first.
fn cut_later(disk: &dyn Disk, first: u64, mut leftover: Leftover) -> Result<Leftover, LogError> {
    for index in first.. {
        if let Some((name, bytes)) = full_bundle(disk, index)? {
            leftover = leftover.and(rest(&bytes, 0), &bytes);
            disk.remove(&name).map_err(LogError::io("remove", &name))?;
            continue;
        }
        let name = Row::Entries.file(index, 0);
        let Some(file) = open_if_there(disk, &name)? else { break };
        let bytes = disk.read(&file, MAX_BUNDLE_BYTES).map_err(LogError::io("read", &name))?;
        leftover = leftover.and(rest(&bytes, 0), &bytes);
        let folder = Row::Entries.partial_folder(index);
        disk.remove_folder(&folder).map_err(LogError::io("remove", &folder))?;
    }
    Ok(leftover)
}

/// The bundle that a writer has filled at once behind the checkpoint, if it has: such a one has no name but that of a full one.
fn full_bundle(disk: &dyn Disk, index: u64) -> Result<Option<(String, Vec<u8>)>, LogError> {
    let name = Row::Entries.file(index, WIDTH);
    let Some(file) = open_if_there(disk, &name)? else { return Ok(None) };
    let bytes = disk.read(&file, MAX_BUNDLE_BYTES).map_err(LogError::io("read", &name))?;
    Ok(Some((name, bytes)))
}

impl Tail {
    /// The end of the log, or of a new one if there is none. What lies behind its checkpoint is cut off.
    pub(crate) fn load(disk: &dyn Disk, key: &LogKey, wait: Wait) -> Result<(Self, Option<Leftover>), LogError> {
        let Some(file) = open_if_there(disk, CHECKPOINT)? else {
            return Self::begin(disk, key, wait).map(|tail| (tail, None));
        };
        let signed = disk.read(&file, MAX_CHECKPOINT_BYTES).map_err(LogError::io("read", CHECKPOINT))?;
        let stated = Checkpoint::open(&signed, &LogIdentity::Key(key.public()));
        let Checkpoint { origin, size, root } =
            stated.map_err(|error| Mismatch::of(CHECKPOINT, Wrong::Checkpoint(error)))?;
        let (tiles, hashes) = load_tiles(disk, size)?;
        let frontier = frontier(&hashes);
        if frontier.root() != root {
            return Err(Mismatch::of(CHECKPOINT, Wrong::Root).into());
        }
        let mut tail = Self { origin, frontier, tiles, bundle: None };
        let leaves = hashes.into_iter().next().unwrap_or_default();
        let leftover = tail.load_bundle(&leaves, disk)?;
        Ok((tail, leftover))
    }

    /// A log without entries, under a name that no other has.
    fn begin(disk: &dyn Disk, key: &LogKey, wait: Wait) -> Result<Self, LogError> {
        if disk.exists(TILE).map_err(LogError::io("look for", TILE))? {
            return Err(Mismatch::of(CHECKPOINT, Wrong::Missing).into());
        }
        let id = RunId::random().map_err(|_| LogError::NoEntropy)?;
        let origin = format!("vak.local/audit/{id}");
        let tail = Self { origin, frontier: Frontier::default(), tiles: Vec::new(), bundle: None };
        tail.put_checkpoint(disk, key, wait)?;
        Ok(tail)
    }

    pub(crate) const fn size(&self) -> u64 {
        self.frontier.size()
    }

    /// Whether nobody has written since: the bundle is what every other writer would have made longer.
    pub(crate) fn is_current(&self, disk: &dyn Disk) -> bool {
        self.bundle.as_ref().is_some_and(|bundle| disk.len(&bundle.file).is_ok_and(|bytes| bytes == bundle.bytes))
    }

    /// Adds entries, and signs that they are there.
    pub(crate) fn extend(
        &mut self,
        pending: &Pending,
        disk: &dyn Disk,
        key: &LogKey,
        wait: Wait,
    ) -> Result<(), LogError> {
        let before = self.size();
        let (mut entry, mut from) = (0, 0);
        let mut made = Vec::new();
        while entry < pending.ends.len() {
            let room = WIDTH - self.size() % WIDTH;
            let last = pending.ends.len().min(entry + room as usize);
            let (to, count) = (pending.ends[last - 1], (last - entry) as u64);
            self.bundle =
                grow(self.bundle.take(), Row::Entries, self.size(), count, &pending.bytes[from..to], disk, wait)?;
            for leaf in &pending.leaves[entry..last] {
                self.push(*leaf, &mut made);
            }
            self.put_hashes(&mut made, Put::FullTiles, disk, wait)?;
            (entry, from) = (last, to);
        }
        self.put_hashes(&mut made, Put::All, disk, wait)?;
        self.put_checkpoint(disk, key, wait)?;
        self.tidy(before, disk);
        Ok(())
    }

    /// Adds a leaf to the tree; the hashes of tiles that it makes are added to `made`, by level.
    fn push(&mut self, leaf: Hash, made: &mut Vec<Vec<Hash>>) {
        self.frontier.push(0, leaf, |height, hash| {
            if height.is_multiple_of(LEVELS) {
                let level = (height / LEVELS) as usize;
                if made.len() <= level {
                    made.resize_with(level + 1, Vec::new);
                }
                made[level].push(hash);
            }
        });
    }

    /// Writes hashes to their tiles. What fills a tile must be written before there are more.
    fn put_hashes(&mut self, made: &mut [Vec<Hash>], what: Put, disk: &dyn Disk, wait: Wait) -> Result<(), LogError> {
        if self.tiles.len() < made.len() {
            self.tiles.resize_with(made.len(), || None);
        }
        for (level, hashes) in made.iter_mut().enumerate() {
            let row = Row::Hashes(level as u32);
            let (parts, count) = (row.parts(self.frontier.size()), hashes.len() as u64);
            if count > 0 && (what == Put::All || parts.is_multiple_of(WIDTH)) {
                let bytes = bytes_of(hashes);
                self.tiles[level] = grow(self.tiles[level].take(), row, parts - count, count, &bytes, disk, wait)?;
                hashes.clear();
            }
        }
        Ok(())
    }

    fn put_checkpoint(&self, disk: &dyn Disk, key: &LogKey, wait: Wait) -> Result<(), LogError> {
        let stated = Checkpoint { origin: self.origin.clone(), size: self.size(), root: self.frontier.root() };
        let signed =
            stated.sign(key).map_err(|_| Mismatch::of(CHECKPOINT, Wrong::Checkpoint(CheckpointError::Form)))?;
        put(disk, CHECKPOINT, signed.as_bytes(), wait)
    }

    /// Takes away the names of states that no checkpoint covers any more. Where that fails, nothing is lost by it.
    fn tidy(&self, before: u64, disk: &dyn Disk) {
        let levels = (0..self.tiles.len() as u32).map(Row::Hashes);
        for row in levels.chain([Row::Entries]) {
            let (old, new) = (row.parts(before), row.parts(self.size()));
            if old == new {
                continue;
            }
            for full in old / WIDTH..new / WIDTH {
                let _ = disk.remove_folder(&row.partial_folder(full));
            }
            let begun_now = old / WIDTH != new / WIDTH;
            let parts = if begun_now { 0 } else { old % WIDTH };
            if new % WIDTH > 0 {
                let _ = disk.remove(&row.file(new / WIDTH, parts));
            }
        }
    }

    /// Opens the bundle that is not full, holds its entries against their hashes, and cuts off what follows them.
    fn load_bundle(&mut self, leaves: &[Hash], disk: &dyn Disk) -> Result<Option<Leftover>, LogError> {
        let (index, parts) = (self.size() / WIDTH, self.size() % WIDTH);
        if parts == 0
            && let Some((name, bytes)) = full_bundle(disk, index)?
        {
            let leftover = cut_later(disk, index + 1, Leftover::of(rest(&bytes, 0), &bytes))?;
            // Last, for the reason below.
            disk.remove(&name).map_err(LogError::io("remove", &name))?;
            return Ok(Some(leftover));
        }
        let name = Row::Entries.file(index, parts);
        let Some(file) = open_if_there(disk, &name)? else {
            return if parts == 0 { Ok(None) } else { Err(Mismatch::of(name, Wrong::Missing).into()) };
        };
        let bytes = disk.read(&file, MAX_BUNDLE_BYTES).map_err(LogError::io("read", &name))?;
        let mut at = 0;
        for i in 0..parts {
            let number = index * WIDTH + i;
            let short = || Mismatch::of(&name, Wrong::Short).entry(number).at(at as u64);
            let framed = entry_at(&bytes, at).ok_or_else(short)?;
            if leaves.get(i as usize) != Some(&Hash::leaf(framed.entry)) {
                return Err(Mismatch::of(&name, Wrong::Entry).entry(number).at(at as u64).into());
            }
            at = framed.end;
        }
        let leftover = (at < bytes.len()).then(|| Leftover::of(rest(&bytes, at), &bytes[at..]));
        let leftover = leftover.map(|begun| cut_later(disk, index + 1, begun)).transpose()?;
        if leftover.is_some() {
            // Last, so that a writer who is killed in between leaves a reason to do all of it again.
            disk.truncate(&file, at as u64).map_err(LogError::io("cut", &name))?;
        }
        self.bundle = (parts > 0).then_some(Growing { file, bytes: at as u64 });
        Ok(leftover)
    }
}

/// Which hashes are written.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Put {
    FullTiles,
    All,
}

/// Adds `count` parts to the last file of a row that has `parts` so far, and gives it the name of its new state. The rest of
/// a file is all that is added at once.
fn grow(
    open: Option<Growing>,
    row: Row,
    parts: u64,
    count: u64,
    bytes: &[u8],
    disk: &dyn Disk,
    wait: Wait,
) -> Result<Option<Growing>, LogError> {
    let (index, place) = (parts / WIDTH, parts % WIDTH);
    let (old, new) = (row.file(index, place), row.file(index, place + count));
    if count == WIDTH {
        // What is full from the start needs no name for a state before. Folders that are made and removed again are dear:
        // some file systems look long for an inode that was not in use a moment ago.
        return put(disk, &new, bytes, wait).map(|()| None);
    }
    let Growing { file, bytes: length } = match open {
        Some(growing) => growing,
        // What a writer has left there that came to no end goes away.
        None => Growing { file: disk.make(&old).map_err(LogError::io("make", &old))?, bytes: 0 },
    };
    write_all(disk, &file, bytes).map_err(LogError::io("write", &old))?;
    if wait == Wait::Yes {
        disk.sync(&file).map_err(|_| LogError::Broken)?;
    }
    disk.link(&old, &new).map_err(LogError::io("name", &new))?;
    sync_folder(disk, &new, wait)?;
    Ok((place + count < WIDTH).then(|| Growing { file, bytes: length + bytes.len() as u64 }))
}

/// The tiles that are not full, and their hashes, for each level.
type Tiles = (Vec<Option<Growing>>, Vec<Vec<Hash>>);

fn load_tiles(disk: &dyn Disk, size: u64) -> Result<Tiles, LogError> {
    let (mut tiles, mut hashes) = (Vec::new(), Vec::new());
    for row in (0..u64::BITS / LEVELS).map(Row::Hashes) {
        let parts = row.parts(size);
        if parts == 0 {
            break;
        }
        let (tile, its) = if parts % WIDTH == 0 { (None, Vec::new()) } else { load_tile(disk, row, parts)? };
        tiles.push(tile);
        hashes.push(its);
    }
    Ok((tiles, hashes))
}

/// The tile's hashes, without those that a writer has left behind them that came to no end.
fn load_tile(disk: &dyn Disk, row: Row, parts: u64) -> Result<(Option<Growing>, Vec<Hash>), LogError> {
    let name = row.file(parts / WIDTH, parts % WIDTH);
    let file = open_if_there(disk, &name)?.ok_or_else(|| Mismatch::of(&name, Wrong::Missing))?;
    let mut bytes = disk.read(&file, WIDTH * Hash::BYTES as u64).map_err(LogError::io("read", &name))?;
    let covered = (parts % WIDTH) as usize * Hash::BYTES;
    if bytes.len() < covered {
        return Err(Mismatch::of(name, Wrong::Short).into());
    }
    if bytes.len() > covered {
        disk.truncate(&file, covered as u64).map_err(LogError::io("cut", &name))?;
        bytes.truncate(covered);
    }
    Ok((Some(Growing { file, bytes: covered as u64 }), hashes_of(&bytes)))
}

/// The frontier that the tiles that are not full make: all of the tree's complete subtrees are in them.
fn frontier(tiles: &[Vec<Hash>]) -> Frontier {
    let mut frontier = Frontier::default();
    for (level, hashes) in tiles.iter().enumerate().rev() {
        hashes.iter().for_each(|hash| frontier.push(level as u32 * LEVELS, *hash, |_, _| ()));
    }
    frontier
}

fn bytes_of(hashes: &[Hash]) -> Vec<u8> {
    let hashes: Vec<_> = hashes.iter().map(|hash| *hash.as_bytes()).collect();
    hashes.into_flattened()
}

/// The hashes that bytes are; a rest that is none is left out.
pub(crate) fn hashes_of(bytes: &[u8]) -> Vec<Hash> {
    bytes.as_chunks().0.iter().map(|chunk| Hash::from_bytes(*chunk)).collect()
}

fn open_if_there(disk: &dyn Disk, name: &str) -> Result<Option<File>, LogError> {
    match disk.open(name) {
        Ok(file) => Ok(Some(file)),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(LogError::io("open", name)(error)),
    }
}

/// Puts a whole file in its place: at every moment there is the old one or the new one.
fn put(disk: &dyn Disk, name: &str, bytes: &[u8], wait: Wait) -> Result<(), LogError> {
    let file = disk.make(UNFINISHED).map_err(LogError::io("make", UNFINISHED))?;
    write_all(disk, &file, bytes).map_err(LogError::io("write", name))?;
    if wait == Wait::Yes {
        disk.sync(&file).map_err(|_| LogError::Broken)?;
    }
    disk.rename(UNFINISHED, name).map_err(LogError::io("replace", name))?;
    sync_folder(disk, name, wait)
}

fn sync_folder(disk: &dyn Disk, name: &str, wait: Wait) -> Result<(), LogError> {
    if wait == Wait::No {
        return Ok(());
    }
    disk.sync_folder_of(name).map_err(|_| LogError::Broken)
}

/// Writes all of it, in as many steps as the system takes.
fn write_all(disk: &dyn Disk, file: &File, mut bytes: &[u8]) -> std::io::Result<()> {
    while !bytes.is_empty() {
        match disk.write(file, bytes) {
            Ok(0) => return Err(std::io::ErrorKind::WriteZero.into()),
            Ok(written) => bytes = &bytes[written..],
            Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(())
}
