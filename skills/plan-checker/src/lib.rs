//! What a policy says to an agent's plan.

use serde::{Deserialize, Serialize};
use vak_guest::Error;
use vak_guest::plan::{self, Action, Decision};

/// A plan: `{"actions":[{"type":"fs_read","target":"notes/a.txt"}],"min_confidence":0.5}`.
#[derive(Deserialize)]
struct Input {
    actions: Vec<Action>,
    #[serde(default)]
    min_confidence: f64,
}

/// Whether to go on with it, and if not, why.
#[derive(Serialize)]
struct Output {
    go: bool,
    denied: Vec<Denied>,
    /// The places of actions that the agent itself is not sure of.
    unsure: Vec<usize>,
}

/// An action that is not allowed.
#[derive(Serialize)]
struct Denied {
    /// Its place in the plan, from 0.
    action: usize,
    r#type: String,
    target: String,
    code: String,
    reason: String,
    policies: Vec<String>,
}

vak_guest::export!(execute);

fn execute(Input { actions, min_confidence }: Input) -> Result<Output, Error> {
    let verdict = plan::verify(&actions)?;
    let is_unsure = |action: &Action| action.confidence.is_some_and(|confidence| confidence < min_confidence);
    let unsure: Vec<_> = (0..).zip(&actions).filter(|(_, action)| is_unsure(action)).map(|(place, _)| place).collect();
    let decided = (0..).zip(actions.into_iter().zip(verdict.actions));
    let denied: Vec<_> = decided.filter_map(|(place, (action, decision))| denial(place, action, decision)).collect();
    Ok(Output { go: verdict.allowed && denied.is_empty() && unsure.is_empty(), denied, unsure })
}

fn denial(place: usize, action: Action, decision: Decision) -> Option<Denied> {
    let Action { r#type, target, .. } = action;
    let Decision { allowed, code, policies, reason } = decision;
    let code = code.unwrap_or_default();
    (!allowed).then_some(Denied { action: place, r#type, target, code, reason, policies })
}

#[cfg(test)]
mod tests {
    use vak_guest::mock::Host;

    use super::*;

    const PLAN: &str = r#"{"actions":[
        {"type":"fs_read","target":"notes/a.txt","confidence":0.9},
        {"type":"fs_write","target":"notes/a.txt","confidence":0.4,"parameters":{"bytes":10}},
        {"type":"kv_set","target":"seen"}
    ],"min_confidence":0.5}"#;

    fn checked(host: &mut Host, plan: &str) -> String {
        let answer = host.run(|| vak_guest::answer(plan.as_bytes(), execute));
        String::from_utf8(answer.unwrap_or_else(|error| error)).expect("JSON is UTF-8")
    }

    #[test]
    fn what_is_denied_and_what_is_unsure_is_named_by_its_place() {
        let mut host = Host::new().deny("fs.write");
        let denied = concat!(
            r#"{"action":1,"type":"fs_write","target":"notes/a.txt","code":"policy.ungranted","#,
            r#""reason":"the test's host denies it","policies":[]}"#
        );
        assert_eq!(checked(&mut host, PLAN), format!(r#"{{"go":false,"denied":[{denied}],"unsure":[1]}}"#));
        assert!(host.contents_of("notes/a.txt").is_none(), "nothing of it was done");
    }

    #[test]
    fn a_plan_that_is_allowed_and_meant_goes() {
        let sure = PLAN.replace("0.4", "0.5");
        assert_eq!(checked(&mut Host::new(), &sure), r#"{"go":true,"denied":[],"unsure":[]}"#);
        assert_eq!(checked(&mut Host::new(), r#"{"actions":[]}"#), r#"{"go":true,"denied":[],"unsure":[]}"#);
    }

    #[test]
    fn doubt_alone_stops_a_plan() {
        assert_eq!(checked(&mut Host::new(), PLAN), r#"{"go":false,"denied":[],"unsure":[1]}"#);
    }

    #[test]
    fn without_the_right_to_ask_there_is_no_answer() {
        let answer = checked(&mut Host::new().deny("verify_plan"), PLAN);
        assert!(answer.starts_with(r#"{"error":"policy.ungranted: "#), "{answer}");
    }
}
