//! A look over the text of policies before Cedar reads it: where each begins, and that none is deep enough to cost a stack.

use crate::error::{Mistake, Place, PolicyError};

/// The largest text, in bytes.
pub(crate) const MAX_BYTES: usize = 1 << 20;
/// The most policies in one.
pub(crate) const MAX_POLICIES: usize = 10_000;
/// How deep brackets may lie in each other.
const MAX_DEPTH: usize = 32;
/// How many operators one policy may have. Each makes its tree at most one step deeper.
const MAX_OPERATORS: usize = 256;

/// What the scanner is in the middle of.
#[derive(Default)]
struct Policy {
    start: Option<usize>,
    depth: usize,
    operators: usize,
}

/// Where the policies of a text begin, in bytes; what comes after the last `;` counts as one.
///
/// It knows strings, comments and brackets as Cedar's lexer does, and nothing else.
pub(crate) fn starts(text: &str) -> Result<Vec<usize>, PolicyError> {
    if text.len() > MAX_BYTES {
        return Err(PolicyError::Size(text.len()));
    }
    let at = |offset, mistake| PolicyError::Text(Place::of(text, offset), mistake);
    let (mut starts, mut policy, mut offset) = (Vec::new(), Policy::default(), 0);
    while let Some(token) = next(&text[offset..]) {
        let length = token.length().ok_or_else(|| at(offset, Mistake::OpenString))?;
        match token {
            Token::Space(_) => {}
            // A `;` within brackets is an error that Cedar finds; until then they stay open.
            Token::End => {
                starts.push(policy.start.unwrap_or(offset));
                policy = Policy { depth: policy.depth, ..Policy::default() };
            }
            Token::Other { character, .. } => policy.step(character, offset).map_err(|mistake| at(offset, mistake))?,
            Token::Text(_) | Token::Word { .. } => {
                policy.word(token, offset).map_err(|mistake| at(offset, mistake))?;
            }
        }
        if starts.len() > MAX_POLICIES {
            return Err(PolicyError::Count);
        }
        offset += length;
    }
    starts.extend(policy.start);
    Ok(starts)
}

impl Policy {
    fn step(&mut self, character: char, offset: usize) -> Result<(), Mistake> {
        self.start.get_or_insert(offset);
        match character {
            '(' | '[' | '{' => (self.depth, self.operators) = (self.depth + 1, self.operators + 1),
            ')' | ']' | '}' => self.depth = self.depth.saturating_sub(1),
            // Parts of `::`, of annotations and of lists make no tree deeper.
            ':' | ',' | '@' => {}
            _ => self.operators += 1,
        }
        self.bounded()
    }

    fn word(&mut self, token: Token, offset: usize) -> Result<(), Mistake> {
        self.start.get_or_insert(offset);
        self.operators += usize::from(matches!(token, Token::Word { operator: true, .. }));
        self.bounded()
    }

    const fn bounded(&self) -> Result<(), Mistake> {
        if self.depth > MAX_DEPTH {
            return Err(Mistake::Depth(MAX_DEPTH));
        }
        // An operator of two characters counts twice.
        if self.operators > 2 * MAX_OPERATORS { Err(Mistake::Operators(MAX_OPERATORS)) } else { Ok(()) }
    }
}

/// A piece of the text, with its length in bytes.
#[derive(Clone, Copy)]
enum Token {
    Space(usize),
    End,
    /// A string; without a length, one that does not end.
    Text(Option<usize>),
    Word {
        length: usize,
        operator: bool,
    },
    Other {
        character: char,
    },
}

impl Token {
    const fn length(self) -> Option<usize> {
        match self {
            Self::Space(length) | Self::Word { length, .. } => Some(length),
            Self::Text(length) => length,
            Self::End => Some(1),
            Self::Other { character, .. } => Some(character.len_utf8()),
        }
    }
}

fn next(rest: &str) -> Option<Token> {
    let first = rest.chars().next()?;
    let run = |belongs: fn(char) -> bool| rest.find(|c: char| !belongs(c)).unwrap_or(rest.len());
    Some(match first {
        c if c.is_whitespace() => Token::Space(run(char::is_whitespace)),
        '/' if rest.starts_with("//") => Token::Space(rest.find(['\n', '\r']).unwrap_or(rest.len())),
        '"' => Token::Text(string(rest)),
        ';' => Token::End,
        c if c.is_ascii_alphanumeric() || c == '_' => {
            let length = run(|c| c.is_ascii_alphanumeric() || c == '_');
            Token::Word { length, operator: matches!(&rest[..length], "if" | "in" | "has" | "like" | "is") }
        }
        character => Token::Other { character },
    })
}

/// The length of the string that `rest` begins with, with both quotes.
fn string(rest: &str) -> Option<usize> {
    let mut escaped = false;
    rest.char_indices().skip(1).find_map(|(at, c)| {
        let ends = c == '"' && !escaped;
        escaped = c == '\\' && !escaped;
        ends.then_some(at + 1)
    })
}
