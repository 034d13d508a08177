//! Host calls: the bytes that go out, and what is made of those that come back.

use serde_json::{Value, json};

use crate::probe::ask_each;

fn ask_host(requests: &[Value]) -> Option<Vec<Value>> {
    let requests: Vec<_> = requests.iter().map(Value::to_string).collect();
    let answers = ask_each('h', &requests)?;
    Some(answers.iter().map(|answer| serde_json::from_str(answer).unwrap_or_else(|_| panic!("{answer}"))).collect())
}

#[test]
fn every_call_writes_its_request_as_the_host_reads_it() {
    let cases = [
        (json!({"call":"fs_read","a":"n/é\n","number":7}), r#"fs_read {"path":"n/é\n","offset":7,"length":1000}"#),
        (json!({"call":"fs_list","a":"."}), r#"fs_list {"path":"."}"#),
        (json!({"call":"fs_stat","a":"n"}), r#"fs_stat {"path":"n"}"#),
        (json!({"call":"fs_write","a":"n","b":"x\ny"}), "fs_write {\"path\":\"n\",\"mode\":\"replace\"}\nx\ny"),
        (json!({"call":"fs_write","a":"n","number":1}), r#"fs_write {"path":"n","mode":"create"}"#),
        (json!({"call":"fs_write","a":"n","number":2,"b":"z"}), "fs_write {\"path\":\"n\",\"mode\":\"append\"}\nz"),
        (json!({"call":"fs_remove","a":"n"}), r#"fs_remove {"path":"n"}"#),
        (json!({"call":"fs_rename","a":"n","b":"m"}), r#"fs_rename {"from":"n","to":"m"}"#),
        (
            json!({"call":"http_fetch","a":"http://a.test/","b":"x\ny"}),
            "http_fetch {\"method\":\"PUT\",\"url\":\"http://a.test/\"}\nx\ny",
        ),
        (
            json!({"call":"http_fetch","a":"http://a.test/","value":[["accept","*/*"]]}),
            r#"http_fetch {"method":"PUT","url":"http://a.test/","headers":[["accept","*/*"]]}"#,
        ),
        (json!({"call":"kv_get","a":"k\"1"}), r#"kv_get {"key":"k\"1"}"#),
        (json!({"call":"kv_set","a":"k","b":"v"}), "kv_set {\"key\":\"k\"}\nv"),
        (json!({"call":"kv_delete","a":"k"}), r#"kv_delete {"key":"k"}"#),
        (json!({"call":"kv_list","a":"k","b":""}), r#"kv_list {"prefix":"k","after":""}"#),
        (json!({"call":"log","a":"","number":2,"b":"oh"}), "log {\"level\":\"warn\"}\noh"),
        (json!({"call":"clock_now","a":""}), "clock_now {}"),
        (json!({"call":"random","a":"","number":6}), r#"random {"length":6}"#),
        (json!({"call":"verify_plan","a":"","value":[{"type":"x"}]}), r#"verify_plan {"actions":[{"type":"x"}]}"#),
        (json!({"call":"reason","a":"","value":[{"role":"user"}]}), r#"reason {"messages":[{"role":"user"}]}"#),
        (json!({"call":"reason","a":"","number":5,"value":[]}), r#"reason {"messages":[],"max_tokens":5}"#),
    ];
    let with_host = cases.each_ref().map(|(request, _)| {
        let mut request = request.clone();
        request["status"] = json!(0);
        request["response"] = json!("{}");
        request
    });
    let Some(answers) = ask_host(&with_host) else { return };
    for ((request, asked), answer) in cases.iter().zip(answers) {
        assert_eq!(answer["asked"], *asked, "{request}");
        assert_eq!((&answer["status"], &answer["bytes"], &answer["code"]), (&json!(0), &json!("{}"), &json!("")));
    }
}

#[test]
fn a_response_of_any_length_is_had_whole() {
    let lengths = [0, 1, 255, 256, 257, 1000, 100_000];
    let texts = lengths.map(|len| "x".repeat(len));
    let requests = texts.each_ref().map(|text| json!({"call":"kv_get","a":"k","status":0,"response":text}));
    let Some(answers) = ask_host(&requests) else { return };
    for (text, answer) in texts.iter().zip(answers) {
        assert_eq!(answer["bytes"], **text, "{}", text.len());
    }
}

#[test]
fn an_answer_has_its_head_and_its_body_as_it_was_sent() {
    let fetch = |status: i64, response: &str| json!({"call":"http_fetch","a":"u","status":status,"response":response});
    let cases = [
        (fetch(0, "{\"url\":\"http://a.test/\"}\nline\nline\n"), "http://a.test/", "line\nline\n"),
        (fetch(0, "{\"url\":\"http://a.test/\"}\n"), "http://a.test/", ""),
        (fetch(0, "{\"url\":\"http://a.test/\"}"), "http://a.test/", ""),
        (fetch(0, ""), "", ""),
        (fetch(0, "\nbody"), "", "body"),
        (fetch(2, "{\"url\":\"x\"}\nbody"), "", ""),
    ];
    let Some(answers) = ask_host(&cases.each_ref().map(|(request, ..)| request.clone())) else { return };
    for ((request, url, body), answer) in cases.into_iter().zip(answers) {
        assert_eq!((&answer["url"], &answer["body"]), (&json!(url), &json!(body)), "{request}");
    }
}

#[test]
fn what_was_not_done_has_its_code_and_is_the_skill_s_own_error() {
    let missing = r#"{"code":"fs.not_found","message":"no \"n\""}"#;
    let long = format!(r#"{{"code":"policy.forbidden","message":"{}"}}"#, "y".repeat(500));
    let stat = |status: i64, response: &str| json!({"call":"fs_stat","a":"n","status":status,"response":response});
    let cases = [
        (stat(2, missing), 2, "fs.not_found", "fs.not_found: no \"n\"".to_owned()),
        (stat(1, &long), 1, "policy.forbidden", format!("policy.forbidden: {}", "y".repeat(500))),
        (stat(1, ""), 1, "host.response", "host.response: ".to_owned()),
        (stat(2, "[1]"), 2, "host.response", "host.response: ".to_owned()),
        (stat(3, "{}"), 2, "host.response", "host.response: an unknown status".to_owned()),
        (stat(-1, "{}"), 2, "host.response", "host.response: an unknown status".to_owned()),
        (
            json!({"call":"fs_stat","a":"n"}),
            1,
            "policy.ungranted",
            "policy.ungranted: the test has set no host".to_owned(),
        ),
        (
            json!({"call":"fs_stat","status":0,"response":"{}"}),
            2,
            "request.invalid",
            "request.invalid: a text that is not UTF-8".to_owned(),
        ),
        (
            json!({"call":"verify_plan","a":"","status":0,"response":"{}"}),
            2,
            "request.invalid",
            "request.invalid: a value that is not there".to_owned(),
        ),
    ];
    let Some(answers) = ask_host(&cases.each_ref().map(|(request, ..)| request.clone())) else { return };
    for ((request, status, code, fails), answer) in cases.into_iter().zip(answers) {
        assert_eq!((&answer["status"], &answer["code"]), (&json!(status), &json!(code)), "{request}");
        assert_eq!(answer["fails"], json!({ "error": fails }), "{request}");
        assert_eq!(answer["is_not_found"], json!(code == "fs.not_found"), "{request}");
        let is_asked = !answer["asked"].as_str().expect("text").is_empty();
        assert_eq!(is_asked, request["status"].is_i64() && code != "request.invalid", "{request}");
    }
}
