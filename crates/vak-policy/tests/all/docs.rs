//! What the documentation shows is what there is.

use std::path::Path;

use vak_policy::{Operator, check_policy, schema_text};

fn page(path: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs").join(path);
    #[expect(clippy::disallowed_methods, reason = "a test reads what it tests")]
    std::fs::read_to_string(&path).expect("a page")
}

/// The blocks of code of a page in one language.
fn blocks(page: &str, language: &str) -> Vec<String> {
    let fence = format!("```{language}\n");
    page.split(&fence).skip(1).map(|rest| rest.split("\n```").next().unwrap_or_default().to_owned()).collect()
}

#[test]
fn every_policy_in_the_guide_and_the_format_can_be_installed() {
    for (path, least) in [("guides/write-a-policy.md", 7), ("format/policy.md", 1)] {
        let policies = blocks(&page(path), "cedar");
        assert!(policies.len() >= least, "{path}");
        for policy in &policies {
            assert_eq!(check_policy(policy), Ok(Vec::new()), "{path}\n{policy}");
        }
        assert!(Operator::with_policy(&policies.join("\n")).is_ok(), "{path}: all together");
    }
}

#[test]
fn the_format_shows_the_schema_itself() {
    assert_eq!(blocks(&page("format/policy.md"), "cedarschema"), [schema_text().trim_end()]);
}
