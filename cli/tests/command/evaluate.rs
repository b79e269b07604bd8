//! `bandera evaluate`, single and in batches.

use super::run::{RULESET, Ran, bandera, bandera_reading, file};
use serde_json::{Value, json};

/// Evaluates one flag; `name` keeps the files of tests apart.
fn one(name: &str, args: &[&str]) -> Ran {
    let ruleset = file(&format!("evaluate-{name}.json"), RULESET);
    bandera(&[&["evaluate", "--ruleset", &ruleset, "--flag"], args].concat())
}

#[test]
fn one_flag_for_one_subject() {
    #[track_caller]
    fn check(args: &[&str], code: i32, expected: &Value) {
        let ran = one("one", args);
        assert_eq!(ran.code, code, "{ran:?}");
        let answer = ran.json();
        for (name, value) in expected.as_object().unwrap() {
            assert_eq!(&answer[name], value, "{name} of {answer}");
        }
    }
    let loud = json!({"flagKey": "button", "value": "LOUD", "variant": "loud",
        "reason": "TARGETING_MATCH", "metadata": {"rule": "spain"}});
    check(&["button", "--context", r#"{"country":"ES"}"#], 0, &loud);
    check(
        &["button"],
        0,
        &json!({"value": "calm", "reason": "DEFAULT"}),
    );
    let mismatch = json!({"value": false, "variant": null, "reason": "ERROR",
        "errorCode": "TYPE_MISMATCH"});
    check(
        &["button", "--type", "boolean", "--default", "false"],
        1,
        &mismatch,
    );
    check(
        &["button", "--type", "object"],
        1,
        &json!({"value": null, "reason": "ERROR"}),
    );
    check(
        &["panel", "--type", "object"],
        0,
        &json!({"value": {"columns": 3}}),
    );
    check(
        &["gone"],
        1,
        &json!({"value": null, "errorCode": "FLAG_NOT_FOUND"}),
    );
    let missing = json!({"value": "x", "errorCode": "TARGETING_KEY_MISSING"});
    check(&["headline", "--default", "\"x\""], 1, &missing);
    let decided = json!({"reason": "SPLIT", "action": "b", "propensity": 0.5});
    check(&["headline", "--targeting-key", "visitor-1"], 0, &decided);
    check(
        &["headline", "--targeting-key", "v", "--excluded"],
        0,
        &json!({"reason": "DEFAULT"}),
    );
    let before = ["spring", "--at", "2026-03-19T23:59:59Z"];
    check(&before, 0, &json!({"value": null, "reason": "DISABLED"}));
    let after = ["spring", "--at", "2026-03-20T01:00:00+01:00"];
    check(&after, 0, &json!({"value": true, "reason": "STATIC"}));
}

#[test]
fn a_context_may_be_a_file() {
    let context = file("evaluate-context.json", r#"{"country": "ES"}"#);
    let ran = one(
        "with-context",
        &["button", "--context", &format!("@{context}"), "--human"],
    );
    assert_eq!(ran.code, 0, "{ran:?}");
    assert_eq!(
        ran.stdout,
        "button serves \"LOUD\" (variant loud, TARGETING_MATCH)\n"
    );
}

#[test]
fn a_snapshot_moves_the_bandit() {
    let snapshot = r#"{"formatVersion":1,"bandit":"hero","revision":7,"atMs":0,"actions":[
        {"action":"a","parts":1000000},{"action":"b","parts":0}]}"#;
    let snapshot = file("evaluate-snapshot.json", snapshot);
    let ran = one(
        "with-snapshot",
        &[
            "headline",
            "--targeting-key",
            "visitor-1",
            "--snapshot",
            &snapshot,
        ],
    );
    let answer = ran.json();
    assert_eq!(
        (&answer["action"], &answer["propensity"]),
        (&json!("a"), &json!(1.0))
    );
    assert_eq!(answer["metadata"]["policyRevision"], 7);
}

#[test]
fn wrong_arguments_say_what_would_be_right() {
    #[track_caller]
    fn check(args: &[&str], part: &str) {
        let ran = one("wrong", args);
        assert_eq!(ran.code, 2, "{ran:?}");
        assert!(
            ran.stderr.contains(part) && ran.stderr.contains("help: "),
            "{ran:?}"
        );
    }
    check(&["button", "--context", "[]"], "--context");
    check(
        &["button", "--context", r#"{"targetingKey":7}"#],
        "--context /targetingKey",
    );
    check(&["button", "--default", "text"], "--default");
}

#[test]
fn contexts_past_a_limit_are_refused_with_their_place() {
    let context = |bytes: usize| format!(r#"{{"page":{{"url":"{}"}}}}"#, "x".repeat(bytes));
    let asked = |context: &str| one("long-context", &["button", "--context", context]);
    assert_eq!(asked(&context(16_384)).code, 0);
    let refused = asked(&context(16_385));
    assert_eq!(refused.code, 2, "{refused:?}");
    let place = "--context /page/url: a text of 16385 bytes; at most 16384 are allowed: send";
    assert!(refused.stderr.contains(place), "{refused:?}");

    // In a batch each case is refused by itself.
    let case = |id, context: &str, more: &str| {
        format!(r#"{{"id":{id},"flagKey":"button","context":{context}{more}}}"#)
    };
    let actions = |n: usize| {
        let actions: Vec<String> = (0..n).map(|i| format!(r#""a{i}":{{}}"#)).collect();
        format!(r#","actions":{{{}}}"#, actions.join(","))
    };
    let cases = [
        case(1, &context(16_385), ""),
        case(2, &context(16_384), ""),
        case(3, "{}", &actions(1_001)),
        case(4, "{}", &actions(1_000)),
    ];
    let ruleset = file("evaluate-long-cases.json", RULESET);
    let ran = bandera_reading(
        &["evaluate", "--ruleset", &ruleset, "--cases", "-"],
        cases.join("\n").as_bytes(),
    );
    let answers = ran.json_lines();
    let codes: Vec<&Value> = answers.iter().map(|answer| &answer["errorCode"]).collect();
    let invalid = json!("INVALID_CONTEXT");
    assert_eq!(codes, [&invalid, &Value::Null, &invalid, &Value::Null]);
    let detail = answers[0]["errorDetails"].as_str().unwrap();
    assert!(
        detail.starts_with("line 1: /context/page/url: a text of"),
        "{detail}"
    );
    let detail = answers[2]["errorDetails"].as_str().unwrap();
    assert!(
        detail.starts_with("line 3: /actions: 1001 actions"),
        "{detail}"
    );
}

#[test]
fn each_line_has_an_answer_in_its_place() {
    let cases = [
        concat!(
            r#"{"id":"1","flagKey":"button","type":"string","defaultValue":"d","#,
            r#""context":{"country":"ES"}}"#
        ),
        "this is no JSON",
        "",
        r#"{"id":"4","flagKey":"button","type":"boolean","defaultValue":true,"context":{}}"#,
        r#"{"id":"5","flagKey":"gone","defaultValue":{"a": [1, 2.50]},"context":{}}"#,
        r#"{"id":"6","flagKey":"button","defaultValue":6,"context":{"targetingKey":6}}"#,
        r#"{"id":"7","flagKey":"spring","defaultValue":7,"context":{},"at":"yesterday"}"#,
        r#"{"id":"8","flagKey":"spring","defaultValue":8,"at":"2026-04-01T00:00:00Z"}"#,
        r#"{"id":"9","flagKey":7,"defaultValue":9,"context":{}}"#,
        concat!(
            r#"{"id":"10","flagKey":"headline","defaultValue":"d","#,
            r#""context":{"targetingKey":"visitor-1"},"actions":{"a":{"x":1}}}"#
        ),
        "\u{fffd}",
        r#"{"flagKey":"button","defaultValue":"d","context":{}}"#,
    ];
    let ruleset = file("evaluate-lines.json", RULESET);
    let lines = cases.join("\n").replace('\u{fffd}', "{\"id\":\"11\",\u{0}");
    let args = [
        "evaluate",
        "--ruleset",
        &ruleset,
        "--cases",
        "-",
        "--at",
        "2026-01-01T00:00:00Z",
    ];
    let ran = bandera_reading(&args, lines.as_bytes());
    assert_eq!(ran.code, 0, "{ran:?}");
    let answers = ran.json_lines();
    let of = |name: &str| -> Vec<Value> { answers.iter().map(|a| a[name].clone()).collect() };
    let ids = json!([
        "1", null, null, "4", "5", "6", "7", "8", "9", "10", null, null
    ]);
    assert_eq!(json!(of("id")), ids);
    let values = json!(["LOUD", null, null, true, {"a": [1, 2.5]}, 6, 7, true, 9, "B", null, "d"]);
    assert_eq!(json!(of("value")), values);
    let codes = json!([
        null,
        "PARSE_ERROR",
        "PARSE_ERROR",
        "TYPE_MISMATCH",
        "FLAG_NOT_FOUND",
        "INVALID_CONTEXT",
        "PARSE_ERROR",
        null,
        "PARSE_ERROR",
        null,
        "PARSE_ERROR",
        "PARSE_ERROR"
    ]);
    assert_eq!(json!(of("errorCode")), codes);
    let details = answers[1]["errorDetails"].as_str().unwrap();
    assert!(details.starts_with("line 2: "), "{details}");
    assert_eq!(
        (&answers[9]["action"], &answers[9]["propensity"]),
        (&json!("b"), &json!(0.5))
    );
    assert_eq!(answers[0]["flagKey"], "button");
    // The default comes back as it was written, to the last digit.
    assert!(
        ran.stdout.contains(r#""value":{"a": [1, 2.50]}"#),
        "{}",
        ran.stdout
    );
}

#[test]
fn bytes_that_are_no_text_are_refused_alone() {
    let ruleset = file("evaluate-bytes.json", RULESET);
    let mut lines = b"{\"id\":\"1\",\"flagKey\":\"\xff\"}\n".to_vec();
    lines.extend(br#"{"id":"2","flagKey":"button","defaultValue":0,"context":{}}"#);
    let ran = bandera_reading(&["evaluate", "--ruleset", &ruleset, "--cases", "-"], &lines);
    let answers = ran.json_lines();
    assert_eq!(answers[0]["errorDetails"], "line 1: is not UTF-8 text");
    assert_eq!(answers[1]["value"], "calm");
}

#[test]
fn a_broken_flag_leaves_the_others_alone() {
    let broken = RULESET.replace("\"variant\": \"loud\"", "\"variant\": \"lout\"");
    let ruleset = file("evaluate-broken.json", &broken);
    let cases = file(
        "evaluate-broken.ndjson",
        "{\"id\":\"1\",\"flagKey\":\"button\",\"defaultValue\":\"d\",\"context\":{}}\n\
         {\"id\":\"2\",\"flagKey\":\"panel\",\"defaultValue\":0,\"context\":{}}\n",
    );
    let ran = bandera(&["evaluate", "--ruleset", &ruleset, "--cases", &cases]);
    assert_eq!(ran.code, 0, "{ran:?}");
    assert!(ran.stderr.contains("1 error(s)"), "{}", ran.stderr);
    let answers = ran.json_lines();
    assert_eq!(answers[0]["errorCode"], "PARSE_ERROR");
    assert_eq!(
        (&answers[0]["value"], &answers[1]["value"]),
        (&json!("d"), &json!({"columns": 3}))
    );
}

#[test]
fn ten_thousand_cases_keep_their_order() {
    let ruleset = file("evaluate-many.json", RULESET);
    let case = |i: u32| {
        let context = json!({"targetingKey": format!("s{i}")});
        let id = i.to_string();
        json!({"id": id, "flagKey": "test", "defaultValue": false, "context": context}).to_string()
    };
    let lines = (0..10_000).map(case).collect::<Vec<_>>().join("\n");
    let args = ["evaluate", "--ruleset", &ruleset, "--cases", "-"];
    let ran = bandera_reading(&args, lines.as_bytes());
    let answers = ran.json_lines();
    assert_eq!(answers.len(), 10_000);
    let ordered = |(i, answer): (usize, &Value)| answer["id"] == json!(i.to_string());
    assert!(answers.iter().enumerate().all(ordered));
    let yes = answers
        .iter()
        .filter(|answer| answer["value"] == true)
        .count();
    // Four standard errors of a fair split of 10,000.
    assert!((4_800..=5_200).contains(&yes), "{yes}");
}
