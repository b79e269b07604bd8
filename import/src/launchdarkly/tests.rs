#![allow(
    clippy::needless_pass_by_value,
    reason = "JSON is written where it is used"
)]

mod segments;

use crate::asked::Asked;
use crate::{Fidelity, Peer, import};
use bandera_shared::flag::FlagType;
use serde_json::{Value as Json, json};

fn asked(export: &Json) -> Asked {
    Asked::of(Peer::LaunchDarkly, export)
}

/// One flag `f` of the texts `off`, `fall`, `a` and `b`, with these members.
fn flag(members: Json) -> Json {
    let mut flag = json!({
        "on": true, "salt": "s", "offVariation": 0, "fallthrough": {"variation": 1},
        "variations": ["off", "fall", "a", "b"],
    });
    let Json::Object(members) = members else {
        panic!("members are an object");
    };
    for (name, value) in members {
        flag[name] = value;
    }
    flag
}

#[track_caller]
fn check(asked: &Asked, context: Json, expected: &str) {
    let answer = asked.answer("f", FlagType::Json, &context);
    assert_eq!(answer, expected, "{context}");
}

#[test]
fn targets_come_before_rules_and_kinds_in_their_turn() {
    let export = json!({"flags": {"f": flag(json!({
        "targets": [{"variation": 2, "values": ["ana"]}, {"variation": 3, "values": ["bo"]}],
        "contextTargets": [
            {"contextKind": "org", "variation": 3, "values": ["acme"]},
            {"contextKind": "user", "variation": 2},
        ],
        "rules": [{"id": "r", "variation": 3, "clauses": []}],
    }))}});
    let asked = asked(&export);
    check(&asked, json!({"targetingKey": "ana"}), "2 \"a\"");
    check(
        &asked,
        json!({"targetingKey": "acme", "kind": "org"}),
        "3 \"b\"",
    );
    let both =
        json!({"kind": "multi", "user": {"targetingKey": "ana"}, "org": {"targetingKey": "acme"}});
    check(&asked, both, "3 \"b\"");
    // Nothing says when it is the turn of the second target: the rule serves.
    check(&asked, json!({"targetingKey": "bo"}), "3 \"b\"");
    assert!(asked.imported.report.is_exact());
    assert!(asked.imported.report.notes.is_empty());
}

/// Bucket of `f.s.ana`: `int(sha1(…).hexdigest()[:15], 16) / 0xFFFFFFFFFFFFFFF` is 0.03520….
#[test]
fn rollouts_follow_the_published_hash() {
    let rollout = |weights: [i64; 3], more: Json| {
        let mut rollout = json!({"variations": [
            {"variation": 2, "weight": weights[0]},
            {"variation": 3, "weight": weights[1]},
            {"variation": 1, "weight": weights[2]},
        ]});
        for (name, value) in more.as_object().expect("members") {
            rollout[name] = value.clone();
        }
        asked(&json!({"flags": {"f": flag(json!({"fallthrough": {"rollout": rollout}}))}}))
    };
    let ana = || json!({"targetingKey": "ana", "n": 99999, "x": 1.5});
    let none = || json!({});
    check(&rollout([3_521, 0, 96_479], none()), ana(), "2 \"a\"");
    check(&rollout([3_520, 96_480, 0], none()), ana(), "3 \"b\"");
    check(&rollout([0, 0, 0], none()), ana(), "1 \"fall\"");
    check(&rollout([-5, 100_000, 5], none()), ana(), "3 \"b\"");
    check(
        &rollout([1, 99_999, 0], json!({"bucketBy": "x"})),
        ana(),
        "2 \"a\"",
    );
    check(
        &rollout([0, 1, 99_999], json!({"contextKind": "org"})),
        ana(),
        "3 \"b\"",
    );
    // 0.37740… of `f.s.99999`, 0.85790… of `61.ana`.
    let by_number = |split_weight: i64| rollout([split_weight, 0, 1], json!({"bucketBy": "n"}));
    check(&by_number(37_741), ana(), "2 \"a\"");
    check(&by_number(37_740), ana(), "1 \"fall\"");
    let experiment = json!({"seed": 61, "kind": "experiment", "bucketBy": "x"});
    check(
        &rollout([85_791, 0, 1], experiment.clone()),
        ana(),
        "2 \"a\"",
    );
    check(&rollout([85_790, 0, 1], experiment), ana(), "1 \"fall\"");
    let malformed = json!({"bucketBy": "/a~2", "contextKind": "user"});
    check(&rollout([100_000, 0, 0], malformed), ana(), "PARSE_ERROR");
}

#[test]
fn a_rollout_to_everybody_is_no_chance() {
    let rollout = json!({"variations": [{"variation": 2, "weight": 7}]});
    let asked = asked(&json!({"flags": {"f": flag(json!({"fallthrough": {"rollout": rollout}}))}}));
    let serve = &asked.imported.ruleset["flags"]["f"]["rules"][0]["serve"];
    assert_eq!(serve, &json!({"variant": "2"}));
}

#[test]
fn what_is_malformed_is_an_error_for_those_who_get_there() {
    let clause = |clause: Json| {
        asked(&json!({"flags": {"f": flag(json!({"rules": [
            {"variation": 2, "clauses": [{"attribute": "vip", "op": "in", "values": [true]}]},
            {"variation": 3, "clauses": [clause]},
        ]}))}}))
    };
    for attribute in ["", "/", "//", "/a//b", "/a/", "/a~", "/a~2/b"] {
        let asked = clause(json!({"contextKind": "user", "attribute": attribute, "op": "in"}));
        check(&asked, json!({"targetingKey": "ana"}), "PARSE_ERROR");
        check(
            &asked,
            json!({"targetingKey": "ana", "vip": true}),
            "2 \"a\"",
        );
        assert_eq!(
            asked.noted(Fidelity::Mapped),
            ["/flags/f/rules/1/clauses/0/attribute"]
        );
    }
    let slash = clause(json!({"attribute": "/a", "op": "in", "values": [1]}));
    check(&slash, json!({"targetingKey": "ana", "/a": 1}), "3 \"b\"");
    let escaped =
        clause(json!({"contextKind": "user", "attribute": "/a~1~0/b", "op": "in", "values": [1]}));
    check(
        &escaped,
        json!({"targetingKey": "ana", "a/~": {"b": 1}}),
        "3 \"b\"",
    );
    let unknown =
        clause(json!({"attribute": "key", "op": "sounds", "values": [1], "negate": true}));
    check(&unknown, json!({"targetingKey": "ana"}), "3 \"b\"");
    check(&unknown, json!({}), "1 \"fall\"");
}

#[test]
fn variations_that_do_not_exist_are_errors() {
    let members = [
        json!({"on": false, "offVariation": 4}),
        json!({"on": false, "offVariation": -1}),
        json!({"fallthrough": {"variation": 9}}),
        json!({"fallthrough": {}}),
        json!({"fallthrough": null}),
        json!({"fallthrough": {"rollout": {"variations": []}}}),
        json!({"fallthrough": {"rollout": {"variations": [{"variation": 9, "weight": 1}]}}}),
        json!({"targets": [{"variation": 9, "values": ["ana"]}]}),
    ];
    for members in members {
        let asked = asked(&json!({"flags": {"f": flag(members.clone())}}));
        check(&asked, json!({"targetingKey": "ana"}), "PARSE_ERROR");
        assert!(asked.imported.report.is_exact(), "{members}");
        assert_eq!(asked.imported.report.notes.len(), 1);
    }
    let some = json!({"fallthrough": {"rollout": {"variations": [
        {"variation": 9, "weight": 1_000}, {"variation": 2, "weight": 99_000},
    ]}}});
    let asked = asked(&json!({"flags": {"f": flag(some)}}));
    // Bucket 0.03520… is the second's, and 0 the first's.
    check(&asked, json!({"targetingKey": "ana"}), "2 \"a\"");
    check(
        &asked,
        json!({"kind": "org", "targetingKey": "ana"}),
        "PARSE_ERROR",
    );
}

#[test]
fn a_flag_that_is_off_needs_no_off_variation() {
    let off = asked(&json!({"flags": {"f": flag(json!({"on": false}))}}));
    check(&off, json!({}), "0 \"off\"");
    let none = asked(&json!({"flags": {"f": flag(json!({"on": false, "offVariation": null}))}}));
    check(&none, json!({}), "-");
}

#[test]
fn prerequisites_must_be_on_and_serve_the_variation() {
    let vip =
        json!([{"variation": 2, "clauses": [{"attribute": "vip", "op": "in", "values": [true]}]}]);
    let export = |prerequisites: Json, more: Json| {
        let mut members = json!({"prerequisites": prerequisites});
        for (name, value) in more.as_object().expect("members") {
            members[name] = value.clone();
        }
        asked(&json!({"flags": {
            "f": flag(members),
            "vip": flag(json!({"rules": vip})),
            "dark": flag(json!({"on": false, "offVariation": 2})),
            "around": flag(json!({"prerequisites": [{"key": "f", "variation": 1}]})),
            "gone": {"deleted": true, "version": 2},
        }}))
    };
    let is_vip = json!({"targetingKey": "ana", "vip": true});
    let nobody = json!({"targetingKey": "bo"});
    let vips = export(json!([{"key": "vip", "variation": 2}]), json!({}));
    check(&vips, is_vip.clone(), "1 \"fall\"");
    check(&vips, nobody.clone(), "0 \"off\"");
    let dark = export(
        json!([{"key": "dark", "variation": 2}]),
        json!({"offVariation": null}),
    );
    check(&dark, is_vip.clone(), "-");
    let gone = export(
        json!([{"key": "gone", "variation": 0}, {"key": "around", "variation": 0}]),
        json!({}),
    );
    check(&gone, is_vip.clone(), "0 \"off\"");
    assert_eq!(gone.noted(Fidelity::Mapped), ["/flags/f/prerequisites/0"]);
    let circle = export(
        json!([{"key": "vip", "variation": 2}, {"key": "around", "variation": 1}]),
        json!({}),
    );
    check(&circle, is_vip, "GENERAL");
    check(&circle, nobody, "0 \"off\"");
}

#[test]
fn one_broken_flag_takes_no_other_down() {
    let asked = asked(&json!({
        "flags": {
            "f": flag(json!({})), "g": [], "h": flag(json!({"rules": {}})),
            "i": flag(json!({"rules": [{"clauses": [{"attribute": "a", "op": "matches",
                "values": ["(?=a)", "b"]}]}]})),
        },
        "segments": {"s": 7},
    }));
    check(&asked, json!({"targetingKey": "ana"}), "1 \"fall\"");
    for broken in ["g", "h"] {
        let answer = asked.answer(broken, FlagType::Json, &json!({}));
        assert_eq!(answer, "PARSE_ERROR");
    }
    let expected = ["/segments/s", "/flags/g", "/flags/h/rules"];
    assert_eq!(asked.noted(Fidelity::Dropped), expected);
    assert_eq!(
        asked.noted(Fidelity::Approximated),
        ["/flags/i/rules/0/clauses/0/values/0"]
    );
}

#[test]
fn an_export_is_an_object_of_flags() {
    for other in [
        "[]",
        "{}",
        r#"{"flags":[]}"#,
        r#"{"data":{"flags":7}}"#,
        "7",
    ] {
        assert!(
            import(Peer::LaunchDarkly, other.as_bytes()).is_err(),
            "{other}"
        );
    }
    let message = json!({"path": "/", "data": {"flags": {"f": flag(json!({}))}, "segments": {}}});
    check(&asked(&message), json!({}), "1 \"fall\"");
}

#[test]
fn anything_may_stand_anywhere() {
    let clauses = json!([
        {"attribute": "a", "op": "in", "values": [1, "x"]},
        {"contextKind": "org", "attribute": "/a/b~1", "op": "matches",
         "values": ["x+"], "negate": true},
        {"op": "segmentMatch", "values": ["s", "t"]},
        {"attribute": "v", "op": "semVerLessThan", "values": ["2"]},
        {"attribute": "a", "op": "before", "values": ["2026-01-01T00:00:00Z", 7]},
    ]);
    let rollout = json!({"kind": "experiment", "seed": 61, "contextKind": "org", "bucketBy": "a",
        "variations": [{"variation": 0, "weight": 1}, {"variation": 7, "weight": 99_999}]});
    crate::robust::check(
        Peer::LaunchDarkly,
        &json!({
            "flags": {
                "f": flag(json!({
                    "prerequisites": [{"key": "g", "variation": 1}],
                    "targets": [{"variation": 1, "values": ["ana"]}],
                    "contextTargets": [{"contextKind": "user", "variation": 1, "values": []}],
                    "rules": [{"id": "r", "clauses": clauses, "rollout": rollout}],
                })),
                "g": flag(json!({"on": false})),
            },
            "segments": {
                "s": {"included": ["bo"], "excluded": ["cy"], "rules": [
                    {"clauses": clauses, "weight": 5, "bucketBy": "a", "rolloutContextKind": "org"},
                ]},
                "t": {"unbounded": true, "generation": 1, "rules": [{"clauses": clauses}]},
            },
        }),
    );
}

#[test]
fn values_of_a_file_are_flags() {
    let export = json!({"flagValues": {"on": true, "text": "x"}});
    let asked = Asked::of(Peer::LaunchDarkly, &export);
    assert_eq!(asked.answer("on", FlagType::Boolean, &json!({})), "0 true");
    assert_eq!(
        asked.answer("text", FlagType::String, &json!({})),
        "0 \"x\""
    );
    assert!(asked.imported.report.notes.is_empty());
}
