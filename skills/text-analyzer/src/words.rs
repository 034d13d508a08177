//! The words of a text.

use std::cmp::{Ordering, Reverse};

use serde::Serialize;
use unicode_segmentation::UnicodeSegmentation;

/// A word, and how often it is there.
#[derive(Serialize)]
pub(crate) struct WordCount {
    word: String,
    count: usize,
}

/// The different words of a text by code points, each with how often it is there.
pub(crate) struct Words<'a>(Vec<(&'a str, usize)>);

impl<'a> Words<'a> {
    pub(crate) fn of(text: &'a str) -> Self {
        let mut words: Vec<&str> = text.unicode_words().collect();
        words.sort_unstable();
        Self(words.chunk_by(|a, b| a == b).map(|same| (same[0], same.len())).collect())
    }

    /// The words that are there most often, at most `top` of them; of those that are there equally often, the first by
    /// code points.
    pub(crate) fn most_frequent(mut self, top: usize) -> Vec<WordCount> {
        self.0.sort_unstable_by_key(|&(word, count)| (Reverse(count), word));
        self.0.into_iter().take(top).map(|(word, count)| WordCount { word: word.to_owned(), count }).collect()
    }

    /// How many words are in both texts, of those that are in either (Jaccard's index). Of two texts without words it is 1.
    pub(crate) fn jaccard(&self, other: &Self) -> f64 {
        let shared = self.shared(other);
        match self.0.len() + other.0.len() - shared {
            0 => 1.0,
            either => shared as f64 / either as f64,
        }
    }

    fn shared(&self, other: &Self) -> usize {
        let (mut ours, mut theirs) = (&self.0[..], &other.0[..]);
        let mut shared = 0;
        while let ([(word, _), our_rest @ ..], [(their_word, _), their_rest @ ..]) = (ours, theirs) {
            let order = word.cmp(their_word);
            if order != Ordering::Greater {
                ours = our_rest;
            }
            if order != Ordering::Less {
                theirs = their_rest;
            }
            shared += usize::from(order == Ordering::Equal);
        }
        shared
    }
}
