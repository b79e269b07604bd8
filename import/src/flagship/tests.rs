use crate::asked::Asked;
use crate::{Fidelity, Peer, import};
use bandera_shared::flag::FlagType;
use serde_json::{Value as Json, json};

fn asked(flags: &Json) -> Asked {
    Asked::of(
        Peer::Flagship,
        &json!({ "account_id": "acme", "flags": flags }),
    )
}

fn flag(rules: &Json) -> Json {
    json!({
        "key": "f", "enabled": true, "default_variation": "plain",
        "variations": { "plain": "p", "fancy": "x" }, "rules": rules,
    })
}

fn answer(asked: &Asked, context: &Json) -> String {
    asked.answer("f", FlagType::String, context)
}

#[test]
fn rules_are_tried_by_priority() {
    let asked = asked(&json!([flag(&json!([
        { "priority": 2, "conditions": [], "serve_variation": "fancy" },
        { "priority": 1, "serve_variation": "plain", "conditions": [
            { "attribute": "plan", "operator": "equals", "value": "free" },
        ]},
    ]))]));
    assert_eq!(answer(&asked, &json!({ "plan": "free" })), "plain \"p\"");
    assert_eq!(answer(&asked, &json!({ "plan": "paid" })), "fancy \"x\"");
    let ids = &asked.imported.ruleset["flags"]["f"]["rules"];
    assert_eq!(ids[0]["id"], "priority 1");
    assert!(asked.imported.report.is_exact());
}

#[test]
fn conditions_nest_and_an_empty_choice_is_nobody() {
    let rule = |condition: Json| {
        asked(&json!([flag(&json!([
            { "priority": 1, "conditions": [condition], "serve_variation": "fancy" },
        ]))]))
    };
    let is = |value: &str| json!({ "attribute": "a", "operator": "equals", "value": value });
    let either = rule(json!({ "logical_operator": "OR", "clauses": [
        is("x"), { "logical_operator": "AND", "clauses": [is("y"), is("y")] },
    ]}));
    assert_eq!(answer(&either, &json!({ "a": "y" })), "fancy \"x\"");
    assert_eq!(answer(&either, &json!({ "a": "z" })), "plain \"p\"");
    let nobody = rule(json!({ "logical_operator": "OR", "clauses": [] }));
    assert_eq!(answer(&nobody, &json!({})), "plain \"p\"");
    let everybody = rule(json!({ "logical_operator": "AND", "clauses": [] }));
    assert_eq!(answer(&everybody, &json!({})), "fancy \"x\"");
}

/// Numbers worked out with an independent program: of `acme:f`, the subject `ana` draws 53.6496 and
/// the text `true` draws 87.2511.
#[test]
fn a_rollout_is_drawn_by_account_and_flag() {
    let rollout = |rollout: Json| {
        asked(&json!([flag(&json!([
            { "priority": 1, "conditions": [], "serve_variation": "fancy", "rollout": rollout },
        ]))]))
    };
    let check = |percentage: Json, context: Json, expected: &str| {
        let asked = rollout(json!({ "percentage": percentage }));
        let answer = answer(&asked, &context);
        assert!(
            answer.starts_with(expected),
            "{percentage} {context}: {answer}"
        );
    };
    let ana = json!({ "targetingKey": "ana" });
    check(json!(53), ana.clone(), "plain");
    check(json!(53.6), ana.clone(), "plain");
    check(json!(53.7), ana.clone(), "fancy");
    check(json!(54), ana.clone(), "fancy");
    check(json!(0), ana.clone(), "plain");
    check(json!(100), json!({}), "fancy");
    check(json!(0), json!({}), "plain");
    let by = rollout(json!({ "percentage": 88, "attribute": "beta" }));
    assert_eq!(answer(&by, &json!({ "beta": true })), "fancy \"x\"");
    let by = rollout(json!({ "percentage": 87, "attribute": "beta" }));
    assert_eq!(answer(&by, &json!({ "beta": true })), "plain \"p\"");
}

/// As the evaluation in miniflare 5.20261117.0-beta has it.
#[test]
fn a_rollout_is_drawn_by_what_is_no_list_and_may_lie_inside_others() {
    let by = |percentage: u8| {
        let rollout = json!({ "percentage": percentage, "attribute": "user.beta" });
        asked(&json!([flag(&json!([
            { "priority": 1, "conditions": [], "serve_variation": "fancy", "rollout": rollout },
        ]))]))
    };
    let inside = json!({ "user": { "beta": true } });
    assert_eq!(answer(&by(88), &inside), "fancy \"x\"");
    assert_eq!(answer(&by(87), &inside), "plain \"p\"");
    let list = json!({ "user": { "beta": [true] } });
    assert_eq!(answer(&by(100), &list), "plain \"p\"");
    assert_eq!(answer(&by(100), &json!({})), "fancy \"x\"");
    assert_eq!(
        answer(&by(88), &json!({ "user.beta": true })),
        "fancy \"x\""
    );
}

#[test]
fn a_miss_of_a_rollout_goes_to_the_next_rule() {
    let asked = asked(&json!([flag(&json!([
        { "priority": 1, "conditions": [], "serve_variation": "plain",
            "rollout": { "percentage": 0 } },
        { "priority": 2, "conditions": [], "serve_variation": "fancy" },
    ]))]));
    assert_eq!(
        answer(&asked, &json!({ "targetingKey": "ana" })),
        "fancy \"x\""
    );
}

#[test]
fn a_disabled_flag_serves_its_default() {
    let mut off = flag(&json!([{ "priority": 1, "conditions": [], "serve_variation": "fancy" }]));
    off["enabled"] = false.into();
    assert_eq!(answer(&asked(&json!([off])), &json!({})), "plain \"p\"");
    off["default_variation"] = "gone".into();
    let asked = asked(&json!([off]));
    assert_eq!(answer(&asked, &json!({})), "PARSE_ERROR");
    assert_eq!(
        asked.noted(Fidelity::Mapped),
        ["/flags/0/default_variation"]
    );
}

#[test]
fn a_broken_flag_leaves_the_others_alone() {
    let mut lost = flag(&json!([{ "priority": 1, "conditions": [], "serve_variation": "gone" }]));
    lost["key"] = "lost".into();
    let odd = json!([
        { "priority": 1, "serve_variation": "fancy", "conditions": [
            { "attribute": "a", "operator": "like", "value": "x" },
        ]},
        { "priority": 2, "serve_variation": "fancy", "conditions": [
            { "attribute": "a", "operator": "in", "value": "x" },
        ]},
        { "priority": 3, "serve_variation": "fancy", "conditions": 7 },
    ]);
    let asked = asked(&json!([flag(&odd), lost, flag(&odd), {}]));
    assert_eq!(answer(&asked, &json!({ "a": "x" })), "plain \"p\"");
    assert_eq!(
        asked.answer("lost", FlagType::String, &json!({})),
        "PARSE_ERROR"
    );
    assert_eq!(asked.noted(Fidelity::Dropped), ["/flags/2", "/flags/3"]);
    assert_eq!(
        asked.noted(Fidelity::Approximated),
        ["/flags/0/rules/2/conditions"]
    );
}

#[test]
fn what_is_no_export_is_refused() {
    let error = import(Peer::Flagship, b"{}").unwrap_err();
    assert_eq!(error.pointer, "/flags");
}

#[test]
fn anything_may_stand_anywhere() {
    crate::robust::check(
        Peer::Flagship,
        &json!({ "account_id": "acme", "flags": [
            flag(&json!([
                { "priority": 1, "serve_variation": "fancy", "rollout": { "percentage": 5,
                    "attribute": "a" },
                  "conditions": [{ "logical_operator": "OR", "clauses": [
                      { "attribute": "a", "operator": "in", "value": ["x", 1] },
                      { "attribute": "a", "operator": "less_than",
                        "value": "2026-01-01T00:00:00Z" },
                  ]}] },
                { "priority": 2, "conditions": [], "serve_variation": "gone" },
            ])),
        ]}),
    );
}
