//! The mutants: one changed place of a skill's source each, at least one for every export.

/// A change of one place that makes the skill wrong.
#[derive(Debug)]
pub(crate) struct Mutant {
    /// The skill's folder in `skills/`.
    pub(crate) skill: &'static str,
    /// The export that becomes wrong.
    pub(crate) export: &'static str,
    /// The file, below the skill's `src/`.
    pub(crate) file: &'static str,
    /// What stands there once, and only once.
    pub(crate) from: &'static str,
    /// What takes its place. It compiles.
    pub(crate) to: &'static str,
}

const fn mutant(
    skill: &'static str,
    export: &'static str,
    file: &'static str,
    from: &'static str,
    to: &'static str,
) -> Mutant {
    Mutant { skill, export, file, from, to }
}

pub(crate) const MUTANTS: &[Mutant] = &[
    mutant("calculator", "execute", "lib.rs", "Operation::Add => a + b", "Operation::Add => a - b"),
    mutant("calculator", "execute", "lib.rs", "Operation::Subtract => a - b", "Operation::Subtract => b - a"),
    mutant("calculator", "execute", "lib.rs", "Operation::Multiply => a * b", "Operation::Multiply => a / b"),
    mutant("calculator", "execute", "lib.rs", "Operation::Divide if b == 0.0", "Operation::Divide if b == a"),
    mutant("calculator", "execute", "lib.rs", "!result.is_finite()", "result.is_nan()"),
    mutant("crypto-hash", "sha256", "lib.rs", "=> Data::Hex(hex)", "=> Data::Text(hex)"),
    mutant("crypto-hash", "hmac_sha256", "lib.rs", "hmac.update(&message.bytes(\"message.\")?);", ""),
    mutant("crypto-hash", "hmac_sha256", "lib.rs", "mac: encoding.encode(&mac)", "mac: Encoding::Hex.encode(&mac)"),
    mutant("crypto-hash", "verify", "lib.rs", "expected.ct_eq(&mac)", "expected[..31].ct_eq(&mac[..31])"),
    mutant("crypto-hash", "verify", "lib.rs", "mac.len() != expected.len()", "mac.len() > expected.len()"),
    mutant("json-validator", "validate", "text.rs", "strict.unwrap_or(false)", "strict.is_none()"),
    mutant("json-validator", "validate", "mistake.rs", "in_line.chars().count()", "in_line.len()"),
    mutant("json-validator", "pretty", "format.rs", "{ \": \" } else { \":\" }", "{ \" : \" } else { \":\" }"),
    mutant("json-validator", "minify", "format.rs", "{ \": \" } else { \":\" }", "{ \": \" } else { \": \" }"),
    mutant("json-validator", "extract", "pointer.rs", "Some(b'1') => ('/'", "Some(b'1') => ('~'"),
    mutant("json-validator", "extract", "pointer.rs", "found: value.is_some()", "found: true"),
    mutant(
        "json-validator",
        "merge_patch",
        "merge.rs",
        "Some(Value::Null) => None",
        "Some(Value::Null) => Some((key, value))",
    ),
    mutant(
        "json-validator",
        "diff",
        "diff.rs",
        "key.replace('~', \"~0\").replace('/', \"~1\")",
        "key.replace('/', \"~1\")",
    ),
    mutant("json-validator", "diff", "diff.rs", "filter(|(key, _)| to.get(key).is_none())", "filter(|_| false)"),
    mutant("text-analyzer", "analyze", "lib.rs", "text.graphemes(true)", "text.chars()"),
    mutant("text-analyzer", "analyze", "entropy.rs", "(total / count).log2()", "(total / count).ln()"),
    mutant(
        "text-analyzer",
        "analyze",
        "classes.rs",
        "G::DecimalNumber => &mut self.digits",
        "G::DecimalNumber => &mut self.other",
    ),
    mutant("text-analyzer", "frequency", "words.rs", "(Reverse(count), word)", "(Reverse(0), word)"),
    mutant("text-analyzer", "frequency", "words.rs", ".take(top)", ".take(top + 1)"),
    mutant("text-analyzer", "frequency", "lib.rs", "if case_sensitive { text }", "if !case_sensitive { text }"),
    mutant("text-analyzer", "similarity", "words.rs", "other.0.len() - shared {", "other.0.len() {"),
    mutant("text-analyzer", "similarity", "lib.rs", "(a.to_lowercase(), b.to_lowercase())", "(a, b)"),
    mutant(
        "regex-matcher",
        "matches",
        "pattern.rs",
        "RegexBuilder::new(pattern)",
        "RegexBuilder::new(pattern).unicode(false)",
    ),
    mutant("regex-matcher", "find_all", "find.rs", "truncated: found.next().is_some()", "truncated: false"),
    mutant("regex-matcher", "find_all", "find.rs", "end: found.end()", "end: found.end() + 1"),
    mutant("regex-matcher", "replace", "replace.rs", "all.unwrap_or(true)", "all.is_some()"),
    mutant("regex-matcher", "replace", "replace.rs", "output.count += 1", "output.count += 2"),
    mutant(
        "regex-matcher",
        "split",
        "find.rs",
        "regex.splitn(&text, limit.unwrap_or(usize::MAX))",
        "regex.splitn(&text, usize::MAX)",
    ),
    mutant(
        "regex-matcher",
        "captures",
        "find.rs",
        "name: name.map(str::to_owned), start",
        "name: None.or(name.filter(|_| false)).map(str::to_owned), start",
    ),
    mutant("regex-matcher", "glob", "glob.rs", "\"(?:.*/)?\"", "\".*/\""),
    mutant("regex-matcher", "glob", "glob.rs", "pattern.push_str(\"[^/]*\")", "pattern.push_str(\".*\")"),
    mutant("counter", "add", "lib.rs", "checked_add(by)", "checked_sub(by)"),
    mutant("counter", "list", "lib.rs", "kv::list(&key(&prefix))?", "kv::list(&key(\"\"))?"),
    mutant("counter", "remove", "lib.rs", "kv::delete(&key(&counter))?", "kv::delete(&counter)?"),
    mutant("dice", "execute", "lib.rs", "draw % sides + 1", "draw % sides"),
    mutant("dice", "execute", "lib.rs", "draw <= last_fair", "draw >= 1"),
    mutant("folder-summary", "execute", "lib.rs", "self.lines += u64::from(last != b'\\n');", ""),
    mutant(
        "folder-summary",
        "execute",
        "lib.rs",
        "Kind::Link | Kind::Other => summary.skipped += 1",
        "Kind::Link | Kind::Other => summary.files += 1",
    ),
    mutant("plan-checker", "execute", "lib.rs", "(!allowed).then_some", "allowed.then_some"),
    mutant("plan-checker", "execute", "lib.rs", "confidence < min_confidence", "confidence > min_confidence"),
    mutant("page-title", "execute", "lib.rs", "if !answer.is_ok()", "if answer.status == 0"),
    mutant("page-title", "execute", "lib.rs", "next == '>' || next == '/'", "true || next == '/'"),
    mutant("weather", "execute", "lib.rs", "humidity_percent: hour.humidity", "humidity_percent: hour.wind_speed"),
    mutant("summariser", "execute", "lib.rs", "sentences * TOKENS_PER_SENTENCE", "sentences + TOKENS_PER_SENTENCE"),
    mutant("summariser", "execute", "lib.rs", "if !answer.is_whole()", "if answer.text.is_empty()"),
];
