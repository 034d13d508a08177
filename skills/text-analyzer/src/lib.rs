//! What a text is made of: counts, classes of characters, entropy, frequent words, and how alike two texts are.

mod classes;
mod entropy;
mod sentences;
mod words;

use serde::{Deserialize, Serialize};
use unicode_segmentation::UnicodeSegmentation;
use vak_guest::Error;

use classes::Classes;
use words::{WordCount, Words};

/// The text to analyse: `{"text":"..."}`.
#[derive(Deserialize)]
struct AnalyzeInput {
    text: String,
}

/// What the text is made of.
#[derive(Serialize)]
struct Analysis {
    /// Of its UTF-8.
    bytes: usize,
    /// Code points.
    characters: usize,
    /// What a reader takes for characters: extended grapheme clusters (UAX #29).
    graphemes: usize,
    /// Those with a letter or a number in them (UAX #29).
    words: usize,
    /// Those with a letter or a number in them (UAX #29).
    sentences: usize,
    /// Ended by `\n`, or by the end of the text.
    lines: usize,
    classes: Classes,
    /// Shannon's entropy of the characters, in bits for each.
    entropy_bits: f64,
}

/// The text whose words to count: `{"text":"...","top":10,"case_sensitive":false}`.
#[derive(Deserialize)]
struct FrequencyInput {
    text: String,
    #[serde(default = "default_top")]
    top: usize,
    #[serde(default)]
    case_sensitive: bool,
}

fn default_top() -> usize {
    10
}

/// The most frequent words, and how often each is there.
#[derive(Serialize)]
struct Frequency {
    words: Vec<WordCount>,
}

/// The texts to compare: `{"a":"...","b":"..."}`.
#[derive(Deserialize)]
struct SimilarityInput {
    a: String,
    b: String,
}

/// How alike the texts are: 0 if they share no word, 1 if they have the same words.
#[derive(Serialize)]
struct Similarity {
    jaccard: f64,
}

vak_guest::export!(analyze, frequency, similarity);

fn analyze(AnalyzeInput { text }: AnalyzeInput) -> Result<Analysis, Error> {
    Ok(Analysis {
        bytes: text.len(),
        characters: text.chars().count(),
        graphemes: text.graphemes(true).count(),
        words: text.unicode_words().count(),
        sentences: sentences::count(&text)?,
        lines: text.lines().count(),
        classes: Classes::of(&text),
        entropy_bits: entropy::bits(&text),
    })
}

fn frequency(FrequencyInput { text, top, case_sensitive }: FrequencyInput) -> Result<Frequency, Error> {
    let text = if case_sensitive { text } else { text.to_lowercase() };
    Ok(Frequency { words: Words::of(&text).most_frequent(top) })
}

fn similarity(SimilarityInput { a, b }: SimilarityInput) -> Result<Similarity, Error> {
    let (a, b) = (a.to_lowercase(), b.to_lowercase());
    Ok(Similarity { jaccard: Words::of(&a).jaccard(&Words::of(&b)) })
}

#[cfg(test)]
mod tests;
