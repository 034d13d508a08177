//! A manifest and the bytes that stand for it.

use serde_json::Value;
use vak_model::{Digest, Manifest};

use crate::canonical::is_plainly_canonical;
use crate::json::parse_json;
use crate::manifest_text::{MAX_TEXT_BYTES, Position, Positions, read_yaml};
use crate::mistakes::{Found, ManifestError, Mistake};
use crate::reader::Reader;
use crate::{golden, manifest, numbers};

/// A manifest with its canonical bytes: RFC 8785 JSON of the document's own value tree, without `signature`.
///
/// What is signed, embedded and compared are these bytes. Nothing is filled in, so two tools that know different
/// defaults agree about them.
#[derive(Clone, Debug)]
pub struct ManifestDocument {
    manifest: Manifest,
    canonical: Vec<u8>,
    positions: Positions,
}

impl ManifestDocument {
    /// Reads `skill.yaml`.
    ///
    /// # Errors
    /// Everything that is wrong, with its places in the text; not with schemas, which are looked at when a call needs them.
    pub fn from_yaml(text: &str) -> Result<Self, ManifestError> {
        Self::of_yaml(text, |_, _| ())
    }

    /// Reads `skill.yaml` as tools for its author do: each schema must be usable, and each golden case be what its
    /// schemas allow.
    ///
    /// # Errors
    /// Everything that is wrong, with its places in the text.
    pub fn check_yaml(text: &str) -> Result<Self, ManifestError> {
        Self::of_yaml(text, golden::check)
    }

    fn of_yaml(text: &str, check: impl for<'v> FnOnce(&mut Reader<'v>, &'v Value)) -> Result<Self, ManifestError> {
        let (value, positions, found) = read_yaml(text)?;
        Self::from_value(value, positions, found, check)
    }

    /// Reads the contents of a `vak.manifest` section.
    ///
    /// # Errors
    /// What is wrong; bytes that are not their own canonical form are.
    pub fn from_canonical(bytes: &[u8]) -> Result<Self, ManifestError> {
        if bytes.len() > MAX_TEXT_BYTES {
            return Err(syntax(&format!("the manifest has more than {MAX_TEXT_BYTES} bytes")));
        }
        let value = parse_json(bytes).map_err(|error| syntax(&error.to_string()))?;
        if value.get("signature").is_some() {
            return Err(syntax("an embedded manifest has no `signature`"));
        }
        if is_plainly_canonical(bytes) {
            return Self::known(&value, bytes.to_vec());
        }
        let document = Self::from_value(value, Positions::default(), Found::default(), |_, _| ())?;
        if document.canonical != bytes {
            return Err(syntax("the embedded manifest is not in canonical form (RFC 8785)"));
        }
        Ok(document)
    }

    fn from_value(
        mut value: Value,
        positions: Positions,
        found: Found,
        check: impl for<'v> FnOnce(&mut Reader<'v>, &'v Value),
    ) -> Result<Self, ManifestError> {
        let manifest = meaning(&value, &positions, found, check)?;
        if let Some(map) = value.as_object_mut() {
            map.remove("signature");
        }
        let canonical = serde_json_canonicalizer::to_vec(&value).map_err(|error| syntax(&error.to_string()))?;
        Ok(Self { manifest, canonical, positions })
    }

    /// Asks of a manifest what [`ManifestDocument::check_yaml`] asks beyond reading it.
    ///
    /// # Errors
    /// Everything that is wrong.
    pub fn check(&self) -> Result<(), ManifestError> {
        let value = parse_json(&self.canonical).map_err(|error| syntax(&error.to_string()))?;
        meaning(&value, &Positions::default(), Found::default(), golden::check).map(drop)
    }

    /// The manifest that `value` is, whose canonical bytes are known.
    pub(crate) fn known(value: &Value, canonical: Vec<u8>) -> Result<Self, ManifestError> {
        let positions = Positions::default();
        let manifest = meaning(value, &positions, Found::default(), |_, _| ())?;
        Ok(Self { manifest, canonical, positions })
    }

    /// What is read from `contents`, if that is known without a look: it is the canonical form of this very manifest.
    pub(crate) fn as_embedded(&self, contents: &[u8]) -> Option<Self> {
        let Self { manifest, canonical, .. } = self;
        let same = manifest.signature.is_none() && contents.len() <= MAX_TEXT_BYTES && canonical == contents;
        same.then(|| Self { manifest: manifest.clone(), canonical: canonical.clone(), positions: Positions::default() })
    }

    /// The manifest's meaning.
    #[must_use]
    pub const fn manifest(&self) -> &Manifest {
        &self.manifest
    }

    /// The canonical bytes.
    #[must_use]
    pub fn canonical(&self) -> &[u8] {
        &self.canonical
    }

    /// SHA-256 of the canonical bytes.
    #[must_use]
    pub fn digest(&self) -> Digest {
        crate::sha256(&self.canonical)
    }

    /// Where the part with this JSON Pointer stands in `skill.yaml`, or the nearest part around it.
    #[must_use]
    pub fn position(&self, pointer: &str) -> Option<Position> {
        let root = self.positions.root()?;
        self.positions.position(self.positions.nearest(root, pointer))
    }
}

fn meaning(
    value: &Value,
    positions: &Positions,
    found: Found,
    check: impl for<'v> FnOnce(&mut Reader<'v>, &'v Value),
) -> Result<Manifest, ManifestError> {
    let mut reader = Reader::new(positions, found);
    numbers::check(&mut reader, value);
    let manifest = manifest::manifest(&mut reader, value);
    check(&mut reader, value);
    reader.finish(manifest)
}

fn syntax(wrong: &str) -> ManifestError {
    Mistake::syntax(wrong).into()
}

#[cfg(test)]
mod tests {
    use vak_model::Code;

    use super::*;

    const SQUARE: &str = "\
name: square
version: \"1.0.0\"
description: Squares a number
module: square.wasm
limits: { max_fuel: 1000 }
exports:
  - name: execute
    input_schema: { type: object }
signature: null
";

    #[test]
    fn the_canonical_bytes_are_sorted_json_without_the_signature() {
        let document = ManifestDocument::from_yaml(SQUARE).expect("valid");
        assert_eq!(
            String::from_utf8_lossy(document.canonical()),
            "{\"description\":\"Squares a number\",\"exports\":[{\"input_schema\":{\"type\":\"object\"},\"name\":\"execute\"}],\
             \"limits\":{\"max_fuel\":1000},\"module\":\"square.wasm\",\"name\":\"square\",\"version\":\"1.0.0\"}"
        );
    }

    #[test]
    fn layout_and_comments_do_not_change_the_canonical_bytes() {
        let one = ManifestDocument::from_yaml(SQUARE).expect("valid");
        let other = SQUARE
            .replace("name: square\n", "# a comment\r\n\"name\":   'square'\r\n")
            .replace("{ max_fuel: 1000 }", "\n  max_fuel: 1000");
        assert_eq!(one.canonical(), ManifestDocument::from_yaml(&other).expect("valid").canonical());
    }

    #[test]
    fn embedded_bytes_must_be_canonical() {
        let document = ManifestDocument::from_yaml(SQUARE).expect("valid");
        let again = ManifestDocument::from_canonical(document.canonical()).expect("canonical");
        assert_eq!(again.manifest(), document.manifest());
        let text = String::from_utf8(document.canonical().to_vec()).expect("utf-8");
        for other in [
            format!(" {text}"),
            format!("{text}\n"),
            text.replace(":1000", ":1e3"),
            text.replace("\"name\":\"square\",", ""),
        ] {
            assert!(ManifestDocument::from_canonical(other.as_bytes()).is_err(), "{other}");
        }
        let signed = text.replace("\"version\"", "\"signature\":null,\"version\"");
        assert!(ManifestDocument::from_canonical(signed.as_bytes()).is_err());
    }

    #[test]
    fn numbers_keep_their_last_bit() {
        let text = SQUARE.replace("type: object", "maximum: 0.30000000000000004, minimum: 2.2250738585072014e-308");
        let document = ManifestDocument::from_yaml(&text).expect("valid");
        let canonical = String::from_utf8_lossy(document.canonical()).into_owned();
        assert!(
            canonical.contains(r#"{"maximum":0.30000000000000004,"minimum":2.2250738585072014e-308}"#),
            "{canonical}"
        );
        assert!(ManifestDocument::from_canonical(document.canonical()).is_ok());
    }

    #[test]
    fn both_forms_allow_the_same_depth() {
        for (depth, fits) in [(29, true), (30, false)] {
            let nested = format!("{}{}", "[".repeat(depth), "]".repeat(depth));
            // Three levels lie around it: the manifest, its exports, the export.
            let yaml = SQUARE.replace("{ type: object }", &nested);
            assert_eq!(ManifestDocument::from_yaml(&yaml).is_ok(), fits, "{depth}");
            let good = ManifestDocument::from_yaml(SQUARE).expect("valid");
            let json = String::from_utf8_lossy(good.canonical()).replace(r#"{"type":"object"}"#, &nested);
            assert_eq!(ManifestDocument::from_canonical(json.as_bytes()).is_ok(), fits, "{depth}");
        }
    }

    #[test]
    fn a_text_that_is_no_mapping_is_no_manifest() {
        for text in ["", "hello", "[1]", "null"] {
            let error = ManifestDocument::from_yaml(text).expect_err(text);
            assert_eq!(error.code(), Code::ManifestInvalid, "{text:?}");
        }
    }
}
