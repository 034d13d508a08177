//! A writer of JSON, without spaces.
//!
//! What it writes differs from `serde_json` only in numbers: floats look as ECMAScript writes them, and one that is not
//! finite is an error.

use std::fmt::Display;

use serde::Serialize;
use serde::ser::{self, Serializer};

use super::{Failure, exact_integer};

/// The JSON of `value`; the error is a message.
pub(crate) fn write<T: Serialize + ?Sized>(value: &T) -> Result<Vec<u8>, String> {
    let mut writer = Writer { out: Vec::new() };
    match value.serialize(&mut writer) {
        Ok(()) => Ok(writer.out),
        Err(Failure(message)) => Err(message),
    }
}

struct Writer {
    out: Vec<u8>,
}

impl Writer {
    fn text(&mut self, text: &str) {
        self.out.extend_from_slice(text.as_bytes());
    }

    fn int(&mut self, value: impl Display) -> Result<(), Failure> {
        self.text(&value.to_string());
        Ok(())
    }

    fn float(&mut self, value: impl ryu_js::Float, is_finite: bool) -> Result<(), Failure> {
        if !is_finite {
            return Err(Failure::new("a number is not finite"));
        }
        self.text(ryu_js::Buffer::new().format_finite(value));
        Ok(())
    }

    fn string(&mut self, text: &str) {
        self.out.push(b'"');
        let special = |byte: &u8| *byte < b' ' || *byte == b'"' || *byte == b'\\';
        for part in text.as_bytes().split_inclusive(special) {
            match part.split_last() {
                Some((last, plain)) if special(last) => {
                    self.out.extend_from_slice(plain);
                    self.escape(*last);
                }
                _ => self.out.extend_from_slice(part),
            }
        }
        self.out.push(b'"');
    }

    /// The shortest escape of a byte that can't stand in a string; RFC 8785 demands the same.
    fn escape(&mut self, byte: u8) {
        let letter = match byte {
            b'"' | b'\\' => byte,
            0x08 => b'b',
            b'\t' => b't',
            b'\n' => b'n',
            0x0c => b'f',
            b'\r' => b'r',
            _ => {
                let digit = |value: u8| b"0123456789abcdef"[usize::from(value)];
                return self.out.extend([b'\\', b'u', b'0', b'0', digit(byte >> 4), digit(byte & 15)]);
            }
        };
        self.out.extend([b'\\', letter]);
    }

    /// A key is written as a value; numbers and booleans are then quoted, as `serde_json` does.
    fn key<T: Serialize + ?Sized>(&mut self, key: &T) -> Result<(), Failure> {
        let start = self.out.len();
        key.serialize(&mut *self)?;
        match self.out.get(start) {
            Some(b'"') => Ok(()),
            Some(b'-' | b'0'..=b'9' | b't' | b'f') => {
                self.out.insert(start, b'"');
                self.out.push(b'"');
                Ok(())
            }
            _ => Err(Failure::new("a key is not a string")),
        }
    }

    fn open(&mut self, open: &str, close: &'static str) -> Parts<'_> {
        self.text(open);
        Parts { writer: self, first: true, close }
    }

    /// Opens `{"variant":` and what follows it; `close` closes both.
    fn open_variant(&mut self, variant: &str, open: &str, close: &'static str) -> Parts<'_> {
        self.tag(variant);
        self.open(open, close)
    }

    fn tag(&mut self, variant: &str) {
        self.out.push(b'{');
        self.string(variant);
        self.out.push(b':');
    }
}

impl<'a> Serializer for &'a mut Writer {
    type Ok = ();
    type Error = Failure;
    type SerializeSeq = Parts<'a>;
    type SerializeTuple = Parts<'a>;
    type SerializeTupleStruct = Parts<'a>;
    type SerializeTupleVariant = Parts<'a>;
    type SerializeMap = Parts<'a>;
    type SerializeStruct = Parts<'a>;
    type SerializeStructVariant = Parts<'a>;

    fn serialize_bool(self, value: bool) -> Result<(), Failure> {
        self.text(if value { "true" } else { "false" });
        Ok(())
    }

    fn serialize_i8(self, value: i8) -> Result<(), Failure> {
        self.int(value)
    }

    fn serialize_i16(self, value: i16) -> Result<(), Failure> {
        self.int(value)
    }

    fn serialize_i32(self, value: i32) -> Result<(), Failure> {
        self.int(value)
    }

    fn serialize_i64(self, value: i64) -> Result<(), Failure> {
        self.int(value)
    }

    fn serialize_i128(self, value: i128) -> Result<(), Failure> {
        self.int(value)
    }

    fn serialize_u8(self, value: u8) -> Result<(), Failure> {
        self.int(value)
    }

    fn serialize_u16(self, value: u16) -> Result<(), Failure> {
        self.int(value)
    }

    fn serialize_u32(self, value: u32) -> Result<(), Failure> {
        self.int(value)
    }

    fn serialize_u64(self, value: u64) -> Result<(), Failure> {
        self.int(value)
    }

    fn serialize_u128(self, value: u128) -> Result<(), Failure> {
        self.int(value)
    }

    fn serialize_f32(self, value: f32) -> Result<(), Failure> {
        self.float(value, value.is_finite())
    }

    fn serialize_f64(self, value: f64) -> Result<(), Failure> {
        // The same digits either way, for a tenth of the fuel.
        if let Some(value) = exact_integer(value) {
            return self.int(value);
        }
        self.float(value, value.is_finite())
    }

    fn serialize_char(self, value: char) -> Result<(), Failure> {
        self.serialize_str(value.encode_utf8(&mut [0; 4]))
    }

    fn serialize_str(self, value: &str) -> Result<(), Failure> {
        self.string(value);
        Ok(())
    }

    fn serialize_bytes(self, value: &[u8]) -> Result<(), Failure> {
        self.collect_seq(value)
    }

    fn serialize_none(self) -> Result<(), Failure> {
        self.serialize_unit()
    }

    fn serialize_some<T: Serialize + ?Sized>(self, value: &T) -> Result<(), Failure> {
        value.serialize(self)
    }

    fn serialize_unit(self) -> Result<(), Failure> {
        self.text("null");
        Ok(())
    }

    fn serialize_unit_struct(self, _: &'static str) -> Result<(), Failure> {
        self.serialize_unit()
    }

    fn serialize_unit_variant(self, _: &'static str, _: u32, variant: &'static str) -> Result<(), Failure> {
        self.serialize_str(variant)
    }

    fn serialize_newtype_struct<T: Serialize + ?Sized>(self, _: &'static str, value: &T) -> Result<(), Failure> {
        value.serialize(self)
    }

    fn serialize_newtype_variant<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
        value: &T,
    ) -> Result<(), Failure> {
        self.tag(variant);
        value.serialize(&mut *self)?;
        self.out.push(b'}');
        Ok(())
    }

    fn serialize_seq(self, _: Option<usize>) -> Result<Parts<'a>, Failure> {
        Ok(self.open("[", "]"))
    }

    fn serialize_tuple(self, _: usize) -> Result<Parts<'a>, Failure> {
        Ok(self.open("[", "]"))
    }

    fn serialize_tuple_struct(self, _: &'static str, _: usize) -> Result<Parts<'a>, Failure> {
        Ok(self.open("[", "]"))
    }

    fn serialize_tuple_variant(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
        _: usize,
    ) -> Result<Parts<'a>, Failure> {
        Ok(self.open_variant(variant, "[", "]}"))
    }

    fn serialize_map(self, _: Option<usize>) -> Result<Parts<'a>, Failure> {
        Ok(self.open("{", "}"))
    }

    fn serialize_struct(self, _: &'static str, _: usize) -> Result<Parts<'a>, Failure> {
        Ok(self.open("{", "}"))
    }

    fn serialize_struct_variant(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
        _: usize,
    ) -> Result<Parts<'a>, Failure> {
        Ok(self.open_variant(variant, "{", "}}"))
    }
}

/// An array or an object that has begun.
struct Parts<'a> {
    writer: &'a mut Writer,
    first: bool,
    close: &'static str,
}

impl Parts<'_> {
    fn comma(&mut self) {
        if !std::mem::take(&mut self.first) {
            self.writer.out.push(b',');
        }
    }

    fn element<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Failure> {
        self.comma();
        value.serialize(&mut *self.writer)
    }

    fn field<T: Serialize + ?Sized>(&mut self, key: &str, value: &T) -> Result<(), Failure> {
        self.comma();
        self.writer.string(key);
        self.member(value)
    }

    fn member<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Failure> {
        self.writer.out.push(b':');
        value.serialize(&mut *self.writer)
    }

    fn close(self) -> Result<(), Failure> {
        self.writer.text(self.close);
        Ok(())
    }
}

/// The traits of array-like and struct-like values are the same but for the names of their methods.
macro_rules! parts {
    ($($name:ident: $method:ident => $with:ident($($key:ident)?);)+) => { $(
        impl ser::$name for Parts<'_> {
            type Ok = ();
            type Error = Failure;

            fn $method<T: Serialize + ?Sized>(&mut self, $($key: &'static str,)? value: &T) -> Result<(), Failure> {
                self.$with($($key,)? value)
            }

            fn end(self) -> Result<(), Failure> {
                self.close()
            }
        }
    )+ };
}

parts! {
    SerializeSeq: serialize_element => element();
    SerializeTuple: serialize_element => element();
    SerializeTupleStruct: serialize_field => element();
    SerializeTupleVariant: serialize_field => element();
    SerializeStruct: serialize_field => field(key);
    SerializeStructVariant: serialize_field => field(key);
}

impl ser::SerializeMap for Parts<'_> {
    type Ok = ();
    type Error = Failure;

    fn serialize_key<T: Serialize + ?Sized>(&mut self, key: &T) -> Result<(), Failure> {
        self.comma();
        self.writer.key(key)
    }

    fn serialize_value<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Failure> {
        self.member(value)
    }

    fn end(self) -> Result<(), Failure> {
        self.close()
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    fn written(value: impl Serialize) -> String {
        String::from_utf8(write(&value).expect("JSON")).expect("JSON is UTF-8")
    }

    #[derive(Serialize)]
    enum Shape {
        Unit,
        Newtype(u8),
        Tuple(u8, bool),
        Struct { a: Option<u8>, b: () },
    }

    #[derive(Serialize)]
    struct Wrapper(i8);

    #[derive(Serialize)]
    struct Pair(char, &'static str);

    #[test]
    fn every_form_of_value_is_written_as_serde_json_does() {
        fn same(value: impl Serialize) {
            assert_eq!(written(&value), serde_json::to_string(&value).expect("JSON"));
        }
        same((Shape::Unit, Shape::Newtype(1), Shape::Tuple(2, true), Shape::Struct { a: None, b: () }));
        same((Wrapper(-1), Pair('é', "x"), Some(0.5_f32), [(); 0], Vec::<u8>::new(), [1_u64, u64::MAX]));
        same((i64::MIN, u128::MAX, i128::MIN, 1_i16, 2_i32, 3_u16, 4_u32, false));
        same(serde_json::json!({"a": [1, -2, null, true, {"b": {}, "c": []}], "": "x"}));
        same((BTreeMap::from([(1, 'a'), (-2, 'b')]), BTreeMap::from([(true, 1)]), BTreeMap::from([('k', 1)])));
        same(BTreeMap::<String, u8>::new());
    }

    #[test]
    fn strings_are_escaped_where_json_demands_it_and_nowhere_else() {
        let all: String = (0..=0x2ff_u32).filter_map(char::from_u32).chain("世界😀\u{2028}".chars()).collect();
        assert_eq!(written(&all), serde_json::to_string(&all).expect("JSON"));
        assert_eq!(written("/\u{7f}\u{8}\u{1f}\"\\"), "\"/\u{7f}\\b\\u001f\\\"\\\\\"");
    }

    #[test]
    fn floats_are_written_as_ecmascript_does() {
        for (value, text) in [
            (5.0, "5"),
            (-5.0, "-5"),
            (0.0, "0"),
            (-0.0, "0"),
            (0.1 + 0.2, "0.30000000000000004"),
            (2.5, "2.5"),
            (-12.25, "-12.25"),
            (100.0, "100"),
            (120.5, "120.5"),
            (1e20, "100000000000000000000"),
            (123_456_789_012_345_680_000.0, "123456789012345680000"),
            (1e21, "1e+21"),
            (1.5e300, "1.5e+300"),
            (-1e21, "-1e+21"),
            (0.001, "0.001"),
            (0.000_001, "0.000001"),
            (0.000_001_5, "0.0000015"),
            (0.000_000_1, "1e-7"),
            (1.234e-10, "1.234e-10"),
            (9_007_199_254_740_992.0, "9007199254740992"),
            (f64::MIN_POSITIVE, "2.2250738585072014e-308"),
            (5e-324, "5e-324"),
            (f64::MAX, "1.7976931348623157e+308"),
        ] {
            assert_eq!(written(value), text);
        }
    }

    /// The sample of RFC 8785, appendix B.
    #[test]
    fn floats_are_written_as_rfc_8785_shows() {
        for (bits, text) in [
            (0x0000_0000_0000_0000, "0"),
            (0x8000_0000_0000_0000, "0"),
            (0x0000_0000_0000_0001, "5e-324"),
            (0x8000_0000_0000_0001, "-5e-324"),
            (0x7fef_ffff_ffff_ffff, "1.7976931348623157e+308"),
            (0xffef_ffff_ffff_ffff, "-1.7976931348623157e+308"),
            (0x4340_0000_0000_0000, "9007199254740992"),
            (0xc340_0000_0000_0000, "-9007199254740992"),
            (0x4430_0000_0000_0000, "295147905179352830000"),
            (0x44b5_2d02_c7e1_4af5, "9.999999999999997e+22"),
            (0x44b5_2d02_c7e1_4af6, "1e+23"),
            (0x44b5_2d02_c7e1_4af7, "1.0000000000000001e+23"),
            (0x444b_1ae4_d6e2_ef4e, "999999999999999700000"),
            (0x444b_1ae4_d6e2_ef4f, "999999999999999900000"),
            (0x444b_1ae4_d6e2_ef50, "1e+21"),
            (0x3eb0_c6f7_a0b5_ed8c, "9.999999999999997e-7"),
            (0x3eb0_c6f7_a0b5_ed8d, "0.000001"),
            (0x41b3_de43_5555_5553, "333333333.3333332"),
            (0x41b3_de43_5555_5554, "333333333.33333325"),
            (0x41b3_de43_5555_5555, "333333333.3333333"),
            (0x41b3_de43_5555_5556, "333333333.3333334"),
            (0x41b3_de43_5555_5557, "333333333.33333343"),
            (0xbecb_f647_612f_3696, "-0.0000033333333333333333"),
            (0x4314_3ff3_c1cb_0959, "1424953923781206.2"),
        ] {
            assert_eq!(written(f64::from_bits(bits)), text, "{bits:x}");
        }
    }

    #[test]
    fn what_is_written_reads_back_as_the_same_number() {
        for bits in crate::json::tests::random().take(100_000) {
            let value = f64::from_bits(bits);
            if value.is_finite() {
                let text = written(value);
                assert_eq!(text.parse::<f64>().expect("a number").to_bits(), bits, "{text}");
            }
        }
    }

    #[test]
    fn short_floats_have_the_digits_of_short_floats() {
        assert_eq!(written([0.1_f32, 16_777_216.0, 1e21]), "[0.1,16777216,1e+21]");
    }

    #[test]
    fn a_number_that_is_not_finite_is_an_error_wherever_it_is() {
        assert!(write(&f32::NAN).is_err());
        assert!(write(&[Some(f64::INFINITY)]).is_err());
        assert!(write(&BTreeMap::from([("a", f64::NEG_INFINITY)])).is_err());
    }

    #[test]
    fn a_key_that_json_has_no_form_for_is_an_error() {
        assert_eq!(write(&BTreeMap::from([([1, 2], 3)])), Err("a key is not a string".to_owned()));
        assert_eq!(write(&BTreeMap::from([(None::<u8>, 3)])), Err("a key is not a string".to_owned()));
    }
}
