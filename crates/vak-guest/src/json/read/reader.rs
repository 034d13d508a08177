//! The text, read from its beginning to its end: what JSON is made of, before it is a value of any type.

use serde::de::{self, Expected, Unexpected, Visitor};

use super::items::Items;
use super::number::Number;
use super::text::Text;
use super::{MAX_DEPTH, Read};
use crate::json::Failure;

pub(super) struct Reader<'de> {
    text: &'de str,
    /// How many bytes were read.
    at: usize,
    depth: u8,
}

impl<'de> Reader<'de> {
    pub(super) const fn new(text: &'de str) -> Self {
        Self { text, at: 0, depth: 0 }
    }

    /// How many bytes were read.
    pub(super) const fn at(&self) -> usize {
        self.at
    }

    pub(super) fn byte(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    /// The next byte that is not white space, not taken.
    pub(super) fn peek(&mut self) -> Option<u8> {
        self.skip(|byte| matches!(byte, b' ' | b'\n' | b'\r' | b'\t'));
        self.byte()
    }

    /// Takes bytes while they are of a kind, and says how many.
    pub(super) fn skip(&mut self, of_kind: impl Fn(u8) -> bool) -> usize {
        let start = self.at;
        while self.byte().is_some_and(&of_kind) {
            self.at += 1;
        }
        self.at - start
    }

    /// Takes the byte if it is the next one.
    pub(super) fn accept(&mut self, byte: u8) -> bool {
        let is_next = self.byte() == Some(byte);
        self.at += usize::from(is_next);
        is_next
    }

    pub(super) fn expect(&mut self, byte: u8, message: &str) -> Read<()> {
        self.peek();
        if self.accept(byte) { Ok(()) } else { Err(Failure::new(message)) }
    }

    pub(super) fn end(&mut self) -> Read<()> {
        if self.peek().is_none() { Ok(()) } else { Err(Failure::new("trailing characters")) }
    }

    pub(super) fn word(&mut self, word: &str) -> Read<()> {
        if !self.since(self.at).starts_with(word) {
            return Err(Failure::new("expected a value"));
        }
        self.at += word.len();
        Ok(())
    }

    /// The text from `start`, which was a place between characters, as every place is that this reader stops at.
    pub(super) fn since(&self, start: usize) -> &'de str {
        self.text.get(start..).unwrap_or_default()
    }

    /// The text from `start` to here.
    pub(super) fn taken(&self, start: usize) -> &'de str {
        self.text.get(start..self.at).unwrap_or_default()
    }

    /// Goes one level down, to come back by leaving one.
    pub(super) fn enter(&mut self) -> Read<()> {
        self.at += 1;
        self.depth += 1;
        if self.depth > MAX_DEPTH { Err(Failure::new("nested too deep")) } else { Ok(()) }
    }

    pub(super) fn leave(&mut self, close: u8) -> Read<()> {
        self.depth -= 1;
        self.expect(close, "invalid length")
    }

    /// Before an item: whether there is one more, or `close` comes next.
    pub(super) fn has_item(&mut self, first: &mut bool, close: u8) -> Read<bool> {
        if self.peek() == Some(close) {
            return Ok(false);
        }
        if !std::mem::take(first) {
            self.expect(b',', "expected a comma")?;
        }
        Ok(true)
    }

    pub(super) fn array<V: Visitor<'de>>(&mut self, visitor: V) -> Read<V::Value> {
        self.enter()?;
        let value = visitor.visit_seq(Items { reader: self, first: true })?;
        self.leave(b']').map(|()| value)
    }

    pub(super) fn object<V: Visitor<'de>>(&mut self, visitor: V) -> Read<V::Value> {
        self.enter()?;
        let value = visitor.visit_map(Items { reader: self, first: true })?;
        self.leave(b'}').map(|()| value)
    }

    /// Reads a value that nobody wants.
    pub(super) fn pass_over(&mut self) -> Read<()> {
        match self.peek() {
            Some(b'n') => self.word("null"),
            Some(b't' | b'f') => self.boolean().map(drop),
            Some(b'-' | b'0'..=b'9') => self.number().map(drop),
            Some(b'"') => self.string().map(drop),
            Some(open @ (b'[' | b'{')) => self.pass_over_items(open),
            _ => Err(Failure::new("expected a value")),
        }
    }

    fn pass_over_items(&mut self, open: u8) -> Read<()> {
        self.enter()?;
        // In ASCII both closing brackets are two places behind the opening ones.
        let close = open + 2;
        let mut first = true;
        while self.has_item(&mut first, close)? {
            if open == b'{' {
                self.string()?;
                self.expect(b':', "expected a colon")?;
            }
            self.pass_over()?;
        }
        self.leave(close)
    }

    /// The error for a value of another kind than what was expected, or for no value.
    #[cold]
    pub(super) fn mismatch(&mut self, expected: &dyn Expected) -> Failure {
        let found = match self.peek() {
            Some(b'n') => Unexpected::Unit,
            Some(b't' | b'f') => Unexpected::Bool(true),
            Some(b'-' | b'0'..=b'9') => Unexpected::Float(0.0),
            Some(b'"') => Unexpected::Str(""),
            Some(b'[') => Unexpected::Seq,
            Some(b'{') => Unexpected::Map,
            _ => return Failure::new("expected a value"),
        };
        de::Error::invalid_type(found, expected)
    }

    pub(super) fn boolean(&mut self) -> Read<bool> {
        if self.byte() == Some(b't') { self.word("true").map(|()| true) } else { self.word("false").map(|()| false) }
    }

    pub(super) fn number(&mut self) -> Read<Number<'de>> {
        let start = self.at;
        self.accept(b'-');
        let whole = if self.accept(b'0') { 1 } else { self.digits() };
        let mut is_integer = true;
        let mut fraction = 1;
        if self.accept(b'.') {
            is_integer = false;
            fraction = self.digits();
        }
        let mut exponent = 1;
        if self.accept(b'e') || self.accept(b'E') {
            is_integer = false;
            let _ = self.accept(b'+') || self.accept(b'-');
            exponent = self.digits();
        }
        if whole == 0 || fraction == 0 || exponent == 0 {
            return Err(Failure::new("invalid number"));
        }
        Ok(Number::new(self.taken(start), is_integer))
    }

    pub(super) fn digits(&mut self) -> usize {
        self.skip(|byte| byte.is_ascii_digit())
    }

    pub(super) fn string(&mut self) -> Read<Text<'de>> {
        self.expect(b'"', "expected a string")?;
        let mut whole = String::new();
        loop {
            let start = self.at;
            self.skip(|byte| byte >= b' ' && byte != b'"' && byte != b'\\');
            let part = self.taken(start);
            if self.accept(b'"') {
                if whole.is_empty() {
                    return Ok(Text::Borrowed(part));
                }
                whole.push_str(part);
                return Ok(Text::Owned(whole));
            }
            whole.push_str(part);
            if !self.accept(b'\\') {
                return Err(Failure::new("unfinished string"));
            }
            whole.push(self.escape()?);
        }
    }

    pub(super) fn escape(&mut self) -> Read<char> {
        let byte = self.byte().unwrap_or_default();
        let plain = match byte {
            b'"' | b'\\' | b'/' => byte,
            b'b' => 0x08,
            b'f' => 0x0c,
            b'n' => b'\n',
            b'r' => b'\r',
            b't' => b'\t',
            b'u' => {
                self.at += 1;
                return self.code_point();
            }
            _ => return Err(Failure::new("invalid escape")),
        };
        self.at += 1;
        Ok(plain.into())
    }

    /// What follows `\u`: one code unit, or two that are a pair.
    pub(super) fn code_point(&mut self) -> Read<char> {
        let mut point = self.code_unit()?;
        if (0xd800..0xdc00).contains(&point) && self.accept(b'\\') && self.accept(b'u') {
            let low = self.code_unit()?.wrapping_sub(0xdc00);
            point = if low < 0x400 { 0x10000 + ((point - 0xd800) << 10) + low } else { 0xd800 };
        }
        char::from_u32(point).ok_or_else(|| Failure::new("invalid escape"))
    }

    pub(super) fn code_unit(&mut self) -> Read<u32> {
        let start = self.at;
        let mut unit = 0;
        while self.at < start + 4 {
            let digit = self.byte().and_then(|byte| char::from(byte).to_digit(16));
            unit = (unit << 4) | digit.ok_or_else(|| Failure::new("invalid escape"))?;
            self.at += 1;
        }
        Ok(unit)
    }
}
