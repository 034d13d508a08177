//! What was read once need not be read again.

use serde_json::Value;

use crate::{ManifestDocument, ManifestError, parse_json};

/// Remembers what each `skill.yaml` was read as.
///
/// Whoever implements it vouches that an answer was noted for the very same text. Of the text's own rules (keys that occur
/// twice, anchors, numbers that readers disagree about) an answer is not asked again, nor whether it is in canonical form;
/// it is read by all the others.
pub trait TextMemory {
    /// What was noted of the text, if anything was.
    fn recall(&self, text: &str) -> Option<Vec<u8>>;

    /// Takes note of what the text was read as. What can't be kept is read again.
    fn note(&self, text: &str, note: &[u8]);
}

/// What stands between the two parts of a note: neither holds one.
const BETWEEN: u8 = b'\n';

impl ManifestDocument {
    /// Reads `skill.yaml` as [`ManifestDocument::from_yaml`] does, or takes what `memory` knows of it: then no part of it has
    /// a place in the text.
    ///
    /// # Errors
    /// Everything that is wrong, with its places in the text.
    pub fn recall_yaml(text: &str, memory: &dyn TextMemory) -> Result<Self, ManifestError> {
        if let Some(known) = memory.recall(text).and_then(Self::from_note) {
            return Ok(known);
        }
        let document = Self::from_yaml(text)?;
        if let Some(note) = document.to_note() {
            memory.note(text, &note);
        }
        Ok(document)
    }

    /// The canonical bytes, and the signature that they are without.
    fn to_note(&self) -> Option<Vec<u8>> {
        let signature = serde_json::to_vec(&self.manifest().signature).ok()?;
        Some([self.canonical(), &[BETWEEN], &signature].concat())
    }

    fn from_note(mut note: Vec<u8>) -> Option<Self> {
        let end = note.iter().position(|byte| *byte == BETWEEN)?;
        let mut value = parse_json(&note[..end]).ok()?;
        let signature = parse_json(&note[end..]).ok()?;
        if signature != Value::Null {
            value.as_object_mut()?.insert("signature".to_owned(), signature);
        }
        note.truncate(end);
        Self::known(&value, note).ok()
    }
}

#[cfg(test)]
mod tests {
    use std::cell::RefCell;
    use std::collections::HashMap;

    use super::*;

    const TEXT: &str = "{ name: x, version: 1.0.0, description: x, module: x.wasm, limits: { max_fuel: 1000 },
        exports: [{ name: execute, input_schema: { maximum: 0.30000000000000004, minimum: -1.5, multipleOf: 1e-7 } }] }";

    const SIGNATURE: &str =
        ", signature: { format: wasm-signatures/v1, manifest_sha256: a, module_sha256: b, value: YQ== } }";

    #[derive(Default)]
    struct Notes(RefCell<HashMap<String, Vec<u8>>>);

    impl TextMemory for Notes {
        fn recall(&self, text: &str) -> Option<Vec<u8>> {
            self.0.borrow().get(text).cloned()
        }

        fn note(&self, text: &str, value: &[u8]) {
            self.0.borrow_mut().insert(text.to_owned(), value.to_owned());
        }
    }

    #[test]
    fn what_was_read_once_is_recalled_as_the_same() {
        let signed = format!("{}{SIGNATURE}", TEXT.strip_suffix(" }").expect("a mapping"));
        for text in [TEXT, &signed] {
            let notes = Notes::default();
            let first = ManifestDocument::recall_yaml(text, &notes).expect("read");
            let again = ManifestDocument::recall_yaml(text, &notes).expect("recalled");
            assert_eq!((again.canonical(), again.manifest()), (first.canonical(), first.manifest()));
            assert_eq!(again.manifest().signature.is_some(), text == signed);
            assert!(first.position("/name").is_some());
            assert!(again.position("/name").is_none(), "the text was read again");
        }
    }

    #[test]
    fn what_is_refused_is_refused_each_time_and_not_noted() {
        let notes = Notes::default();
        for wrong in ["name: X", "name: x, name: x", "name: &a x", "name: !t x", "limits: { max_fuel: 010 }", "name: ["]
        {
            let text = TEXT.replace("name: x,", &format!("{wrong},"));
            for _ in 0..2 {
                assert!(ManifestDocument::recall_yaml(&text, &notes).is_err(), "{wrong}");
            }
        }
        assert!(notes.0.borrow().is_empty());
    }

    #[test]
    fn an_answer_that_is_no_manifest_is_no_answer() {
        let good = ManifestDocument::from_yaml(TEXT).expect("read");
        for answer in [&b""[..], b"{}", b"{}\n", b"\nnull", b"{\"name\":\"x\"}\nnull", b"\xff\nnull"] {
            let notes = Notes::default();
            notes.note(TEXT, answer);
            let read = ManifestDocument::recall_yaml(TEXT, &notes).expect("read anew");
            assert_eq!(read.canonical(), good.canonical());
            assert_ne!(notes.recall(TEXT).expect("noted anew"), answer);
        }
    }
}
