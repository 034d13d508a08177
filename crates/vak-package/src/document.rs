//! A manifest and the bytes that stand for it.

use serde_json::Value;
use vak_model::{Code, Digest, Manifest};

use crate::json::parse_json;
use crate::manifest_text::{MAX_DEPTH, MAX_TEXT_BYTES, Position, Positions, TextError, read_yaml};

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

/// What is wrong with a manifest.
#[derive(Clone, Debug, thiserror::Error)]
#[error("{message}")]
pub struct ManifestError {
    code: Code,
    message: String,
    pointer: String,
    position: Option<Position>,
}

impl ManifestError {
    /// What the error is called.
    #[must_use]
    pub const fn code(&self) -> Code {
        self.code
    }

    /// Which part of the manifest it is about, as a JSON Pointer; empty for the whole.
    #[must_use]
    pub fn pointer(&self) -> &str {
        &self.pointer
    }

    /// Where in `skill.yaml`, if it came from there.
    #[must_use]
    pub const fn position(&self) -> Option<Position> {
        self.position
    }

    fn syntax(message: impl Into<String>) -> Self {
        Self { code: Code::ManifestSyntax, message: message.into(), pointer: String::new(), position: None }
    }
}

impl From<TextError> for ManifestError {
    fn from(error: TextError) -> Self {
        Self { position: error.position, ..Self::syntax(error.message) }
    }
}

/// Integers beyond this have no exact place in a double (RFC 8785, section 3.2.2.3).
const MAX_SAFE_INTEGER: f64 = 9_007_199_254_740_991.0;

impl ManifestDocument {
    /// Reads `skill.yaml`.
    ///
    /// # Errors
    /// The first thing that is wrong, with its place in the text.
    pub fn from_yaml(text: &str) -> Result<Self, ManifestError> {
        let (value, positions) = read_yaml(text)?;
        Self::from_value(value, positions)
    }

    /// Reads the contents of a `vak.manifest` section.
    ///
    /// # Errors
    /// The first thing that is wrong; bytes that are not their own canonical form are.
    pub fn from_canonical(bytes: &[u8]) -> Result<Self, ManifestError> {
        if bytes.len() > MAX_TEXT_BYTES {
            return Err(ManifestError::syntax(format!("the manifest has more than {MAX_TEXT_BYTES} bytes")));
        }
        let value = parse_json(bytes).map_err(|error| ManifestError::syntax(error.to_string()))?;
        if value.get("signature").is_some() {
            return Err(ManifestError::syntax("an embedded manifest has no `signature`"));
        }
        let document = Self::from_value(value, Positions::default())?;
        if document.canonical != bytes {
            return Err(ManifestError::syntax("the embedded manifest is not in canonical form (RFC 8785)"));
        }
        Ok(document)
    }

    fn from_value(mut value: Value, positions: Positions) -> Result<Self, ManifestError> {
        let error = |code, message: String, pointer: String| ManifestError {
            code,
            message: vak_model::printable(&message, 600),
            position: positions.nearest(&pointer),
            pointer,
        };
        check_numbers(&value, 0, &mut String::new())
            .map_err(|(message, pointer)| error(Code::ManifestSyntax, message.to_owned(), pointer))?;
        let manifest: Manifest = serde_path_to_error::deserialize(&value).map_err(|failure| {
            let pointer = pointer_of(failure.path());
            let code = if pointer.starts_with("/limits/") || pointer == "/limits" {
                Code::ManifestLimit
            } else {
                Code::ManifestInvalid
            };
            error(code, failure.into_inner().to_string(), pointer)
        })?;
        manifest.check().map_err(|failure| error(Code::ManifestInvalid, failure.to_string(), String::new()))?;
        if let Some(map) = value.as_object_mut() {
            map.remove("signature");
        }
        let canonical = serde_json_canonicalizer::to_vec(&value)
            .map_err(|failure| error(Code::ManifestSyntax, failure.to_string(), String::new()))?;
        Ok(Self { manifest, canonical, positions })
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
        self.positions.nearest(pointer)
    }
}

/// Refuses numbers without an exact double and nesting beyond [`MAX_DEPTH`].
fn check_numbers(value: &Value, depth: usize, pointer: &mut String) -> Result<(), (&'static str, String)> {
    if depth == MAX_DEPTH && (value.is_array() || value.is_object()) {
        return Err(("more than 32 levels", pointer.clone()));
    }
    let length = pointer.len();
    let mut descend = |part: &str, item: &Value| {
        pointer.push('/');
        pointer.push_str(part);
        check_numbers(item, depth + 1, pointer)?;
        pointer.truncate(length);
        Ok(())
    };
    match value {
        Value::Number(number) => {
            let inexact = number.as_f64().is_none_or(|n| n.fract() == 0.0 && n.abs() > MAX_SAFE_INTEGER);
            if inexact {
                return Err(("an integer beyond 2^53 - 1 has no exact JSON form", pointer.clone()));
            }
            Ok(())
        }
        Value::Array(items) => items.iter().enumerate().try_for_each(|(i, item)| descend(&i.to_string(), item)),
        Value::Object(map) => {
            map.iter().try_for_each(|(key, item)| descend(&key.replace('~', "~0").replace('/', "~1"), item))
        }
        _ => Ok(()),
    }
}

fn pointer_of(path: &serde_path_to_error::Path) -> String {
    use serde_path_to_error::Segment;
    path.iter()
        .map(|segment| match segment {
            Segment::Seq { index } => format!("/{index}"),
            Segment::Map { key } => format!("/{}", key.replace('~', "~0").replace('/', "~1")),
            Segment::Enum { variant } => format!("/{variant}"),
            Segment::Unknown => String::new(),
        })
        .collect()
}

#[cfg(test)]
mod tests {
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

    fn error(yaml: &str) -> (Code, String, Option<u64>) {
        let error = ManifestDocument::from_yaml(yaml).expect_err(yaml);
        (error.code(), error.to_string(), error.position().map(|at| at.line))
    }

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
    fn every_mistake_is_named_with_its_line() {
        for (from, to, code, reason, line) in [
            ("limits:", "limts:", Code::ManifestInvalid, "unknown field `limts`", 5),
            ("max_fuel: 1000", "max_fuel: 0", Code::ManifestLimit, "never means", 5),
            ("max_fuel: 1000", "max_memory_pages: 40000", Code::ManifestLimit, "ceiling", 5),
            ("version: \"1.0.0\"", "version: 1.0", Code::ManifestInvalid, "expected a string", 2),
            ("version: \"1.0.0\"", "version: one", Code::ManifestInvalid, "MAJOR.MINOR.PATCH", 2),
            ("name: square", "name: Square", Code::ManifestInvalid, "not a skill name", 1),
            ("module: square.wasm", "module: ../x.wasm", Code::ManifestInvalid, "inside the skill's folder", 4),
            ("name: execute", "name: vak_alloc", Code::ManifestInvalid, "reserved", 7),
            ("type: object", "maximum: 9007199254740993", Code::ManifestSyntax, "exact", 8),
            ("description: Squares a number", "description: \"\\e[31m\"", Code::ManifestInvalid, "not printable", 3),
            ("limits: {", "capabilities: [wasi]\nlimits: {", Code::ManifestInvalid, "not a capability", 5),
        ] {
            let text = SQUARE.replacen(from, to, 1);
            let (got, message, at) = error(&text);
            assert_eq!((got, at), (code, Some(line)), "{to}: {message}");
            assert!(message.contains(reason), "{to}: {message}");
        }
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
            assert_eq!(error(text).0, Code::ManifestInvalid, "{text:?}");
        }
    }
}
