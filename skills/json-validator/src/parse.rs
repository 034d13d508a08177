//! From a text to its value, without recursion.
//!
//! The grammar allows what has no value that all readers agree about (RFC 7493): a key twice in one object, a lone
//! surrogate, a number beyond what a double holds. These are mistakes here.

use crate::mistake::Mistake;
use crate::scan::{Container, Event, Scanner};
use crate::value::{Number, Object, Value};

/// A container whose end was not read yet.
#[derive(Default)]
struct Open {
    items: Vec<Value>,
    keys: Vec<String>,
    /// Where the keys begin.
    places: Vec<usize>,
}

pub(crate) fn parse(text: &str) -> Result<Value, Mistake> {
    let mut scanner = Scanner::new(text);
    // The outermost one holds the value of the text.
    let mut open = vec![Open::default()];
    while let Some(event) = scanner.event()? {
        let at = scanner.start();
        let value = match event {
            Event::Begin(_) => {
                open.push(Open::default());
                continue;
            }
            Event::Key(key) => {
                if let Some(innermost) = open.last_mut() {
                    innermost.keys.push(string(key, at)?);
                    innermost.places.push(at);
                }
                continue;
            }
            Event::End(container) => open.pop().unwrap_or_default().close(container)?,
            Event::Scalar(scalar) => self::scalar(scalar, at)?,
        };
        if let Some(innermost) = open.last_mut() {
            innermost.items.push(value);
        }
    }
    let value = open.pop().and_then(|mut outermost| outermost.items.pop());
    Ok(value.unwrap_or(Value::Null))
}

impl Open {
    fn close(self, container: Container) -> Result<Value, Mistake> {
        let Self { items, keys, places } = self;
        match container {
            Container::Array => Ok(Value::Array(items)),
            Container::Object => {
                Object::new(keys.into_iter().zip(items).collect()).map(Value::Object).map_err(|twice| {
                    let at = places.get(twice).copied().unwrap_or_default();
                    Mistake { message: "a key that is there already", at }
                })
            }
        }
    }
}

fn scalar(scalar: &str, at: usize) -> Result<Value, Mistake> {
    match scalar {
        "null" => Ok(Value::Null),
        "true" => Ok(Value::Bool(true)),
        "false" => Ok(Value::Bool(false)),
        _ if scalar.starts_with('"') => string(scalar, at).map(Value::Text),
        _ => number(scalar).map(Value::Number).ok_or(Mistake { message: "a number that no double holds", at }),
    }
}

/// The value of a number of valid form, if there is one.
fn number(text: &str) -> Option<Number> {
    let whole = text.parse().map(Number::Whole).or_else(|_| text.parse().map(Number::from_whole));
    whole.ok().or_else(|| text.parse().ok().filter(|value: &f64| value.is_finite()).map(Number::from_float))
}

/// The text of a string of valid form, its quotes with it.
fn string(quoted: &str, at: usize) -> Result<String, Mistake> {
    let mut rest = quoted.strip_prefix('"').and_then(|text| text.strip_suffix('"')).unwrap_or_default();
    let mut text = String::with_capacity(rest.len());
    while let Some((plain, escaped)) = rest.split_once('\\') {
        text.push_str(plain);
        let mut chars = escaped.chars();
        let (character, after) = match chars.next() {
            Some('u') => code_point(chars.as_str()).ok_or(Mistake { message: "a lone surrogate in a string", at })?,
            Some('b') => ('\u{8}', chars.as_str()),
            Some('f') => ('\u{c}', chars.as_str()),
            Some('n') => ('\n', chars.as_str()),
            Some('r') => ('\r', chars.as_str()),
            Some('t') => ('\t', chars.as_str()),
            other => (other.unwrap_or_default(), chars.as_str()),
        };
        text.push(character);
        rest = after;
    }
    text.push_str(rest);
    Ok(text)
}

/// The character that the digits after `\u` spell, alone or with a second `\u`, and what follows.
fn code_point(digits: &str) -> Option<(char, &str)> {
    let (first, rest) = code_unit(digits)?;
    if !(0xd800..0xdc00).contains(&first) {
        return char::from_u32(first).map(|character| (character, rest));
    }
    let (second, rest) = code_unit(rest.strip_prefix("\\u")?)?;
    let low = second.checked_sub(0xdc00).filter(|low| *low < 0x400)?;
    char::from_u32(0x10000 + ((first - 0xd800) << 10) + low).map(|character| (character, rest))
}

fn code_unit(digits: &str) -> Option<(u32, &str)> {
    let (unit, rest) = digits.split_at_checked(4)?;
    u32::from_str_radix(unit, 16).ok().map(|unit| (unit, rest))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mistake(text: &str) -> (&'static str, usize) {
        let Mistake { message, at } = parse(text).expect_err("a mistake");
        (message, at)
    }

    fn texts(items: &[&str]) -> Value {
        Value::Array(items.iter().map(|item| Value::Text((*item).to_owned())).collect())
    }

    #[test]
    fn escapes_are_the_characters_they_stand_for() {
        let text = r#"["\"\\\/\b\f\n\r\t","\u0041\u00e9\u4e16","\ud83d\ude42é","\u0000"]"#;
        assert_eq!(parse(text), Ok(texts(&["\"\\/\u{8}\u{c}\n\r\t", "Aé世", "🙂é", "\0"])));
    }

    #[test]
    fn a_surrogate_without_its_partner_is_a_mistake_at_its_string() {
        for text in [r#"["\ud800"]"#, r#"["\udc00"]"#, r#"["\ud800\u0041"]"#, r#"["\ud800x"]"#, r#"["\ude42\ud83d"]"#] {
            assert_eq!(mistake(text), ("a lone surrogate in a string", 1), "{text}");
        }
    }

    #[test]
    fn a_key_twice_in_one_object_is_a_mistake_at_the_second() {
        assert_eq!(mistake(r#"{"a":1,"b":{"a":2},"a":3,"b":4}"#), ("a key that is there already", 19));
        assert_eq!(mistake(r#"{"a":1,"\u0061":2}"#), ("a key that is there already", 7));
        assert!(parse(r#"[{"a":1},{"a":1}]"#).is_ok());
    }

    #[test]
    fn numbers_keep_their_value_or_are_a_mistake() {
        for (text, number) in [
            ("0", Number::Whole(0)),
            ("-0", Number::Whole(0)),
            ("1.0", Number::Whole(1)),
            ("-10e-1", Number::Negative(-1)),
            ("18446744073709551615", Number::Whole(u64::MAX)),
            ("-9223372036854775808", Number::Negative(i64::MIN)),
            ("0.1", Number::Float(0.1)),
            ("1e300", Number::Float(1e300)),
        ] {
            assert_eq!(parse(text), Ok(Value::Number(number)), "{text}");
        }
        assert_eq!(mistake(" 1e400"), ("a number that no double holds", 1));
    }
}
