//! Documents beside the manifest that people write: read as strictly as `skill.yaml` is.

use serde_json::Value;

use crate::ManifestError;
use crate::manifest_text::{Position, Positions, read_yaml};

/// A value in the strict subset of YAML that `skill.yaml` is written in, with the places of its parts.
#[derive(Clone, Debug)]
pub struct YamlDocument {
    value: Value,
    positions: Positions,
}

impl YamlDocument {
    /// Reads a text of at most 256 KiB.
    ///
    /// # Errors
    /// Everything that makes it ambiguous, with its places in the text.
    pub fn read(text: &str) -> Result<Self, ManifestError> {
        let (value, positions, found) = read_yaml(text)?;
        found.finish(Ok(()))?;
        Ok(Self { value, positions })
    }

    /// The value.
    #[must_use]
    pub const fn value(&self) -> &Value {
        &self.value
    }

    /// Where the part with this JSON Pointer stands, or the nearest part around it.
    #[must_use]
    pub fn position(&self, pointer: &str) -> Option<Position> {
        let root = self.positions.root()?;
        self.positions.position(self.positions.nearest(root, pointer))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_document_has_its_value_and_places_and_is_refused_if_it_is_ambiguous() {
        let document = YamlDocument::read("a: 1\nb: [x, y]\n").expect("strict");
        assert_eq!(document.value(), &serde_json::json!({"a": 1, "b": ["x", "y"]}));
        assert_eq!(document.position("/b/1"), Some(Position { line: 2, column: 8 }));
        for text in ["a: 1\na: 2", "a: &x 1", "a: !t 1", "a: 010", "a: 1\n---\nb: 2", "a: ["] {
            assert!(YamlDocument::read(text).is_err(), "{text}");
        }
    }
}
