mod experiments;

use crate::asked::Asked;
use crate::{Fidelity, Peer, import};
use bandera_shared::flag::FlagType;
use serde_json::{Value as Json, json};

fn asked(features: &Json) -> Asked {
    Asked::of(Peer::GrowthBook, &json!({ "features": features }))
}

fn ruled(rules: &Json) -> Asked {
    asked(&json!({ "shop": { "defaultValue": "none", "rules": rules } }))
}

fn answer(asked: &Asked, context: &Json) -> String {
    asked.answer("shop", FlagType::String, context)
}

#[track_caller]
#[allow(clippy::needless_pass_by_value, reason = "tables read better")]
fn check(rules: Json, context: Json, expected: &str) {
    let answer = answer(&ruled(&rules), &context);
    assert_eq!(answer, expected, "{rules} for {context}");
}

const NONE: &str = "none \"none\"";

#[test]
fn rules_are_tried_in_order() {
    let rules = json!([
        { "id": "fr_1", "condition": { "country": "FR" }, "force": "un" },
        {},
        { "condition": { "country": { "$in": ["FR", "DE"] } }, "force": "zwei" },
    ]);
    check(rules.clone(), json!({ "country": "FR" }), "un \"un\"");
    check(rules.clone(), json!({ "country": "DE" }), "zwei \"zwei\"");
    check(rules.clone(), json!({}), NONE);
    let asked = ruled(&rules);
    let ids = &asked.imported.ruleset["flags"]["shop"]["rules"];
    assert_eq!([&ids[0]["id"], &ids[1]["id"]], ["fr_1", "rule-3"]);
    assert!(asked.imported.report.is_exact());
}

#[test]
fn null_is_the_callers_default() {
    let asked = asked(&json!({
        "nothing": {},
        "null": { "defaultValue": null },
        "forced": { "defaultValue": 1, "rules": [{ "force": null }] },
        "varied": { "defaultValue": 1, "rules": [{ "variations": [null, null] }] },
        "odd": 7,
    }));
    for flag in ["nothing", "null", "forced", "varied", "odd"] {
        let answer = asked.answer(flag, FlagType::Json, &json!({ "id": "ana" }));
        assert_eq!(answer, "-", "{flag}");
    }
}

/// Numbers worked out with an independent program: salted with `shop`, `ana` draws 25 of 1,000 in
/// the first version and 7,742 of 10,000 in the second; salted with `pricing`, 9,808.
#[test]
fn shares_of_a_force_rule() {
    let ana = || json!({ "id": "ana" });
    let rule = |members: Json| {
        let mut rule = json!({ "force": "in" });
        rule.as_object_mut()
            .unwrap()
            .append(&mut members.as_object().unwrap().clone());
        json!([rule])
    };
    check(rule(json!({ "coverage": 0.025 })), ana(), "in \"in\"");
    check(rule(json!({ "coverage": 0.0249 })), ana(), NONE);
    check(rule(json!({ "coverage": 0 })), ana(), NONE);
    check(
        rule(json!({ "coverage": 1, "hashVersion": 3 })),
        ana(),
        NONE,
    );
    check(rule(json!({ "coverage": 1 })), json!({ "id": "" }), NONE);
    check(rule(json!({ "coverage": 1 })), json!({ "id": 0 }), NONE);
    check(rule(json!({ "coverage": 1 })), json!({}), NONE);
    check(
        rule(json!({ "coverage": 0, "range": [0.025, 0.026] })),
        ana(),
        "in \"in\"",
    );
    check(rule(json!({ "range": [0.026, 1] })), ana(), NONE);
    check(
        rule(json!({ "hashVersion": 2, "range": [0.7742, 0.7743] })),
        ana(),
        "in \"in\"",
    );
    check(
        rule(json!({ "hashVersion": 2, "seed": "pricing", "range": [0.98, 0.99] })),
        ana(),
        "in \"in\"",
    );
    check(
        rule(json!({ "hashAttribute": "user.id", "coverage": 0.03 })),
        json!({ "user": { "id": "ana" } }),
        "in \"in\"",
    );
    check(
        rule(json!({ "hashAttribute": "user.id", "coverage": 0.03 })),
        json!({ "user.id": "ana" }),
        "in \"in\"",
    );
    check(
        rule(json!({ "fallbackAttribute": "device", "coverage": 0.03 })),
        json!({ "device": "ana" }),
        "in \"in\"",
    );
    check(
        rule(json!({ "coverage": 0.03 })),
        json!({ "targetingKey": "ana" }),
        "in \"in\"",
    );
}

#[test]
fn prerequisites_block_the_flag_or_skip_the_rule() {
    let parent = |gate: bool| {
        json!([{ "id": "base", "gate": gate,
        "condition": { "value": { "$gt": 1 } } }])
    };
    let child = |gate: bool| {
        json!({ "defaultValue": "none", "rules": [
            { "parentConditions": parent(gate), "condition": { "beta": true }, "force": "x" },
        ]})
    };
    let asked = asked(&json!({
        "base": { "defaultValue": 1, "rules": [{ "condition": { "plan": "pro" }, "force": 2 }] },
        "gated": child(true),
        "skipped": child(false),
        "orphan": { "defaultValue": "none", "rules": [
            { "parentConditions": [{ "id": "gone", "condition": { "value": null } }],
                "force": "x" },
            { "parentConditions": [{ "id": "gone", "condition": { "value": true },
                "gate": true }] },
        ]},
        "barred": { "defaultValue": "none", "rules": [
            { "parentConditions": [{ "id": "gone", "condition": { "value": true },
                "gate": true }] },
        ]},
    }));
    let answer = |flag: &str, context: Json| asked.answer(flag, FlagType::String, &context);
    let pro = || json!({ "plan": "pro", "beta": true });
    assert_eq!(answer("gated", pro()), "x \"x\"");
    assert_eq!(answer("gated", json!({ "plan": "pro" })), NONE);
    assert_eq!(answer("gated", json!({ "beta": true })), "-");
    assert_eq!(answer("skipped", pro()), "x \"x\"");
    assert_eq!(answer("skipped", json!({ "beta": true })), NONE);
    assert_eq!(answer("orphan", json!({})), "x \"x\"");
    assert_eq!(answer("barred", json!({})), "-");
    assert!(asked.imported.report.is_exact());
}

#[test]
fn a_circle_of_prerequisites_serves_nothing() {
    let on = |flag: &str| {
        json!({ "defaultValue": "none", "rules": [
            { "parentConditions": [{ "id": flag, "condition": {} }], "force": "x" },
        ]})
    };
    let asked = asked(&json!({ "a": on("b"), "b": on("a"), "c": on("b"), "d": on("d") }));
    for flag in ["a", "b", "c", "d"] {
        assert_eq!(
            asked.answer(flag, FlagType::String, &json!({})),
            "GENERAL",
            "{flag}"
        );
    }
}

#[test]
fn saved_groups_become_segments() {
    let asked = Asked::of(
        Peer::GrowthBook,
        &json!({
            "features": { "shop": { "defaultValue": "none", "rules": [
                { "condition": { "id": { "$inGroup": "vip" },
                    "org.id": { "$notInGroup": "vip" } }, "force": "x" },
                { "condition": { "id": { "$inGroup": "gone" } }, "force": "y" },
                { "condition": { "teams": { "$elemMatch": { "$inGroup": "vip" } } }, "force": "z" },
            ]}},
            "savedGroups": { "vip": ["ana", 7] },
        }),
    );
    let answer = |context: Json| answer(&asked, &context);
    assert_eq!(answer(json!({ "id": "ana" })), "x \"x\"");
    assert_eq!(answer(json!({ "id": 7 })), "x \"x\"");
    assert_eq!(answer(json!({ "id": "ana", "org": { "id": "ana" } })), NONE);
    assert_eq!(answer(json!({ "teams": ["ben", "ana"] })), "z \"z\"");
    let segments: Vec<&String> = asked.imported.ruleset["segments"]
        .as_object()
        .unwrap()
        .keys()
        .collect();
    assert_eq!(segments, ["gone", "vip", "vip by org.id"]);
    assert_eq!(asked.noted(Fidelity::Mapped).len(), 1);
}

/// # Source
/// @growthbook/growthbook 1.8.0, asked each of these.
#[test]
fn prerequisites_may_look_into_saved_groups() {
    let check = |group: &str, value: Json, gate: bool, expected: &str| {
        let parent = json!([{ "id": "base", "condition": { "value": { group: "vip" } },
            "gate": gate }]);
        let asked = Asked::of(
            Peer::GrowthBook,
            &json!({
                "features": {
                    "base": { "defaultValue": value },
                    "shop": { "defaultValue": "none",
                        "rules": [{ "parentConditions": parent, "force": "x" }] },
                },
                "savedGroups": { "vip": ["ana", null, 12] },
            }),
        );
        assert_eq!(
            answer(&asked, &json!({})),
            expected,
            "{group} {value} {gate}"
        );
    };
    for value in [json!("ana"), json!(null), json!(12)] {
        check("$inGroup", value.clone(), false, "x \"x\"");
        check("$inGroup", value.clone(), true, "x \"x\"");
        check("$notInGroup", value, false, NONE);
    }
    check("$inGroup", json!("eve"), false, NONE);
    check("$notInGroup", json!("eve"), true, "x \"x\"");
}

#[test]
fn what_is_not_as_it_was_is_noted() {
    let asked = ruled(&json!([
        { "condition": { "a": { "$regex": "(?=x)" } }, "force": "x" },
        { "condition": { "a": { "$not": { "$regex": "[" } } }, "force": "y" },
        { "condition": { "a": { "$regx": "x" } }, "force": "z" },
        { "condition": { "$or": [7] }, "force": "z" },
        { "variations": ["a", "b"], "bucketVersion": 2, "coverage": 0 },
    ]));
    assert_eq!(answer(&asked, &json!({ "a": "x" })), "y \"y\"");
    let rule = |index: u8, rest: &str| format!("/features/shop/rules/{index}/{rest}");
    assert_eq!(
        asked.noted(Fidelity::Approximated),
        [
            rule(0, "condition/a/$regex"),
            rule(3, "condition/$or/0"),
            rule(4, "bucketVersion"),
        ]
    );
    assert_eq!(
        asked.noted(Fidelity::Mapped),
        [
            rule(1, "condition/a/$not/$regex"),
            rule(2, "condition/a/$regx"),
        ]
    );
}

#[test]
fn conditions_of_any_depth_compile() {
    let nested = |levels: usize| {
        let condition = (0..levels).fold(json!({ "a": 1 }), |condition, _| {
            json!({ "$or": [{ "b": 2, "$and": [condition] }, { "$not": { "b": 1 } }] })
        });
        ruled(&json!([{ "condition": condition, "force": "x" }]))
    };
    for levels in [3, 6, 22] {
        let asked = nested(levels);
        assert_eq!(
            answer(&asked, &json!({ "a": 1, "b": 2 })),
            "x \"x\"",
            "{levels}"
        );
    }
    let asked = nested(23);
    assert_eq!(answer(&asked, &json!({ "a": 1, "b": 2 })), NONE);
    assert_eq!(asked.noted(Fidelity::Approximated).len(), 1);
}

#[test]
fn prerequisites_of_any_depth_compile() {
    let nested = |levels: usize| {
        let condition = (0..levels).fold(
            json!({ "value": "on" }),
            |inside, _| json!({ "$or": [inside] }),
        );
        asked(&json!({
            "parent": { "defaultValue": "on" },
            "shop": { "defaultValue": "none", "rules": [{
                "parentConditions": [{ "id": "parent", "condition": condition }], "force": "x",
            }] },
        }))
    };
    assert_eq!(answer(&nested(44), &json!({})), "x \"x\"");
    for levels in [45, 55] {
        let asked = nested(levels);
        assert_eq!(answer(&asked, &json!({})), NONE, "{levels}");
        assert_eq!(asked.noted(Fidelity::Approximated).len(), 1);
    }
}

#[test]
fn what_is_no_payload_is_refused() {
    let pointer = |export: &str| {
        import(Peer::GrowthBook, export.as_bytes())
            .unwrap_err()
            .pointer
    };
    assert_eq!(pointer("{}"), "/features");
    assert_eq!(pointer("[]"), "/features");
    assert_eq!(
        pointer(r#"{"encryptedFeatures":"x.y"}"#),
        "/encryptedFeatures"
    );
}

#[test]
fn anything_may_stand_anywhere() {
    crate::robust::check(
        Peer::GrowthBook,
        &json!({
            "features": {
                "base": { "defaultValue": 1 },
                "shop": { "defaultValue": "none", "rules": [
                    { "parentConditions": [{ "id": "base", "gate": true,
                        "condition": { "value": 1 } }] },
                    { "force": "x", "coverage": 0.5, "hashVersion": 2, "condition": {
                        "$or": [{ "a": { "$inGroup": "vip" } },
                        { "$not": { "a.b": { "$size": { "$gt": 1 } } } }],
                    }},
                    { "key": "exp", "variations": ["a", "b"], "weights": [0.2, 0.8],
                        "coverage": 0.9,
                      "namespace": ["ns", 0, 0.5], "meta": [{ "key": "v0" },
                        { "passthrough": true }] },
                    { "contextualVariations": ["a", "b"], "contextualBanditRef": "cb", "seed": "s",
                      "filters": [{ "seed": "f", "ranges": [[0, 0.5], [0.6, 1]] }] },
                    { "variations": [1, null], "ranges": [[0, 0.5], [0.5, 1]],
                        "fallbackAttribute": "a" },
                ]},
            },
            "savedGroups": { "vip": ["ana", 7] },
            "contextualBandits": { "cb": { "contexts": [
                { "leafId": 1, "condition": { "a": { "$regex": "^x" } }, "weights": [0, 1] },
            ]}},
            "experiments": [{ "key": "page", "variations": [{}, { "css": "x" }],
                "hashAttribute": "a.b",
                "urlPatterns": [{ "type": "simple", "pattern": "/home" }] }],
        }),
    );
}
