//! What holds for all policies, manifests and effects.

use std::collections::HashSet;
use std::str::FromStr;

use cedar_policy::{Authorizer, Context, Entities, Entity, EntityUid, PolicySet, Request, RestrictedExpression};
use proptest::prelude::*;
use vak_model::{Capability, Decision, Effect, Ground, GuestPath, Manifest, Resource};
use vak_policy::{Allowance, Grant, Operator, Principal};

use crate::{manifest, path};

const PATHS: [&str; 7] = [".", "a", "a/b", "a/b/c", "ab", "a*", "b/a"];
const NAMES: [&str; 3] = ["acme/one", "one", "acme/two"];

fn a_path() -> impl Strategy<Value = &'static str> {
    prop::sample::select(PATHS.as_slice())
}

fn a_principal() -> impl Strategy<Value = String> {
    prop_oneof![
        Just("principal".to_owned()),
        Just("principal is Skill".to_owned()),
        Just("principal in Owner::\"acme\"".to_owned()),
        Just("principal is Skill in Owner::\"acme\"".to_owned()),
        Just("principal is Owner".to_owned()),
        prop::sample::select(NAMES.as_slice()).prop_map(|name| format!("principal == Skill::\"{name}\"")),
        prop::sample::select(NAMES.as_slice()).prop_map(|name| format!("principal in Skill::\"{name}\"")),
    ]
}

fn an_action() -> impl Strategy<Value = &'static str> {
    prop::sample::select(
        [
            "action",
            "action == Action::\"fs_read\"",
            "action == Action::\"fs.read\"",
            "action in Action::\"fs.read\"",
            "action in Action::\"fs_rename\"",
            "action in [Action::\"fs.write\", Action::\"kv_list\"]",
            "action in [Action::\"kv\", Action::\"clock\", Action::\"fs_chmod\"]",
            "action == Action::\"clock_now\"",
        ]
        .as_slice(),
    )
}

fn a_resource() -> impl Strategy<Value = String> {
    prop_oneof![
        3 => Just("resource".to_owned()),
        1 => prop::sample::select(["is Path", "is Key", "is Host", "== Host::\"host\"", "in Host::\"other\"", "== Key::\"a\"",
            "in Key::\"a\"", "is Key in Path::\"a\"", "is Skill"].as_slice()).prop_map(|rest| format!("resource {rest}")),
        3 => a_path().prop_map(|path| format!("resource in Path::\"{path}\"")),
        1 => a_path().prop_map(|path| format!("resource == Path::\"{path}\"")),
        1 => a_path().prop_map(|path| format!("resource is Path in Path::\"{path}\"")),
    ]
}

fn a_condition() -> impl Strategy<Value = String> {
    prop_oneof![
        4 => Just(String::new()),
        1 => Just(" when { principal.signed }".to_owned()),
        1 => Just(" when { context.planned }".to_owned()),
        1 => Just(" unless { context has bytes && context.bytes > 10 }".to_owned()),
        1 => Just(" when { context.bytes > 10 }".to_owned()),
        1 => Just(" when { resource has path && resource.path like \"a*\" }".to_owned()),
        1 => a_path().prop_map(|path| format!(" unless {{ resource in Path::\"{path}\" }}")),
        1 => Just(" when { action in Action::\"fs.read\" && principal in Owner::\"acme\" }".to_owned()),
    ]
}

fn a_policy() -> impl Strategy<Value = String> {
    (any::<bool>(), a_principal(), an_action(), a_resource(), a_condition()).prop_map(
        |(permit, who, action, what, when)| {
            format!("{}({who}, {action}, {what}){when};\n", if permit { "permit" } else { "forbid" })
        },
    )
}

fn policies() -> impl Strategy<Value = Vec<String>> {
    prop::collection::vec(a_policy(), 0..8)
}

fn an_effect() -> impl Strategy<Value = Effect> {
    let path = || a_path().prop_map(path);
    prop_oneof![
        path().prop_map(|path| Effect::FsRead { path }),
        path().prop_map(|path| Effect::FsList { path }),
        (path(), 0..20_u64).prop_map(|(path, bytes)| Effect::FsWrite { path, bytes }),
        (path(), path()).prop_map(|(from, to)| Effect::FsRename { from, to }),
        Just(Effect::KvList { prefix: "a".to_owned() }),
        Just(Effect::ClockNow),
        Just(Effect::Log { bytes: 11 }),
    ]
}

fn principal(manifest: &Manifest, signed: bool) -> Principal {
    let signers = if signed { vec!["aa".to_owned()] } else { Vec::new() };
    Principal { signers, ..Principal::unsigned(manifest) }
}

fn grant(name: &str, scope: &[&str], signed: bool, operator: &Operator) -> Grant {
    let manifest = manifest(name, scope);
    Grant::new(&manifest, &principal(&manifest, signed), operator).expect("all is optional")
}

fn operator(policies: &[String]) -> Operator {
    Operator::with_policy(&policies.concat()).expect("policies")
}

/// What Cedar says of one resource when it is given all policies, with nothing sliced and nothing left to VAK: `None` if
/// any errs.
fn whole(name: &str, signed: bool, policies: &str, effect: &Effect, resource: Resource<'_>) -> Option<bool> {
    let uid = |kind: &str, id: &str| EntityUid::from_str(&format!("{kind}::{id:?}")).expect("an entity");
    let text = |text: &str| RestrictedExpression::new_string(text.to_owned());
    let owner: HashSet<_> = name.split_once('/').map(|(owner, _)| uid("Owner", owner)).into_iter().collect();
    let skill = [("signed".to_owned(), RestrictedExpression::new_bool(signed))].into();
    let skill = Entity::new(uid("Skill", name), skill, owner).expect("a skill");
    let groups = [uid("Action", effect.call().capability().name())].into_iter();
    let action = uid("Action", effect.call().name());
    let action = Entity::new_no_attrs(action.clone(), groups.filter(|group| *group != action).collect());
    let thing = match resource {
        Resource::Path(path) => {
            let above = PATHS.iter().filter(|above| path.as_str() != **above && is_below(path, above));
            let above = above.map(|above| uid("Path", above)).collect();
            Entity::new(uid("Path", path.as_str()), [("path".to_owned(), text(path.as_str()))].into(), above)
        }
        Resource::Key(key) => Entity::new(uid("Key", key), [("key".to_owned(), text(key))].into(), HashSet::new()),
        Resource::Url(url) => unreachable!("no strategy makes `{url}`"),
        Resource::Host => Ok(Entity::with_uid(uid("Host", "host"))),
    };
    let thing = thing.expect("a thing");
    let bytes = effect.bytes().map(|bytes| ("bytes".to_owned(), RestrictedExpression::new_long(bytes.cast_signed())));
    let planned = ("planned".to_owned(), RestrictedExpression::new_bool(false));
    let context = Context::from_pairs([planned].into_iter().chain(bytes)).expect("a context");
    let request = Request::new(skill.uid(), action.uid(), thing.uid(), context, None).expect("a request");
    let entities = Entities::from_entities([skill, action, thing], None).expect("entities");
    let response =
        Authorizer::new().is_authorized(&request, &PolicySet::from_str(policies).expect(policies), &entities);
    let erred = response.diagnostics().errors().next().is_some();
    (!erred).then(|| response.decision() == cedar_policy::Decision::Allow)
}

/// Another way than VAK's to say it.
fn is_below(path: &GuestPath, folder: &str) -> bool {
    folder == "."
        || path.as_str().split('/').zip(folder.split('/')).filter(|(a, b)| a == b).count() == folder.split('/').count()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, ..ProptestConfig::default() })]

    #[test]
    fn a_slice_decides_as_all_policies_do(
        policies in policies(), effect in an_effect(), name in prop::sample::select(NAMES.as_slice()), signed: bool,
    ) {
        let decision = grant(name, &["**"], signed, &operator(&policies)).decide(&effect);
        let text = policies.concat();
        let each: Vec<_> = effect.resources().map(|resource| whole(name, signed, &text, &effect, resource)).collect();
        let allowed = each.iter().all(|one| *one == Some(true));
        if matches!(effect, Effect::FsRename { .. }) {
            prop_assert!(allowed || !decision.is_allowed(), "what goes along with a folder can be forbidden too");
        } else {
            prop_assert_eq!(decision.is_allowed(), allowed, "{}", text);
            let erred = matches!(&decision, Decision::Denied(denial) if denial.ground == Ground::Error);
            prop_assert_eq!(erred, each.contains(&None), "{}", text);
        }
    }

    #[test]
    fn one_more_forbid_never_allows_more(policies in policies(), forbid in a_policy(), effect in an_effect(), at: prop::sample::Index) {
        let forbid = forbid.replace("permit(", "forbid(");
        let mut more = policies.clone();
        more.insert(at.index(policies.len() + 1), forbid);
        let (before, after) = (grant(NAMES[0], &["**"], true, &operator(&policies)), grant(NAMES[0], &["**"], true, &operator(&more)));
        prop_assert!(!after.decide(&effect).is_allowed() || before.decide(&effect).is_allowed());
    }

    #[test]
    fn a_narrower_manifest_allows_no_more_and_a_wider_one_no_more_than_the_operator(
        policies in policies(), effect in an_effect(), scope in a_path(), kept in prop::sample::subsequence(Capability::ALL.to_vec(), 0..10),
    ) {
        let operator = operator(&policies);
        let wide = manifest(NAMES[0], &["**"]);
        let mut narrow = manifest(NAMES[0], &[scope]);
        narrow.capabilities.retain(|request| kept.contains(&request.capability));
        let of = |manifest: &Manifest| Grant::new(manifest, &principal(manifest, true), &operator).expect("all is optional");
        let (wide, narrow) = (of(&wide), of(&narrow));
        prop_assert!(!narrow.decide(&effect).is_allowed() || wide.decide(&effect).is_allowed());
        let text = policies.concat();
        let given = effect.resources().all(|resource| whole(NAMES[0], true, &text, &effect, resource) == Some(true));
        prop_assert!(!wide.decide(&effect).is_allowed() || given);
        for capability in Capability::ALL {
            prop_assert!(!narrow.holds(capability) || wide.holds(capability) );
        }
    }

    #[test]
    fn a_flag_decides_as_the_policy_that_it_stands_for(
        policies in policies(), path in a_path(), writes: bool, effect in an_effect(),
    ) {
        let allowance = if writes { Allowance::Write(crate::path(path)) } else { Allowance::Read(crate::path(path)) };
        let group = allowance.capability();
        let policy = format!("permit(principal, action in Action::\"{group}\", resource in Path::\"{path}\");");
        let text = [policies.as_slice(), &[policy]].concat();
        let flag = grant(NAMES[0], &["**"], true, &operator(&policies).allow(allowance));
        let written = grant(NAMES[0], &["**"], true, &operator(&text));
        prop_assert_eq!(flag.decide(&effect).is_allowed(), written.decide(&effect).is_allowed());
    }
}
