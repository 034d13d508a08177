//! Counting sentences, at a cost that is linear in the text.
//!
//! After a full stop the segmentation looks, from every space, bracket and quote that follows, for the next letter
//! (rule SB8): a run of them costs the square of its length.

use unicode_properties::{GeneralCategory, UnicodeGeneralCategory};
use unicode_segmentation::UnicodeSegmentation;
use vak_guest::Error;

/// The longest run of brackets, quotes and marks. Against a text that is nothing else.
const MAX_RUN: usize = 50;

/// How many sentences have a letter or a number in them.
pub(crate) fn count(text: &str) -> Result<usize, Error> {
    let text = single_spaced(text);
    if has_long_run(&text) {
        return Err("text: more than 50 brackets, quotes or marks in a row".into());
    }
    Ok(text.unicode_sentences().count())
}

/// The text with one space for each run of them, line breaks aside. By the rules SB8 to SB11 that ends the same sentences.
fn single_spaced(text: &str) -> String {
    let mut after_space = false;
    let mut is_repeated = |character| {
        let is_space = is_space(character);
        std::mem::replace(&mut after_space, is_space) && is_space
    };
    text.chars().filter(|&character| !is_repeated(character)).collect()
}

fn has_long_run(text: &str) -> bool {
    let mut run = 0;
    text.chars().any(|character| {
        run = if lengthens_run(character) { run + 1 } else { 0 };
        run > MAX_RUN
    })
}

/// Whether the property `Sentence_Break` can be `Sp`, `Close`, `Extend` or `Format`.
fn lengthens_run(character: char) -> bool {
    use GeneralCategory as G;

    if character.is_ascii_alphanumeric() {
        return false;
    }
    let is_quote_or_mark =
        matches!(character, '"' | '\'' | '\u{275b}'..='\u{2760}' | '\u{1f676}'..='\u{1f678}' | '\u{ff9e}' | '\u{ff9f}');
    let is_of_category = || {
        matches!(
            character.general_category(),
            G::OpenPunctuation
                | G::ClosePunctuation
                | G::InitialPunctuation
                | G::FinalPunctuation
                | G::NonspacingMark
                | G::SpacingMark
                | G::EnclosingMark
                | G::Format
        )
    };
    is_space(character) || is_quote_or_mark || is_of_category()
}

/// Whether the property `Sentence_Break` is `Sp`.
fn is_space(character: char) -> bool {
    character.is_whitespace() && !matches!(character, '\n' | '\r' | '\u{85}' | '\u{2028}' | '\u{2029}')
}
