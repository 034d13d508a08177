//! Host functions that are not about files or the store: granted and denied.

use std::sync::{Arc, Mutex};

use vak_abi::Status;
use vak_model::{Code, HostCall};
use vak_runtime::{Host, LiveConfig, LogLevel, LogSink, Operator};

use crate::asking::{ask, asks_all, generous, granted, module};
use crate::code;

#[derive(Clone, Default)]
struct Lines(Arc<Mutex<Vec<(LogLevel, String)>>>);

impl LogSink for Lines {
    fn line(&mut self, level: LogLevel, text: &str) {
        self.0.lock().expect("not poisoned").push((level, text.to_owned()));
    }
}

impl Lines {
    fn host(&self) -> Host {
        Host::new(Box::new(LiveConfig::new().log(Box::new(self.clone())).build()))
    }

    fn taken(&self) -> Vec<(LogLevel, String)> {
        self.0.lock().expect("not poisoned").clone()
    }
}

fn live() -> Host {
    Host::new(Box::new(LiveConfig::new().build()))
}

#[test]
fn a_granted_call_is_done_and_its_twin_is_denied() {
    let requests: [(&str, &[u8]); 4] = [
        ("log", b"{}\nhello"),
        ("clock_now", b"{}"),
        ("random", br#"{"length":4}"#),
        ("verify_plan", br#"{"actions":[]}"#),
    ];
    let (got, outcome) = ask(&generous(), live(), &requests);
    assert!(got.iter().all(|got| got.status == Status::Done), "{got:?}");
    assert_eq!((outcome.denied.len(), outcome.usage.host_calls), (0, Some(4)));
    let (got, outcome) = ask(&Operator::nothing(), live(), &requests);
    for (got, denied) in got.iter().zip(["policy.ungranted"; 4]) {
        assert_eq!(got.refused(), (Status::Denied, denied.to_owned()));
    }
    let calls: Vec<HostCall> = outcome.denied.iter().map(|(effect, _)| effect.call()).collect();
    assert_eq!(calls, [HostCall::Log, HostCall::ClockNow, HostCall::Random, HostCall::VerifyPlan]);
}

#[test]
fn what_is_granted_and_has_nothing_behind_it_fails() {
    let (got, _) = ask(&generous(), Host::nothing(), &[("clock_now", b"{}"), ("fs_stat", br#"{"path":"data"}"#)]);
    for got in got {
        assert_eq!(got.refused(), (Status::Failed, "host.unavailable".to_owned()));
    }
}

#[test]
fn the_clock_is_the_system_s_and_a_seed_makes_random_bytes_repeatable() {
    let before = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).expect("after 1970").as_millis();
    let (got, _) = ask(&generous(), live(), &[("clock_now", b"{}")]);
    let now = u128::from(got[0].json()["unix_ms"].as_u64().expect("a number"));
    assert!((before..before + 60_000).contains(&now), "{now}");
    let draw = |config: LiveConfig| {
        let twice: [(&str, &[u8]); 2] = [("random", br#"{"length":32}"#), ("random", br#"{"length":32}"#)];
        let (got, _) = ask(&generous(), Host::new(Box::new(config.build())), &twice);
        (got[0].done().to_vec(), got[1].done().to_vec())
    };
    let seeded = |seed| draw(LiveConfig::new().seed(seed));
    assert_eq!(seeded(1), seeded(1));
    assert_ne!(seeded(1), seeded(2));
    assert_ne!(seeded(1).0, seeded(1).1);
    assert_ne!(draw(LiveConfig::new()), draw(LiveConfig::new()));
}

#[test]
fn e22_a_line_is_one_line_whatever_is_in_it() {
    let lines = Lines::default();
    let steps: [(&str, &[u8]); 4] = [
        ("log", b"{\"level\":\"warn\"}\na\n{\"seq\":1}\x1b[31m\0"),
        ("log", "{}\n\u{2028}\u{202e}ü".as_bytes()),
        ("log", b"{}\n\xff"),
        ("log", b"{}"),
    ];
    let (got, _) = ask(&generous(), lines.host(), &steps);
    let statuses: Vec<Status> = got.iter().map(|got| got.status).collect();
    assert_eq!(statuses, [Status::Done, Status::Done, Status::Failed, Status::Done]);
    assert_eq!(got[2].refused().1, "request.invalid");
    let expected = [
        (LogLevel::Warn, r#"a\u{a}{"seq":1}\u{1b}[31m\u{0}"#.to_owned()),
        (LogLevel::Info, r"\u{2028}\u{202e}ü".to_owned()),
        (LogLevel::Info, String::new()),
    ];
    assert_eq!(lines.taken(), expected);
}

#[test]
fn e22_the_line_that_goes_beyond_the_limit_ends_the_run_and_is_not_written() {
    // Escaped, a control character is five bytes and more; the end of a line counts as well.
    for (text, fits) in
        [("a".repeat(99), true), ("a".repeat(100), false), ("\n".repeat(19), true), ("\n".repeat(20), false)]
    {
        let lines = Lines::default();
        let request = format!("{{}}\n{text}");
        let yaml = asks_all().replace("limits: {", "limits: { max_log_bytes: 100,");
        let skill = granted(&module(&[("log", request.as_bytes())]), &yaml, &generous());
        let outcome = pollster::block_on(skill.call_in("execute", b"{}", lines.host()));
        assert_eq!(outcome.result.is_ok(), fits, "{text:?}: {:?}", outcome.result);
        assert_eq!(lines.taken().len(), usize::from(fits));
        if !fits {
            assert_eq!(code(&outcome), Code::LimitLog);
        }
    }
}

#[test]
fn random_gives_no_more_than_it_says() {
    let steps: [(&str, &[u8]); 4] = [
        ("random", br#"{"length":0}"#),
        ("random", br#"{"length":65537}"#),
        ("random", br#"{"length":18446744073709551615}"#),
        ("random", br#"{"length":65536}"#),
    ];
    let (got, _) = ask(&generous(), live(), &steps);
    for got in &got[..3] {
        assert_eq!(got.refused(), (Status::Failed, "random.length".to_owned()));
    }
    assert_eq!(got[3].done().len(), 65_536);
}

#[test]
fn a_plan_is_decided_as_its_actions_would_be_and_none_is_done() {
    let place = crate::asking::place();
    let host = || Host::new(Box::new(crate::asking::folders(place.path()).expect("folders").build()));
    let plan = r#"{"actions":[
        {"type":"fs_write","target":"out/a","confidence":0.5,"parameters":{"bytes":5}},
        {"type":"fs_write","target":"data/a"},
        {"type":"fs_rename","target":"out/a","parameters":{"to":"out/b"}},
        {"type":"fs_read","target":"/etc/passwd"},
        {"type":"kv_list"},
        {"type":"launch","target":"missiles"},
        {"type":"reason","parameters":{"bytes":5}},
        {"type":"reason","target":"x"},
        {"type":"clock_now","target":"x"}]}"#
        .replace('\n', " ");
    let (got, outcome) = ask(&generous(), host(), &[("verify_plan", plan.as_bytes())]);
    let verified = got[0].json();
    assert_eq!(verified["allowed"], false);
    let codes: Vec<Option<&str>> =
        verified["actions"].as_array().expect("a list").iter().map(|action| action["code"].as_str()).collect();
    let (unrequested, target) = (Some("policy.unrequested"), Some("plan.target"));
    let rest = [Some("plan.unknown"), None, target, target];
    assert_eq!(codes, [[None, unrequested, None, target, None].as_slice(), &rest].concat());
    assert!(outcome.denied.is_empty());
    assert_eq!(std::fs::read_dir(place.path().join("out")).expect("listed").count(), 0);
}

#[test]
fn policies_know_that_an_action_is_planned_and_how_sure_the_agent_is() {
    let place = crate::asking::place();
    let host = Host::new(Box::new(crate::asking::folders(place.path()).expect("folders").build()));
    let policy = r#"permit(principal, action == Action::"verify_plan", resource);
        permit(principal, action in Action::"fs.write", resource)
        when { context.planned && context has confidence && context.confidence.greaterThanOrEqual(decimal("0.9")) };"#;
    let operator = Operator::with_checked_policy(policy).expect("a policy");
    let action = |confidence: &str| format!(r#"{{"type":"fs_write","target":"out/a"{confidence}}}"#);
    let actions = [r#","confidence":0.9"#, r#","confidence":0.8999"#, ""].map(action).join(",");
    let plan = format!(r#"{{"actions":[{actions}]}}"#);
    let steps = [("verify_plan", plan.as_bytes()), ("fs_write", b"{\"path\":\"out/a\"}\nx".as_slice())];
    let (got, _) = ask(&operator, host, &steps);
    let allowed: Vec<bool> =
        got[0].json()["actions"].as_array().expect("a list").iter().map(|action| action["allowed"] == true).collect();
    assert_eq!(allowed, [true, false, false]);
    assert_eq!(got[1].refused(), (Status::Denied, "policy.ungranted".to_owned()), "a plan is not the deed");
}

#[test]
fn a_plan_that_is_none_is_refused() {
    let many = format!(r#"{{"actions":[{}]}}"#, vec![r#"{"type":"clock_now"}"#; 1001].join(","));
    let long = many.replacen("clock_now", &"x".repeat(1 << 20), 1);
    for plan in [
        "{}",
        r#"{"actions":[{}]}"#,
        r#"{"actions":[{"type":"log","confidence":1.5}]}"#,
        r#"{"actions":[{"type":"log","type":"log"}]}"#,
        r#"{"actions":[{"type":"log","more":1}]}"#,
        &many,
        &long,
    ] {
        let (got, _) = ask(&generous(), live(), &[("verify_plan", plan.as_bytes())]);
        assert_eq!(got[0].refused(), (Status::Failed, "request.invalid".to_owned()), "{plan:.60}");
    }
    let most = format!(r#"{{"actions":[{}]}}"#, vec![r#"{"type":"clock_now"}"#; 1000].join(","));
    let (got, _) = ask(&generous(), live(), &[("verify_plan", most.as_bytes())]);
    assert_eq!(got[0].json()["allowed"], true);
}

#[test]
fn e25_clock_and_random_are_denied_without_a_grant() {
    let steps: [(&str, &[u8]); 2] = [("clock_now", b"{}"), ("random", br#"{"length":8}"#)];
    let (got, _) = ask(&Operator::nothing(), live(), &steps);
    for got in got {
        assert_eq!(got.refused(), (Status::Denied, "policy.ungranted".to_owned()));
    }
}
