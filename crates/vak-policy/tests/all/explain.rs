//! What is told of a grant and of a denial.

use vak_model::{Capability, Decision, Denial, Effect, KvKey};
use vak_policy::{Advice, Allowance, GoesInto, Grant, Operator, Principal, explain};

use crate::{grant, manifest, path, read, rename, under, write};

fn denied(grant: &Grant, effect: &Effect) -> Denial {
    match grant.decide(effect) {
        Decision::Denied(denial) => denial,
        Decision::Allowed { policies } => panic!("`{effect}` is allowed by {policies:?}"),
    }
}

fn advice(grant: &Grant, effect: &Effect) -> Advice {
    grant.advice(effect, &denied(grant, effect))
}

#[test]
fn every_request_is_answered_with_what_decides_and_what_would_grant_it() {
    let mut skill = manifest("acme/square", &["data/*.txt", "my notes/**", "**"]);
    skill
        .capabilities
        .retain(|one| matches!(one.capability, Capability::Compute | Capability::FsRead | Capability::Kv));
    skill.capabilities[2].optional = false;
    let policy = r#"@id("reads") permit(principal, action in Action::"fs.read", resource) when { principal.signed };
                    @id("secret") forbid(principal, action, resource in Path::"data/secret");"#;
    let operator = Operator::with_policy(policy).expect(policy);
    assert!(Grant::new(&skill, &Principal::unsigned(&skill), &operator).is_err(), "kv is needed");
    let told = explain(&skill, &Principal::unsigned(&skill), &operator).expect("told all the same");
    let short = |of: &[String]| of.join(",");
    let told: Vec<_> = told
        .iter()
        .map(|one| {
            (one.request.capability, one.held, short(&one.permits), short(&one.forbids), one.grants.flags.as_str())
        })
        .collect();
    let reads = "--allow-read data --allow-read='my notes' --allow-read .";
    assert_eq!(told[0], (Capability::Compute, true, String::new(), String::new(), ""));
    assert_eq!(told[1], (Capability::FsRead, true, "reads".to_owned(), "secret".to_owned(), reads));
    assert_eq!(told[2], (Capability::Kv, false, String::new(), "secret".to_owned(), "--allow-kv"));
}

/// What is told to be missing is what is missing.
#[test]
fn an_effect_is_allowed_once_the_advice_is_taken() {
    let key = KvKey::try_from("k").expect("a key");
    let effects = [
        read("data/x"),
        read("x"),
        write("a b/\"q\"/x", 1),
        rename("a/x", "b/y"),
        Effect::KvGet { key },
        Effect::ClockNow,
    ];
    for effect in effects {
        let advised = advice(&grant(&Operator::nothing()), &effect);
        assert_eq!(advised.goes_into, GoesInto::CommandLine);
        let forbid = r#"forbid(principal, action, resource in Path::"never");"#;
        let advised = advice(&under(forbid), &effect);
        assert_eq!(advised.goes_into, GoesInto::Policy);
        let with = format!("{forbid}\n{}", advised.line.expect("a line"));
        assert!(under(&with).decide(&effect).is_allowed(), "{with}");
        assert_eq!(vak_policy::check_policy(&with), Ok(Vec::new()));
    }
    assert_eq!(advice(&grant(&Operator::nothing()), &read("data/x")).line.as_deref(), Some("--allow-read data"));
    let both = advice(&grant(&Operator::nothing()), &rename("a/x", "b/y"));
    assert_eq!(both.line.as_deref(), Some("--allow-write a --allow-write b"));
}

#[test]
fn what_the_manifest_lacks_is_a_line_for_the_manifest() {
    let mut skill = manifest("s", &["data/**"]);
    skill.capabilities.retain(|request| request.capability != Capability::Kv);
    let all = Operator::nothing().allow(Allowance::Read(path(".")));
    let grant = Grant::new(&skill, &Principal::unsigned(&skill), &all).expect("all is optional");
    for (effect, line) in [
        (read("other/a*.txt"), r#"- fs.read: ["data/**", "other/a\\*.txt"]"#),
        (Effect::KvList { prefix: String::new() }, "- kv"),
    ] {
        let advised = advice(&grant, &effect);
        assert_eq!((advised.line.as_deref(), advised.goes_into), (Some(line), GoesInto::Manifest));
    }
}

#[test]
fn what_is_forbidden_or_broken_is_told_with_the_policy_that_decided() {
    let text = r#"permit(principal, action, resource);
        @id("secret") forbid(principal, action, resource in Path::"secret");
        @id("broken") forbid(principal, action == Action::"log", resource) when { resource.nothing };"#;
    let grant = under(text);
    let advised = advice(&grant, &read("secret/x"));
    assert_eq!(
        advised,
        Advice { reason: "the policy `secret` forbids it".to_owned(), line: None, goes_into: GoesInto::Policy }
    );
    let advised = advice(&grant, &Effect::Log { bytes: 1 });
    assert!(advised.reason.starts_with("the policy `broken` can't be evaluated: "), "{}", advised.reason);
    assert!(advised.reason.contains("nothing") && advised.line.is_none(), "{}", advised.reason);
}
