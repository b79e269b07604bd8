use proptest::prelude::*;

use super::*;

fn one(json: &str) -> Received {
    parse(format!(r#"{{"events":[{json}]}}"#).as_bytes())
        .unwrap()
        .remove(0)
}

#[test]
fn reads_each_kind() {
    let check = |json: &str, expected: Claim| assert_eq!(one(json).event.unwrap().claim, expected);
    check(
        r#"{"id":"e","kind":"exposure","receipt":"R","later":1}"#,
        Claim::DecisionExposed {
            receipt: "R".into(),
        },
    );
    check(
        r#"{"id":"e","kind":"exposure","flag":"f","variant":"v","subject":"s"}"#,
        Claim::FlagExposed {
            flag: "f".into(),
            variant: "v".into(),
            subject: Some("s".into()),
        },
    );
    check(
        r#"{"id":"e","kind":"reward","receipt":"R","metric":"m","value":2.5}"#,
        Claim::Rewarded {
            receipt: "R".into(),
            metric: Some("m".into()),
            value: 2.5,
        },
    );
    let timed = one(r#"{"id":"e","kind":"reward","receipt":"R","value":1,"atMs":5}"#);
    assert_eq!(timed.event.unwrap().at, Some(UnixMillis(5)));
}

#[test]
fn faults_stay_with_their_event() {
    let check = |json: &str, code: &str, pointer: &str| {
        let fault = one(json).event.unwrap_err();
        assert_eq!(
            (fault.code.as_str(), fault.pointer),
            (code, pointer),
            "{json}"
        );
    };
    check("7", "event_malformed", "/id");
    check(r#"{"id":"two words"}"#, "event_malformed", "/id");
    check(r#"{"id":"e"}"#, "event_malformed", "/kind");
    check(
        r#"{"id":"e","kind":"metric"}"#,
        "event_kind_unknown",
        "/kind",
    );
    check(
        r#"{"id":"e","kind":"exposure"}"#,
        "event_malformed",
        "/flag",
    );
    check(
        r#"{"id":"e","kind":"exposure","flag":"f"}"#,
        "event_malformed",
        "/variant",
    );
    check(
        r#"{"id":"e","kind":"reward"}"#,
        "event_malformed",
        "/receipt",
    );
    check(
        r#"{"id":"e","kind":"reward","receipt":"R"}"#,
        "event_malformed",
        "/value",
    );
    check(
        r#"{"id":"e","kind":"reward","receipt":"R","value":"1"}"#,
        "event_malformed",
        "",
    );
    check(
        r#"{"id":"e","kind":"reward","receipt":"R","value":1,"atMs":-1}"#,
        "event_malformed",
        "/atMs",
    );
    let id = one(r#"{"id":"e","kind":7}"#).id;
    assert_eq!(id.as_ref().map(EventId::as_str), Some("e"));
}

#[test]
fn limits_hold_at_and_one_past() {
    let batch = |n: usize| format!(r#"{{"events":[{}]}}"#, vec!["{}"; n].join(","));
    assert_eq!(
        parse(batch(EVENTS_PER_BATCH_MAX).as_bytes()).unwrap().len(),
        500
    );
    let past = parse(batch(EVENTS_PER_BATCH_MAX + 1).as_bytes());
    assert_eq!(past, Err(InvalidBatch::TooManyEvents(501)));
    let body = |n: usize| format!(r#"{{"events":[]{}}}"#, " ".repeat(n - 13));
    assert_eq!(parse(body(EVENT_BODY_BYTES_MAX).as_bytes()), Ok(vec![]));
    let past = parse(body(EVENT_BODY_BYTES_MAX + 1).as_bytes());
    assert_eq!(past, Err(InvalidBatch::BodyTooLong));
    let id = |n: usize| EventId::new(&"x".repeat(n)).is_some();
    assert_eq!((id(0), id(1), id(64), id(65)), (false, true, true, false));
}

#[test]
fn answers_in_order_with_pointers() {
    let rejected = Verdict::Rejected(Rejection::new(RejectionCode::TooLate, "/receipt"));
    let verdicts = [(EventId::new("a"), Verdict::Committed), (None, rejected)];
    let expected = concat!(
        r#"{"verdicts":[{"id":"a","verdict":"committed"},"#,
        r#"{"id":null,"verdict":"rejected","problem":{"#,
        r#""type":"urn:bandera:problem:reward_too_late","code":"reward_too_late","#,
        r#""title":"The attribution window of the decision is over","#,
        r#""pointer":"/events/1/receipt"}}]}"#
    );
    assert_eq!(print_verdicts(&verdicts), expected);
}

proptest! {
    #[test]
    fn never_panics_on_any_body(body in ".{0,200}") {
        let _ = parse(body.as_bytes());
    }

    #[test]
    fn never_panics_on_any_event(id in ".{0,70}", kind in ".{0,10}", value: f64) {
        let event = serde_json::json!({"id": id, "kind": kind, "value": value});
        let body = serde_json::json!({"events": [event]}).to_string();
        prop_assert_eq!(parse(body.as_bytes()).unwrap().len(), 1);
    }
}
