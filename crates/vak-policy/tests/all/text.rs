//! Texts of policies: what is refused, and where.

use vak_model::Ground;
use vak_policy::{Mistake, Operator, PolicyError, check_policy};

use crate::{answer, read, under};

const ALL: &str = "permit(principal, action, resource);";

fn when(condition: &str) -> String {
    format!("permit(principal, action, resource) when {{ {condition} }};")
}

fn refused(text: &str) -> String {
    Operator::with_policy(text).expect_err(text).to_string()
}

#[test]
fn what_is_no_policy_is_refused_with_its_place() {
    let cases = [
        ("permit(principal, action, resource)", "line 1, column 36: "),
        ("\n  permit(who, action, resource);", "line 2, column 10: "),
        ("permit(principal, action, resource) when { ä };", "line 1, column 44: "),
        ("forbid(principal, action, resource) when { \"x };", "line 1, column 44: the string does not end"),
        ("\n\npermit(principal == ?principal, action, resource);", "line 3, column 1: this is a template"),
        (
            r#"@id("a") permit(principal, action, resource);
            @id("a") forbid(principal, action, resource);"#,
            "line 2, column 13: another policy has the id `a`",
        ),
        (
            r#"@id("policy1") permit(principal, action, resource); forbid(principal, action, resource);"#,
            "the id `policy1`",
        ),
        (r#"@id("--allow-read x") permit(principal, action, resource);"#, "`--allow-read x` is no id"),
        (r#"@id("") permit(principal, action, resource);"#, "`` is no id"),
        (r#"@id("a\u{202e}b") permit(principal, action, resource);"#, "is no id"),
        (r#"forbid(principal, action, resource in Path::"data/");"#, "no file is ever called `data/`"),
        (r#"forbid(principal, action, resource) when { resource in Path::"/etc" };"#, "no file is ever called `/etc`"),
        (r#"forbid(principal, action, resource == Path::"./data");"#, "no file is ever called `./data`"),
    ];
    for (text, says) in cases {
        assert!(refused(text).contains(says), "{text}\n{}", refused(text));
    }
}

#[test]
fn texts_are_bounded_before_they_are_read() {
    let sets = when(&format!("[{}] == []", "1,".repeat(5000)));
    assert!(Operator::with_policy(&sets).is_ok(), "a long set is not deep: {}", refused(&sets));
    assert!(Operator::with_policy(&ALL.repeat(10_000)).is_ok());
    assert_eq!(Operator::with_policy(&ALL.repeat(10_001)).err(), Some(PolicyError::Count));
    let large = format!("{ALL}//{}", " ".repeat(1 << 20));
    assert_eq!(Operator::with_policy(&large).err(), Some(PolicyError::Size(large.len())));
    let chain = |link: &str, count| when(&format!("{}context.planned", link.repeat(count)));
    for (text, mistake) in [
        (when(&format!("{}true{}", "(".repeat(100_000), ")".repeat(100_000))), Mistake::Depth(32)),
        ("[".repeat(500_000), Mistake::Depth(32)),
        ("(;".repeat(100), Mistake::Depth(32)),
        (chain("context.planned && ", 10_000), Mistake::Operators(256)),
        (chain("if context.planned then true else ", 10_000), Mistake::Operators(256)),
        (when(&format!("context{} == 1", ".a".repeat(10_000))), Mistake::Operators(256)),
        (when(&format!("context{} == 1", "[\"a\"]".repeat(10_000))), Mistake::Operators(256)),
        (chain("context.planned || ", 120), Mistake::Tree(100)),
        (chain("if context.planned then true else ", 120), Mistake::Tree(100)),
        (when(&format!("{}1 == 1", "1 - context.bytes + ".repeat(80))), Mistake::Tree(100)),
    ] {
        match Operator::with_policy(&text) {
            Err(PolicyError::Text(_, found)) => assert_eq!(found, mistake),
            other => panic!("{mistake}: {other:?}"),
        }
    }
}

/// The stack that a host call has must suffice for the deepest policy that is taken.
#[test]
fn the_deepest_policy_can_be_evaluated() {
    let not = format!("{}context.planned{}", "!(".repeat(28), ")".repeat(28));
    let minus = format!("1 == {}1", "context.bytes - ".repeat(90));
    let nested =
        format!("{}context.planned{}", "if context.planned then [1] == [".repeat(14), "] else false".repeat(14));
    for condition in [
        "context.planned || ".repeat(95) + "true",
        not,
        minus,
        nested.replace("[context.planned]", "[1]"),
        format!("{}true", "if context.planned then false else ".repeat(90)),
    ] {
        let grant = under(&when(&condition));
        let write = crate::write("x", 1);
        let mut call = corosensei::Coroutine::<(), (), _>::new(move |_, ()| answer(grant.decide(&write)));
        let decision = call.resume(()).as_return().expect("it ends");
        assert!(!matches!(decision, Err((Ground::Error, _))), "{condition}: {decision:?}");
    }
}

#[test]
fn strings_and_comments_hide_what_looks_like_structure() {
    let text = r#"
        // permit(principal, action, resource); ((((
        @id("a;\"b") permit(principal, action, resource) // ; forbid
        when { resource.path != ";{\\" };
    "#;
    assert_eq!(answer(under(text).decide(&read("x"))), Ok(vec!["a;\"b".to_owned()]));
}

#[test]
fn the_schema_finds_what_could_never_mean_what_it_seems_to() {
    for (text, line, says) in [
        (when("resource.owner == \"x\""), 1, "owner"),
        (when("context.bytes > 1"), 1, "bytes"),
        ("\npermit(principal, action == Action::\"fs_chmod\", resource);".to_owned(), 2, "fs_chmod"),
        ("\n\npermit(principal == User::\"x\", action, resource);".to_owned(), 3, "User"),
        ("permit(principal, action == Action::\"fs.read\", resource);".to_owned(), 1, "unable to find"),
        ("permit(principal, action == Action::\"kv_get\", resource is Path);".to_owned(), 1, "unable to find"),
    ] {
        let findings = check_policy(&text).expect("it is Cedar");
        assert!(findings.iter().any(|f| f.place.line == line && f.message.contains(says)), "{text}\n{findings:#?}");
    }
    assert_eq!(check_policy(ALL), Ok(Vec::new()));
    assert!(check_policy("permit").is_err());
}
