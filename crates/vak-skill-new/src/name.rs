//! What a skill may be called, and what its package is called then.

use vak_model::SkillName;

use crate::error::Error;
use crate::lock;

/// Words that the tools understand, or will: a skill of that name could not be told from them.
const VERBS: &[&str] = &[
    "attach", "audit", "build", "digest", "doctor", "export", "help", "keygen", "list", "new", "replay", "run",
    "serve", "sign", "store", "trust", "verify",
];

/// What belongs to VAK itself: its crates, and the folder in which names are looked up.
const OWN: &[&str] = &["skills", "vak"];

/// Crates that come with the compiler.
const RUST: &[&str] = &["alloc", "core", "proc-macro", "std", "test"];

/// Words that can't name a crate in Rust's own text.
const KEYWORDS: &[&str] = &[
    "abstract", "as", "async", "await", "become", "box", "break", "const", "continue", "crate", "do", "dyn", "else",
    "enum", "extern", "false", "final", "fn", "for", "gen", "if", "impl", "in", "let", "loop", "macro", "match", "mod",
    "move", "mut", "override", "priv", "pub", "ref", "return", "self", "static", "struct", "super", "trait", "true",
    "try", "type", "typeof", "unsafe", "unsized", "use", "virtual", "where", "while", "yield",
];

/// The longest that a part of a name may be.
const MAX: usize = 64;

/// A skill's name that is free to be used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Name {
    skill: SkillName,
}

impl Name {
    /// Reads what was typed; refuses what is no name, and what is reserved.
    pub(crate) fn parse(word: &str) -> Result<Self, Error> {
        let skill: SkillName = word.parse().map_err(|source| Error::Name { source, suggestion: suggestion(word) })?;
        match reserved(skill.base()) {
            Some(why) => Err(Error::Reserved { name: skill, why }),
            None => Ok(Self { skill }),
        }
    }

    /// The skill's name, with its owner if it has one.
    pub(crate) const fn skill(&self) -> &SkillName {
        &self.skill
    }

    /// The name of its folder: without the owner.
    pub(crate) fn folder(&self) -> &str {
        self.skill.base()
    }

    /// What cargo calls it: a package can't begin with a digit.
    pub(crate) fn package(&self) -> String {
        let base = self.skill.base();
        let is_free = !base.starts_with(|c: char| c.is_ascii_digit()) && !KEYWORDS.contains(&base);
        if is_free { base.to_owned() } else { format!("skill-{base}") }
    }

    /// What the compiler calls it, and thereby the module's file: in snake case.
    pub(crate) fn library(&self) -> String {
        snake(&self.package())
    }
}

fn snake(name: &str) -> String {
    name.split('-').filter(|part| !part.is_empty()).collect::<Vec<_>>().join("_")
}

/// Why nobody may use the name, if so.
fn reserved(name: &str) -> Option<&'static str> {
    if VERBS.contains(&name) {
        Some("it is a verb of VAK's tools")
    } else if OWN.contains(&name) || name.starts_with("vak-") {
        Some("VAK uses it itself")
    } else if RUST.contains(&name) {
        Some("it is a crate of Rust itself")
    } else if lock::names().iter().any(|needed| snake(needed) == snake(name)) {
        Some("it is a crate that skills are built with")
    } else {
        None
    }
}

/// Every reserved name, by the reason.
pub(crate) fn all_reserved() -> [(&'static str, String); 4] {
    let mut needed: Vec<_> = lock::names().into_iter().filter(|name| !name.starts_with("vak-")).collect();
    needed.sort();
    [
        ("verbs", VERBS.join(", ")),
        ("of VAK", format!("{}, vak-*", OWN.join(", "))),
        ("of Rust", RUST.join(", ")),
        ("of skills", needed.join(", ")),
    ]
}

/// Another name that tells whose it is.
pub(crate) fn another(name: &str) -> String {
    let (owner, base) = name.rsplit_once('/').map_or(("", name), |(owner, base)| (owner, base));
    join(owner, format!("my-{base}"))
}

/// The name that was probably meant.
fn suggestion(word: &str) -> String {
    let (owner, base) = word.rsplit_once('/').unwrap_or(("", word));
    let base = kebab(base);
    let name = join(&kebab(owner), if base.is_empty() { "hello".to_owned() } else { base.clone() });
    if reserved(&base).is_some() { another(&name) } else { name }
}

fn join(owner: &str, mut base: String) -> String {
    base.truncate(MAX);
    if owner.is_empty() { base } else { format!("{owner}/{base}") }
}

/// What is left of a word if it must be a name.
fn kebab(word: &str) -> String {
    let word = word.to_lowercase();
    let parts = word.split(|c: char| !c.is_ascii_lowercase() && !c.is_ascii_digit()).filter(|part| !part.is_empty());
    let mut name = parts.collect::<Vec<_>>().join("-");
    name.truncate(MAX);
    name
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_has_a_package_and_a_library_that_rust_takes() {
        for (word, folder, package, library) in [
            ("hello", "hello", "hello", "hello"),
            ("acme/hello", "hello", "hello", "hello"),
            ("word-count", "word-count", "word-count", "word_count"),
            ("a--b-", "a--b-", "a--b-", "a_b"),
            ("3d", "3d", "skill-3d", "skill_3d"),
            ("2", "2", "skill-2", "skill_2"),
            ("match", "match", "skill-match", "skill_match"),
            ("true", "true", "skill-true", "skill_true"),
            ("list/hello", "hello", "hello", "hello"),
        ] {
            let name = Name::parse(word).expect(word);
            assert_eq!(name.skill().as_str(), word);
            assert_eq!((name.folder(), &*name.package(), &*name.library()), (folder, package, library), "{word}");
        }
    }

    #[test]
    fn what_is_no_name_is_refused_with_one_that_is() {
        let long = "x".repeat(65);
        for (word, meant) in [
            ("", "hello"),
            ("Hello", "hello"),
            ("Hello World!", "hello-world"),
            ("word_count", "word-count"),
            ("-x", "x"),
            ("é", "hello"),
            ("Acme/Hello", "acme/hello"),
            ("a/b/c", "a-b/c"),
            ("../x", "x"),
            ("a/", "a/hello"),
            ("List", "my-list"),
            ("Acme/core", "acme/my-core"),
            (&long, &long[..64]),
        ] {
            let Err(Error::Name { suggestion, .. }) = Name::parse(word) else { panic!("{word}") };
            assert_eq!(suggestion, meant, "{word}");
            Name::parse(&suggestion).expect("a suggestion that is taken");
        }
    }

    #[test]
    fn every_reserved_name_is_refused_and_listed() {
        let listed = all_reserved().map(|(_, names)| names).join(", ");
        for word in [VERBS, OWN, RUST, &["vak-x", "vak-guest", "serde", "serde-core", "acme/list", "syn"]].concat() {
            let Err(Error::Reserved { name, .. }) = Name::parse(word) else { panic!("{word}") };
            let is_listed = listed.split(", ").any(|known| snake(known) == snake(name.base()));
            assert!(is_listed || name.base().starts_with("vak-"), "{name} in {listed}");
            Name::parse(&another(name.as_str())).expect("another name");
        }
        assert_eq!(another(&"x".repeat(64)).len(), 64);
        assert_eq!(another("acme/list"), "acme/my-list");
    }
}
