use crate::asked::Asked;
use crate::{Fidelity, Peer, import};
use bandera_shared::flag::FlagType;
use serde_json::{Value as Json, json};

fn asked(flags: &Json) -> Asked {
    let export = json!({ "namespace": { "key": "default" }, "flags": flags });
    Asked::of(Peer::Flipt, &export)
}

fn segment(key: &str, matching: &str, constraints: &[[&str; 4]]) -> Json {
    let constraints = constraints.iter().map(|[kind, property, operator, value]| {
        json!({
            "type": format!("{kind}_CONSTRAINT_COMPARISON_TYPE"),
            "property": property,
            "operator": operator,
            "value": value,
        })
    });
    json!({
        "key": key,
        "matchType": format!("{matching}_SEGMENT_MATCH_TYPE"),
        "constraints": constraints.collect::<Json>(),
    })
}

fn rollout(rank: u8, operator: &str, segments: &[Json]) -> Json {
    json!({ "rank": rank, "segment": {
        "value": true,
        "segmentOperator": format!("{operator}_SEGMENT_OPERATOR"),
        "segments": segments,
    }})
}

fn boolean(key: &str, rollouts: &[Json]) -> Json {
    json!({ "key": key, "type": "BOOLEAN_FLAG_TYPE", "enabled": false, "rollouts": rollouts })
}

#[test]
fn segments_match_by_all_or_any() {
    let pro = ["STRING", "plan", "eq", "pro"];
    let adult = ["NUMBER", "age", "gte", "18"];
    let both = segment("both", "ALL", &[pro, adult]);
    let either = segment("either", "ANY", &[pro, adult]);
    let everybody = segment("everybody", "ANY", &[]);
    let ana = segment("ana", "ALL", &[["ENTITY_ID", "", "eq", "ana"]]);
    let asked = asked(&json!([
        boolean("both", &[rollout(1, "OR", &[both])]),
        boolean("either", &[rollout(1, "OR", std::slice::from_ref(&either))]),
        boolean("everybody", &[rollout(1, "AND", &[everybody])]),
        boolean("or", &[rollout(1, "OR", &[either.clone(), ana.clone()])]),
        boolean("and", &[rollout(1, "AND", &[either, ana])]),
        boolean("nobody", &[rollout(1, "OR", &[])]),
        boolean("no-rollout", &[]),
    ]));
    let check = |flag, context: Json, expected| {
        assert_eq!(asked.is_on(flag, &context), expected, "{flag} {context}");
    };
    check("both", json!({ "plan": "pro", "age": 18 }), true);
    check("both", json!({ "plan": "pro", "age": 17 }), false);
    check("either", json!({ "age": "18" }), true);
    check("either", json!({}), false);
    check("everybody", json!({}), true);
    check("or", json!({ "targetingKey": "ana" }), true);
    check("and", json!({ "targetingKey": "ana" }), false);
    check("and", json!({ "targetingKey": "ana", "plan": "pro" }), true);
    check("nobody", json!({}), false);
    check("no-rollout", json!({}), false);
    assert_eq!(asked.imported.report.n_segments, 4);
    assert!(asked.imported.report.is_exact());
}

/// CRC-32 of `anaf` is 55 modulo 100, of `fana` 227 modulo 1,000, by `zlib` in Python.
#[test]
fn chance_draws_the_published_numbers() {
    let threshold = |percentage: f64| {
        let rollout =
            json!({ "rank": 1, "threshold": { "percentage": percentage, "value": true } });
        boolean("f", &[rollout])
    };
    let ana = json!({ "targetingKey": "ana" });
    let check = |percentage, expected| {
        assert_eq!(
            asked(&json!([threshold(percentage)])).is_on("f", &ana),
            expected
        );
    };
    check(55.0, false);
    check(55.5, true);
    check(100.0, true);
    check(0.0, false);
    let split = |first: f64| {
        let share = |key, rollout| json!({ "variantKey": key, "rollout": rollout });
        let rule = json!({
            "rank": 1,
            "segments": [segment("all", "ALL", &[])],
            "distributions": [share("a", first), share("b", 100.0 - first)],
        });
        json!([{ "key": "f", "type": "VARIANT_FLAG_TYPE", "enabled": true, "rules": [rule] }])
    };
    let variant = |first| asked(&split(first)).answer("f", FlagType::String, &ana);
    assert_eq!(variant(22.8), r#"a "a""#);
    assert_eq!(variant(22.7), r#"b "b""#);
}

#[test]
fn variants_answer_with_key_or_attachment() {
    let rule = |rank: u8, value: &str, distributions: &Json| {
        let segment = segment(value, "ALL", &[["STRING", "plan", "eq", value]]);
        json!({ "rank": rank, "segments": [segment], "distributions": distributions })
    };
    let attached = json!([{ "variantKey": "a", "variantAttachment": "{\"n\":1}", "rollout": 100 }]);
    let bare = json!([{ "variantKey": "a", "variantAttachment": "", "rollout": 100 }]);
    let flag = |key: &str, enabled: bool| {
        json!({
            "key": key,
            "type": "VARIANT_FLAG_TYPE",
            "enabled": enabled,
            "defaultVariant": { "key": "d", "attachment": "[2]" },
            "rules": [rule(2, "free", &bare), rule(3, "free", &attached), rule(1, "pro", &attached),
                      rule(4, "none", &json!([]))],
        })
    };
    let mut no_default = flag("no-default", true);
    no_default["defaultVariant"] = Json::Null;
    let asked = asked(&json!([flag("on", true), flag("off", false), no_default]));
    let check = |flag, wanted, plan: &str, expected: &str| {
        let answer = asked.answer(flag, wanted, &json!({ "targetingKey": "x", "plan": plan }));
        assert_eq!(answer, expected, "{flag} {plan}");
    };
    check("on", FlagType::Json, "pro", r#"a {"n":1}"#);
    check("on", FlagType::String, "pro", r#"a "a""#);
    check("on", FlagType::String, "free", r#"a "a""#);
    check("on", FlagType::Json, "free", "TYPE_MISMATCH");
    check("on", FlagType::Json, "none", "d [2]");
    check("on", FlagType::String, "other", r#"d "d""#);
    check("off", FlagType::Json, "pro", "d [2]");
    check("no-default", FlagType::String, "none", "-");
    check("no-default", FlagType::String, "other", "-");
}

/// As @flipt-io/flipt-client-js 0.5.1 has it.
#[test]
fn what_is_written_first_comes_first_whatever_its_rank() {
    let threshold =
        |rank, value| json!({ "rank": rank, "threshold": { "percentage": 100, "value": value } });
    let asked = asked(&json!([boolean(
        "f",
        &[threshold(2, true), threshold(1, false)]
    )]));
    assert!(asked.is_on("f", &json!({ "targetingKey": "x" })));
}

#[test]
fn what_cannot_be_read_is_noted_and_harms_nobody_else() {
    let odd = segment(
        "odd",
        "ANY",
        &[["STRING", "a", "near", ""], ["STRING", "a", "eq", "x"]],
    );
    let asked = asked(&json!([
        boolean("odd", &[rollout(1, "OR", &[odd])]),
        boolean("empty", &[json!({ "rank": 1 })]),
        { "key": "type", "type": "COLOUR_FLAG_TYPE" },
        { "type": "BOOLEAN_FLAG_TYPE" },
        null,
    ]));
    assert!(asked.is_on("odd", &json!({ "a": "x" })));
    assert!(!asked.is_on("empty", &json!({})));
    assert_eq!(
        asked.answer("type", FlagType::Boolean, &json!({})),
        "PARSE_ERROR"
    );
    assert_eq!(asked.noted(Fidelity::Mapped), ["/flags/1/rollouts/0"]);
    let dropped = [
        "/flags/0/rollouts/0/segment/segments/0/constraints/0",
        "/flags/2/type",
        "/flags/3",
        "/flags/4",
    ];
    assert_eq!(asked.noted(Fidelity::Dropped), dropped);
}

#[test]
fn what_is_no_snapshot_is_refused() {
    let refused = import(Peer::Flipt, b"{}").map_err(|error| error.pointer);
    assert_eq!(refused, Err("/flags".to_owned()));
}

#[test]
fn anything_may_stand_anywhere() {
    let constraints = [
        ["STRING", "a", "isoneof", "[\"x\"]"],
        ["NUMBER", "a", "isnotoneof", "[1]"],
        ["BOOLEAN", "a", "true", ""],
        ["DATETIME", "a", "lt", "2026-01-01T00:00:00Z"],
        ["ENTITY_ID", "", "eq", "ana"],
    ];
    let segment = segment("s", "ANY", &constraints);
    let variant = json!({
        "key": "f", "type": "VARIANT_FLAG_TYPE", "enabled": true,
        "defaultVariant": { "key": "d", "attachment": "{}" },
        "rules": [{ "rank": 1, "segmentOperator": "AND_SEGMENT_OPERATOR", "segments": [segment],
            "distributions": [
                { "variantKey": "a", "variantAttachment": "[1]", "rollout": 30 },
                { "variantKey": "b", "rollout": 70.5 },
            ]}],
    });
    let threshold = json!({ "rank": 2, "threshold": { "percentage": 33.3, "value": true } });
    let boolean = boolean("g", &[rollout(1, "OR", &[segment]), threshold]);
    crate::robust::check(Peer::Flipt, &json!({ "flags": [variant, boolean] }));
}
