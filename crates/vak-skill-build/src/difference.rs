//! Where two modules differ, as people speak of it.

use std::ops::Range;

use wasmparser::{Parser, Payload};

/// The first section in which two modules differ, and at which byte; nothing, if they are the same.
pub(crate) fn first(one: &[u8], other: &[u8]) -> Option<String> {
    let at = one.iter().zip(other).position(|(one, other)| one != other);
    let at = at.or_else(|| (one.len() != other.len()).then(|| one.len().min(other.len())))?;
    let of = |module: &[u8]| sections(module).into_iter().find(|(_, range)| range.contains(&at)).map(|(name, _)| name);
    let names = [of(one), of(other)];
    let shown = match &names {
        [Some(one), Some(other)] if one == other => format!("the section `{one}`"),
        [Some(one), Some(other)] => format!("the section `{one}`, where the other has `{other}`"),
        [Some(name), None] | [None, Some(name)] => format!("the section `{name}`, which one of them has not"),
        [None, None] => "what is no section".to_owned(),
    };
    Some(format!("{shown}, at byte {at}"))
}

/// The sections of a module, each with its name and where it lies, its head included. What can't be read ends the list.
fn sections(module: &[u8]) -> Vec<(String, Range<usize>)> {
    let mut sections: Vec<(String, Range<usize>)> = Vec::new();
    for payload in Parser::new(0).parse_all(module).map_while(Result::ok) {
        let name = match &payload {
            Payload::CustomSection(section) => vak_model::printable(section.name(), 60),
            Payload::Version { .. } | Payload::CodeSectionEntry(_) | Payload::End(_) => continue,
            other => match other.as_section() {
                Some((id, _)) => NAMES.get(usize::from(id)).map_or_else(|| id.to_string(), |name| (*name).to_owned()),
                None => continue,
            },
        };
        let end = payload.as_section().map_or(0, |(_, range)| range.end);
        let start = sections.last().map_or(8, |(_, before)| before.end);
        sections.push((name, start..end));
    }
    sections
}

/// The sections by their number.
const NAMES: [&str; 14] = [
    "custom",
    "type",
    "import",
    "function",
    "table",
    "memory",
    "global",
    "export",
    "start",
    "element",
    "code",
    "data",
    "data count",
    "tag",
];

#[cfg(test)]
mod tests {
    use super::*;

    fn module(text: &str) -> Vec<u8> {
        wat::parse_str(text).expect("valid text")
    }

    #[test]
    fn the_first_section_that_differs_is_named() {
        let plain = module(r#"(module (memory 1) (data (i32.const 0) "abc"))"#);
        assert_eq!(first(&plain, &plain), None);
        for (other, expected) in [
            (r#"(module (memory 1) (data (i32.const 0) "abd"))"#, "the section `data`, at"),
            (r#"(module (memory 2) (data (i32.const 0) "abd"))"#, "the section `memory`, at"),
            (r#"(module (memory 1))"#, "the section `data`, which one of them has not"),
            (r#"(module (type (func)) (memory 1))"#, "the section `memory`, where the other has `type`"),
        ] {
            let found = first(&plain, &module(other)).expect("a difference");
            assert!(found.starts_with(expected), "{other}: {found}");
        }
        let named = |text: &str| module(&format!(r#"(module (@custom "notes" "{text}"))"#));
        assert!(first(&named("a"), &named("b")).expect("a difference").starts_with("the section `notes`"));
        let cut = &plain[..plain.len() - 1];
        assert!(first(&plain, cut).is_some());
        assert!(first(b"\0asm\x01\0\0\0", b"\0asm\x0d\0\x01\0").expect("a difference").contains("no section"));
    }
}
