//! The Merkle tree of RFC 6962: hashes, roots, and proofs that an entry is in it.
//!
//! Nothing here knows where entries lie. A tree is its size and its root; everything else can be checked against those.

use std::fmt;

use base64ct::{Base64, Encoding as _};
use sha2::{Digest as _, Sha256};

/// What the tree is made of: SHA-256 of a leaf or of two nodes.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Hash([u8; Self::BYTES]);

/// The prefixes that keep a leaf from passing for a node.
const LEAF: u8 = 0;
const NODE: u8 = 1;

impl Hash {
    /// How long a hash is.
    pub const BYTES: usize = 32;

    /// The hash with these bytes.
    #[must_use]
    pub const fn from_bytes(bytes: [u8; Self::BYTES]) -> Self {
        Self(bytes)
    }

    /// The hash's bytes.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; Self::BYTES] {
        &self.0
    }

    /// The hash of an entry.
    #[must_use]
    pub fn leaf(entry: &[u8]) -> Self {
        let mut hash = Sha256::new();
        hash.update([LEAF]);
        hash.update(entry);
        Self(hash.finalize().into())
    }

    /// The hash of two subtrees.
    #[must_use]
    pub fn node(left: &Self, right: &Self) -> Self {
        let mut both = [NODE; 1 + 2 * Self::BYTES];
        both[1..=Self::BYTES].copy_from_slice(&left.0);
        both[Self::BYTES + 1..].copy_from_slice(&right.0);
        Self(Sha256::digest(both).into())
    }

    /// The root of a tree without entries.
    #[must_use]
    pub fn empty() -> Self {
        Self(Sha256::digest([]).into())
    }

    /// Reads a hash in base64, of one spelling.
    pub(crate) fn from_base64(text: &str) -> Option<Self> {
        Base64::decode_vec(text).ok()?.try_into().ok().map(Self)
    }
}

/// In base64, as checkpoints and proofs write it.
impl fmt::Display for Hash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&Base64::encode_string(&self.0))
    }
}

impl fmt::Debug for Hash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// A tree that grows at its right end, as the few hashes that its root is made of: one for each bit of its size.
#[derive(Clone, Debug, Default)]
pub(crate) struct Frontier {
    size: u64,
    /// Complete subtrees, the largest first.
    nodes: Vec<Hash>,
}

impl Frontier {
    pub(crate) const fn size(&self) -> u64 {
        self.size
    }

    /// Adds a complete subtree of 2^`height` leaves, to a tree whose size is a multiple of that. Tells `made` of it and
    /// of every larger subtree that it completes, by height.
    pub(crate) fn push(&mut self, height: u32, subtree: Hash, mut made: impl FnMut(u32, Hash)) {
        debug_assert!(self.size.is_multiple_of(1 << height));
        let (mut at, mut hash) = (height, subtree);
        made(at, hash);
        while self.size >> at & 1 == 1 {
            let Some(left) = self.nodes.pop() else { break };
            hash = Hash::node(&left, &hash);
            at += 1;
            made(at, hash);
        }
        self.nodes.push(hash);
        self.size += 1 << height;
    }

    pub(crate) fn root(&self) -> Hash {
        let mut nodes = self.nodes.iter().rev();
        let Some(last) = nodes.next() else { return Hash::empty() };
        nodes.fold(*last, |right, left| Hash::node(left, &right))
    }
}

/// Gives the hashes of complete subtrees: the one at `height` that begins at leaf `index << height`.
pub(crate) trait Subtrees {
    type Error;

    fn subtree(&mut self, height: u32, index: u64) -> Result<Hash, Self::Error>;
}

/// The hashes that, with the leaf `index`, make the root of a tree of `size` leaves: the nearest first.
pub(crate) fn inclusion<S: Subtrees>(subtrees: &mut S, index: u64, size: u64) -> Result<Vec<Hash>, S::Error> {
    let (mut from, mut to) = (0, size);
    let mut others = Vec::new();
    while to - from > 1 {
        let middle = from + left_size(to - from);
        if index < middle {
            others.push((middle, to));
            to = middle;
        } else {
            others.push((from, middle));
            from = middle;
        }
    }
    others.into_iter().rev().map(|(from, to)| range(subtrees, from, to)).collect()
}

/// The root over the leaves from `from` on, before `to`.
fn range<S: Subtrees>(subtrees: &mut S, from: u64, to: u64) -> Result<Hash, S::Error> {
    let size = to - from;
    if size.is_power_of_two() {
        let height = size.trailing_zeros();
        return subtrees.subtree(height, from >> height);
    }
    let middle = from + left_size(size);
    Ok(Hash::node(&range(subtrees, from, middle)?, &range(subtrees, middle, to)?))
}

/// The largest power of two below `size`, which is at least 2.
const fn left_size(size: u64) -> u64 {
    1 << (u64::BITS - 1 - (size - 1).leading_zeros())
}

/// The root that a leaf and a proof of its inclusion make; none if the proof has not the length that it must have.
pub(crate) fn root_of_inclusion(leaf: Hash, index: u64, size: u64, proof: &[Hash]) -> Option<Hash> {
    if index >= size {
        return None;
    }
    // RFC 9162, section 2.1.3.2.
    let (mut at, mut last, mut root) = (index, size - 1, leaf);
    for other in proof {
        if last == 0 {
            return None;
        }
        if at & 1 == 1 || at == last {
            root = Hash::node(other, &root);
            while at & 1 == 0 && at != 0 {
                at >>= 1;
                last >>= 1;
            }
        } else {
            root = Hash::node(&root, other);
        }
        at >>= 1;
        last >>= 1;
    }
    (last == 0).then_some(root)
}

#[cfg(test)]
mod tests {
    use ct_merkle::mem_backed_tree::MemoryBackedTree;
    use proptest::prelude::*;

    use super::*;

    /// All leaves, as the only source of subtrees.
    struct Leaves(Vec<Hash>);

    impl Subtrees for Leaves {
        type Error = std::convert::Infallible;

        fn subtree(&mut self, height: u32, index: u64) -> Result<Hash, Self::Error> {
            let size = 1usize << height;
            let from = index as usize * size;
            let mut frontier = Frontier::default();
            self.0[from..from + size].iter().for_each(|leaf| frontier.push(0, *leaf, |_, _| ()));
            Ok(frontier.root())
        }
    }

    fn entry(i: u64) -> Vec<u8> {
        format!("entry-{i}").into_bytes()
    }

    fn leaves(size: u64) -> Leaves {
        Leaves((0..size).map(|i| Hash::leaf(&entry(i))).collect())
    }

    fn root(leaves: &Leaves) -> Hash {
        let mut frontier = Frontier::default();
        leaves.0.iter().for_each(|leaf| frontier.push(0, *leaf, |_, _| ()));
        frontier.root()
    }

    #[test]
    fn roots_and_proofs_are_those_of_another_implementation() {
        for size in 1..70u64 {
            let mut tree = MemoryBackedTree::<Sha256, Vec<u8>>::new();
            (0..size).for_each(|i| tree.push(entry(i)));
            let mut leaves = leaves(size);
            let root = root(&leaves);
            assert_eq!(root.as_bytes().as_slice(), tree.root().as_bytes().as_slice(), "size {size}");
            for index in 0..size {
                let proof = inclusion(&mut leaves, index, size).expect("all leaves are there");
                let theirs = tree.prove_inclusion(index as usize);
                let ours: Vec<u8> = proof.iter().flat_map(|hash| *hash.as_bytes()).collect();
                assert_eq!(ours, theirs.as_bytes(), "{index} of {size}");
                assert_eq!(root_of_inclusion(Hash::leaf(&entry(index)), index, size, &proof), Some(root));
            }
        }
    }

    #[test]
    fn the_tree_without_entries_has_the_root_that_everybody_knows() {
        assert_eq!(Hash::empty().to_string(), "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=");
        assert_eq!(Frontier::default().root(), Hash::empty());
    }

    #[test]
    fn subtrees_that_are_pushed_whole_make_the_same_root() {
        let mut leaves = leaves(256 + 128 + 3);
        let (big, half) = (leaves.subtree(8, 0).expect("there"), leaves.subtree(7, 2).expect("there"));
        let mut frontier = Frontier::default();
        frontier.push(8, big, |_, _| ());
        frontier.push(7, half, |_, _| ());
        leaves.0[384..].iter().for_each(|leaf| frontier.push(0, *leaf, |_, _| ()));
        assert_eq!((frontier.size(), frontier.root()), (387, root(&leaves)));
    }

    proptest! {
        #[test]
        fn a_proof_is_good_for_one_entry_at_one_place_in_one_tree(size in 2..400u64, index: u64, other: u64, cut: bool) {
            let index = index % size;
            let mut leaves = leaves(size);
            let root = root(&leaves);
            let proof = inclusion(&mut leaves, index, size).expect("all leaves are there");
            let leaf = |i| Hash::leaf(&entry(i));
            prop_assert_eq!(root_of_inclusion(leaf(index), index, size, &proof), Some(root));
            let other = other % size;
            if other != index {
                prop_assert_ne!(root_of_inclusion(leaf(other), index, size, &proof), Some(root));
                prop_assert_ne!(root_of_inclusion(leaf(index), other, size, &proof), Some(root));
            }
            let mut wrong = proof.clone();
            if cut { wrong.pop(); } else { wrong.push(root); }
            prop_assert_ne!(root_of_inclusion(leaf(index), index, size, &wrong), Some(root));
            prop_assert_eq!(root_of_inclusion(leaf(index), size, size, &proof), None);
        }
    }
}
