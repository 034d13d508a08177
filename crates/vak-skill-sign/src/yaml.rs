//! Filling `signature:` in `skill.yaml` as text: whoever wrote the file finds every other byte of it as it was.
//!
//! An edit is proved before it is used: what it makes is read again, and must be the same manifest with that block.

use vak_model::SignatureBlock;
use vak_package::ManifestDocument;

/// The text is written in a way in which the block can't be put in safely.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`signature` can't be filled in place: {0}")]
pub(crate) struct NotEditable(&'static str);

const IN_BRACES: NotEditable = NotEditable("the manifest is written in braces");
const VALUE: NotEditable = NotEditable("its line is not one of those that are known: null, a mapping, a comment");
const CHANGED: NotEditable = NotEditable("the manifest would read as something else");

/// `text`, which reads as `document`, with `block` as its signature: in the place of what stands there, or at the end.
pub(crate) fn filled(text: &str, document: &ManifestDocument, block: &SignatureBlock) -> Result<String, NotEditable> {
    let line_end =
        if text.lines().next().is_some_and(|line| text[line.len()..].starts_with("\r\n")) { "\r\n" } else { "\n" };
    let edited = match Entry::find(text, document)? {
        Some(entry) => entry.filled(block, line_end),
        None => appended(text, document, block, line_end),
    };
    let read = ManifestDocument::from_yaml(&edited).map_err(|_| CHANGED)?;
    let same = read.canonical() == document.canonical() && read.manifest().signature.as_ref() == Some(block);
    if same { Ok(edited) } else { Err(CHANGED) }
}

/// The entry `signature` of the manifest, and the text around it.
#[derive(Debug, PartialEq, Eq)]
struct Entry<'t> {
    before: &'t str,
    /// From the line's beginning to the colon.
    key: &'t str,
    indent: usize,
    /// What stands behind the value in the key's line, from its `#` on.
    comment: &'t str,
    /// Whether the entry's last line has an end.
    ends: bool,
    after: &'t str,
}

impl<'t> Entry<'t> {
    /// The entry, if there is one. Where it stands is known from the parser, so that no key of another mapping, and no
    /// line of a text, is taken for it.
    fn find(text: &'t str, document: &ManifestDocument) -> Result<Option<Self>, NotEditable> {
        let Some(at) = document.position("/signature") else { return Ok(None) };
        let start = lines(text).take(index(at.line)).map(str::len).sum();
        let line = lines(&text[start..]).next().unwrap_or_default();
        let indent = index(at.column);
        // Without the entry, the place is that of the whole mapping.
        let Some(key_length) = line.get(indent..).and_then(key_length) else { return Ok(None) };
        if !line.bytes().take(indent).all(|byte| byte == b' ') {
            return Err(IN_BRACES);
        }
        let (key, value) = line.split_at(indent + key_length);
        let end = start + line.len() + value_length(&text[start + line.len()..], indent);
        let (before, comment, after) = (&text[..start], comment(value.trim())?, &text[end..]);
        Ok(Some(Self { before, key, indent, comment, ends: text[..end].ends_with('\n'), after }))
    }

    fn filled(&self, block: &SignatureBlock, line_end: &str) -> String {
        let Self { before, key, indent, comment, ends, after } = *self;
        let space = if comment.is_empty() { "" } else { "  " };
        let end = if ends { line_end } else { "" };
        [before, key, space, comment, line_end, &block_lines(block, indent, line_end), end, after].concat()
    }
}

/// A number counted from 1 as an index.
fn index(number: u64) -> usize {
    usize::try_from(number.saturating_sub(1)).unwrap_or(usize::MAX)
}

fn lines(text: &str) -> impl Iterator<Item = &str> {
    text.split_inclusive('\n')
}

/// How long the key and its colon are, if `text` begins with them.
fn key_length(text: &str) -> Option<usize> {
    let name = ["signature", "\"signature\"", "'signature'"].into_iter().find(|name| text.starts_with(name))?;
    let rest = &text[name.len()..];
    let spaces = rest.len() - rest.trim_start_matches(' ').len();
    rest[spaces..].starts_with(':').then_some(name.len() + spaces + 1)
}

/// The comment behind a value that is given up, all in one line.
fn comment(value: &str) -> Result<&str, NotEditable> {
    let rest = match value.as_bytes().first() {
        Some(b'{') if !value.contains('#') => "",
        Some(b'{') => value
            .rsplit_once('}')
            .map(|(_, rest)| rest)
            .filter(|rest| value.matches('#').count() == rest.matches('#').count())
            .ok_or(VALUE)?,
        _ => ["null", "Null", "NULL", "~"].into_iter().find_map(|null| value.strip_prefix(null)).unwrap_or(value),
    };
    let rest = rest.trim_start();
    if rest.is_empty() || rest.starts_with('#') { Ok(rest) } else { Err(VALUE) }
}

/// How much of `text`, which begins behind the key's line, belongs to the value: the lines that are further in. Comments
/// and empty lines behind the last of them do not.
fn value_length(text: &str, indent: usize) -> usize {
    let (mut seen, mut length) = (0, 0);
    for line in lines(text) {
        seen += line.len();
        let content = line.trim_start_matches(' ');
        if content.trim().is_empty() || content.starts_with('#') {
            continue;
        }
        if line.len() - content.len() <= indent {
            break;
        }
        length = seen;
    }
    length
}

fn appended(text: &str, document: &ManifestDocument, block: &SignatureBlock, line_end: &str) -> String {
    let indent = document.position("/name").map_or(0, |at| index(at.column));
    let gap = if text.ends_with('\n') { "" } else { line_end };
    let key = format!("{}signature:", " ".repeat(indent));
    [text, gap, &key, line_end, &block_lines(block, indent, line_end), line_end].concat()
}

/// The block's lines, the last without its end.
fn block_lines(block: &SignatureBlock, indent: usize, line_end: &str) -> String {
    let SignatureBlock { format, manifest_sha256, module_sha256, keys, value } = block;
    let keys: Vec<_> = keys.iter().map(|key| format!("\"{key}\"")).collect();
    let keys = format!("[{}]", keys.join(", "));
    // Of the digests, some would read as numbers without quotes: `5e...`.
    let entries = [
        ("format", format.clone()),
        ("manifest_sha256", format!("\"{manifest_sha256}\"")),
        ("module_sha256", format!("\"{module_sha256}\"")),
        ("keys", keys),
        ("value", value.clone()),
    ];
    let margin = " ".repeat(indent + 2);
    entries.map(|(key, value)| format!("{margin}{key}: {value}")).join(line_end)
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEAD: &str = "# The head.\nname: x  # not `signature: null`\nversion: 1.0.0\ndescription: x\nmodule: x.wasm\nexports: [{ name: execute }]\n";

    const BLOCK: &str = "\
signature:
  format: wasm-signatures/v1
  manifest_sha256: \"5edd\"
  module_sha256: \"12e4\"
  keys: [\"ed25519:AAAA\", \"ed25519:BBBB\"]
  value: AQEB+/==
";

    fn block() -> SignatureBlock {
        SignatureBlock {
            format: "wasm-signatures/v1".to_owned(),
            manifest_sha256: "5edd".to_owned(),
            module_sha256: "12e4".to_owned(),
            keys: ["ed25519:AAAA", "ed25519:BBBB"].map(str::to_owned).to_vec(),
            value: "AQEB+/==".to_owned(),
        }
    }

    fn fill(text: &str) -> Result<String, NotEditable> {
        filled(text, &ManifestDocument::from_yaml(text).unwrap_or_else(|error| panic!("{error}\n{text}")), &block())
    }

    /// The block as it stands before it is filled with another.
    fn older() -> String {
        BLOCK.replace("AQEB+/==", "AQEBold=").replace(", \"ed25519:BBBB\"", "")
    }

    #[test]
    fn null_nothing_and_an_earlier_block_are_replaced_and_nothing_else() {
        let tail = "# behind\n\nauthor: me  # last\n";
        let flow = "signature: { format: f, manifest_sha256: a, module_sha256: b, value: c }\n";
        let open_flow =
            "signature: {\n  format: f, # inside\n  manifest_sha256: a,\n  module_sha256: b, value: c\n  }\n";
        let listed = older().replace("[\"ed25519:AAAA\"]", "\n    - \"ed25519:AAAA\"  # hers\n\n    - b");
        let nulls =
            ["signature: null\n", "signature: ~\n", "signature:\n", "signature:   NULL  \n", "signature:\n  null\n"];
        for old in nulls.into_iter().chain([flow, open_flow, &older(), &listed, BLOCK]) {
            let text = format!("{HEAD}{old}{tail}");
            assert_eq!(fill(&text).expect(old), format!("{HEAD}{BLOCK}{tail}"), "{old}");
        }
    }

    #[test]
    fn the_comment_of_the_line_stays() {
        let expected = format!("{HEAD}{}", BLOCK.replace("signature:", "signature:  # by the tool: {a}"));
        let flow = "signature: { format: f, manifest_sha256: a, module_sha256: b, value: c } # by the tool: {a}\n";
        assert_eq!(fill(&format!("{HEAD}signature: null # by the tool: {{a}}\n")).expect("filled"), expected);
        assert_eq!(fill(&format!("{HEAD}signature:  # by the tool: {{a}}\n")).expect("filled"), expected);
        assert_eq!(fill(&expected.replace("AQEB", "AAAA")).expect("filled"), expected);
        // Where the comment begins is not told apart from a text with a `#` in it.
        assert_eq!(fill(&format!("{HEAD}{flow}")), Err(VALUE));
    }

    #[test]
    fn a_key_that_is_missing_comes_at_the_end() {
        assert_eq!(fill(HEAD).expect("filled"), format!("{HEAD}{BLOCK}"));
        assert_eq!(fill(HEAD.trim_end()).expect("filled"), format!("{HEAD}{BLOCK}"));
        let marked = format!("---\n{HEAD}# the end\n");
        assert_eq!(fill(&marked).expect("filled"), format!("{marked}{BLOCK}"));
    }

    #[test]
    fn the_ends_of_lines_are_those_of_the_text() {
        let crlf = |text: &str| text.replace('\n', "\r\n");
        let with = |signature: &str| format!("{HEAD}{signature}author: me\n");
        assert_eq!(
            fill(&crlf(&with("signature: null # c\n"))).expect("filled"),
            crlf(&with(&BLOCK.replace("re:\n", "re:  # c\n")))
        );
        assert_eq!(fill(&crlf(&with(&older()))).expect("filled"), crlf(&with(BLOCK)));
        assert_eq!(fill(&crlf(HEAD)).expect("filled"), crlf(&format!("{HEAD}{BLOCK}")));
        let open_end = format!("{HEAD}signature: null");
        assert_eq!(fill(&open_end).expect("filled"), format!("{HEAD}{BLOCK}").trim_end());
    }

    #[test]
    fn a_signature_inside_of_something_else_is_left_alone() {
        let head = HEAD.replace(
            "exports: [{ name: execute }]\n",
            "exports:\n  - name: execute\n    input_schema:\n      properties:\n        signature: { type: string }\ntests:\n  - name: |\n      signature: null\n    input:\n      signature: null\n    output: 1\n",
        );
        for signature in ["signature: null\n", ""] {
            // A golden case's name is one line, so the text that looks like the key is in a description.
            let head = head.replace("name: |\n      signature: null\n", "name: x\n");
            assert_eq!(fill(&format!("{head}{signature}")).expect("filled"), format!("{head}{BLOCK}"));
        }
    }

    #[test]
    fn keys_in_quotes_and_further_in_are_found() {
        for key in ["\"signature\":", "'signature' :"] {
            let text = format!("{HEAD}{key} null\n");
            assert_eq!(fill(&text).expect("filled"), format!("{HEAD}{}", BLOCK.replace("signature:", key)));
        }
        let inner = |text: &str| text.lines().map(|line| format!("   {line}\n")).collect::<String>();
        for old in ["signature: null\n", &older(), ""] {
            let text = format!("{HEAD}{old}").replace("# The head.\n", "");
            let expected = format!("{HEAD}{BLOCK}").replace("# The head.\n", "");
            assert_eq!(fill(&inner(&text)).expect("filled"), inner(&expected), "{old}");
        }
        let first = format!("signature: null\n{HEAD}");
        assert_eq!(fill(&first).expect("filled"), format!("{BLOCK}{HEAD}"));
    }

    #[test]
    fn what_can_t_be_edited_safely_is_refused() {
        let flow = "{ name: x, version: 1.0.0, description: x, module: x.wasm, exports: [{ name: execute }] }";
        let open = flow.replace(", ", ",\n  ");
        let signed = |text: &str| text.replace(" }] }", " }],\n  signature: null }");
        for text in [
            flow.to_owned(),
            open.clone(),
            signed(flow),
            signed(&open),
            flow.replacen("{ name", "{ signature: null, name", 1),
        ] {
            assert!(fill(&text).is_err(), "{text}");
        }
        for text in [
            format!("{HEAD}\"sign\\u0061ture\": null\n"),
            format!("{HEAD}? signature\n: null\n"),
            format!("{HEAD}...\n"),
        ] {
            assert!(fill(&text).is_err(), "{text}");
        }
        // Without an end to its last line, the text ends without one.
        let literal = HEAD.replace("description: x\n", "") + "description: |-\n  x";
        assert!(fill(&literal).is_ok());
    }
}
