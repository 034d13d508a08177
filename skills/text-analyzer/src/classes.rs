//! Classes of characters, by their general category.

use serde::Serialize;
use unicode_properties::{GeneralCategory, UnicodeGeneralCategory};

/// How many characters of a text are of each class; every character is of one.
#[derive(Default, Serialize)]
pub(crate) struct Classes {
    /// Letters of any script: the categories L.
    letters: usize,
    /// Decimal digits of any script: Nd.
    digits: usize,
    /// The property White_Space, so line breaks and tabs too.
    whitespace: usize,
    /// The categories P.
    punctuation: usize,
    /// The categories S: of money, of mathematics, and most emoji.
    symbols: usize,
    /// What is left: combining marks, other numbers, control and format characters, and what is not assigned.
    other: usize,
}

impl Classes {
    pub(crate) fn of(text: &str) -> Self {
        let mut classes = Self::default();
        for character in text.chars() {
            *classes.class_of(character) += 1;
        }
        classes
    }

    fn class_of(&mut self, character: char) -> &mut usize {
        use GeneralCategory as G;

        if character.is_whitespace() {
            return &mut self.whitespace;
        }
        match character.general_category() {
            G::UppercaseLetter | G::LowercaseLetter | G::TitlecaseLetter | G::ModifierLetter | G::OtherLetter => {
                &mut self.letters
            }
            G::DecimalNumber => &mut self.digits,
            G::ConnectorPunctuation
            | G::DashPunctuation
            | G::OpenPunctuation
            | G::ClosePunctuation
            | G::InitialPunctuation
            | G::FinalPunctuation
            | G::OtherPunctuation => &mut self.punctuation,
            G::MathSymbol | G::CurrencySymbol | G::ModifierSymbol | G::OtherSymbol => &mut self.symbols,
            _ => &mut self.other,
        }
    }
}
