//! The licences that VAK may be linked with.

use super::Violation;
use super::graph::{Graph, Package};

/// Permissive ones only: they ask for a notice at most. deny.toml has the same list.
const ALLOWED: &[&str] = &[
    "0BSD",
    "Apache-2.0",
    "Apache-2.0 WITH LLVM-exception",
    "BSD-2-Clause",
    "BSD-3-Clause",
    "BSL-1.0",
    "CC0-1.0",
    "ISC",
    "MIT",
    "MIT-0",
    "Unicode-3.0",
    "Unlicense",
    "Zlib",
];

/// Every package has a licence that is allowed.
pub(super) fn check(graph: &Graph) -> Vec<Violation> {
    graph.packages.iter().filter_map(check_package).collect()
}

fn check_package(package: &Package) -> Option<Violation> {
    let wrong = match &package.licence {
        None => "states no licence".to_owned(),
        Some(licence) => match allowed(licence) {
            Some(true) => return None,
            Some(false) => {
                format!("is licensed `{licence}`, which the list in xtask/src/tidy/licences.rs does not allow")
            }
            None => format!("states the licence `{licence}`, which is not an SPDX expression"),
        },
    };
    Some(Violation::new("Cargo.lock", format!("`{} {}` {wrong}", package.name, package.version)))
}

/// Whether an SPDX expression leaves a choice that is allowed; nothing if it is not an expression.
fn allowed(expression: &str) -> Option<bool> {
    let spaced = expression.replace('(', " ( ").replace(')', " ) ").replace('/', " OR ");
    let mut words = Words(spaced.split_whitespace().collect());
    let result = any_of(&mut words)?;
    words.0.is_empty().then_some(result)
}

/// The words of an expression that are not read yet.
struct Words<'a>(std::collections::VecDeque<&'a str>);

impl Words<'_> {
    fn take(&mut self, word: &str) -> bool {
        let next = self.0.front() == Some(&word);
        if next {
            self.0.pop_front();
        }
        next
    }
}

/// `a OR b OR ..`: the weakest operator.
fn any_of(words: &mut Words<'_>) -> Option<bool> {
    let mut result = all_of(words)?;
    while words.take("OR") {
        result |= all_of(words)?;
    }
    Some(result)
}

/// `a AND b AND ..`.
fn all_of(words: &mut Words<'_>) -> Option<bool> {
    let mut result = one(words)?;
    while words.take("AND") {
        result &= one(words)?;
    }
    Some(result)
}

/// A licence, perhaps WITH an exception, or an expression in parentheses.
fn one(words: &mut Words<'_>) -> Option<bool> {
    if words.take("(") {
        let result = any_of(words)?;
        return words.take(")").then_some(result);
    }
    let mut name = words.0.pop_front().filter(|word| is_name(word))?.to_owned();
    if words.take("WITH") {
        let exception = words.0.pop_front().filter(|word| is_name(word))?;
        name = format!("{name} WITH {exception}");
    }
    Some(ALLOWED.contains(&name.as_str()))
}

fn is_name(word: &str) -> bool {
    !matches!(word, "OR" | "AND" | "WITH" | "(" | ")")
}

#[cfg(test)]
mod tests {
    use super::super::graph::tests::graph;
    use super::*;

    #[test]
    fn a_choice_is_allowed_if_one_of_it_is() {
        for licence in ["MIT", "GPL-3.0 OR MIT", "MIT/Apache-2.0", "Apache-2.0 / MIT", "GPL-2.0 OR GPL-3.0 OR ISC"] {
            assert_eq!(allowed(licence), Some(true), "{licence}");
        }
    }

    #[test]
    fn of_a_sum_all_must_be_allowed() {
        assert_eq!(allowed("(MIT OR Apache-2.0) AND Unicode-3.0"), Some(true));
        assert_eq!(allowed("MIT AND GPL-3.0"), Some(false));
        assert_eq!(allowed("(MIT OR GPL-2.0) AND (GPL-3.0 OR ISC)"), Some(true));
    }

    #[test]
    fn and_binds_tighter_than_or() {
        assert_eq!(allowed("MIT OR GPL-2.0 AND GPL-3.0"), Some(true));
        assert_eq!(allowed("GPL-2.0 AND MIT OR GPL-3.0"), Some(false));
    }

    #[test]
    fn an_exception_belongs_to_its_licence() {
        assert_eq!(allowed("Apache-2.0 WITH LLVM-exception"), Some(true));
        assert_eq!(allowed("GPL-3.0 WITH LLVM-exception"), Some(false));
        assert_eq!(allowed("MIT WITH Strange-exception"), Some(false));
    }

    #[test]
    fn what_is_no_expression_is_refused() {
        for text in ["", "OR", "MIT OR", "MIT Apache-2.0", "(MIT", "MIT)", "()", "MIT WITH", "WITH MIT"] {
            assert_eq!(allowed(text), None, "{text}");
        }
    }

    #[test]
    fn a_package_without_a_licence_is_a_violation() {
        let mut graph = graph(&["vak-a -> b"]);
        graph.packages[1].licence = None;
        assert_eq!(check(&graph)[0].to_string(), "Cargo.lock: `b 1.0` states no licence");
    }

    #[test]
    fn deny_toml_has_the_same_list() {
        let deny = include_str!("../../../deny.toml");
        let listed: Vec<&str> = deny
            .lines()
            .skip_while(|line| *line != "allow = [")
            .skip(1)
            .take_while(|line| *line != "]")
            .map(|line| line.trim().trim_end_matches(',').trim_matches('"'))
            .collect();
        assert_eq!(listed, ALLOWED);
    }
}
