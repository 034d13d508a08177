//! Telling canonical JSON (RFC 8785) without writing it: nearly all manifests that are read are in that form.

/// Whether a JSON text is in canonical form beyond doubt. It must be well-formed; of a text that is canonical in a way that is
/// rare (escapes by number, keys with escapes or with the last characters of Unicode) the answer may be no.
pub(crate) fn is_plainly_canonical(text: &[u8]) -> bool {
    let mut scan = Scan { text, at: 0, open: Vec::new() };
    while let Some(byte) = text.get(scan.at) {
        let plain = match byte {
            b'{' => scan.step(Some(b"")),
            b'[' => scan.step(None),
            b'}' | b']' => scan.close(),
            b'"' => scan.string(),
            b'-' | b'0'..=b'9' => scan.number(),
            // White space is never canonical; the rest are the letters of `true`, `false` and `null`.
            b',' | b':' | b'a'..=b'z' => scan.skip(),
            _ => false,
        };
        if !plain {
            return false;
        }
    }
    true
}

struct Scan<'t> {
    text: &'t [u8],
    at: usize,
    /// For each open collection: the last key of an object, with its quotes.
    open: Vec<Option<&'t [u8]>>,
}

impl<'t> Scan<'t> {
    fn skip(&mut self) -> bool {
        self.at += 1;
        true
    }

    fn step(&mut self, last_key: Option<&'t [u8]>) -> bool {
        self.open.push(last_key);
        self.skip()
    }

    fn close(&mut self) -> bool {
        self.open.pop();
        self.skip()
    }

    /// A string in its one spelling, and if it is a key, behind the one before it.
    fn string(&mut self) -> bool {
        let start = self.at;
        self.at += 1;
        let mut plain_key = true;
        loop {
            match self.text.get(self.at) {
                Some(b'"') => break,
                Some(b'\\') => {
                    plain_key = false;
                    self.at += 1;
                    // What has an escape of its own is always written with it.
                    if !matches!(self.text.get(self.at), Some(b'"' | b'\\' | b'b' | b'f' | b'n' | b'r' | b't')) {
                        return false;
                    }
                }
                // Up to U+DFFF, the bytes of UTF-8 are in the same order as the units of UTF-16, which counts.
                Some(byte) => plain_key &= *byte < 0xee,
                None => return false,
            }
            self.at += 1;
        }
        self.at += 1;
        if self.text.get(self.at) != Some(&b':') {
            return true;
        }
        // Without the last quote, which would come behind some letters.
        let key = &self.text[start..self.at - 1];
        match self.open.last_mut() {
            Some(Some(last)) if plain_key && *last < key => *last = key,
            _ => return false,
        }
        true
    }

    /// Whole numbers of few digits have one spelling; others are compared with theirs.
    fn number(&mut self) -> bool {
        let rest = &self.text[self.at..];
        let end = rest.iter().position(|byte| matches!(byte, b',' | b']' | b'}')).unwrap_or(rest.len());
        let number = &rest[..end];
        self.at += end;
        let digits = number.strip_prefix(b"-").unwrap_or(number);
        // JSON allows no zero before other digits, and `-0` is not canonical.
        if digits.len() <= 15 && digits.iter().all(u8::is_ascii_digit) {
            return number != b"-0";
        }
        let value = serde_json::from_slice::<f64>(number).ok();
        value.and_then(|value| serde_json_canonicalizer::to_vec(&value).ok()).is_some_and(|written| written == number)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::Value;

    use super::*;

    fn canonical(text: &str) -> Option<Vec<u8>> {
        let value: Value = serde_json::from_str(text).ok()?;
        serde_json_canonicalizer::to_vec(&value).ok()
    }

    #[test]
    fn what_is_canonical_is_told_from_what_is_not() {
        for (text, is) in [
            (r#"{"a":1,"b":[true,null,"x"],"c":{"a":{},"b":[]}}"#, true),
            (r#"{"a":"\"\\\b\f\n\r\t/ü","b":"😀"}"#, true),
            ("[0,-1,999999999999999,9007199254740991,0.5,1e-7,1e+21,100]", true),
            (r#"{"a":{"z":1},"b":2}"#, true),
            (r#"{"a":1,"a b":2,"ab":3}"#, true),
            (r#"{"z":1,"é":2,"世":3}"#, true),
            (r#"{"é":2,"z":1}"#, false),
            (r#"{"b":1,"a":2}"#, false),
            (r#"{"ab":1,"a":2}"#, false),
            (r#"{"a":{"b":1,"a":2}}"#, false),
            (r#"{"a": 1}"#, false),
            ("[1,\n2]", false),
            (r#"["\/"]"#, false),
            (r#"["\u0041"]"#, false),
            ("[-0]", false),
            ("[1.0]", false),
            ("[1e2]", false),
            ("[1E400]", false),
            ("[0.50]", false),
            ("[9007199254740993]", false),
            ("[1] ", false),
        ] {
            assert_eq!(is_plainly_canonical(text.as_bytes()), is, "{text}");
            assert_eq!(canonical(text).is_some_and(|written| written == text.as_bytes()), is, "{text}");
        }
    }

    fn value() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            any::<i64>().prop_map(Value::from),
            any::<f64>().prop_map(Value::from),
            "[a-c\"\\\\\u{0}-\u{20}é😀\u{e000}]{0,4}".prop_map(Value::from),
        ];
        leaf.prop_recursive(3, 20, 4, |inner| {
            let key = "[a-cA\"\\\\\u{1}é😀\u{e000}]{0,3}";
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
                prop::collection::vec((key, inner), 0..4).prop_map(|all| Value::Object(all.into_iter().collect())),
            ]
        })
    }

    proptest! {
        #[test]
        fn what_is_called_canonical_is(value in value(), cut in 0..40usize, byte in "[ ,a0\"\\\\.e-]") {
            let plain = serde_json::to_string(&value).expect("JSON");
            let canonical_form = serde_json_canonicalizer::to_string(&value).expect("JSON");
            let mut changed = canonical_form.clone();
            if changed.is_char_boundary(cut.min(changed.len())) {
                changed.insert_str(cut.min(changed.len()), &byte);
            }
            for text in [&plain, &canonical_form, &changed] {
                if let Some(written) = canonical(text) && is_plainly_canonical(text.as_bytes()) {
                    prop_assert_eq!(String::from_utf8_lossy(&written), text.as_str());
                }
            }
        }
    }
}
