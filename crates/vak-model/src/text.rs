//! Text that strangers wrote and people will read on a terminal.

use std::fmt::{self, Write as _};

use serde::{Deserialize, Serialize};

use crate::advice::{self, Advice};

/// One line of text from a manifest that is safe to print: no control characters, no bidirectional overrides.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String")]
pub struct Text(String);

/// The text can't be shown as it is.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidText {
    /// More than [`Text::MAX_BYTES`] bytes.
    TooLong(usize),
    /// A character that could rewrite the reader's terminal or reorder the line.
    Unprintable(u32),
}

impl Advice for InvalidText {
    fn wrong(&self) -> String {
        match self {
            Self::TooLong(bytes) => format!("text has {bytes} bytes"),
            Self::Unprintable(c) => format!("text contains U+{c:04X}, which is not printable"),
        }
    }

    fn right(&self) -> String {
        match self {
            Self::TooLong(_) => format!("use at most {}", Text::MAX_BYTES),
            Self::Unprintable(_) => "leave it out".to_owned(),
        }
    }
}

impl fmt::Display for InvalidText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        advice::display(self, f)
    }
}

impl Text {
    /// The longest text accepted, in bytes.
    pub const MAX_BYTES: usize = 4096;

    /// The text itself.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for Text {
    type Error = InvalidText;

    fn try_from(text: String) -> Result<Self, InvalidText> {
        if text.len() > Self::MAX_BYTES {
            return Err(InvalidText::TooLong(text.len()));
        }
        match text.chars().find(|c| is_unprintable(*c)) {
            Some(c) => Err(InvalidText::Unprintable(c.into())),
            None => Ok(Self(text)),
        }
    }
}

impl fmt::Display for Text {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// `text` with every unprintable character escaped and the whole cut to `max` characters, for messages that quote
/// what a stranger wrote.
#[must_use]
pub fn printable(text: &str, max: usize) -> String {
    let mut shown = String::new();
    for (count, c) in text.chars().enumerate() {
        if count == max {
            shown.push('…');
            break;
        }
        if is_unprintable(c) {
            shown.extend(c.escape_unicode());
        } else {
            shown.push(c);
        }
    }
    shown
}

/// JSON text as a terminal may show it: the same values, with nothing in it that could rewrite the screen. Characters
/// that JSON allows in a string and a terminal may obey become `\u` escapes.
#[must_use]
pub fn printable_json(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '\n' | '\t' => shown.push(c),
            // Only white space between values can be a bare carriage return.
            '\r' => shown.push(' '),
            c if is_unprintable(c) => {
                // Writing to a string can't fail.
                let _ = write!(shown, "\\u{:04x}", u32::from(c));
            }
            c => shown.push(c),
        }
    }
    shown
}

/// Control characters, line and paragraph separators, and the bidirectional controls of UAX #9.
fn is_unprintable(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{061C}' | '\u{200E}' | '\u{200F}' | '\u{2028}'..='\u{202E}' | '\u{2066}'..='\u{2069}' | '\u{FEFF}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn terminal_controls_are_refused_in_text_and_escaped_in_quotes() {
        for hostile in ["\u{1b}[31m", "a\nb", "a\rb", "x\u{202e}y", "\u{2028}", "\u{9b}", "\u{feff}"] {
            assert!(matches!(Text::try_from(hostile.to_owned()), Err(InvalidText::Unprintable(_))), "{hostile:?}");
            assert!(printable(hostile, 100).chars().all(|c| !is_unprintable(c)), "{hostile:?}");
        }
        assert!(Text::try_from("Grüße, 世界".to_owned()).is_ok());
    }

    #[test]
    fn json_on_a_terminal_keeps_its_value_and_loses_its_controls() {
        let hostile = "{\"a\":\"x\u{202e}\u{9b}31m\u{7f}é\",\r\n\t\"b\":1}";
        let shown = printable_json(hostile);
        assert!(shown.chars().all(|c| matches!(c, '\n' | '\t') || !is_unprintable(c)), "{shown:?}");
        let value = |text: &str| serde_json::from_str::<serde_json::Value>(text).expect("JSON");
        assert_eq!(value(&shown), value(hostile));
    }

    #[test]
    fn long_quotes_are_cut() {
        assert_eq!(printable("abcdef", 3), "abc…");
        assert_eq!(printable("abc", 3), "abc");
    }
}
