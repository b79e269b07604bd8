use crate::asked::Asked;
use crate::{Fidelity, Peer, import};
use bandera_shared::flag::FlagType;
use serde_json::{Value as Json, json};

fn asked(features: &Json, segments: &Json) -> Asked {
    let environment = json!({ "key": "env", "name": "QA" });
    let export = json!({ "environment": environment, "features": features, "segments": segments });
    Asked::of(Peer::Flagsmith, &export)
}

fn condition(property: &str, operator: &str, value: &str) -> Json {
    json!({ "property": property, "operator": operator, "value": value })
}

/// A feature that is on for members of a segment with that rule.
fn probe(rule: &Json) -> Asked {
    let feature = |enabled| json!({ "key": "f", "name": "f", "enabled": enabled, "value": "v" });
    let overrides = [feature(true)];
    let segment = json!({ "key": "s", "name": "s", "rules": [rule], "overrides": overrides });
    asked(&json!({ "f": feature(false) }), &json!({ "1": segment }))
}

#[test]
fn rules_ask_the_same_of_conditions_and_of_rules_below() {
    let yes = condition("a", "IS_SET", "");
    let no = condition("a", "IS_NOT_SET", "");
    let below = |condition: &Json| json!({ "type": "ALL", "conditions": [condition] });
    let check = |kind: &str, conditions: &[&Json], rules: &[&Json], expected| {
        let rules: Json = rules.iter().map(|condition| below(condition)).collect();
        let rule = json!({ "type": kind, "conditions": conditions, "rules": rules });
        assert_eq!(
            probe(&rule).is_on("f", &json!({ "a": 1 })),
            expected,
            "{rule}"
        );
    };
    check("ALL", &[&yes, &yes], &[&yes], true);
    check("ALL", &[&yes, &no], &[], false);
    check("ALL", &[&yes], &[&yes, &no], false);
    check("ANY", &[&no, &yes], &[], true);
    check("ANY", &[&no, &yes], &[&no, &yes], true);
    check("ANY", &[&yes], &[&no], false);
    check("NONE", &[&no], &[&no], true);
    check("NONE", &[&no], &[&yes], false);
    check("NONE", &[&yes], &[], false);
    check("ALL", &[], &[], true);
    check("NONE", &[], &[], true);
}

#[test]
fn properties_are_traits_or_paths() {
    let check = |property: &str, value: &str, context: Json, expected| {
        let rule = json!({ "type": "ALL", "conditions": [condition(property, "EQUAL", value)] });
        assert_eq!(
            probe(&rule).is_on("f", &context),
            expected,
            "{property} {context}"
        );
    };
    check("plan", "pro", json!({ "plan": "pro" }), true);
    check(
        "$.identity.identifier",
        "ana",
        json!({ "targetingKey": "ana" }),
        true,
    );
    check(
        "$.identity.traits.plan",
        "pro",
        json!({ "plan": "pro" }),
        true,
    );
    check("$.environment.name", "QA", json!({}), true);
    check(
        "$.environment.name",
        "QA",
        json!({ "$.environment.name": "x" }),
        false,
    );
    check(
        "$.identity.key",
        "env_ana",
        json!({ "targetingKey": "ana" }),
        true,
    );
    check(
        "$.identity.key",
        "k",
        json!({ "identity": { "key": "k" } }),
        true,
    );
    check("$.identity", "x", json!({ "$.identity": "x" }), true);
}

#[test]
fn lists_come_in_three_forms() {
    let check = |value: Json, found: Json, expected| {
        let condition = json!({ "property": "a", "operator": "IN", "value": value });
        let rule = json!({ "type": "ALL", "conditions": [condition] });
        assert_eq!(
            probe(&rule).is_on("f", &json!({ "a": found })),
            expected,
            "{value}"
        );
    };
    check(json!(["x", 1]), json!(1), true);
    check(json!("x,y"), json!("y"), true);
    check(json!("x, y"), json!("y"), false);
    check(json!(r#"["x", "y,z"]"#), json!("y,z"), true);
    check(json!(r#"["x", "#), json!(" "), true);
    check(json!(r#""x""#), json!(r#""x""#), true);
    check(json!([true]), json!("True"), true);
}

/// Percentages by `hashlib` in Python: `f,k` 3.2, `f,env_ana` 55.2, `g,env_ana` 42.0,
/// `s,env_ana` 85.2, `s,k` 18.0.
#[test]
fn variants_and_shares_draw_the_published_numbers() {
    let variant = |key: &str, weight: f64, priority: u8| {
        json!({ "key": key, "value": key,
        "weight": weight, "priority": priority })
    };
    let variants = json!([variant("late", 30.0, 9), variant("early", 50.0, 1)]);
    let feature = |key: &str| {
        json!({ "key": key, "name": "f", "enabled": true,
        "value": "plain", "variants": variants })
    };
    let split = condition("", "PERCENTAGE_SPLIT", "20");
    let rule = json!({ "type": "ALL", "conditions": [split] });
    let segment =
        json!({ "key": "s", "name": "few", "rules": [rule], "overrides": [feature("g")] });
    let plain = asked(&json!({ "f": feature("f") }), &json!({}));
    let overridden = asked(&json!({ "f": feature("f") }), &json!({ "1": segment }));
    let ana = json!({ "targetingKey": "ana" });
    let keyed = json!({ "targetingKey": "ana", "identity": { "key": "k" } });
    let answer = |asked: &Asked, context: &Json| asked.answer("f", FlagType::String, context);
    assert_eq!(answer(&plain, &ana), r#"late "late""#);
    assert_eq!(answer(&plain, &keyed), r#"early "early""#);
    assert_eq!(answer(&plain, &json!({})), r#"control "plain""#);
    assert_eq!(answer(&overridden, &ana), r#"late "late""#);
    let narrow = |percentage: &str| {
        let split = condition("$.identity.key", "PERCENTAGE_SPLIT", percentage);
        let rule = json!({ "type": "ALL", "conditions": [split] });
        let segment =
            json!({ "key": "s", "name": "n", "rules": [rule], "overrides": [feature("g")] });
        asked(&json!({ "f": feature("f") }), &json!({ "1": segment }))
    };
    assert_eq!(answer(&narrow("85"), &ana), r#"late "late""#);
    assert_eq!(answer(&narrow("86"), &ana), r#"early "early""#);
}

#[test]
fn the_strongest_override_wins_and_the_first_of_equals() {
    let feature = |value: &str, priority: Json| {
        json!({ "key": "f", "name": "f",
        "enabled": true, "value": value, "priority": priority })
    };
    let everybody = |name: &str, value: &str, priority: Json| {
        let rule = json!({ "type": "ALL" });
        let overrides = [feature(value, priority)];
        format!(
            r#"{{"key":"{name}","name":"{name}","rules":[{rule}],"overrides":{}}}"#,
            json!(overrides)
        )
    };
    let check = |segments: [String; 2], expected: &str| {
        // Written by hand: names of members are not in alphabetical order.
        let [first, second] = segments;
        let text = format!(
            r#"{{"features":{{"f":{}}},"segments":{{"z":{first},"a":{second}}}}}"#,
            feature("default", Json::Null)
        );
        let imported = import(Peer::Flagsmith, text.as_bytes()).expect("it is an export");
        let rule = &imported.ruleset["flags"]["f"]["rules"][0];
        assert_eq!(rule["id"], *expected, "{text}");
    };
    let (one, two) = (json!(1), json!(2));
    check(
        [
            everybody("x", "", two.clone()),
            everybody("y", "", one.clone()),
        ],
        "y",
    );
    check(
        [
            everybody("x", "", one.clone()),
            everybody("y", "", one.clone()),
        ],
        "x",
    );
    check(
        [everybody("x", "", Json::Null), everybody("y", "", two)],
        "y",
    );
    check(
        [
            everybody("x", "", Json::Null),
            everybody("y", "", Json::Null),
        ],
        "x",
    );
}

#[test]
fn a_boolean_request_learns_whether_it_is_on() {
    let feature =
        |enabled: bool, value: Json| json!({ "key": "k", "enabled": enabled, "value": value });
    let asked = asked(
        &json!({
            "text": feature(true, json!("x")),
            "number": feature(true, json!(1.5)),
            "truth": feature(true, json!(false)),
            "nothing": feature(true, Json::Null),
            "object": feature(true, json!("{\"a\":1}")),
            "off": feature(false, json!("x")),
        }),
        &json!({}),
    );
    let check = |flag, wanted, expected| {
        assert_eq!(asked.answer(flag, wanted, &json!({})), expected, "{flag}");
    };
    check("text", FlagType::Boolean, "default true");
    check("text", FlagType::String, r#"default "x""#);
    check("text", FlagType::Number, "TYPE_MISMATCH");
    check("number", FlagType::Number, "default 1.5");
    check("truth", FlagType::Boolean, "default true");
    check("nothing", FlagType::Boolean, "default true");
    check("object", FlagType::Json, r#"default {"a":1}"#);
    check("off", FlagType::Boolean, "off false");
    check("off", FlagType::String, "TYPE_MISMATCH");
}

/// A feature that is on where the condition holds, beside others that the condition asks for.
fn asking(property: &str, operator: &str, value: &str) -> Asked {
    let rule = json!({ "type": "ALL", "conditions": [condition(property, operator, value)] });
    let feature = |name: &str, is_on: bool, value: Json| {
        let mut feature = json!({ "key": name, "name": name, "enabled": is_on });
        feature["value"] = value;
        feature
    };
    let segment = |name: &str, rule: &Json, overrides: Json| {
        let mut segment = json!({ "key": name, "name": name, "rules": [rule] });
        segment["overrides"] = overrides;
        segment
    };
    let beta = json!({ "type": "ALL", "conditions": [condition("plan", "EQUAL", "beta")] });
    asked(
        &json!({
            "f": feature("f", false, "v".into()),
            "on": feature("on", true, 7.into()),
            "off": feature("off", false, "x".into()),
            "null": feature("null", true, Json::Null),
            "beta only": feature("beta only", false, "old".into()),
            "split": { "key": "1", "name": "split", "enabled": true, "value": "c",
                "variants": [{ "value": "a", "weight": 100, "priority": 1, "key": "k" }] },
        }),
        &json!({
            "1": segment("s", &rule, json!([feature("f", true, "v".into())])),
            "2": segment("b", &beta, json!([feature("beta only", true, "new".into())])),
        }),
    )
}

/// # Source
/// flagsmith-flag-engine 11.1.1, asked each of these.
#[test]
fn other_flags_are_asked_for_their_answers() {
    let check = |property: &str, operator: &str, value: &str, expected: [bool; 2]| {
        let asked = asking(property, operator, value);
        let contexts = [
            json!({ "targetingKey": "ana" }),
            json!({ "targetingKey": "ana", "plan": "beta" }),
        ];
        let found = contexts.map(|context| asked.is_on("f", &context));
        assert_eq!(found, expected, "{property} {operator} {value}");
        assert_eq!(asked.noted(Fidelity::Dropped), [""; 0]);
    };
    check("$.flags.on.enabled", "EQUAL", "true", [true, true]);
    check("$.flags.on.enabled", "NOT_EQUAL", "true", [false, false]);
    check("$.flags.off.enabled", "EQUAL", "true", [false, false]);
    check("$.flags.off.enabled", "EQUAL", "false", [true, true]);
    check(
        "$.flags['beta only'].enabled",
        "EQUAL",
        "true",
        [false, true],
    );
    check("$.flags['beta only'].enabled", "IS_SET", "", [true, true]);
    check("$.flags['beta only'].value", "EQUAL", "new", [false, true]);
    check(
        "$.flags['beta only'].value",
        "CONTAINS",
        "ol",
        [true, false],
    );
    check("$.flags.on.value", "GREATER_THAN", "6", [true, true]);
    check("$.flags.on.value", "IN", "7,8", [true, true]);
    check("$.flags.off.value", "EQUAL", "x", [true, true]);
    check("$.flags.null.value", "IS_NOT_SET", "", [true, true]);
    check("$.flags.null.value", "NOT_EQUAL", "x", [false, false]);
    check("$.flags.split.value", "EQUAL", "a", [true, true]);
    check("$.flags.split.value", "EQUAL", "c", [false, false]);
    check("$.flags.on.name", "EQUAL", "on", [true, true]);
    check("$.flags.lost.enabled", "EQUAL", "false", [false, false]);
    check("$.flags.lost.enabled", "IS_NOT_SET", "", [true, true]);
    check("$.flags.on", "IS_SET", "", [false, false]);
}

#[test]
fn flags_ask_each_other_in_long_chains() {
    let name = |n: usize| format!("f{n}");
    let feature = |n: usize, is_on: bool| {
        json!({
            "key": name(n), "name": name(n), "enabled": is_on, "value": "v",
        })
    };
    let (mut features, mut segments) = (json!({}), json!({}));
    for n in 0..100 {
        features[name(n)] = feature(n, false);
        let next = condition(&format!("$.flags.f{}.enabled", n + 1), "EQUAL", "true");
        let rule = json!({ "type": "ALL", "conditions": [next] });
        segments[name(n)] = json!({
            "key": name(n), "name": name(n), "rules": [rule], "overrides": [feature(n, true)],
        });
    }
    for is_on in [true, false] {
        features[name(100)] = feature(100, is_on);
        let asked = asked(&features, &segments);
        assert_eq!(asked.is_on("f0", &json!({ "targetingKey": "ana" })), is_on);
    }
}

#[test]
fn flags_that_ask_for_themselves_have_no_overrides() {
    let asked = asking("$.flags.f.enabled", "EQUAL", "false");
    assert!(!asked.is_on("f", &json!({ "targetingKey": "ana" })));
    assert_eq!(asked.noted(Fidelity::Approximated), ["/segments/1"]);
}

#[test]
fn what_is_not_known_of_other_flags_is_noted() {
    for field in ["variant", "reason"] {
        let asked = asking(&format!("$.flags.on.{field}"), "IS_NOT_SET", "");
        assert_eq!(
            asked.noted(Fidelity::Dropped),
            ["/segments/1/rules/0/conditions/0/property"]
        );
        assert!(asked.is_on("f", &json!({ "targetingKey": "ana" })));
    }
}

#[test]
fn what_cannot_be_read_is_noted_and_harms_nobody_else() {
    let segment = |rule: Json| {
        let overrides = json!([{ "name": "f", "enabled": true }]);
        json!({ "key": "s", "name": "s", "rules": [rule], "overrides": overrides })
    };
    let of = |condition: Json| segment(json!({ "type": "ALL", "conditions": [condition] }));
    let features = json!({ "f": { "enabled": false }, "g": {}, "h": { "enabled": true } });
    let asked = asked(
        &features,
        &json!({
            "1": of(condition("a", "NEAR", "x")),
            "2": of(condition("a", "REGEX", "(?=x)")),
            "3": segment(json!({ "type": "MOST" })),
            "4": of(condition("$..a", "IS_SET", "")),
            "5": of(condition("a", "REGEX", r"\d{3}$")),
            "6": json!({ "key": "s", "name": "s", "overrides": [{ "name": "f",
                "enabled": true }] }),
        }),
    );
    assert!(!asked.is_on("f", &json!({ "a": "x" })));
    assert!(asked.is_on("f", &json!({ "a": "123" })));
    assert!(!asked.is_on("g", &json!({})));
    assert!(asked.is_on("h", &json!({})));
    let dropped = [
        "/segments/1/rules/0/conditions/0/operator",
        "/segments/2/rules/0/conditions/0/value",
        "/segments/3/rules/0/type",
    ];
    assert_eq!(asked.noted(Fidelity::Dropped), dropped);
    let approximated = [
        "/segments/4/rules/0/conditions/0/property",
        "/segments/5/rules/0/conditions/0/value",
        "/features/g/enabled",
    ];
    assert_eq!(asked.noted(Fidelity::Approximated), approximated);
}

#[test]
fn what_is_no_context_is_refused() {
    let refused = import(Peer::Flagsmith, b"{\"features\": []}").map_err(|error| error.pointer);
    assert_eq!(refused, Err("/features".to_owned()));
}

#[test]
fn anything_may_stand_anywhere() {
    let variants = json!([
        { "key": "a", "value": 1, "weight": 33.3, "priority": 2 },
        { "value": "b", "weight": 50, "priority": 1 },
    ]);
    let feature = json!({
        "key": "k", "name": "f", "enabled": true, "value": "{}", "variants": variants,
            "priority": 1,
    });
    let conditions = [
        condition("a", "EQUAL", "1.0.0:semver"),
        condition("a", "IN", "[1, \"x\"]"),
        condition("a", "REGEX", "x+"),
        condition("a", "MODULO", "2|1"),
        condition("", "PERCENTAGE_SPLIT", "40"),
        condition("$.identity.key", "PERCENTAGE_SPLIT", "60"),
        condition("$.environment.name", "CONTAINS", "Q"),
    ];
    let rule = json!({
        "type": "ANY", "conditions": conditions,
        "rules": [{ "type": "NONE", "conditions": conditions }],
    });
    let segment = json!({ "key": "s", "name": "s", "rules": [rule], "overrides": [feature] });
    let export = json!({
        "environment": { "key": "env", "name": "QA" },
        "features": { "f": feature, "g": { "enabled": false } },
        "segments": { "1": segment, "2": segment },
    });
    crate::robust::check(Peer::Flagsmith, &export);
}
