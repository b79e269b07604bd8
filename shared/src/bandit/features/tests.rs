use super::wire::{FeatureWire, from_wire};
use super::*;
use crate::context::EvaluationContext;

fn spec(json: &str) -> FeatureSpec {
    let wires: Vec<FeatureWire> = serde_json::from_str(json).unwrap();
    from_wire(&wires).unwrap()
}

fn context() -> EvaluationContext {
    let os = Value::Object([("name".into(), "iOS".into())].into());
    EvaluationContext::new()
        .with("age", 30)
        .with("hour", 18)
        .with("device", "mobile")
        .with("member", true)
        .with("os", os)
}

#[track_caller]
fn check(json: &str, expected: &[i16]) {
    let vector = spec(json).vector(&context());
    assert_eq!(vector.values(), expected, "{json}");
    assert_eq!(
        ContextVector::new(vector.spec(), vector.values()),
        Some(vector.clone())
    );
}

#[test]
fn contexts_become_the_declared_numbers() {
    let numeric = |more: &str| format!(r#"[{{"kind":"numeric","min":0,"max":40{more}}}]"#);
    check(&numeric(r#","attribute":"age""#), &[2_048]);
    check(&numeric(r#","attribute":"member""#), &[-3_891]);
    check(&numeric(r#","attribute":"device""#), &[0]);
    check(&numeric(r#","attribute":"absent""#), &[0]);
    check(&numeric(r#","attribute":"absent","missing":-9"#), &[-ONE]);
    let steps = r#"[{"kind":"steps","attribute":"hour","bounds":[6,12,18]}]"#;
    check(steps, &[0, 0, 0, ONE]);
    check(&steps.replace("18]", "18.5]"), &[0, 0, ONE, 0]);
    check(&steps.replace("hour", "absent"), &[0; 4]);
    let one_hot = r#"[{"kind":"oneHot","attribute":"device","categories":["desktop","mobile"]}]"#;
    check(one_hot, &[0, ONE]);
    check(&one_hot.replace("mobile", "tablet"), &[0, 0]);
    let os = r#"[{"kind":"oneHot","attribute":["os","name"],"categories":["iOS"]},
                 {"kind":"oneHot","attribute":"hour","categories":["17","18"]},
                 {"kind":"oneHot","attribute":"member","categories":["true"]}]"#;
    check(os, &[ONE, 0, ONE, ONE]);
    check(
        r#"[{"kind":"hashed","attribute":"device","places":4}]"#,
        &[0, 0, 0, ONE],
    );
    check(
        r#"[{"kind":"hashed","attribute":"absent","places":2}]"#,
        &[0, 0],
    );
}

#[test]
fn crossed_features_are_every_product() {
    let json = r#"[{"kind":"numeric","attribute":"age","min":0,"max":40},
                   {"kind":"oneHot","attribute":"device","categories":["desktop","mobile"]},
                   {"kind":"steps","attribute":"hour","bounds":[12]},
                   {"kind":"crossed","of":[0,1]},{"kind":"crossed","of":[1,2]}]"#;
    check(json, &[2_048, 0, ONE, 0, ONE, 0, 2_048, 0, 0, 0, ONE]);
}

#[test]
fn refuses_what_cannot_be_meant() {
    let check = |json: &str, pointer: &str, message: &str| {
        let wires: Vec<FeatureWire> = serde_json::from_str(json).unwrap();
        let fault = from_wire(&wires).unwrap_err();
        assert_eq!(
            fault.pointer,
            format!("/policy/features{pointer}"),
            "{fault}"
        );
        assert!(fault.message.contains(message), "{fault}");
    };
    check("[]", "", "at least one feature");
    check(r#"[{"kind":"numeric","attribute":"a"}]"#, "/0", "min");
    check(
        r#"[{"kind":"numeric","attribute":"a","min":1,"max":1}]"#,
        "/0",
        "below",
    );
    check(r#"[{"kind":"numeric","min":0,"max":1}]"#, "/0", "attribute");
    check(
        r#"[{"kind":"steps","attribute":"a","bounds":[2,1]}]"#,
        "/0/bounds",
        "rising",
    );
    check(
        r#"[{"kind":"steps","attribute":"a"}]"#,
        "/0/bounds",
        "rising",
    );
    let twice = r#"[{"kind":"oneHot","attribute":"a","categories":["x","x"]}]"#;
    check(twice, "/0/categories", "each once");
    check(
        r#"[{"kind":"hashed","attribute":"a","places":1}]"#,
        "/0/places",
        "2 to 64",
    );
    check(
        r#"[{"kind":"hashed","attribute":"a","places":2,"min":1}]"#,
        "/0/min",
        "no such",
    );
    check(r#"[{"kind":"crossed","of":[0,1]}]"#, "/0/of", "before");
}

#[test]
fn numbers_are_limited() {
    let hashed = |places: usize, more: &str| {
        format!(r#"[{{"kind":"hashed","attribute":"a","places":{places}}}{more}]"#)
    };
    assert_eq!(spec(&hashed(FEATURES_MAX, "")).n_features(), FEATURES_MAX);
    let more = r#",{"kind":"oneHot","attribute":"b","categories":["x"]}"#;
    let wires: Vec<FeatureWire> = serde_json::from_str(&hashed(FEATURES_MAX, more)).unwrap();
    let fault = from_wire(&wires).unwrap_err();
    assert_eq!(fault.pointer, "/policy/features/1");
    assert!(fault.message.contains("65 numbers"), "{fault}");
    assert!(ContextVector::new(1, [0; FEATURES_MAX]).is_some());
    assert!(ContextVector::new(1, [0; FEATURES_MAX + 1]).is_none());
    assert!(ContextVector::new(1, [ONE + 1]).is_none());
    assert!(ContextVector::new(1, []).is_none());
}

#[test]
fn another_declaration_has_another_fingerprint() {
    let one = r#"[{"kind":"oneHot","attribute":"device","categories":["desktop","mobile"]}]"#;
    let pinned = spec(one).fingerprint();
    assert_eq!(pinned, 480_175_005);
    let others = [
        one.replace("mobile", "tablet"),
        one.replace(r#""device""#, r#""os""#),
        one.replace(r#""device""#, r#"["device","name"]"#),
        one.replace(r#","mobile""#, ""),
    ];
    for other in others {
        assert_ne!(spec(&other).fingerprint(), pinned, "{other}");
    }
}
