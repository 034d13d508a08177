//! Where the parts of a log lie in its folder: the layout of tlog-tiles (C2SP), which any web server can serve.

/// How many hashes a tile has, and how many entries a bundle.
pub(crate) const WIDTH: u64 = 256;

/// How many levels of the tree a level of tiles spans.
pub(crate) const LEVELS: u32 = 8;

/// The statement of what the log holds.
pub(crate) const CHECKPOINT: &str = "checkpoint";
/// Held by whoever writes.
pub(crate) const LOCK: &str = "lock";
/// What is being written, and is not in its place yet.
pub(crate) const UNFINISHED: &str = "unfinished";
/// The folder of everything but the three above.
pub(crate) const TILE: &str = "tile";

/// A row of files: the bundles of entries, or the tiles of one level.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Row {
    /// The entries themselves.
    Entries,
    /// Hashes of subtrees of 256^level leaves.
    Hashes(u32),
}

impl Row {
    /// The file number `index` of the row, with all its 256 parts.
    pub(crate) fn full(self, index: u64) -> String {
        let level = match self {
            Self::Entries => "entries".to_owned(),
            Self::Hashes(level) => level.to_string(),
        };
        format!("{TILE}/{level}/{}", number(index))
    }

    /// The file while it has `parts` parts, of which 256 make it full.
    pub(crate) fn file(self, index: u64, parts: u64) -> String {
        if parts == WIDTH { self.full(index) } else { format!("{}/{parts}", self.partial_folder(index)) }
    }

    /// The folder of the file's states while it was not full.
    pub(crate) fn partial_folder(self, index: u64) -> String {
        format!("{}.p", self.full(index))
    }

    /// How many parts the row has over all its files, in a log of `size` entries.
    pub(crate) const fn parts(self, size: u64) -> u64 {
        match self {
            Self::Entries => size,
            Self::Hashes(level) => match size.checked_shr(level * LEVELS) {
                Some(parts) => parts,
                None => 0,
            },
        }
    }
}

/// A number in groups of three digits, each but the last after an `x`: 1234067 is `x001/x234/067`.
fn number(index: u64) -> String {
    let mut text = format!("{:03}", index % 1000);
    let mut rest = index / 1000;
    while rest > 0 {
        text = format!("x{:03}/{text}", rest % 1000);
        rest /= 1000;
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_lie_where_tlog_tiles_says() {
        assert_eq!(Row::Hashes(0).full(0), "tile/0/000");
        assert_eq!(Row::Hashes(3).full(1_234_067), "tile/3/x001/x234/067");
        assert_eq!(Row::Entries.file(999, 256), "tile/entries/999");
        assert_eq!(Row::Entries.file(1000, 7), "tile/entries/x001/000.p/7");
    }

    #[test]
    fn each_level_has_a_part_for_every_256_of_the_one_below() {
        let parts = |size| [0, 1, 2, 8].map(|level| Row::Hashes(level).parts(size));
        assert_eq!(parts(255), [255, 0, 0, 0]);
        assert_eq!(parts(70_000), [70_000, 273, 1, 0]);
        assert_eq!(parts(u64::MAX), [u64::MAX, u64::MAX >> 8, u64::MAX >> 16, 0]);
    }
}
