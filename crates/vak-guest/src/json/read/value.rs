//! Values of the types that serde asks for.

use serde::de::{Deserializer, Visitor};
use serde::forward_to_deserialize_any;

use super::Read;
use super::reader::Reader;
use super::variant::Variant;
use crate::json::Failure;

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
        deserialize_f32: b'-' | b'0'..=b'9' => |reader, visitor| visitor.visit_f32(reader.number()?.short_float()?);
        deserialize_f64: b'-' | b'0'..=b'9' => |reader, visitor| visitor.visit_f64(reader.number()?.float()?);
        deserialize_i128: b'-' | b'0'..=b'9' => |reader, visitor| visitor.visit_i128(reader.number()?.parse()?);
        deserialize_u128: b'-' | b'0'..=b'9' => |reader, visitor| visitor.visit_u128(reader.number()?.parse()?);
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

    fn deserialize_ignored_any<V: Visitor<'de>>(self, visitor: V) -> Read<V::Value> {
        self.pass_over()?;
        visitor.visit_unit()
    }

    forward_to_deserialize_any! { bytes byte_buf }
}
