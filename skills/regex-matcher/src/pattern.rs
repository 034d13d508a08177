//! Patterns, compiled within bounds.

use regex::{Regex, RegexBuilder};
use vak_guest::Error;

/// The most memory that a compiled pattern may take: in the module `\w{60}` fits, and `\w{80}` does not.
const MAX_COMPILED_BYTES: usize = 1 << 20;

/// The deepest nesting of groups and repetitions: the compiler recurses, and a skill's stack is small.
const MAX_NESTING: u32 = 64;

/// Compiles a pattern; the error says what is wrong with it.
pub(crate) fn compile(pattern: &str) -> Result<Regex, Error> {
    build(pattern).map_err(|reason| Error::from(format_args!("pattern: {reason}")))
}

fn build(pattern: &str) -> Result<Regex, regex::Error> {
    RegexBuilder::new(pattern).size_limit(MAX_COMPILED_BYTES).nest_limit(MAX_NESTING).build()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pattern_of_another_form_is_an_error_that_shows_where() {
        for pattern in ["(a", "a)", "[", "*", "a{2,1}", r"\", r"\q", "(?<n>a)(?<n>b)", r"(a)\1", "(?=a)"] {
            let error = compile(pattern).expect_err("refused");
            assert!(error.message().starts_with("pattern: regex parse error:"), "{pattern}: {}", error.message());
        }
    }

    #[test]
    fn patterns_that_compile_to_too_much_are_an_error() {
        assert!(compile(r"\w{20}").is_ok());
        for pattern in [r"\w{1000}", "(a{1000}){1000}", "((a{100}){100}){100}"] {
            let error = compile(pattern).expect_err("refused");
            assert!(error.message().ends_with("exceeds size limit of 1048576 bytes."), "{}", error.message());
        }
    }

    #[test]
    fn patterns_that_nest_too_deep_are_an_error() {
        let nested = |levels| "(".repeat(levels) + "a" + &")".repeat(levels);
        assert!(compile(&nested(63)).is_ok());
        assert!(compile(&nested(65)).is_err());
        assert!(compile(&nested(2000)).is_err());
    }
}
