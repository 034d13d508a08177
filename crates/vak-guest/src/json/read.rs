//! A reader of JSON (RFC 8259), made small: what the target has to carry is a large part of a small skill.
//!
//! It accepts what `serde_json` accepts, and one thing more: where an integer is asked for, `5.0` and `1e3` are integers, as
//! they are to JSON Schema, by which the host has checked the input. Numbers are the nearest to what is written, always.

use std::str::FromStr;

use serde::de::{
    self, DeserializeSeed, Deserializer, EnumAccess, Expected, IntoDeserializer, MapAccess, SeqAccess, Unexpected,
    VariantAccess, Visitor,
};
use serde::forward_to_deserialize_any;

use super::{Failure, exact_integer};

/// The deepest nesting that is read, the same as the host's: a skill's stack is small.
const MAX_DEPTH: u8 = 128;

/// Reads one JSON text as a value; the error is a message with the place.
pub(crate) fn read<'de, T: de::Deserialize<'de>>(text: &'de [u8]) -> Result<T, String> {
    let text = std::str::from_utf8(text).map_err(|_| "not UTF-8".to_owned())?;
    let mut reader = Reader { text, at: 0, depth: 0 };
    let value = T::deserialize(&mut reader).and_then(|value| reader.end().map(|()| value));
    value.map_err(|Failure(message)| format!("{message} at byte {}", reader.at))
}

struct Reader<'de> {
    text: &'de str,
    /// How many bytes were read.
    at: usize,
    depth: u8,
}

type Read<T> = Result<T, Failure>;

impl<'de> Reader<'de> {
    fn byte(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    /// The next byte that is not white space, not taken.
    fn peek(&mut self) -> Option<u8> {
        self.skip(|byte| matches!(byte, b' ' | b'\n' | b'\r' | b'\t'));
        self.byte()
    }

    /// Takes bytes while they are of a kind, and says how many.
    fn skip(&mut self, of_kind: impl Fn(u8) -> bool) -> usize {
        let start = self.at;
        while self.byte().is_some_and(&of_kind) {
            self.at += 1;
        }
        self.at - start
    }

    /// Takes the byte if it is the next one.
    fn accept(&mut self, byte: u8) -> bool {
        let is_next = self.byte() == Some(byte);
        self.at += usize::from(is_next);
        is_next
    }

    fn expect(&mut self, byte: u8, message: &str) -> Read<()> {
        self.peek();
        if self.accept(byte) { Ok(()) } else { Err(Failure::new(message)) }
    }

    fn end(&mut self) -> Read<()> {
        if self.peek().is_none() { Ok(()) } else { Err(Failure::new("trailing characters")) }
    }

    fn word(&mut self, word: &str) -> Read<()> {
        if !self.since(self.at).starts_with(word) {
            return Err(Failure::new("expected a value"));
        }
        self.at += word.len();
        Ok(())
    }

    /// The text from `start`, which was a place between characters, as every place is that this reader stops at.
    fn since(&self, start: usize) -> &'de str {
        self.text.get(start..).unwrap_or_default()
    }

    /// The text from `start` to here.
    fn taken(&self, start: usize) -> &'de str {
        self.text.get(start..self.at).unwrap_or_default()
    }

    /// Goes one level down, to come back by leaving one.
    fn enter(&mut self) -> Read<()> {
        self.at += 1;
        self.depth += 1;
        if self.depth > MAX_DEPTH { Err(Failure::new("nested too deep")) } else { Ok(()) }
    }

    fn leave(&mut self, close: u8) -> Read<()> {
        self.depth -= 1;
        self.expect(close, "invalid length")
    }

    /// Before an item: whether there is one more, or `close` comes next.
    fn has_item(&mut self, first: &mut bool, close: u8) -> Read<bool> {
        if self.peek() == Some(close) {
            return Ok(false);
        }
        if !std::mem::take(first) {
            self.expect(b',', "expected a comma")?;
        }
        Ok(true)
    }

    fn array<V: Visitor<'de>>(&mut self, visitor: V) -> Read<V::Value> {
        self.enter()?;
        let value = visitor.visit_seq(Items { reader: self, first: true })?;
        self.leave(b']').map(|()| value)
    }

    fn object<V: Visitor<'de>>(&mut self, visitor: V) -> Read<V::Value> {
        self.enter()?;
        let value = visitor.visit_map(Items { reader: self, first: true })?;
        self.leave(b'}').map(|()| value)
    }

    /// The error for a value of another kind than what was expected, or for no value.
    #[cold]
    fn mismatch(&mut self, expected: &dyn Expected) -> Failure {
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

    fn boolean(&mut self) -> Read<bool> {
        if self.byte() == Some(b't') { self.word("true").map(|()| true) } else { self.word("false").map(|()| false) }
    }

    fn number(&mut self) -> Read<Number<'de>> {
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
        Ok(Number { text: self.taken(start), is_integer })
    }

    fn digits(&mut self) -> usize {
        self.skip(|byte| byte.is_ascii_digit())
    }

    fn string(&mut self) -> Read<Text<'de>> {
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

    fn escape(&mut self) -> Read<char> {
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
    fn code_point(&mut self) -> Read<char> {
        let mut point = self.code_unit()?;
        if (0xd800..0xdc00).contains(&point) && self.accept(b'\\') && self.accept(b'u') {
            let low = self.code_unit()?.wrapping_sub(0xdc00);
            point = if low < 0x400 { 0x10000 + ((point - 0xd800) << 10) + low } else { 0xd800 };
        }
        char::from_u32(point).ok_or_else(|| Failure::new("invalid escape"))
    }

    fn code_unit(&mut self) -> Read<u32> {
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

/// A number as it is written, of valid form.
struct Number<'de> {
    text: &'de str,
    is_integer: bool,
}

impl Number<'_> {
    fn visit<'de, V: Visitor<'de>>(&self, visitor: V) -> Read<V::Value> {
        if self.is_integer && self.text != "-0" {
            if let Ok(value) = self.text.parse() {
                return visitor.visit_u64(value);
            }
            if let Ok(value) = self.text.parse() {
                return visitor.visit_i64(value);
            }
        }
        visitor.visit_f64(self.float()?)
    }

    /// For a visitor that wants an integer.
    fn visit_integer<'de, V: Visitor<'de>>(&self, visitor: V) -> Read<V::Value> {
        if (!self.is_integer || self.text == "-0")
            && let Some(value) = exact_integer(self.float()?)
        {
            return match u64::try_from(value) {
                Ok(value) => visitor.visit_u64(value),
                Err(_) => visitor.visit_i64(value),
            };
        }
        self.visit(visitor)
    }

    fn float(&self) -> Read<f64> {
        self.parse(f64::is_finite)
    }

    fn parse<T: FromStr + Copy>(&self, is_valid: impl Fn(T) -> bool) -> Read<T> {
        let value = self.text.parse().ok().filter(|value| is_valid(*value));
        value.ok_or_else(|| Failure::new("number out of range"))
    }
}

/// A string: part of the input if it has no escape.
enum Text<'de> {
    Borrowed(&'de str),
    Owned(String),
}

impl<'de> Text<'de> {
    fn visit<V: Visitor<'de>>(self, visitor: V) -> Read<V::Value> {
        match self {
            Self::Borrowed(text) => visitor.visit_borrowed_str(text),
            Self::Owned(text) => visitor.visit_string(text),
        }
    }

    /// The string as the name of a variant without content.
    fn visit_enum<V: Visitor<'de>>(self, visitor: V) -> Read<V::Value> {
        match self {
            Self::Borrowed(text) => visitor.visit_enum(text.into_deserializer()),
            Self::Owned(text) => visitor.visit_enum(text.into_deserializer()),
        }
    }

    fn parse<T: FromStr>(&self) -> Read<T> {
        let text = match self {
            Self::Borrowed(text) => text,
            Self::Owned(text) => text.as_str(),
        };
        text.parse().map_err(|_| Failure::new("invalid key"))
    }
}

/// The methods that want one kind of value: what begins with `$start` is read by `$read`, anything else is not that kind.
macro_rules! kinds {
    ($($($method:ident)+: $start:pat => |$reader:ident, $visitor:ident| $read:expr;)+) => { $($(
        fn $method<V: Visitor<'de>>(self, $visitor: V) -> Read<V::Value> {
            let $reader = self;
            match $reader.peek() {
                Some($start) => $read,
                _ => Err($reader.mismatch(&$visitor)),
            }
        }
    )+)+ };
}

impl<'de> Deserializer<'de> for &mut Reader<'de> {
    type Error = Failure;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Read<V::Value> {
        match self.peek() {
            Some(b'n') => self.word("null").and_then(|()| visitor.visit_unit()),
            Some(b't' | b'f') => visitor.visit_bool(self.boolean()?),
            Some(b'-' | b'0'..=b'9') => self.number()?.visit(visitor),
            Some(b'"') => self.string()?.visit(visitor),
            Some(b'[') => self.array(visitor),
            Some(b'{') => self.object(visitor),
            _ => Err(self.mismatch(&visitor)),
        }
    }

    kinds! {
        deserialize_bool: b't' | b'f' => |reader, visitor| visitor.visit_bool(reader.boolean()?);
        deserialize_i8 deserialize_i16 deserialize_i32 deserialize_i64
        deserialize_u8 deserialize_u16 deserialize_u32 deserialize_u64:
            b'-' | b'0'..=b'9' => |reader, visitor| reader.number()?.visit_integer(visitor);
        deserialize_f32: b'-' | b'0'..=b'9' => |reader, visitor| visitor.visit_f32(reader.number()?.parse(f32::is_finite)?);
        deserialize_f64: b'-' | b'0'..=b'9' => |reader, visitor| visitor.visit_f64(reader.number()?.float()?);
        deserialize_i128: b'-' | b'0'..=b'9' => |reader, visitor| visitor.visit_i128(reader.number()?.parse(|_| true)?);
        deserialize_u128: b'-' | b'0'..=b'9' => |reader, visitor| visitor.visit_u128(reader.number()?.parse(|_| true)?);
        deserialize_char deserialize_str deserialize_string deserialize_identifier:
            b'"' => |reader, visitor| reader.string()?.visit(visitor);
        deserialize_seq: b'[' => |reader, visitor| reader.array(visitor);
        deserialize_map: b'{' => |reader, visitor| reader.object(visitor);
        deserialize_unit: b'n' => |reader, visitor| reader.word("null").and_then(|()| visitor.visit_unit());
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Read<V::Value> {
        match self.peek() {
            Some(b'n') => self.word("null").and_then(|()| visitor.visit_none()),
            _ => visitor.visit_some(self),
        }
    }

    fn deserialize_unit_struct<V: Visitor<'de>>(self, _: &'static str, visitor: V) -> Read<V::Value> {
        self.deserialize_unit(visitor)
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(self, _: &'static str, visitor: V) -> Read<V::Value> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_tuple<V: Visitor<'de>>(self, _: usize, visitor: V) -> Read<V::Value> {
        self.deserialize_seq(visitor)
    }

    fn deserialize_tuple_struct<V: Visitor<'de>>(self, _: &'static str, _: usize, visitor: V) -> Read<V::Value> {
        self.deserialize_seq(visitor)
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Read<V::Value> {
        match self.peek() {
            Some(b'[') => self.array(visitor),
            _ => self.deserialize_map(visitor),
        }
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Read<V::Value> {
        if self.peek() != Some(b'{') {
            return self.string()?.visit_enum(visitor);
        }
        self.enter()?;
        let value = visitor.visit_enum(Variant { reader: self })?;
        self.leave(b'}').map(|()| value)
    }

    forward_to_deserialize_any! { bytes byte_buf ignored_any }
}

/// The rest of an array or an object.
struct Items<'a, 'de> {
    reader: &'a mut Reader<'de>,
    first: bool,
}

impl<'de> SeqAccess<'de> for Items<'_, 'de> {
    type Error = Failure;

    fn next_element_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Read<Option<S::Value>> {
        if !self.reader.has_item(&mut self.first, b']')? {
            return Ok(None);
        }
        seed.deserialize(&mut *self.reader).map(Some)
    }
}

impl<'de> MapAccess<'de> for Items<'_, 'de> {
    type Error = Failure;

    fn next_key_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Read<Option<S::Value>> {
        if !self.reader.has_item(&mut self.first, b'}')? {
            return Ok(None);
        }
        self.reader.string().and_then(|key| seed.deserialize(Key(key))).map(Some)
    }

    fn next_value_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Read<S::Value> {
        self.reader.expect(b':', "expected a colon")?;
        seed.deserialize(&mut *self.reader)
    }
}

/// The name of a member. Where a number or a boolean is asked for, it is what the name spells.
struct Key<'de>(Text<'de>);

macro_rules! spelled {
    ($($method:ident => $visit:ident;)+) => { $(
        fn $method<V: Visitor<'de>>(self, visitor: V) -> Read<V::Value> {
            visitor.$visit(self.0.parse()?)
        }
    )+ };
}

impl<'de> Deserializer<'de> for Key<'de> {
    type Error = Failure;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Read<V::Value> {
        self.0.visit(visitor)
    }

    spelled! {
        deserialize_bool => visit_bool;
        deserialize_i8 => visit_i8;
        deserialize_i16 => visit_i16;
        deserialize_i32 => visit_i32;
        deserialize_i64 => visit_i64;
        deserialize_i128 => visit_i128;
        deserialize_u8 => visit_u8;
        deserialize_u16 => visit_u16;
        deserialize_u32 => visit_u32;
        deserialize_u64 => visit_u64;
        deserialize_u128 => visit_u128;
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Read<V::Value> {
        visitor.visit_some(self)
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(self, _: &'static str, visitor: V) -> Read<V::Value> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Read<V::Value> {
        self.0.visit_enum(visitor)
    }

    forward_to_deserialize_any! {
        f32 f64 char str string bytes byte_buf unit unit_struct seq tuple tuple_struct map struct identifier ignored_any
    }
}

/// An object that is one variant and its content.
struct Variant<'a, 'de> {
    reader: &'a mut Reader<'de>,
}

impl<'de> EnumAccess<'de> for Variant<'_, 'de> {
    type Error = Failure;
    type Variant = Self;

    fn variant_seed<S: DeserializeSeed<'de>>(self, seed: S) -> Read<(S::Value, Self)> {
        let variant = seed.deserialize(Key(self.reader.string()?))?;
        self.reader.expect(b':', "expected a colon")?;
        Ok((variant, self))
    }
}

impl<'de> VariantAccess<'de> for Variant<'_, 'de> {
    type Error = Failure;

    fn unit_variant(self) -> Read<()> {
        self.reader.peek();
        self.reader.word("null")
    }

    fn newtype_variant_seed<S: DeserializeSeed<'de>>(self, seed: S) -> Read<S::Value> {
        seed.deserialize(self.reader)
    }

    fn tuple_variant<V: Visitor<'de>>(self, _: usize, visitor: V) -> Read<V::Value> {
        self.reader.deserialize_seq(visitor)
    }

    fn struct_variant<V: Visitor<'de>>(self, fields: &'static [&'static str], visitor: V) -> Read<V::Value> {
        self.reader.deserialize_struct("", fields, visitor)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;
    use std::fmt::Debug;

    use serde::Deserialize;
    use serde_json::{Value, json};

    use super::*;

    /// Reads as `serde_json` does, or refuses as it does.
    #[track_caller]
    fn same<'de, T: Deserialize<'de> + PartialEq + Debug>(text: &'de str) {
        let expected = serde_json::from_str::<T>(text);
        match read::<T>(text.as_bytes()) {
            Ok(value) => assert_eq!(Some(value), expected.ok(), "{text}"),
            Err(error) => assert!(expected.is_err(), "{text}: {error}"),
        }
    }

    #[derive(Debug, Deserialize, PartialEq)]
    #[serde(deny_unknown_fields)]
    struct Point<'a> {
        x: i32,
        #[serde(default)]
        y: Option<f32>,
        #[serde(borrow, default)]
        name: Option<std::borrow::Cow<'a, str>>,
    }

    #[derive(Debug, Deserialize, PartialEq)]
    enum Shape {
        Unit,
        Newtype(u8),
        Tuple(u8, bool),
        Struct { a: Option<u8> },
    }

    #[derive(Debug, Deserialize, PartialEq)]
    #[serde(tag = "kind", rename_all = "lowercase")]
    enum Tagged {
        One { value: f64 },
        Two { value: Vec<Shape> },
    }

    #[test]
    fn texts_are_read_and_refused_as_serde_json_does() {
        for text in [
            "null",
            "true",
            "false",
            " 1 ",
            "-1",
            "1.5",
            "-0",
            "0",
            "\"a\"",
            "[]",
            "{}",
            "[1,2]",
            "\t[ 1 ,\r\n2 ] ",
            r#"{"a":1,"b":[{"c":null}]}"#,
            r#"{"":{"":""}}"#,
            "[[[]]]",
            "18446744073709551616",
            "-9223372036854775809",
            "",
            " ",
            "nul",
            "nulll",
            "tru",
            "1 2",
            "[1,]",
            "[,1]",
            "[1 2]",
            "[",
            "]",
            "{",
            "}",
            r#"{"a"}"#,
            r#"{"a":}"#,
            r#"{"a":1,}"#,
            r#"{,"a":1}"#,
            r#"{"a":1 "b":2}"#,
            "{1:2}",
            "[1}",
            r#"{"a":1]"#,
            "'a'",
            "01",
            "1.",
            ".5",
            "+1",
            "1e",
            "1e+",
            "--1",
            "-",
            "0x1",
            "NaN",
            "Infinity",
            "1e999",
            "-1e999",
            "/**/1",
            "\u{feff}1",
            "\"",
            "\"\\",
            "\"\n\"",
            "\u{a0}1",
            "1\0",
        ] {
            same::<Value>(text);
        }
    }

    #[test]
    fn types_are_read_and_refused_as_serde_json_does() {
        for text in [
            r#"{"x":1}"#,
            r#"{"x":1,"y":0.1,"name":"n"}"#,
            r#"{"x":-1,"y":null,"name":"\u00e9"}"#,
            r#"{"y":1}"#,
            "[1,2,null]",
            r#"{"x":1,"z":1}"#,
            r#"{"x":1,"x":1}"#,
            r#"{"x":2147483648}"#,
            r#"{"x":"1"}"#,
            r#"{"x":1.5}"#,
            r#"{"x":1,"y":1e39}"#,
            "[1]",
            "[1,2,null,4]",
            "null",
        ] {
            same::<Point<'_>>(text);
        }
        for text in [
            r#""Unit""#,
            r#"{"Newtype":1}"#,
            r#"{"Tuple":[1,true]}"#,
            r#"{"Struct":{"a":null}}"#,
            r#"{"Unit":null}"#,
            r#""Newtype""#,
            r#"{"Newtype":256}"#,
            r#"{"Tuple":[1]}"#,
            r#"{"Tuple":[1,true,2]}"#,
            r#"{"Struct":{}}"#,
            r#"{"Unit":1}"#,
            r#"{"Other":1}"#,
            r#""Other""#,
            "{}",
            r#"{"Newtype":1,"Unit":null}"#,
            "1",
            "null",
            r#""\u0055nit""#,
        ] {
            same::<Shape>(text);
        }
        for text in [
            r#"{"kind":"one","value":1}"#,
            r#"{"value":[{"Newtype":1},"Unit"],"kind":"two"}"#,
            r#"{"kind":"three"}"#,
            "{}",
        ] {
            same::<Tagged>(text);
        }
        same::<(u8, char, (), [bool; 2])>(r#"[255,"é",null,[true,false]]"#);
        same::<char>(r#""ab""#);
        same::<u128>("340282366920938463463374607431768211455");
        same::<i128>("-170141183460469231731687303715884105728");
        same::<BTreeMap<i16, u8>>(r#"{"-1":1,"2":2}"#);
        same::<BTreeMap<u64, u8>>(r#"{"x":1}"#);
        same::<BTreeMap<bool, u8>>(r#"{"true":1}"#);
        same::<BTreeMap<Option<char>, u8>>(r#"{"k":1}"#);
        same::<Option<Option<u8>>>("null");
        same::<de::IgnoredAny>(r#"{"a":[1,{"b":"\n"}]}"#);
    }

    #[test]
    fn numbers_are_the_nearest_to_what_is_written() {
        for bits in crate::json::tests::random().take(20_000) {
            let value = f64::from_bits(bits);
            if value.is_finite() {
                assert_eq!(read::<f64>(format!("{value:e}").as_bytes()).map(f64::to_bits), Ok(bits));
            }
        }
        let halfway = "9007199254740993.00000000000000000000000000000000000000000000000001";
        assert_eq!(read::<f64>(halfway.as_bytes()), Ok(9_007_199_254_740_994.0));
        assert_eq!(read::<f64>(b"5e-324"), Ok(5e-324));
        assert_eq!(read::<f64>(b"-0").map(f64::to_bits), Ok((-0.0_f64).to_bits()));
        assert_eq!(read::<u64>(b"18446744073709551615"), Ok(u64::MAX));
        assert_eq!(read::<i64>(b"-9223372036854775808"), Ok(i64::MIN));
    }

    #[test]
    fn an_integer_is_one_however_it_is_written() {
        assert_eq!(read::<(u8, i64, i32, u64)>(b"[5.0, -1e3, -0, 9.007199254740992e15]"), Ok((5, -1000, 0, 1 << 53)));
        for bad in ["5.5", "1e-1", "1e300", "-1.0", "256.0", "9007199254740993e1"] {
            assert!(read::<u8>(bad.as_bytes()).is_err(), "{bad}");
        }
    }

    #[test]
    fn strings_are_read_with_every_escape() {
        for text in [
            r#""\" \\ \/ \b \f \n \r \t \u00e9 \u00E9 \ud83d\ude00 \u0000 世界""#,
            r#""\ud83d""#,
            r#""\ude00""#,
            r#""\ud83d\ud83d""#,
            r#""\ud83d\n""#,
            r#""\ud83dx""#,
            r#""\x41""#,
            r#""\u12""#,
            r#""\u12g4""#,
            r#""\u+123""#,
            r#""\u00é""#,
            "\"\u{1f}\"",
            "\"\u{7f}\"",
            "\"世",
            "\"\\é\"",
        ] {
            same::<String>(text);
        }
        assert!(read::<String>(b"\"\xff\"").is_err());
        assert_eq!(read::<&str>("\"世界\"".as_bytes()), Ok("世界"));
    }

    #[test]
    fn every_cut_and_every_changed_byte_is_read_or_refused_as_serde_json_does() {
        let text = r#"{"a":[1,-2.5e+3,"\u00e9\n",null,true,{"b":false}],"c":""}"#;
        for at in 0..text.len() {
            same::<Value>(&text[..at]);
            for byte in 0..0x80_u8 {
                let mut bytes = text.as_bytes().to_vec();
                bytes[at] = byte;
                same::<Value>(std::str::from_utf8(&bytes).expect("ASCII"));
            }
        }
    }

    #[test]
    fn deep_nesting_is_an_error_and_not_an_overflow() {
        let nested = |depth| "[".repeat(depth) + &"]".repeat(depth);
        assert!(read::<Value>(nested(usize::from(MAX_DEPTH)).as_bytes()).is_ok());
        assert!(read::<Value>(nested(usize::from(MAX_DEPTH) + 1).as_bytes()).is_err());
        assert!(read::<Value>("[".repeat(100_000).as_bytes()).is_err());
        let wide = format!("[{}1]", "[],{},".repeat(1000));
        assert!(read::<Value>(wide.as_bytes()).is_ok(), "siblings are not nested");
    }

    #[test]
    fn an_error_says_what_and_where() {
        let error = |text: &str| read::<Point<'_>>(text.as_bytes()).expect_err("refused");
        assert_eq!(error(r#"{"x":"one"}"#), "invalid type: a string, expected i32 at byte 5");
        assert_eq!(error(r#"{"y":1}"#), "missing field `x` at byte 6");
        assert_eq!(error(r#"{"x":1"#), "expected a comma at byte 6");
        assert_eq!(read::<Value>(b"[1] 2"), Err("trailing characters at byte 4".to_owned()));
        assert_eq!(read::<Value>(br#"{"a":1}"#), Ok(json!({"a": 1})));
    }
}
