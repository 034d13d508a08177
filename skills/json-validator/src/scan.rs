//! The grammar of JSON (RFC 8259), one event at a time, without recursion.

use crate::mistake::Mistake;

/// The deepest nesting of a text.
pub(crate) const MAX_DEPTH: usize = 128;

/// A part of a text, as it is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Event<'a> {
    Begin(Container),
    End(Container),
    /// The name of a member, with its quotes; a value follows.
    Key(&'a str),
    /// A string with its quotes, a number, or one of `true`, `false` and `null`.
    Scalar(&'a str),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Container {
    Array,
    Object,
}

/// What the grammar allows next.
#[derive(Clone, Copy)]
enum Next {
    Value,
    /// A value, or the end of an array that has none.
    FirstValue,
    /// A key, or the end of an object that has none.
    FirstKey,
    /// A comma or the end of what is open; after the outermost value, the end of the text.
    Separator,
}

/// Reads a text as far as it is asked to. After a mistake there is nothing more to ask.
pub(crate) struct Scanner<'a> {
    text: &'a str,
    /// How many bytes were read.
    at: usize,
    /// Where the last event begins.
    start: usize,
    next: Next,
    open: Vec<Container>,
}

type Scan<T> = Result<T, Mistake>;

impl<'a> Scanner<'a> {
    pub(crate) fn new(text: &'a str) -> Self {
        Self { text, at: 0, start: 0, next: Next::Value, open: Vec::with_capacity(MAX_DEPTH) }
    }

    /// The byte where the last event begins.
    pub(crate) fn start(&self) -> usize {
        self.start
    }

    /// The next event, or nothing at the end of a complete text.
    pub(crate) fn event(&mut self) -> Scan<Option<Event<'a>>> {
        self.white_space();
        self.start = self.at;
        let next = self.next;
        match next {
            Next::Value => self.value().map(Some),
            Next::FirstValue if self.accept(b']') => Ok(Some(self.end(Container::Array))),
            Next::FirstValue => self.value().map(Some),
            Next::FirstKey if self.accept(b'}') => Ok(Some(self.end(Container::Object))),
            Next::FirstKey => self.key("expected a key or `}`").map(Some),
            Next::Separator => self.separator(),
        }
    }

    fn separator(&mut self) -> Scan<Option<Event<'a>>> {
        let Some(open) = self.open.last().copied() else {
            return if self.byte().is_none() { Ok(None) } else { Err(self.mistake("expected the end of the text")) };
        };
        let close = if open == Container::Array { b']' } else { b'}' };
        if self.accept(close) {
            return Ok(Some(self.end(open)));
        }
        if !self.accept(b',') {
            return Err(self.mistake(if open == Container::Array {
                "expected `,` or `]`"
            } else {
                "expected `,` or `}`"
            }));
        }
        self.white_space();
        self.start = self.at;
        let event = if open == Container::Array { self.value()? } else { self.key("expected a key")? };
        Ok(Some(event))
    }

    fn value(&mut self) -> Scan<Event<'a>> {
        match self.byte() {
            Some(b'[') => return self.begin(Container::Array, Next::FirstValue),
            Some(b'{') => return self.begin(Container::Object, Next::FirstKey),
            Some(b'"') => self.string()?,
            Some(b'-' | b'0'..=b'9') => self.number()?,
            _ => self.word()?,
        }
        self.next = Next::Separator;
        Ok(Event::Scalar(self.taken()))
    }

    fn begin(&mut self, container: Container, next: Next) -> Scan<Event<'a>> {
        if self.open.len() == MAX_DEPTH {
            return Err(self.mistake("nested deeper than 128 levels"));
        }
        self.at += 1;
        self.open.push(container);
        self.next = next;
        Ok(Event::Begin(container))
    }

    fn end(&mut self, container: Container) -> Event<'a> {
        self.open.pop();
        self.next = Next::Separator;
        Event::End(container)
    }

    fn key(&mut self, expected: &'static str) -> Scan<Event<'a>> {
        if self.byte() != Some(b'"') {
            return Err(self.mistake(expected));
        }
        self.string()?;
        let key = self.taken();
        self.white_space();
        if !self.accept(b':') {
            return Err(self.mistake("expected `:`"));
        }
        self.next = Next::Value;
        Ok(Event::Key(key))
    }

    fn string(&mut self) -> Scan<()> {
        self.at += 1;
        loop {
            self.skip(|byte| byte >= b' ' && byte != b'"' && byte != b'\\');
            if self.accept(b'"') {
                return Ok(());
            }
            if !self.accept(b'\\') {
                let message = if self.byte().is_none() { "unfinished string" } else { "control character in a string" };
                return Err(self.mistake(message));
            }
            self.escape()?;
        }
    }

    fn escape(&mut self) -> Scan<()> {
        if self.accept(b'u') {
            let digits = self.skip_at_most(4, |byte| byte.is_ascii_hexdigit());
            return if digits == 4 { Ok(()) } else { Err(self.mistake("expected four hexadecimal digits")) };
        }
        if self.skip_at_most(1, |byte| b"\"\\/bfnrt".contains(&byte)) == 0 {
            return Err(self.mistake("unknown escape"));
        }
        Ok(())
    }

    fn number(&mut self) -> Scan<()> {
        self.accept(b'-');
        if self.accept(b'0') {
            if self.byte().is_some_and(|byte| byte.is_ascii_digit()) {
                return Err(self.mistake("a number has a leading zero"));
            }
        } else {
            self.digits()?;
        }
        if self.accept(b'.') {
            self.digits()?;
        }
        if self.accept(b'e') || self.accept(b'E') {
            let _ = self.accept(b'+') || self.accept(b'-');
            self.digits()?;
        }
        Ok(())
    }

    fn digits(&mut self) -> Scan<()> {
        match self.skip(|byte| byte.is_ascii_digit()) {
            0 => Err(self.mistake("expected a digit")),
            _ => Ok(()),
        }
    }

    fn word(&mut self) -> Scan<()> {
        let rest = self.text.get(self.at..).unwrap_or_default();
        let word = ["true", "false", "null"].into_iter().find(|word| rest.starts_with(word));
        self.at += word.ok_or_else(|| self.mistake("expected a value"))?.len();
        Ok(())
    }

    fn white_space(&mut self) {
        self.skip(|byte| matches!(byte, b' ' | b'\n' | b'\r' | b'\t'));
    }

    /// What was read since the event began. Both ends are between characters: what is read ends with ASCII.
    fn taken(&self) -> &'a str {
        self.text.get(self.start..self.at).unwrap_or_default()
    }

    fn byte(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    /// Takes the byte if it is the next one.
    fn accept(&mut self, byte: u8) -> bool {
        let is_next = self.byte() == Some(byte);
        self.at += usize::from(is_next);
        is_next
    }

    fn skip(&mut self, of_kind: impl Fn(u8) -> bool) -> usize {
        self.skip_at_most(usize::MAX, of_kind)
    }

    /// Takes bytes while they are of a kind, and says how many.
    fn skip_at_most(&mut self, most: usize, of_kind: impl Fn(u8) -> bool) -> usize {
        let rest = self.text.as_bytes().get(self.at..).unwrap_or_default();
        let taken = rest.iter().take(most).take_while(|byte| of_kind(**byte)).count();
        self.at += taken;
        taken
    }

    #[cold]
    fn mistake(&self, message: &'static str) -> Mistake {
        let message = if self.byte().is_none() && message != "unfinished string" {
            "unexpected end of the text"
        } else {
            message
        };
        Mistake { message, at: self.at }
    }
}
