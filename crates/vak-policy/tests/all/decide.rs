//! Effect by effect.

use vak_model::{
    Capability, CapabilityRequest, Effect, Ground, HostName, HttpHost, HttpMethod, HttpScheme, HttpUrl, KvKey,
};
use vak_policy::{Allowance, Grant, Operator, Principal, check_policy, explain};

use crate::{answer, grant, manifest, path, read, rename, under, write};

const READ_DATA: &str = r#"@id("reading") permit(principal, action in Action::"fs.read", resource in Path::"data");"#;

fn ok(ids: &[&str]) -> Result<Vec<String>, (Ground, Vec<String>)> {
    Ok(ids.iter().map(|id| (*id).to_owned()).collect())
}

fn no(ground: Ground, ids: &[&str]) -> Result<Vec<String>, (Ground, Vec<String>)> {
    Err((ground, ids.iter().map(|id| (*id).to_owned()).collect()))
}

#[test]
fn what_no_policy_permits_is_denied() {
    let grant = under(READ_DATA);
    assert_eq!(answer(grant.decide(&read("data/x/y"))), ok(&["reading"]));
    assert_eq!(answer(grant.decide(&Effect::FsList { path: path("data") })), ok(&["reading"]), "the folder itself");
    for denied in [read("other"), read("data-evil/x"), read("dat"), read("."), write("data/x", 1), Effect::ClockNow] {
        assert_eq!(answer(grant.decide(&denied)), no(Ground::Ungranted, &[]), "{denied}");
    }
}

#[test]
fn a_forbid_wins_over_every_permit() {
    let secret = r#"@id("secret") forbid(principal, action, resource in Path::"data/secret");"#;
    let grant = under(&format!("{READ_DATA}\npermit(principal, action, resource);\n{secret}"));
    assert_eq!(answer(grant.decide(&read("data/x"))), ok(&["policy1", "reading"]));
    assert_eq!(answer(grant.decide(&read("data/secret/x"))), no(Ground::Forbidden, &["secret"]));
    assert_eq!(answer(grant.decide(&read("data/secret"))), no(Ground::Forbidden, &["secret"]));
    let flag = Operator::with_policy(secret).expect(secret).allow(Allowance::Read(path("data")));
    assert_eq!(answer(crate::grant(&flag).decide(&read("data/secret/x"))), no(Ground::Forbidden, &["secret"]));
}

/// Cedar leaves a policy out that errs, and would allow what the broken forbid was written against.
#[test]
fn a_policy_that_errs_denies_what_others_permit() {
    let broken = r#"@id("broken") forbid(principal, action, resource) when { resource.owner == "root" };"#;
    for broken in [broken, &broken.replace("forbid", "permit"), &broken.replace("resource.owner", "context.bytes")] {
        let grant = under(&format!("{READ_DATA}\n{broken}"));
        assert_eq!(answer(grant.decide(&read("data/x"))), no(Ground::Error, &["broken"]), "{broken}");
        let both = under(&format!("{READ_DATA}{broken}forbid(principal, action, resource);"));
        assert_eq!(answer(both.decide(&read("data/x"))), no(Ground::Error, &["broken"]), "before what is forbidden");
    }
    let elsewhere = under(&format!("{READ_DATA}\n{}", broken.replace("resource)", "resource in Path::\"other\")")));
    assert_eq!(answer(elsewhere.decide(&read("data/x"))), ok(&["reading"]), "it is not about this path");
    assert_eq!(answer(elsewhere.decide(&rename("data/x", "other/x"))), no(Ground::Error, &["broken"]));
}

#[test]
fn what_the_manifest_does_not_ask_for_is_denied_whatever_policies_say() {
    let manifest = manifest("acme/square", &["data/*.txt"]);
    let all = Operator::with_policy("permit(principal, action, resource);").expect("a policy");
    let mut narrow = manifest.clone();
    narrow.capabilities.retain(|request| matches!(request.capability, Capability::Compute | Capability::FsRead));
    let grant = Grant::new(&narrow, &Principal::unsigned(&narrow), &all).expect("granted");
    assert_eq!(answer(grant.decide(&read("data/a.txt"))), ok(&["policy0"]));
    for denied in [read("data/a.key"), read("data/sub/a.txt"), write("data/a.txt", 1), Effect::ClockNow] {
        assert_eq!(answer(grant.decide(&denied)), no(Ground::Unrequested, &[]), "{denied}");
    }
    assert!(!grant.holds(Capability::Clock) && grant.holds(Capability::FsRead));
}

#[test]
fn both_names_of_a_renamed_file_must_be_allowed() {
    let out = r#"permit(principal, action in Action::"fs.write", resource in Path::"out");"#;
    let grant = under(out);
    assert_eq!(answer(grant.decide(&rename("out/a", "out/b"))), ok(&["policy0"]));
    assert_eq!(answer(grant.decide(&rename("out/a", "data/b"))), no(Ground::Ungranted, &[]));
    assert_eq!(answer(grant.decide(&rename("data/a", "out/b"))), no(Ground::Ungranted, &[]));
}

/// Else what is forbidden could be read under a name that nothing forbids.
#[test]
fn a_folder_is_not_renamed_with_something_forbidden_inside() {
    let all = "permit(principal, action, resource);";
    let grant = under(&format!(r#"{all} forbid(principal, action, resource in Path::"data/a/secret");"#));
    assert_eq!(answer(grant.decide(&rename("data", "free"))), no(Ground::Forbidden, &["policy1"]));
    assert_eq!(answer(grant.decide(&rename("free", "data/a"))), no(Ground::Forbidden, &["policy1"]));
    assert_eq!(answer(grant.decide(&rename("data/b", "free"))), ok(&["policy0"]));
}

#[test]
fn policies_see_who_asks() {
    for (condition, holds) in [
        ("principal.name == \"acme/square\" && principal.version == \"1.2.3\"", true),
        ("principal.signed", true),
        ("principal.signers.contains(\"bb\")", true),
        ("principal.signers.contains(\"cc\")", false),
        ("principal.module == \"\"", true),
        ("principal in Owner::\"acme\"", true),
        ("principal in Owner::\"ac\"", false),
        ("principal == Skill::\"square\"", false),
        ("action in Action::\"kv\" && action == Action::\"kv_set\"", true),
        ("resource == Key::\"a/b\" && resource.key like \"a/*\"", true),
        ("context.bytes <= 7 && !context.planned", true),
        ("context.bytes < 7", false),
    ] {
        let grant = under(&format!("permit(principal, action, resource) when {{ {condition} }};"));
        let key = KvKey::try_from("a/b").expect("a key");
        assert_eq!(grant.decide(&Effect::KvSet { key, bytes: 7 }).is_allowed(), holds, "{condition}");
    }
}

#[test]
fn more_bytes_than_cedar_can_count_are_the_most_it_can() {
    let grant = under("permit(principal, action, resource) when { context.bytes < 1000 };");
    assert_eq!(answer(grant.decide(&write("x", u64::MAX))), no(Ground::Ungranted, &[]));
    assert_eq!(answer(grant.decide(&write("x", 999))), ok(&["policy0"]));
}

#[test]
fn a_planned_action_is_told_from_a_real_one_and_never_counts_as_surer_than_it_is() {
    let sure =
        "when { context.planned && context has confidence && context.confidence.greaterThanOrEqual(decimal(\"0.9\")) }";
    let grant = under(&format!("permit(principal, action, resource) {sure};"));
    for (confidence, expected) in [
        (Some(0.9), ok(&["policy0"])),
        (Some(1.0), ok(&["policy0"])),
        (Some(0.899_99), no(Ground::Ungranted, &[])),
        (Some(1e-9), no(Ground::Ungranted, &[])),
        (Some(-0.0), no(Ground::Ungranted, &[])),
        (None, no(Ground::Ungranted, &[])),
        (Some(1.01), no(Ground::Error, &[])),
        (Some(-0.1), no(Ground::Error, &[])),
        (Some(f64::NAN), no(Ground::Error, &[])),
    ] {
        assert_eq!(answer(grant.decide_planned(&read("x"), confidence)), expected, "{confidence:?}");
    }
    assert_eq!(answer(grant.decide(&read("x"))), no(Ground::Ungranted, &[]));
    let always = under("permit(principal, action, resource);");
    assert_eq!(answer(always.decide_planned(&read("x"), Some(2.0))), no(Ground::Error, &[]), "without a condition too");
}

#[test]
fn a_flag_is_a_policy_named_by_itself() {
    let star = Operator::nothing().allow(Allowance::Read(path("a*"))).allow(Allowance::All(Capability::Kv));
    let grant = grant(&star);
    assert_eq!(answer(grant.decide(&read("a*/x"))), ok(&["--allow-read a*"]), "a star is a character like any other");
    assert_eq!(answer(grant.decide(&read("ab/x"))), no(Ground::Ungranted, &[]));
    let key = KvKey::try_from("k").expect("a key");
    assert_eq!(answer(grant.decide(&Effect::KvGet { key })), ok(&["--allow-kv"]));
    let top = crate::grant(&Operator::nothing().allow(Allowance::Write(path("."))));
    assert_eq!(answer(top.decide(&rename("a/b", "c"))), ok(&["--allow-write ."]));
}

#[test]
fn a_capability_is_held_if_one_of_its_calls_could_be_permitted() {
    let grant = under(
        r#"permit(principal in Owner::"acme", action == Action::"kv_get", resource);
           permit(principal == Skill::"other", action in Action::"fs.read", resource);
           forbid(principal, action == Action::"log", resource);"#,
    );
    let held: Vec<_> = Capability::ALL.into_iter().filter(|capability| grant.holds(*capability)).collect();
    assert_eq!(held, [Capability::Compute, Capability::Kv]);
}

/// Cedar takes a stack that is not the thread's own for one that is used up, and every policy would err.
#[test]
fn policies_are_evaluated_on_the_stack_of_a_host_call_too() {
    let grant = under("permit(principal, action, resource) when { resource.path like \"data/*\" };");
    let mut call = corosensei::Coroutine::<(), (), _>::new(move |_, ()| answer(grant.decide(&read("data/x"))));
    assert_eq!(call.resume(()).as_return().expect("it ends"), ok(&["policy0"]));
}

fn fetch(method: HttpMethod, scheme: HttpScheme, host: &str, target: &str) -> Effect {
    let host = HttpHost::Name(HostName::try_from(host).expect(host));
    let url = HttpUrl::new(scheme, host, scheme.default_port(), target).expect(target);
    Effect::HttpFetch { method, url, bytes: 10 }
}

#[test]
fn a_policy_sees_where_a_request_goes_and_how() {
    use HttpMethod::{Get, Post};
    use HttpScheme::{Http, Https};
    let reads = r#"@id("reads") permit(principal, action in Action::"net.http", resource is Url)
        when { resource.scheme == "https" && resource.host like "*.example.com" && resource.port == 443
            && resource.path like "/v1/*" && context.method == "GET" && context.bytes < 100 };"#;
    let grant = under(&format!(
        "{reads}\n@id(\"not\") forbid(principal, action, resource == Url::\"https://a.example.com/v1/no\");"
    ));
    assert_eq!(answer(grant.decide(&fetch(Get, Https, "a.example.com", "/v1/x"))), ok(&["reads"]));
    assert_eq!(answer(grant.decide(&fetch(Get, Https, "a.example.com", "/v1/no"))), no(Ground::Forbidden, &["not"]));
    for denied in [fetch(Post, Https, "a.example.com", "/v1/x"), fetch(Get, Https, "a.example.com", "/v2/x")] {
        assert_eq!(answer(grant.decide(&denied)), no(Ground::Ungranted, &[]), "{denied}");
    }
    let elsewhere = fetch(Get, Http, "a.example.com", "/v1/x");
    assert_eq!(answer(grant.decide(&elsewhere)), no(Ground::Unrequested, &[]));
    let other = fetch(Get, Https, "example.com.evil.test", "/v1/x");
    assert_eq!(answer(grant.decide(&other)), no(Ground::Unrequested, &[]));
    let strict = check_policy(reads).expect("a policy");
    assert!(strict.is_empty(), "{strict:?}");
}

#[test]
fn a_flag_for_the_net_says_the_same_as_its_policy() {
    let urls = [
        fetch(HttpMethod::Get, HttpScheme::Https, "a.example.com", "/v1/x"),
        fetch(HttpMethod::Get, HttpScheme::Https, "b.example.com", "/v2/x?y=/v1/"),
    ];
    for word in ["https://*.example.com/v1/*", "https://a.example.com/*", "https://a.example.com:8443/*"] {
        let mut manifest = manifest("s", &["**"]);
        let net = |scope: &str| CapabilityRequest::new(Capability::NetHttp, Some(vec![scope.to_owned()]), true);
        manifest.capabilities = vec![net(word).expect("a request")];
        let principal = Principal::unsigned(&manifest);
        let told = explain(&manifest, &principal, &Operator::nothing()).expect("told");
        let policy = &told[0].grants.policy;
        assert!(check_policy(policy).expect(policy).is_empty(), "{policy}");
        manifest.capabilities = vec![net("https://*.example.com/*").expect("a request")];
        let flag = Operator::nothing().allow(Allowance::Net(word.parse().expect(word)));
        let says = Operator::with_policy(policy).expect(policy);
        let [by_flag, by_policy] = [flag, says].map(|one| Grant::new(&manifest, &principal, &one).expect("optional"));
        for url in &urls {
            assert_eq!(by_flag.decide(url).is_allowed(), by_policy.decide(url).is_allowed(), "{word} {url}: {policy}");
        }
    }
}
