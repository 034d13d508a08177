//! Verifying a whole log: every entry is hashed, every hash is compared, and the root is the one that was signed.
//!
//! One pass, in the order of the log, with a bounded amount of it in memory.

use crate::bundle::Rest;
use crate::checkpoint::Checkpoint;
use crate::error::{Mismatch, ReadError, Wrong};
use crate::layout::{CHECKPOINT, LEVELS, Row, WIDTH};
use crate::reader::{LogReader, hash_at};
use crate::tail::hashes_of;
use crate::tree::{Frontier, Hash};

/// What holds of a log that was verified.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Verified {
    /// How many entries the checkpoint covers; all of them are as they were written.
    pub size: u64,
    /// What lies behind them: a writer that is at work, or came to no end. It counts for nothing.
    pub rest: Rest,
}

impl LogReader {
    /// Verifies all of the log; and if there is an older checkpoint of it, that it was continued since and not changed.
    ///
    /// # Errors
    /// A file can't be read, or the place at which the log is not what it was.
    pub fn check(&self, since: Option<&Checkpoint>) -> Result<Verified, ReadError> {
        let stated = self.checkpoint();
        if let Some(older) = since {
            continues(older, stated)?;
        }
        let mut walk = Walk { log: self, since, frontier: Frontier::default(), made: Vec::new(), tiles: Vec::new() };
        walk.compare_with_older()?;
        let mut covered = 0;
        for index in 0..self.bundles() {
            let mut entries = self.bundle(index)?;
            while let Some((number, offset, entry)) = entries.next()? {
                walk.entry(number, entry).map_err(|place| walk.judge(place, &entries.name, number, offset))?;
            }
            if (index + 1) * WIDTH <= stated.size {
                nothing_follows(&mut entries)?;
            } else {
                covered = entries.offset();
            }
        }
        if walk.frontier.root() != stated.root {
            return Err(Mismatch::of(CHECKPOINT, Wrong::Root).into());
        }
        Ok(Verified { size: stated.size, rest: self.rest(covered)? })
    }
}

fn continues(older: &Checkpoint, stated: &Checkpoint) -> Result<(), Mismatch> {
    if older.origin != stated.origin {
        let origin = vak_model::printable(&older.origin, 200);
        return Err(Mismatch::of(CHECKPOINT, Wrong::OtherLog(origin)));
    }
    if older.size > stated.size {
        return Err(Mismatch::of(CHECKPOINT, Wrong::Older(older.size)));
    }
    Ok(())
}

/// A full bundle is 256 entries and nothing else.
fn nothing_follows(entries: &mut crate::reader::Entries) -> Result<(), ReadError> {
    if !entries.has_more()? {
        return Ok(());
    }
    Err(Mismatch::of(&entries.name, Wrong::Entry).at(entries.offset()).into())
}

/// Where the walk through the entries is.
struct Walk<'a> {
    log: &'a LogReader,
    since: Option<&'a Checkpoint>,
    frontier: Frontier,
    /// The hashes of tiles that the last entry has made, by level.
    made: Vec<(u32, Hash)>,
    /// The tile that is compared with at the moment, for each level.
    tiles: Vec<Option<Tile>>,
}

struct Tile {
    index: u64,
    name: String,
    bytes: Vec<u8>,
}

/// A hash that is not the one in its tile, or something that can't be read.
enum Place {
    Hash { level: u32, tile: String, offset: u64 },
    Other(ReadError),
}

impl From<ReadError> for Place {
    fn from(error: ReadError) -> Self {
        Self::Other(error)
    }
}

impl Walk<'_> {
    fn entry(&mut self, number: u64, entry: &[u8]) -> Result<(), Place> {
        debug_assert_eq!(number, self.frontier.size());
        self.made.clear();
        let made = &mut self.made;
        self.frontier.push(0, Hash::leaf(entry), |height, hash| {
            if height.is_multiple_of(LEVELS) {
                made.push((height / LEVELS, hash));
            }
        });
        for i in 0..self.made.len() {
            let (level, hash) = self.made[i];
            self.compare_with_tile(level, hash)?;
        }
        Ok(self.compare_with_older()?)
    }

    fn compare_with_tile(&mut self, level: u32, hash: Hash) -> Result<(), Place> {
        let part = Row::Hashes(level).parts(self.frontier.size()) - 1;
        let (index, place) = (part / WIDTH, part % WIDTH);
        let level_at = level as usize;
        if self.tiles.len() <= level_at {
            self.tiles.resize_with(level_at + 1, || None);
        }
        let kept = self.tiles[level_at].take().filter(|tile| tile.index == index);
        let tile = match kept {
            Some(tile) => tile,
            None => {
                let (name, bytes) = self.log.tile(level, index)?;
                Tile { index, name, bytes }
            }
        };
        let same = hash_at(&tile.bytes, place) == Some(hash);
        let name = if same { String::new() } else { tile.name.clone() };
        self.tiles[level_at] = Some(tile);
        if same { Ok(()) } else { Err(Place::Hash { level, tile: name, offset: place * Hash::BYTES as u64 }) }
    }

    /// Where the older checkpoint ended, the root must be its root.
    fn compare_with_older(&self) -> Result<(), ReadError> {
        match self.since {
            Some(older) if older.size == self.frontier.size() && older.root != self.frontier.root() => {
                Err(Mismatch::of(CHECKPOINT, Wrong::Older(older.size)).into())
            }
            _ => Ok(()),
        }
    }

    /// Of an entry and a hash that do not fit each other, which one was changed: the hashes of all entries make the root
    /// that was signed, or they don't.
    fn judge(&self, place: Place, bundle: &str, entry: u64, offset: u64) -> ReadError {
        let (level, tile, in_tile) = match place {
            Place::Hash { level, tile, offset } => (level, tile, offset),
            Place::Other(error) => return error,
        };
        match self.root_of_leaves() {
            Ok(root) if level == 0 && root == self.log.checkpoint().root => {
                Mismatch::of(bundle, Wrong::Entry).entry(entry).at(offset).into()
            }
            Ok(_) => Mismatch::of(tile, Wrong::Hash).entry(entry).at(in_tile).into(),
            Err(error) => error,
        }
    }

    fn root_of_leaves(&self) -> Result<Hash, ReadError> {
        let mut frontier = Frontier::default();
        for index in 0..self.log.bundles() {
            let (_, bytes) = self.log.tile(0, index)?;
            hashes_of(&bytes).into_iter().for_each(|leaf| frontier.push(0, leaf, |_, _| ()));
        }
        Ok(frontier.root())
    }
}
